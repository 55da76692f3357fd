"""How much of a platform's allowance a login uses: calls by account, Meta's own usage figure, the longest
answer believed.

A pull is told how many calls it may make. The call after the last one is refused here, before it is sent:
what is left of the day's allowance is kept for reading entities back and for the changes that people
approved.
"""

from collections import Counter
from math import inf
from threading import Lock

from resources.errors import PlatformBusy
from resources.platforms.call_context import Doing


class QuotaSpent(PlatformBusy):
    """Our own share of the day's calls is used up. Nothing was asked."""

    verdict = "The rest is read when calls are allowed again."


class Meter:
    """Counts for one login. Safe to use from several threads."""

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
        """All calls made."""
        return sum(self.calls.values())

    def call(self, doing: Doing) -> None:
        """Count a call that is about to be made.

        Raises:
            QuotaSpent: It is one more than may be made.
        """
        with self._lock:
            if self.left < 1:
                raise QuotaSpent(
                    **doing.known(),
                    said="the calls that are set apart for pulls today are used up",
                    wait_seconds=inf,
                )
            self.left -= 1
            self.calls[doing.account_id or ""] += 1

    def used(self, percent: float) -> None:
        """Note what the platform says of its allowance."""
        with self._lock:
            self.used_percent = max(self.used_percent, percent)

    def believed(self, account_id: str, rows: int) -> None:
        """Note the length of an answer that was kept."""
        with self._lock:
            self.longest[account_id] = max(self.longest[account_id], rows)
