"""What only the clock starts: the pull every morning, the CRM every hour, the lake tidied every night. All
run by default.

Everything else follows from its inputs (`assets.automation`): segments and audiences from the CRM and the
platforms' days, removals of people who withdrew their consent from the contacts.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg

from assets.partitions import FIRST_DAY
from assets.raw.platforms.pull import counted_days, read_through
from assets.raw.platforms.restatement_window import LONG_WEEKDAY, first_day, window_days
from orchestration.jobs import (
    DAYS_OF,
    DETAILS_OF,
    LISTS_OF,
    crm_pull,
    daily_pull,
    spend_watch,
    tidy_lake,
    weekly_details,
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
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "05:00 UTC: late enough for yesterday to be complete in every account from Los Angeles to Tokyo but"
        " the last hours of the Americas, which the trailing window reads again the next day. On Sundays the"
        " long window."
    ),
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


DETAIL_DAYS = 35
"""Days that the weekly details cover: five whole weeks, so that conversions of a month are in."""


def detail_window(last: date) -> tuple[date, date]:
    """First and last day of the weekly details: whole weeks up to the last Sunday that is over on `last`."""
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    return max(FIRST_DAY, sunday - timedelta(days=DETAIL_DAYS - 1)), sunday


@dg.schedule(
    job=weekly_details,
    cron_schedule="30 6 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Mondays 06:30 UTC, after the morning's pull: searches by keyword, texts of ads, breakdowns,"
        " audiences, reach."
    ),
)
def monday_details(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """One run per platform over five whole weeks."""
    yesterday = context.scheduled_execution_time.date() - timedelta(days=1)
    first, last = detail_window(yesterday)
    for platform in PLATFORMS:
        yield dg.RunRequest(
            run_key=f"details {platform} {last}",
            asset_selection=list(DETAILS_OF[platform].resolve(context.repository_def.asset_graph)),
            tags=day_range_tags(first.isoformat(), last.isoformat()),
        )


every_hour = dg.ScheduleDefinition(
    name="every_hour",
    job=crm_pull,
    cron_schedule="10 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Reads what changed in the CRM since the last hour: few calls, and leads show on the day they come."
    ),
)


through_the_day = dg.ScheduleDefinition(
    name="through_the_day",
    job=spend_watch,
    cron_schedule="40 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Every hour: what today has cost so far, against hard caps and the usual day. A cap that breaks today"
        " is told, and pauses are proposed."
    ),
)


every_night = dg.ScheduleDefinition(
    name="every_night",
    job=tidy_lake,
    cron_schedule="30 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Puts the lake's small files together and drops those no reader needs any more. History stays as it"
        " was known."
    ),
)
