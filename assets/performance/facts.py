"""Three shapes to one: how each platform's raw columns become core's, as SQL that DuckDB runs over the lake.

Conversions are what the platform bids and reports on: Google's primary conversions, Meta's purchases and leads, LinkedIn's
site conversions and form leads. Dropped exports fill the account-days that no platform was asked for, and never add to one.
"""

from resources.schema import Table
from resources.tables import core, google_ads, linkedin_ads, meta_ads
from resources.tables.common import LEVEL_IDS
from resources.tables.dropped import DAYS as DROPPED

_MONEY = "decimal(18, 6)"
_ANSWERS = {
    "google_ads": f"""cost_micros::decimal(18, 0) * 0.000001::decimal(7, 6) as spend,
        conversions, conversions_value::{_MONEY} as conversion_value""",
    "meta_ads": "spend, purchases + leads as conversions, purchase_value as conversion_value",
    "linkedin_ads": """spend, (external_website_conversions + one_click_leads)::double as conversions,
        conversion_value""",
}
_RAW = {"google_ads": google_ads.DAYS, "meta_ads": meta_ads.DAYS, "linkedin_ads": linkedin_ads.DAYS}


def sources(level: str) -> list[Table]:
    """The tables that core's table of that level is made of, exchange rates last."""
    return [*(days[level] for days in _RAW.values()), DROPPED[level], core.FX_RATE]


def unified(level: str) -> str:
    """SQL for core's day table of a level between $start and $end, in its columns' order."""
    ids = ", ".join(column.name for column in LEVEL_IDS[level])
    return f"""
        with asked as ({_asked(level, ids)}),
        dropped as (
            select platform, account_id, day, currency, time_zone, {ids}, impressions, clicks,
                spend, conversions, conversion_value, pulled_at
            from raw.{DROPPED[level].name} as exports
            where day between $start and $end
                and not exists (
                    select 1 from asked
                    where (asked.platform, asked.account_id, asked.day)
                        = (exports.platform, exports.account_id, exports.day)
                )
        )
        select facts.platform, facts.account_id, facts.day, facts.currency, facts.time_zone, {ids},
            impressions, clicks, spend, conversions, conversion_value,
            (spend * rate)::{_MONEY} as spend_reporting,
            (conversion_value * rate)::{_MONEY} as conversion_value_reporting,
            {_ratios(spend="spend", value="conversion_value")},
            facts.pulled_at
        from (select * from asked union all by name select * from dropped) as facts
        left join core.fx_rate as fx on (fx.currency, fx.day) = (facts.currency, facts.day)
    """


def unpriced(level: str) -> str:
    """SQL for the currencies and days between $start and $end that have spend and no exchange rate."""
    return f"""
        select currency, min(day) as first_day, max(day) as last_day, count(distinct day) as days,
            string_agg(distinct platform || ' account ' || account_id, ', ') as accounts
        from ({unified(level)}) where spend is not null and spend_reporting is null
        group by currency order by currency
    """


KPI_SQL = f"""
    select coalesce(platform, 'all') as platform, day, $currency as currency,
        sum(spend_reporting)::{_MONEY} as spend, sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks,
        sum(conversions) as conversions, sum(conversion_value_reporting)::{_MONEY} as conversion_value,
        {{ratios}}, min(pulled_at) as pulled_at
    from core.campaign_day where day between $start and $end
    group by grouping sets ((platform, day), (day))
    order by day desc, platform
"""
"""The key figures per platform and in total, from campaigns: the one level at which every platform reports everything."""


def key_figures() -> str:
    """SQL for core/kpi_day between $start and $end, in $currency."""
    sums = {"spend": "sum(spend_reporting)", "value": "sum(conversion_value_reporting)"}
    return KPI_SQL.format(ratios=_ratios(**sums, clicks="sum(clicks)", impressions="sum(impressions)"))


def _asked(level: str, ids: str) -> str:
    return " union all ".join(
        f"""select '{platform}' as platform, account_id, day, currency, time_zone, {ids}, impressions, clicks,
            {_ANSWERS[platform]}, pulled_at
        from raw.{days[level].name} where day between $start and $end"""
        for platform, days in _RAW.items()
    )


def _ratios(*, spend: str, value: str, clicks: str = "clicks", impressions: str = "impressions") -> str:
    """CPC, CTR and ROAS of summed parts; nothing over nothing is null, never zero."""
    return f"""({spend})::double / nullif({clicks}, 0) as cpc,
            ({clicks})::double / nullif({impressions}, 0) as ctr,
            ({value})::double / nullif(({spend})::double, 0) as roas"""
