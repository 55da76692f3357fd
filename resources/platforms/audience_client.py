"""Interface to a platform's customer-list audiences: create one, upload or remove hashed identifiers, read
its size, exclude it in targeting.

Uploads are idempotent set operations, so they are repeated until the platform has accepted all of one.
Creating an audience and updating targeting are not: each is sent once, and an audience is looked up by name
afterwards. Error messages never contain a hash, although platforms echo what they were sent.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from resources.errors import OutcomeUnknown, PlatformBusy, PlatformError, PlatformRefused
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.proposal import Target
from resources.platforms.call_context import CallContext
from resources.security.redaction import without_hashes

Identifier = Literal["email", "phone"]
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Size:
    """Audience size as the platform reports it; None where it does not report one, or not yet."""

    low: int | None
    """People of it that the platform knows: at least so many."""
    high: int | None
    status: str
    """The platform's own word for how it is."""
    matched_share: float | None = None
    """Share of the identifiers that belong to somebody, where the platform tells it itself."""


class PartialUpload(PlatformBusy):
    """The platform rejected part of an upload without saying which part. The whole upload may be repeated."""

    verdict = "Sent again, it does no harm: an audience is a set."


class AudienceClient(Protocol):
    """Client of one login that can change customer-list audiences."""

    @property
    def platform(self) -> str:
        """google_ads, meta_ads or linkedin_ads."""

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Identifier types that the platform accepts."""

    @property
    def at_once(self) -> int:
        """Maximum number of identifiers in one upload."""

    def find(self, account_id: str, name: str) -> str | None:
        """Id of the audience with that name, or None."""

    def create(self, account_id: str, name: str) -> str:
        """Create an empty audience and return its id.

        Raises:
            PlatformRefused: The platform said no.
            OutcomeUnknown: No answer: look it up by its name.
        """

    def size(self, account_id: str, audience_id: str) -> Size:
        """Current size of the audience.

        Raises:
            PlatformRefused: There is none of that id, or the platform has blocked it.
        """

    def upload(
        self, account_id: str, audience_id: str, kind: Identifier, hashes: Sequence[str], *, adds: bool
    ) -> str | None:
        """Add (`adds`) or remove hashed identifiers. Returns None once applied, or a request id for `is_done`
        where the platform processes uploads asynchronously.

        Raises:
            PlatformBusy: It was not taken, or not whole, until patience ran out. It may be sent again.
            PlatformRefused: A definite refusal.
            OutcomeUnknown: A refusal that proves nothing. It may be sent again.
        """

    def is_done(self, account_id: str, request_id: str) -> bool:
        """Whether an asynchronous upload has been applied; False while it is being processed.

        Raises:
            PartialUpload: It ended, and not for all.
            PlatformRefused: The platform knows no such upload.
        """

    def targeted_as(self, account_id: str, audience_id: str) -> str:
        """Id by which targeting refers to the audience."""

    def excluded(self, target: Target) -> tuple[str, ...]:
        """Targeting ids of the audiences that a campaign or ad set excludes, sorted."""

    def special_categories(self, target: Target) -> tuple[str, ...]:
        """Special ad categories (housing, employment, credit, …) declared for the target."""

    def exclude(self, change: ExclusionChange, *, rehearse: bool) -> str | None:
        """Set the excluded audiences to exactly those in `change.after`, in one request. `rehearse`: validate
        only, on platforms that can.
        """


def checked(hashes: Sequence[str], context: CallContext) -> list[str]:
    """The hashes, after checking that each is a SHA-256 digest, so that no raw identifier is ever sent.

    Raises:
        PlatformRefused: Something else is among them. It is not repeated.
    """
    wrong = sum(HASH.fullmatch(hashed) is None for hashed in hashes)
    if wrong:
        raise PlatformRefused(
            **context.known(),
            said=(
                f"{wrong} of {len(hashes)} identifiers are no SHA-256 in lower-case hex, so nothing was sent"
            ),
            todo="Hash them as docs/audiences.md says.",
        )
    return list(hashes)


@contextmanager
def upload_outcome(look: Callable[[], object]) -> Iterator[None]:
    """Classify the outcome of an upload, and remove identifiers that the platform echoed from its error
    message.

    Args:
        look: Reads the audience. Where that is refused too, nobody was let into it or out of it.

    Raises:
        PlatformRefused: A definite refusal, or there is no such audience to be used.
        OutcomeUnknown: A refusal that proves nothing. Some may have been let in or out.
        PlatformBusy: As it was: the upload may be sent again.
    """
    try:
        yield
    except PlatformError as error:
        error.said = without_hashes(error.said)
        error.args = tuple(without_hashes(str(part)) for part in error.args)
        if isinstance(error, PlatformRefused) and not error.proves_no_change and not _is_refused(look):
            raise OutcomeUnknown(
                error.operation,
                platform=error.platform,
                account_id=error.account_id,
                said=error.said,
                trace=error.trace,
            ) from None
        raise error from None


def _is_refused(look: Callable[[], object]) -> bool:
    try:
        look()
    except PlatformRefused:
        return True
    except PlatformError:
        return False
    return False


def audience_ids_in(text: str) -> tuple[str, ...]:
    """Audience ids in the text of an exclusion change."""
    return () if text == "none" else tuple(text.split(","))


def as_text(ids: Collection[str]) -> str:
    """Audience ids as `Change.before` and `Change.after` store them: sorted, without duplicates."""
    return ",".join(sorted(set(ids))) or "none"
