"""segments/customers and segments/cards on a real lake: a card per segment, kept from week to week,
expired when it no longer holds.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from assets.reports.pages.segments import segments_of
from assets.segments.discovery import drift
from assets.segments.discovery.assets import segments
from assets.segments.discovery.inputs import as_rows, card_words
from benchmarks.segment_worlds import AS_OF, SegmentWorld, draw
from resources.lake.lake import Lake
from resources.policy.segments import Segments
from resources.tables.crm_core import OUTCOMES
from resources.tables.segments import AUDIENCES, CARDS, CUSTOMER_FEATURES, CUSTOMERS

SUNDAY = AS_OF.date()
MONDAY = SUNDAY - timedelta(days=6)
WEEK = timedelta(days=7)
NOW = datetime(2026, 7, 6, 6, tzinfo=UTC)
POLICY = Segments(platform_minimum={"google_ads": 30}, match_rate={"google_ads": 0.5})


class _Policy:
    segments = POLICY


class _Desk:
    """What the asset asks of a services: the policy."""

    @staticmethod
    def policy() -> type[_Policy]:
        return _Policy


class _Clock:
    """What the asset asks of the CRMs: the time."""

    @staticmethod
    def now() -> datetime:
        return NOW


def fill(lake: Lake, world: SegmentWorld, sunday: date, *, reshuffled: bool = False) -> None:
    """Features and orders of a world, as the assets before this one leave them."""
    traits = world.customers.rename(columns={"visits": "tenure_days"}).assign(tenure_days=600.0)
    if reshuffled:
        order = np.random.default_rng(1).permutation(len(traits))
        ids = traits["customer_id"]
        traits = traits.iloc[order].reset_index(drop=True).assign(customer_id=ids)
    orders = world.transactions.groupby("customer_id")["value"].agg(orders="size", revenue="sum")
    rows = traits.merge(orders, on="customer_id", how="left").fillna({"orders": 0.0, "revenue": 0.0})
    rows = rows.assign(
        day=sunday, pulled_at=NOW, expected_value=rows["revenue"] / 2, orders=rows["orders"].astype(float)
    )
    lake.replace(CUSTOMER_FEATURES, as_rows(CUSTOMER_FEATURES, rows), where={"day": (sunday, sunday)})
    t = world.transactions
    outcomes = pd.DataFrame(
        {
            "kind": "order",
            "outcome_id": [f"o{n}" for n in range(len(t))],
            "person_id": t["customer_id"],
            "at": t["day"].dt.tz_localize("UTC"),
            "day": t["day"],
            "is_shop": "order",
            "value_reporting": [Decimal(f"{amount:.6f}") for amount in t["value"]],
            "pulled_at": NOW,
        }
    )
    lake.replace(
        OUTCOMES, as_rows(OUTCOMES, outcomes.reindex(columns=OUTCOMES.schema.names).astype({"value": object}))
    )


def materialize(lake: Lake, monday: date) -> dg.ExecuteInProcessResult:
    given = {"lake": lake, "services": _Desk(), "crms": _Clock()}
    resources = {name: dg.ResourceDefinition.hardcoded_resource(value) for name, value in given.items()}
    return dg.materialize([segments], resources=resources, partition_key=monday.isoformat())


def cards_of(lake: Lake, sunday: date) -> pd.DataFrame:
    return lake.read(CARDS, where={"day": (sunday, sunday)})


@pytest.fixture(scope="module")
def world() -> SegmentWorld:
    return draw("separable", seed=21, size=1500)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, world: SegmentWorld) -> Lake:
    """Two weeks that are alike, and a third in which traits are those of other people."""
    filled = Lake(tmp_path_factory.mktemp("cards") / "lake")
    fill(filled, world, SUNDAY)
    materialize(filled, MONDAY)
    fill(filled, world, SUNDAY + WEEK)
    materialize(filled, MONDAY + WEEK)
    held = cards_of(filled, SUNDAY + WEEK)
    audience = {
        "day": SUNDAY + WEEK,
        "segment_id": held.loc[held["state"] == "active", "segment_id"].iloc[0],
        "platform": "google_ads",
        "account_id": "1",
        "audience_id": "77",
        "purpose": "target",
        "members": 100,
        "to_add": 0,
        "to_remove": 0,
        "without_consent": 0,
        "without_identifier": 0,
        "state": "in step",
        "pulled_at": NOW,
        "read_at": NOW,
    }
    filled.append(AUDIENCES, as_rows(AUDIENCES, pd.DataFrame([audience])))
    fill(filled, world, SUNDAY + 2 * WEEK, reshuffled=True)
    return filled


def test_cards_say_rule_size_value_tests_and_what_to_do(lake: Lake) -> None:
    cards = cards_of(lake, SUNDAY)
    held = cards[cards["state"] == "active"]
    assert len(held) >= 3
    assert (held["value_total"] / held["people"] - held["value_mean"]).abs().max() < 1e-6
    for card in held.to_dict("records"):
        assert set(json.loads(card["tests"])) == {
            "jaccard",
            "stability",
            "difference",
            "fidelity",
            "size",
            "action",
        }
        words = card_words(card)
        assert card["segment"] in words
        assert card["action"] in words
        assert "| difference |" in words


def test_members_are_those_that_the_cards_count(lake: Lake) -> None:
    members = lake.read(CUSTOMERS, where={"day": (SUNDAY, SUNDAY)})
    cards = cards_of(lake, SUNDAY)
    held = cards[cards["state"] == "active"].set_index("segment_id")
    assert members["segment_id"].value_counts().to_dict() == held["people"].to_dict()
    assert members["customer_id"].is_unique
    features = lake.read(CUSTOMER_FEATURES, where={"day": (SUNDAY, SUNDAY)})
    assert set(members["customer_id"]) <= set(features["customer_id"])


def test_the_next_week_keeps_the_same_segments(lake: Lake) -> None:
    first, second = cards_of(lake, SUNDAY), cards_of(lake, SUNDAY + WEEK)
    columns = ["segment_id", "segment", "definition", "state"]
    is_held = first["state"] == "active"
    pd.testing.assert_frame_equal(
        second.loc[second["state"] == "active", columns].reset_index(drop=True),
        first.loc[is_held, columns].reset_index(drop=True),
    )
    assert (second["drift"].dropna() < 0.05).all()
    assert second["drift"].notna().any()


def test_making_a_week_again_replaces_it(lake: Lake) -> None:
    before = cards_of(lake, SUNDAY)
    materialize(lake, MONDAY)
    pd.testing.assert_frame_equal(cards_of(lake, SUNDAY), before)


def test_a_segment_that_holds_no_more_expires_and_its_campaigns_are_told(lake: Lake) -> None:
    result = materialize(lake, MONDAY + 2 * WEEK)
    cards = cards_of(lake, SUNDAY + 2 * WEEK)
    before = cards_of(lake, SUNDAY + WEEK)
    was = set(before.loc[before["state"] == "active", "segment_id"])
    expired = cards[cards["state"] == "expired"]
    assert set(expired["segment_id"]) == was
    assert expired["why"].str.len().min() > 10
    assert lake.count(CUSTOMERS, where={"day": (SUNDAY + 2 * WEEK, SUNDAY + 2 * WEEK)}) == 0
    materialized = {
        event.asset_key: event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
    }
    metadata = materialized[CARDS.asset_key].metadata["campaigns to stop"].value
    assert "audience 77" in metadata
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    page = segments_of(cards, as_of=SUNDAY + 2 * WEEK)
    assert page is not None
    assert {row.state for row in page.rows} == {"expired"}
    assert page.in_segments == 0


def test_a_week_of_which_nothing_is_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(dg.Failure, match="Materialize segments/customer_features"):
        materialize(Lake(tmp_path / "lake"), MONDAY)


def test_drift_is_large_for_other_people_and_none_by_chance() -> None:
    rng = np.random.default_rng(4)
    same = [
        pd.DataFrame({"country": rng.choice(["DE", "FR", "NL"], 300), "orders": rng.poisson(3, 300)})
        for _ in range(2)
    ]
    other = same[0].assign(country=rng.choice(["DE", "FR", "NL"], 300, p=[0.9, 0.05, 0.05]))
    assert drift.drift(*same, ["country", "orders"]) < 0.05
    assert drift.drift(other, same[1], ["country"]) > 0.4
    assert drift.drift(other.head(0), same[1], ["country"]) is None


def test_the_page_has_no_section_without_cards(lake: Lake) -> None:
    assert segments_of(pd.DataFrame(), as_of=SUNDAY) is None
    assert segments_of(lake.read(CARDS), as_of=SUNDAY - WEEK) is None
    page = segments_of(lake.read(CARDS), as_of=SUNDAY + timedelta(days=3))
    assert page is not None
    assert page.week_to == SUNDAY
