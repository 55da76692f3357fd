"""Anomaly flags of many series at once. See `detect`."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from assets.signals.anomalies.grid import Grid, grids
from assets.signals.anomalies.input_cleaning import cleaned, marks, steps
from assets.signals.anomalies.metric_series import LIFT, Rows, rows_of
from assets.signals.anomalies.sequential_detector import Watched, warm_periods, watched
from resources.policy.anomalies import Watching

COLUMNS = (
    "series_id",
    "day",
    "metric",
    "expected",
    "low",
    "high",
    "value",
    "p_value",
    "is_anomaly",
    "severity",
    "cause",
)
NUMBERS = ("expected", "low", "high", "value", "p_value")
SEVERITIES = ("none", "low", "medium", "high")
_MEDIUM, _HIGH = 0.5, 1.0
"""Sizes (logarithm) from which on an anomaly is of medium and of high severity."""
_ALIKE = 8.0
"""Standard deviations of a series that goes below zero that are as severe as a size of 1."""
DEFAULT = Watching()


def detect(
    days: pd.DataFrame,
    *,
    as_of: object = None,
    policy: Watching = DEFAULT,
    changes: pd.DataFrame | None = None,
    calendar: pd.DataFrame | Iterable[object] = (),
) -> pd.DataFrame:
    """Every period of every series, with what was expected of it and whether it stands out.

    Each period is judged by nothing later than itself, so the flags of a day are the same whether the frame ends there or goes on.

    Args:
        days: A row per series and period, in any order: series_id, day (dates, timestamps or ISO texts, of any frequency), and spend, impressions,
            clicks, conversions, conversion_value as far as known (CPC, CTR, CVR and ROAS follow from them; without them they may be given as cpc, ctr,
            cvr, roas), or any other columns of numbers, such as `value`; columns ending in `_id` are none. Of doubled rows the last counts; rows
            without a series or a day are left out. A missing row, an empty and an infinite number are unknown, not zero.
            Less than nothing (refunds) is judged as nothing; a series of unknown meaning whose first 21 periods go below zero by differences instead.
            `matured` (0 to 1) is the share of conversions that can be seen yet, where that is not all.
            `group` names series that share what happens to all of them at once (an account's campaigns); without it all are one group, empty is none.
            `budget` is the daily budget in force: a step of it is no anomaly of what it pays for.
        as_of: The newest period that is looked at; None looks at all. A date means all of that day.
        policy: Thresholds.
        changes: Changes that people made: series_id, day (the first that is changed), and factor (what amounts are multiplied with), empty where
            nobody knows: then the amounts are not judged for three days and their level is learned anew.
        calendar: Days of promotions and holidays, which are not judged and teach nothing: days, or a frame with day and, where it is not for all,
            group: the group's series and the one of that name.

    Returns:
        series_id, day, metric, expected, low and high (80 % range), value (over `matured` where it grows), p_value, is_anomaly, severity (none, low,
        medium, high) and cause: a few words where it is flagged. A row per period of which something is known, measure by measure; `day` is without a
        zone, of days at midnight. Periods before a series has been seen for 21 (of hours: for two days), an amount from its first day above
        nothing on, are not judged: p_value is empty. Texts are categorical, numbers floats, the types the same for an empty frame.

    Raises:
        ValueError: A column is missing, holds what cannot be read, or no column holds numbers; the sentence says which and what to do.
    """
    rows, measured = cleaned(days, as_of)
    known, special = steps(changes), marks(calendar)
    parts = []
    for grid in grids(rows, measured):
        own = rows_of(grid, warm_periods(grid, policy))
        times = len(own.measures)
        own.known[np.tile(_special(grid, special), times)] = False
        factors = np.tile(_factors(grid, rows, known), times)
        found = watched(own, grid, policy=policy, changes=factors if (factors != 1.0).any() else None)
        parts.append(_told(own, grid, found))
    return _whole(parts)


def _special(grid: Grid, marked: pd.DataFrame) -> np.ndarray:
    """Periods x series on the calendar."""
    found = np.zeros((len(grid.at), len(grid.series)), bool)
    days = pd.DatetimeIndex(grid.at.ravel()).normalize().to_numpy().reshape(grid.at.shape)
    for group, own in marked.groupby("group"):
        own_names = zip(grid.series, grid.group or [""] * len(grid.series), strict=True)
        of = np.array([not group or group in names for names in own_names])
        found |= np.isin(days, own["day"].to_numpy()) & of[None, :]
    return found


def _factors(grid: Grid, rows: pd.DataFrame, changes: pd.DataFrame) -> np.ndarray:
    """Periods x series: what amounts are multiplied with from that period on, by known changes and steps of the budget."""
    found = np.ones((len(grid.at), len(grid.series)))
    place = {name: n for n, name in enumerate(grid.series)}
    for name, day, factor in _changed(rows, changes).itertuples(index=False):
        if (of := place.get(name)) is not None:
            t = int(np.searchsorted(grid.stamps_of(of), np.datetime64(day)))
            found[t : t + 1, of] *= factor
    return found


def _changed(rows: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    if "budget" not in rows:
        return changes
    budget = rows[rows["budget"] > 0]
    step = budget.assign(factor=budget["budget"] / budget.groupby("series_id")["budget"].shift())
    step = step[step["factor"].notna() & (step["factor"] != 1.0)]
    return (
        pd.concat([step[["series_id", "day", "factor"]], changes])
        if len(changes)
        else step[["series_id", "day", "factor"]]
    )


def _told(rows: Rows, grid: Grid, found: Watched) -> pd.DataFrame:
    """The arrays as rows of a frame, measure by measure, without the periods of which nothing is known."""
    size, metrics = len(grid.series), [m.name for m in rows.measures]
    t, row = np.nonzero(rows.given)
    flagged, effect = found.flagged[t, row], found.effect[t, row]
    lifted = rows.shift[row] != 0
    at = np.broadcast_to(grid.at, (len(grid.at), size))
    return pd.DataFrame(
        {
            "series_id": pd.Categorical.from_codes(row % size, grid.series), "day": at[t, row % size],
            "metric": pd.Categorical.from_codes(row // size, metrics),
            "expected": found.expected[t, row] - rows.shift[row], "low": found.low[t, row] - rows.shift[row],
            "high": found.high[t, row] - rows.shift[row], "value": rows.value[t, row],
            "p_value": found.chance[t, row], "is_anomaly": flagged,
            "severity": _severity(flagged, np.abs(effect) * np.where(lifted, LIFT / _ALIKE, 1.0)),
            "cause": _causes(flagged, effect, found.window[t, row], ~lifted),
        },
        columns=list(COLUMNS),
    )  # fmt: skip


def _severity(flagged: np.ndarray, size: np.ndarray) -> pd.Categorical:
    grade = 1 + (size >= _MEDIUM).astype(int) + (size >= _HIGH)
    return pd.Categorical.from_codes(np.where(flagged, grade, 0), list(SEVERITIES), ordered=True)


def _causes(
    flagged: np.ndarray, effect: np.ndarray, window: np.ndarray, is_ratio: np.ndarray
) -> pd.Categorical:
    words = np.full(len(flagged), "", object)
    for n in np.flatnonzero(flagged):
        share, span = np.expm1(effect[n]), int(window[n])
        size = f"{abs(share):.0%} " if is_ratio[n] else ""  # a share of what may be below zero says nothing
        over = "" if span == 1 else f", over {span} periods"
        words[n] = f"{size}{'above' if share > 0 else 'below'} what was expected{over}"
    return pd.Categorical(words)


def _whole(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts as one frame, whose types are the same whatever is in it."""
    if not parts:
        parts = [pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})]
    for name in ("series_id", "metric", "cause"):
        texts = sorted({str(one) for part in parts for one in part[name].astype("category").cat.categories})
        parts = [part.assign(**{name: pd.Categorical(part[name], categories=texts)}) for part in parts]
    severity = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    kinds = {"day": "datetime64[us]", "is_anomaly": bool, "severity": severity} | dict.fromkeys(
        NUMBERS, float
    )
    return pd.concat(parts, ignore_index=True).astype(kinds)
