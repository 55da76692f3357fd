"""API quota used by one login: calls per account, the platform's own usage figure, and the largest response.

A pull has a limit on its calls, checked before each call is sent. The remainder of the day's quota is
reserved for reading entities back and for approved changes.
"""

from collections import Counter
from math import inf
from threading import Lock

from resources.errors import PlatformBusy
from resources.platforms.call_context import CallContext


class QuotaSpent(PlatformBusy):
    """The pull's share of the daily call quota is used up; the call was not sent."""

    verdict = "The rest is read when calls are allowed again."


class Meter:
    """Call counters of one login. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.left = inf
        """Calls that may still be made."""
        self.calls: Counter[str] = Counter()
        """Calls made, by account; those that belong to none under the empty text."""
        self.used_percent = 0.0
        """The highest share of an allowance that the platform itself reported, 0 to 100 and beyond."""
        self.longest: Counter[str] = Counter()
        """The most rows of an answer that was believed, by account."""

    @property
    def total(self) -> int:
        """Number of calls made so far."""
        return sum(self.calls.values())

    def count_call(self, context: CallContext) -> None:
        """Count a call before it is sent.

        Raises:
            QuotaSpent: It is one more than may be made.
        """
        with self._lock:
            if self.left < 1:
                raise QuotaSpent(
                    **context.known(),
                    said="the calls that are set apart for pulls today are used up",
                    wait_seconds=inf,
                )
            self.left -= 1
            self.calls[context.account_id or ""] += 1

    def record_usage(self, percent: float) -> None:
        """Record the quota usage that the platform reported, in percent."""
        with self._lock:
            self.used_percent = max(self.used_percent, percent)

    def record_rows(self, account_id: str, rows: int) -> None:
        """Record the number of rows in an accepted response."""
        with self._lock:
            self.longest[account_id] = max(self.longest[account_id], rows)
