"""Cleaned rows as arrays on a regular grid: periods x series, with what is not known left unknown.

Series of days, weeks or months share one calendar, so that what all of them do on a day can be told from what one does. Finer series
(hours, minutes) need not overlap and are laid beside each other from their own first period on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
_DAY, _DAY_SECONDS = pd.Timedelta(days=1), 86_400.0
_USUAL = np.array(
    [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, _DAY_SECONDS, 604_800, 2_629_800, 7_889_400], float,
)  # fmt: skip
"""Seconds of the usual periods, a minute to a quarter."""
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
        return self.period >= _DAY

    @property
    def periods_a_day(self) -> float:
        return _DAY / self.period

    def stamps_of(self, series: int) -> npt.NDArray[np.datetime64]:
        """The periods of one series."""
        return self.at[:, 0 if self.is_shared else series]

    def slots(self, measures: int) -> list[npt.NDArray[np.int64]]:
        """Per season the slot of each period, periods x rows or periods x 1: weekdays, and hours where there are any."""
        if self.period > _DAY:
            return []
        stamps = pd.DatetimeIndex(self.at.ravel())
        seasons = [stamps.day_of_week] if self.period == _DAY else [stamps.hour, stamps.day_of_week]
        slots = [season.to_numpy(np.int64).reshape(self.at.shape) for season in seasons]
        return slots if self.is_shared else [np.tile(slot, measures) for slot in slots]


def grids(rows: pd.DataFrame, watched: list[str]) -> Iterator[Grid]:
    """The rows (as `cleaned` gives them) by frequency. A period without a row is unknown, not zero."""
    gap = rows.groupby("series_id")["day"].diff()
    usual = gap.groupby(rows["series_id"]).median().fillna(_DAY)
    for period, own in usual.groupby(_rounded(usual)):
        kept = rows[rows["series_id"].isin(own.index)]
        yield (_shared if period >= _DAY else _beside)(kept, pd.Timedelta(period), watched)


def _rounded(gaps: pd.Series) -> pd.Series:
    """Frequencies apart by less than a seventh are one: months have 28 to 31 days. A series with gaps of some days is a daily one."""
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
    whole = whole.as_unit("us")[-_LONGEST:]
    series, where = np.unique(rows["series_id"].to_numpy(str), return_inverse=True)
    place = whole.get_indexer(pd.DatetimeIndex(stamps))
    return _filled(rows, place, where, list(series), period, whole.to_numpy()[:, None], watched)


def _beside(rows: pd.DataFrame, period: pd.Timedelta, watched: list[str]) -> Grid:
    """Each series from its own first period on; where a row is not quite on time its own timestamp is kept."""
    series, where = np.unique(rows["series_id"].to_numpy(str), return_inverse=True)
    first = rows.groupby("series_id")["day"].min().to_numpy()
    place = np.rint((rows["day"].to_numpy() - first[where]) / period.to_timedelta64()).astype(int)
    length = min(int(place.max()) + 1, _LONGEST)
    late = np.maximum(pd.Series(place).groupby(where).max().to_numpy() - (length - 1), 0)
    place = place - late[where]
    at = first[None, :] + (np.arange(length)[:, None] + late[None, :]) * period.to_timedelta64()
    at[place[place >= 0], where[place >= 0]] = rows["day"].to_numpy()[place >= 0]
    return _filled(rows, place, where, list(series), period, at, watched)


def _filled(
    rows: pd.DataFrame, place: np.ndarray, where: np.ndarray, series: list[str], period: pd.Timedelta, at: np.ndarray, watched: list[str],
) -> Grid:  # fmt: skip
    kept = place >= 0

    def laid(name: str) -> Floats:
        values = np.full((len(at), len(series)), np.nan)
        values[place[kept], where[kept]] = rows[name].to_numpy()[kept]
        return values

    group = rows.groupby("series_id")["group"].last().reindex(series).tolist() if "group" in rows else None
    matured = laid("matured") if "matured" in rows else None
    return Grid(series, period, at, {name: laid(name) for name in watched}, matured, group)
