"""What is watched of a series: each measure with the counts that carry its noise.

A ratio is as uncertain as the counts it is made of: 3 conversions of 100 clicks say less than 300 of 10,000. So ratios are kept as
numerator and denominator, and each measure names the count whose chance it rests on (BASELINES 1a, reading i).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ORDER_VARIANCE = 1.3
"""Variance of a sum of order values, times that of their number: 1 + the squared spread of one (log-normal, 0.5)."""


@dataclass(frozen=True)
class Measure:
    """One measure. `carrier` is the count that its chance rests on, `worse` the direction nobody wants (0: either)."""

    name: str
    numerator: str
    denominator: str | None = None
    carrier: str | None = None
    spread: float = 0.0
    """Variance per unit of the carrier, relative: 1 for a count, more for a sum of values."""
    is_count: bool = False
    worse: int = 0

    @property
    def is_level(self) -> bool:
        """An amount of something, which people move on purpose by budgets; not a ratio."""
        return self.denominator is None


KNOWN = (
    Measure("spend", "spend"),
    Measure("impressions", "impressions", carrier="impressions", spread=1.0, is_count=True),
    Measure("clicks", "clicks", carrier="clicks", spread=1.0, is_count=True),
    Measure("conversions", "conversions", carrier="conversions", spread=1.0, is_count=True, worse=-1),
    Measure("conversion_value", "conversion_value", carrier="conversions", spread=ORDER_VARIANCE, worse=-1),
    Measure("cpc", "spend", "clicks", carrier="clicks", spread=1.0, worse=1),
    Measure("ctr", "clicks", "impressions", carrier="clicks", spread=1.0, is_count=True, worse=-1),
    Measure("cvr", "conversions", "clicks", carrier="conversions", spread=1.0, is_count=True, worse=-1),
    Measure("roas", "conversion_value", "spend", carrier="conversions", spread=ORDER_VARIANCE, worse=-1),
)
NAMES = tuple(measure.name for measure in KNOWN)
COLUMNS = (*NAMES, "value")
"""Columns that must hold numbers, whatever type they come in."""
FOLLOWS = {"impressions": "spend", "clicks": "spend", "conversions": "clicks", "conversion_value": "spend"}
"""Amounts that are another one times ratios that are watched: they stand out only where one of those does."""
GROWING = ("conversions", "conversion_value", "cvr", "roas")
"""Measures of which a young day shows only a part."""


Part = tuple[Measure, Floats, Floats, Floats]
"""A measure with its numerator, denominator and carrier, each periods x series."""


def measurable(columns: dict[str, Floats]) -> list[Part]:
    """Every measure that the columns allow.

    A ratio that is given as such is used where its parts are not, weighed by its denominator where that is there.
    """
    shape = next(iter(columns.values())).shape
    ones, none = np.ones(shape), np.zeros(shape)
    found: list[Part] = []
    for measure in KNOWN:
        if {measure.numerator, measure.denominator} - {None} <= set(columns):
            below = columns[measure.denominator] if measure.denominator else ones
            found.append(
                (measure, columns[measure.numerator], below, columns.get(measure.carrier or "", none))
            )
        elif measure.name in columns:
            found.append(_as_given(measure, columns, ones, none))
    others = [name for name in columns if name not in NAMES]
    found += [(Measure(name, name), columns[name], ones, none) for name in others]
    return [part if part[3] is not none else (replace(part[0], spread=0.0), *part[1:]) for part in found]


def _as_given(measure: Measure, columns: dict[str, Floats], ones: Floats, none: Floats) -> Part:
    below = columns.get(measure.denominator or "")
    if below is None:  # nobody says of how many: its noise is told by its own past alone
        return replace(measure, is_count=False), columns[measure.name], ones, none
    if measure.carrier == measure.denominator:
        return measure, columns[measure.name] * below, below, below
    if measure.is_count:
        above = np.rint(columns[measure.name] * below)
        return measure, above, below, above
    return measure, columns[measure.name] * below, below, columns.get(measure.carrier or "", none)
