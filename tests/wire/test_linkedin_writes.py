"""LinkedIn: creatives with their posts, targeting and its counts, and bids."""

from hashlib import sha256
from typing import Any

import pytest
import requests

from resources.config.settings import Settings
from sandbox.linkedin import targeting
from sandbox.linkedin.segments import FACET, segment_urn
from sandbox.serve import Sandbox
from tests.wire.linkedin_plain import B2B, Plain

SPAN = "dateRange=(start:(year:2026,month:10,day:5),end:(year:2026,month:11,day:22))"
FACETED = f"accounts=List(urn%3Ali%3AsponsoredAccount%3A{B2B})"
FIELDS = "fields=dateRange,pivotValues,impressions,clicks,costInLocalCurrency"
FINDER = {"X_RestLi_Method": "FINDER"}


def elements(plain: Plain, path: str, **headers: str) -> list[dict[str, Any]]:
    answer = plain.call("GET", path, **headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["elements"])


def refusal(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


POST = {
    "author": "urn:li:organization:1", "adContext": {"dscAdAccount": f"urn:li:sponsoredAccount:{B2B}", "dscStatus": "ACTIVE"},
    "commentary": "Made to last.", "visibility": "PUBLIC", "lifecycleState": "PUBLISHED",
    "distribution": {"feedDistribution": "NONE"}, "contentLandingPage": "https://shop.example/x", "contentCallToActionLabel": "LEARN_MORE",
    "content": {"media": {"id": "urn:li:image:1", "title": "Trail shoes"}},
}  # fmt: skip


@pytest.fixture
def campaign(sandbox: Sandbox) -> str:
    return f"urn:li:sponsoredCampaign:{sandbox.stage.market.catalog(sandbox.stage.world.of('linkedin_ads')[0]).ad_sets.id[0]}"


def test_a_creative_is_made_with_its_post_read_updated_and_deleted(
    plain: Plain, sandbox: Sandbox, campaign: str
) -> None:
    path = f"adAccounts/{B2B}/creatives"
    inline = {"creative": {"campaign": campaign, "name": "mark", "inlineContent": {"post": POST}}}
    answer = plain.call("POST", f"{path}?action=createInline", body=inline)
    assert "x-restli-id" not in answer.headers
    own = answer.json()["value"]["creative"]
    found = [
        each
        for each in elements(
            plain, f"{path}?q=criteria&campaigns=List({campaign.replace(':', '%3A')})", **FINDER
        )
        if each["id"] == own
    ]
    assert [(each["name"], each["intendedStatus"]) for each in found] == [("mark", "DRAFT")]
    reference = found[0]["content"]["reference"]
    assert plain.call("GET", f"posts/{reference.replace(':', '%3A')}").json()["commentary"] == "Made to last."
    second = plain.call(
        "POST", path, body={"campaign": campaign, "content": {"reference": reference}, "name": "again"}
    )
    assert second.status_code == 201
    assert second.headers["x-restli-id"].startswith("urn:li:sponsoredCreative:")
    encoded = own.replace(":", "%3A")
    assert plain.update(f"{path}/{encoded}", {"content": {}}).status_code == 400
    assert plain.call("DELETE", f"{path}/{encoded}").status_code == 204
    assert (
        plain.update(
            f"{path}/{second.headers['x-restli-id'].replace(':', '%3A')}", {"intendedStatus": "ACTIVE"}
        ).status_code
        == 204
    )
    assert (
        refusal(plain.call("DELETE", f"{path}/{second.headers['x-restli-id'].replace(':', '%3A')}"))[0] == 400
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"commentary": "x" * 601}, 400), ({"commentary": ""}, 400), ({"contentLandingPage": ""}, 400), ({"isDsc": True}, 422),
        ({"adContext": {"dscAdAccount": "urn:li:sponsoredAccount:1"}}, 400),
    ],
)  # fmt: skip
def test_a_post_linkedin_does_not_take_makes_nothing(
    plain: Plain, sandbox: Sandbox, campaign: str, change: dict[str, Any], status: int
) -> None:
    inline = {"creative": {"campaign": campaign, "inlineContent": {"post": POST | change}}}
    answer = plain.call("POST", f"adAccounts/{B2B}/creatives?action=createInline", body=inline)
    assert answer.status_code == status
    assert not sandbox.stage.objects.of("linkedin_ads", B2B, "post")


def test_a_creative_cannot_be_made_paused(plain: Plain, campaign: str) -> None:
    body = {"campaign": campaign, "intendedStatus": "PAUSED", "content": {"reference": "urn:li:share:1"}}
    assert refusal(plain.call("POST", f"adAccounts/{B2B}/creatives", body=body)) == (
        400,
        "INVALID_VALUE_FOR_FIELD",
    )


def test_a_lost_inline_create_leaves_both_objects_or_none(
    plain: Plain, sandbox: Sandbox, campaign: str
) -> None:
    inline = {"creative": {"campaign": campaign, "name": "mark", "inlineContent": {"post": POST}}}
    for moment, count in (("before", 0), ("after", 1)):
        sandbox.stage.faults.arm("linkedin_ads", "write_answer", answer="504", moment=moment)
        assert (
            plain.call("POST", f"adAccounts/{B2B}/creatives?action=createInline", body=inline).status_code
            == 504
        )
        assert len(sandbox.stage.objects.of("linkedin_ads", B2B, "creative")) == count
        assert len(sandbox.stage.objects.of("linkedin_ads", B2B, "post")) == count


def _criteria(*groups: dict[str, list[str]], **excluded: list[str]) -> str:
    def listed(urns: list[str]) -> str:
        return (
            "List("
            + ",".join(
                urn.replace(":", "%3A").replace("(", "%28").replace(")", "%29").replace(",", "%2C")
                for urn in urns
            )
            + ")"
        )

    def record(group: dict[str, list[str]]) -> str:
        return (
            "(or:("
            + ",".join(f"{facet.replace(':', '%3A')}:{listed(urns)}" for facet, urns in group.items())
            + "))"
        )

    out = f",exclude:{record({FACET: excluded['excluded']})}" if excluded else ""
    return f"(include:(and:List({','.join(record(group) for group in groups)})){out})"


def test_counts_follow_the_criteria(plain: Plain, sandbox: Sandbox) -> None:
    place = {"urn:li:adTargetingFacet:locations": ["urn:li:geo:101282230"]}
    senior = {"urn:li:adTargetingFacet:seniorities": ["urn:li:seniority:6"]}
    audience = sandbox.stage.audiences.make("linkedin_ads", B2B, "Known", at=0.0)
    audience.put([("email", sha256(str(n).encode()).hexdigest()) for n in range(2_000)])
    path = "audienceCounts?q=targetingCriteriaV2&targetingCriteria="

    def total(criteria: str) -> int:
        return int(elements(plain, path + criteria)[0]["total"])

    wide, narrow = total(_criteria(place)), total(_criteria(place, senior))
    assert wide == 20_000_000
    assert 0 < narrow < wide
    listed = {FACET: [segment_urn(audience)]}
    assert total(_criteria(listed)) == audience.matched // 10 * 10
    assert total(_criteria(place, listed, excluded=[segment_urn(audience)])) == 0
    few = sandbox.stage.audiences.make("linkedin_ads", B2B, "Few", at=0.0)
    few.put([("email", sha256(f"few {n}".encode()).hexdigest()) for n in range(200)])
    assert total(_criteria({FACET: [segment_urn(few)]})) == 0
    for wrong in (
        _criteria(place, {FACET: ["urn:li:adSegment:1"]}),
        _criteria(
            {"urn:li:adTargetingFacet:jobFunctions": ["urn:li:function:8"]},
            {"urn:li:adTargetingFacet:titles": ["urn:li:title:10"]},
        ),
        _criteria({"urn:li:adTargetingFacet:zodiac": ["urn:li:sign:1"]}),
    ):
        assert plain.call("GET", path + wrong).status_code == 400
    assert {each["adTargetingFacetUrn"] for each in elements(plain, "adTargetingFacets")} >= set(
        targeting.ENTITIES
    )
    named = elements(
        plain, "adTargetingEntities?q=typeahead&facet=urn%3Ali%3AadTargetingFacet%3Aindustries&query=soft"
    )
    assert [each["name"] for each in named] == ["Software"]


def test_a_bid_strategy_needs_its_bid_in_the_same_patch(
    plain: Plain, settings: Settings, campaign: str
) -> None:
    path = f"adAccounts/{B2B}/adCampaigns/{campaign.rpartition(':')[2]}"
    assert plain.update(path, {"optimizationTargetType": "MAX_CLICK"}).status_code == 400
    cost = {"amount": "4.50", "currencyCode": plain.call("GET", path).json()["unitCost"]["currencyCode"]}
    assert plain.update(path, {"optimizationTargetType": "MAX_CLICK", "unitCost": cost}).status_code == 204
    now = plain.call("GET", path).json()
    assert (now["optimizationTargetType"], now["unitCost"]) == ("MAX_CLICK", cost)
    assert plain.update(path, {"unitCost": cost | {"currencyCode": "ZZZ"}}).status_code == 400
