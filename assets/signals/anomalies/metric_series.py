"""The rows that are watched: one per measure and series, as arrays of periods x rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.grid import Grid
from assets.signals.anomalies.measures import FOLLOWS, GROWING, NAMES, Measure, measurable

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
LIFT = 30.0
"""Standard deviations above nothing to which a series that goes below it is lifted: so far up a ratio is nearly a difference."""
_YOUNGEST = 0.05
"""A day of which less can be seen yet says nothing."""
_DOUBT = 0.15
"""Standard deviation of how much is still to come, as a share of that: curves are learned, not known."""


@dataclass(frozen=True)
class Rows:
    """Arrays of periods x rows, or one value per row. Rows are measure by measure, in each the grid's series in order."""

    measures: list[Measure]
    value: Floats
    """What is told of a period: the measure as it was given, over the share that can be seen yet."""
    above: Floats
    """What is judged. Less than nothing (refunds) counts as nothing."""
    below: Floats
    """What the numerator is expected to be in proportion to: the denominator, or 1; times the share that can be seen yet."""
    carrier: Floats
    doubt: Floats
    """Relative variance of that share."""
    given: Bools
    """Periods of which something is known."""
    known: Bools
    """Those that are judged and learned from: an amount is from its first day above nothing on."""
    shift: Floats
    """What is added to a series that goes below zero, so that it can be judged by ratios."""
    series: npt.NDArray[np.int64]
    pool: npt.NDArray[np.int64]
    """Rows of one number may learn from each other: one measure; a series of unknown meaning has none beside it."""
    fate: npt.NDArray[np.int64]
    """Rows of one number share what happens to all of them at once: a measure in a group of series. -1: with none."""
    spread: Floats
    whole: Bools
    is_sum: Bools
    """A sum of values, one per event."""
    is_level: Bools
    worse: Floats
    plain: Bools
    """Of unknown meaning."""
    follows: Bools
    """Amounts that only stand out where another row of their series does."""

    @property
    def counted(self) -> Bools:
        return self.spread > 0

    @property
    def unexplained(self) -> Bools:
        """Rows of whose noise nothing is known beforehand: plain ones, and ratios that were given without their counts."""
        return self.plain | ~(self.counted | self.is_level)


def rows_of(grid: Grid, warm: int) -> Rows:
    """Every measure of every series of the grid; `warm` known periods tell whether a plain series goes below zero."""
    parts = measurable(grid.columns)
    measures, size = [part[0] for part in parts], len(grid.series)
    each = np.arange(len(measures)).repeat(size)
    plain = _per_row([_is_plain(m) for m in measures], each).astype(bool)
    share = np.hstack([_visible(grid, m) for m in measures])
    above, carrier = np.hstack([part[1] for part in parts]), np.hstack([part[3] for part in parts])
    below = np.hstack([part[2] for part in parts]) * share
    given = np.isfinite(above) & np.isfinite(below) & (below > 0)
    above, below = np.where(given, above, 0.0), np.where(given, below, 0.0)
    value = above / np.where(given, below, 1.0)
    shift = np.where(plain, _shift(above, given, warm), 0.0)
    judged = np.maximum(above + shift * given, 0.0)
    is_level = _per_row([m.is_level for m in measures], each).astype(bool)
    return Rows(
        measures=measures, value=value, above=judged, below=below, carrier=np.where(given, np.nan_to_num(carrier), 0.0),
        doubt=np.where(given, (_DOUBT * (1.0 - share) / share) ** 2, 0.0), given=given,
        known=given & (~is_level | np.logical_or.accumulate(judged > 0, axis=0)), shift=shift,
        series=np.tile(np.arange(size), len(measures)),
        pool=np.unique(np.where(plain, len(measures) + np.arange(len(each)), each), return_inverse=True)[1],
        fate=_fates(grid.group, len(measures), size), spread=_per_row([m.spread for m in measures], each),
        whole=_per_row([m.is_count for m in measures], each).astype(bool),
        is_sum=_per_row([m.numerator == "conversion_value" and m.spread > 0 for m in measures], each).astype(bool),
        is_level=is_level, worse=_per_row([m.worse for m in measures], each), plain=plain,
        follows=_per_row([FOLLOWS.get(m.name, "") in grid.columns for m in measures], each).astype(bool),
    )  # fmt: skip


def _visible(grid: Grid, measure: Measure) -> Floats:
    """Share of the measure that can be seen yet, NaN where that is too little to say anything."""
    shape = (len(grid.at), len(grid.series))
    if grid.matured is None or measure.name not in GROWING:
        return np.ones(shape)
    share = np.clip(grid.matured, 0.0, 1.0)
    return np.where(share >= _YOUNGEST, share, np.nan)


def _shift(values: Floats, given: Bools, warm: int) -> Floats:
    """For series whose first periods go below zero: what lifts their middle to `LIFT` standard deviations; 0 for others."""
    first = given & (np.cumsum(given, axis=0) <= warm)
    some = (first & (values < 0)).any(axis=0)
    shift = np.zeros(values.shape[1])
    if some.any():
        own = np.where(first, values, np.nan)[:, some]
        middle = np.nanmedian(own, axis=0)
        spread = 1.4826 * np.nanmedian(np.abs(own - middle), axis=0)
        shift[some] = LIFT * np.maximum(np.maximum(spread, 0.02 * np.abs(middle)), 1e-6) - middle
    return shift


def _fates(group: list[str] | None, measures: int, size: int) -> npt.NDArray[np.int64]:
    names, own = np.unique(group if group is not None else ["all"] * size, return_inverse=True)
    alone = np.array([name == "" for name in names])[own]
    fate = np.arange(measures)[:, None] * len(names) + own[None, :]
    return np.where(alone[None, :], -1, fate).ravel()


def _per_row(values: Sequence[float], each: npt.NDArray[np.int64]) -> Floats:
    return np.array(values, float)[each]


def _is_plain(measure: Measure) -> bool:
    return measure.is_level and measure.name not in NAMES
