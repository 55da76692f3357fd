"""Google Ads, read: what our reader returns is what the market knows, at every level, and what the documented
client returns.
"""

import json
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from resources.config.settings import Settings
from resources.errors import PlatformRefused
from resources.tables.google_ads import CONVERSION_ACTION_DAY, DAYS, ENTITIES, KEYWORDS, SEARCH_TERM_DAY
from sandbox import text_catalog
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, rows, truth
from tests.wire.google_client import AMERICA, GERMANY, MANAGER, account, official, reader, streamed

START = LAST - timedelta(days=39)
"""Forty days: more than one stream's worth."""
METRICS = (
    "impressions",
    "clicks",
    "cost_micros",
    "conversions",
    "all_conversions",
    "view_through_conversions",
)
NEWSLETTER = "7003"


@pytest.mark.parametrize("account_id", [GERMANY, AMERICA])
@pytest.mark.parametrize("level", ["campaign", "ad_set", "ad"])
def test_every_day_of_every_entity_is_the_markets_truth(
    settings: Settings, sandbox: Sandbox, level: str, account_id: str
) -> None:
    google = reader(settings)
    ad_account = account(google, account_id)
    day_rows = rows(google.days(level, ad_account, start=START, end=LAST))
    wanted = truth(sandbox.stage.market, "google_ads", account_id, level, start=START, end=LAST)
    assert len(day_rows) == len(wanted) >= 80
    for row in day_rows:
        true = wanted[row["day"], row[f"{level}_id"]]
        assert {name: row[name] for name in METRICS} == {name: true[name] for name in METRICS}
        assert round(row["conversions_value"] * 1_000_000) == true["value_micros"]
        assert (row["account_id"], row["currency"], row["time_zone"]) == (
            account_id,
            ad_account.currency,
            ad_account.time_zone,
        )


def test_rows_have_the_tables_columns_and_one_instant(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    for level, table in DAYS.items():
        batches = list(google.days(level, ad_account, start=START, end=LAST))
        assert all(batch.schema == table.schema for batch in batches)
        assert len(pa.Table.from_batches(batches).column("pulled_at").unique()) == 1
    span = {"start": LAST, "end": LAST}
    assert next(google.search_term_days(ad_account, **span)).schema == SEARCH_TERM_DAY.schema
    assert next(google.conversion_action_days(ad_account, **span)).schema == CONVERSION_ACTION_DAY.schema
    assert google.entities(ad_account).schema == ENTITIES.schema
    assert google.keywords(ad_account).schema == KEYWORDS.schema


def test_ads_add_up_to_ad_groups_and_only_performance_max_is_missing_below_campaigns(
    settings: Settings, sandbox: Sandbox
) -> None:
    google = reader(settings)
    ad_account = account(google)
    spent = {
        level: sum(row["cost_micros"] for row in rows(google.days(level, ad_account, start=START, end=LAST)))
        for level in DAYS
    }
    maximal = {
        row["entity_id"]
        for row in google.entities(ad_account).to_pylist()
        if row["level"] == "campaign" and row["objective"] == "PERFORMANCE_MAX"
    }
    days = rows(google.days("campaign", ad_account, start=START, end=LAST))
    hidden = sum(row["cost_micros"] for row in days if row["campaign_id"] in maximal)
    assert hidden > 0
    assert spent["ad"] == spent["ad_set"] == spent["campaign"] - hidden


def test_our_rows_are_those_of_the_documented_client(settings: Settings, sandbox: Sandbox) -> None:
    query = (
        "SELECT segments.date, ad_group.id, metrics.impressions, metrics.cost_micros, metrics.conversions_value "
        f"FROM ad_group WHERE segments.date BETWEEN '{START}' AND '{LAST}'"
    )
    theirs = {
        (row.segments.date, str(row.ad_group.id)): (
            row.metrics.impressions,
            row.metrics.cost_micros,
            row.metrics.conversions_value,
        )
        for row in streamed(official(settings.google_ads), query)
    }
    google = reader(settings)
    ours = {
        (row["day"].isoformat(), row["ad_set_id"]): (
            row["impressions"],
            row["cost_micros"],
            row["conversions_value"],
        )
        for row in rows(google.days("ad_set", account(google), start=START, end=LAST))
    }
    assert ours == theirs


def test_a_month_of_an_account_is_one_call(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    sandbox.stage.audit.clear()
    list(google.days("ad", ad_account, start=LAST - timedelta(days=30), end=LAST))
    assert [request["name"] for request in sandbox.stage.audit.requests()] == ["Search"]


def test_impression_share_is_empty_where_nobody_searched(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    searching = {
        row["entity_id"]: row["objective"] == "SEARCH"
        for row in google.entities(ad_account).to_pylist()
        if row["level"] == "campaign"
    }
    assert set(searching.values()) == {True, False}
    for row in rows(google.days("campaign", ad_account, start=LAST, end=LAST)):
        assert (row["search_impression_share"] is not None) == searching[row["campaign_id"]]


def test_a_stream_comes_in_messages_of_at_most_ten_thousand_rows(
    settings: Settings, sandbox: Sandbox
) -> None:
    start = LAST - timedelta(days=700)
    query = (
        "SELECT segments.date, ad_group_ad.ad.id, metrics.clicks FROM ad_group_ad "
        f"WHERE segments.date BETWEEN '{start}' AND '{LAST}'"
    )
    service = official(settings.google_ads, use_proto_plus=False).get_service("GoogleAdsService")
    sizes = [len(part.results) for part in service.search_stream(customer_id=GERMANY, query=query)]
    wanted = truth(sandbox.stage.market, "google_ads", GERMANY, "ad", start=start, end=LAST)
    assert len(sizes) > 1
    assert max(sizes) == 10_000
    assert sum(sizes) == len(wanted)
    paged = list(service.search(customer_id=GERMANY, query=query))
    assert len(paged) == len(wanted)


def test_search_terms_never_claim_more_than_their_ad_group_had(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    whole = truth(sandbox.stage.market, "google_ads", GERMANY, "ad_set", start=START, end=LAST)
    terms = rows(google.search_term_days(ad_account, start=START, end=LAST))
    summed: dict[tuple[date, str], dict[str, float]] = {}
    for row in terms:
        above = summed.setdefault(
            (row["day"], row["ad_set_id"]), dict.fromkeys(("impressions", "clicks", "cost_micros"), 0)
        )
        for name in above:
            above[name] += row[name]
    assert all(summed[key][name] <= whole[key][name] for key in summed for name in summed[key])
    shown = sum(row["clicks"] for row in summed.values()) / sum(whole[key]["clicks"] for key in summed)
    assert 0.75 < shown < 0.95
    assert {row["status"] for row in terms} == {"ADDED", "NONE"}


def test_conversion_actions_share_out_the_ad_groups_conversions(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    whole = truth(sandbox.stage.market, "google_ads", GERMANY, "ad_set", start=START, end=LAST)
    day_rows = rows(google.conversion_action_days(account(google), start=START, end=LAST))
    counted = sum(row["conversions"] for row in day_rows)
    assert counted == sum(row["conversions"] for row in whole.values())
    assert sum(row["all_conversions"] for row in day_rows) == counted + sum(
        row["signups"] for row in whole.values()
    )
    secondary = [row for row in day_rows if row["conversion_action_id"] == NEWSLETTER]
    assert secondary
    assert all(row["conversions"] == 0 and row["category"] == "SIGNUP" for row in secondary)
    assert {row["conversion_action_name"] for row in day_rows} == {
        "Purchase",
        "Lead form",
        "Newsletter sign-up",
    }


def test_entities_are_the_catalogs_with_budget_status_and_texts(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    market = sandbox.stage.market
    catalog = market.catalog(sandbox.stage.world.of("google_ads")[0])
    entity_rows = {
        (row["level"], row["entity_id"]): row for row in google.entities(account(google)).to_pylist()
    }
    assert len([key for key in entity_rows if key[0] == "ad_set"]) == (~catalog.ad_sets.hidden).sum()
    for n, entity_id in enumerate(catalog.campaigns.id.tolist()):
        row = entity_rows["campaign", str(entity_id)]
        assert row["name"] == catalog.campaigns.name[n]
        assert row["daily_budget"] == Decimal(int(catalog.campaigns.budget_micros[n])) / 1_000_000
        assert row["status"] == ("paused" if catalog.campaigns.paused[n] else "active")
        assert row["objective"] == catalog.campaigns.channel[n]
    ad = entity_rows["ad", str(catalog.ads.id[0])]
    creative = json.loads(ad["creative"])
    assert creative["headlines"] == catalog.texts(0)["headlines"]
    assert creative["final_urls"] == [catalog.texts(0)["landing_page"]]
    assert entity_rows["account", GERMANY]["name"] == "Northwind Germany"


def test_keywords_are_told_from_negatives_and_shared_lists(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    keyword_rows = google.keywords(account(google)).to_pylist()
    positive = [row for row in keyword_rows if not row["is_negative"]]
    shared = [row for row in keyword_rows if row["shared_set_id"]]
    on_campaigns = [row for row in keyword_rows if row["is_negative"] and row["campaign_id"]]
    assert positive
    assert shared
    assert on_campaigns
    assert all(row["ad_set_id"] and row["campaign_id"] for row in positive)
    assert all(row["is_negative"] and row["text"] in text_catalog.NEGATIVES for row in shared + on_campaigns)
    assert {row["match_type"] for row in positive} == {"EXACT", "PHRASE", "BROAD"}
    assert len({row["criterion_id"] for row in keyword_rows}) == len(keyword_rows)


def test_the_manager_lists_its_accounts_and_the_settings_narrow_them(
    settings: Settings, sandbox: Sandbox
) -> None:
    everything = reader(settings).accounts()
    assert [(ad_account.account_id, ad_account.currency, ad_account.status) for ad_account in everything] == [
        (GERMANY, "EUR", "active"),
        (AMERICA, "USD", "active"),
    ]
    assert [ad_account.account_id for ad_account in reader(settings, accounts=(AMERICA,)).accounts()] == [
        AMERICA
    ]


def test_an_account_the_login_does_not_see_is_named(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformRefused, match=r"account 1234567890: the login does not see this account"):
        reader(settings, accounts=("1234567890",)).accounts()


def test_without_a_manager_the_login_is_asked_what_it_may_read(settings: Settings, sandbox: Sandbox) -> None:
    everything = reader(settings, login_customer_id=None).accounts()
    assert [ad_account.account_id for ad_account in everything] == [GERMANY, AMERICA]
    names = [request["name"] for request in sandbox.stage.audit.requests(platform="google_ads")]
    assert "ListAccessibleCustomers" in names


def test_the_documented_client_lists_what_it_may_read(settings: Settings, sandbox: Sandbox) -> None:
    service = official(settings.google_ads).get_service("CustomerService")
    assert list(service.list_accessible_customers().resource_names) == [f"customers/{MANAGER}"]
