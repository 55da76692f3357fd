"""The calendar of the asset graph: one partition per day, and per week for what is read on Mondays.

Imports nothing of ours.
"""

from datetime import date, timedelta

import dagster as dg

FIRST_DAY = date(2020, 1, 1)
"""No platform gives daily figures from longer ago than 37 months, but dropped exports may be older."""
WINDOW_DAYS = 62
"""Days that one backfill run covers: logging in, listing and checking are paid once, and two months are lost
at most when it fails.
"""

days = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC")
weeks = dg.WeeklyPartitionsDefinition(start_date="2020-01-06", timezone="UTC", day_offset=1)
"""From Monday to Sunday, named by the Monday."""
windows = dg.BackfillPolicy.multi_run(max_partitions_per_run=WINDOW_DAYS)


def day_range(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last day this run covers, both included."""
    window = context.partition_key_range
    return date.fromisoformat(window.start), date.fromisoformat(window.end)


def week_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """Monday and Sunday of the week this run is of."""
    monday = date.fromisoformat(context.partition_key)
    return monday, monday + timedelta(days=6)


def week_ended_by(day: date) -> date:
    """The Monday of the last week that is over on `day`."""
    return day - timedelta(days=7 + day.weekday())


proposals = dg.DynamicPartitionsDefinition(name="proposals")
"""One partition per proposal or batch of proposals, added and retired by a sensor."""
