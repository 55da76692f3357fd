"""80 % confidence interval of a weighted Poisson sum (Fay and Feuer 1997)."""

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma

Numbers = npt.NDArray[np.float64]


def range_of_sum(total: Numbers, squares: Numbers, largest: Numbers | float) -> tuple[Numbers, Numbers]:
    """Low and high end (80 %) of the mean of such sums, given one of each.

    The gamma interval of Fay and Feuer (Statistics in Medicine 16, 1997), which for equal weights is the
    exact Poisson one.

    Args:
        total: The sums.
        squares: Sums of the squared weights.
        largest: The largest weight that one more event might have.
    """
    total, squares = np.asarray(total, float), np.asarray(squares, float)
    extra = np.broadcast_to(np.asarray(largest, float), total.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(total > 0, gamma.ppf(0.1, total**2 / squares, scale=squares / total), 0.0)
        most, spread = total + extra, squares + extra**2
        high = np.where(most > 0, gamma.ppf(0.9, most**2 / spread, scale=spread / most), 0.0)
    return low, high
