"""Raw: what is read from the platforms once a week, in their own words: searches by keyword, texts of ads,
breakdowns, audiences and where they are used, reach.

Many rows or many calls, and nothing that a morning needs, so the daily pull does without. Every table can be
materialized for any range of days at any time.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from assets.automation import SAFE_RETRIES
from assets.partitions import day_range, days, windows
from assets.raw.details.pull import pull_details
from assets.raw.platforms import checks
from assets.raw.platforms.assets import OWNERS, materialized, raise_if_none_was_read
from assets.raw.platforms.pull import Pull, keep_log
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.platforms.registry import PLATFORMS, Platforms
from resources.tables.every import WEEKLY

READ = "every_account_was_read"


def _tables(platform: str, *, with_days: bool) -> list[Table]:
    return [t for t in WEEKLY if t.name.startswith(f"{platform}_") and t.has_days is with_days]


def _pull_details(platform: str, *, with_days: bool) -> dg.AssetsDefinition:
    tables = _tables(platform, with_days=with_days)
    partitioned = {"partitions_def": days, "backfill_policy": windows} if with_days else {}

    @dg.multi_asset(
        name=f"pull_{platform}_{'details' if with_days else 'detail_lists'}",
        specs=[
            table.asset_spec(owners=OWNERS, kinds={platform.replace("_", ""), "deltalake"}, skippable=True)
            for table in tables
        ],
        check_specs=[
            dg.AssetCheckSpec(READ, asset=table.asset_key, description="Every account's rows were read.")
            for table in tables
        ],
        can_subset=True,
        pool=f"{platform}_api",
        retry_policy=SAFE_RETRIES,
        **partitioned,  # type: ignore[arg-type]
    )
    def pull(
        context: dg.AssetExecutionContext,
        lake: dg.ResourceParam[Lake],
        platforms: dg.ResourceParam[Platforms],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        wanted = [table for table in tables if table.asset_key in context.selected_asset_keys]
        with one_sentence():
            pulls = _pulled(lake, platforms, platform, wanted, day_range(context) if with_days else None)
            keep_log(lake, pulls, run_id=context.run.run_id)
            raise_if_none_was_read(pulls)
        for table in wanted:
            yield materialized(table, pulls)
            yield checks.all_read(table.asset_key, READ, pulls)

    return pull


def _pulled(
    lake: Lake,
    platforms: Platforms,
    platform: str,
    tables: Sequence[Table],
    of_days: tuple[date, date] | None,
) -> list[Pull]:
    reader = platforms.reader(platform)
    return [
        pull_details(lake, reader, account, tables, days=of_days, at=platforms.now())
        for account in reader.accounts()
    ]


google_ads_details, meta_ads_details, linkedin_ads_details = (
    _pull_details(platform, with_days=True) for platform in PLATFORMS
)
google_ads_detail_lists, meta_ads_detail_lists, linkedin_ads_detail_lists = (
    _pull_details(platform, with_days=False) for platform in PLATFORMS
)
