"""What Google's change history tells of writes, and writes over REST."""

import requests
from google.ads.googleads.client import GoogleAdsClient

from sandbox.serve import Sandbox
from tests.wire.google_client import GERMANY, MANAGER, code, refusals, streamed
from tests.wire.google_writing import BASE, keyword, negatives, operation, send


def test_changes_are_in_the_history_that_google_keeps_of_them(
    client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    [word] = send(
        client,
        "AdGroupCriterionService",
        "mutate_ad_group_criteria",
        [keyword(client, "AdGroupCriterion", "sandals", ad_group=search[1], negative=True)],
    )
    kind = client.enums.SharedSetTypeEnum.NEGATIVE_KEYWORDS
    [held] = send(
        client,
        "SharedSetService",
        "mutate_shared_sets",
        [operation(client, "SharedSet", name="Untold", type_=kind)],
    )
    events = streamed(
        client,
        "SELECT change_event.change_resource_name, change_event.resource_change_operation, change_event.ad_group FROM change_event "
        "WHERE change_event.change_date_time DURING TODAY LIMIT 100",
    )
    names = {
        row.change_event.change_resource_name: row.change_event.resource_change_operation.name
        for row in events
    }
    assert names == {word: "CREATE"}  # lists have no event
    statuses = streamed(
        client,
        "SELECT change_status.resource_type, change_status.shared_set FROM change_status "
        "WHERE change_status.last_change_date_time DURING LAST_7_DAYS LIMIT 100",
    )
    today = [
        row.change_status.shared_set
        for row in streamed(
            client,
            "SELECT change_status.shared_set FROM change_status WHERE change_status.last_change_date_time DURING TODAY LIMIT 9",
        )
    ]
    assert held in today
    assert not any(row.change_status.shared_set for row in statuses)  # the last seven days end yesterday
    for query, said in (
        ("change_event.change_date_time DURING TODAY", "change_event_error.LIMIT_NOT_SPECIFIED"),
        (
            "change_event.change_date_time > '2026-11-20' LIMIT 5",
            "change_event_error.CHANGE_DATE_RANGE_INFINITE",
        ),
        (
            "change_event.change_date_time BETWEEN '2026-09-01' AND '2026-11-20' LIMIT 5",
            "change_event_error.START_DATE_TOO_OLD",
        ),
        ("change_event.change_date_time DURING TODAY LIMIT 20000", "change_event_error.INVALID_LIMIT_CLAUSE"),
    ):
        wrong = f"SELECT change_event.user_email FROM change_event WHERE {query}"
        assert code(refusals(lambda wrong=wrong: streamed(client, wrong))[0]) == said


def test_rest_writes_what_grpc_does(
    sandbox: Sandbox, client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    url = f"{sandbox.url}/v26/customers/{GERMANY}/campaignCriteria:mutate"
    headers = {"Authorization": "Bearer ya29.sandbox", "login-customer-id": MANAGER}
    create = {"campaign": search[0], "negative": True, "keyword": {"text": "by rest", "matchType": "EXACT"}}
    answer = requests.post(url, json={"operations": [{"create": create}]}, headers=headers, timeout=30)
    assert answer.status_code == 200
    assert answer.json()["results"][0]["resourceName"].startswith(f"{BASE}/campaignCriteria/")
    assert "by rest" in negatives(client, "campaign_criterion")
    wrong = requests.post(
        url, json={"operations": [{"create": create | {"colour": "red"}}]}, headers=headers, timeout=30
    )
    assert wrong.status_code == 400
    assert wrong.json()["error"]["status"] == "INVALID_ARGUMENT"
    again = requests.post(url, json={"operations": [{"create": create}]}, headers=headers, timeout=30).json()[
        "error"
    ]
    assert again["details"][0]["errors"][0]["errorCode"] == {"mutateError": "RESOURCE_ALREADY_EXISTS"}
