"""Overdispersion per row and window: relative variance beyond the counts, shrunk towards that of the pool."""

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.expected import Expected
from assets.signals.anomalies.metric_series import MetricRows
from assets.signals.anomalies.noise import pool_mean

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_CLIP, _CORRECTION = 4.0, 1.1
"""Squared residuals are winsorised at this many variances, and the mean corrected for it (normal data)."""
_FORGETS = 0.03
_LEAST_SD = 0.02
_LEAST_SD_AMOUNT = 0.12
"""Minimum effect size: the standard deviation of an amount is taken to be at least 12 %, since budgets are
rounded."""
_LONGER = 0.7
"""Initial variance of a multi-day mean as a share of that of a day (days are correlated)."""
_LEARNED_FROM_INCIDENT = 0.05


class Overdispersion:
    """`variance` is windows x rows, relative, as of the period before the one that is judged."""

    def __init__(
        self,
        rows: MetricRows,
        expected: Expected,
        lengths: npt.NDArray[np.int64],
        *,
        warm: int,
        peers_weigh: float,
    ) -> None:
        self._rows, self._lengths, self._peers_weigh = rows, lengths, peers_weigh
        self._floor = np.where(rows.is_level & ~rows.is_generic, _LEAST_SD_AMOUNT, _LEAST_SD) ** 2
        self._own = np.repeat(self._first(expected, warm)[None, :], len(lengths), axis=0)
        self._own[1:] *= _LONGER
        self._learned = np.full(self._own.shape, warm / 3.0)
        self.variance = np.maximum(self._own, self._floor)

    def with_counts(self, n: int, events: Floats, t: int) -> Floats:
        """Total relative variance of a sum over window `n`: overdispersion, counts and uncertain maturity."""
        return self.variance[n] + self.of_counts(events) + self._rows.maturity_variance[t]

    def of_counts(self, events: Floats) -> Floats:
        return np.where(self._rows.counted, self._rows.spread / np.maximum(events, 0.3), 0.0)

    def learn(self, n: int, t: int, off: Floats, variance: Floats, *, learns: Bools, joined: Bools) -> None:
        """Update with the log ratio `off` of a sum over window `n` whose predicted variance was `variance`.

        Rows that have not `joined` their pool yet do not contribute to it; a row without peers is not shrunk.
        """
        beyond = variance - self.variance[n]
        square = np.minimum(off**2, _CLIP * variance) * _CORRECTION - beyond
        long = np.sqrt(self._lengths[n])
        weight = np.where(learns, np.maximum(_FORGETS / long, 1.0 / (self._learned[n] + 1.0)), 0.0)
        self._own[n] = self._own[n] * (1.0 - weight) + weight * square
        self._learned[n] += np.where(learns, 1.0 / self._lengths[n], 0.0)
        pool = self._rows.pool
        sure = joined / (np.maximum(self._own[n], 1e-4) + beyond - self._rows.maturity_variance[t]) ** 2
        of_pool = np.maximum(pool_mean(np.clip(self._own[n], -0.05, 1.0), sure, pool), 0.0)
        own_weight = np.minimum(self._learned[n], 1.0 / (_FORGETS * long))
        drawn = np.where(np.bincount(pool, joined)[pool] > joined, self._peers_weigh, 0.0)
        self.variance[n] = np.maximum(
            (own_weight * self._own[n] + drawn * of_pool) / np.maximum(own_weight + drawn, 1e-9), self._floor
        )

    def learn_from_incident(self, which: Bools, size: Floats) -> None:
        """Raise the variance of rows after an incident of that size (log ratio)."""
        self._own += np.where(which, _LEARNED_FROM_INCIDENT * np.minimum(size**2, 2.0), 0.0)

    def _first(self, expected: Expected, warm: int) -> Floats:
        """Robust variance beyond the counts in the first periods (median absolute deviation)."""
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
