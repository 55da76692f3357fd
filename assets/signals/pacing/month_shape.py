"""Recurring within-month pattern of a series: ramps at month end, budgets that run out early.

At the same distance from the end of earlier months, actual spend is compared with the forecast. A series
whose ratio recurs is corrected by it, shrunk by empirical Bayes (spike and slab: a series may have no
pattern); leave-one-month-out cross-validation decides whether the correction is used.
"""

import numpy as np
import pandas as pd

from assets.signals.pacing.ensemble_weights import FEWEST_DAYS, FittedWeights, expected
from assets.signals.pacing.level_estimators import Levels, sums_before
from assets.signals.pacing.panel import Matrix

STRENGTHS = (0.0, 0.5, 1.0)
WORTH_IT, SHAPED = 0.01, 0.5
"""Least relative gain in cross-validation; prior share of series that have a pattern."""


def own_shape(
    spend: Matrix, level_set: Levels, weighed: FittedWeights, days: pd.DatetimeIndex, began: np.ndarray
) -> np.ndarray:
    """Factor on each series' remaining sum; 1 where no pattern is found. Needs two earlier months."""
    logs, shares = _past_months(spend, level_set, weighed, days, began)
    if len(logs) < 2:
        return np.ones(len(spend))
    missed = [_missed(logs, shares, strength) for strength in STRENGTHS]
    best = int(np.argmin(missed))
    if missed[0] - missed[best] <= WORTH_IT * missed[0]:
        return np.ones(len(spend))
    return np.exp(STRENGTHS[best] * shrunk(logs))


def shrunk(logs: Matrix) -> np.ndarray:
    """Shrunk log ratio of each series from those of earlier months (months, series; NaN where there was
    none).
    """
    is_known = np.isfinite(logs)
    count = is_known.sum(0)
    mean = np.where(is_known, logs, 0.0).sum(0) / np.maximum(count, 1)
    within = np.where(is_known, (logs - mean) ** 2, 0.0).sum(0)
    free = np.maximum(count - 1, 0)
    pooled = max(within.sum() / max(free.sum(), 1), 1e-6)
    noise = (pooled + within) / (1 + free) / np.maximum(count, 1)
    has = count > 0
    between = float(np.maximum(mean**2 - noise, 0)[has].mean()) if has.any() else 0.0
    if between <= 0:
        return np.zeros(len(mean))
    odds = np.sqrt((between + noise) / noise) * np.exp(-(mean**2) / 2 * (1 / noise - 1 / (between + noise)))
    shaped = SHAPED / (SHAPED + (1 - SHAPED) * odds)
    return np.where(has, mean * shaped * between / (between + noise), 0.0)


def _past_months(
    spend: Matrix, level_set: Levels, weighed: FittedWeights, days: pd.DatetimeIndex, began: np.ndarray
) -> tuple[Matrix, Matrix]:
    """Per earlier month the log ratio of actual to forecast, and the forecast as a share of the month."""
    sums, logs, shares = sums_before(spend), [], []
    ends = np.flatnonzero(days.day == days.days_in_month)
    for end in ends:
        day, first = int(end) - weighed.horizon, int(end) - int(days[end].day) + 1
        if day < FEWEST_DAYS or first < 0:
            continue
        guess = expected(weighed, level_set, day)
        came, whole = sums[:, end + 1] - sums[:, day + 1], sums[:, end + 1] - sums[:, first]
        counts = (began <= day - FEWEST_DAYS) & (guess > 0) & (whole > 0.1 * guess)
        floor = 0.05 * guess + 1e-12
        ratio = np.clip((came + floor) / (guess + floor), 0.2, 3.0)
        logs.append(np.where(counts, np.log(ratio), np.nan))
        shares.append(np.where(counts, guess / np.maximum(whole, 1e-12), 0.0))
    return np.array(logs), np.array(shares)


def _missed(logs: Matrix, shares: Matrix, strength: float) -> float:
    """Leave-one-month-out error of the corrected forecasts, as shares of the months."""
    total = 0.0
    for month in range(len(logs)):
        guess = np.exp(strength * shrunk(np.delete(logs, month, axis=0)))
        came = np.exp(np.nan_to_num(logs[month]))
        total += float((np.abs(guess - came) * shares[month]).sum())
    return total
