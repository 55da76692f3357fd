"""What a client writes through a wire moves the market from the account's next day on, and no day before: in
later readings and in what the control API tells for true.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adset import AdSet
from google.ads.googleads.client import GoogleAdsClient

from resources.config.settings import Settings, load_settings
from sandbox.ad_language import TRAITS
from sandbox.audience_reach import LINKEDIN_SEGMENT_SHIFT, POOL_AUDIENCES
from sandbox.clock import Clock
from sandbox.running_world import set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import Account
from tests.wire.google_client import official, streamed
from tests.wire.google_writing import BASE, keyword, new_ad, operation, send
from tests.wire.linkedin_plain import Plain
from tests.wire.meta_graph import Graph
from tests.wire.meta_official import official as meta_official
from tests.wire.written_world import (
    AFTER,
    BEFORE,
    GOOGLE,
    LATER,
    LINKEDIN,
    META,
    NOON,
    SPANS,
    rest,
    spend,
    truth,
    world,
)


@pytest.fixture(scope="module")
def folder(var: Path, sandbox_session: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the session's certificates: gRPC keeps the first roots that it reads."""
    folder = tmp_path_factory.mktemp("var")
    shutil.copytree(var / "sandbox" / "certificates", folder / "sandbox" / "certificates")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Sandbox]:
    with running(set_stage(world(), Clock(NOON)), folder=folder / "sandbox") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    """At noon of the day of the writes; everything is forgotten after each test."""
    served.stage.clock.set(NOON)
    yield served
    served.stage.forget()


@pytest.fixture
def settings(sandbox: Sandbox, folder: Path) -> Settings:
    return load_settings({"PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox"})


@pytest.fixture
def client(settings: Settings) -> GoogleAdsClient:
    return official(settings.google_ads)


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return sandbox.stage.world.of("google_ads")[0]


def is_after(day: str) -> bool:
    return date.fromisoformat(day) >= AFTER[0]


def clicks_by_search(client: GoogleAdsClient) -> dict[tuple[int, int, str, str], int]:
    """Clicks by campaign, ad group, search and day."""
    rows = streamed(
        client,
        "SELECT campaign.id, ad_group.id, search_term_view.search_term, segments.date, metrics.clicks "
        f"FROM search_term_view WHERE {SPANS}",
    )
    return {
        (
            row.campaign.id,
            row.ad_group.id,
            row.search_term_view.search_term,
            row.segments.date,
        ): row.metrics.clicks
        for row in rows
    }


def has_word(search: str, word: str) -> bool:
    return word in search.split()


def common_word(clicks: dict[tuple[int, int, str, str], int], campaign: int, ad_group: int) -> str:
    """The word with most clicks in the ad group that other campaigns of the account have too."""
    words: defaultdict[str, int] = defaultdict(int)
    for (own, group, search, day), count in clicks.items():
        if (own, group) == (campaign, ad_group) and is_after(day):
            for word in search.split():
                words[word] += count
    others = {word for (own, _, search, _) in clicks if own != campaign for word in search.split()}
    return max((word for word in words if word in others), key=lambda word: words[word])


@pytest.mark.parametrize("level", ["ad_group", "campaign", "list", "account"])
def test_a_negative_written_at_google_blocks_from_the_next_day(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account, level: str
) -> None:
    sandbox.stage.clock.set(LATER)
    before = clicks_by_search(client)
    volume: defaultdict[tuple[int, int], int] = defaultdict(int)
    for (campaign, ad_group, _, _), count in before.items():
        volume[campaign, ad_group] += count
    campaign, ad_group = max(volume, key=lambda pair: volume[pair])
    word = common_word(before, campaign, ad_group)
    sandbox.stage.clock.set(NOON)
    above, below = f"{BASE}/campaigns/{campaign}", f"{BASE}/adGroups/{ad_group}"
    if level == "ad_group":
        made = keyword(client, "AdGroupCriterion", word, "BROAD", ad_group=below, negative=True)
        send(client, "AdGroupCriterionService", "mutate_ad_group_criteria", [made])
    elif level == "campaign":
        given = {"campaign": above, "negative": True, "keyword": {"text": word, "matchType": "BROAD"}}
        rest(sandbox, "campaignCriteria", {"create": given})
    else:
        kind = "NEGATIVE_KEYWORDS" if level == "list" else "ACCOUNT_LEVEL_NEGATIVE_KEYWORDS"
        enum = client.enums.SharedSetTypeEnum[kind]
        [held] = send(
            client,
            "SharedSetService",
            "mutate_shared_sets",
            [operation(client, "SharedSet", name="Mine", type_=enum)],
        )
        entry = keyword(client, "SharedCriterion", word, "BROAD", shared_set=held)
        send(client, "SharedCriterionService", "mutate_shared_criteria", [entry])
        if level == "list":
            link = operation(client, "CampaignSharedSet", shared_set=held, campaign=above)
            send(client, "CampaignSharedSetService", "mutate_campaign_shared_sets", [link])
        else:
            rest(
                sandbox, "customerNegativeCriteria", {"create": {"negativeKeywordList": {"sharedSet": held}}}
            )
    sandbox.stage.clock.set(LATER)
    after = clicks_by_search(client)
    concerned = {
        "ad_group": lambda own, group: group == ad_group,
        "campaign": lambda own, group: own == campaign,
        "list": lambda own, group: own == campaign,
        "account": lambda own, group: True,
    }[level]
    blocked = [
        key for key in after if is_after(key[3]) and has_word(key[2], word) and concerned(key[0], key[1])
    ]
    assert not blocked
    if level != "account":
        assert any(
            is_after(key[3]) and has_word(key[2], word) and not concerned(key[0], key[1]) for key in after
        )
    past = {key: count for key, count in before.items() if not is_after(key[3])}
    assert past == {key: count for key, count in after.items() if not is_after(key[3])}
    assert after == clicks_by_search(client)
    told = truth(sandbox, "terms", account_id=GOOGLE, ad_set_id=ad_group)
    shares = [
        clicks for term, clicks in zip(told["term"], told["clicks"], strict=True) if has_word(term, word)
    ]
    assert shares
    assert sum(shares) == 0


def keyword_clicks(client: GoogleAdsClient, text: str) -> dict[str, int]:
    """Clicks by day that a keyword's own row has, and, as the same figure, its searches."""
    rows = streamed(
        client,
        "SELECT ad_group_criterion.keyword.text, segments.date, metrics.clicks FROM keyword_view "
        f"WHERE {SPANS} AND ad_group_criterion.keyword.text = '{text}'",
    )
    searches = streamed(
        client,
        "SELECT search_term_view.search_term, segments.keyword.info.text, segments.date, metrics.clicks "
        f"FROM search_term_view WHERE {SPANS}",
    )
    by_search: defaultdict[str, int] = defaultdict(int)
    for row in searches:
        if row.segments.keyword.info.text == text:
            by_search[row.segments.date] += row.metrics.clicks
    clicks = {row.segments.date: row.metrics.clicks for row in rows if row.metrics.clicks}
    assert clicks == {day: count for day, count in by_search.items() if count}
    return clicks


def test_keywords_written_at_google_take_searches_and_paused_ones_lose_them(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account
) -> None:
    market, row = sandbox.stage.market, 0
    catalog, searches = market.catalog(account), market.searches(account)
    assert searches is not None
    row = next(
        n for n, held in enumerate(searches.searched.tolist())
        if held and not catalog.ad_sets.hidden[n] and all(kind == "EXACT" or len(text.split()) > 1 for text, kind in searches.keywords(n))
    )  # fmt: skip
    group = f"{BASE}/adGroups/{catalog.ad_sets.id[row]}"
    taken = set(searches.of(row).rows.tolist())
    theme = searches.vocabulary.slices[int(catalog.ad_sets.theme[row])]
    popular = sorted(
        set(range(theme.start, theme.stop)) - taken, key=lambda n: -searches.vocabulary.popularity[n]
    )
    text = searches.vocabulary.text[popular[0]]
    given = {"adGroup": group, "status": "ENABLED", "keyword": {"text": text, "matchType": "EXACT"}}
    [name] = rest(sandbox, "adGroupCriteria", {"create": given})
    sandbox.stage.clock.set(NOON + timedelta(days=7))
    pause = client.get_type("AdGroupCriterionOperation")
    pause.update.resource_name = name
    pause.update.status = client.enums.AdGroupCriterionStatusEnum.PAUSED
    pause.update_mask.paths.append("status")
    send(client, "AdGroupCriterionService", "mutate_ad_group_criteria", [pause])
    sandbox.stage.clock.set(LATER)
    clicks = keyword_clicks(client, text)
    assert clicks
    assert {date.fromisoformat(day) for day in clicks} <= {AFTER[0] + timedelta(days=n) for n in range(7)}


def creatives(sandbox: Sandbox, ad_id: str) -> dict[str, Any]:
    columns = truth(sandbox, "creatives")["ads"]
    at = columns["ad_id"].index(ad_id)
    return {name: values[at] for name, values in columns.items()}


def ad_days(sandbox: Sandbox, platform: str, ad_id: str) -> dict[str, dict[str, int]]:
    """Impressions and clicks by day, as the control API tells them of the level of ads."""
    span = {"start": BEFORE[0].isoformat(), "end": AFTER[1].isoformat(), "level": "ad", "platform": platform}
    columns = requests.get(f"{sandbox.url}/control/truth", params=span, timeout=60).json()
    return {
        day: {"impressions": columns["impressions"][n], "clicks": columns["clicks"][n]}
        for n, (day, own) in enumerate(zip(columns["day"], columns["entity_id"], strict=True))
        if own == ad_id
    }


def click_rate(days: dict[str, dict[str, int]]) -> float:
    after = [counts for day, counts in days.items() if is_after(day)]
    return sum(counts["clicks"] for counts in after) / sum(counts["impressions"] for counts in after)


def test_an_ad_made_and_edited_at_google_delivers_by_its_words(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account
) -> None:
    catalog, searches = sandbox.stage.market.catalog(account), sandbox.stage.market.searches(account)
    assert searches is not None
    row = next(
        n for n in range(len(catalog.ad_sets.id)) if searches.searched[n] and not catalog.ad_sets.hidden[n]
    )
    group = f"{BASE}/adGroups/{catalog.ad_sets.id[row]}"
    headlines = ("Plain words one", "Plain words two", "Plain words three")
    made = new_ad(client, group, status="ENABLED", headlines=headlines)
    [name] = send(client, "AdGroupAdService", "mutate_ad_group_ads", [made])
    own = name.rpartition("~")[2]
    sandbox.stage.clock.set(NOON + timedelta(days=1))
    edit = client.get_type("AdOperation")
    edit.update.resource_name = f"{BASE}/ads/{own}"
    strong = ("Save 20% today", "Rated 4.7 by 4,000 buyers", "Why wait? Try it now")
    edit.update.responsive_search_ad.headlines.extend({"text": text} for text in strong)
    edit.update_mask.paths.append("responsive_search_ad.headlines")
    plain = creatives(sandbox, own)
    send(client, "AdService", "mutate_ads", [edit])
    sandbox.stage.clock.set(LATER)
    rows = streamed(
        client,
        "SELECT ad_group_ad.policy_summary.review_status, segments.date, metrics.impressions, metrics.clicks "
        f"FROM ad_group_ad WHERE {SPANS} AND ad_group_ad.ad.id = {own}",
    )
    assert min(row.segments.date for row in rows) == AFTER[0].isoformat()
    assert {row.ad_group_ad.policy_summary.review_status.name for row in rows} == {"REVIEWED"}
    days = ad_days(sandbox, "google_ads", own)
    assert {row.segments.date: row.metrics.impressions for row in rows} == {
        day: counts["impressions"] for day, counts in days.items()
    }
    told = creatives(sandbox, own)
    assert told["headlines"] == list(strong)
    assert [told[trait] for trait in TRAITS] != [plain[trait] for trait in TRAITS]
    assert told["log_click_effect"] != plain["log_click_effect"]


STORY = {
    "page_id": "880000000000001",
    "link_data": {
        "link": "https://shop.example/a",
        "message": "One price, everything included.",
        "name": "Words",
    },
}


def test_an_ad_made_at_meta_delivers_and_another_creative_changes_its_words(
    settings: Settings, sandbox: Sandbox
) -> None:
    catalog = sandbox.stage.market.catalog(sandbox.stage.world.of("meta_ads")[0])
    ours = AdAccount(f"act_{META}", api=meta_official(settings))
    creative = ours.create_ad_creative(params={"name": "One", "object_story_spec": STORY})
    ad_set_id = str(catalog.ad_sets.id[0])
    ad = ours.create_ad(
        params={
            "name": "New",
            "adset_id": ad_set_id,
            "creative": {"creative_id": creative["id"]},
            "status": "ACTIVE",
        }
    )
    assert ad.api_get(fields=["effective_status"])["effective_status"] == "PENDING_REVIEW"
    link = STORY["link_data"] | {"name": "Save 20% today? Rated 4.7 by 4,000 buyers"}  # type: ignore[operator]
    other = ours.create_ad_creative(params={"name": "Two", "object_story_spec": STORY | {"link_data": link}})
    sandbox.stage.clock.set(LATER)
    assert ad.api_get(fields=["effective_status"])["effective_status"] in {"ACTIVE", "CAMPAIGN_PAUSED"}
    days, words = ad_days(sandbox, "meta_ads", ad["id"]), creatives(sandbox, ad["id"])
    assert min(days) == AFTER[0].isoformat()
    span = {"since": BEFORE[0].isoformat(), "until": AFTER[1].isoformat()}
    insights = ours.get_insights(
        params={"level": "ad", "time_increment": 1, "time_range": span, "limit": 500},
        fields=["ad_id", "ad_name", "impressions"],
    )
    mine = [row for row in insights if row["ad_id"] == ad["id"]]
    assert {row["date_start"]: int(row["impressions"]) for row in mine} == {
        day: counts["impressions"] for day, counts in days.items()
    }
    assert {row["ad_name"] for row in mine} == {"New"}
    held = [entry["id"] for entry in ours.get_ads(fields=["id"])]
    assert held.count(ad["id"]) == 1
    sandbox.stage.clock.set(NOON)
    ad.api_update(params={"creative": {"creative_id": other["id"]}})
    sandbox.stage.clock.set(LATER)
    raised = creatives(sandbox, ad["id"])["log_click_effect"] - words["log_click_effect"]
    assert abs(raised) > 0.2
    assert (click_rate(ad_days(sandbox, "meta_ads", ad["id"])) > click_rate(days)) == (raised > 0)


def test_a_creative_made_at_linkedin_delivers_from_the_next_day(settings: Settings, sandbox: Sandbox) -> None:
    plain, catalog = Plain(settings), sandbox.stage.market.catalog(sandbox.stage.world.of("linkedin_ads")[0])
    campaign = catalog.ad_sets.id[0]
    post = {
        "author": "urn:li:organization:1", "adContext": {"dscAdAccount": f"urn:li:sponsoredAccount:{LINKEDIN}"},
        "commentary": "Rated 4.7 by 4,000 buyers", "visibility": "PUBLIC", "lifecycleState": "PUBLISHED",
        "contentLandingPage": "https://shop.example/a", "content": {"media": {"title": "Save 20% today"}},
    }  # fmt: skip
    body = {
        "creative": {
            "campaign": f"urn:li:sponsoredCampaign:{campaign}",
            "intendedStatus": "ACTIVE",
            "inlineContent": {"post": post},
        }
    }
    made = plain.call("POST", f"adAccounts/{LINKEDIN}/creatives?action=createInline", body=body)
    assert made.status_code == 200, made.text
    own = made.json()["value"]["creative"].rpartition(":")[2]
    at = f"adAccounts/{LINKEDIN}/creatives/{own}"
    assert plain.call("GET", at).json()["servingHoldReasons"] == ["UNDER_REVIEW"]
    sandbox.stage.clock.set(LATER)
    shown = plain.call("GET", at).json()
    assert (shown["isServing"], shown["review"]["status"]) == (True, "APPROVED")
    days = ad_days(sandbox, "linkedin_ads", own)
    assert min(days) == AFTER[0].isoformat()
    query = (
        "adAnalytics?q=analytics&pivot=CREATIVE&timeGranularity=DAILY&fields=impressions,pivotValues,dateRange"
        f"&accounts=List(urn%3Ali%3AsponsoredAccount%3A{LINKEDIN})"
        "&dateRange=(start:(year:2026,month:10,day:1),end:(year:2026,month:10,day:24))"
    )
    elements = plain.call("GET", query).json()["elements"]
    mine = [entry for entry in elements if entry["pivotValues"] == [f"urn:li:sponsoredCreative:{own}"]]
    assert sum(entry["impressions"] for entry in mine) == sum(
        counts["impressions"] for counts in days.values()
    )
    assert creatives(sandbox, own)["headlines"] == ["Save 20% today"]


@pytest.mark.parametrize("platform", ["google_ads", "meta_ads", "linkedin_ads"])
def test_an_excluded_audience_of_a_pool_leaves_the_reach_from_the_next_day(
    settings: Settings, client: GoogleAdsClient, sandbox: Sandbox, platform: str
) -> None:
    account = sandbox.stage.world.of(platform)[0]
    catalog = sandbox.stage.market.catalog(account)
    pool = int(catalog.audience[0])
    audience_id = POOL_AUDIENCES[platform] + pool
    sandbox.stage.clock.set(LATER)
    level = "campaign" if platform == "google_ads" else "ad_set"
    entity_id = str(getattr(catalog, level + "s").id[0])
    reach = _reach(sandbox, account)[str(catalog.ad_sets.id[0])]
    before = [spend(sandbox, platform, level, entity_id, span) for span in (BEFORE, AFTER)]
    sandbox.stage.clock.set(NOON)
    if platform == "google_ads":
        lists = streamed(
            client, "SELECT user_list.resource_name, user_list.id, user_list.size_for_search FROM user_list"
        )
        [held] = [entry.user_list for entry in lists if entry.user_list.id == audience_id]
        assert held.size_for_search > 0
        campaign = f"{BASE}/campaigns/{entity_id}"
        given = {"campaign": campaign, "negative": True, "userList": {"userList": held.resource_name}}
        rest(sandbox, "campaignCriteria", {"create": given})
    elif platform == "meta_ads":
        api = meta_official(settings)
        listed = AdAccount(f"act_{META}", api=api).get_custom_audiences(
            fields=["id", "approximate_count_lower_bound"]
        )
        assert (
            next(entry for entry in listed if entry["id"] == str(audience_id))[
                "approximate_count_lower_bound"
            ]
            > 0
        )
        targeting = {
            "geo_locations": {"countries": ["DE"]},
            "excluded_custom_audiences": [{"id": str(audience_id)}],
        }
        AdSet(entity_id, api=api).api_update(params={"targeting": targeting})
    else:
        plain = Plain(settings)
        query = f"dmpSegments?q=account&account=urn%3Ali%3AsponsoredAccount%3A{LINKEDIN}&count=50"
        assert audience_id in {entry["id"] for entry in plain.call("GET", query).json()["elements"]}
        own = f"adAccounts/{LINKEDIN}/adCampaigns/{entity_id}"
        criteria = plain.call("GET", own).json()["targetingCriteria"]
        urn = f"urn:li:adSegment:{audience_id + LINKEDIN_SEGMENT_SHIFT}"
        facets = {"urn:li:adTargetingFacet:audienceMatchingSegments": [urn]}
        answer = plain.update(own, {"targetingCriteria": criteria | {"exclude": {"or": facets}}})
        assert answer.status_code == 204, answer.text
    sandbox.stage.clock.set(LATER)
    after = [spend(sandbox, platform, level, entity_id, span) for span in (BEFORE, AFTER)]
    assert after[0] == before[0]
    assert _reach(sandbox, account)[str(catalog.ad_sets.id[0])] < 0.9 * reach


def _reach(sandbox: Sandbox, account: Account) -> dict[str, float]:
    told = truth(sandbox, "overlap", account_id=account.id)["ad_sets"]
    return dict(zip(told["ad_set_id"], told["reach"], strict=True))


def _insights(graph: Graph, **parameters: Any) -> list[dict[str, Any]]:
    span = json.dumps({"since": str(AFTER[0]), "until": str(AFTER[1])})
    return graph.rows(
        f"act_{META}/insights",
        time_range=span,
        fields="adset_id,impressions,reach,frequency",
        limit=500,
        **parameters,
    )


def test_metas_reach_is_that_of_the_people_and_breakdowns_add_up_where_metas_do(sandbox: Sandbox) -> None:
    sandbox.stage.clock.set(LATER)
    graph = Graph(sandbox)
    told = _reach(sandbox, sandbox.stage.world.of("meta_ads")[0])
    window = {row["adset_id"]: int(row["reach"]) for row in _insights(graph, level="adset")}
    assert {own: round(told[own]) for own in window} == window
    daily: defaultdict[str, int] = defaultdict(int)
    for row in _insights(graph, level="adset", time_increment="1"):
        daily[row["adset_id"]] += int(row["reach"])
    assert all(window[own] < daily[own] for own in window)
    frequency = {round(float(row["frequency"]), 3) for row in _insights(graph, level="adset")}
    assert len(frequency) > 3
    for breakdowns, adds_up in (
        ("age,gender", True),
        ("publisher_platform", False),
        ("device_platform", False),
    ):
        parts: defaultdict[str, int] = defaultdict(int)
        for row in _insights(graph, level="adset", breakdowns=breakdowns):
            assert int(row["reach"]) <= int(row["impressions"])
            parts[row["adset_id"]] += int(row["reach"])
        assert all((abs(parts[own] - window[own]) <= 3) == adds_up or not adds_up for own in window), (
            breakdowns
        )
        assert adds_up or sum(parts.values()) > sum(window.values())


def test_searches_of_performance_max_are_in_the_campaigns_own_view(
    client: GoogleAdsClient, sandbox: Sandbox, account: Account
) -> None:
    sandbox.stage.clock.set(LATER)
    rows = streamed(
        client,
        "SELECT campaign.id, campaign.advertising_channel_type, campaign_search_term_view.search_term, "
        "segments.search_term_match_type, segments.keyword.info.text, metrics.clicks "
        f"FROM campaign_search_term_view WHERE {SPANS}",
    )
    channels = {row.campaign.advertising_channel_type.name for row in rows}
    assert channels == {"SEARCH", "PERFORMANCE_MAX"}
    broad = [row for row in rows if row.campaign.advertising_channel_type.name == "PERFORMANCE_MAX"]
    assert {row.segments.search_term_match_type.name for row in broad} == {"PERFORMANCE_MAX"}
    assert {row.segments.keyword.info.text for row in broad} == {""}
