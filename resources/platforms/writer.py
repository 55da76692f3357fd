"""Interface of platform writers: read one entity, validate a change, send it once.

Writers are plain objects without a configuration schema: the launchpad cannot override them. Writes are never
retried.
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
from resources.platforms.call_context import CallContext


class PlatformWriter(Protocol):
    """Writer for one login."""

    @property
    def platform(self) -> str:
        """google_ads, meta_ads or linkedin_ads."""

    def image(self, target: Target) -> Image:
        """Current state of the entity.

        Raises:
            PlatformRefused: There is no such entity, or it may not be read.
            PlatformBusy: It cannot be read now.
        """

    def edited_at(self, target: Target) -> datetime | None:
        """Time of the last edit by anyone; None if outside the platform's change history."""

    def budget_edits(self, target: Target, *, since: datetime) -> list[datetime] | None:
        """Times of budget edits by anyone since `since`; None where the platform has no such history."""

    def rehearse(self, change: Change) -> None:
        """Validate the change without making it, on platforms that can; elsewhere nothing.

        Raises:
            PlatformRefused: It would refuse the change.
            RefusedForNow: It cannot say so now, or would refuse it for now alone.
        """

    def send(self, change: Change) -> str | None:
        """Send the change once. Returns the platform's request id, if any.

        Raises:
            PlatformRefused: A definite refusal: the change was not made.
            OutcomeUnknown: Any other answer, or none: it may have been made.
            DataUnusable: The change cannot be written as this platform wants it. Nothing was sent.
        """


def not_written_here(change: Change) -> DataUnusable:
    """The error of a writer that was handed a kind it does not write."""
    return DataUnusable(f"{change.target.words}: {change.title} is not written here. Nothing was sent.")


@contextmanager
def sent_once(context: CallContext) -> Iterator[None]:
    """Classify the outcome of a write that is never retried. Only the request itself belongs in the block.

    A definite refusal stays a refusal; a temporary one becomes `RefusedForNow`. Any other failure, including
    one inside the platform's client library, is an unknown outcome.

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
        raise OutcomeUnknown(**context.known(), said=problem) from error


@contextmanager
def rehearsed() -> Iterator[None]:
    """Classify the outcome of a validation: only a definite refusal rejects the change.

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
    """For work of several calls that is resumed later: a call without answer is an unknown outcome, a refusal
    stays one.
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
        "operation": error.operation,
        "platform": error.platform,
        "account_id": error.account_id,
        "said": error.said,
        "trace": error.trace,
    }
