"""Raw: what Google Ads, Meta Ads and LinkedIn Ads say, each in its own words, per account and day.

A run reads a range of days with one call per account and table where the platform allows, and replaces exactly those days.
The platforms' words become ours in `resources.platforms.*_wire`; here it is only said what is read and where it goes.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import dagster as dg
import pyarrow as pa

from orchestration.partitions import day_range, days, windows
from resources.failures import one_sentence
from resources.lake import Lake, Rows, Written
from resources.platforms.login import Platforms
from resources.records import Account
from resources.schema import Table
from resources.shown import row_metadata
from resources.tables import google_ads, linkedin_ads, meta_ads

OWNERS = ["team:data"]
AT_ONCE = 3
"""Questions to one platform at a time: enough to keep it and us busy, few enough for its limits."""
READS = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
Read = Callable[[Any, Account, date, date], Rows]
"""Reads the rows of one table for an account and a range of days."""


def _level(level: str) -> Read:
    return lambda reader, account, start, end: reader.days(level, account, start=start, end=end)


def _by_level(tables: dict[str, Table]) -> dict[Table, Read]:
    return {table: _level(level) for level, table in tables.items()}


DAILY: dict[str, dict[Table, Read]] = {
    "google_ads": _by_level(google_ads.DAYS)
    | {
        google_ads.SEARCH_TERM_DAY: lambda reader, account, start, end: reader.search_term_days(
            account, start=start, end=end
        ),
        google_ads.CONVERSION_ACTION_DAY: lambda reader, account, start, end: reader.conversion_action_days(
            account, start=start, end=end
        ),
    },
    "meta_ads": _by_level(meta_ads.DAYS),
    "linkedin_ads": _by_level(linkedin_ads.DAYS),
}
SNAPSHOTS: dict[str, dict[Table, Callable[[Any, Account], pa.Table]]] = {
    "google_ads": {
        google_ads.ENTITIES: lambda reader, account: reader.entities(account),
        google_ads.KEYWORDS: lambda reader, account: reader.keywords(account),
    },
    "meta_ads": {meta_ads.ENTITIES: lambda reader, account: reader.entities(account)},
    "linkedin_ads": {linkedin_ads.ENTITIES: lambda reader, account: reader.entities(account)},
}


def _spec(platform: str, table: Table, **more: Any) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.asset_key,
        description=table.description,
        metadata=table.metadata,
        group_name="raw",
        owners=OWNERS,
        kinds={platform.replace("_", ""), "deltalake"},
        skippable=True,
        **more,
    )


def _pull_days(platform: str) -> dg.AssetsDefinition:
    tables = DAILY[platform]

    @dg.multi_asset(
        name=f"pull_{platform}_days",
        specs=[_spec(platform, table, partitions_def=days) for table in tables],
        partitions_def=days,
        backfill_policy=windows,
        can_subset=True,
        pool=f"{platform}_api",
        retry_policy=READS,
    )
    def pull(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[Lake],
        platforms: dg.ResourceParam[Platforms],
    ) -> Iterator[dg.MaterializeResult]:
        start, end = day_range(context)
        with one_sentence():
            reader = platforms.reader(platform)
            accounts = reader.accounts()
            wanted = {
                table: read
                for table, read in tables.items()
                if table.asset_key in context.selected_asset_keys
            }

            def pulled(table: Table, account: Account) -> Written:
                rows = wanted[table](reader, account, start, end)
                return lake.replace(table, rows, where=_slice(account, start=start, end=end))

            # The platform answers one question while the answer to another is taken apart and written.
            with ThreadPoolExecutor(AT_ONCE) as pool:
                running = {
                    t: {account: pool.submit(pulled, t, account) for account in accounts} for t in wanted
                }
                for table, by_account in running.items():
                    written = {account: future.result() for account, future in by_account.items()}
                    yield _result(table, written)

    return pull


def _pull_snapshots(platform: str) -> dg.AssetsDefinition:
    tables = SNAPSHOTS[platform]

    @dg.multi_asset(
        name=f"pull_{platform}_entities",
        specs=[_spec(platform, table) for table in tables],
        can_subset=True,
        pool=f"{platform}_api",
        retry_policy=READS,
    )
    def pull(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[Lake],
        platforms: dg.ResourceParam[Platforms],
    ) -> Iterator[dg.MaterializeResult]:
        with one_sentence():
            reader = platforms.reader(platform)
            accounts = reader.accounts()
            for table, read in tables.items():
                if table.asset_key not in context.selected_asset_keys:
                    continue
                written = {
                    account: lake.replace(
                        table, read(reader, account), where={"account_id": account.account_id}
                    )
                    for account in accounts
                }
                yield _result(table, written)

    return pull


def _slice(account: Account, *, start: date, end: date) -> dict[str, str | tuple[date, date]]:
    return {"account_id": account.account_id, "day": (start, end)}


def _result(table: Table, written: dict[Account, Written]) -> dg.MaterializeResult:
    shown = {f"{account.name} ({account.currency})": part.rows for account, part in written.items()}
    accounts: dict[str, Any] = {"rows per account": dg.MetadataValue.json(shown)}
    if not written:
        accounts = {"note": "No account to read: the platform is not configured (docs/configuration.md)."}
    metadata = row_metadata(*written.values()) | accounts
    return dg.MaterializeResult(asset_key=table.asset_key, metadata=metadata)


google_ads_days, meta_ads_days, linkedin_ads_days = (_pull_days(platform) for platform in DAILY)
google_ads_entities, meta_ads_entities, linkedin_ads_entities = (
    _pull_snapshots(platform) for platform in SNAPSHOTS
)
