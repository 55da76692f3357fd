"""Preview of rules written by people: how many customers each takes, and how many it shares with the
others.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import NOBODYS, apply
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.train_test_periods import ALL_PURCHASE_TRAITS
from assets.segments.discovery.traits import Trait


@dataclass(frozen=True)
class Preview:
    """One rule. `gets`: customers left for it by the rules before it; `shared`: customers in common, by other
    rule.
    """

    name: str
    rule: str
    people: int
    share: float | None
    gets: int
    shared: Mapping[str, int]


def with_average(features: pd.DataFrame) -> pd.DataFrame:
    """Rows of segments/customer_features with the average order value, empty for customers without an
    order.
    """
    orders = features["orders"].astype(float)
    return features.assign(average_order=features["revenue"].astype(float) / orders.where(orders > 0))


def traits_of_features(kinds: Mapping[str, str]) -> dict[str, Trait]:
    """Traits a rule may use, by name: these (name to kind) and purchases."""
    return {
        trait.name: trait
        for trait in (*(Trait(*name_and_kind) for name_and_kind in kinds.items()), *ALL_PURCHASE_TRAITS)
    }


def preview(rows: pd.DataFrame, rules: Mapping[str, Rule]) -> list[Preview]:
    """Size and overlap of each rule, in order of priority."""
    masks = {name: rule.mask(rows) for name, rule in rules.items()}
    at = apply(tuple(rules.values()), rows) if rules else np.full(len(rows), NOBODYS)
    return [
        Preview(
            name,
            rules[name].words,
            int(mask.sum()),
            float(mask.mean()) if len(rows) else None,
            int((at == number).sum()),
            {other: int((mask & theirs).sum()) for other, theirs in masks.items() if other != name},
        )
        for number, (name, mask) in enumerate(masks.items())
    ]
