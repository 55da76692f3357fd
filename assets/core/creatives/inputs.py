"""What core/creatives and core/creative_day are made of, read from the lake."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa

from assets.core.creatives.language import language_of
from assets.core.creatives.units import BODY, HEADLINE, TEXT_ID, text_units
from resources.lake.lake import Lake
from resources.tables import core, google_ads, linkedin_ads, meta_ads
from resources.tables import creatives as tables

ENTITIES = (google_ads.ENTITIES, meta_ads.ENTITIES, linkedin_ads.ENTITIES)
CREATIVE_SOURCES = (*ENTITIES, tables.AD_TEXTS, tables.POSTS)
DAY_SOURCES = (
    core.DAYS["ad"],
    tables.CREATIVES,
    tables.AD_TEXTS,
    tables.AD_TEXT_DAY,
    meta_ads.DAYS["ad"],
    core.FX_RATE,
)
_MONEY = "decimal(18, 6)"
_ROLE = f"if(field_type = 'DESCRIPTION', '{BODY}', '{HEADLINE}')"
_SEEN = " union all ".join(
    f"""select platform, account_id, campaign_id, ad_set_id, entity_id as ad_id, creative, pulled_at, updated_at, gone,
        lead(pulled_at) over (partition by account_id, entity_id order by pulled_at) as next_at
    from raw.{table.name}_versions where level = 'ad'"""
    for table in ENTITIES
)
_TEXTS_OVER_TIME = f"""
    select platform, account_id, any_value(campaign_id) as campaign_id, any_value(ad_set_id) as ad_set_id, ad_id, creative,
        min(least(pulled_at, coalesce(updated_at, pulled_at)))::date as first_day,
        if(bool_or(next_at is null), null, max(next_at)::date - 1) as last_day
    from ({_SEEN}) where creative is not null and not gone
    group by platform, account_id, ad_id, creative
"""


def creatives(lake: Lake) -> pa.Table:
    """Rows of core/creatives: every text that an ad has or had."""
    ads = lake.arrow(_TEXTS_OVER_TIME, *ENTITIES)
    posts = {
        row["post_id"]: row
        for row in lake.arrow(f"select * from raw.{tables.POSTS.name}", tables.POSTS).to_pylist()
    }
    own = _google_texts(lake)
    rows = [row for ad in ads.to_pylist() for row in _of_ad(ad, posts, own)]
    rows += [row for ad in own.values() for row in ad["by_platform"]]
    newest = {tuple(row[name] for name in tables.CREATIVES.key): row for row in sorted(rows, key=_ends)}
    return pa.Table.from_pylist(list(newest.values()), schema=tables.CREATIVES.schema)


def _ends(row: dict[str, Any]) -> date:
    return row["last_day"] or date.max


def _of_ad(
    ad: dict[str, Any], posts: dict[str, Any], own: dict[tuple[str, str], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    units = text_units(ad["platform"], ad["creative"], posts)
    language = language_of(unit.text for unit in units)
    stated = own.get((ad["account_id"], ad["ad_id"]), {}) if ad["platform"] == "google_ads" else {}
    for unit in units:
        about = stated.get("texts", {}).get(unit.text_id, {})
        yield {
            **{name: ad[name] for name in ("platform", "account_id", "campaign_id", "ad_set_id", "ad_id")},
            "text_id": unit.text_id,
            "role": unit.role,
            "text": unit.text,
            "language": language,
            "written_by": _writer(about.get("source")),
            "pinned_to": about.get("pinned_field"),
            "rating": about.get("performance_label"),
            "picture": unit.picture,
            "call_to_action": unit.call_to_action,
            "landing_page": unit.landing_page,
            "first_day": ad["first_day"],
            "last_day": ad["last_day"],
        }


def _google_texts(lake: Lake) -> dict[tuple[str, str], dict[str, Any]]:
    """Per Google ad what its texts are known by, and rows for those that Google wrote into it."""
    sql = f"""
        select *, {TEXT_ID.format(role=_ROLE, text="text")} as text_id, {_ROLE} as role,
            min(pulled_at) over (partition by account_id, ad_id, asset_id, field_type)::date as first_day
        from raw.{tables.AD_TEXTS.name}
    """
    ads: dict[tuple[str, str], dict[str, Any]] = {}
    for row in lake.arrow(sql, tables.AD_TEXTS).to_pylist():
        ad = ads.setdefault((row["account_id"], row["ad_id"]), {"texts": {}, "by_platform": []})
        ad["texts"][row["text_id"]] = row
        if _writer(row["source"]) == "platform":
            ad["by_platform"].append(_written_by_google(row))
    return ads


def _written_by_google(row: dict[str, Any]) -> dict[str, Any]:
    same = ("account_id", "campaign_id", "ad_set_id", "ad_id", "text_id", "role", "text", "first_day")
    return {name: row[name] for name in same} | {
        "platform": "google_ads",
        "language": language_of([row["text"]]),
        "written_by": "platform",
        "pinned_to": row["pinned_field"],
        "rating": row["performance_label"],
        "last_day": None if row["is_enabled"] else row["pulled_at"].date(),
    }


def _writer(source: str | None) -> str:
    return "platform" if source == "AUTOMATICALLY_CREATED" else "advertiser"


def creative_days() -> str:
    """SQL for core/creative_day between $start and $end."""
    return f"""
        with written as (
            select *, min(first_day) over (partition by platform, account_id, ad_id) as known_from
            from core.creatives where written_by = 'advertiser'
        ),
        worded as (
            select ads.platform, ads.account_id, ads.ad_id, ads.day, bool_or(ads.day < written.known_from) as is_text_assumed,
                substr(sha256(string_agg(distinct text_id, ' ' order by text_id)), 1, 16) as text_id
            from core.ad_day as ads join written using (platform, account_id, ad_id)
            where ads.day between $start and $end
                and greatest(ads.day, known_from) between written.first_day and coalesce(written.last_day, date '9999-12-31')
            group by all
        ),
        shown as (
            select days.*, {TEXT_ID.format(role=_ROLE.replace("field_type", "texts.field_type"), text="texts.text")} as text_id
            from raw.{tables.AD_TEXT_DAY.name} as days
            join raw.{tables.AD_TEXTS.name} as texts using (account_id, ad_id, asset_id, field_type)
            where days.day between $start and $end
        )
        select ads.platform, ads.account_id, ads.day, ads.currency, ads.time_zone, ads.campaign_id, ads.ad_set_id, ads.ad_id,
            'ad' as unit, worded.text_id, coalesce(is_text_assumed, false) as is_text_assumed,
            ads.impressions, ads.clicks, ads.spend, ads.conversions, ads.conversion_value,
            ads.spend_reporting, ads.conversion_value_reporting, meta.reach, ads.pulled_at
        from core.ad_day as ads
        left join worded using (platform, account_id, ad_id, day)
        left join raw.{meta_ads.DAYS["ad"].name} as meta
            on ads.platform = 'meta_ads' and (meta.account_id, meta.ad_id, meta.day) = (ads.account_id, ads.ad_id, ads.day)
        where ads.day between $start and $end
        union all by name
        select 'google_ads' as platform, account_id, shown.day, shown.currency, time_zone, campaign_id, ad_set_id, ad_id,
            'text' as unit, text_id, false as is_text_assumed,
            sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks,
            (sum(cost_micros)::decimal(24, 0) * 0.000001::decimal(7, 6))::{_MONEY} as spend,
            null::double as conversions, null::{_MONEY} as conversion_value,
            (sum(cost_micros)::double / 1e6 * any_value(fx.rate))::{_MONEY} as spend_reporting,
            null::{_MONEY} as conversion_value_reporting,
            null::bigint as reach, max(pulled_at) as pulled_at
        from shown left join core.fx_rate as fx on (fx.currency, fx.day) = (shown.currency, shown.day)
        group by all
    """
