"""SQL that unifies the platforms' raw days into core/*_day, projects late conversions and computes
core/kpi_day.

Projected conversions are those observed plus those that the spend is still expected to bring: the campaign's
conversions per matured spend over the last 28 days, shrunk towards the account's, times the share that is not
visible yet (Bornhuetter and Ferguson 1972, with the Cape Cod estimate of the rate). So projections of ad sets
add up to their campaign's, and a young day without conversions is not projected to end without any.

Conversions are what the platform bids and reports on: Google's primary conversions, Meta's purchases and
leads, LinkedIn's site conversions and form leads. Dropped exports fill the account-days that no platform was
asked for, and never add to one.
"""

from assets.core.conversion_lag.curve import LONGEST_DAYS
from resources.lake.schema import Table
from resources.tables import core, google_ads, linkedin_ads, meta_ads
from resources.tables.common import LEVEL_IDS
from resources.tables.dropped import DAYS as DROPPED
from resources.tables.pulls import PULLS

_MONEY = "decimal(18, 6)"
_METRICS = {
    "google_ads": (
        f"""cost_micros::decimal(18, 0) * 0.000001::decimal(7, 6) as spend,
        conversions, conversions_value::{_MONEY} as conversion_value"""
    ),
    "meta_ads": "spend, purchases + leads as conversions, purchase_value as conversion_value",
    "linkedin_ads": (
        """spend, (external_website_conversions + one_click_leads)::double as conversions,
        conversion_value"""
    ),
}
RATE_DAYS = 28
_POOLED = 10.0
"""Conversions that the account's rate counts for in a campaign's."""
_VALUED = 3.0
"""The same for the value per conversion."""
VALUE_SPREAD = 1.25
"""Mean square of a conversion's value over the square of its mean: values that spread by half."""
Z = 1.2816
"""Half the width of an 80 % interval, in standard deviations."""
_RAW = {"google_ads": google_ads.DAYS, "meta_ads": meta_ads.DAYS, "linkedin_ads": linkedin_ads.DAYS}


def sources(level: str) -> list[Table]:
    """The tables that core's table of that level is made of, exchange rates last."""
    levels = {level: None, "campaign": None}
    platform_tables = [days[needed_level] for needed_level in levels for days in _RAW.values()]
    return [*platform_tables, DROPPED[level], core.FX_RATE, core.CONVERSION_LAG, PULLS]


def unified(level: str) -> str:
    """SQL for core's day table of a level between $start and $end, in its columns' order."""
    ids = ", ".join(column.name for column in LEVEL_IDS[level])
    return f"""
        with platform_rows as ({_platform_rows(level, ids, since="$start")}),
        dropped as (
            select platform, account_id, day, currency, time_zone, {ids}, impressions, clicks,
                spend, conversions, conversion_value, pulled_at
            from raw.{DROPPED[level].name} as exports
            where day between $start and $end
                and not exists (
                    select 1 from platform_rows
                    where (platform_rows.platform, platform_rows.account_id, platform_rows.day)
                        = (exports.platform, exports.account_id, exports.day)
                )
        ),
        {_rates()},
        facts as ({_with_lag("(select * from platform_rows union all by name select * from dropped)", level)}),
        coming as (
            select facts.*, rates.rate, rates.value_per_conversion, rates.conversions as campaign_conversions,
                (1 - share) * spend::double * rates.rate as rest,
                (1 - value_share) * spend::double * rates.rate * rates.value_per_conversion as rest_value
            from facts left join rates using (platform, account_id, campaign_id, day)
        ),
        spread as (
            select *,
                {Z} * sqrt(abs(rest) + rest ** 2 / (campaign_conversions + {_POOLED})
                    + ((share_high - share_low) / {2 * Z} * spend::double * rate) ** 2) as wide,
                {Z} * sqrt(abs(rest) * value_per_conversion ** 2 * {VALUE_SPREAD} + rest_value ** 2 / (campaign_conversions + {_POOLED})
                    + ((value_high - value_low) / {2 * Z} * spend::double * rate * value_per_conversion) ** 2) as wide_value
            from coming
        ),
        ended as (
            select *,
                coalesce(conversions + rest, conversions / share) as conversions_projected,
                coalesce(conversion_value::double + rest_value, conversion_value::double / value_share)
                    as conversion_value_projected
            from spread
        )
        select facts.platform, facts.account_id, facts.day, facts.currency, facts.time_zone, {ids},
            impressions, clicks, spend, conversions, conversion_value,
            (spend * fx.rate)::{_MONEY} as spend_reporting,
            (conversion_value * fx.rate)::{_MONEY} as conversion_value_reporting,
            {_RATIOS},
            if(share > 1, 1.0, share) as matured,
            conversions_projected,
            {_from_zero("conversions_projected - wide")} as conversions_low,
            conversions_projected + wide as conversions_high,
            conversion_value_projected,
            {_from_zero("conversion_value_projected - wide_value")} as conversion_value_low,
            conversion_value_projected + wide_value as conversion_value_high,
            conversion_value_projected / nullif(spend::double, 0) as roas_projected,
            read_at, facts.pulled_at
        from ended as facts
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


def _rates() -> str:
    """Per campaign and day, conversions per matured unit of spend and value per conversion, over that day and
    the 28 before.
    """
    with_lag = _with_lag(
        f"({_platform_rows('campaign', 'campaign_id', since=f'$start - {RATE_DAYS}')})", "campaign"
    )
    lately = f"order by day range between interval {RATE_DAYS} days preceding and current row"
    return f"""
        campaign_days as (
            select platform, account_id, campaign_id, day, conversions, conversion_value::double as value,
                spend::double * share as matured_spend
            from ({with_lag})
        ),
        account_days as (
            select platform, account_id, day, sum(conversions) as conversions, sum(matured_spend) as matured_spend, sum(value) as value,
                sum(conversions) filter (where value > 0) as sold
            from campaign_days group by all
        ),
        accounts as (
            select platform, account_id, day, sum(conversions) over own / nullif(sum(matured_spend) over own, 0) as rate,
                sum(value) over own / nullif(sum(sold) over own, 0) as value_per_conversion
            from account_days window own as (partition by platform, account_id {lately})
        ),
        campaigns as (
            select platform, account_id, campaign_id, day, sum(conversions) over own as conversions,
                sum(value) over own as value, sum(matured_spend) over own as matured_spend
            from campaign_days window own as (partition by platform, account_id, campaign_id {lately})
        ),
        rates as (
            select platform, account_id, campaign_id, day, c.conversions,
                case when a.rate > 0 then (c.conversions + {_POOLED}) / (c.matured_spend + {_POOLED} / a.rate) else 0 end as rate,
                case when c.value > 0 or c.conversions = 0
                    then (c.value + {_VALUED} * coalesce(a.value_per_conversion, 0)) / (c.conversions + {_VALUED}) else 0 end as value_per_conversion
            from campaigns as c join accounts as a using (platform, account_id, day)
        )"""


def _with_lag(rows: str, level: str) -> str:
    """SELECT for rows with when their day was last read, and the share of its conversions visible at that
    age.
    """
    return f"""
        select rows.*, coalesce(own.share, pooled.share) as share,
            coalesce(own.share_low, pooled.share_low) as share_low,
            coalesce(own.share_high, pooled.share_high) as share_high,
            coalesce(own.value_share, pooled.value_share) as value_share,
            coalesce(own.value_low, pooled.value_low) as value_low,
            coalesce(own.value_high, pooled.value_high) as value_high
        from (
            select facts.*, coalesce(last.at, facts.pulled_at) as read_at,
                least(greatest(date_diff('day', facts.day,
                    (coalesce(last.at, facts.pulled_at) at time zone facts.time_zone)::date), 0), {LONGEST_DAYS}) as age_days
            from {rows} as facts left join (
                select platform, account_id, days.day, max(pulled_at) as at
                from raw.pulls join (
                    select unnest(generate_series(($start - {RATE_DAYS})::timestamp, $end::timestamp, interval 1 day))::date as day
                ) as days on days.day between start_day and end_day
                where verdict = 'accepted' and contains(tables, '_{level}_day')
                group by all
            ) as last on (last.platform, last.account_id, last.day) = (facts.platform, facts.account_id, facts.day)
        ) as rows
        left join core.conversion_lag as own
            on (own.platform, own.account_id, own.age_days, own.action)
                = (rows.platform, rows.account_id, rows.age_days, '*')
        left join core.conversion_lag as pooled
            on (pooled.platform, pooled.account_id, pooled.age_days, pooled.action)
                = (rows.platform, '', rows.age_days, '*')
    """


NOISE = f"""{Z**2} * abs(conversions_projected - conversions) as noise,
            {Z**2 * VALUE_SPREAD} * coalesce((conversion_value_projected - conversion_value::double) ** 2
                / nullif(abs(conversions_projected - conversions), 0), 0) as noise_value"""
"""The part of a row's squared half width that is its own luck; the rest it shares with rows of the same curve
and campaign.
"""


def _from_zero(amount: str) -> str:
    """Not below zero, and null where it is not known: `greatest` would make a zero of that."""
    return f"if(({amount}) < 0, 0, {amount})"


def _whole(total: str) -> str:
    """A sum of projections, or null where one of the rows has conversions and no projection: the others'
    would be no total.
    """
    return (
        "if(count(*) filter (where conversions is not null and conversions_projected is null) > 0, null,"
        f" {total})"
    )


def _half_width(name: str, noise: str, rate: str) -> str:
    """Half the width of the interval of a sum: luck evens out, a wrong curve does not."""
    half = f"greatest(least({name}_high - {name}_projected, {name}_high) * {rate}, 0)"
    return (
        f"sqrt(sum({noise} * {rate} ** 2) + sum(sqrt(greatest({half} ** 2 - {noise} * {rate} ** 2, 0))) ** 2)"
    )


def _claimed(amount: str) -> str:
    """A figure that platforms claim, of one platform; the total has none, for two platforms may claim the
    same sale.
    """
    return f"if(grouping(platform) = 1, null, {amount})"


def key_figures() -> str:
    """SQL for core/kpi_day between $start and $end, in $currency: per platform, and in total what truly adds
    up.

    From campaigns: the one level at which every platform reports everything.
    """
    wide, value_width = (
        _half_width("conversions", "noise", "1"),
        _half_width("conversion_value", "noise_value", "rate"),
    )
    ended, ended_value = "sum(conversions_projected)", "sum(conversion_value_projected * rate)"
    claimed = {
        "conversions": "sum(conversions)",
        "conversion_value": f"sum(conversion_value_reporting)::{_MONEY}",
        "roas": "sum(conversion_value_reporting)::double / nullif(sum(spend_reporting)::double, 0)",
        "matured": _whole(f"sum(matured * conversions_projected) / nullif({ended}, 0)"),
        "conversions_projected": _whole(ended),
        "conversions_low": _whole(_from_zero(f"{ended} - {wide}")),
        "conversions_high": _whole(f"{ended} + {wide}"),
        "conversion_value_projected": _whole(ended_value),
        "conversion_value_low": _whole(_from_zero(f"{ended_value} - {value_width}")),
        "conversion_value_high": _whole(f"{ended_value} + {value_width}"),
        "roas_projected": _whole(f"{ended_value} / nullif(sum(spend_reporting)::double, 0)"),
    }
    columns = {
        "platform": "coalesce(platform, 'all')",
        "day": "day",
        "currency": "$currency",
        "spend": f"sum(spend_reporting)::{_MONEY}",
        "impressions": "sum(impressions)::bigint",
        "clicks": "sum(clicks)::bigint",
        "cpc": "sum(spend_reporting)::double / nullif(sum(clicks), 0)",
        "ctr": "sum(clicks)::double / nullif(sum(impressions), 0)",
        **{name: _claimed(amount) for name, amount in claimed.items()},
        "read_at": "min(read_at)",
        "pulled_at": "min(pulled_at)",
    }
    return f"""
        select {", ".join(f"{columns[column.name]} as {column.name}" for column in core.KPI_DAY.columns)}
        from (
            select facts.*, coalesce(spend_reporting::double / nullif(spend::double, 0),
                    conversion_value_reporting::double / nullif(conversion_value::double, 0)) as rate, {NOISE}
            from core.campaign_day as facts
        )
        where day between $start and $end
        group by grouping sets ((platform, day), (day))
        order by day desc, platform
    """


def _platform_rows(level: str, ids: str, *, since: str) -> str:
    return " union all ".join(
        f"""select '{platform}' as platform, account_id, day, currency, time_zone, {ids}, impressions, clicks,
            {_METRICS[platform]}, pulled_at
        from raw.{days[level].name} where day between {since} and $end"""
        for platform, days in _RAW.items()
    )


_RATIOS = """spend::double / nullif(clicks, 0) as cpc, clicks::double / nullif(impressions, 0) as ctr,
            conversion_value::double / nullif(spend::double, 0) as roas"""
"""Nothing over nothing is null, never zero."""
