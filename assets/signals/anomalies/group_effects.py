"""Common effect per group (promotion, holiday, market), removed before testing. Drops over 50 % are kept as
incidents.
"""

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.metric_series import MetricRows

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
FEW = 8
"""Smallest group for which a common effect is estimated."""
_LARGEST_LOSS = np.log(0.5)
_SUREST = 0.75
"""Quantile of the variance below which rows are used for the estimate."""
_SHARED = 0.7
"""Share of those rows that must move at least a third as far, so that one large campaign does not pass for
the account."""
_MEDIAN_TO_MEAN = 1.2533
"""Ratio of the standard error of a median to that of a mean (normal data)."""


class GroupEffects:
    """Per pool the groups of at least `FEW` rows, and the rows that are in none of them."""

    def __init__(self, rows: MetricRows) -> None:
        self._pools = []
        for pool_rows in _apart(rows.pool):
            if len(pool_rows) < FEW:
                continue
            groups = [pool_rows[group] for group in _apart(rows.effect_group[pool_rows])]
            large_groups = [
                group for group in groups if len(group) >= FEW and rows.effect_group[group[0]] >= 0
            ]
            others = np.setdiff1d(pool_rows, np.concatenate(large_groups)) if large_groups else pool_rows
            self._pools.append((large_groups, others))

    def move(self, off: Floats, variance: Floats, ready: Bools) -> Floats:
        """Log effect of each row's group in a period; 0 where it is within chance, or a loss of half or more.

        If all groups of a pool move in one direction, the smallest of their effects applies to rows without a
        group, too.
        """
        effects = np.zeros(len(off))
        for groups, others in self._pools:
            moves, silent = [], [others]
            for group in groups:
                ready_rows = group[ready[group]]
                if len(ready_rows) < FEW:
                    silent.append(group)
                    continue
                moves.append(_middle(off[ready_rows], variance[ready_rows]))
                effects[group] = moves[-1]
            if len(moves) > 1 and len(set(np.sign(moves))) == 1:
                effects[np.concatenate(silent)] = min(moves, key=abs)
        return effects


def _middle(off: Floats, variance: Floats) -> float:
    sure = variance <= np.quantile(variance, _SUREST)
    middle = float(np.median(off[sure]))
    if middle <= _LARGEST_LOSS or np.mean(off[sure] * np.sign(middle) > abs(middle) / 3) < _SHARED:
        return 0.0
    maturity_variance = _MEDIAN_TO_MEAN * float(np.sqrt(np.median(variance[sure]) / sure.sum()))
    return float(np.sign(middle) * max(0.0, abs(middle) - maturity_variance))


def _apart(numbers: Whole) -> list[Whole]:
    """Indices of each distinct number."""
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
