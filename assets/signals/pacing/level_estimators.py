"""Estimators of a series' daily spend at the end of every day, and its weekday factors.

Moving averages, exponentially weighted ones, one with drift, and the mean since the last change point. None
is best everywhere; `assets.signals.pacing.ensemble_weights` combines them. All are causal except the weekday
factors, which are those of the last eight weeks for every day.
"""

from dataclasses import dataclass

import numpy as np

from assets.signals.pacing.panel import Matrix

WEEKDAY_WINDOW, WEEKDAY_PRIOR = 56, 4.0
BREAK_SPANS, BREAK_BEFORE, BREAK_SIGMAS, BREAK_SHARE = (2, 3, 4, 5, 7, 10, 14), 14, 4.0, 0.25
LEVELS = 9
"""Number of base estimators; the others are derived from them."""
READINGS = (
    "mean of 3 days",
    "of 7",
    "of 14",
    "of 28",
    "weighted, half-life 2.5 days",
    "6 days",
    "14 days",
    "with its drift",
    "since the last break",
    "smallest",
    "median",
    "largest",
    "level x noise",
    "level x days without spend",
)


@dataclass(frozen=True, eq=False)
class Levels:
    """`by_reading` is (9 levels, series, days) of weekday-free spend; `noise` and `idle` (share of days
    without spend) likewise.
    """

    by_reading: np.ndarray
    noise: Matrix
    idle: Matrix
    weekday: Matrix
    weekdays: np.ndarray

    def readings(self, series: np.ndarray, day: np.ndarray, shape: np.ndarray) -> Matrix:
        """The 14 estimators for those series and days, times the mean `shape` of the days to come."""
        levels = self.by_reading[:, series, day].T * shape[:, None]
        some = levels[:, [0, 1, 3, 5]]
        derived = [some.min(1), np.median(some, 1), some.max(1)]
        derived += [self.noise[series, day] * levels[:, 5], self.idle[series, day] * levels[:, 5]]
        return np.concatenate([levels, np.stack(derived, 1)], axis=1)

    def shape_ahead(self, series: np.ndarray, day: np.ndarray, horizon: int) -> np.ndarray:
        """Mean weekday factor of the `horizon` days after each day."""
        ahead = (self.weekdays[day][:, None] + 1 + np.arange(horizon)) % 7
        return self.weekday[series[:, None], ahead].mean(1)


def levels(spend: Matrix, weekdays: np.ndarray, began: np.ndarray) -> Levels:
    """Every estimator of `spend` (series, days; no gaps); `began` is the column of each series' first
    spend.
    """
    weekday = weekday_shape(spend, weekdays)
    flat = spend / weekday[:, weekdays]
    slow, middle, fast = (weighted(flat, half_life, began) for half_life in (14.0, 6.0, 2.5))
    month = rolling(flat, 28, began)
    noise = np.sqrt(np.clip(rolling(flat**2, 28, began) - month**2, 0, None)) / np.maximum(month, 1e-12)
    values = np.stack(
        [
            rolling(flat, 3, began),
            *(rolling(spend, n, began) for n in (7, 14, 28)),
            fast,
            middle,
            slow,
            np.clip(2 * middle - slow, 0, None),
            since_break(flat, middle, began),
        ]
    )
    return Levels(
        values, np.clip(noise, 0, 2), 1 - rolling((spend > 0).astype(float), 7, began), weekday, weekdays
    )


def weekday_shape(spend: Matrix, weekdays: np.ndarray) -> Matrix:
    """Weekday factors of each series (mean 1), shrunk towards those of all series with the weight of four
    weeks.
    """
    recent, days = spend[:, -WEEKDAY_WINDOW:], weekdays[-WEEKDAY_WINDOW:]
    around = _centred(recent)
    ratio = np.divide(recent, around, out=np.full_like(recent, np.nan), where=around > 0)
    is_day = days[:, None] == np.arange(7)
    is_known = np.isfinite(ratio)
    total = np.where(is_known, np.clip(ratio, 0, 3), 0.0) @ is_day
    count = is_known.astype(float) @ is_day
    pooled = np.where(count.sum(0) > 0, total.sum(0) / np.maximum(count.sum(0), 1), 1.0)
    shape = (total + WEEKDAY_PRIOR * pooled / pooled.mean()) / (count + WEEKDAY_PRIOR)
    return np.maximum(shape / shape.mean(1, keepdims=True), 0.02)


def rolling(values: Matrix, span: int, began: np.ndarray) -> Matrix:
    """Moving average of the last `span` days, fewer where the series began later."""
    day = np.arange(values.shape[1])
    since = np.minimum(np.maximum(day - span + 1, began[:, None]), day + 1)
    sums = sums_before(values)
    return (sums[:, 1:] - np.take_along_axis(sums, since, 1)) / np.maximum(day + 1 - since, 1)


def weighted(values: Matrix, half_life: float, began: np.ndarray) -> Matrix:
    """Exponentially weighted moving average since the series began."""
    decay = 0.5 ** (1 / half_life)
    means = np.zeros_like(values)
    total, weight = np.zeros(len(values)), np.zeros(len(values))
    for day in range(values.shape[1]):
        total, weight = decay * total + values[:, day], np.where(day >= began, decay * weight + 1, 0.0)
        means[:, day] = total / np.maximum(weight, 1e-12)
    return means


def since_break(flat: Matrix, fallback: Matrix, began: np.ndarray) -> Matrix:
    """Mean since the most significant change point of the last two weeks, tested against the two weeks
    before; else `fallback`.
    """
    day, sums = np.arange(flat.shape[1]), sums_before(flat)
    noise = 0.886 * rolling(np.abs(np.diff(flat, axis=1, prepend=flat[:, :1])), 28, began) + 1e-12
    level, clearest = fallback.copy(), np.full(flat.shape, BREAK_SIGMAS)
    for span in BREAK_SPANS:
        cut = np.maximum(day + 1 - span, 0)
        since = np.minimum(np.maximum(cut - BREAK_BEFORE, began[:, None]), cut)
        count = cut - since
        after = (sums[:, 1:] - sums[:, cut]) / span
        before = (sums[:, cut] - np.take_along_axis(sums, since, 1)) / np.maximum(count, 1)
        step = np.abs(after - before)
        sigmas = step / (noise * np.sqrt(1 / span + 1 / np.maximum(count, 1)))
        is_break = (count >= 5) & (step > BREAK_SHARE * np.maximum(after, before)) & (sigmas > clearest)
        level, clearest = np.where(is_break, after, level), np.where(is_break, sigmas, clearest)
    return level


def sums_before(values: Matrix) -> Matrix:
    """Cumulative sums before each column, with one column more than there are days."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _centred(values: Matrix) -> Matrix:
    day, sums = np.arange(values.shape[1]), sums_before(values)
    low, high = np.maximum(day - 3, 0), np.minimum(day + 4, len(day))
    return (sums[:, high] - sums[:, low]) / (high - low)
