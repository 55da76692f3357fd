"""Requests the long window again when a conversion action was changed at a platform.

Google's change history does not tell of conversion actions (v26: no such resource type in change_event),
Meta's of no attribution. So this looks at the lists of conversion actions as every pull found them: raw keeps
each version.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from assets.partitions import FIRST_DAY
from assets.raw.platforms.assets import DAILY
from assets.raw.platforms.reading_totals import CONVERSION_ACTIONS
from assets.raw.platforms.restatement_window import LONG_DAYS
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms

_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def changed_pasts_sensor(job: Any) -> dg.SensorDefinition:
    """The sensor that asks `job` for a platform's past again."""

    @dg.sensor(
        name="changed_pasts",
        job=job,
        minimum_interval_seconds=900,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Where a conversion action or how long it counts was changed at the platform, the past is read"
            " again."
        ),
    )
    def changed_pasts(
        context: dg.SensorEvaluationContext,
        lake: dg.ResourceParam[Lake],
        platforms: dg.ResourceParam[Platforms],
    ) -> dg.SensorResult:
        now = platforms.now().astimezone(UTC)
        since = datetime.fromisoformat(context.cursor) if context.cursor else now
        changes_by_platform = {
            platform: changes(lake, platform, since=since, until=now) for platform in CONVERSION_ACTIONS
        }
        requests = [
            dg.RunRequest(
                run_key=f"{platform} {now.isoformat()}",
                asset_selection=[table.asset_key for table in DAILY[platform]],
                tags=_long_window(platform, now) | {"why": "; ".join(words)[:250]},
            )
            for platform, words in changes_by_platform.items()
            if words
        ]
        return dg.SensorResult(run_requests=requests, cursor=now.isoformat())

    return changed_pasts


def changes(lake: Lake, platform: str, *, since: datetime, until: datetime) -> list[str]:
    """Conversion actions that were changed or removed after `since` and up to `until`, one sentence each.

    A new one changes no past day.
    """
    table = CONVERSION_ACTIONS[platform]
    sql = f"""
        select account_id, name, click_window_days, before from (
            select *, lag(click_window_days) over own as before, row_number() over own as version
            from raw.{table.name}_versions window own as (partition by {", ".join(table.key)} order by pulled_at)
        ) where version > 1 and pulled_at > $since and pulled_at <= $until order by account_id, name
    """
    rows = lake.arrow(sql, table, parameters={"since": since, "until": until}).to_pylist()
    return [
        f"account {row['account_id']}: {row['name']} was changed (counts {row['before']} days, now"
        f" {row['click_window_days']})"
        for row in rows
    ]


def _long_window(platform: str, now: datetime) -> dict[str, str]:
    last = now.date() - timedelta(days=1)
    first = max(FIRST_DAY, last - timedelta(days=LONG_DAYS[platform] - 1))
    return dict(zip(_RANGE, (first.isoformat(), last.isoformat()), strict=True))
