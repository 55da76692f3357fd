"""Core: audiences at the platforms and where they are used. Follows the weekly details."""

from collections.abc import Iterator

import dagster as dg

from assets.automation import SAFE_RETRIES, follows_details
from assets.core.audiences.inputs import SOURCES, audience_uses, audiences
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.run_metadata import row_metadata
from resources.tables import core
from resources.tables.audiences import AUDIENCE_USES, AUDIENCES

RENEWED_DAILY = dg.AssetSelection.assets(
    core.ENTITIES.asset_key, core.DAYS["ad_set"].asset_key, core.DAYS["campaign"].asset_key
)


@dg.multi_asset(
    name="audiences_and_uses",
    specs=[
        table.asset_spec(
            deps=SOURCES,
            automation_condition=follows_details(ignoring=RENEWED_DAILY),
            kinds=("duckdb", "deltalake"),
        )
        for table in (AUDIENCE_USES, AUDIENCES)
    ],
    retry_policy=SAFE_RETRIES,
)
def audiences_and_uses(lake: dg.ResourceParam[Lake]) -> Iterator[dg.MaterializeResult]:
    with one_sentence():
        for table, rows in ((AUDIENCE_USES, audience_uses), (AUDIENCES, audiences)):
            written = lake.replace(table, rows(lake))
            yield dg.MaterializeResult(asset_key=table.asset_key, metadata=row_metadata(written))
