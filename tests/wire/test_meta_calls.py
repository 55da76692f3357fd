"""Meta's Graph API: every parameter is honoured or refused, breakdowns add up, and objects can be made, changed and deleted."""

import json
from collections import defaultdict
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.campaign import Campaign

from sandbox.meta import fields, insight_query
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, truth

ACCOUNT = "2000000001"
SPAN = {"since": str(LAST - timedelta(days=9)), "until": str(LAST)}
RANGE = {"time_range": json.dumps(SPAN)}
COUNTS = ("impressions", "clicks", "spend")


class Graph:
    """Plain calls, as any HTTP client makes them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._url = sandbox.environment["META_GRAPH_URL"]
        self._token = sandbox.environment["META_ACCESS_TOKEN"]

    def call(self, method: str, path: str, *, version: str = "v26.0", **parameters: Any) -> requests.Response:
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in parameters.items()}
        named = {"params" if method == "GET" else "data": texts | {"access_token": self._token}}
        return requests.request(
            method, f"{self._url}/{version}/{path}", timeout=60, allow_redirects=False, **named
        )  # type: ignore[arg-type]

    def rows(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every row, following `paging.next` as it stands."""
        answer = self.call("GET", path, **parameters)
        assert answer.status_code == 200, answer.text
        found, page = [], answer.json()
        while True:
            found += page["data"]
            if "next" not in page.get("paging", {}):
                return found
            page = requests.get(page["paging"]["next"], timeout=60).json()

    def refused(self, method: str, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self.call(method, path, **parameters)
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        return {
            "code": error["code"],
            "blame": json.loads(error.get("error_data", "{}")).get("blame_field_specs", [[None]])[0][0],
        }


@pytest.fixture
def graph(sandbox: Sandbox) -> Graph:
    return Graph(sandbox)


def test_the_next_page_is_the_same_question(graph: Graph) -> None:
    asked = {"level": "ad", "fields": "ad_id,clicks,ctr", "time_increment": "1", "limit": "7", **RANGE}
    first = graph.call("GET", f"act_{ACCOUNT}/insights", version="v25.0", **asked).json()
    following = first["paging"]["next"]
    again = {name: values[0] for name, values in parse_qs(urlsplit(following).query).items()}
    assert {name: again[name] for name in asked} == asked
    assert "/v25.0/" in following
    whole = graph.rows(f"act_{ACCOUNT}/insights", **(asked | {"limit": "5000"}))
    assert graph.rows(f"act_{ACCOUNT}/insights", **asked) == whole
    assert set(whole[0]) == {"ad_id", "clicks", "ctr", "date_start", "date_stop"}


def test_spans_add_up_and_are_named_by_their_days(graph: Graph, sandbox: Sandbox) -> None:
    true = truth(
        sandbox.stage.market, "meta_ads", ACCOUNT, "campaign", start=LAST - timedelta(days=29), end=LAST
    )
    spent: dict[str, float] = defaultdict(float)
    for (_, own), row in true.items():
        spent[own] += row["cost_micros"] / 1e6
    path, wanted = f"act_{ACCOUNT}/insights", {"level": "campaign", "fields": "campaign_id,spend"}
    whole = graph.rows(path, **wanted)  # no range: the last thirty days
    assert {row["campaign_id"]: float(row["spend"]) for row in whole} == pytest.approx(dict(spent))
    assert {(row["date_start"], row["date_stop"]) for row in whole} == {
        (str(LAST - timedelta(days=29)), str(LAST))
    }
    preset = graph.rows(path, date_preset="last_30d", time_increment="7", **wanted)
    assert len({row["date_start"] for row in preset}) == 5
    monthly = graph.rows(path, date_preset="last_30d", time_increment="monthly", **wanted)
    assert {row["date_start"] for row in monthly} == {str(LAST - timedelta(days=29)), "2026-11-01"}
    both = graph.rows(
        path, time_ranges=json.dumps([SPAN, {"since": str(LAST), "until": str(LAST)}]), **wanted
    )
    assert {row["date_start"] for row in both} == {SPAN["since"], str(LAST)}
    for rows in (preset, monthly):
        assert sum(float(row["spend"]) for row in rows) == pytest.approx(sum(spent.values()))


def test_insights_of_one_object_are_its_own(graph: Graph) -> None:
    every = graph.rows(f"act_{ACCOUNT}/insights", level="adset", fields="adset_id,campaign_id,spend", **RANGE)
    one = every[0]
    own = graph.rows(f"{one['adset_id']}/insights", fields="adset_id,spend", **RANGE)
    assert [(row["adset_id"], row["spend"]) for row in own] == [(one["adset_id"], one["spend"])]
    below = graph.rows(f"{one['campaign_id']}/insights", level="adset", fields="adset_id,spend", **RANGE)
    assert {row["adset_id"]: row["spend"] for row in below} == {
        row["adset_id"]: row["spend"] for row in every if row["campaign_id"] == one["campaign_id"]
    }
    assert graph.refused("GET", f"{one['adset_id']}/insights", level="campaign", **RANGE)["blame"] == "level"


@pytest.mark.parametrize("names", insight_query.BREAKDOWNS)
@pytest.mark.parametrize("level", ["account", "ad"])
def test_breakdowns_add_up_to_the_whole(graph: Graph, level: str, names: tuple[str, ...]) -> None:
    own = "account_id" if level == "account" else "ad_id"
    asked = {"level": level, "fields": f"{own},impressions,clicks,spend", "limit": "5000", **RANGE}
    whole = graph.rows(f"act_{ACCOUNT}/insights", **asked)
    parts = graph.rows(f"act_{ACCOUNT}/insights", breakdowns=",".join(reversed(names)), **asked)
    assert all(set(names) <= set(row) for row in parts)
    assert len(parts) > len(whole) or names == ("country",)
    summed: dict[str, list[float]] = defaultdict(lambda: [0.0] * 3)
    for row in parts:
        for n, name in enumerate(COUNTS):
            summed[row[own]][n] += float(row[name])
    for row in whole:
        assert summed[row[own]] == pytest.approx([float(row[name]) for name in COUNTS])


def test_a_breakdown_can_be_a_report_job(graph: Graph) -> None:
    asked = {"level": "adset", "fields": "adset_id,spend", "breakdowns": "age,gender", **RANGE}
    run = graph.call("POST", f"act_{ACCOUNT}/insights", **asked).json()["report_run_id"]
    for _ in range(3):
        state = graph.call("GET", run).json()["async_status"]
    assert state == "Job Completed"
    assert graph.rows(f"{run}/insights", limit="5000") == graph.rows(
        f"act_{ACCOUNT}/insights", limit="5000", **asked
    )


def test_filters_and_sorting_are_honoured(graph: Graph) -> None:
    asked = {"level": "ad", "fields": "ad_id,ad_name,clicks,spend", "limit": "5000", **RANGE}
    path = f"act_{ACCOUNT}/insights"
    whole = graph.rows(path, **asked)
    ordered = graph.rows(path, sort="spend_descending", **asked)
    assert [float(row["spend"]) for row in ordered] == sorted(
        (float(row["spend"]) for row in whole), reverse=True
    )
    clicks = sorted(int(row["clicks"]) for row in whole)[len(whole) // 2]
    many = graph.rows(
        path, filtering=[{"field": "clicks", "operator": "GREATER_THAN", "value": clicks}], **asked
    )
    assert {row["ad_id"] for row in many} == {row["ad_id"] for row in whole if int(row["clicks"]) > clicks}
    named = graph.rows(
        path, filtering=[{"field": "ad.id", "operator": "IN", "value": [whole[0]["ad_id"]]}], **asked
    )
    assert [row["ad_id"] for row in named] == [whole[0]["ad_id"]]
    graph.call("POST", whole[0]["ad_id"], status="PAUSED")
    active = graph.rows(
        path, filtering=[{"field": "ad.effective_status", "operator": "IN", "value": ["ACTIVE"]}], **asked
    )
    live = {
        node["id"]
        for node in graph.rows(f"act_{ACCOUNT}/ads", effective_status='["ACTIVE"]', fields="id", limit="5000")
    }
    assert {row["ad_id"] for row in active} == {row["ad_id"] for row in whole} & live
    assert len(active) == len(whole) - 1


@pytest.mark.parametrize(
    ("asked", "blame"),
    [
        ({"breakdowns": "region"}, "breakdowns"),
        ({"breakdowns": "platform_position"}, "breakdowns"),
        ({"breakdowns": "age,country"}, "breakdowns"),
        ({"action_breakdowns": "action_device"}, "action_breakdowns"),
        ({"action_report_time": "conversion"}, "action_report_time"),
        ({"use_unified_attribution_setting": "false"}, "use_unified_attribution_setting"),
        ({"summary": "spend"}, "summary"),
        ({"default_summary": "true"}, "default_summary"),
        ({"sort": "reach_sideways"}, "sort"),
        ({"time_increment": "91"}, "time_increment"),
        ({"date_preset": "last_eon"}, "date_preset"),
        ({"fields": "unique_clicks"}, "fields"),
        ({"filtering": [{"field": "ad.name", "operator": "STARTS_WITH", "value": "A"}]}, "filtering"),
        ({"filtering": [{"field": "reach", "operator": "EQUAL", "value": 1}]}, "filtering"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_insights_do_not_honour_is_refused(graph: Graph, asked: dict[str, Any], blame: str) -> None:
    said = graph.refused("GET", f"act_{ACCOUNT}/insights", **({"level": "ad"} | asked))
    assert said == {"code": 100, "blame": blame}


def test_every_field_of_metas_schema_is_answered_or_refused(graph: Graph) -> None:
    """Walks the field enums that the official client ships: insights, then campaigns, ad sets, ads and creatives."""
    schema = {name for name in vars(AdsInsights.Field).values() if isinstance(name, str) and name.islower()}
    answered = set()
    for name in schema:
        answer = graph.call("GET", f"act_{ACCOUNT}/insights", level="ad", fields=name, limit="1", **RANGE)
        if answer.status_code == 200:
            answered.add(name)
        else:
            assert answer.json()["error"]["code"] == 100
    assert answered == insight_query.FIELDS & schema
    for edge, level, kind in (
        ("campaigns", "campaign", Campaign), ("adsets", "ad_set", AdSet), ("ads", "ad", Ad), ("adcreatives", "creative", AdCreative),
    ):  # fmt: skip
        schema = {name for name in vars(kind.Field).values() if isinstance(name, str) and name.islower()}
        answered = {
            name
            for name in schema
            if graph.call("GET", f"act_{ACCOUNT}/{edge}", fields=name, limit="1").status_code == 200
        }
        assert answered == set(fields.FIELDS[level]) & schema, level


def test_every_breakdown_of_metas_schema_is_answered_or_refused(graph: Graph) -> None:
    schema = {
        name for name in vars(AdsInsights.Breakdowns).values() if isinstance(name, str) and name.islower()
    }
    answered = {
        name for name in schema
        if graph.call("GET", f"act_{ACCOUNT}/insights", breakdowns=name, limit="1", **RANGE).status_code == 200
    }  # fmt: skip
    assert answered == {names[0] for names in insight_query.BREAKDOWNS if len(names) == 1} & schema


def test_an_unknown_parameter_of_an_edge_or_a_node_is_refused(graph: Graph, sandbox: Sandbox) -> None:
    own = sandbox.stage.market.catalog(sandbox.stage.world.of("meta_ads")[0]).ad_sets.id[0]
    for method, path in (
        ("GET", f"act_{ACCOUNT}/ads"),
        ("GET", f"act_{ACCOUNT}"),
        ("GET", str(own)),
        ("POST", str(own)),
        ("GET", "me/adaccounts"),
    ):
        assert graph.refused(method, path, colour="red") == {"code": 100, "blame": "colour"}
    assert graph.refused("GET", f"act_{ACCOUNT}/adimages")["code"] == 100


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
