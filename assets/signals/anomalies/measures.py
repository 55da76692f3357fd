"""Metrics of a series, each with the event count that determines its sampling noise.

A ratio is as uncertain as its counts: 3 conversions of 100 clicks say less than 300 of 10,000. Ratios are
therefore kept as numerator and denominator, and each metric names the count its variance depends on (its
carrier).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ORDER_DISPERSION, CLICK_PRICE_DISPERSION = 1.3, 1.1
"""Variance of a sum of order values (click prices) relative to that of their number: 1 + squared coefficient
of variation of one. That of order values is a prior; each series learns its own from its first periods."""


@dataclass(frozen=True)
class Measure:
    """One metric. `carrier` is the count that determines its variance, `worse` the unfavourable direction (0:
    either).
    """

    name: str
    numerator: str
    denominator: str | None = None
    carrier: str | None = None
    spread: float = 0.0
    """Relative variance per carrier event: 1 for a count, more for a sum of values."""
    is_count: bool = False
    is_sum: bool = False
    """A sum of one amount per carrier event, so that its chance of zero is that of the count."""
    worse: int = 0

    @property
    def is_level(self) -> bool:
        """Whether it is an amount, which budgets move on purpose, rather than a ratio."""
        return self.denominator is None


KNOWN = (
    Measure("spend", "spend", carrier="clicks", spread=CLICK_PRICE_DISPERSION, is_sum=True),
    Measure("impressions", "impressions", carrier="impressions", spread=1.0, is_count=True),
    Measure("clicks", "clicks", carrier="clicks", spread=1.0, is_count=True),
    Measure("conversions", "conversions", carrier="conversions", spread=1.0, is_count=True, worse=-1),
    Measure(
        "conversion_value",
        "conversion_value",
        carrier="conversions",
        spread=ORDER_DISPERSION,
        is_sum=True,
        worse=-1,
    ),
    Measure("cpc", "spend", "clicks", carrier="clicks", spread=1.0, worse=1),
    Measure("ctr", "clicks", "impressions", carrier="clicks", spread=1.0, is_count=True, worse=-1),
    Measure("cvr", "conversions", "clicks", carrier="conversions", spread=1.0, is_count=True, worse=-1),
    Measure(
        "roas",
        "conversion_value",
        "spend",
        carrier="conversions",
        spread=ORDER_DISPERSION,
        is_sum=True,
        worse=-1,
    ),
)
NAMES = tuple(measure.name for measure in KNOWN)
RATIOS = tuple(measure.name for measure in KNOWN if measure.denominator)
COLUMNS = (*NAMES, "value")
"""Columns that must be numeric, whatever their type."""
FOLLOWS = {"impressions": "spend", "clicks": "spend", "conversions": "clicks", "conversion_value": "spend"}
"""Amounts that equal another amount times tested ratios; flagged only where one of those is flagged."""
GROWING = ("conversions", "conversion_value", "cvr", "roas")
"""Right-censored metrics: recent days show only part of their final value."""


MeasureArrays = tuple[Measure, Floats, Floats, Floats]
"""A metric with numerator, denominator and carrier, each periods x series."""


def measurable(columns: dict[str, Floats]) -> list[MeasureArrays]:
    """Every metric that the columns allow.

    A ratio that is given directly is used where its parts are missing, weighted by its denominator if that is
    known.
    """
    shape = next(iter(columns.values())).shape
    ones, none = np.ones(shape), np.zeros(shape)
    parts: list[MeasureArrays] = []
    for measure in KNOWN:
        if {measure.numerator, measure.denominator} - {None} <= set(columns):
            below = columns[measure.denominator] if measure.denominator else ones
            parts.append(
                (measure, columns[measure.numerator], below, columns.get(measure.carrier or "", none))
            )
        elif measure.name in columns:
            parts.append(_as_given(measure, columns, ones, none))
    others = [name for name in columns if name not in NAMES]
    parts += [(Measure(name, name), columns[name], ones, none) for name in others]
    return [part if part[3] is not none else (replace(part[0], spread=0.0), *part[1:]) for part in parts]


def _as_given(measure: Measure, columns: dict[str, Floats], ones: Floats, none: Floats) -> MeasureArrays:
    below = columns.get(measure.denominator or "")
    if below is None:  # without counts, its noise is learned from its own past
        return replace(measure, is_count=False), columns[measure.name], ones, none
    if measure.carrier == measure.denominator:
        return measure, columns[measure.name] * below, below, below
    if measure.is_count:
        above = np.rint(columns[measure.name] * below)
        return measure, above, below, above
    return measure, columns[measure.name] * below, below, columns.get(measure.carrier or "", none)
