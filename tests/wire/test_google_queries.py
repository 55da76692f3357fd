"""GAQL: everything a query says is honoured or refused, over gRPC and REST, in two versions."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from google.ads.googleads.client import GoogleAdsClient

from resources.config.settings import Settings
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, truth
from tests.wire.google_client import GERMANY, code, official, refusals, streamed

START = LAST - timedelta(days=9)
SPAN = f"segments.date BETWEEN '{START}' AND '{LAST}'"


@pytest.fixture
def client(settings: Settings, sandbox: Sandbox) -> GoogleAdsClient:
    return official(settings.google_ads)


def refused_as(client: GoogleAdsClient, query: str, customer_id: str = GERMANY) -> str:
    return code(refusals(lambda: streamed(client, query, customer_id=customer_id))[0])


def test_filters_on_metrics_an_order_and_a_limit_are_honoured(
    client: GoogleAdsClient, sandbox: Sandbox
) -> None:
    true = truth(sandbox.stage.market, "google_ads", GERMANY, "campaign", start=START, end=LAST)
    select = (
        f"SELECT campaign.id, segments.date, metrics.clicks, metrics.impressions FROM campaign WHERE {SPAN}"
    )
    many = [row for row in true.values() if row["clicks"] > 300]
    assert 0 < len(many) < len(true)
    rows = streamed(client, f"{select} AND metrics.clicks > 300")
    assert len(rows) == len(many)
    assert all(row.metrics.clicks > 300 for row in rows)
    top = streamed(client, f"{select} ORDER BY metrics.impressions DESC LIMIT 5")
    assert [row.metrics.impressions for row in top] == sorted(
        (r["impressions"] for r in true.values()), reverse=True
    )[:5]
    by_name = streamed(client, "SELECT campaign.name FROM campaign ORDER BY campaign.name DESC")
    names = [row.campaign.name for row in by_name]
    assert names == sorted(names, reverse=True)
    terms = streamed(
        client,
        f"SELECT search_term_view.search_term, segments.date, metrics.clicks FROM search_term_view WHERE {SPAN} "
        "AND metrics.clicks >= 2 ORDER BY metrics.clicks DESC, segments.date LIMIT 7",
    )
    found = [(row.metrics.clicks, row.segments.date) for row in terms]
    assert len(found) == 7
    assert found == sorted(found, key=lambda row: (-row[0], row[1]))


def test_a_report_without_days_sums_them_and_shows_what_had_none(
    client: GoogleAdsClient, sandbox: Sandbox
) -> None:
    true = truth(sandbox.stage.market, "google_ads", GERMANY, "ad_set", start=START, end=LAST)
    summed: dict[str, int] = defaultdict(int)
    for (_, own), row in true.items():
        summed[own] += row["cost_micros"]
    rows = streamed(client, f"SELECT ad_group.id, metrics.cost_micros FROM ad_group WHERE {SPAN}")
    found = {str(row.ad_group.id): row.metrics.cost_micros for row in rows}
    assert {own: cost for own, cost in found.items() if cost} == dict(summed)
    idle = "segments.date = '2023-12-31'"  # before anything was delivered
    rows = streamed(client, f"SELECT ad_group.id, metrics.cost_micros FROM ad_group WHERE {idle}")
    assert {str(row.ad_group.id): row.metrics.cost_micros for row in rows} == dict.fromkeys(found, 0)
    weeks = streamed(client, f"SELECT segments.week, metrics.cost_micros FROM customer WHERE {SPAN}")
    assert sum(row.metrics.cost_micros for row in weeks) == sum(
        row.metrics.cost_micros
        for row in streamed(client, f"SELECT metrics.cost_micros FROM customer WHERE {SPAN}")
    )
    assert len(weeks) == 2
    ratio = streamed(
        client,
        f"SELECT campaign.id, metrics.ctr, metrics.clicks, metrics.impressions FROM campaign WHERE {SPAN}",
    )
    assert all(
        row.metrics.ctr == pytest.approx(row.metrics.clicks / row.metrics.impressions)
        for row in ratio
        if row.metrics.impressions
    )


@pytest.mark.parametrize("resource", ["customer", "campaign", "ad_group", "ad_group_ad"])
def test_devices_divide_a_day_and_add_up(client: GoogleAdsClient, resource: str) -> None:
    own = {
        "customer": "customer.id",
        "campaign": "campaign.id",
        "ad_group": "ad_group.id",
        "ad_group_ad": "ad_group_ad.ad.id",
    }[resource]
    metrics = "metrics.impressions, metrics.clicks, metrics.cost_micros, metrics.conversions, metrics.conversions_value"
    whole = streamed(client, f"SELECT {own}, segments.date, {metrics} FROM {resource} WHERE {SPAN}")
    parts = streamed(
        client, f"SELECT {own}, segments.date, segments.device, {metrics} FROM {resource} WHERE {SPAN}"
    )
    summed: dict[Any, list[float]] = defaultdict(lambda: [0.0] * 5)
    for row in parts:
        for n, value in enumerate(_measures(row)):
            summed[_id(row, own), row.segments.date][n] += value
    assert {row.segments.device.name for row in parts} == {"MOBILE", "DESKTOP", "TABLET"}
    for row in whole:
        assert summed[_id(row, own), row.segments.date] == pytest.approx(_measures(row))
    assert len(summed) == len(whole)


def _measures(row: Any) -> list[float]:
    m = row.metrics
    return [m.impressions, m.clicks, m.cost_micros, m.conversions, m.conversions_value]


def _id(row: Any, path: str) -> Any:
    for part in path.split("."):
        row = getattr(row, part)
    return row


@pytest.mark.parametrize(("view", "kinds"), [("age_range_view", 7), ("gender_view", 3)])
def test_ages_and_genders_add_up_to_their_ad_groups(client: GoogleAdsClient, view: str, kinds: int) -> None:
    name = "age_range" if view == "age_range_view" else "gender"
    parts = streamed(
        client,
        f"SELECT ad_group.id, ad_group_criterion.{name}.type, metrics.clicks, metrics.cost_micros FROM {view} WHERE {SPAN}",
    )
    whole = streamed(
        client, f"SELECT ad_group.id, metrics.clicks, metrics.cost_micros FROM ad_group WHERE {SPAN}"
    )
    summed: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for row in parts:
        summed[row.ad_group.id][0] += row.metrics.clicks
        summed[row.ad_group.id][1] += row.metrics.cost_micros
    assert {row.ad_group.id: [row.metrics.clicks, row.metrics.cost_micros] for row in whole} == dict(summed)
    assert len({getattr(row.ad_group_criterion, name).type_ for row in parts}) == kinds


def test_search_terms_name_the_keyword_that_matched_and_keywords_add_up(client: GoogleAdsClient) -> None:
    select = (
        "SELECT ad_group.id, search_term_view.search_term, segments.keyword.info.text, segments.keyword.info.match_type, "
        f"segments.search_term_match_type, metrics.clicks FROM search_term_view WHERE {SPAN}"
    )
    for row in streamed(client, select):
        keyword, term = row.segments.keyword.info, row.search_term_view.search_term
        assert keyword.match_type.name == row.segments.search_term_match_type.name
        if keyword.match_type.name == "EXACT":
            assert keyword.text == term
        if keyword.match_type.name == "PHRASE":
            assert keyword.text in term
    keywords = streamed(
        client,
        f"SELECT ad_group.id, ad_group_criterion.keyword.text, metrics.cost_micros FROM keyword_view WHERE {SPAN}",
    )
    groups = streamed(
        client,
        f"SELECT ad_group.id, ad_group.type, metrics.cost_micros FROM ad_group WHERE {SPAN} AND ad_group.type = 'SEARCH_STANDARD'",
    )
    summed: dict[int, int] = defaultdict(int)
    for row in keywords:
        summed[row.ad_group.id] += row.metrics.cost_micros
    assert {row.ad_group.id: row.metrics.cost_micros for row in groups} == dict(summed)
    campaigns = streamed(
        client,
        f"SELECT campaign.id, campaign_search_term_view.search_term, metrics.clicks FROM campaign_search_term_view WHERE {SPAN}",
    )
    terms = streamed(
        client, f"SELECT metrics.clicks, search_term_view.search_term FROM search_term_view WHERE {SPAN}"
    )
    assert sum(row.metrics.clicks for row in campaigns) == sum(row.metrics.clicks for row in terms)


def test_resource_names_come_unasked_unless_the_query_omits_them(client: GoogleAdsClient) -> None:
    row = streamed(client, "SELECT campaign.id, customer.id FROM campaign LIMIT 1")[0]
    assert row.campaign.resource_name == f"customers/{GERMANY}/campaigns/{row.campaign.id}"
    assert row.customer.resource_name == f"customers/{GERMANY}"
    bare = streamed(
        client, "SELECT campaign.id FROM campaign LIMIT 1 PARAMETERS omit_unselected_resource_names = true"
    )[0]
    assert not bare.campaign.resource_name


@pytest.mark.parametrize(
    ("where", "matches"),
    [
        ("campaign.name LIKE '%sales%'", lambda c: "sales" in c.name.lower()),
        ("campaign.name NOT LIKE '%Sales%'", lambda c: "sales" not in c.name.lower()),
        ("campaign.name REGEXP_MATCH '.*[1-3]$'", lambda c: c.name[-1] in "123"),
        ("campaign.status IN (ENABLED, PAUSED)", lambda c: True),
        ("campaign.status != ENABLED", lambda c: c.status.name != "ENABLED"),
        (
            "campaign.labels CONTAINS ANY ('customers/1000000001/labels/9002')",
            lambda c: "customers/1000000001/labels/9002" in c.labels,
        ),
        ("campaign.labels IS NULL", lambda c: not c.labels),
        ("campaign.name IN ('a, b', 'c AND d')", lambda c: False),
        ("campaign.id BETWEEN 1 AND 5", lambda c: False),
    ],
)
def test_every_operator_selects_what_it_says(client: GoogleAdsClient, where: str, matches: Any) -> None:
    select = "SELECT campaign.id, campaign.name, campaign.status, campaign.labels FROM campaign"
    every = streamed(client, select)
    found = {row.campaign.id for row in streamed(client, f"{select} WHERE {where}")}
    assert found == {row.campaign.id for row in every if matches(row.campaign)}


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("segments.date DURING THIS_MONTH", 23),
        ("segments.date DURING LAST_MONTH", 31),
        ("segments.date DURING LAST_WEEK_MON_SUN", 7),
        ("segments.date DURING LAST_BUSINESS_WEEK", 5),
        ("segments.date > '2026-11-01' AND segments.date < '2026-11-05'", 3),
    ],
)
def test_every_way_to_name_days_is_understood(client: GoogleAdsClient, where: str, days: int) -> None:
    rows = streamed(client, f"SELECT segments.date, metrics.clicks FROM customer WHERE {where}")
    assert len({row.segments.date for row in rows}) == days
