"""Google Ads writes beside budgets and statuses: criteria, lists, attachments and ads, by the official client, with Google's own refusals."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from google.ads.googleads.client import GoogleAdsClient

from resources.settings import Settings
from sandbox.google import ad_rules, ads, criteria, criterion_checks
from sandbox.serve import Sandbox
from sandbox.world import Account
from tests.wire.google_client import GERMANY, MANAGER, code, official, place, refusals, streamed

BASE = f"customers/{GERMANY}"


@pytest.fixture
def client(settings: Settings, sandbox: Sandbox) -> GoogleAdsClient:
    return official(settings.google_ads)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.stage.world.of("google_ads")[0]


@pytest.fixture
def search(sandbox: Sandbox, account: Account) -> tuple[str, str]:
    """Resource names of a search campaign without an attached list, and of an ad group in it."""
    catalog = sandbox.stage.market.catalog(account)
    attached = {link.parent for link in criteria.attachments(sandbox.stage, account)}
    for row in criteria.search_ad_groups(sandbox.stage, account):
        campaign = int(catalog.campaigns.id[catalog.ad_sets.campaign[row]])
        if campaign not in attached:
            return f"{BASE}/campaigns/{campaign}", f"{BASE}/adGroups/{catalog.ad_sets.id[row]}"
    raise LookupError("no such campaign")


def operation(client: GoogleAdsClient, kind: str, **fields: Any) -> Any:
    made = client.get_type(f"{kind}Operation")
    for path, value in fields.items():
        target, *rest = path.split("__")
        thing = made.create
        for part in [target, *rest][:-1]:
            thing = getattr(thing, part)
        setattr(thing, [target, *rest][-1], value)
    return made


def keyword(client: GoogleAdsClient, kind: str, text: str, match_type: str = "PHRASE", **fields: Any) -> Any:
    match = client.enums.KeywordMatchTypeEnum[match_type]
    return operation(client, kind, keyword__text=text, keyword__match_type=match, **fields)


def send(client: GoogleAdsClient, service: str, method: str, operations: list[Any], **more: Any) -> list[str]:
    request = {"customer_id": GERMANY, "operations": operations, **more}
    answer = getattr(client.get_service(service), method)(request=request)
    return [result.resource_name for result in answer.results]


def negatives(client: GoogleAdsClient, resource: str) -> set[str]:
    query = f"SELECT {resource}.keyword.text, {resource}.status FROM {resource} WHERE {resource}.negative = TRUE AND {resource}.status != REMOVED"
    return {getattr(row, resource).keyword.text for row in streamed(client, query)}


def test_negatives_of_ad_groups_and_campaigns_are_made_and_removed(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, search: tuple[str, str]
) -> None:
    campaign, ad_group = search
    own = keyword(client, "AdGroupCriterion", "cheap shoes", ad_group=ad_group, negative=True)
    wide = keyword(client, "CampaignCriterion", "used shoes", campaign=campaign, negative=True)
    [made] = send(client, "AdGroupCriterionService", "mutate_ad_group_criteria", [own])
    [above] = send(client, "CampaignCriterionService", "mutate_campaign_criteria", [wide])
    assert "cheap shoes" in negatives(client, "ad_group_criterion")
    assert "used shoes" in negatives(client, "campaign_criterion")
    active = {(n.text, n.level) for n in criteria.active_negatives(sandbox.stage, account)}
    assert {("cheap shoes", "ad_group"), ("used shoes", "campaign")} <= active
    for name, kind in ((made, "AdGroupCriterion"), (above, "CampaignCriterion")):
        gone = client.get_type(f"{kind}Operation")
        gone.remove = name
        send(
            client,
            f"{kind}Service",
            f"mutate_{'ad_group' if kind[0] == 'A' else 'campaign'}_criteria",
            [gone],
        )
    assert not {"cheap shoes"} & negatives(client, "ad_group_criterion")
    assert not {"used shoes"} & negatives(client, "campaign_criterion")
    after = {(n.text, n.level) for n in criteria.active_negatives(sandbox.stage, account)}
    assert ("cheap shoes", "ad_group") not in after  # it came and went on one day, so it never held


def test_a_list_is_made_filled_and_attached_in_one_atomic_request(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, search: tuple[str, str]
) -> None:
    campaign, _ = search
    temporary = f"{BASE}/sharedSets/-1"
    operations = []
    for kind, field in (
        ("SharedSet", "shared_set_operation"),
        ("SharedCriterion", "shared_criterion_operation"),
        ("CampaignSharedSet", "campaign_shared_set_operation"),
    ):
        wrapped = client.get_type("MutateOperation")
        given = {
            "SharedSet": {
                "resource_name": temporary,
                "name": "Brand safety",
                "type_": client.enums.SharedSetTypeEnum.NEGATIVE_KEYWORDS,
            },
            "SharedCriterion": {
                "shared_set": temporary,
                "keyword__text": "torrent",
                "keyword__match_type": client.enums.KeywordMatchTypeEnum.BROAD,
            },
            "CampaignSharedSet": {"shared_set": temporary, "campaign": campaign},
        }[kind]
        client.copy_from(getattr(wrapped, field), operation(client, kind, **given))
        operations.append(wrapped)
    service = client.get_service("GoogleAdsService")
    rehearsed = service.mutate(
        request={"customer_id": GERMANY, "mutate_operations": operations, "validate_only": True}
    )
    assert not rehearsed.mutate_operation_responses
    answer = service.mutate(customer_id=GERMANY, mutate_operations=operations)
    name = answer.mutate_operation_responses[0].shared_set_result.resource_name
    rows = streamed(
        client,
        "SELECT shared_set.name, shared_set.member_count, shared_set.reference_count FROM shared_set WHERE shared_set.name = 'Brand safety'",
    )
    assert [
        (row.shared_set.resource_name, row.shared_set.member_count, row.shared_set.reference_count)
        for row in rows
    ] == [(name, 1, 1)]
    links = streamed(
        client,
        f"SELECT campaign_shared_set.shared_set FROM campaign_shared_set WHERE campaign_shared_set.campaign = '{campaign}'",
    )
    assert [row.campaign_shared_set.shared_set for row in links] == [name]
    held = [n for n in criteria.active_negatives(sandbox.stage, account) if n.text == "torrent"]
    assert [(n.level, n.entity_ids) for n in held] == [("campaign", (int(campaign.rsplit("/", 1)[-1]),))]
    in_use = client.get_type("SharedSetOperation")
    in_use.remove = name
    assert (
        code(refusals(lambda: send(client, "SharedSetService", "mutate_shared_sets", [in_use]))[0])
        == "shared_set_error.SHARED_SET_IN_USE"
    )


def test_the_account_takes_one_list_of_its_own(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account
) -> None:
    kind = client.enums.SharedSetTypeEnum.ACCOUNT_LEVEL_NEGATIVE_KEYWORDS
    [name] = send(
        client,
        "SharedSetService",
        "mutate_shared_sets",
        [operation(client, "SharedSet", name="Everywhere", type_=kind)],
    )
    send(
        client,
        "SharedCriterionService",
        "mutate_shared_criteria",
        [keyword(client, "SharedCriterion", "crack", shared_set=name)],
    )
    attach = operation(client, "CustomerNegativeCriterion", negative_keyword_list__shared_set=name)
    method = ("CustomerNegativeCriterionService", "mutate_customer_negative_criteria")
    send(client, *method, [attach])
    rows = streamed(
        client,
        "SELECT customer_negative_criterion.negative_keyword_list.shared_set FROM customer_negative_criterion",
    )
    assert [row.customer_negative_criterion.negative_keyword_list.shared_set for row in rows] == [name]
    assert [n.level for n in criteria.active_negatives(sandbox.stage, account) if n.text == "crack"] == [
        "account"
    ]
    again = refusals(lambda: send(client, *method, [attach]))
    assert code(again[0]) == "criterion_error.CANNOT_HAVE_MULTIPLE_NEGATIVE_KEYWORD_LIST_PER_ACCOUNT"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 81, "criterion_error.KEYWORD_TEXT_TOO_LONG"),
        (" ".join(["a"] * 11), "criterion_error.KEYWORD_HAS_TOO_MANY_WORDS"),
        ("50% off", "criterion_error.KEYWORD_HAS_INVALID_CHARS"),
        ("+free +shoes", "criterion_error.BROAD_MATCH_MODIFIER_KEYWORD_NOT_ALLOWED"),
        ("", "criterion_error.INVALID_KEYWORD_TEXT"),
        ("miracle cure", "policy_violation_error.POLICY_ERROR"),
    ],
)
def test_a_keyword_google_does_not_take_is_refused(
    client: GoogleAdsClient, search: tuple[str, str], text: str, said: str
) -> None:
    made = keyword(client, "AdGroupCriterion", text, ad_group=search[1])
    errors = refusals(lambda: send(client, "AdGroupCriterionService", "mutate_ad_group_criteria", [made]))
    assert code(errors[0]) == said
    assert place(errors[0])[0] == ("operations", 0)


def test_an_exempted_policy_lets_the_keyword_through(
    client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    made = keyword(client, "AdGroupCriterion", "miracle cure", ad_group=search[1])
    method = ("AdGroupCriterionService", "mutate_ad_group_criteria")
    [error] = refusals(lambda: send(client, *method, [made]))
    made.exempt_policy_violation_keys.append(error.details.policy_violation_details.key)
    assert len(send(client, *method, [made])) == 1


def test_a_repeated_negative_is_refused_or_by_a_fault_accepted(
    client: GoogleAdsClient, sandbox: Sandbox, search: tuple[str, str]
) -> None:
    made = keyword(client, "CampaignCriterion", "rental", campaign=search[0], negative=True)
    method = ("CampaignCriterionService", "mutate_campaign_criteria")
    first = send(client, *method, [made])
    assert code(refusals(lambda: send(client, *method, [made]))[0]) == "mutate_error.RESOURCE_ALREADY_EXISTS"
    sandbox.stage.faults.arm("google_ads", "repeat_accepted")
    assert send(client, *method, [made]) == first
    doubled = [
        keyword(client, "CampaignCriterion", "hire", campaign=search[0], negative=True) for _ in range(2)
    ]
    assert code(refusals(lambda: send(client, *method, doubled))[0]) == "distinct_error.DUPLICATE_ELEMENT"


def test_a_limit_says_how_many_there_may_be(
    client: GoogleAdsClient, search: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(criterion_checks.LIMITS, "NEGATIVE_KEYWORDS_PER_CAMPAIGN", 1)
    made = keyword(client, "CampaignCriterion", "one too many", campaign=search[0], negative=True)
    [error] = refusals(lambda: send(client, "CampaignCriterionService", "mutate_campaign_criteria", [made]))
    details = error.details.resource_count_details
    assert code(error) == "resource_count_limit_exceeded_error.CAMPAIGN_LIMIT"
    assert (details.limit, details.existing_count, details.limit_type.name) == (
        1,
        1,
        "NEGATIVE_KEYWORDS_PER_CAMPAIGN",
    )


def test_partial_failure_carries_out_what_is_good_and_names_what_is_not(
    client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    good = keyword(client, "CampaignCriterion", "manual", campaign=search[0], negative=True)
    wrong = keyword(client, "CampaignCriterion", "50% off", campaign=search[0], negative=True)
    request = {"customer_id": GERMANY, "operations": [wrong, good], "partial_failure": True}
    answer = client.get_service("CampaignCriterionService").mutate_campaign_criteria(request=request)
    assert [bool(result.resource_name) for result in answer.results] == [False, True]
    failure = client.get_type("GoogleAdsFailure")
    decoded = type(failure).deserialize(answer.partial_failure_error.details[0].value)
    assert [place(error)[0] for error in decoded.errors] == [("operations", 0)]
    assert {"manual"} <= negatives(client, "campaign_criterion")


HEADLINES = ("Trail shoes that last", "Save 20% on shoes", "Free returns for 60 days")
DESCRIPTIONS = ("Made to be repaired. Ten years of spare parts.", "One price, everything included.")


def new_ad(
    client: GoogleAdsClient, ad_group: str, *, status: str = "PAUSED", headlines: Any = HEADLINES, **more: Any
) -> Any:
    made = client.get_type("AdGroupAdOperation")
    made.create.ad_group = ad_group
    made.create.status = client.enums.AdGroupAdStatusEnum[status]
    made.create.ad.final_urls.append(more.get("url", "https://shop.example/shoes"))
    for text in headlines:
        made.create.ad.responsive_search_ad.headlines.append({"text": text})
    for text in more.get("descriptions", DESCRIPTIONS):
        made.create.ad.responsive_search_ad.descriptions.append({"text": text})
    made.create.ad.responsive_search_ad.path1 = more.get("path1", "")
    made.create.ad.responsive_search_ad.path2 = more.get("path2", "")
    return made


def test_an_ad_is_made_paused_read_back_and_edited_only_while_enabled(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, search: tuple[str, str]
) -> None:
    [name] = send(client, "AdGroupAdService", "mutate_ad_group_ads", [new_ad(client, search[1])])
    query = (
        "SELECT ad_group_ad.status, ad_group_ad.ad.id, ad_group_ad.ad.responsive_search_ad.headlines, ad_group_ad.policy_summary.review_status "
        f"FROM ad_group_ad WHERE ad_group_ad.resource_name = '{name}'"
    )
    [row] = streamed(client, query)
    assert row.ad_group_ad.status.name == "PAUSED"
    assert tuple(line.text for line in row.ad_group_ad.ad.responsive_search_ad.headlines) == HEADLINES
    assert [ad.own for ad in ads.made(sandbox.stage, account)] == [row.ad_group_ad.ad.id]
    edit = client.get_type("AdOperation")
    edit.update.resource_name = f"{BASE}/ads/{row.ad_group_ad.ad.id}"
    for n, text in enumerate((*HEADLINES, "Light on every trail")):
        pin = "HEADLINE_1" if n == 0 else "UNSPECIFIED"
        edit.update.responsive_search_ad.headlines.append(
            {"text": text, "pinned_field": client.enums.ServedAssetFieldTypeEnum[pin]}
        )
    edit.update_mask.paths.append("responsive_search_ad.headlines")
    paused = refusals(lambda: send(client, "AdService", "mutate_ads", [edit]))
    assert code(paused[0]) == "ad_error.UPDATING_AD_WITH_NO_ENABLED_ASSOCIATION"
    enable = client.get_type("AdGroupAdOperation")
    enable.update.resource_name = name
    enable.update.status = client.enums.AdGroupAdStatusEnum.ENABLED
    enable.update_mask.paths.append("status")
    send(client, "AdGroupAdService", "mutate_ad_group_ads", [enable])
    send(client, "AdService", "mutate_ads", [edit])
    [row] = streamed(client, query)
    lines = row.ad_group_ad.ad.responsive_search_ad.headlines
    assert [line.text for line in lines] == [*HEADLINES, "Light on every trail"]
    assert [line.pinned_field.name for line in lines] == [
        "HEADLINE_1",
        "UNSPECIFIED",
        "UNSPECIFIED",
        "UNSPECIFIED",
    ]


def test_a_line_that_was_taken_out_stays_as_a_link_that_is_off(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, search: tuple[str, str]
) -> None:
    catalog = sandbox.stage.market.catalog(account)
    row = catalog.index["ad_set"][int(search[1].rsplit("/", 1)[-1])]
    own = next(
        int(catalog.ads.id[at])
        for at in ads.rows_of_ad_group(sandbox.stage, account, row)
        if not catalog.ads.paused[at]
    )
    old = catalog.texts(catalog.index["ad"][own])["headlines"]
    edit = client.get_type("AdOperation")
    edit.update.resource_name = f"{BASE}/ads/{own}"
    kept = [text for text in old if len(text) <= 30][:1]
    lines = [*kept, "A new second line", "A new third line"]
    for text in lines:
        edit.update.responsive_search_ad.headlines.append({"text": text})
    edit.update_mask.paths.append("responsive_search_ad.headlines")
    send(client, "AdService", "mutate_ads", [edit])
    rows = streamed(
        client,
        "SELECT asset.text_asset.text, ad_group_ad_asset_view.enabled FROM ad_group_ad_asset_view "
        f"WHERE ad_group_ad.ad.id = {own} AND ad_group_ad_asset_view.field_type = HEADLINE",
    )
    enabled = {row.asset.text_asset.text: row.ad_group_ad_asset_view.enabled for row in rows}
    assert enabled == dict.fromkeys(old, False) | dict.fromkeys(lines, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"headlines": HEADLINES[:2]}, "collection_size_error.TOO_FEW"),
        ({"headlines": [f"Line {n}" for n in range(16)]}, "collection_size_error.TOO_MANY"),
        ({"headlines": (*HEADLINES[:2], "x" * 31)}, "ad_error.LINE_TOO_WIDE"),
        ({"headlines": (*HEADLINES[:2], "靴" * 16)}, "ad_error.LINE_TOO_WIDE"),
        ({"headlines": (*HEADLINES[:2], HEADLINES[0])}, "asset_error.DUPLICATE_ASSET"),
        ({"headlines": (*HEADLINES[:2], "Buy now!!")}, "policy_finding_error.POLICY_FINDING"),
        ({"url": "shop.example"}, "url_field_error.MISSING_PROTOCOL"),
        ({"path2": "sale"}, "ad_error.CANNOT_SET_PATH2_WITHOUT_PATH1"),
    ],
)
def test_texts_google_does_not_take_are_refused(
    client: GoogleAdsClient, search: tuple[str, str], change: dict[str, Any], said: str
) -> None:
    made = new_ad(client, search[1], **change)
    errors = refusals(lambda: send(client, "AdGroupAdService", "mutate_ad_group_ads", [made]))
    assert code(errors[0]) == said


def test_a_finding_names_its_topics_and_can_be_ignored(
    client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    made = new_ad(client, search[1], headlines=(*HEADLINES[:2], "Casino nights!!"))
    method = ("AdGroupAdService", "mutate_ad_group_ads")
    [error] = refusals(lambda: send(client, *method, [made]))
    topics = {
        entry.topic: entry.type_.name for entry in error.details.policy_finding_details.policy_topic_entries
    }
    assert topics == {"PUNCTUATION_AND_SYMBOLS": "PROHIBITED", "GAMBLING": "LIMITED"}
    assert {topic for topic, _ in ad_rules.POLICY_TOPICS.values()} >= set(topics)
    made.policy_validation_parameter.ignorable_policy_topics.append("PUNCTUATION_AND_SYMBOLS")
    assert len(send(client, *method, [made])) == 1


def test_what_the_sandbox_does_not_honour_of_a_write_is_refused(
    client: GoogleAdsClient, search: tuple[str, str]
) -> None:
    bid = keyword(client, "AdGroupCriterion", "trail shoe", ad_group=search[1])
    bid.create.bid_modifier = 1.2
    ad = new_ad(client, search[1])
    ad.create.ad.tracking_url_template = "https://t.example/{lpurl}"
    budget = client.get_type("CampaignBudgetOperation")
    budget.create.name = "New"
    group = client.get_type("AdGroupOperation")
    group.update.resource_name, group.update.cpc_bid_micros = search[1], 1_000_000
    group.update_mask.paths.append("cpc_bid_micros")
    calls: list[tuple[Callable[[], Any], str]] = [
        (
            lambda: send(client, "AdGroupCriterionService", "mutate_ad_group_criteria", [bid]),
            "field_error.VALUE_MUST_BE_UNSET",
        ),
        (
            lambda: send(client, "AdGroupAdService", "mutate_ad_group_ads", [ad]),
            "field_error.VALUE_MUST_BE_UNSET",
        ),
        (
            lambda: send(client, "CampaignBudgetService", "mutate_campaign_budgets", [budget]),
            "mutate_error.MUTATE_NOT_ALLOWED",
        ),
        (lambda: send(client, "AdGroupService", "mutate_ad_groups", [group]), "field_error.IMMUTABLE_FIELD"),
        (lambda: send(client, "AdGroupService", "mutate_ad_groups", []), "request_error.OPERATION_REQUIRED"),
    ]
    for call, said in calls:
        assert code(refusals(call)[0]) == said


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
