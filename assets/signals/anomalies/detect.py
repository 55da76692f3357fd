"""Anomaly flags for many series at once: the public entry point `detect`."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from assets.signals.anomalies.grid import Grid, grids
from assets.signals.anomalies.input_cleaning import calendar_days, change_events, cleaned
from assets.signals.anomalies.metric_series import OFFSET_SDS, MetricRows, metric_rows_of
from assets.signals.anomalies.sequential_detector import DetectionArrays, run_detector, warm_periods
from resources.policy.anomalies import AnomalyThresholds

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
"""Log ratios of observed to expected from which an anomaly is of medium and of high severity."""
_SDS_PER_UNIT_OF_SIZE = 8.0
"""For series with negative values: standard deviations that count as much as a log ratio of 1."""
DEFAULT = AnomalyThresholds()


def detect(
    days: pd.DataFrame,
    *,
    as_of: object = None,
    policy: AnomalyThresholds = DEFAULT,
    changes: pd.DataFrame | None = None,
    calendar: pd.DataFrame | Iterable[object] = (),
) -> pd.DataFrame:
    """Expected value, 80 % range, p-value and anomaly flag for every period of every series.

    Causal: a period is judged from itself and earlier periods only, so its flag does not depend on where the
    frame ends.

    Args:
        days: A row per series and period, in any order: series_id, day (dates, timestamps or ISO texts, of
            any frequency), and spend, impressions, clicks, conversions, conversion_value as far as known
            (CPC, CTR, CVR and ROAS follow from them; without them they may be given as cpc, ctr, cvr, roas),
            or any other columns of numbers, such as `value`; columns ending in `_id` are none. One row
            per series and day (`assets.frame_contract`); rows without a series or a day are left out. A
            missing row, an empty number and the row of an infinite amount are unknown, not zero. Less than nothing (refunds) is judged as nothing; a series
            of unknown meaning whose first 21 periods go below zero by differences instead. `matured` (0 to 1)
            is the share of conversions that can be seen yet, where that is not all. `group` names series that
            share what happens to all of them at once (an account's campaigns); without it all are one group,
            empty is none. `budget` is the daily budget in force: a step of it is no anomaly of what it pays
            for.
        as_of: The newest period that is looked at; None looks at all. A date means all of that day.
        policy: Thresholds.
        changes: Changes that people made: series_id, day (the first that is changed), and factor (what
            amounts are multiplied with), empty where nobody knows: then the amounts are not judged for three
            days and their level is learned anew.
        calendar: Days of promotions and holidays, which are not judged and teach nothing: days, or a frame
            with day and, where it is not for all, group: the group's series and the one of that name.

    Returns:
        series_id, day, metric, expected, low and high (80 % range), value (over `matured` where it grows),
        p_value, is_anomaly, severity (none, low, medium, high) and cause: a few words where it is flagged. A
        row per period of which something is known, measure by measure; `day` is without a zone, of days at
        midnight. Periods before a series has been seen for 21 (of hours: for two days), an amount from its
        first day above nothing on, are not judged: p_value is empty. Texts are categorical, numbers floats,
        the types the same for an empty frame.

    Raises:
        ValueError: A column is missing, holds what cannot be read, or no column holds numbers; the sentence
            says which and what to do.
    """
    rows, measured = cleaned(days, as_of)
    changes_made, special = change_events(changes), calendar_days(calendar)
    parts = []
    for grid in grids(rows, measured):
        metric_rows = metric_rows_of(grid, warm_periods(grid, policy))
        times = len(metric_rows.measures)
        metric_rows.known[np.tile(_special(grid, special), times)] = False
        factors = np.tile(_factors(grid, rows, changes_made), times)
        result = run_detector(
            metric_rows, grid, policy=policy, changes=factors if (factors != 1.0).any() else None
        )
        parts.append(_as_frame(metric_rows, grid, result))
    return _whole(parts)


def _special(grid: Grid, marked: pd.DataFrame) -> np.ndarray:
    """Periods x series: whether the period is on the calendar of special days."""
    is_special = np.zeros((len(grid.at), len(grid.series)), bool)
    days = pd.DatetimeIndex(grid.at.ravel()).normalize().to_numpy().reshape(grid.at.shape)
    for group, group_days in marked.groupby("group"):
        series_names = zip(grid.series, grid.group or [""] * len(grid.series), strict=True)
        of = np.array([not group or group in names for names in series_names])
        is_special |= np.isin(days, group_days["day"].to_numpy()) & of[None, :]
    return is_special


def _factors(grid: Grid, rows: pd.DataFrame, changes: pd.DataFrame) -> np.ndarray:
    """Periods x series: the factor on amounts from that period on, by known changes and steps of the daily
    budget.
    """
    factors = np.ones((len(grid.at), len(grid.series)))
    column = {name: n for n, name in enumerate(grid.series)}
    for name, day, factor in _changed(rows, changes).itertuples(index=False):
        if (of := column.get(name)) is not None:
            t = int(np.searchsorted(grid.stamps_of(of), np.datetime64(day)))
            factors[t : t + 1, of] *= factor
    return factors


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


def _as_frame(rows: MetricRows, grid: Grid, result: DetectionArrays) -> pd.DataFrame:
    """The arrays as a frame, measure by measure, without periods that have no data."""
    size, metrics = len(grid.series), [m.name for m in rows.measures]
    t, row = np.nonzero(rows.given)
    flagged, effect = result.flagged[t, row], result.effect[t, row]
    lifted = rows.shift[row] != 0
    at = np.broadcast_to(grid.at, (len(grid.at), size))
    return pd.DataFrame(
        {
            "series_id": pd.Categorical.from_codes(row % size, grid.series),
            "day": at[t, row % size],
            "metric": pd.Categorical.from_codes(row // size, metrics),
            "expected": result.expected[t, row] - rows.shift[row],
            "low": result.low[t, row] - rows.shift[row],
            "high": result.high[t, row] - rows.shift[row],
            "value": rows.value[t, row],
            "p_value": result.chance[t, row],
            "is_anomaly": flagged,
            "severity": _severity(
                flagged, np.abs(effect) * np.where(lifted, OFFSET_SDS / _SDS_PER_UNIT_OF_SIZE, 1.0)
            ),
            "cause": _causes(flagged, effect, result.window[t, row], ~lifted),
        },
        columns=list(COLUMNS),
    )


def _severity(flagged: np.ndarray, size: np.ndarray) -> pd.Categorical:
    grade = 1 + (size >= _MEDIUM).astype(int) + (size >= _HIGH)
    return pd.Categorical.from_codes(np.where(flagged, grade, 0), list(SEVERITIES), ordered=True)


def _causes(
    flagged: np.ndarray, effect: np.ndarray, window: np.ndarray, is_ratio: np.ndarray
) -> pd.Categorical:
    words = np.full(len(flagged), "", object)
    for n in np.flatnonzero(flagged):
        share, span = np.expm1(effect[n]), int(window[n])
        size = f"{abs(share):.0%} " if is_ratio[n] else ""  # no percentage of a quantity that may be negative
        over = "" if span == 1 else f", over {span} periods"
        words[n] = f"{size}{'above' if share > 0 else 'below'} what was expected{over}"
    return pd.Categorical(words)


def _whole(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts as one frame with fixed column types, also when empty."""
    if not parts:
        parts = [pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})]
    for name in ("series_id", "metric", "cause"):
        texts = sorted({str(text) for part in parts for text in part[name].astype("category").cat.categories})
        parts = [part.assign(**{name: pd.Categorical(part[name], categories=texts)}) for part in parts]
    severity = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    kinds = {"day": "datetime64[us]", "is_anomaly": bool, "severity": severity} | dict.fromkeys(
        NUMBERS, float
    )
    return pd.concat(parts, ignore_index=True).astype(kinds)
