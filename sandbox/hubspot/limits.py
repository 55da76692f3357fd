"""HubSpot's limits for one private app: so many calls in ten seconds, and five searches a second, counted as
they roll by.
"""

from collections import deque
from threading import Lock

from sandbox.hubspot.refusals import throttled
from sandbox.running_world import Stage

WINDOW_SECONDS = 10.0
SEARCHES_A_SECOND = 5


class Limits:
    """Counts calls by the stage's own stopwatch, which a test may move without waiting."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._most = stage, stage.world.crm.calls_per_10_s
        self._calls: deque[float] = deque()
        self._searches: deque[float] = deque()
        self._lock = Lock()

    def count(self, *, is_search: bool) -> dict[str, str]:
        """Count a call; the headers its answer carries. Searches tell nothing of the limit.

        Raises:
            Refused: It is one too many.
        """
        now = self._stage.stopwatch()
        with self._lock:
            _forget(self._calls, now - WINDOW_SECONDS)
            _forget(self._searches, now - 1.0)
            if is_search and len(self._searches) >= SEARCHES_A_SECOND:
                raise throttled("SECONDLY", "secondly")
            if len(self._calls) >= self._most:
                raise throttled("TEN_SECONDLY_ROLLING", "ten_secondly_rolling", headers=self._headers(0))
            self._calls.append(now)
            if is_search:
                self._searches.append(now)
                return {}
            return self._headers(self._most - len(self._calls))

    def _headers(self, left: int) -> dict[str, str]:
        return {
            "X-HubSpot-RateLimit-Max": str(self._most),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(int(WINDOW_SECONDS * 1_000)),
        }


def _forget(calls: deque[float], before: float) -> None:
    while calls and calls[0] <= before:
        calls.popleft()
