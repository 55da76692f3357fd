"""Client-side rate limiter for HubSpot: calls wait before they are made, so that hardly any is refused.

HubSpot counts by ten rolling seconds and says in its headers how many it allows; searches have a limit of
their own, five a second, of which nothing is said. Clock and sleep are handed in: a test moves time instead
of waiting for it.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep

SEARCHES_A_SECOND = 4
"""One fewer than HubSpot allows: its clock is not ours."""
MARGIN_SECONDS = 0.05
"""Two clocks never agree to the last digit."""
UNTOLD = 100
"""Calls in ten seconds that every account is allowed, until an answer says more."""


@dataclass
class RateLimiter:
    """Waits of one login. Safe to use from several threads."""

    clock: Callable[[], float] = monotonic
    sleep: Callable[[float], None] = sleep
    most: int = UNTOLD
    seconds: float = 10.0
    waited: float = 0.0
    _calls: deque[float] = field(default_factory=deque)
    _searches: deque[float] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, *, is_search: bool) -> None:
        """Come back when one more call may be made, and count it."""
        with self._lock:
            self._until_free(self._calls, self.most, self.seconds)
            if is_search:
                self._until_free(self._searches, SEARCHES_A_SECOND, 1.0)
                self._searches.append(self.clock())
            self._calls.append(self.clock())

    def heard(self, headers: Mapping[str, str]) -> None:
        """Learn the limit from an answer.

        Others use the same account: what they took is not ours any more.
        """
        lower_headers = {name.lower(): value for name, value in headers.items()}
        most, left = (
            lower_headers.get("x-hubspot-ratelimit-max", ""),
            lower_headers.get("x-hubspot-ratelimit-remaining", ""),
        )
        length = lower_headers.get("x-hubspot-ratelimit-interval-milliseconds", "")
        with self._lock:
            if most.isdecimal() and int(most) > 0:
                self.most = int(most)
            if length.isdecimal() and int(length) > 0:
                self.seconds = int(length) / 1_000
            if left == "0":
                self._pause(self.seconds + MARGIN_SECONDS)
                self._calls.clear()

    def _until_free(self, calls: deque[float], most: int, seconds: float) -> None:
        while True:
            now = self.clock()
            while calls and calls[0] <= now - seconds:
                calls.popleft()
            if len(calls) < most:
                return
            self._pause(calls[0] + seconds - now + MARGIN_SECONDS)

    def _pause(self, seconds: float) -> None:
        self.waited += seconds
        self.sleep(seconds)
