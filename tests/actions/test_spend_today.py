"""Spend of the running day, from the wires to a proposal: read every hour, held against hard caps, told and proposed."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from assets.actions.spend_stops import assets as stops
from assets.raw.spend_today import assets as raw
from assets.reports.notifications.notice import NOW
from assets.reports.notifications.signal_notices import NoticeContext, spend_notices
from assets.signals.spend_today import assets as signals
from assets.signals.spend_today.judge import campaigns_today, day_share, judged
from resources.action_services import ActionServices
from resources.lake.lake import Lake
from resources.ledger.states import State
from resources.policy.budgets import Budget
from resources.tables.spend_today import SPEND_TODAY, SPEND_WATCH
from tests.actions.conftest import NOON, Office
from tests.wire.google_client import official, streamed

EUROPE = "google_ads 1000000001"


@pytest.fixture
def lake(figures_at_noon: Lake, tmp_path: Path) -> Lake:
    """The figures in a lake that this test may write to."""
    shutil.copytree(figures_at_noon.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


@pytest.fixture
def watched(office: Office, lake: Lake, tmp_path: Path) -> Callable[[float], ActionServices]:
    """Runs the hour's job with a hard cap on the German search account; the services it ran with."""

    def run(cap: float) -> ActionServices:
        budgets = tmp_path / "budgets.yaml"
        budgets.write_text(
            f"budgets:\n  - {{name: Search, covers: [{EUROPE}], amount: {cap}, currency: EUR, hard_cap: true}}\n"
        )
        settings = office.services.settings.model_copy(
            update={"budgets_file": budgets, "has_named_budgets": True, "lake_uri": lake.root}
        )
        services = ActionServices(settings, office.services.platforms)
        result = dg.materialize(
            [raw.spend_today, signals.spend_watch, stops.action_spend_stops],
            resources={
                "lake": lake,
                "settings": settings,
                "platforms": office.services.platforms,
                "services": services,
            },
        )
        assert result.success
        return services

    return run


def rows(lake: Lake) -> dict[str, dict[str, Any]]:
    return {row["series_id"]: row for row in lake.read(SPEND_WATCH).to_dict("records")}


def test_a_cap_that_breaks_today_is_told_and_pauses_are_proposed_once(
    office: Office, lake: Lake, watched: Callable[[float], ActionServices]
) -> None:
    office.sandbox.stage.audit.clear()
    watched(1e9)
    asked = [request["name"] for request in office.sandbox.stage.audit.requests()]
    assert asked.count("Search") <= 2 + 1  # Google: its accounts, and one question for each of two
    client = official(office.services.settings.google_ads)
    query = (
        "SELECT campaign.id, metrics.cost_micros FROM campaign WHERE segments.date BETWEEN '{0}' AND '{0}'"
    )
    theirs = {
        str(row.campaign.id): row.metrics.cost_micros
        for row in streamed(client, query.format(NOON.date()))
        if row.metrics.cost_micros
    }
    stored = lake.arrow(
        f"select campaign_id, spend from raw.{SPEND_TODAY.name} where account_id = '1000000001' and day = $day",
        SPEND_TODAY,
        parameters={"day": NOON.date()},
    ).to_pylist()
    assert {row["campaign_id"]: int(row["spend"] * 1_000_000) for row in stored if row["spend"]} == theirs
    fine = rows(lake)["budget: Search"]
    assert (fine["status"], fine["excess"]) == ("ok", 0.0)
    assert float(fine["spent_today"]) == pytest.approx(sum(theirs.values()) / 1e6)
    month = sum(
        report.spend_micros.sum()
        for report in office.sandbox.stage.market.report(
            office.sandbox.stage.world.of("google_ads")[0], "campaign", date(2026, 11, 1), date(2026, 11, 22)
        )
    )
    assert float(fine["spent_before"]) == pytest.approx(month / 1e6)
    assert spend_notices(lake.read(SPEND_WATCH), CONTEXT) == []

    office.later(hours=1)
    usual, rest = float(fine["usual_day"]), float(fine["expected_rest"])
    assert 0 < rest < usual
    services = watched(float(fine["spent_before"]) + float(fine["spent_today"]) + rest / 2)
    breaking = rows(lake)["budget: Search"]
    assert breaking["status"] == "breaks_today"
    (notice,) = [one for one in spend_notices(lake.read(SPEND_WATCH), CONTEXT) if "cap" in one.topic]
    assert (notice.priority, notice.short) == (NOW, "hard cap breaks today")
    made = [entry.proposal for entry in services.ledger.proposals.entries(states=[State.PROPOSED])]
    assert made
    assert {(one.kind, one.proposer) for one in made} == {("pause_ad_set", "rule:spend_today")}
    assert {one.changes[0].target.account_id for one in made} == {"1000000001"}
    assert not office.writes()  # it proposes; people decide

    office.later(minutes=30)
    services = watched(float(fine["spent_before"]) + float(fine["spent_today"]) + rest / 2)
    again = services.ledger.proposals.entries(states=[State.PROPOSED])
    targets = [entry.proposal.changes[0].target for entry in again]
    assert len(targets) == len(set(targets))


def test_an_account_that_cannot_be_read_makes_its_cap_unknown_and_proposes_nothing(
    office: Office, lake: Lake, watched: Callable[[float], ActionServices]
) -> None:
    office.sandbox.stage.faults.arm("google_ads", "unavailable", times=1_000)
    services = watched(1.0)
    cap = rows(lake)["budget: Search"]
    assert cap["status"] == "unknown"
    assert pd.isna(cap["spent_today"])
    assert services.ledger.proposals.entries() == []


def test_a_day_of_a_clock_change_has_its_own_length() -> None:
    noon = datetime(2026, 10, 25, 11, 0, tzinfo=UTC)  # 12:00 in Berlin, 13 hours into a day of 25
    assert day_share(noon, "Europe/Berlin") == pytest.approx(13 / 25)
    assert day_share(noon, "UTC") == pytest.approx(11 / 24)


def test_yesterday_counts_from_the_newer_reading_and_other_currencies_at_their_rate() -> None:
    today = NOON.date()
    key = {"platform": "meta_ads", "account_id": "1", "campaign_id": "2"}
    closed = pd.DataFrame([{**key, "day": today - timedelta(days=n), "spend": 10.0} for n in range(1, 9)])
    spent = pd.DataFrame(
        [{**key, "day": today - timedelta(days=1), "spend": 24.0}, {**key, "day": today, "spend": 30.0}]
    )
    account = {"platform": "meta_ads", "account_id": "1", "currency": "USD", "time_zone": "UTC"}
    accounts = pd.DataFrame([account | {"is_read": True, "newest": today - timedelta(days=1)}])
    campaigns = campaigns_today(spent, closed, accounts, now=NOON)
    (row,) = campaigns.to_dict("records")
    assert (row["spent_before"], row["spent_today"]) == (24.0 + 7 * 10.0, 30.0)
    assert (row["usual_day"], row["expected_rest"]) == pytest.approx((84 / 7, 84 / 14))
    budget = Budget(name="all", covers=("all",), amount=55.0, currency="EUR", hard_cap=True)
    rates = {"USD": 0.5, "EUR": 1.0}
    verdicts = judged(campaigns, [budget], {}, rates, day=today, now=NOON, carried={})
    by_level = {row["level"]: row for row in verdicts.to_dict("records")}
    assert by_level["budget"]["status"] == "broken"  # 124 dollars are 62 euros
    assert by_level["account"]["status"] == "above_usual"
    without = judged(campaigns, [budget], {}, {"EUR": 1.0}, day=today, now=NOON, carried={})
    assert set(without[without["level"] == "budget"]["status"]) == {"unknown"}


CONTEXT = NoticeContext(currency="EUR", dashboard="d", weekly="w")
