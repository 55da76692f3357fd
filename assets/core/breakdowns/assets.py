"""Core: delivery by age, gender, placement, device and profession. Follows the weekly details."""

import dagster as dg

from assets.automation import SAFE_RETRIES, follows_details
from assets.core.breakdowns.sql import SOURCES, breakdown_days
from assets.partitions import day_range, days, windows
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables import core
from resources.tables.breakdowns import BREAKDOWN_DAY

RENEWED_DAILY = dg.AssetSelection.assets(
    core.DAYS["ad_set"].asset_key, core.DAYS["campaign"].asset_key, core.FX_RATE.asset_key
)


@dg.asset(
    **BREAKDOWN_DAY.asset_options,
    deps=[table.asset_key for table in SOURCES],
    partitions_def=days,
    backfill_policy=windows,
    automation_condition=follows_details(ignoring=RENEWED_DAILY),
    retry_policy=SAFE_RETRIES,
    owners=["team:data"],
    kinds={"duckdb", "deltalake"},
)
def breakdown_day(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        rows = lake.stream(breakdown_days(), *SOURCES, parameters={"start": start, "end": end})
        written = lake.replace(BREAKDOWN_DAY, rows, where={"day": (start, end)})
    return dg.MaterializeResult(metadata=row_metadata(written))
