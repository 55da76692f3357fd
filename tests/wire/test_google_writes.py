"""Google Ads writes beside budgets and statuses: criteria, lists, attachments and ads, by the official
client, with Google's own refusals.
"""

from collections.abc import Callable
from typing import Any

import pytest
from google.ads.googleads.client import GoogleAdsClient

from sandbox.google import criterion_checks
from sandbox.negative_keywords import Scope
from sandbox.serve import Sandbox
from sandbox.world import Account
from tests.wire.google_client import GERMANY, code, place, refusals, streamed
from tests.wire.google_writing import BASE, keyword, negatives, new_ad, operation, send


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
    market = sandbox.stage.market
    active = {(n.text, n.scope.level) for n in market.negatives.of(account)}
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
    [short] = [n for n in market.negatives.history(account)[0] if n.text == "cheap shoes"]
    assert short.first_day == short.end_day  # it came and went on one day, so it never held


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
    market = sandbox.stage.market
    list_id = int(name.rsplit("/", 1)[-1])
    assert [n.text for n in market.negatives.of(account, Scope("list", list_id))] == ["torrent"]
    assert (list_id, int(campaign.rsplit("/", 1)[-1])) in market.negatives.attachments(account)
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
    list_id = int(name.rsplit("/", 1)[-1])
    market = sandbox.stage.market
    assert [n.text for n in market.negatives.of(account, Scope("list", list_id))] == ["crack"]
    assert (list_id, int(account.id)) in market.negatives.attachments(account)
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
