"""Meta's Graph API: every parameter is honoured or refused, breakdowns add up, and objects can be made,
changed and deleted.
"""

import json
from collections import defaultdict
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.campaign import Campaign

from sandbox.meta import fields, insight_query
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, truth
from tests.wire.meta_graph import ACCOUNT, COUNTS, RANGE, SPAN, Graph


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
    """Walks the field enums that the official client ships: insights, then campaigns, ad sets, ads and
    creatives.
    """
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
