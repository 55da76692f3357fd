"""A card per segment, active or refused: rule, members, value, test results and recommended action."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import apply
from assets.segments.discovery.candidate_tests import EvaluationData, Test
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.traits import TEXT

ACTIVE, EXPIRED, REFUSED = "active", "expired", "refused"
DISCOVERED, WRITTEN = "discovered", "written"
YEAR = 365.0
TYPICAL = 1.5
"""A level this many times as frequent in a segment as among all customers is mentioned."""
CARD = [
    "segment_id",
    "segment",
    "origin",
    "priority",
    "rule",
    "rule_sql",
    "definition",
    "size",
    "share",
    "value",
    "about",
    "action",
    "state",
    "why",
    "tests",
    "way",
    "k",
]


@dataclass(frozen=True, eq=False)
class TestedSegment:
    """A segment with its test results, before it becomes a card. `means` are its mean outcomes in the test
    period.
    """

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


def card_rows(entries: Sequence[TestedSegment], evaluation: EvaluationData | None) -> pd.DataFrame:
    """The cards, active ones first and by priority; size and share exclude members of earlier segments."""
    if evaluation is None or not entries:
        return pd.DataFrame(columns=CARD)
    ordered = sorted(entries, key=lambda entry: entry.state != ACTIVE)
    active = [entry for entry in ordered if entry.state == ACTIVE]
    at = apply(tuple(entry.rule for entry in active), evaluation.now)
    rows = []
    for number, entry in enumerate(ordered):
        inside = at == number if entry.state == ACTIVE else entry.rule.mask(evaluation.now)
        value = _value(entry, evaluation)
        rows.append(
            {
                "segment_id": entry.segment_id,
                "segment": entry.segment,
                "origin": entry.origin,
                "priority": number + 1,
                "rule": entry.rule.words,
                "rule_sql": entry.rule.sql,
                "definition": entry.rule.as_json(),
                "size": int(inside.sum()),
                "share": float(inside.mean()),
                "value": value,
                "about": _about(entry, inside, evaluation),
                "action": entry.action or _action(value, evaluation),
                "state": entry.state,
                "why": why(entry.tests),
                "tests": dict(entry.tests),
                "way": entry.way,
                "k": entry.k,
            }
        )
    return pd.DataFrame(rows, columns=CARD)


def why(tests: Mapping[str, Test]) -> str:
    """Which tests failed, and by how much; empty where none did."""
    return "; ".join(_WORDS[name](test) for name, test in tests.items() if not test["passed"])


def _difference(test: Test) -> str:
    if test["value"] < test["needs"]:
        return f"random groups of the same sizes differ as much in {1 - test['value']:.0%} of draws"
    if test["ratio"] is None:
        return "too few outcomes in the later time to tell a difference"
    return (
        f"its largest clear difference is {test['ratio']:.2f}x in {test['outcome'].replace('_', ' ')} (at "
        f"least {test['ratio_low']:.2f}x), asked is {test['ratio_needs']:.2f}x"
    )


_WORDS: dict[str, Callable[[Test], str]] = {
    "jaccard": lambda test: (
        f"resampled customers give only {test['value']:.0%} of it again (asked {test['needs']:.0%})"
    ),
    "stability": lambda test: (
        f"two halves of time divide customers differently (agreement {test['value']:.2f}, asked "
        f"{test['needs']:.2f})"
    ),
    "difference": _difference,
    "fidelity": lambda test: (
        f"its rule gives {test['value']:.0%} of the model's labels (asked {test['needs']:.0%})"
    ),
    "size": lambda test: f"{test['value']:,} people are too few (asked {test['needs']:,})",
    "action": lambda test: (
        f"another segment is within {test['needs']:.2f}x of it in everything: both would be treated alike"
    ),
    "drift": lambda test: (
        f"it drifted by {test['value']:.2f} since the week before (at most {test['needs']:.2f})"
    ),
}


def _value(entry: TestedSegment, evaluation: EvaluationData) -> float:
    """Value of 365 days per customer, at the pace of the test period."""
    days = float((evaluation.periods.as_of - evaluation.periods.split).astype(float))
    mean = (entry.means or {}).get("value", np.nan)
    return float(mean) * YEAR / days if days > 0 else np.nan


def _action(value: float, evaluation: EvaluationData) -> str:
    """Recommended action for customers worth this much, compared with the average customer."""
    days = float((evaluation.periods.as_of - evaluation.periods.split).astype(float))
    usual = float(evaluation.outcomes["value"].mean()) * YEAR / days if days > 0 else 0.0
    if not np.isfinite(value) or usual <= 0:
        return "Watch it: too little is known of its value."
    index = value / usual
    if index >= 1.2:
        return (
            f"Worth {index:.0%} of the average customer: let targets follow up to that, give it budget of "
            "its own, and use it as seed for similar audiences."
        )
    if index <= 0.8:
        return (
            f"Worth {index:.0%} of the average customer: ask for a higher return before spending on it, "
            "and leave it out of campaigns for customers of value."
        )
    return "Worth about the average customer: keep the usual target, and speak to what they have in common."


def _about(entry: TestedSegment, inside: np.ndarray, evaluation: EvaluationData) -> str:
    """What the members share beyond the rule, and how they buy."""
    typical_levels = []
    for trait in evaluation.periods.known.traits:
        if trait.kind != TEXT or trait.name in entry.rule.traits or not inside.any():
            continue
        values = evaluation.now[trait.name]
        shares_inside, shares_overall = (
            values[inside].value_counts(normalize=True),
            values.value_counts(normalize=True),
        )
        if (
            len(shares_inside)
            and shares_inside.iloc[0] >= 0.3
            and shares_inside.iloc[0] >= TYPICAL * shares_overall[shares_inside.index[0]]
        ):
            typical_levels.append(
                f"{trait.name.replace('_', ' ')} {shares_inside.index[0]} ({shares_inside.iloc[0]:.0%}, "
                f"of all {shares_overall[shares_inside.index[0]]:.0%})"
            )
    means = entry.means or {}
    bought = ""
    if np.isfinite(means.get("conversion", np.nan)):
        bought = f"{means['conversion']:.0%} bought in the time of the tests"
        if np.isfinite(means.get("average_order", np.nan)):
            bought += f", for {means['average_order']:,.2f} an order"
        bought += "."
    typical = f"Typical: {'; '.join(typical_levels[:3])}." if typical_levels else ""
    return " ".join(part for part in (bought, typical) if part)
