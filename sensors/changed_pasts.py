"""Somebody changed what counts as a conversion: days that were read before are asked for again, over the long window."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from assets.ingest.assets import DAILY
from assets.ingest.restate import LONG_DAYS
from orchestration.partitions import FIRST_DAY
from resources.errors import PaidMediaError
from resources.platforms.login import PLATFORMS, Platforms

_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
LONGEST_LOOK_BACK = timedelta(days=29)
"""Google's change history reaches back 30 days."""


def watching(job: Any) -> dg.SensorDefinition:
    """The sensor that asks `job` for a platform's past again."""

    @dg.sensor(
        name="changed_pasts",
        job=job,
        minimum_interval_seconds=6 * 3600,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks into the platforms' change histories; where a conversion action or its window was changed, the past is read again.",
    )
    def changed_pasts(
        context: dg.SensorEvaluationContext, platforms: dg.ResourceParam[Platforms]
    ) -> dg.SensorResult | dg.SkipReason:
        now = platforms.now().astimezone(UTC)
        since = datetime.fromisoformat(context.cursor) if context.cursor else now
        found = {p: _changes(platforms, p, since=max(since, now - LONGEST_LOOK_BACK)) for p in PLATFORMS}
        wrong = [f"{words}" for words in found.values() if isinstance(words, str)]
        if wrong:  # the cursor stays: what could not be looked at is looked at again
            return dg.SkipReason(" ".join(wrong))
        requests = [
            dg.RunRequest(
                run_key=f"{platform} {now.isoformat()}",
                asset_selection=[table.asset_key for table in DAILY[platform]],
                tags=_long_window(platform, now) | {"why": "; ".join(words)[:250]},
            )
            for platform, words in found.items()
            if words
        ]
        return dg.SensorResult(run_requests=requests, cursor=now.isoformat())

    return changed_pasts


def _changes(platforms: Platforms, platform: str, *, since: datetime) -> list[str] | str:
    """What was changed in any account of a platform, or the sentence why it could not be looked at."""
    try:
        reader = platforms.reader(platform)
        return [
            f"{account.name}: {change.what} at {change.at:%Y-%m-%d %H:%M} UTC"
            for account in reader.accounts()
            for change in reader.changed_pasts(account, since=since)
        ]
    except PaidMediaError as error:
        return str(error)


def _long_window(platform: str, now: datetime) -> dict[str, str]:
    last = now.date() - timedelta(days=1)
    first = max(FIRST_DAY, last - timedelta(days=LONG_DAYS[platform] - 1))
    return dict(zip(_RANGE, (first.isoformat(), last.isoformat()), strict=True))
