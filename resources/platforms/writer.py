"""What a platform's writing side can do: read one entity as it stands, rehearse a change, send it once.

A plain object without a configuration schema: nothing of it can be overridden from the launchpad. Nothing here retries a write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from resources.errors import OutcomeUnknown, PlatformBusy, PlatformUnreadable
from resources.ledger.proposal import Change, Image, Target


class PlatformWriter(Protocol):
    """One login at one platform that may change budgets and statuses."""

    @property
    def platform(self) -> str:
        """google_ads, meta_ads or linkedin_ads."""

    def image(self, target: Target) -> Image:
        """The entity as the platform has it now.

        Raises:
            PlatformRefused: There is no such entity, or it may not be read.
            PlatformBusy: It cannot be read now.
        """

    def edited_at(self, target: Target) -> datetime | None:
        """When it was last edited, by whomever; None if not within the weeks the platform remembers."""

    def budget_edits(self, target: Target, *, since: datetime) -> list[datetime] | None:
        """When its budget was changed since then, by whomever; None where the platform tells no such history."""

    def rehearse(self, change: Change) -> None:
        """Let the platform check the change without making it, where it can; elsewhere nothing.

        Raises:
            PlatformRefused: It would refuse the change.
        """

    def send(self, change: Change) -> str | None:
        """Make the change, asking once. The platform's request id, if it gave one.

        Raises:
            PlatformRefused: The platform said no: it did not happen.
            OutcomeUnknown: No answer, or none that can be trusted: it may have happened.
        """


@contextmanager
def sent_once() -> Iterator[None]:
    """No answer to a write is an unknown outcome, whatever kept the answer away, also in the middle of one that has parts."""
    try:
        yield
    except (PlatformBusy, PlatformUnreadable) as error:
        raise OutcomeUnknown(
            error.doing,
            platform=error.platform,
            account_id=error.account_id,
            said=error.said,
            trace=error.trace,
        ) from error


def image_value(image: Image, field: str) -> str:
    """What the image says of the field that a change names: a status word, an amount, whom an audience holds, which are kept out."""
    if field == "status":
        return image.status
    if field == "members":
        return image.audience.digest if image.audience else "none"
    if field == "excluded_audiences":
        return ",".join(image.excluded_audiences or ()) or "none"
    return plain(image.daily_budget)


def plain(amount: object) -> str:
    """An amount as changes write it: 12.5 and 12.50 are the same text."""
    return "none" if amount is None else f"{amount:.2f}"
