"""Cleaned rows as arrays on a regular grid of periods x series, NaN where nothing is known.

Daily, weekly and monthly series share one calendar, so that effects common to all series of a day can be
estimated. Finer series (hours, minutes) need not overlap; each starts at its own first period.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
_DAY, _DAY_SECONDS = pd.Timedelta(days=1), 86_400.0
_USUAL = np.array(
    [
        60,
        300,
        600,
        900,
        1800,
        3600,
        7200,
        14_400,
        21_600,
        43_200,
        _DAY_SECONDS,
        604_800,
        2_629_800,
        7_889_400,
    ],
    float,
)
"""Common sampling periods in seconds, from a minute to a quarter."""
_LONGEST_GAP = pd.Timedelta(days=60)
_LONGEST = 20_000
"""Largest number of periods on one grid (a year of half hours); of longer series the newest are used."""


@dataclass(frozen=True)
class Grid:
    """Series of one frequency. `at` is periods x series, or periods x 1 where all share a calendar."""

    series: list[str]
    period: pd.Timedelta
    at: npt.NDArray[np.datetime64]
    columns: dict[str, Floats]
    matured: Floats | None
    group: list[str] | None
    """Per series the group whose common effects it shares; None if no groups were given, empty for none."""

    @property
    def is_shared(self) -> bool:
        return self.period >= _DAY

    @property
    def periods_a_day(self) -> float:
        return _DAY / self.period

    def stamps_of(self, series: int) -> npt.NDArray[np.datetime64]:
        """Timestamps of one series."""
        return self.at[:, 0 if self.is_shared else series]

    def slots(self, measures: int) -> list[npt.NDArray[np.int64]]:
        """Per seasonal cycle the slot of each period (weekday, hour), periods x rows or periods x 1."""
        if self.period > _DAY:
            return []
        stamps = pd.DatetimeIndex(self.at.ravel())
        seasons = [stamps.day_of_week] if self.period == _DAY else [stamps.hour, stamps.day_of_week]
        slots = [season.to_numpy(np.int64).reshape(self.at.shape) for season in seasons]
        return slots if self.is_shared else [np.tile(slot, measures) for slot in slots]


def grids(rows: pd.DataFrame, watched: list[str]) -> Iterator[Grid]:
    """One grid per sampling frequency of the cleaned rows. A period without a row is unknown, not zero."""
    gap = rows.groupby("series_id")["day"].diff()
    usual = gap.groupby(rows["series_id"]).median().fillna(_DAY)
    for period, period_series in usual.groupby(_rounded(usual)):
        period_rows = rows[rows["series_id"].isin(period_series.index)]
        yield (_shared if period >= _DAY else _beside)(period_rows, pd.Timedelta(period), watched)


def _rounded(gaps: pd.Series) -> pd.Series:
    """Round to common periods within 15 % (months have 28 to 31 days); gaps of up to a week mean a daily
    series with gaps.
    """
    exact = gaps.dt.total_seconds().clip(lower=1.0).to_numpy()
    near = _USUAL[np.abs(np.log(exact[:, None] / _USUAL[None, :])).argmin(axis=1)]
    close = np.abs(np.log(exact / near)) < 0.15
    seconds = np.where(
        close, near, np.where((exact > _DAY_SECONDS) & (exact < 6.5 * _DAY_SECONDS), _DAY_SECONDS, exact)
    )
    return pd.Series(pd.to_timedelta(seconds, unit="s"), index=gaps.index)


def _shared(rows: pd.DataFrame, period: pd.Timedelta, watched: list[str]) -> Grid:
    stamps = rows["day"].dt.normalize() if period == _DAY else rows["day"]
    whole = (
        pd.date_range(stamps.min(), stamps.max())
        if period == _DAY
        else pd.DatetimeIndex(np.sort(stamps.unique()))
    )
    if period == _DAY:
        whole = _without_long_gaps(whole, pd.DatetimeIndex(np.sort(stamps.unique())))
    whole = whole.as_unit("us")[-_LONGEST:]
    series, where = np.unique(rows["series_id"].to_numpy(str), return_inverse=True)
    position = whole.get_indexer(pd.DatetimeIndex(stamps))
    return _filled(rows, position, where, list(series), period, whole.to_numpy()[:, None], watched)


def _without_long_gaps(whole: pd.DatetimeIndex, stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The calendar without the days of a long gap of all series, such as that after one row of 1970.

    What is left of a gap is longer than every window, so nothing before it is compared with anything after
    it.
    """
    next_stamp = stamps.searchsorted(whole)
    previous = stamps[np.maximum(stamps.searchsorted(whole, side="right") - 1, 0)]
    is_in_gap = (whole - previous > _LONGEST_GAP) & (next_stamp < len(stamps))
    return whole[~is_in_gap]


def _beside(rows: pd.DataFrame, period: pd.Timedelta, watched: list[str]) -> Grid:
    """Each series from its own first period; rows off the grid keep their own timestamp."""
    series, where = np.unique(rows["series_id"].to_numpy(str), return_inverse=True)
    first = rows.groupby("series_id")["day"].min().to_numpy()
    position = np.rint((rows["day"].to_numpy() - first[where]) / period.to_timedelta64()).astype(int)
    length = min(int(position.max()) + 1, _LONGEST)
    late = np.maximum(pd.Series(position).groupby(where).max().to_numpy() - (length - 1), 0)
    position = position - late[where]
    at = first[None, :] + (np.arange(length)[:, None] + late[None, :]) * period.to_timedelta64()
    at[position[position >= 0], where[position >= 0]] = rows["day"].to_numpy()[position >= 0]
    return _filled(rows, position, where, list(series), period, at, watched)


def _filled(
    rows: pd.DataFrame,
    position: np.ndarray,
    where: np.ndarray,
    series: list[str],
    period: pd.Timedelta,
    at: np.ndarray,
    watched: list[str],
) -> Grid:
    in_grid = position >= 0

    def laid(name: str) -> Floats:
        values = np.full((len(at), len(series)), np.nan)
        values[position[in_grid], where[in_grid]] = rows[name].to_numpy()[in_grid]
        return values

    group = rows.groupby("series_id")["group"].last().reindex(series).tolist() if "group" in rows else None
    matured = laid("matured") if "matured" in rows else None
    return Grid(series, period, at, {name: laid(name) for name in watched}, matured, group)
