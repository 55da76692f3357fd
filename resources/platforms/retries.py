"""Retries for busy platforms: exponential back-off with jitter, or the delay the platform asks for, up to a
limit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import uniform
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from resources.errors import PlatformBusy, PlatformError, PlatformUnreachable

T = TypeVar("T")


@dataclass(frozen=True)
class BackOff:
    """Time limit in seconds for one call with all its retries; a delay that exceeds it ends the call at once."""

    total_seconds: float = 900.0
    unreachable_seconds: float = 60.0
    """The same for an endpoint at which nobody answers: a wrong address should not take a quarter of an hour
    to say so.
    """
    first_pause: float = 1.0
    longest_pause: float = 120.0

    def with_retries(self, call: Callable[[], T]) -> T:
        """Result of the call, retried while the platform is busy.

        Raises:
            PlatformBusy: It was still busy when patience ran out.
        """
        for attempt in Retrying(
            retry=retry_if_exception_type(PlatformBusy), wait=self._wait, stop=self._is_spent, reraise=True
        ):
            with attempt:
                return call()
        raise AssertionError("tenacity ends by an answer or an error")

    def _wait(self, state: RetryCallState) -> float:
        requested_seconds = _error(state).wait_seconds
        grown = min(self.first_pause * 2 ** (state.attempt_number - 1), self.longest_pause)
        return requested_seconds if requested_seconds is not None else grown + uniform(0, self.first_pause)

    def _is_spent(self, state: RetryCallState) -> bool:
        is_silent = isinstance(_error(state), PlatformUnreachable)
        limit = min(self.total_seconds, self.unreachable_seconds) if is_silent else self.total_seconds
        return (state.seconds_since_start or 0.0) + state.upcoming_sleep > limit


def _error(state: RetryCallState) -> PlatformError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, PlatformBusy)  # noqa: S101 — the only error that is retried
    return error
