"""The customer segments of the newest week, as the page shows them: those that hold, and those that expired and should not be aimed at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from assets.report.days import known

SHOWN = ("active", "expired")


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


@dataclass(frozen=True)
class SegmentCards:
    """The cards of a week, active ones first; `refused` counts groups that failed a test, `in_segments` the share of customers in one."""

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
        segment_id=line["segment_id"], name=line["segment"], rule=line["rule"], people=int(line["people"]), share=float(line["share"]),
        value=known(line["value_mean"]), state=line["state"], **text,
    )  # fmt: skip
