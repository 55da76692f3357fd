"""HubSpot and Salesforce: what a call says is honoured or refused, by the wires' own shapes."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.hubspot import properties, search
from sandbox.hubspot.objects import Holdings
from sandbox.salesforce import objects
from sandbox.salesforce.literals import LITERALS
from sandbox.serve import Sandbox


def hubspot(sandbox: Sandbox, path: str, body: Any = None, params: Any = None) -> requests.Response:
    """HubSpot's answer; what its limit of calls a second holds back is asked again."""
    for _ in range(20):
        answer = _hubspot_once(sandbox, path, body, params)
        if answer.status_code != 429:
            break
        time.sleep(0.3)
    return answer


def _hubspot_once(sandbox: Sandbox, path: str, body: Any, params: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {sandbox.stage.credentials.hubspot_access_token}"}
    url = f"{sandbox.url}/hubspot/{path}"
    if body is None:
        return requests.get(url, headers=headers, params=params, timeout=60)
    return requests.post(url, headers=headers, json=body, timeout=60)


def soql(sandbox: Sandbox, query: str, **parameters: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {sandbox.stage.credentials.salesforce_access_token}"}
    url = f"{sandbox.url}/salesforce/services/data/v62.0/query/"
    return requests.get(url, headers=headers, params={"q": query, **parameters}, timeout=60)


@pytest.fixture
def holdings(sandbox: Sandbox) -> Holdings:
    stage = sandbox.stage
    return Holdings(stage.world, stage.keeper.books(), float(int(stage.clock.now().timestamp())))


def records(answer: requests.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["records"])


def test_properties_can_be_said_one_by_one_and_associations_come_along(sandbox: Sandbox) -> None:
    asked = [
        ("properties", "email"),
        ("properties", "country"),
        ("associations", "companies"),
        ("limit", "100"),
    ]
    found = hubspot(sandbox, "crm/v3/objects/contacts", params=asked).json()["results"]
    assert all({"email", "country"} <= set(record["properties"]) for record in found)
    with_company = [record for record in found if record.get("associations")]
    assert with_company
    own = with_company[0]
    [company] = own["associations"]["companies"]["results"]
    single = hubspot(sandbox, f"crm/v4/objects/contacts/{own['id']}/associations/companies").json()["results"]
    assert [str(each["toObjectId"]) for each in single] == [company["id"]]


def test_a_search_looks_for_words_and_sorts_as_it_says(sandbox: Sandbox) -> None:
    one = hubspot(sandbox, "crm/v3/objects/contacts", params={"properties": "email"}).json()["results"][3]
    word = one["properties"]["email"].split("@")[0]
    found = hubspot(
        sandbox, "crm/v3/objects/contacts/search", {"query": word, "properties": ["email"], "limit": 100}
    ).json()
    assert one["id"] in {record["id"] for record in found["results"]}
    assert all(word in record["properties"]["email"] for record in found["results"])
    newest = hubspot(
        sandbox, "crm/v3/objects/contacts/search", {"sorts": ["-createdate"], "limit": 20}
    ).json()["results"]
    made = [record["createdAt"] for record in newest]
    assert made == sorted(made, reverse=True)
    amounts = hubspot(
        sandbox, "crm/v3/objects/deals/search",
        {"sorts": [{"propertyName": "amount", "direction": "DESCENDING"}], "properties": ["amount"], "limit": 20},
    ).json()["results"]  # fmt: skip
    sums = [float(record["properties"]["amount"]) for record in amounts]
    assert sums == sorted(sums, reverse=True)


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        (
            {"operator": "EQ", "propertyName": "pipeline", "value": "ecommerce"},
            lambda p: p["pipeline"] == "ecommerce",
        ),
        (
            {"operator": "NEQ", "propertyName": "pipeline", "value": "ecommerce"},
            lambda p: p["pipeline"] != "ecommerce",
        ),
        (
            {"operator": "IN", "propertyName": "dealstage", "values": ["closedwon"]},
            lambda p: p["dealstage"] == "closedwon",
        ),
        (
            {"operator": "NOT_IN", "propertyName": "dealstage", "values": ["closedwon"]},
            lambda p: p["dealstage"] != "closedwon",
        ),
        (
            {"operator": "HAS_PROPERTY", "propertyName": "hubspot_owner_id"},
            lambda p: p["hubspot_owner_id"] is not None,
        ),
        (
            {"operator": "NOT_HAS_PROPERTY", "propertyName": "hubspot_owner_id"},
            lambda p: p["hubspot_owner_id"] is None,
        ),
        (
            {"operator": "CONTAINS_TOKEN", "propertyName": "dealname", "value": "order*"},
            lambda p: "order" in p["dealname"].lower(),
        ),
        ({"operator": "GT", "propertyName": "amount", "value": "500"}, lambda p: float(p["amount"]) > 500),
        (
            {"operator": "BETWEEN", "propertyName": "amount", "value": "50", "highValue": "60"},
            lambda p: 50 <= float(p["amount"]) <= 60,
        ),
    ],
)
def test_every_operator_finds_what_it_says(
    sandbox: Sandbox, holdings: Holdings, rule: dict[str, Any], matches: Any
) -> None:
    total = hubspot(sandbox, "crm/v3/objects/deals/search", {"filterGroups": [{"filters": [rule]}]}).json()[
        "total"
    ]
    seen = holdings.shelf("deals").seen(holdings.now)
    names = properties.PROPERTIES["deals"]
    held = {name: holdings.newest_of("deals", name) for name in names}
    assert total == sum(matches({name: held[name][at] for name in names}) for at in seen.nonzero()[0])
    assert rule["operator"] in search.OPERATORS


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("crm/v3/objects/contacts", {"limit": "abc"}),
        ("crm/v3/objects/contacts", {"after": "abc"}),
        ("crm/v3/objects/contacts", {"idProperty": "email"}),
        ("crm/v3/objects/contacts", {"associations": "tickets"}),
        ("crm/v3/owners", {"colour": "red"}),
    ],
)
def test_a_list_that_asks_for_what_is_not_honoured_is_refused(
    sandbox: Sandbox, path: str, given: dict[str, str]
) -> None:
    answer = hubspot(sandbox, path, params=given)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [{"propertyName": "createdate", "operator": "GT"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "GT", "value": "a"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "SOUNDS_LIKE", "value": "a"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "shoe_size", "operator": "EQ", "value": "a"}]}]},
        {"filterGroups": [{"filters": []}]},
        {"filterGroups": "all"},
        {"sorts": [{"direction": "DESCENDING"}]},
        {"sorts": [{"propertyName": "createdate", "direction": "SIDEWAYS"}]},
        {"sorts": ["createdate", "email"]},
        {"limit": "many"},
        {"colour": "red"},
        [],
    ],
)
def test_a_search_that_cannot_be_honoured_is_refused(sandbox: Sandbox, body: Any) -> None:
    answer = hubspot(sandbox, "crm/v3/objects/contacts/search", body)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


DOCUMENTED = {
    "crm/v3/objects/contacts": {"limit", "after", "properties", "propertiesWithHistory", "associations", "archived", "idProperty"},
    "crm/v3/owners": {"limit", "after", "archived", "email"},
    "crm/v3/properties/contacts": {"archived", "properties", "dataSensitivity"},
    "crm/v3/pipelines/deals": {"limit", "validateReferencesBeforeDelete"},
}  # fmt: skip
REFUSED = {
    "crm/v3/objects/contacts": {"idProperty"}, "crm/v3/owners": set(), "crm/v3/properties/contacts": {"properties", "dataSensitivity"},
    "crm/v3/pipelines/deals": {"validateReferencesBeforeDelete"},
}  # fmt: skip


@pytest.mark.parametrize("path", DOCUMENTED)
def test_every_documented_parameter_is_honoured_or_refused(sandbox: Sandbox, path: str) -> None:
    values = {"limit": "1", "after": "1", "associations": "deals", "archived": "false"}
    refused = {
        name
        for name in DOCUMENTED[path]
        if hubspot(sandbox, path, params={name: values.get(name, "x")}).status_code == 400
    }
    assert refused == REFUSED[path]


def test_owners_and_properties_are_there(sandbox: Sandbox, holdings: Holdings) -> None:
    owners = hubspot(sandbox, "crm/v3/owners/").json()["results"]
    assert [owner["id"] for owner in owners] == [str(number) for number in range(500, 506)]
    assert hubspot(sandbox, "crm/v3/owners", params={"email": "owner502@shop.example"}).json()["results"] == [
        owners[2]
    ]
    assert hubspot(sandbox, "crm/v3/owners/999").status_code == 404
    for kind, names in properties.PROPERTIES.items():
        listed = hubspot(sandbox, f"crm/v3/properties/{kind}").json()["results"]
        assert {each["name"] for each in listed} == set(names)
        places = range(0, len(holdings.shelf(kind).id), 17)
        assert {name for at in places for name in holdings.histories(kind, at)} <= set(names)
    assert hubspot(sandbox, "crm/v3/properties/contacts/email").json()["type"] == "string"
    assert hubspot(sandbox, "crm/v3/properties/contacts/shoe_size").status_code == 404


def test_soql_orders_by_number_and_downward(sandbox: Sandbox) -> None:
    amounts = [
        row["Amount"]
        for row in records(
            soql(sandbox, "SELECT Amount FROM Opportunity ORDER BY Amount DESC NULLS LAST LIMIT 40")
        )
    ]
    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] >= 1_000 > 999 > amounts[-1] or amounts[0] != amounts[-1]
    rising = [
        row["Amount"]
        for row in records(
            soql(sandbox, "SELECT Amount FROM Opportunity ORDER BY Amount ASC LIMIT 40 OFFSET 5")
        )
    ]
    assert rising == sorted(rising)


def test_soql_compares_numbers_dates_and_literals(sandbox: Sandbox, holdings: Holdings) -> None:
    every = [row for row in objects.rows(holdings, "Opportunity") or [] if not row["IsDeleted"]]
    large = soql(sandbox, "SELECT COUNT() FROM Opportunity WHERE Amount > 1000").json()
    assert large == {"totalSize": sum(row["Amount"] > 1_000 for row in every), "done": True, "records": []}
    since = datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=30)
    lately = soql(sandbox, "SELECT COUNT() FROM Opportunity WHERE CreatedDate = LAST_N_DAYS:30").json()[
        "totalSize"
    ]
    assert lately == sum(datetime.fromisoformat(row["CreatedDate"]) >= since for row in every) > 0
    month = soql(
        sandbox,
        "SELECT COUNT() FROM Opportunity WHERE CloseDate = LAST_MONTH AND (StageName = 'Closed Won' OR Amount < 50)",
    ).json()
    assert month["totalSize"] == sum(
        row["CloseDate"][:7] == "2026-10" and (row["StageName"] == "Closed Won" or row["Amount"] < 50)
        for row in every
    )
    listed = soql(
        sandbox,
        "SELECT COUNT() FROM Opportunity WHERE StageName IN ('Closed Won', 'Closed Lost') AND NOT IsWon = true",
    ).json()
    assert listed["totalSize"] == sum(row["StageName"] == "Closed Lost" for row in every)
    for literal in LITERALS:
        assert (
            soql(
                sandbox, f"SELECT COUNT() FROM Lead WHERE CreatedDate >= {literal.replace(':n', ':3')}"
            ).status_code
            == 200
        )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT ShoeSize FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE ShoeSize = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Lead ORDER BY ShoeSize", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Amount = 'many'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Opportunity WHERE StageName = 5", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_FORTNIGHTS:2", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE CreatedDate = LAST_N_MONTHS:2", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead GROUP BY Id", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = 'a' AND Email = 'b' OR Email = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Email = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead OFFSET 5000", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_soql_that_is_not_honoured_is_refused(sandbox: Sandbox, query: str, code: str) -> None:
    answer = soql(sandbox, query)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code


def test_the_fields_that_salesforce_lists_are_those_of_its_rows(sandbox: Sandbox, holdings: Holdings) -> None:
    for name, fields in objects.FIELDS.items():
        assert set((objects.rows(holdings, name) or [{}])[0]) == set(fields)
    assert soql(sandbox, "SELECT Id FROM Lead LIMIT 1", colour="red").status_code == 400
