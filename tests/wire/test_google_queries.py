"""GAQL: everything a query says is honoured or refused, over gRPC and REST, in two versions."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
import requests
from google.ads.googleads.client import GoogleAdsClient

from resources.settings import Settings
from sandbox.google import fields
from sandbox.google.gaql import ROW
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, truth
from tests.wire.google_client import GERMANY, MANAGER, code, official, refusals, streamed

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


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT campaign.optimization_score FROM campaign", "query_error.PROHIBITED_FIELD_IN_SELECT_CLAUSE"),
        ("SELECT campaign.id FROM campaign WHERE campaign.serving_status = 'SERVING'", "query_error.PROHIBITED_FIELD_IN_WHERE_CLAUSE"),
        (f"SELECT segments.hour, metrics.clicks FROM campaign WHERE {SPAN}", "query_error.PROHIBITED_SEGMENT_IN_SELECT_OR_WHERE_CLAUSE"),
        ("SELECT metrics.video_trueview_views FROM campaign", "query_error.PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE"),
        ("SELECT campaign.id FROM campaign ORDER BY campaign.optimization_score", "query_error.PROHIBITED_FIELD_IN_SELECT_CLAUSE"),
        ("SELECT metrics.clicks FROM campaign WHERE segments.device = 'MOBILE'", "query_error.EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE"),
        ("SELECT segments.date, metrics.clicks FROM campaign", "query_error.EXPECTED_FILTERS_ON_DATE_RANGE"),
        ("SELECT asset_group.id FROM asset_group", "query_error.PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT campaign.id FROM campaign WHERE campaign.status LIKE 'E%'", "query_error.OPERATOR_FIELD_MISMATCH"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id = 'many'", "query_error.BAD_NUMBER"),
        ("SELECT campaign.id FROM campaign WHERE campaign.status = 'RUNNING'", "query_error.BAD_ENUM_CONSTANT"),
        ("SELECT campaign.id FROM campaign WHERE campaign.name IN ()", "query_error.PROHIBITED_EMPTY_LIST_IN_CONDITION"),
        ("SELECT campaign.id FROM campaign WHERE campaign.name = 'open", "query_error.STRING_NOT_TERMINATED"),
        ("SELECT campaign.id FROM campaign LIMIT 0", "query_error.LIMIT_VALUE_TOO_LOW"),
        ("SELECT campaign.id FROM campaign PARAMETERS fast = true", "query_error.BAD_PARAMETER_NAME"),
        ("SELECT campaign.id FROM campaign nonsense", "query_error.UNEXPECTED_INPUT"),
        ("SELECT segments.date, metrics.clicks FROM campaign WHERE segments.date DURING LAST_EON", "query_error.INVALID_VALUE_WITH_DURING_OPERATOR"),
    ],
)  # fmt: skip
def test_what_is_not_honoured_is_refused_by_its_own_code(
    client: GoogleAdsClient, query: str, said: str
) -> None:
    assert refused_as(client, query) == said


def _paths(message: Any, prefix: str, depth: int) -> list[str]:
    found = []
    for field in message.fields:
        path = f"{prefix}{field.name.rstrip('_')}"
        if (
            field.message_type is not None
            and depth
            and field.message_type.name != "FieldMask"
            and not field.is_repeated
        ):
            found += _paths(field.message_type, f"{path}.", depth - 1)
        else:
            found.append(path)
    return found


@pytest.mark.parametrize("resource", sorted(fields.ATTRIBUTES))
def test_every_field_of_googles_schema_is_answered_or_refused(sandbox: Sandbox, resource: str) -> None:
    """Walks all fields that the shipped messages give a resource, all metrics and all segments."""
    message = ROW.DESCRIPTOR
    paths = _paths(message.fields_by_name[resource].message_type, f"{resource}.", 3)
    paths += _paths(message.fields_by_name["metrics"].message_type, "metrics.", 1)
    paths += _paths(message.fields_by_name["segments"].message_type, "segments.", 3)
    customer = MANAGER if resource == "customer_client" else GERMANY
    history = {"change_event": "change_date_time", "change_status": "last_change_date_time"}.get(resource)
    answered = set()
    for path in paths:
        where, metric = "", ""
        if resource in fields.METRICS:
            where, metric = f" WHERE {SPAN}", f", metrics.{fields.METRICS[resource][0]}"
        if path.startswith("segments.conversion_action"):
            metric = ", metrics.conversions"
        if history:
            where = f" WHERE {resource}.{history} DURING LAST_7_DAYS LIMIT 10"
        answer = _rest(
            sandbox, customer, f"SELECT {path}{metric if path != metric[2:] else ''} FROM {resource}{where}"
        )
        if answer.status_code == 200:
            answered.add(path)
        else:
            errors = answer.json()["error"]["details"][0]["errors"]
            assert next(iter(errors[0]["errorCode"])) in {"queryError", "changeEventError"}, (path, errors)
    own = {
        path
        for path in fields.selectable(resource)
        if path.split(".")[0] in {resource, "metrics", "segments"}
    }
    assert answered == own


def _rest(sandbox: Sandbox, customer: str, query: str, *, version: str = "v26") -> requests.Response:
    return requests.post(
        f"{sandbox.url}/{version}/customers/{customer}/googleAds:searchStream", json={"query": query},
        headers={"Authorization": "Bearer ya29.sandbox", "login-customer-id": MANAGER}, timeout=60,
    )  # fmt: skip


def test_every_row_of_every_resource_holds_exactly_what_the_table_says(sandbox: Sandbox) -> None:
    """What the table calls honoured is there in the rows: some row of each resource has each of its fields as a value or as empty."""
    from sandbox.google import entities  # noqa: PLC0415

    stage = sandbox.stage
    account = stage.world.of("google_ads")[0]
    for resource in fields.ATTRIBUTES:
        if resource in fields.METRICS and resource.endswith("_view") and resource != "ad_group_ad_asset_view":
            continue
        rows = (
            entities.clients(stage)
            if resource == "customer_client"
            else entities.snapshot(stage, account, resource)
        )
        for row in rows:
            attributes = {
                name
                for name in fields.selectable(resource)
                if name.split(".")[0] not in {"metrics", "segments"}
            }
            assert attributes <= set(row), (resource, attributes - set(row))
            break


def test_rest_answers_what_grpc_does_in_both_versions(client: GoogleAdsClient, sandbox: Sandbox) -> None:
    query = (
        f"SELECT campaign.id, campaign.status, segments.date, metrics.cost_micros FROM campaign WHERE {SPAN}"
    )
    official_rows = [
        (row.campaign.id, row.segments.date, row.metrics.cost_micros) for row in streamed(client, query)
    ]
    for version in fields.VERSIONS:
        batches = _rest(sandbox, GERMANY, query, version=version).json()
        rows = [row for batch in batches for row in batch["results"]]
        assert [
            (int(row["campaign"]["id"]), row["segments"]["date"], int(row["metrics"].get("costMicros", 0)))
            for row in rows
        ] == official_rows
        assert batches[0]["fieldMask"] == "campaign.id,campaign.status,segments.date,metrics.costMicros"


def test_a_version_that_is_gone_is_refused_by_both(settings: Settings, sandbox: Sandbox) -> None:
    answer = _rest(sandbox, GERMANY, "SELECT campaign.id FROM campaign", version="v24")
    assert answer.status_code == 501
    assert answer.json()["error"]["details"][0]["errors"][0]["errorCode"] == {
        "requestError": "UNSUPPORTED_VERSION"
    }
    service = official(settings.google_ads).get_service("GoogleAdsService", version="v24")
    errors = refusals(lambda: service.search(customer_id=GERMANY, query="SELECT campaign.id FROM campaign"))
    assert errors[0].error_code.request_error.name == "UNSUPPORTED_VERSION"


def test_the_version_before_is_spoken_with_its_own_errors(settings: Settings, sandbox: Sandbox) -> None:
    client = official(settings.google_ads)
    service = client.get_service("GoogleAdsService", version="v25")
    rows = list(service.search(customer_id=GERMANY, query="SELECT campaign.id FROM campaign"))
    assert len(rows) == len(
        sandbox.stage.market.catalog(sandbox.stage.world.of("google_ads")[0]).campaigns.id
    )
    errors = refusals(
        lambda: list(service.search(customer_id=GERMANY, query="SELECT campaign.nothing FROM campaign"))
    )
    assert errors[0].error_code.query_error.name == "UNRECOGNIZED_FIELD"


def test_the_field_service_says_what_is_honoured(client: GoogleAdsClient, sandbox: Sandbox) -> None:
    service = client.get_service("GoogleAdsFieldService")
    query = "SELECT name, selectable, category, data_type WHERE name LIKE 'campaign.%'"
    rows = list(service.search_google_ads_fields(query=query))
    names = {
        name
        for resource in fields.ATTRIBUTES
        for name in fields.selectable(resource)
        if name.startswith("campaign.")
    }
    assert {row.name for row in rows} == names
    one = service.get_google_ads_field(resource_name="googleAdsFields/campaign")
    assert set(one.metrics) == {f"metrics.{name}" for name in fields.METRICS["campaign"]}
    assert (
        code(refusals(lambda: service.search_google_ads_fields(query="SELECT name FROM x"))[0])
        == "query_error.UNEXPECTED_FROM_CLAUSE"
    )
    assert (
        code(
            refusals(lambda: service.get_google_ads_field(resource_name="googleAdsFields/campaign.nothing"))[
                0
            ]
        )
        == "mutate_error.RESOURCE_NOT_FOUND"
    )


def test_services_that_are_not_simulated_refuse_in_googles_shape(
    client: GoogleAdsClient, sandbox: Sandbox
) -> None:
    ideas = client.get_service("KeywordPlanIdeaService")
    request = client.get_type("GenerateKeywordIdeasRequest")
    request.customer_id = GERMANY
    recommendations = client.get_service("RecommendationService")
    for call in (
        lambda: ideas.generate_keyword_ideas(request=request),
        lambda: recommendations.apply_recommendation(customer_id=GERMANY, operations=[]),
    ):
        assert code(refusals(call)[0]) == "not_allowlisted_error.CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE"


def test_hidden_clients_can_be_filtered_on(client: GoogleAdsClient) -> None:
    rows = streamed(
        client,
        "SELECT customer_client.id FROM customer_client WHERE customer_client.hidden = FALSE",
        customer_id=MANAGER,
    )
    assert len(rows) == 3
