"""Upper limit of spend on a daily budget in the rest of a month, by each platform's own rules.

Google: twice the budget a day, 30.4 budgets a month. Meta: 75 % more a day, seven budgets from Sunday to
Saturday. LinkedIn: half more a day. Sources and their age stand in docs/pacing.md.
"""

import numpy as np
import pandas as pd

A_DAY = {"google_ads": 2.0, "meta_ads": 1.75, "linkedin_ads": 1.5}
GOOGLE_MONTH, META_WEEK = 30.4, 7.0


def most_left(
    platform: str, budget: float | None, *, days: pd.DatetimeIndex, spent: float, spent_this_week: float
) -> float:
    """Largest possible spend on `days`, the rest of the month; infinite where budget or platform rule is
    unknown.

    Args:
        platform: google_ads, meta_ads or linkedin_ads.
        budget: A day, in the account's currency.
        days: Those to come.
        spent: In the month so far.
        spent_this_week: Since Sunday, before the first of `days`.
    """
    if budget is None or not np.isfinite(budget) or budget <= 0 or platform not in A_DAY:
        return float("inf")
    most = A_DAY[platform] * budget * len(days)
    if platform == "google_ads":
        return max(min(most, GOOGLE_MONTH * budget - spent), 0.0)
    if platform != "meta_ads" or not len(days):
        return most
    sundays = days.to_period("W-SAT")
    left = 0.0
    for week, count in pd.Series(1, index=sundays).groupby(level=0, sort=True).sum().items():
        gone = spent_this_week if week == sundays[0] else 0.0
        left += max(min(A_DAY[platform] * budget * float(count), META_WEEK * budget - gone), 0.0)
    return left
