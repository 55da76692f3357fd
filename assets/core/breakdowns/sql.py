"""SQL for core/breakdown_day: the platforms' parts in one vocabulary, beside the totals they are parts of.

No part is ever added to a total: `covered_share` compares the two, per entity, dimension and period.
"""

from resources.tables import core
from resources.tables.breakdowns import RAW_BREAKDOWNS

SOURCES = (
    *RAW_BREAKDOWNS.values(),
    core.DAYS["ad_set"],
    core.DAYS["campaign"],
    core.FX_RATE,
)
_MONEY = "decimal(18, 6)"
_METRICS = {
    "google_ads": (
        f"""cost_micros::decimal(18, 0) * 0.000001::decimal(7, 6) as spend, conversions,
        conversions_value::{_MONEY} as conversion_value, null::bigint as reach"""
    ),
    "meta_ads": "spend, purchases + leads as conversions, purchase_value as conversion_value, reach",
    "linkedin_ads": (
        f"""spend, null::double as conversions, null::{_MONEY} as conversion_value, null::bigint as reach"""
    ),
}
_PARTS = " union all by name ".join(
    f"""select '{platform}' as platform, account_id, day, currency, time_zone, level, entity_id, campaign_id, dimension,
        value, period_days, impressions, clicks, {_METRICS[platform]}, pulled_at
    from raw.{table.name} where day between $start and $end"""
    for platform, table in RAW_BREAKDOWNS.items()
)
_PERIOD = "entity.day between periods.day and periods.day + (periods.period_days - 1)::integer"


def breakdown_days() -> str:
    """SQL for core/breakdown_day between $start and $end."""
    of_entity = {
        "ad_set": "entity.ad_set_id",
        "campaign": "entity.campaign_id",
        "account": "entity.account_id",
    }
    totals = " union all ".join(
        f"""select platform, account_id, level, entity_id, dimension, periods.day, period_days,
            any_value(periods.impressions) / nullif(sum(entity.impressions), 0)::double as covered_share
        from periods join core.{"ad_set" if level == "ad_set" else "campaign"}_day as entity using (platform, account_id)
        where level = '{level}' and {own_id} = periods.entity_id and {_PERIOD} group by all"""
        for level, own_id in of_entity.items()
    )
    return f"""
        with parts as ({_PARTS}),
        periods as (
            select platform, account_id, level, entity_id, dimension, day, period_days, sum(impressions) as impressions
            from parts group by all
        ),
        covered as ({totals})
        select parts.*, (parts.spend * fx.rate)::{_MONEY} as spend_reporting, covered_share
        from parts
        left join covered using (platform, account_id, level, entity_id, dimension, day, period_days)
        left join core.fx_rate as fx on (fx.currency, fx.day) = (parts.currency, parts.day)
    """
