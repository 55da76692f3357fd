"""Inputs of the data-quality checks: a reading's rows summed up, beside what the lake and the entity lists
have.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from assets.raw.platforms.quality_checks import ReadingSummary
from resources.lake.lake import Lake
from resources.lake.layout import frame
from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.linkedin_ads_wire import MOST_ELEMENTS
from resources.platforms.money import WITH_MINOR, WITHOUT_MINOR
from resources.platforms.reader import PlatformReader
from resources.tables import core, google_ads, linkedin_ads, meta_ads
from resources.tables.pulls import PULLS

DAYS = {"google_ads": google_ads.DAYS, "meta_ads": meta_ads.DAYS, "linkedin_ads": linkedin_ads.DAYS}
ENTITIES = {
    "google_ads": google_ads.ENTITIES,
    "meta_ads": meta_ads.ENTITIES,
    "linkedin_ads": linkedin_ads.ENTITIES,
}
CONVERSION_ACTIONS = {
    "google_ads": google_ads.CONVERSION_ACTIONS,
    "linkedin_ads": linkedin_ads.CONVERSION_ACTIONS,
}
SPEND = {"google_ads": "cost_micros / 1e6", "meta_ads": "spend::double", "linkedin_ads": "spend::double"}
MOST_ROWS = {"linkedin_ads": MOST_ELEMENTS}
"""Where a platform cuts an answer without a word."""


def reading_of(
    lake: Lake,
    reader: PlatformReader,
    account: Account,
    read: Mapping[Table, pa.Table],
    *,
    days: tuple[date, date],
    at: datetime,
    now: datetime,
) -> ReadingSummary:
    """Summary of a reading for the quality checks, computed by DuckDB over the spooled rows and the lake."""
    platform, today = account.platform, now.astimezone(ZoneInfo(account.time_zone)).date()
    by_level = {level: read[table] for level, table in DAYS[platform].items() if table in read}
    with lake.query(
        ENTITIES[platform], DAYS[platform]["account"], DAYS[platform]["campaign"], core.FX_RATE, PULLS
    ) as ask:
        for table, rows in read.items():
            ask.register(f"in_{table.name}", rows)
        for level in DAYS[platform]:
            rows = by_level.get(level, DAYS[platform][level].schema.empty_table())
            ask.register(f"in_{level}", rows)

        def query(sql: str, **more: Any) -> pd.DataFrame:
            return frame(ask.sql(sql, params=more or None).to_arrow_table())

        doubled, seen_days = {}, {}
        for table in read:
            key = ", ".join(table.key)
            (row,) = ask.sql(
                f"select min(day), max(day), count(*) - count(distinct ({key})) from in_{table.name}"
            ).fetchall()
            if row[0]:
                doubled[table.name], seen_days[table.name] = int(row[2]), (row[0], row[1])
        entities = f"raw.{ENTITIES[platform].name}"
        totals = (
            query(_totals(platform, by_level, entities), account=account.account_id)
            if by_level
            else pd.DataFrame(columns=["day", "level", "part", "spend", "impressions"])
        )
        before = query(
            _BEFORE.format(spend=SPEND[platform], platform=platform),
            account=account.account_id,
            low=days[0],
            high=days[1],
        )
        active = query(_ACTIVE.format(entities=entities), account=account.account_id, day=days[1])
        delivered = query(_delivered(by_level), day=days[1]) if by_level else pd.DataFrame({"entity_id": []})
        unpriced = _unpriced(ask, account, seen_days)
        by_action = query(_BY_ACTION) if _tells_actions(read) else pd.DataFrame()
    before["read_on"] = [
        pd.Timestamp(read_at.tz_convert(account.time_zone).date()) if pd.notna(read_at) else pd.NaT
        for read_at in before["read_at"]
    ]
    currency = account.currency
    return ReadingSummary(
        account=account,
        start=days[0],
        end=days[1],
        at=at,
        today=today,
        doubled=doubled,
        seen_days=seen_days,
        totals=totals,
        before=before,
        active=active[active["level"].isin(by_level)],
        delivered=frozenset(delivered["entity_id"]),
        unpriced=unpriced,
        known_currency=currency in WITH_MINOR | WITHOUT_MINOR,
        longest_answer=reader.meter.longest[account.account_id],
        most_rows=MOST_ROWS.get(platform),
        by_action=by_action,
    )


def _totals(platform: str, by_level: Mapping[str, pa.Table], entities: str) -> str:
    """Spend and impressions per day, level and part: "below" is what lies in campaigns (ad sets) that report
    the level below.
    """
    spend = SPEND[platform]
    sums = f"sum({spend}) as spend, sum(impressions)::double as impressions"
    parts = [
        f"select day, '{level}' as level, 'whole' as part, {sums} from in_{level} group by day"
        for level in by_level
    ]
    for upper, lower, upper_id in (("campaign", "ad_set", "campaign_id"), ("ad_set", "ad", "ad_set_id")):
        if upper in by_level and lower in by_level:
            with_children = (
                f"select {upper_id} from {entities} where account_id = $account and level = '{lower}' and"
                f" {upper_id} is not null"
            )
            parts.append(f"""select day, '{upper}' as level, 'below' as part, {sums} from in_{upper}
                where {upper_id} in ({with_children} union select {upper_id} from in_{lower}) group by day""")
    sql = " union all ".join(parts)
    return sql if "$account" in sql else f"select * from ({sql}) where $account is not null"


_BEFORE = """
    with stood as (
        select day, sum({spend}) as spend from raw.{platform}_campaign_day
        where account_id = $account and day between $low and $high group by day
    ),
    read as (
        select day, max(pulled_at) as read_at
        from stood, raw.pulls as p
        where p.platform = '{platform}' and p.account_id = $account and verdict = 'accepted'
            and day between start_day and end_day and contains(tables, '_campaign_day')
        group by day
    )
    select stood.day, spend, read_at from stood left join read using (day) order by day
"""
_ACTIVE = """
    with e as (select * from {entities} where account_id = $account)
    select entity_id, level, name from e
    where level = 'campaign' and status = 'active' and coalesce(start_day, $day) <= $day and coalesce(end_day, $day) >= $day
    union all
    select s.entity_id, s.level, s.name from e as s join e as c on c.level = 'campaign' and c.entity_id = s.campaign_id
    where s.level = 'ad_set' and s.status = 'active' and c.status = 'active'
        and coalesce(s.start_day, c.start_day, $day) <= $day and coalesce(s.end_day, c.end_day, $day) >= $day
"""
_BY_ACTION = """
    with whole as (select day, sum(conversions) as conversions from in_google_ads_ad_set_day group by day),
    parts as (select day, sum(conversions) as by_action from in_google_ads_conversion_action_day group by day)
    select day, conversions, by_action from whole full join parts using (day) order by day
"""


def _tells_actions(read: Mapping[Table, pa.Table]) -> bool:
    return {google_ads.DAYS["ad_set"], google_ads.CONVERSION_ACTION_DAY} <= read.keys()


def _delivered(by_level: Mapping[str, pa.Table]) -> str:
    selects = [
        f"select {level}_id as entity_id from in_{level} where day = $day"
        for level in ("campaign", "ad_set")
        if level in by_level
    ]
    return " union all ".join(selects) if selects else "select '' as entity_id where $day is null"


def _unpriced(ask: Any, account: Account, seen_days: Mapping[str, tuple[date, date]]) -> int:
    """Days with rows and without a rate; none are missed where no rates were ever loaded, because then core
    says so.
    """
    if not seen_days or not ask.sql("select 1 from core.fx_rate limit 1").fetchall():
        return 0
    first, last = min(low for low, _ in seen_days.values()), max(high for _, high in seen_days.values())
    ((count,),) = ask.sql(
        "select count(distinct day) from core.fx_rate where currency = $currency and day between $first and"
        " $last",
        params={"currency": account.currency, "first": first, "last": last},
    ).fetchall()
    return (last - first).days + 1 - int(count)
