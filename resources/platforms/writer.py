"""What a platform's writing side can do: read one entity as it stands, rehearse a change, send it once.

A plain object without a configuration schema: nothing of it can be overridden from the launchpad. Nothing
here retries a write.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from resources.errors import (
    DataUnusable,
    OutcomeUnknown,
    PlatformBusy,
    PlatformError,
    PlatformRefused,
    RefusedForNow,
)
from resources.ledger.proposal import Change, Image, Target
from resources.platforms.call_context import Doing


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
            RefusedForNow: It cannot say so now, or would refuse it for now alone.
        """

    def send(self, change: Change) -> str | None:
        """Make the change, asking once. The platform's request id, if it gave one.

        Raises:
            PlatformRefused: A definite refusal: the change was not made.
            OutcomeUnknown: Any other answer, or none: it may have been made.
            DataUnusable: The change cannot be written as this platform wants it. Nothing was sent.
        """


def not_written_here(change: Change) -> DataUnusable:
    """The error of a writer that was handed a kind it does not write."""
    return DataUnusable(f"{change.target.words}: {change.title} is not written here. Nothing was sent.")


@contextmanager
def sent_once(doing: Doing) -> Iterator[None]:
    """Judges the answer to a write that is never sent again. Only the request belongs inside, not what
    prepares it.

    A definite refusal stays a refusal; one that is over by itself becomes `RefusedForNow`. Whatever else goes
    wrong, also in the platform's own client, is an unknown outcome.

    Raises:
        PlatformRefused: The platform refused for certain: nothing was changed.
        OutcomeUnknown: Anything else. It may have happened.
    """
    try:
        yield
    except PlatformRefused as error:
        if error.proves_no_change:
            raise
        raise _as_unknown(error) from error
    except PlatformBusy as error:
        if error.proves_no_change:
            raise _for_now(error) from error
        raise _as_unknown(error) from error
    except PlatformError as error:
        raise _as_unknown(error) from error
    except Exception as error:
        problem = f"the client could not make sense of the answer ({type(error).__name__})"
        raise OutcomeUnknown(**doing.known(), said=problem) from error


@contextmanager
def rehearsed() -> Iterator[None]:
    """Judges the answer to a rehearsal: only a definite refusal speaks against the change, anything else
    leaves it open.

    Raises:
        PlatformRefused: The platform would refuse the change.
        RefusedForNow: It could not be rehearsed now.
    """
    try:
        yield
    except PlatformError as error:
        if isinstance(error, PlatformRefused) and error.proves_no_change:
            raise
        raise _for_now(error) from error


@contextmanager
def unfinished_is_unknown() -> Iterator[None]:
    """Around work of many calls that is gone on with later: what was not answered is an unknown outcome, a
    refusal stays one.
    """
    try:
        yield
    except (PlatformRefused, OutcomeUnknown):
        raise
    except PlatformError as error:
        raise _as_unknown(error) from error


def _as_unknown(error: PlatformError) -> OutcomeUnknown:
    return OutcomeUnknown(**_known_of(error))


def _for_now(error: PlatformError) -> RefusedForNow:
    return RefusedForNow(
        **_known_of(error),
        wait_seconds=error.wait_seconds,
        proves_no_change=True,
        todo="Nothing was changed: it may be tried again later.",
    )


def _known_of(error: PlatformError) -> dict[str, Any]:
    return {
        "doing": error.doing,
        "platform": error.platform,
        "account_id": error.account_id,
        "said": error.said,
        "trace": error.trace,
    }
