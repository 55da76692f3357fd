"""Meta Ads, read and written: what our reader returns is what the market knows and what the official objects
return.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi

from resources.config.settings import Settings
from resources.tables.common import LEVEL_IDS
from resources.tables.meta_ads import DAYS, ENTITIES
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, micros, rows, truth, undated
from tests.wire.meta_official import AMERICA, EUROPE, FAR, START, WEEK, account, asked, reader


@pytest.mark.parametrize("account_id", [EUROPE, AMERICA])
@pytest.mark.parametrize("level", ["campaign", "ad_set", "ad"])
def test_every_day_of_every_entity_is_the_markets_truth(
    settings: Settings, sandbox: Sandbox, level: str, account_id: str
) -> None:
    meta = reader(settings)
    ad_account = account(meta, account_id)
    day_rows = rows(meta.days(level, ad_account, start=START, end=LAST))
    wanted = truth(sandbox.stage.market, "meta_ads", account_id, level, start=START, end=LAST)
    assert len(day_rows) == len(wanted) >= 80
    for row in day_rows:
        true = wanted[row["day"], row[f"{level}_id"]]
        assert (row["impressions"], row["clicks"]) == (true["impressions"], true["clicks"])
        assert (row["purchases"], row["leads"]) == (true["purchases"], true["leads"])
        assert micros(row["spend"]) == true["cost_micros"]
        assert micros(row["purchase_value"]) == true["value_micros"]
        assert (row["currency"], row["time_zone"]) == (ad_account.currency, ad_account.time_zone)
        assert row["attribution"] == "7d_click_1d_view"


def test_rows_have_the_tables_columns_and_one_instant(settings: Settings, sandbox: Sandbox) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    for level, table in DAYS.items():
        batches = list(meta.days(level, ad_account, start=START, end=LAST))
        assert all(batch.schema == table.schema for batch in batches)
        assert len({row["pulled_at"] for row in rows(iter(batches))}) == 1
    assert meta.entities(ad_account).schema == ENTITIES.schema


def test_the_official_objects_say_the_same(settings: Settings, sandbox: Sandbox, api: FacebookAdsApi) -> None:
    span = {"since": str(START), "until": str(LAST)}
    insights = AdAccount(f"act_{EUROPE}", api=api).get_insights(
        fields=["adset_id", "impressions", "spend", "actions", "date_start"],
        params={"level": "adset", "time_range": span, "time_increment": 1, "limit": 100},
    )
    theirs = {
        (row["date_start"], row["adset_id"]): (int(row["impressions"]), Decimal(row["spend"]))
        for row in insights
    }
    meta = reader(settings)
    ours = {
        (str(row["day"]), row["ad_set_id"]): (row["impressions"], row["spend"])
        for row in rows(meta.days("ad_set", account(meta), start=START, end=LAST))
    }
    assert ours == theirs


def test_a_month_of_an_account_is_one_call_where_it_fits_a_page(settings: Settings, sandbox: Sandbox) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    sandbox.stage.audit.clear()
    list(meta.days("ad", ad_account, start=LAST - timedelta(days=30), end=LAST))
    assert asked(sandbox) == ["GET act/insights"]


def test_entities_are_the_catalogs(settings: Settings, sandbox: Sandbox) -> None:
    meta = reader(settings)
    catalog = sandbox.stage.market.catalog(sandbox.stage.world.of("meta_ads")[0])
    entity_rows = {(row["level"], row["entity_id"]): row for row in meta.entities(account(meta)).to_pylist()}
    assert len(entity_rows) == 1 + sum(len(getattr(catalog, f"{level}s").id) for level in LEVEL_IDS)
    for n, entity_id in enumerate(catalog.campaigns.id.tolist()):
        row = entity_rows["campaign", str(entity_id)]
        budget = Decimal(int(catalog.campaigns.budget_micros[n])) / 1_000_000
        assert row["daily_budget"] == (budget if catalog.campaigns.holds_budget[n] else None)
        assert row["status"] == ("paused" if catalog.campaigns.paused[n] else "active")
    for n, entity_id in enumerate(catalog.ad_sets.id.tolist()):
        row, above = entity_rows["ad_set", str(entity_id)], int(catalog.ad_sets.campaign[n])
        owner = "campaign" if catalog.campaigns.holds_budget[above] else "ad_set"
        assert (row["budget_owner"], row["daily_budget"] is None) == (owner, owner == "campaign")
        assert row["campaign_id"] == str(catalog.campaigns.id[above])
        assert row["learning_state"] in {"LEARNING", "SUCCESS"}
    assert catalog.texts(0)["headlines"][0] in entity_rows["ad", str(catalog.ads.id[0])]["creative"]


def test_what_was_archived_is_still_counted(
    settings: Settings, sandbox: Sandbox, api: FacebookAdsApi
) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    before = rows(meta.days("ad_set", ad_account, **WEEK))
    gone = before[0]["ad_set_id"]
    AdSet(gone, api=api).api_update(params={"status": "ARCHIVED"})
    assert undated(rows(meta.days("ad_set", ad_account, **WEEK))) == undated(before)
    row = next(r for r in meta.entities(ad_account).to_pylist() if r["entity_id"] == gone)
    assert (row["status"], row["native_status"]) == ("removed", "ARCHIVED")


def test_a_budget_written_by_the_official_client_changes_later_days(
    settings: Settings, sandbox: Sandbox, api: FacebookAdsApi
) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    entities = meta.entities(ad_account).to_pylist()
    owner = next(
        r for r in entities if r["level"] == "campaign" and r["daily_budget"] and r["status"] == "active"
    )

    def spent(day: Any) -> float:
        day_rows = rows(meta.days("campaign", ad_account, start=day, end=day))
        return float(next(r["spend"] for r in day_rows if r["campaign_id"] == owner["entity_id"]))

    past = spent(LAST)
    Campaign(owner["entity_id"], api=api).api_update(params={"daily_budget": 100})
    sandbox.stage.clock.set(FAR)
    later = spent(FAR.date() - timedelta(days=1))
    assert spent(LAST) == past > 5
    assert later <= 1.25 * 1.0
    now = next(r for r in meta.entities(ad_account).to_pylist() if r["entity_id"] == owner["entity_id"])
    assert now["daily_budget"] == 1
    assert [r["name"] for r in sandbox.stage.audit.requests(writes_only=True)] == ["POST campaign"]
