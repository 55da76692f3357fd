"""LinkedIn: every parameter is honoured or refused; several pivots, creatives with their posts, targeting and
its counts.
"""

from collections import defaultdict
from itertools import combinations
from typing import Any

import pytest
import requests

from sandbox.linkedin import analytics_query
from sandbox.linkedin.restli import decode_query_1
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


def test_creatives_are_found_by_campaign_id_and_status(plain: Plain, sandbox: Sandbox) -> None:
    catalog = sandbox.stage.market.catalog(sandbox.stage.world.of("linkedin_ads")[0])
    campaign = int(catalog.ad_sets.id[0])
    path = f"adAccounts/{B2B}/creatives?q=criteria"
    found = elements(plain, f"{path}&campaigns=List(urn%3Ali%3AsponsoredCampaign%3A{campaign})", **FINDER)
    assert len(found) == int((catalog.ads.ad_set == 0).sum())
    assert {each["campaign"] for each in found} == {f"urn:li:sponsoredCampaign:{campaign}"}
    own = found[0]["id"].replace(":", "%3A")
    assert [each["id"] for each in elements(plain, f"{path}&creatives=List({own})", **FINDER)] == [
        found[0]["id"]
    ]
    every = [each["id"] for each in elements(plain, f"{path}&pageSize=100", **FINDER)]
    assert [each["id"] for each in elements(plain, f"{path}&sortOrder=DESCENDING&pageSize=100", **FINDER)][:3] == list(reversed(
        [f"urn:li:sponsoredCreative:{own}" for own in catalog.ads.id.tolist()]
    ))[:3]  # fmt: skip
    assert every == [f"urn:li:sponsoredCreative:{own}" for own in catalog.ads.id.tolist()][:100]


def test_searches_filter_by_what_they_name(plain: Plain, sandbox: Sandbox) -> None:
    catalog = sandbox.stage.market.catalog(sandbox.stage.world.of("linkedin_ads")[0])
    assert [
        each["id"] for each in elements(plain, f"adAccounts?q=search&search=(id:(values:List({B2B})))")
    ] == [int(B2B)]
    assert elements(plain, "adAccounts?q=search&search=(id:(values:List(1)))") == []
    own = int(catalog.ad_sets.id[1])
    found = elements(plain, f"adAccounts/{B2B}/adCampaigns?q=search&search=(id:(values:List({own})))")
    assert [each["id"] for each in found] == [own]
    group = int(catalog.campaigns.id[0])
    below = elements(
        plain,
        f"adAccounts/{B2B}/adCampaigns?q=search&search=(campaignGroup:(values:List(urn%3Ali%3AsponsoredCampaignGroup%3A{group})))",
    )
    assert {each["campaignGroup"] for each in below} == {f"urn:li:sponsoredCampaignGroup:{group}"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&{SPAN}&{FACETED}&sortBy=(field:CLICKS)", (400, "QUERY_PARAM_NOT_ALLOWED")),
        (f"adAnalytics?q=analytics&pivot=MEMBER_COUNTRY_V2&timeGranularity=ALL&{SPAN}&{FACETED}", (400, "ILLEGAL_ARGUMENT")),
        (f"adAnalytics?q=statistics&pivots=List(CAMPAIGN,MEMBER_INDUSTRY)&timeGranularity=ALL&{SPAN}&{FACETED}", (400, "FIELD_INVALID")),
        (f"adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=HOURLY&{SPAN}&{FACETED}", (400, "ILLEGAL_ARGUMENT")),
        (f"adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&{SPAN}&{FACETED}&fields=approximateMemberReach", (400, "ILLEGAL_ARGUMENT")),
        (f"adAnalytics?q=attributedRevenueMetrics&{SPAN}", (404, "RESOURCE_NOT_FOUND")),
        ("adAccounts?q=search&fields=id", (400, "QUERY_PARAM_NOT_ALLOWED")),
        ("adAccounts?q=search&search=(test:(values:List(true)))", (400, "ILLEGAL_ARGUMENT")),
        (f"adAccounts/{B2B}/adCampaigns?q=search&sortOrder=SIDEWAYS", (400, "ILLEGAL_ARGUMENT")),
        (f"adAccounts/{B2B}/adCampaigns?q=search&pageSize=many", (400, "ILLEGAL_ARGUMENT")),
        ("adTargetingEntities?q=similarEntities", (404, "RESOURCE_NOT_FOUND")),
        ("dmpSegments?q=account&account=urn%3Ali%3AsponsoredAccount%3A1&count=some", (400, "ILLEGAL_ARGUMENT")),
        ("adBudgetPricing?q=criteriaV2", (404, "RESOURCE_NOT_FOUND")),
    ],
)  # fmt: skip
def test_what_is_not_honoured_is_refused(plain: Plain, path: str, said: tuple[int, str]) -> None:
    assert refusal(plain.call("GET", path, **FINDER)) == said


DOCUMENTED = {
    "adAnalytics": {
        "q", "pivot", "pivots", "timeGranularity", "dateRange", "accounts", "campaignGroups", "campaigns", "creatives", "fields",
        "campaignType", "objectiveType", "shares", "companies", "sortBy", "projection",
    },
    f"adAccounts/{B2B}/creatives": {
        "q", "campaigns", "contentReferences", "creatives", "intendedStatuses", "isTestAccount", "isTotalIncluded",
        "leadgenCreativeCallToActionDestinations", "sortOrder", "pageSize", "pageToken", "fields",
    },
    f"adAccounts/{B2B}/adCampaigns": {"q", "search", "sortOrder", "pageSize", "pageToken", "fields", "start", "count", "totals"},
    f"adAccounts/{B2B}/adCampaignGroups": {"q", "search", "sortOrder", "pageSize", "pageToken", "fields", "start", "count", "totals"},
    "adAccounts": {"q", "search", "sortOrder", "pageSize", "pageToken", "fields", "start", "count", "totals"},
    "audienceCounts": {"q", "targetingCriteria", "fields"},
    "adTargetingFacets": {"q", "fields"},
    "adTargetingEntities": {"q", "facet", "query", "urns", "queryVersion", "locale", "fields", "entityType"},
    "dmpSegments": {"q", "account", "start", "count", "fields"},
}  # fmt: skip
"""Parameters that LinkedIn documents, by resource."""
HONOURED = {
    "adAnalytics": analytics_query.PARAMETERS | {"pivot"},
    f"adAccounts/{B2B}/creatives": {"q", "campaigns", "creatives", "intendedStatuses", "sortOrder", "pageSize", "pageToken"},
    f"adAccounts/{B2B}/adCampaigns": {"q", "search", "sortOrder", "pageSize", "pageToken"},
    f"adAccounts/{B2B}/adCampaignGroups": {"q", "search", "sortOrder", "pageSize", "pageToken"},
    "adAccounts": {"q", "search", "pageSize", "pageToken"},
    "audienceCounts": {"q", "targetingCriteria"},
    "adTargetingFacets": {"q"},
    "adTargetingEntities": {"q", "facet", "queryVersion", "locale"},
    "dmpSegments": {"q", "account", "start", "count"},
}  # fmt: skip


@pytest.mark.parametrize("resource", DOCUMENTED)
def test_every_documented_parameter_is_honoured_or_refused(plain: Plain, resource: str) -> None:
    finders = {
        "adAnalytics": f"q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&{SPAN}&{FACETED}", "audienceCounts": "q=targetingCriteriaV2",
        "adTargetingFacets": "", "adTargetingEntities": "q=adTargetingFacet&facet=urn%3Ali%3AadTargetingFacet%3Agenders",
        "dmpSegments": f"q=account&account=urn%3Ali%3AsponsoredAccount%3A{B2B}",
    }  # fmt: skip
    given = finders.get(resource, "q=criteria" if resource.endswith("creatives") else "q=search")
    present = {part.partition("=")[0] for part in given.split("&")}
    refused = set()
    for name in DOCUMENTED[resource] - present:
        answer = plain.call("GET", f"{resource}?{given}&{name}=x", **FINDER)
        if answer.status_code == 400 and answer.json()["code"] == "QUERY_PARAM_NOT_ALLOWED":
            refused.add(name)
    assert DOCUMENTED[resource] - refused == HONOURED[resource] & DOCUMENTED[resource]


def test_every_documented_pivot_is_answered_or_refused(plain: Plain) -> None:
    documented = {
        "ACCOUNT", "CAMPAIGN_GROUP", "CAMPAIGN", "CREATIVE", "CONVERSION", "SERVING_LOCATION", "IMPRESSION_DEVICE_TYPE",
        "PLACEMENT_NAME", "SHARE", "COMPANY", "MEMBER_COMPANY_SIZE", "MEMBER_INDUSTRY", "MEMBER_SENIORITY", "MEMBER_JOB_FUNCTION",
        "MEMBER_JOB_TITLE", "MEMBER_COUNTRY_V2", "MEMBER_REGION_V2", "MEMBER_COMPANY",
    }  # fmt: skip
    answered = {
        pivot for pivot in documented
        if plain.call("GET", f"adAnalytics?q=analytics&pivot={pivot}&timeGranularity=ALL&{SPAN}&{FACETED}").status_code == 200
    }  # fmt: skip
    assert answered == {*analytics_query.PIVOTS, *analytics_query.DIVIDING, *analytics_query.PEOPLE}


@pytest.mark.parametrize("pivots", list(combinations(("CAMPAIGN", "IMPRESSION_DEVICE_TYPE", "ACCOUNT"), 2)))
def test_two_pivots_divide_what_one_sums(plain: Plain, pivots: tuple[str, str]) -> None:
    asked = f"timeGranularity=MONTHLY&{SPAN}&{FACETED}&{FIELDS}"
    one = elements(plain, f"adAnalytics?q=analytics&pivot={pivots[0]}&{asked}")
    two = elements(plain, f"adAnalytics?q=statistics&pivots=List({','.join(pivots)})&{asked}")
    summed: dict[Any, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for each in two:
        key = each["pivotValues"][0], each["dateRange"]["start"]["month"]
        summed[key][0] += each["impressions"]
        summed[key][1] += float(each["costInLocalCurrency"])
    assert {each["dateRange"]["start"]["day"] for each in one} == {5, 1}
    for each in one:
        key = each["pivotValues"][0], each["dateRange"]["start"]["month"]
        assert summed[key] == pytest.approx([each["impressions"], float(each["costInLocalCurrency"])])
    assert len(summed) == len(one)


def test_rest_li_1_is_spoken_where_the_header_is_absent(plain: Plain) -> None:
    old = (
        f"adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&accounts[0]=urn:li:sponsoredAccount:{B2B}&dateRange.start.year=2026"
        "&dateRange.start.month=10&dateRange.start.day=5&dateRange.end.year=2026&dateRange.end.month=11&dateRange.end.day=22"
    )
    new = f"adAnalytics?q=analytics&pivot=CAMPAIGN&timeGranularity=ALL&{SPAN}&{FACETED}"
    assert elements(plain, old, X_Restli_Protocol_Version="") == elements(plain, new)
    assert decode_query_1("ids=1&ids=2&a.b%5B0%5D.c=x~2Ey") == {"ids": ["1", "2"], "a": {"b": [{"c": "x.y"}]}}


def test_introspection_tells_of_the_token(plain: Plain, sandbox: Sandbox) -> None:
    given = sandbox.stage.credentials
    form = {
        "client_id": given.linkedin_client_id,
        "client_secret": given.linkedin_client_secret,
        "token": given.linkedin_access_token,
    }
    told = requests.post(
        f"{sandbox.environment['LINKEDIN_OAUTH_URL']}/introspectToken", data=form, timeout=10
    ).json()
    assert told["active"] is True
    assert (told["client_id"], told["auth_type"]) == (given.linkedin_client_id, "3L")
    assert told["expires_at"] - told["created_at"] == 60 * 86_400
    assert "r_ads_reporting" in told["scope"].split(",")
