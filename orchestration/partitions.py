"""The calendar of the asset graph: one partition per day. Imports nothing of ours."""

from datetime import date

import dagster as dg

FIRST_DAY = date(2020, 1, 1)
"""No platform gives daily figures from longer ago than 37 months, but dropped exports may be older."""
WINDOW_DAYS = 62
"""Days that one backfill run covers: logging in, listing and checking are paid once, and two months are lost at most when it fails."""

days = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC")
windows = dg.BackfillPolicy.multi_run(max_partitions_per_run=WINDOW_DAYS)


def day_range(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last day this run covers, both included."""
    window = context.partition_key_range
    return date.fromisoformat(window.start), date.fromisoformat(window.end)


proposals = dg.DynamicPartitionsDefinition(name="proposals")
"""One partition per proposal or batch of proposals, added and retired by a sensor."""
