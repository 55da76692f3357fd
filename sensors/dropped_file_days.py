"""Requests core for the days that dropped files cover, because dropped files have no partitions in the asset
graph.
"""

import dagster as dg
import msgspec

from resources.lake.lake import Lake
from resources.tables import core, dropped

_CORE = (core.FX_RATE, core.CONVERSION_LAG, core.ENTITIES, *core.DAYS.values(), core.KPI_DAY)
renew_core = dg.define_asset_job(
    "renew_core",
    selection=dg.AssetSelection.assets(*(table.asset_key for table in _CORE)),
    description="Renews core for a range of days from what is in raw, without asking any platform.",
)


@dg.asset_sensor(
    asset_key=dropped.DAYS["ad_set"].asset_key,
    job=renew_core,
    name="dropped_days",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Renews the days that dropped exports cover, and those they covered before a file was taken away."
    ),
)
def dropped_days(
    context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry, lake: dg.ResourceParam[Lake]
) -> dg.RunRequest | dg.SkipReason:
    now = days_covered(lake)
    before = _days_before(context.instance, asset_event)
    touched = [day for pair in (now, before) if pair for day in pair]
    if not touched:
        return dg.SkipReason("The drop folder holds no day.")
    tags = {
        "dagster/asset_partition_range_start": min(touched),
        "dagster/asset_partition_range_end": max(touched),
    }
    return dg.RunRequest(run_key=f"{asset_event.run_id}", tags=tags)


def days_covered(lake: Lake) -> tuple[str, str] | None:
    """First and last day of any dropped row, or None where there is none."""
    tables = list(dropped.DAYS.values())
    union = " union all ".join(f"select day from raw.{table.name}" for table in tables)
    row = lake.arrow(f"select min(day) as first, max(day) as last from ({union})", *tables).to_pylist()[0]
    return (str(row["first"]), str(row["last"])) if row["first"] else None


def _days_before(instance: dg.DagsterInstance, event: dg.EventLogEntry) -> tuple[str, str] | None:
    """The days covered at the materialization before this one, as its metadata has them."""
    key = dropped.DAYS["ad_set"].asset_key
    earlier = instance.fetch_materializations(key, limit=2).records
    for record in earlier:
        materialization = record.asset_materialization
        if record.run_id != event.run_id and materialization and "days covered" in materialization.metadata:
            first_and_last = msgspec.json.decode(str(materialization.metadata["days covered"].value))
            return tuple(first_and_last) if first_and_last else None
    return None
