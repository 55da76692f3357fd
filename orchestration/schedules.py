"""The one clock tick that no condition expresses: pull yesterday and the trailing window every morning."""

from datetime import timedelta

import dagster as dg

from orchestration.jobs import daily_pull
from orchestration.partitions import FIRST_DAY
from resources.settings import load_settings

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def day_range_tags(start: str, end: str) -> dict[str, str]:
    """Tags that make one run cover the days from `start` to `end`, both included."""
    return {RANGE_START: start, RANGE_END: end}


@dg.schedule(
    job=daily_pull,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    description="05:00 UTC: late enough for yesterday to be complete in every account from Los Angeles to Tokyo "
    "but the last hours of the Americas, which the trailing window reads again the next day.",
)
def every_morning(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run over the whole trailing window: platforms restate their figures for weeks."""
    yesterday = context.scheduled_execution_time.date() - timedelta(days=1)
    trailing = load_settings(with_platforms=False).trailing_days
    first = max(FIRST_DAY, yesterday - timedelta(days=trailing - 1))
    return dg.RunRequest(
        run_key=yesterday.isoformat(), tags=day_range_tags(first.isoformat(), yesterday.isoformat())
    )
