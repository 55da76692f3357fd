"""Raw: what each campaign has spent on the day that is still running, and on the day before. One question per
account, every hour.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import dagster as dg
import pyarrow as pa

from assets.automation import SAFE_RETRIES
from assets.raw.platforms.assets import OWNERS, materialized, raise_if_none_was_read
from assets.raw.platforms.pull import Pull, keep_log
from resources.errors import PaidMediaError
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.schema import MONEY
from resources.platforms.account import Account
from resources.platforms.reader import PlatformReader
from resources.platforms.registry import PLATFORMS, Platforms
from resources.tables.spend_today import SPEND_TODAY


@dg.asset(
    **SPEND_TODAY.asset_options,
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"deltalake"},
)
def spend_today(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    platforms: dg.ResourceParam[Platforms],
) -> dg.MaterializeResult:
    with one_sentence():
        with ThreadPoolExecutor(len(PLATFORMS)) as pool:
            parts = list(pool.map(lambda platform: _pulled(lake, platforms, platform), PLATFORMS))
        pulls = [pull for part in parts if not isinstance(part, PaidMediaError) for pull in part]
        errors = [part for part in parts if isinstance(part, PaidMediaError)]
        keep_log(lake, pulls, run_id=context.run.run_id)
        raise_if_none_was_read(pulls)
        if errors and not pulls:
            raise errors[0]
    event = materialized(SPEND_TODAY, pulls)
    if errors:
        event = event._replace(metadata={**(event.metadata or {}), "not listed": "; ".join(map(str, errors))})
    return event


def _pulled(lake: Lake, platforms: Platforms, platform: str) -> list[Pull] | PaidMediaError:
    """The readings of a platform's accounts, or why they could not even be listed: the others go on."""
    try:
        reader = platforms.reader(platform)
        return [_read(lake, reader, account, platforms) for account in reader.accounts()]
    except PaidMediaError as error:
        return error


def _read(lake: Lake, reader: PlatformReader, account: Account, platforms: Platforms) -> Pull:
    """The two days of one account; one that cannot be read leaves the others as they are."""
    at = platforms.now()
    today = at.astimezone(ZoneInfo(account.time_zone)).date()
    days = (today - timedelta(days=1), today)
    pull = Pull(account, at, days, (SPEND_TODAY.name,), "failed")
    try:
        batches = reader.days("campaign", account, start=days[0], end=days[1])
        written = lake.record(SPEND_TODAY, _rows(account, batches), at=at, where=_slice(account, days))
        pull = replace(pull, verdict="accepted", written={SPEND_TODAY.name: written})
    except PaidMediaError as error:
        pull = replace(pull, reason=str(error), error=error)
    calls = reader.meter.calls.pop(account.account_id, 0) + reader.meter.calls.pop("", 0)
    return replace(pull, calls=calls)


def _slice(account: Account, days: tuple[date, date]) -> dict[str, str | tuple[date, date]]:
    return {"platform": account.platform, "account_id": account.account_id, "day": days}


def _rows(account: Account, batches: Iterable[pa.RecordBatch]) -> pa.Table:
    """Spend per campaign and day in account currency, whatever the platform calls it."""
    parts = []
    for batch in batches:
        shared = {
            name: batch.column(name)
            for name in ("account_id", "day", "currency", "time_zone", "campaign_id", "pulled_at")
        }
        if "spend" in batch.schema.names:
            spend = batch.column("spend")
        else:
            micros = batch.column("cost_micros").to_pylist()
            spend = pa.array([Decimal(amount).scaleb(-6) for amount in micros], MONEY)
        columns = shared | {"spend": spend, "platform": pa.repeat(account.platform, len(batch))}
        parts.append(
            pa.RecordBatch.from_pydict(
                {f.name: columns[f.name] for f in SPEND_TODAY.schema}, schema=SPEND_TODAY.schema
            )
        )
    return pa.Table.from_batches(parts, schema=SPEND_TODAY.schema)
