"""HubSpot's wire as its documentation says it is, asked by plain `requests`: caps, pages, histories, merges,
refusals.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.hubspot.objects import Holdings
from sandbox.serve import Sandbox

Answer = dict[str, Any]


def url(sandbox: Sandbox, path: str) -> str:
    return f"{sandbox.environment['HUBSPOT_API_URL']}/{path}"


def ask(sandbox: Sandbox, path: str, body: Answer | None = None, **query: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {sandbox.environment['HUBSPOT_ACCESS_TOKEN']}"}
    if body is None:
        return requests.get(url(sandbox, path), params=query, headers=headers, timeout=30)
    return requests.post(url(sandbox, path), json=body, headers=headers, timeout=30)


def test_a_wrong_token_is_refused_in_hubspots_words(sandbox: Sandbox) -> None:
    said = requests.get(
        url(sandbox, "crm/v3/objects/contacts"), headers={"Authorization": "Bearer no"}, timeout=30
    )
    assert said.status_code == 401
    assert said.json()["category"] == "INVALID_AUTHENTICATION"
    assert {"status", "message", "correlationId"} <= set(said.json())


def test_lists_go_on_by_id_and_take_fewer_with_histories(sandbox: Sandbox) -> None:
    first = ask(sandbox, "crm/v3/objects/contacts", limit=100).json()
    after = first["paging"]["next"]["after"]
    assert after == first["results"][-1]["id"]
    second = ask(sandbox, "crm/v3/objects/contacts", limit=100, after=after).json()
    assert min(int(one["id"]) for one in second["results"]) > int(after)
    refused = ask(sandbox, "crm/v3/objects/contacts", limit=51, propertiesWithHistory="lifecyclestage")
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_search_ends_at_ten_thousand_results(sandbox: Sandbox) -> None:
    last = ask(sandbox, "crm/v3/objects/contacts/search", {"limit": 200, "after": "9800"})
    assert last.status_code == 200
    assert last.json()["total"] > 10_000
    beyond = ask(sandbox, "crm/v3/objects/contacts/search", {"limit": 200, "after": "10000"})
    assert (beyond.status_code, beyond.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_search_by_modification_finds_what_changed_since(sandbox: Sandbox) -> None:
    since = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1_000)
    filters = [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(since)}]
    sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    found = ask(
        sandbox,
        "crm/v3/objects/contacts/search",
        {"limit": 200, "filterGroups": [{"filters": filters}], "sorts": sorts},
    ).json()
    ids = [int(one["id"]) for one in found["results"]]
    assert ids == sorted(ids)
    assert ids
    assert all(one["updatedAt"] >= "2026-11-22" for one in found["results"])


def test_histories_are_told_newest_first(sandbox: Sandbox) -> None:
    found = ask(sandbox, "crm/v3/objects/deals", limit=50, propertiesWithHistory="dealstage").json()[
        "results"
    ]
    longest = max((one["propertiesWithHistory"]["dealstage"] for one in found), key=len)
    instants = [version["timestamp"] for version in longest]
    assert len(longest) > 2
    assert instants == sorted(instants, reverse=True)


def test_a_merged_contact_is_found_under_its_winners_id_and_a_deleted_one_not_at_all(
    sandbox: Sandbox,
) -> None:
    stage = sandbox.stage
    funnel, now = stage.keeper.books().funnel, stage.clock.now().timestamp()
    holdings = Holdings(stage.world, stage.keeper.books(), now)
    loser, winner = next(iter(holdings.merged_into.items()))
    dead = int(holdings.cards.contact_id[(funnel.deleted_at <= now).nonzero()[0][0]])
    asked = {"inputs": [{"id": str(loser)}, {"id": str(dead)}], "properties": ["hs_merged_object_ids"]}
    answer = ask(sandbox, "crm/v3/objects/contacts/batch/read", asked).json()
    assert [one["id"] for one in answer["results"]] == [str(winner)]
    assert str(loser) in answer["results"][0]["properties"]["hs_merged_object_ids"]
    assert answer["errors"][0]["context"]["ids"] == [str(dead)]
    archived = ask(sandbox, "crm/v3/objects/contacts", limit=100, archived="true").json()["results"]
    assert str(dead) in {one["id"] for one in archived}
    assert all(one["archived"] and one["archivedAt"] for one in archived)


def test_deals_know_their_contact_and_their_stages_chances(sandbox: Sandbox) -> None:
    deals = ask(sandbox, "crm/v3/objects/deals", limit=10).json()["results"]
    asked = {"inputs": [{"id": one["id"]} for one in deals]}
    answer = ask(sandbox, "crm/v4/associations/deals/contacts/batch/read", asked).json()
    assert {one["from"]["id"] for one in answer["results"]} == {one["id"] for one in deals}
    stages = [
        stage for one in ask(sandbox, "crm/v3/pipelines/deals").json()["results"] for stage in one["stages"]
    ]
    assert {"closedwon": "1.0", "closedlost": "0.0"}.items() <= {
        s["id"]: s["metadata"]["probability"] for s in stages
    }.items()


def test_too_many_searches_a_second_are_refused_without_a_word_about_the_limit(sandbox: Sandbox) -> None:
    answers = [ask(sandbox, "crm/v3/objects/contacts/search", {"limit": 1}) for _ in range(12)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].json()["policyName"] == "SECONDLY"
    assert "X-HubSpot-RateLimit-Max" not in refused[0].headers


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("throttled", 429, "RATE_LIMIT"),
        ("unavailable", 503, "SERVICE_UNAVAILABLE"),
        ("token_expired", 401, "EXPIRED_AUTHENTICATION"),
        ("day_limit", 429, "DAILY"),
    ],
)
def test_faults_speak_as_hubspot_does(sandbox: Sandbox, kind: str, status: int, word: str) -> None:
    sandbox.stage.faults.arm("hubspot", kind)
    said = ask(sandbox, "crm/v3/objects/contacts", limit=1)
    assert said.status_code == status
    assert word in said.text
