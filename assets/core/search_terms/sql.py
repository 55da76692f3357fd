"""SQL for core/search_term_day, core/keywords and core/keyword_list_uses.

Google gives searches per day in two readings: all of them, and those that a keyword brought with that keyword. A
search that one keyword brought alone takes its figures from the first, which is renewed every day. One that
several brought, or that came without a keyword too, stands as the second has it, with the rest in a row without
keyword.
"""

from resources.tables import core, google_ads
from resources.tables import search_terms as tables

MONEY = "decimal(18, 6)"
_METRICS = ("impressions", "clicks", "cost_micros", "conversions", "conversions_value")
_KEYWORD = ("criterion_id", "keyword", "match_type", "matched_as")
TERM_SOURCES = (
    google_ads.SEARCH_TERM_DAY,
    tables.KEYWORD_TERM_DAY,
    tables.PERFORMANCE_MAX_TERM_DAY,
    core.DAYS["ad_set"],
    core.DAYS["campaign"],
    core.FX_RATE,
)
KEYWORD_SOURCES = (google_ads.KEYWORDS, tables.KEYWORD_LISTS, tables.KEYWORD_LIST_USES)


def _in_days(name: str) -> str:
    return f"(select * from raw.{name} where day between $start and $end)"


def search_term_days() -> str:
    """SQL for core/search_term_day between $start and $end."""
    shared = "account_id, day, currency, time_zone, campaign_id, ad_set_id, search_term"
    key = "account_id, ad_set_id, search_term, day"
    no_keyword = ", ".join(f"null::varchar as {name}" for name in _KEYWORD)
    keyword, metrics = ", ".join(_KEYWORD), ", ".join(_METRICS)
    left_over = ", ".join(
        f"greatest(total.{name} - coalesce(brought.{name}, 0), 0) as {name}" for name in _METRICS
    )
    return f"""
        with total as {_in_days(google_ads.SEARCH_TERM_DAY.name)},
        part as {_in_days(tables.KEYWORD_TERM_DAY.name)},
        brought as (
            select {key}, count(*) as parts, {", ".join(f"sum({name}) as {name}" for name in _METRICS)},
                {", ".join(f"any_value({name}) as {name}" for name in _KEYWORD)}
            from part group by all
        ),
        judged as (
            select {key}, parts = 1 and brought.impressions = total.impressions as is_alone
            from total join brought using ({key})
        ),
        rows as (
            select {_named(shared, "total")}, {_named(keyword, "brought")}, total.status, {_named(metrics, "total")}, total.pulled_at
            from total join judged using ({key}) join brought using ({key}) where is_alone
            union all by name
            select {_named(shared, "part")}, {_named(keyword, "part")}, total.status, {_named(metrics, "part")}, part.pulled_at
            from part left join judged using ({key}) left join total using ({key}) where not coalesce(is_alone, false)
            union all by name
            select * from (
                select {_named(shared, "total")}, {no_keyword}, total.status, {left_over}, total.pulled_at
                from total left join judged using ({key}) left join brought using ({key})
                where not coalesce(is_alone, false) and total.impressions >= coalesce(brought.impressions, 0)
            ) where impressions > 0 or clicks > 0 or cost_micros > 0 or conversions > 0 or conversions_value > 0
            union all by name
            select account_id, day, currency, time_zone, campaign_id, null::varchar as ad_set_id, search_term,
                {no_keyword}, status, {metrics}, pulled_at
            from {_in_days(tables.PERFORMANCE_MAX_TERM_DAY.name)}
        ),
        priced as (
            select rows.*, cost_micros::decimal(18, 0) * 0.000001::decimal(7, 6) as spend,
                conversions_value::{MONEY} as conversion_value
            from rows
        ),
        visible as (
            select account_id, campaign_id, ad_set_id, day, sum(spend)::double as spend from priced group by all
        )
        select 'google_ads' as platform, {_named(shared, "priced")}, {keyword}, status,
            priced.impressions, priced.clicks, priced.spend, priced.conversions, priced.conversion_value,
            (priced.spend * fx.rate)::{MONEY} as spend_reporting,
            (priced.conversion_value * fx.rate)::{MONEY} as conversion_value_reporting,
            visible.spend / nullif(coalesce(ad_set.spend, campaign.spend)::double, 0) as visible_share,
            priced.pulled_at
        from priced
        join visible on (visible.account_id, visible.campaign_id, visible.day) = (priced.account_id, priced.campaign_id, priced.day)
            and visible.ad_set_id is not distinct from priced.ad_set_id
        left join core.ad_set_day as ad_set
            on ('google_ads', priced.account_id, priced.ad_set_id, priced.day)
                = (ad_set.platform, ad_set.account_id, ad_set.ad_set_id, ad_set.day)
        left join core.campaign_day as campaign
            on ('google_ads', priced.account_id, priced.campaign_id, priced.day)
                = (campaign.platform, campaign.account_id, campaign.campaign_id, campaign.day)
            and priced.ad_set_id is null
        left join core.fx_rate as fx on (fx.currency, fx.day) = (priced.currency, priced.day)
    """


def _named(columns: str, table: str) -> str:
    return ", ".join(f"{table}.{name.strip()}" for name in columns.split(","))


KEYWORDS = f"""
    with newest as (
        select *, min(pulled_at) over own as first_seen_at
        from raw.{google_ads.KEYWORDS.name}_versions
        window own as (partition by account_id, criterion_id)
        qualify row_number() over (partition by account_id, criterion_id order by pulled_at desc) = 1
    )
    select 'google_ads' as platform, newest.account_id, criterion_id,
        case when ad_set_id is not null then 'ad_set' when campaign_id is not null then 'campaign' else 'list' end as level,
        campaign_id, ad_set_id, newest.shared_set_id as list_id, lists.name as list_name,
        text, match_type, is_negative, if(gone, 'REMOVED', newest.status) as status,
        first_seen_at, newest.pulled_at as changed_at
    from newest left join raw.{tables.KEYWORD_LISTS.name} as lists
        on (lists.account_id, lists.shared_set_id) = (newest.account_id, newest.shared_set_id)
"""
LIST_USES = f"""
    with words as (
        select account_id, shared_set_id, count(*) as read from raw.{google_ads.KEYWORDS.name}
        where shared_set_id is not null group by all
    )
    select 'google_ads' as platform, uses.account_id, uses.shared_set_id as list_id, lists.name as list_name,
        uses.list_account_id <> uses.account_id as is_of_manager, level, campaign_id, lists.words,
        coalesce(words.read, 0) / nullif(lists.words, 0)::double as read_share
    from raw.{tables.KEYWORD_LIST_USES.name} as uses
    left join raw.{tables.KEYWORD_LISTS.name} as lists
        on (lists.account_id, lists.shared_set_id) = (uses.list_account_id, uses.shared_set_id)
    left join words on (words.account_id, words.shared_set_id) = (uses.list_account_id, uses.shared_set_id)
    where uses.status = 'ENABLED'
"""
