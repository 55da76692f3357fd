"""What core/audiences and core/audience_uses are made of, read from the lake."""

import pyarrow as pa

from assets.core.audiences.uses import audiences_in
from resources.lake.lake import Lake
from resources.tables import core
from resources.tables.audiences import AUDIENCE_USES, AUDIENCES, GOOGLE_USES, RAW_AUDIENCES

SOURCES = (*RAW_AUDIENCES.values(), GOOGLE_USES, core.ENTITIES, core.DAYS["ad_set"], core.DAYS["campaign"])
_KNOWN = " union all ".join(
    f"select '{platform}' as platform, * from raw.{table.name}" for platform, table in RAW_AUDIENCES.items()
)
_TARGETED = """
    select platform, account_id, entity_id, targeting from core.entities
    where level = 'ad_set' and platform in ('meta_ads', 'linkedin_ads')
        and (contains(targeting, 'custom_audiences') or contains(targeting, 'Segments'))
"""


def audience_uses(lake: Lake) -> pa.Table:
    """Rows of core/audience_uses."""
    targeted = [
        {
            "platform": row["platform"],
            "account_id": row["account_id"],
            "level": "ad_set",
            "entity_id": row["entity_id"],
            "audience_id": audience_id,
            "use": use,
        }
        for row in lake.arrow(_TARGETED, core.ENTITIES).to_pylist()
        for audience_id, use in sorted(audiences_in(row["platform"], row["targeting"]))
    ]
    names = ("platform", "account_id", "level", "entity_id", "audience_id", "use")
    named = pa.Table.from_pylist(targeted, schema=pa.schema([(name, pa.string()) for name in names]))
    with lake.query(*SOURCES) as ask:
        ask.register("targeted", named)
        return ask.sql(_USES).to_arrow_table().cast(AUDIENCE_USES.schema)


_USES = f"""
    with uses as (
        select * from targeted union by name
        select 'google_ads' as platform, account_id, 'campaign' as level, campaign_id as entity_id, audience_id, use
        from raw.{GOOGLE_USES.name} where status <> 'REMOVED'
    ),
    lately as (
        select platform, account_id, 'ad_set' as level, ad_set_id as entity_id, day, spend from core.ad_set_day
        union all select platform, account_id, 'campaign', campaign_id, day, spend from core.campaign_day
    ),
    spent as (
        select platform, account_id, level, entity_id, sum(spend)::decimal(18, 6) as spend from lately
        where day > (select max(day) from lately) - 28 group by all
    )
    select distinct uses.platform, uses.account_id, uses.level, uses.entity_id, uses.audience_id,
        known.name as audience_name, uses.use, entities.status as entity_status, spent.spend as spend_28d
    from uses
    left join ({_KNOWN}) as known using (platform, account_id, audience_id)
    left join core.entities as entities using (platform, account_id, level, entity_id)
    left join spent using (platform, account_id, level, entity_id)
"""


def audiences(lake: Lake) -> pa.Table:
    """Rows of core/audiences, from the uses as they were written before."""
    sql = f"""
        select known.platform, known.account_id, known.audience_id, name, kind, known.status, size_low, size_high,
            count(*) filter (where use = 'include' and entity_status in ('active', 'paused')) as included_in,
            count(*) filter (where use = 'exclude' and entity_status in ('active', 'paused')) as excluded_from
        from ({_KNOWN}) as known left join core.audience_uses as uses using (platform, account_id, audience_id)
        group by all
    """
    rows = lake.arrow(sql, *RAW_AUDIENCES.values(), AUDIENCE_USES)
    return rows.cast(AUDIENCES.schema)
