"""What all rows of a group do at once: a promotion, a holiday, a market. A loss of half is none: people want to hear of it."""

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.metric_series import Rows

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
FEW = 8
"""Fewer rows tell nothing about any of them."""
_LARGEST_LOSS = np.log(0.5)
_SUREST = 0.75
"""Share of a group's rows, those with the least noise, that tell what the group does."""
_SHARED = 0.7
"""Share of these that must go a third as far: one campaign with most of an account's ad sets is not the account."""
_MEDIAN_TO_MEAN = 1.2533
"""Standard error of a median over that of a mean."""


class Common:
    """Per pool its groups, as far as they hold `FEW` rows, and the rows that share their fate with too few."""

    def __init__(self, rows: Rows) -> None:
        self._pools = []
        for own in _apart(rows.pool):
            if len(own) < FEW:
                continue
            groups = [own[group] for group in _apart(rows.fate[own])]
            told = [group for group in groups if len(group) >= FEW and rows.fate[group[0]] >= 0]
            others = np.setdiff1d(own, np.concatenate(told)) if told else own
            self._pools.append((told, others))

    def move(self, off: Floats, variance: Floats, ready: Bools) -> Floats:
        """What each row's group does in a period (logarithm); 0 where it may be chance, or a loss.

        What the groups of a pool all do in one direction, as far as the least of them, is taken from the rows of no group, too.
        """
        found = np.zeros(len(off))
        for groups, others in self._pools:
            moves, silent = [], [others]
            for group in groups:
                own = group[ready[group]]
                if len(own) < FEW:
                    silent.append(group)
                    continue
                moves.append(_middle(off[own], variance[own]))
                found[group] = moves[-1]
            if len(moves) > 1 and len(set(np.sign(moves))) == 1:
                found[np.concatenate(silent)] = min(moves, key=abs)
        return found


def _middle(off: Floats, variance: Floats) -> float:
    sure = variance <= np.quantile(variance, _SUREST)
    middle = float(np.median(off[sure]))
    if middle <= _LARGEST_LOSS or np.mean(off[sure] * np.sign(middle) > abs(middle) / 3) < _SHARED:
        return 0.0
    doubt = _MEDIAN_TO_MEAN * float(np.sqrt(np.median(variance[sure]) / sure.sum()))
    return float(np.sign(middle) * max(0.0, abs(middle) - doubt))


def _apart(numbers: Whole) -> list[Whole]:
    """Places of each number."""
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
