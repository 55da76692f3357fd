"""Weekly segments from the lake: what is read, and how cards and customers become rows.

Only traits that do not change with the time of reading form segments: today's visits contain the test
period, and consent describes nothing about a customer.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from assets.formatting.markdown import as_markdown_text, markdown_table
from assets.segments.discovery.cards import ACTIVE, EXPIRED, WRITTEN
from assets.segments.discovery.discovery import Segmentation, segment
from assets.segments.discovery.drift import drift
from assets.segments.discovery.rules import rule_of
from assets.segments.discovery.search import PreviousSegment
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.policy.segments import Segments
from resources.tables.crm_core import OUTCOMES
from resources.tables.segments import AUDIENCES, CARDS, CUSTOMER_FEATURES, CUSTOMERS

TRAITS = [
    "country",
    "region",
    "language",
    "industry",
    "company_size",
    "account_tier",
    "technology",
    "first_channel",
    "content",
    "use_case",
    "pain",
    "search_topic",
]
ASKED = ["customer_id", *TRAITS, "tenure_days"]
WEEK = timedelta(days=7)
ORDERS = """
select person_id as customer_id, day, cast(value_reporting as double) as value from core.outcomes
where kind = 'order' and person_id is not null and value_reporting is not null and day <= $day
"""


@dataclass(frozen=True)
class WeekSegments:
    """Rows of segments/customers and segments/cards, what was tried, and which audiences target expired
    segments.
    """

    customers: pa.Table
    cards: pd.DataFrame
    report: pd.DataFrame
    flagged: tuple[str, ...]


def week_on(lake: Lake, sunday: date, policy: Segments, *, now: datetime) -> WeekSegments | None:
    """The week that ended on that Sunday; None where no customer features exist for it."""
    features = of_day(lake, CUSTOMER_FEATURES, sunday)
    if features.empty:
        return None
    orders = lake.arrow(ORDERS, OUTCOMES, parameters={"day": sunday}).to_pandas()
    segmentation = segment(
        features[ASKED],
        orders,
        as_of=sunday,
        policy=policy,
        previous=previous_segments(of_day(lake, CARDS, sunday - WEEK)),
    )
    cards = _cards(segmentation, features, _before(lake, sunday - WEEK), policy)
    active = set(cards.loc[cards["state"] == ACTIVE, "segment_id"])
    origin = dict(zip(cards["segment_id"], cards["origin"], strict=True))
    members = segmentation.assignments[segmentation.assignments["segment_id"].isin(active)]
    members = members.assign(day=sunday, origin=members["segment_id"].map(origin), pulled_at=now)
    cards = cards.assign(day=sunday, pulled_at=now)
    return WeekSegments(as_rows(CUSTOMERS, members), cards, segmentation.report, _flagged(lake, cards))


def of_day(lake: Lake, table: Table, day: date) -> pd.DataFrame:
    return lake.read(table, where={"day": (day, day)})


def previous_segments(cards: pd.DataFrame) -> list[PreviousSegment]:
    """The discovered segments that were active on these cards, by priority."""
    active_cards = cards[(cards["state"] == ACTIVE) & (cards["origin"] != WRITTEN)] if len(cards) else cards
    return [
        PreviousSegment(
            row.segment_id,
            row.segment,
            rule_of(row.definition),
            row.way,
            int(row.asked_for),
            json.loads(row.tests)["fidelity"]["value"],
        )
        for row in (active_cards.sort_values("priority").itertuples() if len(active_cards) else ())
    ]


def _before(lake: Lake, sunday: date) -> pd.DataFrame:
    """Members in the previous week with their traits at that time."""
    members, features = of_day(lake, CUSTOMERS, sunday), of_day(lake, CUSTOMER_FEATURES, sunday)
    return members[["customer_id", "segment_id"]].merge(features, on="customer_id")


def _cards(
    segmentation: Segmentation, features: pd.DataFrame, before: pd.DataFrame, policy: Segments
) -> pd.DataFrame:
    members = segmentation.assignments.dropna(subset="segment_id").merge(features, on="customer_id")
    rows = []
    for card in segmentation.cards.to_dict("records"):
        inside = members[members["segment_id"] == card["segment_id"]]
        earlier = before[before["segment_id"] == card["segment_id"]]
        moved = drift(inside, earlier, [*TRAITS, "orders"]) if card["state"] == ACTIVE else None
        worth = inside["mean_value"].dropna()
        mean = float(worth.mean()) if len(worth) else card["value"]
        state, why = card["state"], card["why"]
        if moved is not None and moved > policy.drift:
            drift_note = f"it drifted by {moved:.2f} since the week before (at most {policy.drift:.2f})"
            state, why = EXPIRED, "; ".join(part for part in (why, drift_note) if part)
        channels = inside["first_channel"].dropna().value_counts(normalize=True).head(3)
        rows.append(
            card
            | {
                "people": card["size"],
                "value_mean": mean,
                "value_total": mean * card["size"],
                "asked_for": card["k"],
                "drift": moved,
                "state": state,
                "why": why,
                "channels": ", ".join(f"{name} {share:.0%}" for name, share in channels.items()) or None,
                "tests": json.dumps(card["tests"]),
            }
        )
    return pd.DataFrame(
        rows, columns=[name for name in CARDS.schema.names if name not in {"day", "pulled_at"}]
    )


def _flagged(lake: Lake, cards: pd.DataFrame) -> tuple[str, ...]:
    """Platform audiences that hold an expired segment: campaigns that use them target no valid segment."""
    expired = dict(
        zip(
            cards.loc[cards["state"] == EXPIRED, "segment_id"],
            cards.loc[cards["state"] == EXPIRED, "why"],
            strict=True,
        )
    )
    held = lake.read(AUDIENCES) if expired else pd.DataFrame()
    if held.empty:
        return ()
    held = held[
        (held["day"] == held["day"].max()) & held["segment_id"].isin(expired) & held["audience_id"].notna()
    ]
    return tuple(
        f"{row.platform} account {row.account_id}, audience {row.audience_id}: campaigns that "
        f"{row.purpose} it use {row.segment_id}, which expired: {expired[row.segment_id]}."
        for row in held.itertuples()
    )


def as_rows(table: Table, rows: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(
        rows.reindex(columns=table.schema.names), schema=table.schema, preserve_index=False
    )


def card_words(card: dict[str, Any]) -> str:
    """A card in Markdown, for the Dagster UI."""
    lines = [
        f"### {as_markdown_text(card['segment'])} ({card['state']})",
        f"**Rule.** {as_markdown_text(card['rule'])}",
        f"**Size.** {card['people']:,} customers, {card['share']:.1%} of all.",
    ]
    if pd.notna(card["value_mean"]):
        lines.append(f"**Value.** {card['value_mean']:,.2f} expected of 365 days per customer.")
    lines += [f"**About.** {as_markdown_text(card['about'])}"] if card["about"] else []
    lines += (
        [f"**Channels.** {as_markdown_text(card['channels'])}"] if isinstance(card["channels"], str) else []
    )
    lines += [f"**What to do.** {as_markdown_text(card['action'])}"]
    lines += [f"**Why {card['state']}.** {as_markdown_text(card['why'])}"] if card["why"] else []
    tests = json.loads(card["tests"])
    results = [
        (
            name,
            f"{test['value']:,.3g}",
            f"{test['needs']:,.3g}",
            "passed" if test["passed"] else "failed",
        )
        for name, test in tests.items()
    ]
    lines.append(markdown_table(("test", "value", "needs", ""), results))
    return "\n\n".join(lines)
