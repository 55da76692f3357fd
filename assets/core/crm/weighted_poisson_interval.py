"""How sure a sum of few things is: money or credit of orders that come by chance, some large, most small."""

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma

Numbers = npt.NDArray[np.float64]


def range_of_sum(total: Numbers, squares: Numbers, largest: Numbers | float) -> tuple[Numbers, Numbers]:
    """Low and high end (80 %) of what such sums come to on average, given one of each.

    A sum of weights of events that come by chance: Fay and Feuer's gamma interval (Statistics in Medicine 16, 1997), which for equal
    weights is the exact Poisson one.

    Args:
        total: The sums.
        squares: Sums of the squared weights.
        largest: The largest weight that one more event might have had.
    """
    total, squares = np.asarray(total, float), np.asarray(squares, float)
    one = np.broadcast_to(np.asarray(largest, float), total.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(total > 0, gamma.ppf(0.1, total**2 / squares, scale=squares / total), 0.0)
        most, spread = total + one, squares + one**2
        high = np.where(most > 0, gamma.ppf(0.9, most**2 / spread, scale=spread / most), 0.0)
    return low, high
