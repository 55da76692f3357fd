"""Arrays of periods x rows, one row per metric and series."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.signals.anomalies.grid import Grid
from assets.signals.anomalies.measures import FOLLOWS, GROWING, NAMES, Measure, measurable

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
OFFSET_SDS = 30.0
"""Offset, in standard deviations, added to series with negative values so that ratios are defined and close
to differences."""
_YOUNGEST = 0.05
"""Share of conversions visible below which a day is not used."""
_MATURITY_SD = 0.15
"""Relative standard deviation of the conversions still to come, since the lag curve is an estimate."""


_PRIOR_DAYS, _MOST_ORDER_DISPERSION = 40.0, 20.0
"""Weight of the prior dispersion of order values in days, and the largest squared coefficient of variation
learned.
"""


@dataclass(frozen=True)
class MetricRows:
    """Arrays of periods x rows, or one value per row. Rows are ordered by metric, then by series of the
    grid.
    """

    measures: list[Measure]
    value: Floats
    """The metric as reported, divided by the share visible so far."""
    above: Floats
    """Numerator that is tested; negative values (refunds) count as zero."""
    below: Floats
    """Exposure: the denominator, or 1, times the share visible so far."""
    carrier: Floats
    maturity_variance: Floats
    """Relative variance of the visible share."""
    given: Bools
    """Periods with data."""
    known: Bools
    """Periods that are tested and learned from; of an amount, from its first positive period on."""
    shift: Floats
    """Offset added to series with negative values, so that ratios are defined."""
    series: npt.NDArray[np.int64]
    pool: npt.NDArray[np.int64]
    """Rows with the same number share prior information (one pool per metric); a series of unknown meaning is
    its own pool."""
    effect_group: npt.NDArray[np.int64]
    """Rows with the same number share a common effect per period (a metric in a group of series); -1 for
    none."""
    spread: Floats
    is_integer: Bools
    is_sum: Bools
    """A sum of one value per event."""
    is_level: Bools
    worse: Floats
    is_generic: Bools
    """Of unknown meaning (a column that is none of the named metrics)."""
    follows: Bools
    """Amounts that are flagged only where another row of their series is."""

    @property
    def counted(self) -> Bools:
        return self.spread > 0

    @property
    def unexplained(self) -> Bools:
        """Rows without prior knowledge of their noise: generic ones, and ratios given without counts."""
        return self.is_generic | ~(self.counted | self.is_level)


def metric_rows_of(grid: Grid, warm: int) -> MetricRows:
    """Every metric of every series of the grid; the first `warm` periods decide whether a generic series has
    negative values.
    """
    parts = measurable(grid.columns)
    measures, size = [part[0] for part in parts], len(grid.series)
    each = np.arange(len(measures)).repeat(size)
    is_generic = _per_row([_is_generic(m) for m in measures], each).astype(bool)
    share = np.hstack([_visible(grid, m) for m in measures])
    above, carrier = np.hstack([part[1] for part in parts]), np.hstack([part[3] for part in parts])
    below = np.hstack([part[2] for part in parts]) * share
    given = np.isfinite(above) & np.isfinite(below) & (below > 0)
    above, below = np.where(given, above, 0.0), np.where(given, below, 0.0)
    value = above / np.where(given, below, 1.0)
    shift = np.where(is_generic, _shift(above, given, warm), 0.0)
    judged = np.maximum(above + shift * given, 0.0)
    is_sum = _per_row([m.is_sum and m.spread > 0 for m in measures], each).astype(bool)
    spread = _per_row([m.spread for m in measures], each)
    of_orders = _per_row([m.numerator == "conversion_value" for m in measures], each).astype(bool)
    spread = np.where(is_sum & of_orders, _order_dispersion(above, carrier, given, warm, spread), spread)
    is_level = _per_row([m.is_level for m in measures], each).astype(bool)
    return MetricRows(
        measures=measures,
        value=value,
        above=judged,
        below=below,
        carrier=np.where(given, np.nan_to_num(carrier), 0.0),
        maturity_variance=np.where(given, (_MATURITY_SD * (1.0 - share) / share) ** 2, 0.0),
        given=given,
        known=given & (~is_level | np.logical_or.accumulate(judged > 0, axis=0)),
        shift=shift,
        series=np.tile(np.arange(size), len(measures)),
        pool=np.unique(np.where(is_generic, len(measures) + np.arange(len(each)), each), return_inverse=True)[
            1
        ],
        effect_group=_effect_groups(grid.group, len(measures), size),
        spread=spread,
        is_integer=_per_row([m.is_count for m in measures], each).astype(bool),
        is_sum=is_sum,
        is_level=is_level,
        worse=_per_row([m.worse for m in measures], each),
        is_generic=is_generic,
        follows=_per_row([FOLLOWS.get(m.name, "") in grid.columns for m in measures], each).astype(bool),
    )


def _visible(grid: Grid, measure: Measure) -> Floats:
    """Share of the metric visible so far, NaN where it is too small to use."""
    shape = (len(grid.at), len(grid.series))
    if grid.matured is None or measure.name not in GROWING:
        return np.ones(shape)
    share = np.clip(grid.matured, 0.0, 1.0)
    return np.where(share >= _YOUNGEST, share, np.nan)


def _order_dispersion(values: Floats, orders: Floats, given: Bools, warm: int, prior: Floats) -> Floats:
    """1 + squared coefficient of variation of one order, from each row's first periods and a prior.

    Only the first periods are used, so that the flags of a day do not depend on later days.
    """
    first = given & (np.cumsum(given, axis=0) <= warm) & (orders > 0)
    count, value = np.where(first, orders, 0.0), np.where(first, values, 0.0)
    mean = value.sum(axis=0) / np.maximum(count.sum(axis=0), 1e-12)
    squares = np.where(first, (value - count * mean) ** 2 / np.where(first, orders, 1.0), 0.0).sum(axis=0)
    squares = squares / np.where(mean > 0, mean, 1.0) ** 2
    days = np.maximum(first.sum(axis=0) - 1, 0)
    own = np.where(mean > 0, squares, 0.0) + _PRIOR_DAYS * (prior - 1.0)
    return 1.0 + np.minimum(own / (np.where(mean > 0, days, 0) + _PRIOR_DAYS), _MOST_ORDER_DISPERSION)


def _shift(values: Floats, given: Bools, warm: int) -> Floats:
    """For series with negative first periods, the offset that puts their median at `OFFSET_SDS` standard
    deviations; else 0.
    """
    first = given & (np.cumsum(given, axis=0) <= warm)
    some = (first & (values < 0)).any(axis=0)
    shift = np.zeros(values.shape[1])
    if some.any():
        first_values = np.where(first, values, np.nan)[:, some]
        middle = np.nanmedian(first_values, axis=0)
        spread = 1.4826 * np.nanmedian(np.abs(first_values - middle), axis=0)
        shift[some] = OFFSET_SDS * np.maximum(np.maximum(spread, 0.02 * np.abs(middle)), 1e-6) - middle
    return shift


def _effect_groups(group: list[str] | None, measures: int, size: int) -> npt.NDArray[np.int64]:
    names, group_index = np.unique(group if group is not None else ["all"] * size, return_inverse=True)
    alone = np.array([name == "" for name in names])[group_index]
    effect_group = np.arange(measures)[:, None] * len(names) + group_index[None, :]
    return np.where(alone[None, :], -1, effect_group).ravel()


def _per_row(values: Sequence[float], each: npt.NDArray[np.int64]) -> Floats:
    return np.array(values, float)[each]


def _is_generic(measure: Measure) -> bool:
    return measure.is_level and measure.name not in NAMES
