"""Incident state per row: start, recovery, acceptance as the new level, and recurring incidents (habits)."""

import numpy as np
import numpy.typing as npt

from resources.policy.anomalies import AnomalyThresholds

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_REMEMBERED = 6
_LIKE = 0.6
"""Share of the size from which an earlier incident counts as the same kind."""
_HABIT = 2
_NOTHING = -2.5
"""Log ratio below which an amount counts as stopped; a stop is not accepted as a new level after a few
days."""
_OVER = 2.0
"""Cumulated log-likelihood ratio (CUSUM, Page 1954) in favour of normal at which an incident ends."""


class Episodes:
    """At most one open incident per row. `size` is the log ratio of observed to expected."""

    def __init__(self, rows: int, policy: AnomalyThresholds, is_level: Bools, periods_a_day: float) -> None:
        self._policy, self._is_level, self._a_day = policy, is_level, max(periods_a_day, 1.0)
        self.on = np.zeros(rows, bool)
        self.start, self.began = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self.size, self._back = np.zeros(rows), np.zeros(rows)
        self.usable_from, self.base_from = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        """First period that a window may contain, and the earliest level it may be compared with."""
        self._sizes, self._at = np.zeros((_REMEMBERED, rows)), np.full((_REMEMBERED, rows), -(10**6))
        self._next = np.zeros(rows, np.int64)

    def is_habit(self, size: Floats, t: int) -> Bools:
        """Whether the row had at least two similar incidents recently (an out-of-stock every month, say)."""
        alike = (np.sign(self._sizes) == np.sign(size)) & (np.abs(self._sizes) >= _LIKE * np.abs(size))
        recent = t - self._at < self._policy.habit_periods
        return (alike & recent).sum(axis=0) >= _HABIT

    def begin(self, which: Bools, *, t: int, start: Whole, size: Floats) -> None:
        self.on |= which
        self.began[which] = t
        self.start, self.size = np.where(which, start, self.start), np.where(which, size, self.size)
        self._back[which] = 0.0

    def go_on(self, going: Bools, off: Floats, variance: Floats, is_known: Bools) -> Bools:
        """Add a period to the log-likelihood ratio of normal against incident; the rows whose incident has
        ended.
        """
        for_normal = np.clip(((off - self.size) ** 2 - off**2) / (2.0 * variance), -3.0, 3.0)
        grown = np.maximum(0.0, self._back + np.where(is_known, for_normal, 0.0))
        self._back = np.where(going, grown, self._back)
        return going & (self._back > _OVER)

    def worsen(self, going: Bools, size: Floats) -> None:
        more = going & (np.sign(size) == np.sign(self.size)) & (np.abs(size) > np.abs(self.size))
        self.size = np.where(more, size, self.size)

    def settled(self, going: Bools, t: int) -> Bools:
        """The rows whose incident has lasted so long that it is accepted as the new level."""
        moves = self._is_level & (self.size > _NOTHING)
        least = np.where(moves, self._policy.new_level_after, self._policy.longest)
        return going & (t - self.began >= (least if self._a_day == 1 else round(self._a_day)))

    def end(self, over: Bools, settled: Bools, t: int) -> None:
        """Close incidents. After a recovery, windows exclude the incident; after acceptance, its level is the
        new baseline.
        """
        done = np.flatnonzero(over | settled)
        slot = self._next[done] % _REMEMBERED
        self._sizes[slot, done], self._at[slot, done] = self.size[done], t
        self._next[done] += 1
        self.on[done] = False
        self.usable_from[over] = t
        self.usable_from[settled], self.base_from[settled] = t + 1, t + 1

    def forget_before(self, which: Bools, t: int) -> None:
        """Exclude everything before `t` from windows and baselines, after a known change."""
        self.usable_from[which], self.base_from[which] = t, t
        self.on[which] = False
