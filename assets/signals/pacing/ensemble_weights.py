"""How to weigh the readings of a level, learned from all series' own past, for exactly the days that are still to come.

Every earlier day is a place where the same question could have been asked: the sum of the next `horizon` days, whose answer is
known by now. Weights are those with the least absolute error as a share of the month (which is what MAPE counts), drawn towards
weights found beforehand; so a pool of one series with five weeks of history still gets sensible ones. Places as far from the
end of their month as today count more, since months have shapes.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.signals.pacing.level_estimators import LEVELS, Levels, sums_before
from assets.signals.pacing.panel import Matrix

SPAN_DAYS, STEP, FADE_DAYS, SAME_PLACE = 250, 2, 150.0, 5.0
MOST_PLACES, FEWEST_DAYS, SHORT_HISTORY = 8_000, 6, 60
ENOUGH_PLACES, AVERAGING = 300, 0.4
FREE_WEIGHTS, MOST_WIDENED, FEW_SPANS = 10.0, 1.6, 300.0
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
"""Weights of the 14 readings by days to come, learned as below from every other AdWords and display series and one generated set."""
_SPREAD_PRIOR = np.array([0.22, 0.15, 0.45, 0.15, 0.0])


@dataclass(frozen=True, eq=False)
class Places:
    """Past questions with their answers: readings, mean spend a day that came, days behind and ahead together a day ahead, weight."""

    readings: Matrix
    came: np.ndarray
    whole: np.ndarray
    weight: np.ndarray
    series: np.ndarray
    reach: np.ndarray
    """Days asked for as a share of the horizon."""
    alike: np.ndarray
    """As far from the end of its month as today."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """The readings now, their weights, and the places these were learned from."""

    now: Matrix
    weights: np.ndarray
    places: Places
    horizon: int


@dataclass(frozen=True, eq=False)
class Spread:
    """`sigma` of each series' remaining sum; `errors` are past ones in units of theirs, with `weight`."""

    sigma: np.ndarray
    errors: np.ndarray
    weight: np.ndarray


def weigh(
    spend: Matrix, found: Levels, days: pd.DatetimeIndex, began: np.ndarray, *, horizon: int, month_days: int
) -> Weighed:
    """How the past of `spend` (series, days; all known) says that sums of the next `horizon` days are read off best."""
    series, today = np.arange(len(spend)), np.full(len(spend), spend.shape[1] - 1)
    now = found.readings(series, today, found.shape_ahead(series, today, horizon))
    places = _places(spend, found, days, began, horizon=horizon, month_days=month_days)
    weights = prior = _prior(horizon)
    level = places.readings[:, :LEVELS].mean(1)
    counts = (level > 0) & (places.whole > 0.1 * level * month_days / horizon)
    if counts.any():
        whole = places.whole[counts]
        inputs, target = places.readings[counts] / whole[:, None], places.came[counts] / whole
        weight = places.weight[counts]
        strength = PRIOR_STRENGTH * (1 + FEW_SPANS / max(float(weight.sum()) * STEP / horizon, 1.0))
        weights = least_absolute(inputs, target, weight, prior, strength)
    return Weighed(now, weights, places, horizon)


def expected(weighed: Weighed, found: Levels, day: int, shape: np.ndarray | None = None) -> np.ndarray:
    """The sum of the horizon's days after `day` for every series; `shape` where their factors are known to differ."""
    series = np.arange(found.by_reading.shape[1])
    at = np.full(len(series), day)
    shape = found.shape_ahead(series, at, weighed.horizon) if shape is None else shape
    return np.clip(found.readings(series, at, shape) @ weighed.weights, 0, None) * weighed.horizon


def spread(weighed: Weighed, own_shape: np.ndarray) -> Spread:
    """How far such answers were off, with the `own_shape` that each series' sums are multiplied by where the month is as far on."""
    places, prior = weighed.places, _SPREAD_PRIOR
    moves = _moves(places.readings)
    used = moves[:, 0] > 1e-9
    if np.count_nonzero(used & (places.reach >= 1)) >= ENOUGH_PLACES:
        used &= places.reach >= 1
    guess = np.clip(places.readings @ weighed.weights, 0, None)
    errors = places.came - guess * np.where(places.alike, own_shape[places.series], 1.0)
    errors *= np.minimum(places.reach, 1) ** AVERAGING  # a longer sum errs less per day
    moves, errors, weight, whose = moves[used], errors[used], places.weight[used], places.series[used]
    made = prior
    if len(errors):
        by = moves[:, 0]
        made = least_absolute(moves / by[:, None], np.abs(errors) / by, weight, prior, SPREAD_STRENGTH)
        made = np.clip(made, 0, None)
    errors = errors / _sigma(moves, made)
    own = _own_spread(errors, weight, whose, count=len(weighed.now), horizon=weighed.horizon)
    spans = float(weight.sum()) * STEP / weighed.horizon
    learned_from = 1 + FREE_WEIGHTS / max(
        spans, 1.0
    )  # weights fit the past that taught them better than what comes
    sigma = _sigma(_moves(weighed.now), made) * own * weighed.horizon
    return Spread(sigma * min(learned_from, MOST_WIDENED), errors / own[whose], weight)


def least_absolute(
    inputs: Matrix, target: np.ndarray, weight: np.ndarray, prior: np.ndarray, strength: float
) -> np.ndarray:
    """Weights with the least weighted absolute error, drawn towards `prior` as by `strength` observations."""
    found = prior
    for _ in range(ROUNDS):
        error = np.abs(target - inputs @ found)
        pull = weight / np.maximum(error, 1e-3 + 0.02 * np.median(error))
        ridge = strength * pull.mean() * np.eye(len(prior))
        pulled = inputs.T * pull
        found = np.linalg.solve(pulled @ inputs + ridge, pulled @ target + ridge @ prior)
    return found


def _places(
    spend: Matrix, found: Levels, days: pd.DatetimeIndex, began: np.ndarray, *, horizon: int, month_days: int
) -> Places:
    """Places of the horizon itself and, where history is short, of shorter ones."""
    last = spend.shape[1] - 1
    spans = [(horizon, 1.0)]
    if last - horizon - FEWEST_DAYS < SHORT_HISTORY:
        spans += [(max(int(horizon * 0.7), 3), 0.5), (max(int(horizon * 0.45), 3), 0.3)]
    parts = [_places_of(spend, found, days, began, span, share, horizon, month_days) for span, share in spans]
    return Places(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Places.__dataclass_fields__)
    )


def _places_of(
    spend: Matrix, found: Levels, days: pd.DatetimeIndex, began: np.ndarray, span: int, share: float, horizon: int, month_days: int
) -> Places:  # fmt: skip
    newest = spend.shape[1] - 1 - span
    oldest = max(FEWEST_DAYS, newest - SPAN_DAYS)
    left = (days.days_in_month - days.day).to_numpy()
    alike = (left == horizon) if span == horizon else np.zeros(len(left), bool)
    step = max(STEP, -(-len(spend) * max(newest - oldest, 0) // MOST_PLACES))
    is_asked = np.zeros(len(left), bool)
    is_asked[newest : oldest - 1 : -step] = newest >= oldest
    is_asked[oldest : newest + 1] |= alike[oldest : newest + 1]
    asked = np.flatnonzero(is_asked)
    series, day = (grid.ravel() for grid in np.meshgrid(np.arange(len(spend)), asked, indexing="ij"))
    ripe = day - began[series] >= FEWEST_DAYS
    series, day = series[ripe], day[ripe]
    sums = sums_before(spend)
    came = sums[series, day + 1 + span] - sums[series, day + 1]
    behind = sums[series, day + 1] - sums[series, np.maximum(day + 1 - (month_days - horizon), 0)]
    weight = share * step / STEP * 0.5 ** ((newest - day) / FADE_DAYS) * np.where(alike[day], SAME_PLACE, 1.0)
    readings = found.readings(series, day, found.shape_ahead(series, day, span))
    reach = np.full(len(series), span / horizon)
    return Places(readings, came / span, behind / horizon + came / span, weight, series, reach, alike[day])


def _prior(horizon: int) -> np.ndarray:
    return np.array([np.interp(horizon, _PRIOR_AT, column) for column in _PRIOR.T])


def _moves(readings: Matrix) -> Matrix:
    """What spread is made of: the level, its noise, and how far the readings disagree."""
    r = readings
    return np.stack(
        [r[:, :LEVELS].mean(1), r[:, 12], np.abs(r[:, 4] - r[:, 6]), np.abs(r[:, 1] - r[:, 3]), r[:, 11] - r[:, 9]], axis=1
    )  # fmt: skip


def _sigma(moves: Matrix, spread: np.ndarray) -> np.ndarray:
    return np.maximum(moves @ spread, 0.03 * moves[:, 0] + 1e-12)


def _own_spread(
    errors: np.ndarray, weight: np.ndarray, whose: np.ndarray, *, count: int, horizon: int
) -> np.ndarray:
    """How much wider or narrower each series errs than all, drawn towards 1 as by four spans of its own."""
    if not len(errors):
        return np.ones(count)
    size = np.minimum(np.abs(errors), 10)
    total = np.bincount(whose, weight, count)
    mean = np.bincount(whose, weight * size, count) / np.maximum(total, 1e-12)
    everyone = max(float((weight * size).sum() / weight.sum()), 1e-12)
    spans = total * STEP / horizon
    return (spans * mean / everyone + 4.0) / (spans + 4.0)
