"""Anomaly flags of many series at once. See `detect`."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from assets.anomalies.grid import Grid, grids
from assets.anomalies.rows import Rows, rows_of
from assets.anomalies.watch import Watched, watched
from resources.watching import Watching

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
SEVERITIES = ("none", "low", "medium", "high")
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
        days: A row per series and period: series_id, day (any regular timestamp), and spend, impressions, clicks, conversions, conversion_value
            as far as known (CPC, CTR, CVR and ROAS follow from them; without them they may be given as cpc, ctr, cvr, roas), or any other columns
            of numbers, such as `value`. `matured` (0 to 1) is the share of conversions that can be seen yet, where that is not all.
            `group` names series that share what happens to all of them at once (an account's campaigns); without it all are one group, empty is none.
            `budget` is the daily budget in force: a step of it is no anomaly of what it pays for. A missing row is unknown, not zero.
        as_of: The newest period that is looked at; None looks at all.
        policy: Thresholds.
        changes: Changes that people made: series_id, day (the first that is changed), and factor (what amounts are multiplied with).
        calendar: Days of promotions and holidays, which are not judged and teach nothing: days, or a frame with day and, where it is not for all,
            group: the group's series and the one of that name.

    Returns:
        series_id, day, metric, expected, low and high (80 % range), value, p_value, is_anomaly, severity (none, low, medium, high) and cause:
        a few words where it is flagged. Periods before a series has been seen for 21 days are not judged: p_value is empty. Text columns are categorical.

    Raises:
        ValueError: A column is missing or no column holds numbers.
    """
    if as_of is not None:
        days = days[pd.to_datetime(days["day"]) <= pd.Timestamp(str(as_of))]
    if days.empty:
        return _empty()
    given = days.drop(columns="budget", errors="ignore")
    parts = [_judged(grid, policy, _factors(grid, days, changes), calendar) for grid in grids(given)]
    if not parts:
        return _empty()
    return pd.concat(parts, ignore_index=True)


def _judged(
    grid: Grid, policy: Watching, factors: np.ndarray | None, calendar: pd.DataFrame | Iterable[object]
) -> pd.DataFrame:
    rows = rows_of(grid)
    times = len(rows.measures)
    rows.known[np.tile(_special(grid, calendar), times)] = False
    return _told(
        rows,
        grid,
        watched(rows, grid, policy=policy, changes=None if factors is None else np.tile(factors, times)),
    )


def _special(grid: Grid, calendar: pd.DataFrame | Iterable[object]) -> np.ndarray:
    """Periods x series on the calendar."""
    given = calendar if isinstance(calendar, pd.DataFrame) else pd.DataFrame({"day": list(calendar)})
    found = np.zeros((len(grid.at), len(grid.series)), bool)
    if given.empty:
        return found
    marks = given.assign(day=pd.to_datetime(given["day"]).dt.normalize(), group=given.get("group"))
    days = pd.DatetimeIndex(grid.at.ravel()).normalize().to_numpy().reshape(grid.at.shape)
    for group, own in marks.groupby(marks["group"].fillna("").astype(str)):
        own_names = zip(grid.series, grid.group or grid.series, strict=True)
        of = np.array([not group or group in names for names in own_names])
        found |= np.isin(days, own["day"].to_numpy()) & of[None, :]
    return found


def _factors(grid: Grid, days: pd.DataFrame, changes: pd.DataFrame | None) -> np.ndarray | None:
    """Periods x series: what amounts are multiplied with from that period on, by known changes and steps of the budget."""
    found = np.ones((len(grid.at), len(grid.series)))
    if "budget" in days:
        budget = days.assign(
            series_id=days["series_id"].astype(str),
            day=pd.to_datetime(days["day"]),
            budget=days["budget"].astype(float),
        )
        budget = budget[budget["budget"] > 0].sort_values(["series_id", "day"])
        step = budget["budget"] / budget.groupby("series_id")["budget"].shift()
        _lay(grid, budget.assign(factor=step)[(step.notna()) & (step != 1.0)], found)
    if changes is not None and len(changes):
        known = changes.assign(series_id=changes["series_id"].astype(str), day=pd.to_datetime(changes["day"]))
        _lay(grid, known[known["factor"] > 0], found)
    return found if (found != 1.0).any() else None


def _lay(grid: Grid, steps: pd.DataFrame, found: np.ndarray) -> None:
    if not grid.is_shared:
        return
    place = {name: n for n, name in enumerate(grid.series)}
    at = np.searchsorted(grid.at.ravel(), steps["day"].to_numpy().astype(grid.at.dtype))
    for name, t, factor in zip(steps["series_id"], at, steps["factor"], strict=True):
        if name in place and t < len(found):
            found[t, place[name]] *= float(factor)


def _told(rows: Rows, grid: Grid, found: Watched) -> pd.DataFrame:
    """The arrays as rows of a frame, measure by measure, without the periods of which nothing is known."""
    size, metrics = len(grid.series), [m.name for m in rows.measures]
    t, row = np.nonzero(rows.given)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = rows.above / rows.below
    flagged = found.flagged[t, row]
    severity = np.where(
        flagged,
        1 + (np.abs(found.effect[t, row]) >= 0.5).astype(int) + (np.abs(found.effect[t, row]) >= 1.0),
        0,
    )
    at = np.broadcast_to(grid.at, (len(grid.at), size))
    return pd.DataFrame(
        {
            "series_id": pd.Categorical.from_codes(row % size, grid.series), "day": at[t, row % size],
            "metric": pd.Categorical.from_codes(row // size, metrics),
            "expected": found.expected[t, row], "low": found.low[t, row], "high": found.high[t, row], "value": value[t, row],
            "p_value": found.chance[t, row], "is_anomaly": flagged,
            "severity": pd.Categorical.from_codes(severity, list(SEVERITIES), ordered=True),
            "cause": _causes(flagged, found.effect[t, row], found.window[t, row]),
        },
        columns=list(COLUMNS),
    )  # fmt: skip


def _causes(flagged: np.ndarray, effect: np.ndarray, window: np.ndarray) -> pd.Categorical:
    words = np.full(len(flagged), "", object)
    for n in np.flatnonzero(flagged):
        share, span = np.expm1(effect[n]), int(window[n])
        words[n] = f"{abs(share):.0%} {'above' if share > 0 else 'below'} what was expected" + (
            "" if span == 1 else f", over {span} periods"
        )
    return pd.Categorical(words)


def _empty() -> pd.DataFrame:
    kinds = {"day": "datetime64[ns]", "is_anomaly": bool} | dict.fromkeys(
        ("expected", "low", "high", "value", "p_value"), float
    )
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "object")) for name in COLUMNS})
