"""The customer segments of the newest week, as the page shows them: those that hold, and those that expired
and should not be aimed at.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.reports.pages.day_frames import known

SHOWN = ("active", "expired")


TESTS = {
    "jaccard": "Found again in resampled customers",
    "stability": "Same in both halves of time",
    "difference": "Differs more than random groups",
    "fidelity": "Rule gives the model's labels",
    "size": "People after the match rate",
    "action": "Apart from every other segment",
    "drift": "Drift since the week before",
}


@dataclass(frozen=True)
class SegmentTest:
    """One of the tests: its number, what is asked, and whether it holds."""

    name: str
    value: float | None
    needs: float | None
    passed: bool


@dataclass(frozen=True)
class SegmentCard:
    """One segment. `value` is expected of 365 days per customer, reporting currency."""

    segment_id: str
    name: str
    rule: str
    people: int
    share: float
    value: float | None
    about: str
    channels: str
    action: str
    state: str
    why: str
    tests: tuple[SegmentTest, ...]
    drift: float | None
    """Population stability index against the week before."""


@dataclass(frozen=True)
class SegmentCards:
    """The cards of a week, active ones first; `refused` counts groups that failed a test, `in_segments` the
    share of customers in one.
    """

    week_to: date
    rows: tuple[SegmentCard, ...]
    refused: int
    in_segments: float


def segments_of(cards: pd.DataFrame, *, as_of: date) -> SegmentCards | None:
    """What to show of segments/cards on that day: the newest week that was over; None where there is none."""
    past = cards[cards["day"] <= pd.Timestamp(as_of)] if len(cards) else cards
    if past.empty:
        return None
    week = past[past["day"] == past["day"].max()].sort_values("priority")
    shown = week[week["state"].isin(SHOWN)]
    return SegmentCards(
        week_to=week["day"].max().date(),
        rows=tuple(_card(line) for line in shown.to_dict("records")),
        refused=int((week["state"] == "refused").sum()),
        in_segments=float(week.loc[week["state"] == "active", "share"].sum()),
    )


def _card(line: Mapping[str, Any]) -> SegmentCard:
    text = {
        key: line[key] if isinstance(line[key], str) else "" for key in ("about", "channels", "why", "action")
    }
    return SegmentCard(
        segment_id=line["segment_id"],
        name=line["segment"],
        rule=line["rule"],
        people=int(line["people"]),
        share=float(line["share"]),
        value=known(line["value_mean"]),
        state=line["state"],
        tests=_tests(line.get("tests")),
        drift=None if line.get("drift") is None else known(line["drift"]),
        **text,
    )


def _tests(given: Any) -> tuple[SegmentTest, ...]:
    held = json.loads(given) if isinstance(given, str) and given else {}
    return tuple(
        SegmentTest(words, known(held[name]["value"]), known(held[name]["needs"]), bool(held[name]["passed"]))
        for name, words in TESTS.items()
        if name in held
    )
