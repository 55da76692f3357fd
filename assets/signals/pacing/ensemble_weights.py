"""Forecast combination: weights of the level estimators, learned by backtesting on all series for the current
horizon.

Every earlier day is a backtest origin: the sum of the next `horizon` days is known by now. Weights minimise
the absolute error as a share of the month (the loss behind MAPE), with a ridge penalty towards prior weights,
so that one series with five weeks of history still gets sensible ones. Origins at the same distance from the
end of their month weigh more, since spend has a shape over the month.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.signals.pacing.level_estimators import LEVELS, Levels, sums_before
from assets.signals.pacing.panel import Matrix

SPAN_DAYS, STEP, FADE_DAYS, SAME_PLACE = 250, 2, 150.0, 5.0
MOST_PLACES, FEWEST_DAYS, SHORT_HISTORY = 8_000, 6, 60
ENOUGH_PLACES, AVERAGING = 300, 0.4
FEW_SPANS = 300.0
PRIOR_STRENGTH, SPREAD_STRENGTH, ROUNDS = 3.0, 30.0, 20
_PRIOR_AT = np.array([2, 5, 9, 16, 23, 27])
_PRIOR = np.array(
    [
        [0.00, 0.20, 0.10, 0.00, 0.10, 0.20, 0.09, 0.00, 0.30, 0.00, 0.00, -0.01, 0.00, 0.00],
        [0.01, 0.20, 0.10, 0.00, 0.10, 0.20, 0.07, 0.00, 0.30, 0.01, 0.00, -0.01, -0.02, -0.01],
        [0.02, 0.20, 0.10, -0.01, 0.11, 0.20, 0.06, 0.01, 0.29, 0.02, 0.00, -0.03, -0.04, -0.02],
        [0.04, 0.20, 0.08, -0.01, 0.12, 0.19, 0.05, 0.02, 0.26, 0.07, 0.01, -0.06, -0.08, -0.03],
        [0.09, 0.16, 0.03, 0.01, 0.12, 0.18, 0.08, 0.01, 0.23, 0.15, -0.01, -0.08, -0.12, -0.01],
        [0.08, 0.15, 0.04, 0.00, 0.13, 0.19, 0.11, 0.00, 0.20, 0.14, -0.01, -0.10, -0.17, 0.07],
    ]
)
"""Prior weights of the 14 estimators by horizon (days to come), learned as below from other AdWords and
display series and one generated set."""
_SPREAD_PRIOR = np.array([0.22, 0.15, 0.45, 0.15, 0.0])


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Backtest origins: estimator values, realised mean daily spend, spend of the month per day of the
    horizon, and weight.
    """

    readings: Matrix
    came: np.ndarray
    whole: np.ndarray
    weight: np.ndarray
    series: np.ndarray
    reach: np.ndarray
    """Horizon of the origin as a share of the current one."""
    alike: np.ndarray
    """Whether the origin is as far from the end of its month as today."""


@dataclass(frozen=True, eq=False)
class FittedWeights:
    """Estimator values now, their weights, and the training set."""

    now: Matrix
    weights: np.ndarray
    places: TrainingSet
    horizon: int


@dataclass(frozen=True, eq=False)
class ErrorSpread:
    """`sigma` of each series' remaining sum; `errors` are past errors in units of their sigma, with
    `weight`.
    """

    sigma: np.ndarray
    errors: np.ndarray
    weight: np.ndarray


def fit_weights(
    spend: Matrix,
    level_set: Levels,
    days: pd.DatetimeIndex,
    began: np.ndarray,
    *,
    horizon: int,
    month_days: int,
) -> FittedWeights:
    """Weights for the sum of the next `horizon` days, learned from the past of `spend` (series, days; no
    gaps).
    """
    series, today = np.arange(len(spend)), np.full(len(spend), spend.shape[1] - 1)
    now = level_set.readings(series, today, level_set.shape_ahead(series, today, horizon))
    places = _training_set(spend, level_set, days, began, horizon=horizon, month_days=month_days)
    weights = prior = _prior(horizon)
    level = places.readings[:, :LEVELS].mean(1)
    counts = (level > 0) & (places.whole > 0.1 * level * month_days / horizon)
    if counts.any():
        whole = places.whole[counts]
        inputs, target = places.readings[counts] / whole[:, None], places.came[counts] / whole
        weight = places.weight[counts]
        strength = PRIOR_STRENGTH * (1 + FEW_SPANS / max(float(weight.sum()) * STEP / horizon, 1.0))
        weights = least_absolute(inputs, target, weight, prior, strength)
    return FittedWeights(now, weights, places, horizon)


def expected(
    weighed: FittedWeights, level_set: Levels, day: int, shape: np.ndarray | None = None
) -> np.ndarray:
    """Forecast sum of the horizon's days after `day` for every series; `shape` where their factors are known
    to differ.
    """
    series = np.arange(level_set.by_reading.shape[1])
    at = np.full(len(series), day)
    shape = level_set.shape_ahead(series, at, weighed.horizon) if shape is None else shape
    return np.clip(level_set.readings(series, at, shape) @ weighed.weights, 0, None) * weighed.horizon


def spread(weighed: FittedWeights, own_shape: np.ndarray) -> ErrorSpread:
    """Scale and past errors of the forecasts, `own_shape` applied to origins at the same distance from month
    end.
    """
    places, prior = weighed.places, _SPREAD_PRIOR
    moves = _moves(places.readings)
    used = moves[:, 0] > 1e-9
    if np.count_nonzero(used & (places.reach >= 1)) >= ENOUGH_PLACES:
        used &= places.reach >= 1
    guess = np.clip(places.readings @ weighed.weights, 0, None)
    errors = places.came - guess * np.where(places.alike, own_shape[places.series], 1.0)
    errors *= np.minimum(places.reach, 1) ** AVERAGING  # the error per day is smaller for longer sums
    moves, errors, weight, whose = moves[used], errors[used], places.weight[used], places.series[used]
    coefficients = prior
    if len(errors):
        by = moves[:, 0]
        coefficients = least_absolute(
            moves / by[:, None], np.abs(errors) / by, weight, prior, SPREAD_STRENGTH
        )
        coefficients = np.clip(coefficients, 0, None)
    errors = errors / _sigma(moves, coefficients)
    series_factor = _own_spread(errors, weight, whose, count=len(weighed.now), horizon=weighed.horizon)
    sigma = _sigma(_moves(weighed.now), coefficients) * series_factor * weighed.horizon
    return ErrorSpread(sigma, errors / series_factor[whose], weight)


def least_absolute(
    inputs: Matrix, target: np.ndarray, weight: np.ndarray, prior: np.ndarray, strength: float
) -> np.ndarray:
    """Weighted least absolute deviations with a ridge towards `prior` worth `strength` observations
    (iteratively reweighted).
    """
    coefficients = prior
    for _ in range(ROUNDS):
        error = np.abs(target - inputs @ coefficients)
        pull = weight / np.maximum(error, 1e-3 + 0.02 * np.median(error))
        ridge = strength * pull.mean() * np.eye(len(prior))
        pulled = inputs.T * pull
        coefficients = np.linalg.solve(pulled @ inputs + ridge, pulled @ target + ridge @ prior)
    return coefficients


def _training_set(
    spend: Matrix,
    level_set: Levels,
    days: pd.DatetimeIndex,
    began: np.ndarray,
    *,
    horizon: int,
    month_days: int,
) -> TrainingSet:
    """Origins of the horizon itself and, where history is short, of shorter ones."""
    last = spend.shape[1] - 1
    spans = [(horizon, 1.0)]
    if last - horizon - FEWEST_DAYS < SHORT_HISTORY:
        spans += [(max(int(horizon * 0.7), 3), 0.5), (max(int(horizon * 0.45), 3), 0.3)]
    parts = [
        _training_examples(spend, level_set, days, began, span, share, horizon, month_days)
        for span, share in spans
    ]
    return TrainingSet(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in TrainingSet.__dataclass_fields__
        )
    )


def _training_examples(
    spend: Matrix,
    level_set: Levels,
    days: pd.DatetimeIndex,
    began: np.ndarray,
    span: int,
    share: float,
    horizon: int,
    month_days: int,
) -> TrainingSet:
    newest = spend.shape[1] - 1 - span
    oldest = max(FEWEST_DAYS, newest - SPAN_DAYS)
    left = (days.days_in_month - days.day).to_numpy()
    alike = (left == horizon) if span == horizon else np.zeros(len(left), bool)
    step = max(STEP, -(-len(spend) * max(newest - oldest, 0) // MOST_PLACES))
    is_asked = np.zeros(len(left), bool)
    is_asked[newest : oldest - 1 : -step] = newest >= oldest
    is_asked[oldest : newest + 1] |= alike[oldest : newest + 1]
    forecast_days = np.flatnonzero(is_asked)
    series, day = (grid.ravel() for grid in np.meshgrid(np.arange(len(spend)), forecast_days, indexing="ij"))
    ripe = day - began[series] >= FEWEST_DAYS
    series, day = series[ripe], day[ripe]
    sums = sums_before(spend)
    came = sums[series, day + 1 + span] - sums[series, day + 1]
    behind = sums[series, day + 1] - sums[series, np.maximum(day + 1 - (month_days - horizon), 0)]
    weight = share * step / STEP * 0.5 ** ((newest - day) / FADE_DAYS) * np.where(alike[day], SAME_PLACE, 1.0)
    readings = level_set.readings(series, day, level_set.shape_ahead(series, day, span))
    reach = np.full(len(series), span / horizon)
    return TrainingSet(
        readings, came / span, behind / horizon + came / span, weight, series, reach, alike[day]
    )


def _prior(horizon: int) -> np.ndarray:
    return np.array([np.interp(horizon, _PRIOR_AT, column) for column in _PRIOR.T])


def _moves(readings: Matrix) -> Matrix:
    """Regressors of the error scale: level, noise, and disagreement of the estimators."""
    r = readings
    return np.stack(
        [
            r[:, :LEVELS].mean(1),
            r[:, 12],
            np.abs(r[:, 4] - r[:, 6]),
            np.abs(r[:, 1] - r[:, 3]),
            r[:, 11] - r[:, 9],
        ],
        axis=1,
    )


def _sigma(moves: Matrix, spread: np.ndarray) -> np.ndarray:
    return np.maximum(moves @ spread, 0.03 * moves[:, 0] + 1e-12)


def _own_spread(
    errors: np.ndarray, weight: np.ndarray, whose: np.ndarray, *, count: int, horizon: int
) -> np.ndarray:
    """Error scale of each series relative to all, shrunk towards 1 with the weight of four horizons."""
    if not len(errors):
        return np.ones(count)
    size = np.minimum(np.abs(errors), 10)
    total = np.bincount(whose, weight, count)
    mean = np.bincount(whose, weight * size, count) / np.maximum(total, 1e-12)
    everyone = max(float((weight * size).sum() / weight.sum()), 1e-12)
    spans = total * STEP / horizon
    return (spans * mean / everyone + 4.0) / (spans + 4.0)
