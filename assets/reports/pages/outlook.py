"""Where figures that are still growing will end: sums of projections with their 80 % range, and how much of
them can be seen.

The projections are core's, a row per thing and day. In a sum what is each row's own luck evens out, and what
the rows share, the curve and the campaign's rate, does not: variances of the first are added, widths of the
second (`assets.core.performance.facts`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from assets.core.performance.facts import VALUE_SPREAD, Z
from assets.reports.pages.day_frames import known

_SUMMED = ("conversions", "conversion_value")
_ENDS = ("projected", "low", "high")
NEEDED = ("matured", *(f"{name}_{end}" for name in _SUMMED for end in _ENDS))
"""Columns of core's tables that an outlook is made of."""
GROWING = (*_SUMMED, "roas")
"""The metrics that have an outlook: those that platforms claim."""
COLUMNS = ("matured", *(f"{name}_{end}" for name in GROWING for end in _ENDS))
RIPE = 0.995
"""From here on a figure reads as 100 % matured, and where it ends is what it is."""


@dataclass(frozen=True)
class ProjectedFigure:
    """Where a claimed figure will end: how much of it is visible, and the 80 % range it should land in."""

    matured: float
    projected: float
    low: float
    high: float

    @property
    def is_growing(self) -> bool:
        return self.matured < RIPE and self.high > 0


def outlooks(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """`COLUMNS` for each group, as floats.

    Args:
        rows: A row per thing and day: spend, conversions, conversion_value and `NEEDED`, money in one
            currency per group.
        by: Columns to group by.

    Returns:
        One row per group in the index `by`. All is empty where one of the group's rows has conversions and no
        projection: the sum of the others would be no projection of the group.
    """
    parts = {name: rows[name] for name in by}
    parts["spend"] = rows["spend"]
    parts["lacking"] = (rows["conversions"].notna() & rows["conversions_projected"].isna()).astype(float)
    parts["seen"] = rows["matured"] * rows["conversions_projected"]
    coming = (rows["conversions_projected"] - rows["conversions"]).abs()
    coming_value = (rows["conversion_value_projected"] - rows["conversion_value"]).fillna(0.0)
    luck = {
        "conversions": Z**2 * coming,
        "conversion_value": Z**2 * VALUE_SPREAD * coming_value**2 / coming.where(coming > 0),
    }
    for name in _SUMMED:
        half = (rows[f"{name}_high"] - rows[f"{name}_projected"]).clip(lower=0.0)
        variance = luck[name].fillna(0.0).clip(upper=half**2)
        parts |= {
            name: rows[f"{name}_projected"],
            f"{name}_own": variance,
            f"{name}_shared": np.sqrt(half**2 - variance),
        }
    summed = pd.DataFrame(parts).groupby(list(by)).sum(min_count=1)
    whole, spend = summed["lacking"] == 0, summed["spend"].where(summed["spend"] != 0)
    by_age = rows.groupby(list(by))["matured"].mean()  # for what neither has nor expects any conversion
    columns = {
        "matured": (summed["seen"] / summed["conversions"].where(summed["conversions"] > 0)).fillna(by_age)
    }
    for name in _SUMMED:
        half = np.sqrt(summed[f"{name}_own"] + summed[f"{name}_shared"] ** 2)
        columns[f"{name}_projected"] = summed[name]
        columns[f"{name}_low"] = (summed[name] - half).clip(lower=0.0)
        columns[f"{name}_high"] = summed[name] + half
    for end in _ENDS:
        columns[f"roas_{end}"] = columns[f"conversion_value_{end}"] / spend
    return pd.DataFrame(columns, columns=list(COLUMNS)).where(whole)


def outlook(line: Mapping[str, Any], *, suffix: str = "") -> dict[str, ProjectedFigure]:
    """The outlook of each metric that has one, from a row of `outlooks` whose columns end with `suffix`."""
    by_metric = {}
    for name in GROWING:
        numbers = [
            known(line[f"{column}{suffix}"]) for column in ("matured", *(f"{name}_{end}" for end in _ENDS))
        ]
        if None not in numbers:
            by_metric[name] = ProjectedFigure(*numbers)  # type: ignore[arg-type] # none of them is None
    return by_metric
