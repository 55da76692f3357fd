"""Core: search terms with the keyword that matched, keywords and negatives with where they apply.

Searches per day follow the weekly details; keywords and lists of negatives follow every morning's snapshot.
"""

from collections.abc import Iterator

import dagster as dg

from assets.automation import SAFE_RETRIES, follows, follows_details
from assets.core.search_terms.sql import (
    KEYWORD_SOURCES,
    KEYWORDS,
    LIST_USES,
    TERM_SOURCES,
    search_term_days,
)
from assets.partitions import day_range, days, windows
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables import core, google_ads
from resources.tables import search_terms as tables

OWNERS = ["team:data"]
RENEWED_DAILY = dg.AssetSelection.assets(
    google_ads.SEARCH_TERM_DAY.asset_key,
    core.DAYS["ad_set"].asset_key,
    core.DAYS["campaign"].asset_key,
    core.FX_RATE.asset_key,
)


@dg.asset(
    **tables.SEARCH_TERM_DAY.asset_options,
    deps=[table.asset_key for table in TERM_SOURCES],
    partitions_def=days,
    backfill_policy=windows,
    automation_condition=follows_details(ignoring=RENEWED_DAILY),
    retry_policy=SAFE_RETRIES,
    owners=OWNERS,
    kinds={"duckdb", "deltalake"},
)
def search_term_day(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult:
    start, end = day_range(context)
    with one_sentence():
        rows = lake.stream(search_term_days(), *TERM_SOURCES, parameters={"start": start, "end": end})
        written = lake.replace(tables.SEARCH_TERM_DAY, rows, where={"day": (start, end)})
    return dg.MaterializeResult(metadata=row_metadata(written))


@dg.multi_asset(
    name="keywords_and_lists",
    specs=[
        table.asset_spec(deps=KEYWORD_SOURCES, automation_condition=follows(), kinds=("duckdb", "deltalake"))
        for table in (tables.KEYWORDS, tables.KEYWORD_LIST_USE)
    ],
    retry_policy=SAFE_RETRIES,
)
def keywords_and_lists(lake: dg.ResourceParam[Lake]) -> Iterator[dg.MaterializeResult]:
    with one_sentence():
        for table, sql in ((tables.KEYWORDS, KEYWORDS), (tables.KEYWORD_LIST_USE, LIST_USES)):
            written = lake.replace(table, lake.arrow(sql, *KEYWORD_SOURCES))
            yield dg.MaterializeResult(asset_key=table.asset_key, metadata=row_metadata(written))
