"""signals/anomalies as Dagster runs it, over the platforms' wires: incidents of a market that is known, told
once, with their cause.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from assets.core.conversion_lag.assets import keep, learned
from assets.signals.anomalies.assets import anomalies
from assets.signals.anomalies.inputs import HISTORY_DAYS
from benchmarks.days import Days
from orchestration.schedules import day_range_tags
from resources.policy.policy import Policy
from resources.tables.signals import ANOMALIES, WATCHED
from sandbox.incidents import Incident

PLAIN: dict[str, Any] = {"permissions": [{"level": "propose"}], "caps": {}, "approvers": {}}
WHERE = {"platform": "google_ads", "account_id": "1000000077"}


@pytest.fixture
def market_days(days: Days) -> Days:
    """Twelve weeks, of which the last days have an incident at Google; read twice, on two mornings."""
    days.first += timedelta(days=60)
    start = days.first - timedelta(days=2)
    days.stage.market.diary.add([Incident(kind="cpc_jump", **WHERE, first_day=start, days=20, size=2.5)])
    days.run(days.first - timedelta(days=1), first=days.first - timedelta(days=HISTORY_DAYS))
    days.run(days.first)
    keep(days.lake, learned(days.lake, until=days.stage.clock.now()), at=days.stage.clock.now())
    return days


def materialized(days: Days, *, count: int = 1, **policy: Any) -> dg.ExecuteInProcessResult:
    ledger = SimpleNamespace(writes=SimpleNamespace(since=lambda _: []), clock=days.stage.clock.now)
    services = SimpleNamespace(policy=lambda: Policy.model_validate(PLAIN | policy), ledger=ledger)
    first = days.first - timedelta(days=count - 1)
    return dg.materialize(
        [anomalies],
        resources={"lake": days.lake, "services": services, "platforms": days.platforms},
        tags=day_range_tags(first.isoformat(), days.first.isoformat()),
    )


def test_a_dearer_auction_is_one_incident_of_its_account_with_what_is_below_it_as_parts(
    market_days: Days,
) -> None:
    materialized(market_days)
    incidents = market_days.lake.read(ANOMALIES)
    (top,) = incidents[incidents["part_of"].isna()].to_dict("records")
    assert (top["platform"], top["level"], top["state"]) == ("google_ads", "account", "open")
    assert (top["metric"], top["is_good"], top["severity"]) == ("cpc", False, "high")
    assert {"cpc"} <= set(", ".join(incidents["metrics"]).split(", "))
    assert top["value"] > top["high"]
    assert pd.Timestamp(top["began"]).date() >= market_days.first - timedelta(days=2)
    assert set(incidents[incidents["part_of"].notna()]["part_of"]) <= set(incidents["incident_id"])
    assert top["stake"] > 0
    assert "mostly price of impressions" in top["cause"]
    watched = market_days.lake.read(WATCHED).set_index("platform")
    assert watched["series"].to_dict() == {
        "google_ads": 8,
        "linkedin_ads": 7,
        "meta_ads": 0,
    }  # in Honolulu the day was not over
    assert watched.loc["linkedin_ads", "flags"] == 0


def test_an_incident_keeps_its_name_from_one_morning_to_the_next(market_days: Days) -> None:
    materialized(market_days, count=2)
    incidents = market_days.lake.read(ANOMALIES)
    place = ["platform", "account_id", "campaign_id", "ad_set_id"]
    names = (
        incidents.fillna({"campaign_id": "", "ad_set_id": ""})
        .groupby(place)["incident_id"]
        .agg(["nunique", "size"])
    )
    assert (names["size"] == 2).sum() >= 3
    assert (names["nunique"] == 1).all()


def test_days_on_the_calendar_are_not_told_of(market_days: Days) -> None:
    special = {
        "name": "clearance",
        "first": market_days.first - timedelta(days=3),
        "last": market_days.first,
        "account": "google_ads 1000000077",
    }
    materialized(market_days, calendar=[special])
    assert market_days.lake.read(ANOMALIES).empty


def test_a_quiet_morning_says_how_much_was_looked_at_and_late_days_are_not_flagged(days: Days) -> None:
    days.first += timedelta(days=60)
    days.run(days.first, first=days.first - timedelta(days=HISTORY_DAYS))
    keep(days.lake, learned(days.lake, until=days.stage.clock.now()), at=days.stage.clock.now())
    result = materialized(days)
    market_days = {
        str(e.asset_key.path[-1]): e.materialization.metadata
        for e in result.get_asset_materialization_events()
    }
    assert market_days["anomalies"]["open"].value == 0
    # In Honolulu the day was not over when it was read: its account, two campaigns and four ad sets are not
    # judged.
    assert market_days["anomalies"]["series tested"].value == 15
    assert days.lake.read(WATCHED).set_index("platform").loc["meta_ads", "young"] == 7
    assert days.lake.read(ANOMALIES).empty
