"""What a person or the clock starts: the daily pull, the whole path from the platforms to core over a range of days, a decision."""

from typing import Any

import dagster as dg

from assets.actions.assets import APPROVED, PROPOSALS, form_for
from assets.actions.words import JOB
from orchestration.partitions import proposals
from resources.desk import open_desk
from resources.tables import core, dropped, google_ads, linkedin_ads, meta_ads

_RAW_DAYS = [
    *google_ads.DAYS.values(),
    google_ads.SEARCH_TERM_DAY,
    google_ads.CONVERSION_ACTION_DAY,
    *meta_ads.DAYS.values(),
    *linkedin_ads.DAYS.values(),
]
_SNAPSHOTS = [google_ads.ENTITIES, google_ads.KEYWORDS, meta_ads.ENTITIES, linkedin_ads.ENTITIES]
RAW_DAYS = dg.AssetSelection.assets(*(table.asset_key for table in _RAW_DAYS))
SNAPSHOTS = dg.AssetSelection.assets(*(table.asset_key for table in _SNAPSHOTS))
CORE_DAYS = dg.AssetSelection.assets(*(t.asset_key for t in (*core.DAYS.values(), core.KPI_DAY)))
ENTITIES = dg.AssetSelection.assets(core.ENTITIES.asset_key)
FX = dg.AssetSelection.assets(core.FX_RATE.asset_key)
DROPPED = dg.AssetSelection.assets(
    *(t.asset_key for t in (*dropped.DAYS.values(), dropped.ENTITIES, dropped.REJECTS))
)
DASHBOARD = dg.AssetSelection.assets(dg.AssetKey(["reports", "daily_dashboard"]))

PROPOSING = dg.AssetSelection.assets(PROPOSALS)

daily_pull = dg.define_asset_job(
    "daily_pull",
    selection=RAW_DAYS | SNAPSHOTS,
    description="Reads yesterday and the trailing window from every platform; everything downstream follows by itself.",
)
history = dg.define_asset_job(
    "history",
    selection=RAW_DAYS | CORE_DAYS,
    description="From the platforms to the key figures for a range of days: what a backfill runs.",
)


def _form(key: str) -> dict[str, Any]:
    return form_for(key, open_desk())


decide = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.assets(APPROVED),
    config=dg.PartitionedConfig(partitions_def=proposals, run_config_for_partition_key_fn=_form),
    executor_def=dg.in_process_executor,
    tags={"dagster/priority": "10", "dagster/max_retries": "0"},
    description="Pick a proposal: the form fills itself. Read `proposal`, choose a decision, give your name and a code, launch.",
)
