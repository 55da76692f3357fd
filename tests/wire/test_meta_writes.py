"""Meta: objects made paused, changed, deleted and estimated, and refused by their parameter."""

from hashlib import sha256
from typing import Any

import pytest

from sandbox.serve import Sandbox
from tests.wire.meta_graph import ACCOUNT, Graph

TARGETING = {"geo_locations": {"countries": ["DE"]}, "age_min": 25, "age_max": 44}
STORY = {
    "page_id": "880000000000001",
    "link_data": {"link": "https://shop.example/x", "message": "Made to last.", "name": "Trail shoes"},
}


def make(graph: Graph, edge: str, **parameters: Any) -> str:
    answer = graph.call("POST", f"act_{ACCOUNT}/{edge}", **parameters)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_a_campaign_with_its_ad_is_made_paused_changed_and_deleted(graph: Graph) -> None:
    campaign = make(
        graph, "campaigns", name="New", objective="OUTCOME_SALES", status="PAUSED", special_ad_categories=[],
        is_adset_budget_sharing_enabled="false",
    )  # fmt: skip
    ad_set = make(
        graph, "adsets", name="Set", campaign_id=campaign, status="PAUSED", billing_event="IMPRESSIONS",
        optimization_goal="OFFSITE_CONVERSIONS", targeting=TARGETING, daily_budget="2500",
    )  # fmt: skip
    creative = make(graph, "adcreatives", name="Words", object_story_spec=STORY)
    ad = make(graph, "ads", name="Ad", adset_id=ad_set, creative={"creative_id": creative}, status="PAUSED")
    node = graph.call("GET", ad, fields="status,effective_status,adset_id,creative{id,title,body}").json()
    assert node == {
        "id": ad, "status": "PAUSED", "effective_status": "PAUSED", "adset_id": ad_set,
        "creative": {"id": creative, "title": "Trail shoes", "body": "Made to last."},
    }  # fmt: skip
    assert graph.call("GET", ad_set, fields="targeting,daily_budget").json()["targeting"] == TARGETING
    marked = graph.rows(
        f"act_{ACCOUNT}/campaigns",
        filtering=[{"field": "name", "operator": "CONTAIN", "value": "new"}],
        fields="name",
    )
    assert campaign in {node["id"] for node in marked}
    assert graph.call("POST", campaign, status="ACTIVE").json() == {"success": True}
    assert graph.call("GET", campaign, fields="status").json()["status"] == "ACTIVE"
    assert graph.call("DELETE", ad).json() == {"success": True}
    assert graph.call("GET", ad, fields="status").json()["status"] == "DELETED"
    assert ad not in {node["id"] for node in graph.rows(f"act_{ACCOUNT}/ads", fields="id", limit="5000")}
    assert (
        graph.refused("POST", creative, object_story_spec=STORY)["blame"] == "object_story_spec"
    )  # words never change


def test_an_ad_of_the_market_gets_another_creative(graph: Graph, sandbox: Sandbox) -> None:
    own = str(sandbox.stage.market.catalog(sandbox.stage.world.of("meta_ads")[0]).ads.id[0])
    creative = make(graph, "adcreatives", name="Words", object_story_spec=STORY)
    assert graph.call("POST", own, creative={"creative_id": creative}).json() == {"success": True}
    assert graph.call("GET", own, fields="creative{id,body}").json()["creative"] == {
        "id": creative,
        "body": "Made to last.",
    }


def test_a_rehearsed_create_makes_nothing(graph: Graph, sandbox: Sandbox) -> None:
    asked = {
        "name": "New",
        "objective": "OUTCOME_SALES",
        "status": "PAUSED",
        "special_ad_categories": [],
        "daily_budget": "3000",
    }
    answer = graph.call("POST", f"act_{ACCOUNT}/campaigns", execution_options=["validate_only"], **asked)
    assert answer.json() == {"success": True}
    assert not sandbox.stage.objects.of("meta_ads", ACCOUNT, "campaign")
    assert not sandbox.stage.audit.requests(writes_only=True)


@pytest.mark.parametrize(
    ("edge", "asked", "blame"),
    [
        ("campaigns", {"objective": "SALES"}, "objective"),
        (
            "campaigns",
            {"objective": "OUTCOME_SALES", "status": "PAUSED", "name": "x"},
            "special_ad_categories",
        ),
        (
            "campaigns",
            {"objective": "OUTCOME_SALES", "status": "PAUSED", "name": "x", "special_ad_categories": []},
            "is_adset_budget_sharing_enabled",
        ),
        ("campaigns", {"objective": "OUTCOME_SALES", "spend_cap": "5"}, "spend_cap"),
        ("adsets", {"campaign_id": "1"}, "campaign_id"),
        ("adcreatives", {"name": "x", "object_story_spec": {"page_id": "1"}}, "object_story_spec"),
        ("adcreatives", {"name": "x", "asset_feed_spec": {}}, "asset_feed_spec"),
        ("ads", {"name": "x", "adset_id": "1"}, "adset_id"),
    ],
)
def test_a_create_that_does_not_fit_is_refused_by_its_parameter(
    graph: Graph, edge: str, asked: dict[str, Any], blame: str
) -> None:
    assert graph.refused("POST", f"act_{ACCOUNT}/{edge}", **asked) == {"code": 100, "blame": blame}


def test_a_lost_create_can_be_found_by_its_name(graph: Graph, sandbox: Sandbox) -> None:
    asked = {
        "name": "mark-4711",
        "objective": "OUTCOME_SALES",
        "status": "PAUSED",
        "special_ad_categories": [],
        "daily_budget": "3000",
    }
    sandbox.stage.faults.arm("meta_ads", "write_answer", answer="http_500", moment="after")
    assert graph.call("POST", f"act_{ACCOUNT}/campaigns", **asked).status_code == 500
    rule = [{"field": "name", "operator": "EQUAL", "value": "mark-4711"}]
    assert len(graph.rows(f"act_{ACCOUNT}/campaigns", filtering=rule, fields="name")) == 1
    sandbox.stage.faults.arm("meta_ads", "write_answer", answer="http_500", moment="before")
    assert (
        graph.call("POST", f"act_{ACCOUNT}/campaigns", **(asked | {"name": "mark-4712"})).status_code == 500
    )
    rule[0]["value"] = "mark-4712"
    assert not graph.rows(f"act_{ACCOUNT}/campaigns", filtering=rule, fields="name")


def test_targeting_refuses_what_it_does_not_know(graph: Graph, sandbox: Sandbox) -> None:
    own = str(sandbox.stage.market.catalog(sandbox.stage.world.of("meta_ads")[0]).ad_sets.id[0])
    for wrong in (
        {"custom_audiences": [{"id": "999"}]}, {"excluded_custom_audiences": [{"id": "999"}]},
        {"flexible_spec": [{"custom_audiences": [{"id": "999"}]}]}, {"effective_device_platforms": ["mobile"]}, {"zodiac": ["leo"]},
    ):  # fmt: skip
        assert graph.refused("POST", own, targeting=TARGETING | wrong) == {"code": 100, "blame": "targeting"}
    assert graph.call("POST", own, targeting=TARGETING).status_code == 200
    assert graph.call("GET", own, fields="targeting").json()["targeting"] == TARGETING


def test_estimates_are_ranges_that_follow_the_targeting(graph: Graph, sandbox: Sandbox) -> None:
    path = f"act_{ACCOUNT}/reachestimate"
    wide = graph.call("GET", path, targeting_spec=TARGETING | {"age_min": 18, "age_max": 65}).json()["data"]
    narrow = graph.call("GET", path, targeting_spec=TARGETING).json()["data"]
    assert 0 < narrow["users_lower_bound"] < narrow["users_upper_bound"] < wide["users_upper_bound"]
    audience = sandbox.stage.audiences.make("meta_ads", ACCOUNT, "Few", at=0.0)
    audience.put([("email", sha256(str(n).encode()).hexdigest()) for n in range(300)])
    few = TARGETING | {"custom_audiences": [{"id": str(audience.audience_id)}]}
    assert graph.call("GET", path, targeting_spec=few).json()["data"]["users_lower_bound"] == -1
    audience.put([("email", sha256(f"more {n}".encode()).hexdigest()) for n in range(9_000)])
    many = graph.call(
        "GET",
        f"act_{ACCOUNT}/delivery_estimate",
        targeting_spec=few | {"age_min": 18, "age_max": 65},
        optimization_goal="REACH",
    )
    [row] = many.json()["data"]
    assert row["estimate_mau_lower_bound"] <= audience.matched <= row["estimate_mau_upper_bound"]
    assert graph.refused("GET", path, targeting_spec=TARGETING, colour="red")["blame"] == "colour"
