"""Known events as factors on daily spend: budget changes, pauses, flights, holidays, and monthly budgets that
stop delivery.

Past days are divided by the factors, so that levels are estimated under current conditions; days to come are
multiplied by them. Days on which nothing could be spent are left out.
"""

import numpy as np
import pandas as pd

from assets.frame_contract import id_texts, require_columns
from assets.signals.pacing.panel import Matrix, Panel, day_column, number_column

LIMITED, CHANGED = 0.75, 0.03
"""Share of its daily budget from which a series counts as budget-limited; smallest relative budget change
that counts."""
MORE_IS_SPENT = 0.6
"""Elasticity of spend with respect to a raised budget."""
HIT, SPILL, STOPPED = 0.985, 1.01, 0.1
"""Shares: of the budget from which it counts as reached, of the budget up to which it counts as kept, of a
usual day that counts as no spend."""
QUIET_DAYS, DENSE_DAYS, DENSE = 2, 28, 0.9
KNOWN = ("series_id", "start", "end", "factor")


def ahead(panel: Panel) -> pd.DatetimeIndex:
    """Days of the month after the panel, including the current day."""
    end = panel.month + pd.offsets.MonthEnd(0)
    return pd.date_range(panel.days[-1] + pd.Timedelta(days=1), end)


def factors(panel: Panel, events: pd.DataFrame | None, span: pd.DatetimeIndex) -> Matrix:
    """Factor of every series on every day of `span`: known events times changes of the daily budget.

    Raises:
        ValueError: `known` lacks a column, or a factor is negative.
    """
    by_day = np.ones((len(panel.ids), len(span)))
    if events is not None and len(events):
        rows = read_known(events)
        for row in rows.itertuples():
            when = (span >= row.start if pd.notna(row.start) else True) & (
                span <= row.end if pd.notna(row.end) else True
            )
            whose = slice(None) if row.series_id is None else np.flatnonzero(panel.ids == row.series_id)
            by_day[whose, :] = np.where(when, by_day[whose, :] * row.factor, by_day[whose, :])
    if panel.daily_budget is not None:
        count = min(len(panel.days), len(span))
        by_day[:, :count] *= budget_steps(panel.spend, panel.daily_budget)[:, :count]
    return by_day


def read_known(events: pd.DataFrame) -> pd.DataFrame:
    """series_id (None for all), start and end (both included, empty when open), factor.

    Raises:
        ValueError: As `factors`.
    """
    require_columns(events, ("start", "factor"), what="known")
    rows = events.reset_index(drop=True).reindex(columns=KNOWN)
    factor = number_column(rows["factor"], name="known.factor")
    if factor.isna().any() or (factor < 0).any():
        raise ValueError("known.factor must be 0 (no spend) or more on every row")
    start, end = (day_column(rows[name], name=f"known.{name}") for name in ("start", "end"))
    return pd.DataFrame({"start": start, "end": end, "factor": factor}).assign(
        series_id=id_texts(rows["series_id"])
    )


def budget_effect(ratio: float, used: float = 1.0) -> float:
    """Factor on spend when a daily budget changes to `ratio` times its value, of which `used` was spent.

    A lower budget binds; a higher one is spent only as far as there is demand, which spend at a full budget
    does not reveal.
    """
    if ratio <= 1:
        return min(1.0, ratio / max(min(used, 1.0), 1e-9))
    return ratio**MORE_IS_SPENT if used >= LIMITED else 1.0


def budget_steps(spend: Matrix, budget: Matrix) -> Matrix:
    """Divisors that put each past day under the newest budget.

    1 for series that are not budget-limited, which is when they spend at least three quarters of the budget.
    """
    held = pd.DataFrame(budget.T).ffill().bfill().to_numpy().T
    newest = held[:, -1:]
    share = np.divide(spend, held, out=np.full_like(spend, np.nan), where=held > 0)
    some = np.where(np.isfinite(share[:, -28:]), share[:, -28:], 0.0)
    limited = np.median(some, axis=1, keepdims=True) >= LIMITED
    steps = np.divide(held, newest, out=np.ones_like(held), where=newest > 0)
    return np.where(limited & np.isfinite(steps) & (np.abs(steps - 1) > CHANGED), steps, 1.0)


def ordinary(panel: Panel, factor: Matrix, teaches: Matrix) -> Matrix:
    """Spend under current conditions without gaps; unknown and excluded days are imputed from the week
    before.

    Args:
        panel: The spend.
        factor: Factors of its days.
        teaches: False where a day's spend says nothing about demand.
    """
    is_usable = np.isfinite(panel.spend) & (factor > 0) & teaches
    days = np.divide(
        np.clip(np.nan_to_num(panel.spend), 0, None), factor, out=np.zeros_like(factor), where=factor > 0
    )
    for day in np.flatnonzero(~is_usable.all(0)):
        week = days[:, max(day - 7, 0) : day]
        before = days[:, day - 7] if day >= 7 else (week.mean(1) if week.shape[1] else np.zeros(len(days)))
        level = week.mean(1) if week.shape[1] else before
        days[:, day] = np.where(is_usable[:, day], days[:, day], (before + level) / 2)
    return days


def still_going(history: Matrix) -> np.ndarray:
    """Factor on the forecast of series that stopped: one half per day without spend after the second.

    Only for series that used to spend every day; one that rests at weekends has not stopped on Monday.
    """
    spends = history > 0
    days = history.shape[1]
    quiet = np.where(spends.any(1), np.argmax(spends[:, ::-1], axis=1), 0)
    since = days - quiet
    before = np.arange(days) >= np.maximum(since - DENSE_DAYS, 0)[:, None]
    before &= np.arange(days) < since[:, None]
    count = before.sum(1)
    dense = (spends & before).sum(1) >= DENSE * np.maximum(count, 1)
    stopped = dense & (count >= DENSE_DAYS // 2) & (quiet > QUIET_DAYS)
    return np.where(stopped, 0.5 ** (quiet - QUIET_DAYS), 1.0)


def stopping_budgets(panel: Panel, budgets: pd.DataFrame) -> tuple[np.ndarray, Matrix]:
    """Series that stop when their monthly budget is reached, learned from earlier months, and the past days
    that were unconstrained.

    Args:
        panel: The spend.
        budgets: series_id, month (its first day), budget.
    """
    stops, free = np.zeros(len(panel.ids), bool), np.ones(panel.spend.shape, bool)
    broken = np.zeros(len(panel.ids), bool)
    spend = np.nan_to_num(panel.spend)
    for month, rows in budgets.groupby("month"):
        inside = np.flatnonzero(panel.days.to_period("M") == pd.Period(month, "M"))
        if not len(inside) or panel.days[inside[0]].day != 1:
            continue
        budget = (
            rows.groupby("series_id")["budget"].sum(min_count=1).reindex(panel.ids).to_numpy(float)[:, None]
        )
        total = np.cumsum(spend[:, inside], axis=1)
        reached = (total >= HIT * budget) & (budget > 0)
        free[:, inside] &= ~reached
        if panel.days[inside[-1]] == panel.days[inside[-1]] + pd.offsets.MonthEnd(0):
            usual = np.median(spend[:, inside], axis=1, keepdims=True)
            after = (reached[:, :-1] & (spend[:, inside][:, 1:] > STOPPED * usual)).any(1)
            stops |= reached[:, -2] & ~after
            broken |= (total[:, -1:] > SPILL * budget).ravel()
    stops &= ~broken
    return stops, free | ~stops[:, None]
