"""What incidents leave to be seen at the platforms: rejected ads, changed bid strategies and lost
impressions, each in its own words.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adset import AdSet
from facebook_business.api import FacebookAdsApi

from resources.config.settings import Settings
from sandbox.serve import Sandbox
from tests.conftest import MORNING
from tests.wire import google_client, linkedin_plain, meta_official
from tests.wire.google_client import GERMANY, official, streamed
from tests.wire.linkedin_plain import B2B, Plain
from tests.wire.meta_official import EUROPE

TODAY = MORNING.date()
PLATFORMS = {
    "google_ads": (GERMANY, google_client, "DISAPPROVED", "ENABLED"),
    "meta_ads": (EUROPE, meta_official, "DISAPPROVED", "ACTIVE"),
    "linkedin_ads": (B2B, linkedin_plain, "REJECTED", "ACTIVE"),
}


def ids(sandbox: Sandbox, platform: str, level: str) -> Any:
    market = sandbox.stage.market
    account = market.world.account(platform, PLATFORMS[platform][0])
    assert account is not None
    return getattr(market.catalog(account), level + "s").id


def running(sandbox: Sandbox, platform: str, level: str) -> int:
    """The row of the first ad set, or ad, that nothing pauses."""
    market = sandbox.stage.market
    account = market.world.account(platform, PLATFORMS[platform][0])
    assert account is not None
    catalog = market.catalog(account)
    sets = ~(catalog.ad_sets.paused | catalog.campaigns.paused[catalog.ad_sets.campaign])
    return int((sets if level == "ad_set" else sets[catalog.ads.ad_set] & ~catalog.ads.paused).argmax())


def happen(sandbox: Sandbox, kind: str, platform: str, level: str, row: int, **given: Any) -> str:
    """Add an incident of one entity over the control API; its id comes back."""
    own = str(ids(sandbox, platform, level)[row])
    incident = {"kind": kind, "platform": platform, "account_id": PLATFORMS[platform][0], "level": level, "entity_id": own,
                "first_day": str(TODAY - timedelta(days=2)), "days": 4} | given  # fmt: skip
    answer = requests.post(f"{sandbox.url}/control/incidents", json=incident, timeout=10)
    assert answer.status_code == 200, answer.text
    return own


def entity_rows(settings: Settings, platform: str, level: str) -> dict[str, dict[str, Any]]:
    _, client, *_ = PLATFORMS[platform]
    reader = client.reader(settings)
    account_id = PLATFORMS[platform][0]
    one = next(a for a in reader.accounts() if a.account_id == account_id)
    return {row["entity_id"]: row for row in reader.entities(one).to_pylist() if row["level"] == level}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_our_reader_brings_rejected_ads_as_the_platform_calls_them_and_for_as_long(
    settings: Settings, sandbox: Sandbox, platform: str
) -> None:
    _, _, rejected, runs = PLATFORMS[platform]
    ad_set = happen(
        sandbox, "disapproved_ads", platform, "ad_set", running(sandbox, platform, "ad_set"), size=0
    )
    ads = entity_rows(settings, platform, "ad")
    within = {own: row for own, row in ads.items() if row["ad_set_id"] == ad_set}
    assert len(within) >= 2
    assert {row["native_status"] for row in within.values()} == {rejected}
    assert "active" in {row["status"] for row in within.values()}
    others = {row["native_status"] for own, row in ads.items() if own not in within}
    assert rejected not in others
    assert runs in others
    assert entity_rows(settings, platform, "ad_set")[ad_set]["native_status"] == runs
    sandbox.stage.clock.advance(timedelta(days=3))
    again = entity_rows(settings, platform, "ad")
    after = {again[own]["native_status"] for own in within}
    assert runs in after
    assert rejected not in after


def test_google_says_of_a_rejected_ad_what_its_policy_summary_says(
    settings: Settings, sandbox: Sandbox
) -> None:
    happen(sandbox, "disapproved_ads", "google_ads", "ad", running(sandbox, "google_ads", "ad"), size=0)
    client = official(settings.google_ads)
    query = (
        "SELECT ad_group_ad.ad.id, ad_group_ad.status, ad_group_ad.primary_status, ad_group_ad.policy_summary.approval_status, "
        "ad_group_ad.policy_summary.review_status FROM ad_group_ad"
    )
    rows = {row.ad_group_ad.ad.id: row.ad_group_ad for row in streamed(client, query)}
    own, *others = ids(sandbox, "google_ads", "ad")[running(sandbox, "google_ads", "ad") :].tolist()
    said = {number: (ad.status.name, ad.primary_status.name, ad.policy_summary.approval_status.name, ad.policy_summary.review_status.name)
            for number, ad in rows.items()}  # fmt: skip
    assert said[own] == ("ENABLED", "NOT_ELIGIBLE", "DISAPPROVED", "REVIEWED")
    assert said[others[0]] == ("ENABLED", "ELIGIBLE", "APPROVED", "REVIEWED")
    query += " WHERE ad_group_ad.policy_summary.approval_status = 'DISAPPROVED'"
    assert [row.ad_group_ad.ad.id for row in streamed(client, query)] == [own]


def test_meta_and_linkedin_say_why_a_rejected_ad_does_not_run(
    sandbox: Sandbox, api: FacebookAdsApi, plain: Plain
) -> None:
    own = happen(sandbox, "disapproved_ads", "meta_ads", "ad", running(sandbox, "meta_ads", "ad"), size=0)
    ad = Ad(own, api=api).api_get(fields=["status", "effective_status", "ad_review_feedback"])
    assert (ad["status"], ad["effective_status"]) == ("ACTIVE", "DISAPPROVED")
    assert ad["ad_review_feedback"]["global"]
    own = happen(
        sandbox, "disapproved_ads", "linkedin_ads", "ad", running(sandbox, "linkedin_ads", "ad"), size=0
    )
    path = f"adAccounts/{B2B}/creatives"
    creative = plain.call("GET", f"{path}/urn%3Ali%3AsponsoredCreative%3A{own}").json()
    assert (creative["intendedStatus"], creative["isServing"]) == ("ACTIVE", False)
    assert (creative["review"], creative["servingHoldReasons"]) == ({"status": "REJECTED"}, ["REJECTED"])
    other = plain.call("GET", f"{path}/{ids(sandbox, 'linkedin_ads', 'ad')[1]}").json()
    assert (other["review"], "servingHoldReasons" in other) == ({"status": "APPROVED"}, False)


@pytest.mark.parametrize(
    ("platform", "level", "before", "after"),
    [
        ("google_ads", "campaign", {"MAXIMIZE_CONVERSION_VALUE", "MAXIMIZE_CONVERSIONS"}, {"TARGET_ROAS", "TARGET_CPA"}),
        ("meta_ads", "ad_set", {"LOWEST_COST_WITHOUT_CAP"}, {"COST_CAP"}),
        ("linkedin_ads", "ad_set", {"MAX_CONVERSION"}, {"ENHANCED_CONVERSION"}),
    ],
)  # fmt: skip
def test_a_changed_bid_strategy_is_read_from_the_day_before_on(
    settings: Settings, sandbox: Sandbox, platform: str, level: str, before: set[str], after: set[str]
) -> None:
    own = happen(sandbox, "bid_strategy_change", platform, level, 0, size=1.5)
    for days, known in ((-4, before), (-2, after), (0, after), (30, after)):
        sandbox.stage.clock.set(MORNING + timedelta(days=days))
        rows = entity_rows(settings, platform, level)
        assert rows[own]["bid_strategy"] in known
        assert {row["bid_strategy"] for key, row in rows.items() if key != own} <= before
        learns = str(rows[own]["learning_state"]).startswith("LEARNING")
        assert learns or platform == "linkedin_ads" or days != 0


def test_a_changed_bid_strategy_is_a_persons_edit_in_the_change_history(
    settings: Settings, sandbox: Sandbox, api: FacebookAdsApi, plain: Plain
) -> None:
    day_before = TODAY - timedelta(days=3)
    own = happen(sandbox, "bid_strategy_change", "google_ads", "campaign", 1, size=1.5)
    events = streamed(
        official(settings.google_ads),
        "SELECT change_event.change_date_time, change_event.change_resource_name, change_event.client_type FROM change_event "
        f"WHERE change_event.change_date_time >= '{day_before}' AND change_event.change_date_time <= '{TODAY}' LIMIT 100",
    )
    (event,) = (row.change_event for row in events)
    assert event.change_resource_name == f"customers/{GERMANY}/campaigns/{own}"
    assert event.client_type.name == "GOOGLE_ADS_WEB_CLIENT"
    assert event.change_date_time.startswith(str(day_before))
    own = happen(sandbox, "bid_strategy_change", "meta_ads", "ad_set", 1, size=1.5)
    assert AdSet(own, api=api).api_get(fields=["updated_time"])["updated_time"].startswith(str(day_before))
    own = happen(sandbox, "bid_strategy_change", "linkedin_ads", "ad_set", 1, size=1.5)
    versions = [
        plain.call("GET", f"adAccounts/{B2B}/adCampaigns/{one}").json()["version"]["versionTag"]
        for one in (own, ids(sandbox, "linkedin_ads", "ad_set")[0])
    ]
    assert versions == ["2", "1"]


def test_google_shows_impressions_lost_to_a_budget_that_was_gone_early(
    settings: Settings, sandbox: Sandbox
) -> None:
    query = (
        "SELECT campaign.id, segments.date, metrics.search_impression_share, metrics.search_budget_lost_impression_share "
        f"FROM campaign WHERE segments.date = '{TODAY - timedelta(days=1)}'"
    )

    def shares() -> dict[int, tuple[float, float]]:
        rows = streamed(official(settings.google_ads), query)
        return {
            row.campaign.id: (
                row.metrics.search_impression_share,
                row.metrics.search_budget_lost_impression_share,
            )
            for row in rows
        }

    usual = shares()
    row = next(
        n for n, own in enumerate(ids(sandbox, "google_ads", "campaign").tolist()) if usual[own][0] > 0
    )
    own = int(happen(sandbox, "budget_exhausted_early", "google_ads", "campaign", row, size=0.4))
    now = shares()
    assert now[own][0] < usual[own][0] * 0.5
    assert now[own][1] > usual[own][1] + 0.2
    assert {k: v for k, v in now.items() if k != own} == {k: v for k, v in usual.items() if k != own}


def test_labels_are_told_and_added_incidents_are_forgotten_at_a_reset(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/control"
    assert requests.get(f"{url}/incidents", timeout=10).json() == []
    happen(sandbox, "ctr_drop", "meta_ads", "ad_set", 0, size=0.5)
    (label,) = requests.get(f"{url}/incidents", timeout=10).json()
    assert label["is_fault"] is True
    assert (label["kind"], label["level"], label["days"], label["size"]) == ("ctr_drop", "ad_set", 4, 0.5)
    both = [label, label | {"kind": "holiday", "level": "account", "entity_id": None}]
    told = requests.post(f"{url}/incidents", json=both, timeout=10).json()
    assert [one["is_fault"] for one in told] == [True, True, False]
    requests.post(f"{url}/reset", timeout=10)
    assert requests.get(f"{url}/incidents", timeout=10).json() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one | {"size": 7}, "size of ctr_drop is click rate, as a share of usual: between 0 and 0.99"),
        (lambda one: one | {"entity_id": "5"}, "ad_set 5 is not in meta_ads 2000000001"),
        (lambda one: one | {"account_id": "2000000009"}, "which is not in this world"),
        (lambda one: [one, {"kind": "ctr_drop"}], "first_day: Field required"),
        (lambda _: 7, "an incident: "),
        (lambda _: ["ctr_drop"], "an incident: "),
    ],
)  # fmt: skip
def test_an_incident_that_cannot_happen_is_refused_and_nothing_is_added(
    sandbox: Sandbox, change: Callable[[dict], Any], words: str
) -> None:
    own = str(ids(sandbox, "meta_ads", "ad_set")[0])
    one = {"kind": "ctr_drop", "platform": "meta_ads", "account_id": EUROPE, "level": "ad_set", "entity_id": own,
           "first_day": "2026-11-01", "days": 4, "size": 0.5}  # fmt: skip
    answer = requests.post(f"{sandbox.url}/control/incidents", json=change(one), timeout=10)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert requests.get(f"{sandbox.url}/control/incidents", timeout=10).json() == []
