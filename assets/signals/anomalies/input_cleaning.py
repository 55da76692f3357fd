"""Input validation: ids as text, timestamps without a zone, metrics as floats; one sentence for what cannot
be used.
"""

from collections.abc import Iterable
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.frame_contract import in_reach
from assets.signals.anomalies.measures import COLUMNS

_OTHERS = ("matured", "budget")
_NO_MEASURES = ("series_id", "day", "group", "label", *_OTHERS)
_NUMBERS = ("decimal", "integer", "floating", "mixed-integer-float")


def cleaned(days: pd.DataFrame, as_of: object) -> tuple[pd.DataFrame, list[str]]:
    """The rows up to `as_of`, sorted, the last of duplicated ones, and the names of the metric columns.

    MetricRows without a series or a day are left out. Numbers may be of any kind, Decimal among them; numbers
    that are no measure end in `_id`.

    Raises:
        ValueError: A column is missing, a metric is no number, a day is none, or there is nothing to watch.
    """
    _needs(days, ("series_id", "day"))
    watched = [str(name) for name in days.columns if _is_measured(str(name), days[name])]
    if not watched:
        raise ValueError("Anomalies need at least one column of numbers, such as spend, clicks or value.")
    rows = pd.DataFrame({"series_id": _texts(days["series_id"]), "day": instants(days["day"])})
    rows = rows.assign(**{n: _floats(n, days[n]) for n in (*watched, *_OTHERS) if n in days})
    if "group" in days:
        rows["group"] = _texts(days["group"]).fillna("")
    # A single row of 1970, which is a missing day that became a zero, would make a series of decades.
    is_used = rows["series_id"].notna() & rows["day"].notna() & in_reach(rows["day"])
    rows = rows[is_used & _until(rows["day"], as_of)]
    rows = rows.sort_values(["series_id", "day"], kind="stable", ignore_index=True)
    return rows.drop_duplicates(["series_id", "day"], keep="last", ignore_index=True), watched


def change_events(changes: pd.DataFrame | None) -> pd.DataFrame:
    """Known changes by people: series_id, day and factor, NaN where the size is unknown."""
    if changes is None:
        return pd.DataFrame({"series_id": [], "day": pd.DatetimeIndex([]), "factor": []})
    _needs(changes, ("series_id", "day"))
    factor = _floats("factor", changes["factor"]) if "factor" in changes else np.full(len(changes), np.nan)
    if (factor <= 0).any():
        raise ValueError("The factor of a change is above 0: what amounts are multiplied with, or empty.")
    rows = pd.DataFrame({"series_id": _texts(changes["series_id"]), "day": instants(changes["day"])})
    return rows.assign(factor=factor).dropna(subset=["series_id", "day"])


def calendar_days(calendar: pd.DataFrame | Iterable[object]) -> pd.DataFrame:
    """Days that are not judged: day and group (empty: all series)."""
    given = calendar if isinstance(calendar, pd.DataFrame) else pd.DataFrame({"day": list(calendar)})
    _needs(given, ("day",))
    group = _texts(given["group"]).fillna("") if "group" in given else ""
    return pd.DataFrame({"day": instants(given["day"]).dt.normalize(), "group": group}).dropna()


def instants(days: pd.Series, name: str = "day") -> pd.Series:
    """Timestamps without a zone, in local wall-clock time; texts are read as ISO 8601 only, which is
    unambiguous everywhere.

    Raises:
        ValueError: A value is no day.
    """
    values = days.array.to_timestamp() if isinstance(days.dtype, pd.PeriodDtype) else days.array
    if pd.api.types.is_numeric_dtype(days.dtype) and len(days):
        raise ValueError(f"{name} holds numbers such as {days.iloc[0]}: give dates, timestamps or ISO texts.")
    try:
        is_stamp = pd.api.types.is_datetime64_any_dtype(values.dtype)
        stamps = pd.Series(pd.to_datetime(values, format=None if is_stamp else "ISO8601"))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{name} holds no days, or those of several time zones ({error}). Give dates or ISO texts."
        ) from error
    return (stamps.dt.tz_localize(None) if stamps.dt.tz is not None else stamps).dt.as_unit("us")


def _until(day: pd.Series, as_of: object) -> pd.Series:
    """Whether a row is no later than `as_of`; a date means all of that day."""
    if as_of is None:
        return day.notna()
    newest = instants(pd.Series([as_of]), "as_of").iloc[0]
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


def _floats(name: str, column: pd.Series) -> npt.NDArray[np.float64]:
    """The column as floats; unknown and non-finite values are NaN."""
    try:
        numbers = pd.to_numeric(column).to_numpy(float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{name} holds what is no number ({error}). Give numbers, empty where unknown."
        ) from error
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _texts(column: pd.Series) -> pd.Series:
    values = column.astype(object).reset_index(drop=True)
    return values.where(values.isna(), values.astype(str)).astype("str")


def _needs(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    if lacking := [name for name in columns if name not in frame]:
        raise ValueError(
            f"Anomalies need a column {lacking[0]}: give series_id, day and the metrics of each."
        )
