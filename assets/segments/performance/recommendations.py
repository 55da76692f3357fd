"""Recommendations per segment and ad set: more, less, or wait. They are read by people and change nothing.

A recommendation compares the range of the return with the target: entirely above means more, entirely
below means less, a range that contains the target means that it is too early. Steps are bounded, and grow
with the distance.
"""

import numpy as np
import pandas as pd

from assets.segments.performance.performance import COLUMNS
from resources.errors import DataUnusable

MOST_STEP = 0.2
"""Largest share of a bid or budget in one step; the approval gate's limit as well."""
RAISE, LOWER, HOLD, UNKNOWN = "raise", "lower", "hold", "not known"
WHAT = [*COLUMNS[:4], "action", "step", "lever", "target_roas", "why"]


def recommend(performance: pd.DataFrame, *, target_roas: float) -> pd.DataFrame:
    """A row per row of segments/performance: action (raise, lower, hold, not known), step (signed share),
    lever and why.

    Args:
        performance: Rows of segments/performance.
        target_roas: Booked value over spend that is required, above 0.

    Raises:
        DataUnusable: The target is not above 0.
    """
    if not target_roas > 0:
        raise DataUnusable(
            f"A target ROAS of {target_roas} is none. Give the booked value a unit of spend must bring, "
            "such as 3."
        )
    low, mean, high = (
        performance[name].astype(float).to_numpy() for name in ("roas_low", "roas", "roas_high")
    )
    is_known = np.isfinite(low) & np.isfinite(high) & np.isfinite(mean)
    action = np.select([~is_known, low > target_roas, high < target_roas], [UNKNOWN, RAISE, LOWER], HOLD)
    away = np.clip(np.where(is_known, mean / target_roas - 1, 0.0), -MOST_STEP, MOST_STEP)
    step = np.where(np.isin(action, [RAISE, LOWER]), away.round(2), 0.0)
    ends = zip(action, low, mean, high, strict=True)
    why = [
        _why(str(chosen), at_low, at_mean, at_high, target_roas) for chosen, at_low, at_mean, at_high in ends
    ]
    # A segment is a bid adjustment or an audience within an ad set; a whole platform or campaign has a budget
    # to move.
    lever = np.where(
        performance["ad_set_id"].notna(), "bid target of the segment's audience", "share of the budget"
    )
    return (
        performance[WHAT[:4]]
        .assign(action=action, step=step, lever=lever, target_roas=target_roas, why=why)[WHAT]
        .reset_index(drop=True)
    )


def _why(action: str, low: float, mean: float, high: float, target: float) -> str:
    if action == UNKNOWN:
        return "There is no spend or no revenue to tell a return from."
    range_text = f"A unit of spend brings {mean:.2f} ({low:.2f} to {high:.2f}, four times in five)"
    return {
        RAISE: f"{range_text}: all of that is above the target of {target:.2f}.",
        LOWER: f"{range_text}: all of that is below the target of {target:.2f}.",
        HOLD: f"{range_text}: the target of {target:.2f} is within, so it is too early to tell.",
    }[action]
