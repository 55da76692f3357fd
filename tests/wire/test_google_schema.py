"""GAQL against Google's own schema: every field is answered or refused, over gRPC and REST, in two versions."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from google.ads.googleads.client import GoogleAdsClient

from resources.config.settings import Settings
from sandbox.google import fields
from sandbox.google.gaql import ROW
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST
from tests.wire.google_client import GERMANY, MANAGER, code, official, refusals, streamed

START = LAST - timedelta(days=9)
SPAN = f"segments.date BETWEEN '{START}' AND '{LAST}'"


@pytest.fixture
def client(settings: Settings, sandbox: Sandbox) -> GoogleAdsClient:
    return official(settings.google_ads)


def refused_as(client: GoogleAdsClient, query: str, customer_id: str = GERMANY) -> str:
    return code(refusals(lambda: streamed(client, query, customer_id=customer_id))[0])


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
    """What the table calls honoured is there in the rows: some row of each resource has each of its fields as
    a value or as empty.
    """
    from sandbox.google import entities

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
