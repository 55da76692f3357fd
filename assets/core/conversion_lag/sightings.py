"""SQL for conversions by click day and age, as each accepted reading had them, over the versions in raw.

A reading that changed nothing left no row, so readings come from raw/pulls and figures are carried forward
between them.
"""

from dataclasses import dataclass

from resources.lake.schema import Table
from resources.tables import google_ads, linkedin_ads, meta_ads

COLUMNS = ("platform", "account_id", "action", "day", "age_days", "conversions", "value")
EVERY = "*"
"""Stands for all conversion actions of an account together."""


@dataclass(frozen=True)
class ConversionSource:
    """Where a platform tells conversions: its table, and per action the columns for count and value."""

    platform: str
    table: Table
    action: str
    conversions: str
    value: str


SOURCES = (
    ConversionSource(
        "google_ads",
        google_ads.CONVERSION_ACTION_DAY,
        "conversion_action_id",
        "conversions",
        "conversions_value",
    ),
    ConversionSource("meta_ads", meta_ads.DAYS["campaign"], "'purchase'", "purchases", "purchase_value"),
    ConversionSource("meta_ads", meta_ads.DAYS["campaign"], "'lead'", "leads", "0"),
    ConversionSource(
        "linkedin_ads",
        linkedin_ads.DAYS["campaign"],
        "'conversion'",
        "external_website_conversions",
        "conversion_value",
    ),
    ConversionSource("linkedin_ads", linkedin_ads.DAYS["campaign"], "'lead'", "one_click_leads", "0"),
)


def sightings(source: ConversionSource) -> str:
    """SQL for one row per account, action, click day since $since and age in days, the last reading of that
    age.

    Ages count from the click day to the day of the reading, both in the account's own calendar; a day that
    was not over when it was read has age 0. Readings after $until are not looked at.
    """
    key = ", ".join(source.table.key)
    table = f"raw.{source.table.name}_versions"
    return f"""
        with versions as (
            select *, {source.action} as action,
                case when gone then 0 else {source.conversions}::double end as n,
                case when gone then 0 else {source.value}::double end as v
            from {table} where day >= $since and pulled_at <= $until
        ),
        steps as (
            select account_id, action, day, pulled_at,
                n - lag(n, 1, 0) over earlier as n, v - lag(v, 1, 0) over earlier as v
            from versions window earlier as (partition by {key} order by pulled_at)
        ),
        changes as (
            select account_id, action, day, pulled_at, sum(n) as n, sum(v) as v from steps group by all
        ),
        readings as (
            select p.account_id, p.pulled_at, p.time_zone, day
            from raw.pulls as p join (select distinct account_id, day from changes) as days
                on days.account_id = p.account_id and day between p.start_day and p.end_day
            where p.platform = '{source.platform}' and verdict = 'accepted' and p.pulled_at <= $until
                and list_contains(string_split(tables, ' '), '{source.table.name}')
        ),
        grid as (
            select readings.*, action
            from readings join (select distinct account_id, action, day from changes) using (account_id, day)
        ),
        seen as (
            select grid.account_id, grid.action, grid.day,
                date_diff('day', grid.day, (grid.pulled_at at time zone time_zone)::date) as age_days,
                grid.pulled_at,
                sum(coalesce(n, 0)) over up_to as conversions, sum(coalesce(v, 0)) over up_to as value
            from grid left join changes using (account_id, action, day, pulled_at)
            window up_to as (partition by grid.account_id, grid.action, grid.day order by grid.pulled_at)
        )
        select '{source.platform}' as platform, account_id, action, day, age_days, conversions, value
        from seen
        qualify row_number() over (partition by account_id, action, day, age_days order by pulled_at desc) = 1
    """
