"""The rows that are watched: one per measure and series, as arrays of periods x rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.anomalies.grid import Grid
from assets.anomalies.measures import FOLLOWS, GROWING, Measure, measurable

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
_YOUNGEST = 0.05
"""A day of which less can be seen yet says nothing."""
_DOUBT = 0.15
"""Standard deviation of how much is still to come, as a share of that: curves are learned, not known."""


@dataclass(frozen=True)
class Rows:
    """Rows are measure by measure, in each the grid's series in order."""

    measures: list[Measure]
    above: Floats
    below: Floats
    """What the numerator is expected to be in proportion to: the denominator, or 1; times the share that can be seen yet."""
    carrier: Floats
    doubt: Floats
    """Relative variance of that share."""
    given: Bools
    """Periods of which something is known."""
    known: Bools
    """Those that are judged and learned from."""
    series: npt.NDArray[np.int64]
    pool: npt.NDArray[np.int64]
    fate: npt.NDArray[np.int64]
    """Rows of one number share what happens to all of them at once: a measure in a group of series. -1: with none."""
    spread: Floats
    whole: Bools
    is_sum: Bools
    """A sum of values, one per event."""
    is_level: Bools
    worse: Floats
    plain: Bools
    follows: Bools
    """Amounts that only stand out where another row of their series does."""

    @property
    def counted(self) -> Bools:
        return self.spread > 0

    def measure_of(self, row: int) -> Measure:
        return self.measures[row // (self.above.shape[1] // len(self.measures))]


def rows_of(grid: Grid) -> Rows:
    """Every measure of every series of the grid. Series of unknown meaning are pooled with none."""
    parts = measurable(grid.columns)
    measures, size = [part[0] for part in parts], len(grid.series)
    ripe = np.ones((len(grid.at), size)) if grid.matured is None else np.clip(grid.matured, 0.0, 1.0)
    above, below, carrier, doubt = [], [], [], []
    for measure, over, under, counts in parts:
        share = ripe if measure.name in GROWING else np.ones_like(ripe)
        share = np.where(share >= _YOUNGEST, share, np.nan)
        above.append(over)
        below.append(under * share)
        carrier.append(counts)
        doubt.append((_DOUBT * (1.0 - share) / share) ** 2)
    whole_above, whole_below = np.hstack(above), np.hstack(below)
    known = np.isfinite(whole_above) & np.isfinite(whole_below) & (whole_below > 0) & (whole_above >= 0)
    each = np.arange(len(measures)).repeat(size)
    plain = np.array([_is_plain(m) for m in measures])[each]
    return Rows(
        measures, np.where(known, whole_above, 0.0), np.where(known, whole_below, 0.0),
        np.where(known, np.nan_to_num(np.hstack(carrier)), 0.0), np.where(known, np.hstack(doubt), 0.0), known, known.copy(),
        np.tile(np.arange(size), len(measures)), np.unique(np.where(plain, len(measures) + np.arange(len(each)), each), return_inverse=True)[1],
        _fates(grid.group, len(measures), size),
        _per_row([m.spread * (m.is_count or bool(np.any(c > 0))) for m, c in zip(measures, carrier, strict=True)], each),
        _per_row([m.is_count for m in measures], each).astype(bool),
        _per_row([m.numerator == "conversion_value" and bool(np.any(c > 0)) for m, c in zip(measures, carrier, strict=True)], each).astype(bool),
        _per_row([m.is_level for m in measures], each).astype(bool),
        _per_row([m.worse for m in measures], each), plain,
        _per_row([FOLLOWS.get(m.name, "") in grid.columns for m in measures], each).astype(bool),
    )  # fmt: skip


def _fates(group: list[str] | None, measures: int, size: int) -> npt.NDArray[np.int64]:
    names, own = np.unique(group if group is not None else ["all"] * size, return_inverse=True)
    alone = np.array([name == "" for name in names])[own]
    fate = np.arange(measures)[:, None] * len(names) + own[None, :]
    return np.where(alone[None, :], -1, fate).ravel()


def _per_row(values: Sequence[float], each: npt.NDArray[np.int64]) -> Floats:
    return np.array(values, float)[each]


def _is_plain(measure: Measure) -> bool:
    return (
        measure.is_level
        and measure.numerator == measure.name
        and measure.carrier is None
        and measure.name != "spend"
    )
