"""Core: the texts of ads one by one, and what ads and texts delivered. Both follow the weekly details."""

import dagster as dg

from assets.automation import SAFE_RETRIES, follows_details
from assets.core.creatives.inputs import CREATIVE_SOURCES, DAY_SOURCES, ENTITIES, creative_days
from assets.core.creatives.inputs import creatives as creative_rows
from assets.partitions import day_range, days, windows
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables import core, meta_ads
from resources.tables.creatives import CREATIVE_DAY, CREATIVES

OWNERS = ["team:data"]


@dg.asset(
    **CREATIVES.asset_options,
    deps=[table.asset_key for table in CREATIVE_SOURCES],
    automation_condition=follows_details(
        ignoring=dg.AssetSelection.assets(*(table.asset_key for table in ENTITIES))
    ),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"duckdb", "deltalake"},
)
def creatives(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    with one_sentence():
        rows = creative_rows(lake)
        written = lake.replace(CREATIVES, rows)
    by_platform = sum(writer == "platform" for writer in rows.column("written_by").to_pylist())
    without = rows.column("language").null_count
    return dg.MaterializeResult(
        metadata=row_metadata(written)
        | {
            "texts that the platform wrote": by_platform,
            "texts without a certain language": without,
        }
    )


@dg.asset(
    **CREATIVE_DAY.asset_options,
    deps=[table.asset_key for table in DAY_SOURCES],
    partitions_def=days,
    backfill_policy=windows,
    automation_condition=follows_details(
        ignoring=dg.AssetSelection.assets(
            core.DAYS["ad"].asset_key,
            meta_ads.DAYS["ad"].asset_key,
            core.FX_RATE.asset_key,
            *(table.asset_key for table in DAY_SOURCES if not table.has_days),
        )
    ),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"duckdb", "deltalake"},
)
def creative_day(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        rows = lake.stream(creative_days(), *DAY_SOURCES, parameters={"start": start, "end": end})
        written = lake.replace(CREATIVE_DAY, rows, where={"day": (start, end)})
    return dg.MaterializeResult(metadata=row_metadata(written))
