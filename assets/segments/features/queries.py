"""SQL that turns CRM records into customers with their features.

Run in this order on one connection that sees raw/crm_contacts, crm_companies, crm_touches and crm_deals as
of the day, and the frame `rates`. `$until` is the instant at which the week ends: nothing later is used.
Records are united into people by the same rule as `assets.core.crm.people`, in SQL, because a million
people are too many for frames; a test holds both together.

A customer is a person who ordered, won a deal with us or became a lead. Test contacts are excluded.
"""

from assets.core.crm.people import ADDRESS_LETTERS

RECORDS = f"""
create temp table records as
with known as (
    select *, source || ':' || contact_id as record,
        coalesce('p:' || left(email_sha256, {ADDRESS_LETTERS}), source || ':' || contact_id) as person_id
    from raw.crm_contacts where created_at is null or created_at < $until
),
tests as (select distinct person_id from known where is_test)
select * from known anti join tests using (person_id)
"""
"""A row per CRM record of a person."""
OWNERS = """
create temp table owners as
with losers as (
    select source || ':' || unnest(string_split(merged_ids, ' ')) as record, person_id from records
        where merged_ids is not null
)
select record, person_id from records
union all
select record, min(person_id) from losers anti join records using (record) where record not like '%:'
    group by record
"""
"""Person of each record, merged records included."""
ORDERS = """
create temp table orders as
select o.person_id as customer_id, cast(timezone('UTC', d.closed_at) as date) as day,
    cast(d.amount as double) * case when d.currency = $currency then 1.0 else r.rate end as value
from raw.crm_deals as d
left join owners as o on o.record = d.source || ':' || d.contact_id
left join rates as r on r.currency = d.currency and r.day = cast(timezone('UTC', d.closed_at) as date)
where d.is_won and not d.is_refunded and d.closed_at < $until
"""
"""Orders and won deals in the reporting currency; without an exchange rate the value is empty."""
BUYERS = """
create temp table buyers as
select customer_id, row_number() over (order by customer_id) as number
from orders where customer_id is not null group by customer_id having count(value) = count(*)
"""
"""Customers all of whose orders have a value, numbered."""
VISITS = """
create temp table visits as
select o.person_id, t.touch_at, t.channel, t.content, t.search_topic
from raw.crm_touches as t join owners as o on o.record = t.source || ':' || t.contact_id
where t.touch_at < $until
"""
FEATURES = """
with bought as (
    select customer_id, count(*) as orders, case
        when count(value) = count(*) then sum(value) end as revenue, min(day) as first, max(day) as last
    from orders where customer_id is not null group by customer_id
),
came as (
    select person_id, count(*) as visits, min(touch_at) as first, min_by(channel,
        (touch_at, channel)) as first_channel,
        min_by(content, (touch_at, channel)) filter (content is not null) as content,
        min_by(search_topic, (touch_at, channel)) filter (search_topic is not null) as search_topic
    from (select distinct * from visits) group by person_id
),
lead as (select person_id, min(lead_at) as first from records where lead_at < $until group by person_id),
who as (
    select person_id,
        max_by(country, (updated_at, record)) filter (country is not null) as country,
        max_by(region, (updated_at, record)) filter (region is not null) as region,
        max_by(language, (updated_at, record)) filter (language is not null) as language,
        max_by(use_case, (updated_at, record)) filter (use_case is not null) as use_case,
        max_by(pain, (updated_at, record)) filter (pain is not null) as pain,
        max_by(source || ':' || company_id, (updated_at, record)) filter (company_id is not null) as company,
        bool_and(may_advertise) as may_advertise
    from records group by person_id
),
customers as (
    select person_id as customer_id from lead union select customer_id from bought
)
select c.customer_id, coalesce(n.code, w.country) as country, w.region,
    coalesce(l.code, w.language) as language,
    f.industry,
    case when f.employees < 1 then null when f.employees < 10 then '1-9' when f.employees < 50 then '10-49'
        when f.employees < 250 then '50-249'
        when f.employees < 1000 then '250-999' when f.employees >= 1000 then '1000+' end as company_size,
    f.account_tier, f.technology, v.first_channel, v.content, w.use_case, w.pain, v.search_topic,
    cast(v.visits as double) as visits,
    cast($day - least(cast(timezone('UTC', v.first) as date),
        cast(timezone('UTC', lead.first) as date), b.first) as double) as tenure_days,
    cast($day - b.last as double) as recency_days,
    cast(coalesce(b.orders, 0) as double) as orders,
    case when b.orders is null then 0.0 else b.revenue end as revenue,
    w.may_advertise
from customers as c
left join bought as b using (customer_id)
left join came as v on v.person_id = c.customer_id
left join lead on lead.person_id = c.customer_id
left join who as w on w.person_id = c.customer_id
left join raw.crm_companies as f on f.source || ':' || f.company_id = w.company
left join countries as n on n.said = w.country
left join languages as l on l.said = w.language
"""
"""A row per customer. Without an order there is no recency; orders and revenue are then 0, which is known."""
SAID = "select distinct {name} as said from records where {name} is not null"
"""Words that the CRM has for a country or a language."""
