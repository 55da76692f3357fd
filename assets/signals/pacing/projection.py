"""Month-end spend with an 80 % range, from delivered days, known events and the history of all series.

The point forecast is a combination of level estimators with backtested weights (`ensemble_weights`), times
the series' within-month pattern (`month_shape`) and known events (`known_events`). The range uses the
distribution of backtest errors of the remaining sum, scaled per series (normalised split conformal
prediction, Lei et al. 2018). Known weakness: a level shift without a recorded reason is not covered by a
range learned from the past.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from assets.frame_contract import id_texts, once_per_key, require_columns
from assets.signals.pacing.ensemble_weights import ErrorSpread, expected, fit_weights, spread
from assets.signals.pacing.known_events import ahead, factors, ordinary, still_going, stopping_budgets
from assets.signals.pacing.level_estimators import Levels, levels
from assets.signals.pacing.month_shape import own_shape
from assets.signals.pacing.panel import (
    Instant,
    Matrix,
    Panel,
    day_column,
    instant,
    number_column,
    panel,
)
from resources.policy.pacing import Pacing

QUANTILES = np.arange(1, 100) / 100
COLUMNS = (
    "series_id",
    "as_of",
    "month",
    "spent",
    "p10",
    "p50",
    "p90",
    "budget",
    "p_over",
    "p_under",
    "p_beyond",
    "required_daily",
    "days_left",
    "unknown_days",
    "too_early",
)
_PRIOR_ERRORS = np.array([-2.6, -1.9, -1.2, -0.6, 0.0, 0.6, 1.2, 2.1, 3.2])
_WIDER = 1.02
"""Out-of-sample errors are slightly larger than those of the backtest."""


@dataclass(frozen=True, eq=False)
class RemainingSpend:
    """Remaining spend of the month: `quantiles` of the sum (series, 99), and the days left."""

    quantiles: Matrix
    days_left: np.ndarray


def project(
    days: pd.DataFrame,
    budgets: pd.DataFrame | None = None,
    *,
    as_of: Instant,
    policy: Pacing | None = None,
    known: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Projected spend of the calendar month for every series.

    Args:
        days: One row per series and day (`assets.frame_contract`): series_id, day, spend, in any order and
            type of day. An empty or infinite spend is a day that is not known; a day without a row had none.
            Where known also daily_budget, the one in force on that day.
        budgets: series_id, month (any day of it), budget; where known also ceiling (the most that the
            platform can spend in the whole month), start_day and end_day. Those of earlier months tell
            whether a budget stops its series.
        as_of: The last closed day. With a time of day, that day is still running and its row holds what it
            spent so far.
        policy: Tolerance and how early is too early.
        known: Factors on ordinary days: series_id (empty for all), start, end (both included; empty when
            open), factor. A pause is 0, a budget change its ratio from its day on, a holiday what it usually
            is to an ordinary day.

    Returns:
        A row per series, by series_id: as_of, month (its first day), spent so far, p10, p50 and p90 of the
        month's end, budget, p_over and p_under (by more than the tolerance; empty without budget), p_beyond
        (above it at all), required_daily (to land on the budget from tomorrow on; empty without budget or
        days left), days_left (on which it may spend, the running one among them), unknown_days (of the month,
        without a figure) and too_early. Money is in each series' own currency.

    Raises:
        FrameRefused: A column is missing or breaks the contract of frames; the sentence says which.
        ValueError: `as_of` is no day.
    """
    policy = policy or Pacing()
    plan = read_budgets(budgets)
    seen = panel(days, as_of=as_of, more=plan.loc[plan["month"] == _month_of(as_of), "series_id"])
    if not len(seen.ids):
        return pd.DataFrame(columns=list(COLUMNS))
    outlook = _remaining_spend(seen, plan, known)
    now = plan[plan["month"] == seen.month].set_index("series_id")
    now = now.reindex(seen.ids)
    result = _rows(seen, outlook, now, policy)
    return result.assign(series_id=result["series_id"].map(_as_given(days, budgets)))


def read_budgets(budgets: pd.DataFrame | None) -> pd.DataFrame:
    """series_id, month (its first day), budget, ceiling, start_day, end_day; empty where nothing is given.

    Raises:
        ValueError: A column is missing, or holds what cannot be read.
    """
    columns = ("series_id", "month", "budget", "ceiling", "start_day", "end_day")
    if budgets is None or budgets.empty:
        budgets = pd.DataFrame(columns=columns)
    require_columns(budgets, ("series_id", "month", "budget"), what="budgets")
    rows = budgets.reset_index(drop=True).reindex(columns=columns)
    rows = rows.assign(series_id=id_texts(rows["series_id"]))
    rows = rows[rows["series_id"].notna() & rows["month"].notna()]
    dates = {
        name: day_column(rows[name], name=f"budgets.{name}") for name in ("month", "start_day", "end_day")
    }
    money = {name: number_column(rows[name], name=f"budgets.{name}") for name in ("budget", "ceiling")}
    if (money["budget"] < 0).any():
        raise ValueError("budgets.budget is below zero")
    dates["month"] = dates["month"].dt.to_period("M").dt.to_timestamp()
    rows = rows.assign(**dates, **money)
    return once_per_key(rows[rows["month"].notna()], ("series_id", "month"), what="budgets")


def remaining(history: Matrix, seen: Panel, factor: Matrix) -> tuple[np.ndarray, ErrorSpread, Levels]:
    """Point forecast of the sum of the days after `seen`, its error distribution, and the levels.

    Args:
        history: Spend under current conditions (`ordinary`).
        seen: The panel.
        factor: Of the days to come (series, days ahead).
    """
    began = np.where((history > 0).any(1), (history > 0).argmax(1), history.shape[1] - 1)
    weekdays, horizon = np.asarray(seen.days.day_of_week), factor.shape[1]
    level_set = levels(history, weekdays, began)
    weighed = fit_weights(history, level_set, seen.days, began, horizon=horizon, month_days=seen.month_days)
    month_factor = own_shape(history, level_set, weighed, seen.days, began)
    to_come = (weekdays[-1] + 1 + np.arange(horizon)) % 7
    shape = (level_set.weekday[:, to_come] * factor).mean(1)
    return (
        expected(weighed, level_set, history.shape[1] - 1, shape) * month_factor,
        spread(weighed, month_factor),
        level_set,
    )


def _as_given(*frames: pd.DataFrame | None) -> dict[str, Any]:
    """Original ids by their text, so that numeric ids are returned as numbers."""
    ids = [
        series_id
        for frame in frames
        if frame is not None and "series_id" in frame
        for series_id in frame["series_id"].dropna().unique()
    ]
    given_ids = list(reversed(ids))
    return dict(zip(id_texts(pd.Series(given_ids, dtype=object)), given_ids, strict=True))


def _month_of(as_of: Instant) -> pd.Timestamp:
    return instant(as_of).normalize().replace(day=1)


def _remaining_spend(seen: Panel, plan: pd.DataFrame, events: pd.DataFrame | None) -> RemainingSpend:
    days = ahead(seen)
    factor = factors(seen, events, seen.days.append(days))
    past, to_come = factor[:, : len(seen.days)], factor[:, len(seen.days) :] * _in_flight(seen, plan, days)
    stops, teaches = stopping_budgets(seen, plan)
    history = ordinary(seen, past, teaches)
    unknown = np.isnan(seen.in_month)
    filled = np.where(unknown, (history * past)[:, len(seen.days) - seen.closed_days :], 0.0).sum(1)
    if not len(days):
        return RemainingSpend(np.repeat(filled[:, None], len(QUANTILES), 1), np.zeros(len(seen.ids)))
    middle, errors, level_set = remaining(history, seen, to_come)
    open_share = to_come.mean(1)
    going = still_going(history)
    middle, errors = middle * going, replace(errors, sigma=errors.sigma * np.sqrt(going))
    sigma = errors.sigma * np.where(open_share < 1, np.sqrt(open_share), open_share)
    quantiles = _quantiles(middle + filled, sigma, errors)
    quantiles = _running(quantiles, seen, level_set, to_come)
    spent = np.nansum(seen.in_month, axis=1) + seen.running
    return RemainingSpend(_capped(quantiles, seen, plan, stops, spent), (to_come > 0).sum(1))


def _in_flight(seen: Panel, plan: pd.DataFrame, days: pd.DatetimeIndex) -> Matrix:
    """1 on days within the series' flight dates, else 0."""
    rows = plan[plan["month"] == seen.month].set_index("series_id").reindex(seen.ids)
    start, end = (rows[name].to_numpy("datetime64[us]")[:, None] for name in ("start_day", "end_day"))
    at = days.to_numpy("datetime64[us]")[None, :]
    return (~(at < start) & ~(at > end)).astype(float)


def _quantiles(middle: np.ndarray, sigma: np.ndarray, past: ErrorSpread) -> Matrix:
    """Quantiles of the remaining sum from past errors, mixed with prior errors that matter for short
    histories.
    """
    share = 1.0 / (1.0 + 0.2 * len(past.errors))
    mine = past.weight * (1 - share) / max(float(past.weight.sum()), 1e-12)
    values = np.concatenate([past.errors, _PRIOR_ERRORS])
    weight = np.concatenate([mine, np.full(len(_PRIOR_ERRORS), share / len(_PRIOR_ERRORS))])
    order = np.argsort(values)
    position = np.cumsum(weight[order]) - weight[order] / 2
    error = np.interp(QUANTILES, position / weight.sum(), values[order]) * _WIDER
    error = np.where(
        QUANTILES < 0.5, np.minimum(error, 0), np.where(QUANTILES > 0.5, np.maximum(error, 0), 0)
    )
    return np.clip(middle[:, None] + sigma[:, None] * error, 0, None)


def _running(quantiles: Matrix, seen: Panel, level_set: Levels, to_come: Matrix) -> Matrix:
    """Quantiles updated with the spend of the current day so far."""
    if seen.elapsed is None:
        return quantiles
    weekday = seen.as_of.day_of_week
    whole = level_set.by_reading[:5, :, -1].mean(0) * level_set.weekday[:, weekday] * to_come[:, 0]
    pace = np.divide(seen.running, seen.elapsed, out=whole.copy(), where=seen.elapsed > 0)
    still = (1 - seen.elapsed) * (seen.elapsed * pace + (1 - seen.elapsed) * whole)
    return np.clip(quantiles - whole[:, None] + still[:, None], 0, None)


def _capped(
    quantiles: Matrix, seen: Panel, plan: pd.DataFrame, stops: np.ndarray, spent: np.ndarray
) -> Matrix:
    rows = plan[plan["month"] == seen.month].set_index("series_id").reindex(seen.ids)
    ceiling = np.fmin(
        rows["ceiling"].to_numpy(float), np.where(stops, rows["budget"].to_numpy(float), np.nan)
    )
    left = np.where(np.isnan(ceiling), np.inf, np.clip(ceiling - spent, 0, None))
    return np.minimum(quantiles, left[:, None])


def _rows(seen: Panel, outlook: RemainingSpend, now: pd.DataFrame, policy: Pacing) -> pd.DataFrame:
    spent = np.nansum(seen.in_month, axis=1) + seen.running
    ends = spent[:, None] + outlook.quantiles
    nothing = ~(np.nan_to_num(seen.spend) > 0).any(1) & ~(seen.running > 0)
    ends[nothing] = np.nan
    budget = now["budget"].to_numpy(float)
    over = _above(ends, budget * (1 + policy.tolerance))
    under = 1 - _above(ends, budget * (1 - policy.tolerance))
    required = np.divide(
        np.clip(budget - spent, 0, None),
        outlook.days_left,
        out=np.full(len(spent), np.nan),
        where=outlook.days_left > 0,
    )
    closed = seen.closed_days
    return pd.DataFrame(
        {
            "series_id": seen.ids,
            "as_of": seen.as_of,
            "month": seen.month,
            "spent": spent,
            "p10": ends[:, 9],
            "p50": ends[:, 49],
            "p90": ends[:, 89],
            "budget": budget,
            "p_over": over,
            "p_under": under,
            "p_beyond": _above(ends, budget),
            "required_daily": required,
            "days_left": outlook.days_left.astype(int),
            "unknown_days": np.isnan(seen.in_month).sum(1),
            "too_early": closed < policy.early_days,
        },
        columns=list(COLUMNS),
    )


def _above(ends: Matrix, mark: np.ndarray) -> np.ndarray:
    """P(month end > mark) from the quantiles of each row; NaN where either is unknown."""
    probability = np.full(len(mark), np.nan)
    for row in np.flatnonzero(np.isfinite(mark) & np.isfinite(ends[:, 0])):
        if ends[row, -1] <= mark[row] + 1e-9:
            probability[row] = 0.0 if ends[row, -1] == ends[row, 0] or ends[row, -1] < mark[row] else 0.01
        elif ends[row, 0] > mark[row] + 1e-9:
            probability[row] = 1.0
        else:
            probability[row] = 1 - np.interp(mark[row], ends[row], QUANTILES)
    return probability
