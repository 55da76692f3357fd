"""Input validation: ids as text, timestamps without a zone, metrics as floats; one sentence for what cannot
be used.
"""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
import pandas as pd

from assets.frame_contract import (
    FrameRefused,
    day_stamps,
    figures,
    id_texts,
    numbers,
    once_per_key,
    require_columns,
)
from assets.signals.anomalies.measures import COLUMNS, RATIOS

_OTHERS = ("matured", "budget")
_NO_MEASURES = ("series_id", "day", "group", "label", *_OTHERS)
_NUMBERS = ("decimal", "integer", "floating", "mixed-integer-float")


def cleaned(days: pd.DataFrame, as_of: object) -> tuple[pd.DataFrame, list[str]]:
    """The rows up to `as_of`, sorted, each once, and the names of the metric columns.

    Rows without a series or a day are left out. Numbers may be of any kind, Decimal among them; numbers
    that are no measure end in `_id`. An infinite amount costs its row, an infinite ratio (of no clicks) only
    itself.

    Raises:
        FrameRefused: A column is missing, a metric is no number, a text is no day, two rows of one series and
            day differ, or there is nothing to watch.
    """
    require_columns(days, ("series_id", "day"), what="days")
    watched = [str(name) for name in days.columns if _is_measured(str(name), days[name])]
    if not watched:
        raise FrameRefused("days needs at least one column of numbers, such as spend, clicks or value.")
    rows = days.reset_index(drop=True)
    rows = rows.assign(
        series_id=id_texts(rows["series_id"]).astype("str"), day=day_stamps(rows["day"], name="days.day")
    )
    rows = rows[(rows["series_id"].notna() & rows["day"].notna() & _until(rows["day"], as_of)).to_numpy()]
    by_themselves = [name for name in (*watched, *_OTHERS) if name in (*RATIOS, *_OTHERS)]
    for columns in ([name for name in watched if name not in RATIOS], *([name] for name in by_themselves)):
        rows = figures(rows, columns, what="days")
    if "group" in rows:
        rows["group"] = id_texts(rows["group"]).astype("str").fillna("")
    rows = once_per_key(rows, ("series_id", "day"), what="days")
    used = ["series_id", "day", *watched, *(name for name in (*_OTHERS, "group") if name in rows)]
    return rows[used].sort_values(["series_id", "day"], kind="stable", ignore_index=True), watched


def change_events(changes: pd.DataFrame | None) -> pd.DataFrame:
    """Known changes by people: series_id, day and factor, NaN where the size is unknown."""
    if changes is None:
        return pd.DataFrame({"series_id": [], "day": pd.DatetimeIndex([]), "factor": []})
    require_columns(changes, ("series_id", "day"), what="changes")
    factor = pd.Series(np.nan, changes.index)
    if "factor" in changes:
        factor = numbers(changes["factor"], name="changes.factor").where(np.isfinite)
    if (factor <= 0).any():
        raise FrameRefused("The factor of a change is above 0: what amounts are multiplied with, or empty.")
    rows = pd.DataFrame(
        {
            "series_id": id_texts(changes["series_id"]).astype("str"),
            "day": day_stamps(changes["day"], name="changes.day"),
        }
    )
    return rows.assign(factor=factor).dropna(subset=["series_id", "day"]).reset_index(drop=True)


def calendar_days(calendar: pd.DataFrame | Iterable[object]) -> pd.DataFrame:
    """Days that are not judged: day and group (empty: all series)."""
    frame = (
        calendar
        if isinstance(calendar, pd.DataFrame)
        else pd.DataFrame({"day": pd.Series(list(calendar), dtype=object)})
    )
    require_columns(frame, ("day",), what="calendar")
    group = id_texts(frame["group"]).astype("str").fillna("") if "group" in frame else ""
    return pd.DataFrame(
        {"day": day_stamps(frame["day"], name="calendar.day").dt.normalize(), "group": group}
    ).dropna()


def _until(day: pd.Series, as_of: object) -> pd.Series:
    """Whether a row is no later than `as_of`; a date means all of that day."""
    if as_of is None:
        return day.notna()
    newest = day_stamps(pd.Series([as_of]), name="as_of").iloc[0]
    has_time = isinstance(as_of, datetime) or (not isinstance(as_of, date) and newest != newest.normalize())
    return day <= newest if has_time else day.dt.normalize() <= newest


def _is_measured(name: str, column: pd.Series) -> bool:
    if name in COLUMNS:
        return True
    if name in _NO_MEASURES or name.endswith("_id") or pd.api.types.is_bool_dtype(column.dtype):
        return False
    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS
    return bool(pd.api.types.is_numeric_dtype(column.dtype))
