"""What a platform's audience side can do: make an audience, let hashed people in and out, tell its size, keep
it out of targeting.

Uploads are operations on sets: the same one sent twice leaves what it leaves once, so it is sent again until
the platform has taken it whole. That is not so of anything else that is written here: an audience is made
once and looked up by its name, and targeting is written once. No error of this side holds a hash: platforms
repeat what they were sent in their messages.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from resources.errors import OutcomeUnknown, PlatformBusy, PlatformError, PlatformRefused
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.proposal import Target
from resources.platforms.call_context import Doing
from resources.security.redaction import without_hashes

Identifier = Literal["email", "phone"]
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Size:
    """What a platform tells of an audience. None: it does not say, or not yet."""

    low: int | None
    """People of it that the platform knows: at least so many."""
    high: int | None
    status: str
    """The platform's own word for how it is."""
    matched_share: float | None = None
    """Share of the identifiers that belong to somebody, where the platform tells it itself."""


class PartlyTaken(PlatformBusy):
    """A part of an upload was not taken, and the platform does not say which. All of it may be sent again."""

    verdict = "Sent again, it does no harm: an audience is a set."


class AudienceClient(Protocol):
    """One login at one platform that may change audiences."""

    @property
    def platform(self) -> str:
        """google_ads, meta_ads or linkedin_ads."""

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """The kinds of identifiers it can be sent."""

    @property
    def at_once(self) -> int:
        """The most identifiers one upload holds."""

    def find(self, account_id: str, name: str) -> str | None:
        """The audience of that name, None where there is none."""

    def create(self, account_id: str, name: str) -> str:
        """A new, empty audience; its id.

        Raises:
            PlatformRefused: The platform said no.
            OutcomeUnknown: No answer: look it up by its name.
        """

    def size(self, account_id: str, audience_id: str) -> Size:
        """How large it is.

        Raises:
            PlatformRefused: There is none of that id, or the platform has blocked it.
        """

    def upload(
        self, account_id: str, audience_id: str, kind: Identifier, hashes: Sequence[str], *, adds: bool
    ) -> str | None:
        """Let these in, or take them out. None where that is done; otherwise the id to ask `is_done` by.

        Raises:
            PlatformBusy: It was not taken, or not whole, until patience ran out. It may be sent again.
            PlatformRefused: A definite refusal.
            OutcomeUnknown: A refusal that proves nothing. It may be sent again.
        """

    def is_done(self, account_id: str, request_id: str) -> bool:
        """Whether an upload took effect; False while the platform still works on it.

        Raises:
            PartlyTaken: It ended, and not for all.
            PlatformRefused: The platform knows no such upload.
        """

    def targeted_as(self, account_id: str, audience_id: str) -> str:
        """The id by which targeting names the audience."""

    def excluded(self, target: Target) -> tuple[str, ...]:
        """The audiences that a campaign or an ad set keeps out, as targeting names them, sorted."""

    def special_categories(self, target: Target) -> tuple[str, ...]:
        """Special ad categories (housing, employment, credit, …) that were declared for it."""

    def exclude(self, change: ExclusionChange, *, rehearse: bool) -> str | None:
        """Keep exactly the audiences of `change.after` out; asked once.

        `rehearse`: let the platform check it, where it can.
        """


def checked(hashes: Sequence[str], doing: Doing) -> list[str]:
    """The same hashes, each of them really one: nothing raw is ever sent by mistake.

    Raises:
        PlatformRefused: Something else is among them. It is not repeated.
    """
    wrong = sum(HASH.fullmatch(hashed) is None for hashed in hashes)
    if wrong:
        raise PlatformRefused(
            **doing.known(),
            said=f"{wrong} of {len(hashes)} identifiers are no SHA-256 in lower-case hex, so nothing was sent",
            todo="Hash them as docs/audiences.md says.",
        )
    return list(hashes)


@contextmanager
def upload_judged(look: Callable[[], object]) -> Iterator[None]:
    """Judges the answer to an upload, and takes out of it whatever the platform repeated of what it was sent.

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
                error.doing,
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


def ids_of(text: str) -> tuple[str, ...]:
    """The audiences that a change of exclusions names."""
    return () if text == "none" else tuple(text.split(","))


def as_text(ids: Collection[str]) -> str:
    """The same as `Change.before` and `Change.after` hold them: sorted, each once."""
    return ",".join(sorted(set(ids))) or "none"
