"""Frames of any kind as arrays on a regular grid: periods x series, with what is not known left unknown.

Series of days, weeks or months share one calendar, so that what all of them do on a day can be told from what one does. Finer series
(hours, minutes) need not overlap and are laid beside each other from their own first period on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
NO_MEASURES = ("series_id", "day", "matured", "group", "label")
_DAY = pd.Timedelta(days=1)
_LONGEST = 20_000
"""Periods on one grid: a year of half hours. A longer series is judged by its newest."""


@dataclass(frozen=True)
class Grid:
    """Series of one frequency. `at` is periods x series, or periods x 1 where all share a calendar."""

    series: list[str]
    period: pd.Timedelta
    at: npt.NDArray[np.datetime64]
    columns: dict[str, Floats]
    matured: Floats | None
    group: list[str] | None
    """Per series what it shares its fate with; None where nobody says, empty for none."""

    @property
    def is_shared(self) -> bool:
        return self.at.shape[1] == 1

    @property
    def periods_a_day(self) -> float:
        return _DAY / self.period

    def slots(self) -> list[npt.NDArray[np.int64]]:
        """Per season the slot of each period, periods x series or periods x 1: weekdays, and hours where there are any."""
        stamps = pd.DatetimeIndex(self.at.ravel())
        weekday = stamps.day_of_week.to_numpy(np.int64).reshape(self.at.shape)
        if self.period > _DAY:
            return []
        if self.period == _DAY:
            return [weekday]
        return [stamps.hour.to_numpy(np.int64).reshape(self.at.shape), weekday]


def grids(days: pd.DataFrame) -> Iterator[Grid]:
    """The frame's series, by frequency.

    Args:
        days: series_id, day and numbers. Of doubled rows the last counts. A period without a row is unknown, not zero.

    Raises:
        ValueError: A column is missing, or no column holds numbers; the sentence says which and what to do.
    """
    if lacking := {"series_id", "day"} - set(days.columns):
        raise ValueError(
            f"Anomalies need a column {min(lacking)}: give series_id, day and the metrics of each."
        )
    numbers = [
        name
        for name in days.columns
        if name not in NO_MEASURES and pd.api.types.is_numeric_dtype(days[name]) and not pd.api.types.is_bool_dtype(days[name])
    ]  # fmt: skip
    if not numbers:
        raise ValueError("Anomalies need at least one column of numbers, such as spend, clicks or value.")
    rows = days.assign(series_id=days["series_id"].astype(str), day=_instants(days["day"]))
    rows = rows[rows["day"].notna()].drop_duplicates(["series_id", "day"], keep="last")
    rows = rows.sort_values(["series_id", "day"], kind="stable")
    gap = rows.groupby("series_id")["day"].diff()
    usual = gap.groupby(rows["series_id"]).median().fillna(_DAY)
    for period, own in usual.groupby(_rounded(usual)):
        kept = rows[rows["series_id"].isin(own.index)]
        yield (_shared if period >= _DAY else _beside)(kept, pd.Timedelta(period), numbers)


def _instants(days: pd.Series) -> pd.Series:
    found = pd.to_datetime(days)
    return found.dt.tz_localize(None) if found.dt.tz is not None else found


def _rounded(gaps: pd.Series) -> pd.Series:
    """Frequencies apart by less than a tenth are one: months have 28 to 31 days."""
    exact = gaps.dt.total_seconds().clip(lower=1.0)
    steps = np.array(
        [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800, 2_629_800, 7_889_400],
        float,
    )
    near = steps[np.abs(np.log(exact.to_numpy()[:, None] / steps[None, :])).argmin(axis=1)]
    close = np.abs(np.log(exact.to_numpy() / near)) < 0.15
    return pd.Series(pd.to_timedelta(np.where(close, near, exact.to_numpy()), unit="s"), index=gaps.index)


def _shared(rows: pd.DataFrame, period: pd.Timedelta, numbers: list[str]) -> Grid:
    if period == _DAY:
        stamps = rows["day"].dt.normalize()
        whole = pd.date_range(stamps.min(), stamps.max())[-_LONGEST:]
    else:
        whole = pd.DatetimeIndex(np.sort(rows["day"].unique()))[-_LONGEST:]
        stamps = rows["day"]
    series, where = np.unique(rows["series_id"].to_numpy(str), return_inverse=True)
    place = whole.get_indexer(pd.DatetimeIndex(stamps))
    return _filled(rows, place, where, list(series), period, whole.to_numpy()[:, None], numbers)


def _beside(rows: pd.DataFrame, period: pd.Timedelta, numbers: list[str]) -> Grid:
    series, where = np.unique(rows["series_id"].to_numpy(str), return_inverse=True)
    first = rows.groupby("series_id")["day"].transform("min")
    place = np.rint(((rows["day"] - first) / period).to_numpy(float)).astype(int)
    ends = rows.groupby("series_id")["day"].min().to_numpy()
    length = min(int(place.max()) + 1, _LONGEST)
    last = pd.Series(place).groupby(where).transform("max").to_numpy()
    place = np.where(last >= length, place - (last - length + 1), place)
    at = ends[None, :] + np.arange(length)[:, None] * period.to_timedelta64()
    return _filled(rows, place, where, list(series), period, at, numbers)


def _filled(
    rows: pd.DataFrame, place: np.ndarray, where: np.ndarray, series: list[str], period: pd.Timedelta, at: np.ndarray, numbers: list[str],
) -> Grid:  # fmt: skip
    shape, kept = (len(at), len(series)), place >= 0

    def laid(name: str) -> Floats:
        values = np.full(shape, np.nan)
        values[place[kept], where[kept]] = rows[name].to_numpy(float, na_value=np.nan)[kept]
        return np.where(np.isfinite(values), values, np.nan)

    columns = {name: laid(name) for name in numbers}
    group = (
        rows.groupby("series_id")["group"].last().reindex(series).fillna("").astype(str).tolist()
        if "group" in rows
        else None
    )
    return Grid(series, period, at, columns, laid("matured") if "matured" in rows else None, group)
