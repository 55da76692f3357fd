"""Clock ticks that no condition expresses: the pull every morning, and the lake tidied every night."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from assets.partitions import FIRST_DAY, week_ended_by
from assets.raw.platforms.pull import counted_days, read_through
from assets.raw.platforms.restatement_window import LONG_WEEKDAY, first_day, window_days
from orchestration.jobs import (
    DAYS_OF,
    LISTS_OF,
    audience_removals,
    audience_week,
    crm_pull,
    customer_week,
    daily_pull,
    tidy_lake,
)
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.platforms.registry import PLATFORMS

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def day_range_tags(start: str, end: str) -> dict[str, str]:
    """Tags that make one run cover the days from `start` to `end`, both included."""
    return {RANGE_START: start, RANGE_END: end}


def days_to_read(
    lake: Lake, platform: str, *, last: date, is_long: bool, usual_days: int | None
) -> tuple[date, date]:
    """First and last day that the daily pull (or the weekly long one) reads from a platform."""
    days = window_days(
        platform, is_long=is_long, usual_days=usual_days, counted_days=counted_days(lake, platform)
    )
    return max(FIRST_DAY, first_day(last, days, read_through=read_through(lake, platform))), last


@dg.schedule(
    job=daily_pull,
    cron_schedule="0 5 * * *",
    execution_timezone="UTC",
    description="05:00 UTC: late enough for yesterday to be complete in every account from Los Angeles to Tokyo "
    "but the last hours of the Americas, which the trailing window reads again the next day. On Sundays the long window.",
)
def every_morning(
    context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[Lake]
) -> Iterator[dg.RunRequest]:
    """One run per platform over its whole trailing window: platforms restate their figures for weeks."""
    yesterday = context.scheduled_execution_time.date() - timedelta(days=1)
    is_long = context.scheduled_execution_time.weekday() == LONG_WEEKDAY
    usual = load_settings(with_platforms=False).trailing_days
    for platform in PLATFORMS:
        first, last = days_to_read(lake, platform, last=yesterday, is_long=is_long, usual_days=usual)
        yield dg.RunRequest(
            run_key=f"{platform} {yesterday}",
            asset_selection=list(
                (DAYS_OF[platform] | LISTS_OF[platform]).resolve(context.repository_def.asset_graph)
            ),
            tags=day_range_tags(first.isoformat(), last.isoformat()),
        )


every_hour = dg.ScheduleDefinition(
    name="every_hour",
    job=crm_pull,
    cron_schedule="10 * * * *",
    execution_timezone="UTC",
    description="Reads what changed in the CRM since the last hour: few calls, and leads show on the day they come.",
)


@dg.schedule(
    job=customer_week,
    cron_schedule="40 5 * * 1",
    execution_timezone="UTC",
    description="Mondays 05:40 UTC, when the CRM has been read over the week's end: what is known of each customer.",
)
def every_monday(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """One run for the week that ended the day before."""
    monday = week_ended_by(context.scheduled_execution_time.date()).isoformat()
    return dg.RunRequest(run_key=monday, partition_key=monday)


every_night = dg.ScheduleDefinition(
    name="every_night",
    job=tidy_lake,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    description="Puts the lake's small files together and drops those no reader needs any more. History stays as it was known.",
)
every_hour_audiences = dg.ScheduleDefinition(
    name="every_hour_audiences",
    job=audience_removals,
    cron_schedule="25 * * * *",
    execution_timezone="UTC",
    description="After the CRM was read: whoever withdrew their consent leaves every audience within the hour.",
)
every_monday_audiences = dg.build_schedule_from_partitioned_job(
    audience_week,
    name="every_monday_audiences",
    hour_of_day=8,
    description="08:00 UTC on Mondays, after the segments of the week: where the audiences stand, and what is proposed for them.",
)
