"""A card per segment, kept or refused: its rule, who is in it, what it is worth, the tests with their numbers, and what to do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import apply
from assets.segments.discovery.candidate_tests import Ground, Test
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.traits import TEXT

ACTIVE, EXPIRED, REFUSED = "active", "expired", "refused"
DISCOVERED, WRITTEN = "discovered", "written"
YEAR = 365.0
TYPICAL = 1.5
"""A level this many times as frequent in a segment as among all customers is worth saying."""
CARD = [
    "segment_id", "segment", "origin", "priority", "rule", "rule_sql", "definition", "size", "share", "value", "about", "action", "state", "why", "tests", "way", "k",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class Entry:
    """A segment with its tests, before it is a card. `means` are its mean outcomes in the time of the tests."""

    segment_id: str
    segment: str
    origin: str
    rule: Rule
    tests: Mapping[str, Test]
    state: str
    way: str = ""
    k: int = 0
    action: str | None = None
    means: Mapping[str, float] | None = None


def card_rows(entries: Sequence[Entry], ground: Ground | None) -> pd.DataFrame:
    """The cards, active ones first and by priority; size and share are of those who are in no segment before."""
    if ground is None or not entries:
        return pd.DataFrame(columns=CARD)
    ordered = sorted(entries, key=lambda one: one.state != ACTIVE)
    active = [one for one in ordered if one.state == ACTIVE]
    at = apply(tuple(one.rule for one in active), ground.now)
    rows = []
    for place, one in enumerate(ordered):
        inside = at == place if one.state == ACTIVE else one.rule.mask(ground.now)
        value = _value(one, ground)
        rows.append(
            {
                "segment_id": one.segment_id, "segment": one.segment, "origin": one.origin, "priority": place + 1, "rule": one.rule.words,
                "rule_sql": one.rule.sql, "definition": one.rule.as_json(), "size": int(inside.sum()), "share": float(inside.mean()), "value": value,
                "about": _about(one, inside, ground), "action": one.action or _action(value, ground), "state": one.state, "why": why(one.tests),
                "tests": dict(one.tests), "way": one.way, "k": one.k,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=CARD)


def why(tests: Mapping[str, Test]) -> str:
    """Which tests are failed, and by how much; empty where none is."""
    return "; ".join(_WORDS[name](one) for name, one in tests.items() if not one["passed"])


def _difference(one: Test) -> str:
    if one["value"] < one["needs"]:
        return f"random groups of the same sizes differ as much in {1 - one['value']:.0%} of draws"
    if one["ratio"] is None:
        return "too few outcomes in the later time to tell a difference"
    return f"its largest clear difference is {one['ratio']:.2f}x in {one['outcome'].replace('_', ' ')} (at least {one['ratio_low']:.2f}x), asked is {one['ratio_needs']:.2f}x"


_WORDS: dict[str, Callable[[Test], str]] = {
    "jaccard": lambda one: (
        f"resampled customers give only {one['value']:.0%} of it again (asked {one['needs']:.0%})"
    ),
    "stability": lambda one: (
        f"two halves of time divide customers differently (agreement {one['value']:.2f}, asked {one['needs']:.2f})"
    ),
    "difference": _difference,
    "fidelity": lambda one: (
        f"its rule gives {one['value']:.0%} of the model's labels (asked {one['needs']:.0%})"
    ),
    "size": lambda one: f"{one['value']:,} people are too few (asked {one['needs']:,})",
    "action": lambda one: (
        f"another segment is within {one['needs']:.2f}x of it in everything: both would be treated alike"
    ),
    "drift": lambda one: (
        f"it drifted by {one['value']:.2f} since the week before (at most {one['needs']:.2f})"
    ),
}


def _value(one: Entry, ground: Ground) -> float:
    """Value of 365 days per customer, at the pace of the time of the tests."""
    days = float((ground.periods.as_of - ground.periods.split).astype(float))
    mean = (one.means or {}).get("value", np.nan)
    return float(mean) * YEAR / days if days > 0 else np.nan


def _action(value: float, ground: Ground) -> str:
    """What to do with people worth this much, beside the average customer."""
    days = float((ground.periods.as_of - ground.periods.split).astype(float))
    usual = float(ground.outcomes["value"].mean()) * YEAR / days if days > 0 else 0.0
    if not np.isfinite(value) or usual <= 0:
        return "Watch it: too little is known of its value."
    index = value / usual
    if index >= 1.2:
        return f"Worth {index:.0%} of the average customer: let targets follow up to that, give it budget of its own, and use it as seed for similar audiences."
    if index <= 0.8:
        return f"Worth {index:.0%} of the average customer: ask for a higher return before spending on it, and leave it out of campaigns for customers of value."
    return "Worth about the average customer: keep the usual target, and speak to what they have in common."


def _about(one: Entry, inside: np.ndarray, ground: Ground) -> str:
    """What its customers have in common beyond the rule, and how they buy."""
    said = []
    for trait in ground.periods.known.traits:
        if trait.kind != TEXT or trait.name in one.rule.traits or not inside.any():
            continue
        values = ground.now[trait.name]
        own, usual = values[inside].value_counts(normalize=True), values.value_counts(normalize=True)
        if len(own) and own.iloc[0] >= 0.3 and own.iloc[0] >= TYPICAL * usual[own.index[0]]:
            said.append(
                f"{trait.name.replace('_', ' ')} {own.index[0]} ({own.iloc[0]:.0%}, of all {usual[own.index[0]]:.0%})"
            )
    means = one.means or {}
    bought = ""
    if np.isfinite(means.get("conversion", np.nan)):
        bought = f"{means['conversion']:.0%} bought in the time of the tests"
        if np.isfinite(means.get("average_order", np.nan)):
            bought += f", for {means['average_order']:,.2f} an order"
        bought += "."
    typical = f"Typical: {'; '.join(said[:3])}." if said else ""
    return " ".join(part for part in (bought, typical) if part)
