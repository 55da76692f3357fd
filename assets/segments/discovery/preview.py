"""What rules that people wrote would take, before anybody uses them: how many customers, and how many of them another rule takes too."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import NOBODYS, apply
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.train_test_periods import TIERING
from assets.segments.discovery.traits import Trait


@dataclass(frozen=True)
class Preview:
    """One rule. `gets`: people it would have, when rules before it have chosen; `shared`: people in common, by the other rule."""

    name: str
    rule: str
    people: int
    share: float | None
    gets: int
    shared: Mapping[str, int]


def with_average(features: pd.DataFrame) -> pd.DataFrame:
    """The rows of segments/customer_features with the average order, empty for those without one."""
    orders = features["orders"].astype(float)
    return features.assign(average_order=features["revenue"].astype(float) / orders.where(orders > 0))


def traits_of_features(known: Mapping[str, str]) -> dict[str, Trait]:
    """What a rule may ask for, by name: these traits (name to kind), and purchases."""
    return {trait.name: trait for trait in (*(Trait(*one) for one in known.items()), *TIERING)}


def preview(rows: pd.DataFrame, rules: Mapping[str, Rule]) -> list[Preview]:
    """Size and overlap of each rule, in their order of priority."""
    masks = {name: rule.mask(rows) for name, rule in rules.items()}
    at = apply(tuple(rules.values()), rows) if rules else np.full(len(rows), NOBODYS)
    return [
        Preview(
            name,
            rules[name].words,
            int(mask.sum()),
            float(mask.mean()) if len(rows) else None,
            int((at == place).sum()),
            {other: int((mask & theirs).sum()) for other, theirs in masks.items() if other != name},
        )
        for place, (name, mask) in enumerate(masks.items())
    ]
