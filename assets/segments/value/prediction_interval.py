"""Prediction interval of customer value (80 %), and the per-customer point forecast of least absolute error.

Both are read from pairs of expected and actual value: customers with a similar number of expected orders
form a group. A customer who probably will not return has an interval that starts at zero and spends the
rest on its upper end.
"""

from dataclasses import dataclass

import numpy as np

from assets.segments.value.order_histories import Numbers

HOLDS = 0.8
GROUPS, FEWEST_OF_GROUP = 24, 40
LEVELS = np.linspace(0.5, 0.9, 17)
LEANINGS = (0.0, 0.25, 0.5, 0.75)
"""Weights of the quantile forecast against the mean: never 1, or half of all customers would be worth
nothing.
"""


@dataclass(frozen=True)
class ResidualQuantiles:
    """Quantiles of actual over expected value, by log of the expected orders."""

    at: Numbers
    low: Numbers
    high: Numbers
    levels: Numbers
    """A row per group, a column per level of LEVELS."""

    def range(self, orders: Numbers) -> tuple[Numbers, Numbers]:
        """Ends of the interval as multiples of the expected value."""
        where = np.log(np.maximum(orders, 1e-12))
        return np.interp(where, self.at, self.low), np.interp(where, self.at, self.high)

    def likely(self, by: Numbers, expected: Numbers) -> Numbers:
        """Likely value of each customer as a multiple of the expected one: one quantile for all, scaled to
        the total.
        """
        where, total = np.log(np.maximum(by, 1e-12)), float(expected.sum())
        sums = [
            float((np.interp(where, self.at, self.levels[:, n]) * expected).sum()) for n in range(len(LEVELS))
        ]
        sums = list(np.maximum.accumulate(sums))
        if total <= 0 or sums[-1] <= 0:
            return np.ones(len(by))
        n = int(np.clip(np.searchsorted(sums, total), 1, len(LEVELS) - 1))
        part = float(np.clip((total - sums[n - 1]) / max(sums[n] - sums[n - 1], 1e-12), 0.0, 1.0))
        share = (1 - part) * np.interp(where, self.at, self.levels[:, n - 1]) + part * np.interp(
            where, self.at, self.levels[:, n]
        )
        whole = float((share * expected).sum())
        return share * total / whole if whole > 0 else np.ones(len(by))


def fit_residual_quantiles(by: Numbers, expected: Numbers, came: Numbers) -> ResidualQuantiles:
    """Quantiles of the ratio from pairs: expected orders, expected value and actual value."""
    order = np.argsort(by, kind="stable")
    ratio = np.divide(came, expected, out=np.zeros(len(came)), where=expected > 0)[order]
    groups = int(np.clip(len(order) // FEWEST_OF_GROUP, 1, GROUPS))
    parts = np.array_split(np.arange(len(order)), groups)
    at = np.log(np.maximum([float(np.median(by[order[part]])) for part in parts], 1e-12))
    rows = [_ends(ratio[part]) for part in parts]
    levels = np.array([np.quantile(ratio[part], LEVELS) for part in parts])
    return ResidualQuantiles(
        at,
        np.array([r[0] for r in rows]),
        np.array([r[1] for r in rows]),
        np.maximum.accumulate(levels, axis=0),
    )


def choose_leaning(expected: Numbers, likely: Numbers, came: Numbers) -> float:
    """The one of LEANINGS with the least absolute error."""
    errors = [float(np.abs(expected * (1 - part + part * likely) - came).sum()) for part in LEANINGS]
    return LEANINGS[int(np.argmin(errors))]


def _ends(ratio: Numbers) -> tuple[float, float]:
    """Ends that hold 80 %; from zero where one in ten or more brought nothing."""
    tail = (1 - HOLDS) / 2
    if (ratio <= 0).mean() >= tail:
        return 0.0, float(np.quantile(ratio, HOLDS))
    low, high = np.quantile(ratio, [tail, 1 - tail])
    return max(float(low), 0.0), float(high)
