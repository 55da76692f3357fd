"""Daily spend as a matrix of series x days, complete through the last closed day.

A day without a row between a series' first day and the newest day of any series has no spend, since platforms
do not report empty days. A row without a value is an unknown day and stays unknown.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

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

Matrix: TypeAlias = np.ndarray
Instant: TypeAlias = str | date | datetime | pd.Timestamp | np.datetime64
LONGEST, LATE_DAYS = 400, 3
"""Days of history that are used, and days that figures may lag before absent rows count as no spend."""


@dataclass(frozen=True, eq=False)
class Panel:
    """Spend of every series on consecutive days.

    `spend` is (series, days), not a number where the day is not known. `running` is what the day of `as_of`
    has spent so far, and `elapsed` the share of that day that is over; None where `as_of` is a closed day.
    """

    ids: np.ndarray
    days: pd.DatetimeIndex
    spend: Matrix
    daily_budget: Matrix | None
    as_of: pd.Timestamp
    running: Matrix
    elapsed: float | None

    @property
    def month(self) -> pd.Timestamp:
        return self.as_of.normalize().replace(day=1)

    @property
    def month_days(self) -> int:
        return int(self.as_of.days_in_month)

    @property
    def closed_days(self) -> int:
        """Days of the month in `spend`; 0 on the first day of a month and where the data end before it."""
        return max((self.days[-1] - self.month).days + 1, 0)

    @property
    def in_month(self) -> Matrix:
        return self.spend[:, self.spend.shape[1] - self.closed_days :]


def panel(days: pd.DataFrame, *, as_of: Instant, more: Any = ()) -> Panel:
    """The matrix of `days` up to `as_of`; `more` names series without rows.

    Raises:
        ValueError: A column is missing, a day or an amount cannot be read, or `as_of` is none; the sentence
            says which.
    """
    now = instant(as_of)
    rows = _read(days)
    rows = rows[rows["day"] <= now.normalize()]
    ids = np.array(sorted({*rows["series_id"].unique(), *map(str, more)}), dtype=object)
    is_open = now != now.normalize()
    today = rows[rows["day"] == now.normalize()] if is_open else rows.iloc[:0]
    closed = rows[rows["day"] < now.normalize()] if is_open else rows
    last_closed = now.normalize() - pd.Timedelta(days=int(is_open))
    newest = closed["day"].max() if len(closed) else last_closed
    last = newest if (last_closed - newest).days <= LATE_DAYS else last_closed
    first = max(closed["day"].min() if len(closed) else last, last - pd.Timedelta(days=LONGEST - 1))
    span = pd.date_range(first, last)
    return Panel(
        ids=ids,
        days=span,
        spend=_matrix(closed, "spend", ids, span, absent=0.0),
        as_of=now,
        daily_budget=(
            _matrix(closed, "daily_budget", ids, span, absent=np.nan) if "daily_budget" in rows else None
        ),
        running=today.groupby("series_id")["spend"].sum().reindex(ids).fillna(0.0).to_numpy(float),
        elapsed=(now - now.normalize()) / pd.Timedelta(days=1) if is_open else None,
    )


def instant(value: Instant) -> pd.Timestamp:
    """`as_of` as a timestamp without a zone; midnight means that the whole day is over.

    Raises:
        ValueError: It is no day.
    """
    try:
        moment = pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"as_of must be a day such as 2026-05-14, not {value!r}") from error
    if pd.isna(moment):
        raise ValueError("as_of must be a day such as 2026-05-14, and is empty")
    return (moment.tz_localize(None) if moment.tz is not None else moment).as_unit("us")


def day_column(values: pd.Series, *, name: str) -> pd.Series:
    """Days at midnight, whatever they came as.

    Raises:
        FrameRefused: One cannot be read.
    """
    return day_stamps(values, name=name).dt.normalize()


def number_column(values: pd.Series, *, name: str) -> pd.Series:
    """Settings such as budgets as floats, empty where there is none.

    Raises:
        FrameRefused: One is no finite number: a limit that cannot be read is none to rely on.
    """
    floats = numbers(values, name=name)
    if np.isinf(floats.to_numpy()).any():
        raise FrameRefused(f"{name} holds an infinite value. Leave out or empty what is not known.")
    return floats


def _read(days: pd.DataFrame) -> pd.DataFrame:
    """series_id, day, spend (and daily_budget) of each series and day once."""
    require_columns(days, ("series_id", "day", "spend"), what="days")
    rows = days.reset_index(drop=True)
    rows = rows[rows["series_id"].notna() & rows["day"].notna()]
    rows = figures(rows, ("spend", "daily_budget"), what="days")
    rows = rows.assign(series_id=id_texts(rows["series_id"]), day=day_column(rows["day"], name="days.day"))
    rows = rows[rows["series_id"].notna() & rows["day"].notna()]
    columns = [name for name in ("series_id", "day", "spend", "daily_budget") if name in rows]
    return once_per_key(rows, ("series_id", "day"), what="days")[columns].reset_index(drop=True)


def _matrix(
    rows: pd.DataFrame, column: str, ids: np.ndarray, span: pd.DatetimeIndex, *, absent: float
) -> Matrix:
    matrix = np.full((len(ids), len(span)), absent)
    rows = rows[rows["day"] >= span[0]]
    if rows.empty:
        return matrix
    at = pd.Index(ids).get_indexer(rows["series_id"])
    position = at * len(span) + ((rows["day"] - span[0]) // pd.Timedelta(days=1)).to_numpy()
    value = rows[column].to_numpy()
    is_known = np.isfinite(value)
    matrix.ravel()[position] = np.nan
    sums = np.bincount(position[is_known], value[is_known], matrix.size)
    has_amount = np.zeros(matrix.size, bool)
    has_amount[position[is_known]] = True
    matrix.ravel()[has_amount] = sums[has_amount]
    return matrix
