"""How much of a day's conversions can be seen when the day is some days old: platforms restate them for weeks."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt


def share_visible(age_days: npt.ArrayLike, points: Mapping[int, float]) -> npt.NDArray[np.float64]:
    """Share (0..1) of the final conversions that is visible at each age, straight lines between the points of the policy."""
    ages = sorted(points)
    return np.interp(np.asarray(age_days, float), ages, [points[age] for age in ages])
