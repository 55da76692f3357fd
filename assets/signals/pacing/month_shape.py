"""A series' own shape of the month: ramps at its end, budgets that run out early, whatever comes again.

At the same distance from the end of earlier months, what came is compared with what would have been expected. A series whose
ratio comes again is corrected by it; how far, the spread between and within series says (empirical Bayes, with a chance that
there is no shape at all), and whether at all, the months left out one by one.
"""

import numpy as np
import pandas as pd

from assets.signals.pacing.ensemble_weights import FEWEST_DAYS, Weighed, expected
from assets.signals.pacing.level_estimators import Levels, sums_before
from assets.signals.pacing.panel import Matrix

STRENGTHS = (0.0, 0.5, 1.0)
WORTH_IT, SHAPED = 0.01, 0.5
"""Least gain in past months that a correction must have had; share of series that are taken to have a shape."""


def own_shape(
    spend: Matrix, found: Levels, weighed: Weighed, days: pd.DatetimeIndex, began: np.ndarray
) -> np.ndarray:
    """The factor on each series' remaining sum; 1 where no shape shows. Two earlier months are needed."""
    logs, shares = _past_months(spend, found, weighed, days, began)
    if len(logs) < 2:
        return np.ones(len(spend))
    missed = [_missed(logs, shares, strength) for strength in STRENGTHS]
    best = int(np.argmin(missed))
    if missed[0] - missed[best] <= WORTH_IT * missed[0]:
        return np.ones(len(spend))
    return np.exp(STRENGTHS[best] * shrunk(logs))


def shrunk(logs: Matrix) -> np.ndarray:
    """The log ratio to go by, from those of earlier months (months, series), empty where there was none."""
    known = np.isfinite(logs)
    count = known.sum(0)
    mean = np.where(known, logs, 0.0).sum(0) / np.maximum(count, 1)
    within = np.where(known, (logs - mean) ** 2, 0.0).sum(0)
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
    spend: Matrix, found: Levels, weighed: Weighed, days: pd.DatetimeIndex, began: np.ndarray
) -> tuple[Matrix, Matrix]:
    """Per earlier month the log of what came over what was expected, and what was expected as a share of the month."""
    sums, logs, shares = sums_before(spend), [], []
    ends = np.flatnonzero(days.day == days.days_in_month)
    for end in ends:
        day, first = int(end) - weighed.horizon, int(end) - int(days[end].day) + 1
        if day < FEWEST_DAYS or first < 0:
            continue
        guess = expected(weighed, found, day)
        came, whole = sums[:, end + 1] - sums[:, day + 1], sums[:, end + 1] - sums[:, first]
        counts = (began <= day - FEWEST_DAYS) & (guess > 0) & (whole > 0.1 * guess)
        floor = 0.05 * guess + 1e-12
        ratio = np.clip((came + floor) / (guess + floor), 0.2, 3.0)
        logs.append(np.where(counts, np.log(ratio), np.nan))
        shares.append(np.where(counts, guess / np.maximum(whole, 1e-12), 0.0))
    return np.array(logs), np.array(shares)


def _missed(logs: Matrix, shares: Matrix, strength: float) -> float:
    """Error of the earlier months, each corrected by the others, as shares of the months."""
    total = 0.0
    for month in range(len(logs)):
        guess = np.exp(strength * shrunk(np.delete(logs, month, axis=0)))
        came = np.exp(np.nan_to_num(logs[month]))
        total += float((np.abs(guess - came) * shares[month]).sum())
    return total
