"""What each row does from day to day beyond its counts: one relative variance per window, its own so far, drawn towards that of its pool."""

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.expected import Expected
from assets.signals.anomalies.metric_series import Rows
from assets.signals.anomalies.noise import pooled

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_CLIP, _CORRECTION = 4.0, 1.1
"""Squares above that many variances count as that many, which makes the mean a tenth too small (normal)."""
_FORGETS = 0.03
_LEAST_SD = 0.02
_LEAST_SD_AMOUNT = 0.12
"""Nobody wants to hear of an amount that is an eighth off, however steady it was: budgets are rounded, auctions breathe."""
_LONGER = 0.7
"""Of the variance of a day, the part that a sum of days is first held to have."""
_LEARNED_FROM_INCIDENT = 0.05


class Process:
    """`variance` is windows x rows, relative, as of the period before the one that is looked at."""

    def __init__(
        self, rows: Rows, expected: Expected, lengths: npt.NDArray[np.int64], *, warm: int, peers_weigh: float
    ) -> None:
        self._rows, self._lengths, self._peers_weigh = rows, lengths, peers_weigh
        self._floor = np.where(rows.is_level & ~rows.plain, _LEAST_SD_AMOUNT, _LEAST_SD) ** 2
        self._own = np.repeat(self._first(expected, warm)[None, :], len(lengths), axis=0)
        self._own[1:] *= _LONGER
        self._learned = np.full(self._own.shape, warm / 3.0)
        self.variance = np.maximum(self._own, self._floor)

    def with_counts(self, n: int, events: Floats, t: int) -> Floats:
        """Relative variance of a sum over window `n` in which so many events are expected, by all that may move it."""
        return self.variance[n] + self.of_counts(events) + self._rows.doubt[t]

    def of_counts(self, events: Floats) -> Floats:
        return np.where(self._rows.counted, self._rows.spread / np.maximum(events, 0.3), 0.0)

    def learn(self, n: int, t: int, off: Floats, variance: Floats, *, learns: Bools, joined: Bools) -> None:
        """Take in by which share a sum over window `n` was `off`, where its variance was held to be that.

        Rows that have not `joined` their pool yet say nothing to it; a row without any peer is drawn towards none.
        """
        beyond = variance - self.variance[n]
        square = np.minimum(off**2, _CLIP * variance) * _CORRECTION - beyond
        long = np.sqrt(self._lengths[n])
        weight = np.where(learns, np.maximum(_FORGETS / long, 1.0 / (self._learned[n] + 1.0)), 0.0)
        self._own[n] = self._own[n] * (1.0 - weight) + weight * square
        self._learned[n] += np.where(learns, 1.0 / self._lengths[n], 0.0)
        pool = self._rows.pool
        sure = joined / (np.maximum(self._own[n], 1e-4) + beyond - self._rows.doubt[t]) ** 2
        of_pool = np.maximum(pooled(np.clip(self._own[n], -0.05, 1.0), sure, pool), 0.0)
        own = np.minimum(self._learned[n], 1.0 / (_FORGETS * long))
        drawn = np.where(np.bincount(pool, joined)[pool] > joined, self._peers_weigh, 0.0)
        self.variance[n] = np.maximum(
            (own * self._own[n] + drawn * of_pool) / np.maximum(own + drawn, 1e-9), self._floor
        )

    def learn_from_incident(self, which: Bools, size: Floats) -> None:
        """A row that had an incident of that size (logarithm) is a little less steady than it looked."""
        self._own += np.where(which, _LEARNED_FROM_INCIDENT * np.minimum(size**2, 2.0), 0.0)

    def _first(self, expected: Expected, warm: int) -> Floats:
        """Variance beyond the counts in the first periods, by their median."""
        rows = self._rows
        first = rows.known & (np.cumsum(rows.known, axis=0) <= warm)
        reach = int(np.flatnonzero(first.any(axis=1)).max(initial=-1)) + 1
        c, some = expected.offset, first.any(axis=0)
        off = np.log((rows.above[:reach] + c) / (rows.below[:reach] * np.exp(expected.level[0]) + c))
        off = np.where(first[:reach], off, np.nan)
        spread = np.full(some.shape, 0.3)
        middle = np.nanmedian(off[:, some], axis=0)
        spread[some] = 1.4826 * np.nanmedian(np.abs(off[:, some] - middle), axis=0)
        return np.maximum(spread**2 - self.of_counts(expected.first_events), _LEAST_SD**2)
