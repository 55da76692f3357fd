"""SQL for core/entities: the platforms' entity snapshots united with entities that only dropped exports name."""

from resources.lake.schema import Table
from resources.tables import dropped, google_ads, linkedin_ads, meta_ads

_LISTED = (google_ads.ENTITIES, meta_ads.ENTITIES, linkedin_ads.ENTITIES)
_FROM_PLATFORMS = " union all ".join(f"select *, 1 as rank from raw.{table.name}" for table in _LISTED)
UNIFIED = f"""
    select * exclude (rank) from ({_FROM_PLATFORMS} union all select *, 2 from raw.{dropped.ENTITIES.name})
    qualify row_number() over (
        partition by platform, account_id, level, entity_id order by rank, pulled_at desc
    ) = 1
"""
"""SQL for core/entities.

An entity read from its platform outranks the same one known only from a dropped export.
"""


def sources() -> tuple[Table, ...]:
    """The tables that core/entities is made of."""
    return (*_LISTED, dropped.ENTITIES)
