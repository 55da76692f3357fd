"""The weekly details, from the platforms' wires through raw to core: searches with their keyword, keywords and lists,
texts of ads, breakdowns, audiences and reach equal what the market and the official clients say.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from facebook_business.adobjects.adaccount import AdAccount

from assets.core.search_terms import assets as search_assets
from orchestration.schedules import day_range_tags
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables import audiences as audience_tables
from resources.tables import core, google_ads, meta_ads
from resources.tables import search_terms as search_tables
from resources.tables.breakdowns import BREAKDOWN_DAY
from resources.tables.creatives import AD_TEXT_DAY, CREATIVE_DAY, CREATIVES
from sandbox.serve import Sandbox
from tests.truth.details_world import FIRST, GOOGLE, LAST, LINKEDIN, META, POST, Read, world_that_was_read
from tests.wire.google_client import official as google_client
from tests.wire.google_client import streamed
from tests.wire.linkedin_plain import Plain
from tests.wire.meta_official import official as meta_client

SPAN = f"segments.date BETWEEN '{FIRST}' AND '{LAST}'"


@pytest.fixture(scope="module")
def read(var: Path, sandbox_session: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    with world_that_was_read(tmp_path_factory.mktemp("details"), var) as read:
        yield read


def test_every_search_has_the_keyword_that_matched_and_costs_what_the_market_says(read: Read) -> None:
    account, market = read.account(GOOGLE), read.stage.market
    wanted: Counter[tuple[Any, ...]] = Counter()
    for level in ("ad_set", "campaign"):
        for report in market.report(account, level, FIRST, LAST):
            terms = market.term_days(account, report)
            for n, row in enumerate(terms.ad_set.tolist()):
                text = market.search(account, row, int(terms.term[n])).text
                hidden = bool(market.catalog(account).ad_sets.hidden[row])
                own_id = None if hidden else str(market.catalog(account).ad_sets.id[row])
                key = (date.fromordinal(719163 + int(terms.day[n])), own_id, text)
                wanted[(*key, "clicks")] += int(terms.clicks[n])
                wanted[(*key, "impressions")] += int(terms.impressions[n])
                wanted[(*key, "micros")] += int(terms.spend_micros[n])
    stored: Counter[tuple[Any, ...]] = Counter()
    rows = read.rows(search_tables.SEARCH_TERM_DAY)
    for row in rows:
        key = (row["day"], row["ad_set_id"], row["search_term"])
        stored[(*key, "clicks")] += row["clicks"]
        stored[(*key, "impressions")] += row["impressions"]
        stored[(*key, "micros")] += int(row["spend"] * 1_000_000)
    assert len(wanted) > 300
    assert {k: v for k, v in wanted.items() if v} == {k: v for k, v in stored.items() if v}
    query = (
        "SELECT segments.date, ad_group.id, search_term_view.search_term, segments.keyword.info.text, "
        f"segments.keyword.info.match_type, metrics.clicks FROM search_term_view WHERE {SPAN}"
    )
    client = google_client(read.settings.google_ads)
    theirs = {
        (row.segments.date, str(row.ad_group.id), row.search_term_view.search_term): (
            row.segments.keyword.info.text,
            row.segments.keyword.info.match_type.name,
        )
        for row in streamed(client, query, customer_id=GOOGLE)
    }
    ours = {
        (row["day"].isoformat(), row["ad_set_id"], row["search_term"]): (row["keyword"], row["match_type"])
        for row in rows
        if row["ad_set_id"] is not None
    }
    assert ours == theirs
    assert all(row["keyword"] is None for row in rows if row["ad_set_id"] is None)


def test_the_share_of_searches_that_google_shows_is_stated(read: Read) -> None:
    rows = read.rows(search_tables.SEARCH_TERM_DAY, "ad_set_id is not null")
    shown: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        shown[row["day"], row["ad_set_id"]] += row["spend"]
    whole = {
        (row["day"], row["ad_set_id"]): row["spend"]
        for row in read.rows(core.DAYS["ad_set"], "platform = 'google_ads'")
    }
    for row in rows:
        key = (row["day"], row["ad_set_id"])
        assert row["visible_share"] == pytest.approx(float(shown[key] / whole[key]), rel=1e-6)
    visible = float(sum(shown.values()) / sum(whole[key] for key in shown))
    assert 0.5 < visible < 0.9  # three tenths of the clicks are hidden in this world


def test_a_search_of_several_keywords_keeps_each_and_what_no_keyword_brought(lake: Lake) -> None:
    """Google's two readings of one search, as a world with one keyword a search never gives them."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    shared = {
        "account_id": "1", "day": LAST, "currency": "EUR", "time_zone": "UTC", "campaign_id": "2", "ad_set_id": "3",
        "search_term": "shoes", "pulled_at": at, "conversions_value": 0.0,
    }  # fmt: skip
    total = shared | {
        "status": "NONE",
        "impressions": 100,
        "clicks": 10,
        "cost_micros": 5_000_000,
        "conversions": 2.0,
    }
    parts = [
        shared
        | {
            "criterion_id": f"k{n}", "keyword": word, "match_type": "BROAD", "matched_as": "BROAD",
            "impressions": 40, "clicks": 4, "cost_micros": 2_000_000, "conversions": float(n),
        }
        for n, word in enumerate(("shoes", "red shoes"))
    ]  # fmt: skip
    for table, rows in ((google_ads.SEARCH_TERM_DAY, [total]), (search_tables.KEYWORD_TERM_DAY, parts)):
        lake.record(table, pa.Table.from_pylist(rows, schema=table.schema), at=at)
    result = dg.materialize(
        [search_assets.search_term_day],
        resources={"lake": lake},
        tags=day_range_tags(LAST.isoformat(), LAST.isoformat()),
    )
    assert result.success
    stored = lake.arrow(
        "select keyword, impressions, clicks, spend, conversions from core.search_term_day order by keyword",
        search_tables.SEARCH_TERM_DAY,
    ).to_pylist()
    assert [tuple(row.values()) for row in stored] == [
        ("red shoes", 40, 4, Decimal(2), 1.0),
        ("shoes", 40, 4, Decimal(2), 0.0),
        (None, 20, 2, Decimal(1), 1.0),
    ]


def test_keywords_and_lists_stand_where_google_has_them_and_as_they_were(read: Read) -> None:
    account, negatives = read.account(GOOGLE), read.stage.market.negatives
    stored = read.rows(search_tables.KEYWORDS)
    kept = Counter((row["level"], row["text"], row["match_type"]) for row in stored if row["is_negative"])
    levels = {"ad_group": "ad_set", "campaign": "campaign", "list": "list"}
    true = Counter(
        (levels[one.scope.level], one.text, one.match_type) for one in negatives.of(account) if one.is_there
    )
    assert kept == true
    positives = Counter((row["text"], row["match_type"]) for row in stored if not row["is_negative"])
    catalog = read.stage.market.catalog(account)
    assert positives == Counter(
        pair for row in range(len(catalog.ad_sets.id)) for pair in read.stage.market.keywords(account, row)
    )
    uses = {(row["list_id"], row["campaign_id"]) for row in read.rows(search_tables.KEYWORD_LIST_USE)}
    assert uses == {(str(one), str(campaign)) for one, campaign in negatives.attachments(account)}
    assert {row["read_share"] for row in read.rows(search_tables.KEYWORD_LIST_USE)} == {1.0}

    before = datetime.now(UTC)
    gone = next(row for row in stored if row["level"] == "campaign")
    _replace_negative(google_client(read.settings.google_ads), gone, "second hand")
    read.again()
    rows = {
        row["text"]: row
        for row in read.rows(search_tables.KEYWORDS, "level = 'campaign'")
        if row["campaign_id"] == gone["campaign_id"]
    }
    assert rows["second hand"]["first_seen_at"] > before
    assert (rows[gone["text"]]["status"], rows[gone["text"]]["first_seen_at"] < before) == ("REMOVED", True)
    known = read.lake.arrow(
        f"select text from raw.{google_ads.KEYWORDS.name} where campaign_id = '{gone['campaign_id']}' and ad_set_id is null",
        google_ads.KEYWORDS,
        as_of=before,
    )
    assert known.column("text").to_pylist() == [gone["text"]]


def _replace_negative(client: Any, gone: dict[str, Any], text: str) -> None:
    """A campaign's negative removed and another added, by the official client in one request."""
    remove, create = (client.get_type("CampaignCriterionOperation") for _ in range(2))
    remove.remove = gone["criterion_id"]
    create.create.campaign = f"customers/{GOOGLE}/campaigns/{gone['campaign_id']}"
    create.create.negative = True
    create.create.keyword.text = text
    create.create.keyword.match_type = client.enums.KeywordMatchTypeEnum.PHRASE
    service = client.get_service("CampaignCriterionService")
    service.mutate_campaign_criteria(customer_id=GOOGLE, operations=[remove, create])


def test_breakdowns_divide_the_whole_exactly_and_linkedins_stand_as_they_are(read: Read) -> None:
    rows = read.rows(BREAKDOWN_DAY)
    dimensions = {(row["platform"], row["level"], row["dimension"], row["period_days"]) for row in rows}
    linkedin = ("company_size", "industry", "seniority", "job_function")
    assert dimensions == {
        ("google_ads", "ad_set", "age", 1), ("google_ads", "ad_set", "gender", 1), ("google_ads", "campaign", "device", 1),
        *(("meta_ads", "ad_set", name, 1) for name in ("age", "gender", "placement", "device")),
        *(("linkedin_ads", "account", name, 7) for name in linkedin),
    }  # fmt: skip
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0), 0.0])
    for row in rows:
        held = sums[row["platform"], row["level"], row["entity_id"], row["day"], row["dimension"]]
        for n, name in enumerate(("impressions", "clicks", "spend", "conversions")):
            held[n] += row[name] or 0
    for level in ("ad_set", "campaign"):
        for whole in read.rows(core.DAYS[level], "platform <> 'linkedin_ads'"):
            names = {d for p, of, d, _ in dimensions if (p, of) == (whole["platform"], level)}
            for name in names:
                key = (whole["platform"], level, whole[f"{level}_id"], whole["day"], name)
                wanted = [whole["impressions"], whole["clicks"], whole["spend"], whole["conversions"]]
                assert [*sums[key][:3], round(sums[key][3], 6)] == wanted, key
    assert {round(row["covered_share"], 9) for row in rows if row["platform"] != "linkedin_ads"} == {1.0}
    of_linkedin = [row for row in rows if row["platform"] == "linkedin_ads"]
    assert {row["day"] for row in of_linkedin} == {FIRST, FIRST + timedelta(days=7)}
    assert all(0.5 < row["covered_share"] < 1.5 for row in of_linkedin)
    assert {row["conversions"] for row in of_linkedin} == {None}


def test_texts_are_those_of_the_ads_with_role_language_and_writer(read: Read) -> None:
    stored = read.rows(CREATIVES)
    own: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in stored:
        own[row["platform"], row["ad_id"]][row["role"]].add(row["text"])
    for account_id in (GOOGLE, META, LINKEDIN):
        account = read.account(account_id)
        catalog = read.stage.market.catalog(account)
        for row in range(len(catalog.ads.id)):
            if catalog.ad_sets.hidden[int(catalog.ads.ad_set[row])]:
                continue
            text, units = (
                read.stage.market.ad_text(account, row),
                own[account.platform, str(catalog.ads.id[row])],
            )
            if account.platform == "google_ads":
                assert units == {"headline": set(text.headlines), "body": set(text.descriptions)}
            else:
                assert units["headline"] == {text.headlines[0]}
    assert {row["written_by"] for row in stored} == {"advertiser"}
    german = [row["language"] for row in stored if row["platform"] == "google_ads"]
    assert german.count("de") > 0.8 * len(german)
    posted = [row for row in stored if row["picture"] == "urn:li:image:1"]
    assert {(row["role"], row["text"]) for row in posted} == {
        ("introduction", POST["commentary"]),
        ("headline", "Trail shoes"),
    }
    assert {(row["call_to_action"], row["landing_page"]) for row in posted} == {
        ("LEARN_MORE", "https://shop.example/x")
    }


def test_ads_keep_their_sums_and_texts_are_shown_as_google_counts_them(read: Read) -> None:
    ads = {(row["platform"], row["ad_id"], row["day"]): row for row in read.rows(CREATIVE_DAY, "unit = 'ad'")}
    whole = read.rows(core.DAYS["ad"])
    assert len(ads) == len(whole) > 100
    for row in whole:
        ad = ads[row["platform"], row["ad_id"], row["day"]]
        for name in ("impressions", "clicks", "spend", "conversions", "conversion_value"):
            assert ad[name] == row[name]
        assert ad["text_id"] is not None
        assert (ad["reach"] is not None) == (row["platform"] == "meta_ads")
    query = (
        "SELECT segments.date, ad_group_ad.ad.id, ad_group_ad_asset_view.field_type, metrics.impressions, "
        f"metrics.cost_micros FROM ad_group_ad_asset_view WHERE {SPAN}"
    )
    theirs: Counter[tuple[str, str]] = Counter()
    for row in streamed(google_client(read.settings.google_ads), query, customer_id=GOOGLE):
        theirs[row.segments.date, str(row.ad_group_ad.ad.id)] += row.metrics.impressions
    ours: Counter[tuple[str, str]] = Counter()
    ids = {row["text_id"] for row in read.rows(CREATIVES, "platform = 'google_ads'")}
    for text_row in read.rows(CREATIVE_DAY, "unit = 'text'"):
        assert text_row["text_id"] in ids
        ours[text_row["day"].isoformat(), text_row["ad_id"]] += text_row["impressions"]
    assert +ours == +theirs
    assert len(read.rows(AD_TEXT_DAY)) == len(read.rows(CREATIVE_DAY, "unit = 'text'"))


def test_audiences_are_listed_with_where_they_are_used(read: Read) -> None:
    uploaded = read.rows(
        audience_tables.AUDIENCES, "name like 'buyers at %'"
    )  # the market has pools of its own
    stored = {row["platform"]: row for row in uploaded}
    assert {platform: row["name"] for platform, row in stored.items()} == {
        platform: f"buyers at {platform}" for platform in ("google_ads", "meta_ads", "linkedin_ads")
    }
    assert (stored["meta_ads"]["included_in"], stored["meta_ads"]["excluded_from"]) == (0, 1)
    (use,) = read.rows(audience_tables.AUDIENCE_USES, "audience_name like 'buyers at %'")
    ad_set = str(read.stage.market.catalog(read.account(META)).ad_sets.id[0])
    assert (use["platform"], use["level"], use["entity_id"], use["use"]) == (
        "meta_ads",
        "ad_set",
        ad_set,
        "exclude",
    )
    assert (use["audience_id"], use["audience_name"]) == (
        stored["meta_ads"]["audience_id"],
        "buyers at meta_ads",
    )
    spent = sum(row["spend"] for row in read.rows(core.DAYS["ad_set"], f"ad_set_id = '{ad_set}'"))
    assert use["spend_28d"] == spent


def test_reach_of_a_window_is_what_metas_own_client_says(read: Read) -> None:
    rows = read.rows(audience_tables.REACH_WINDOWS)
    assert {row["day"] for row in rows} == {LAST}
    account = AdAccount(f"act_{META}", api=meta_client(read.settings))
    for window_days in (7, 28):
        since = LAST - timedelta(days=window_days - 1)
        params = {"level": "adset", "time_range": {"since": str(since), "until": str(LAST)}}
        theirs = {
            row["adset_id"]: (int(row["reach"]), int(row["impressions"]))
            for row in account.get_insights(fields=["adset_id", "reach", "impressions"], params=params)
        }
        ours = {
            row["entity_id"]: (row["reach"], row["impressions"])
            for row in rows
            if (row["window_days"], row["level"]) == (window_days, "ad_set")
        }
        assert ours == theirs
    (seven,), (daily,) = (
        [row["reach"] for row in rows if (row["window_days"], row["level"]) == (7, "account")],
        [
            sum(
                row["reach"]
                for row in read.rows(meta_ads.DAYS["account"], f"day > date '{LAST - timedelta(days=7)}'")
            )
        ],
    )
    assert 0 < seven < daily  # people who saw ads on several days are counted once


def test_budget_owners_are_read_and_not_guessed(read: Read) -> None:
    entities = read.rows(core.ENTITIES)
    lending = [row for row in entities if row["name"] == "lends budgets"]
    assert [(row["shares_budget"], row["budget_owner"]) for row in lending] == [(True, "ad_set")]
    plain = Plain(read.settings)
    path = f"adAccounts/{LINKEDIN}/adCampaignGroups?q=search"
    groups = plain.call("GET", path, X_RestLi_Method="FINDER").json()["elements"]
    stated = {str(group["id"]): "campaign" if "budgetOptimization" in group else "ad_set" for group in groups}
    owners = {
        row["entity_id"]: row["budget_owner"]
        for row in entities
        if (row["platform"], row["level"]) == ("linkedin_ads", "campaign")
    }
    assert owners == stated
    for row in entities:
        if (row["platform"], row["level"]) == ("linkedin_ads", "ad_set"):
            assert row["budget_owner"] == stated[row["campaign_id"]]
            assert (row["daily_budget"] is None) == (row["budget_owner"] == "campaign")


def test_reading_again_adds_no_row(read: Read) -> None:
    tables = [search_tables.KEYWORD_TERM_DAY, AD_TEXT_DAY, audience_tables.REACH_WINDOWS]
    before = {table.name: _versions(read, table) for table in tables}
    read.again()
    assert {table.name: _versions(read, table) for table in tables} == before


def _versions(read: Read, table: Table) -> int:
    counted = read.lake.arrow(f"select count(*) as n from raw.{table.name}_versions", table)
    return int(counted.column("n")[0].as_py())
