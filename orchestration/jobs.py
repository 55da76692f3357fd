"""What a person or the clock starts: the daily pull, the whole path from the platforms to core over a range of days, a decision."""

from typing import Any

import dagster as dg

from assets.actions.assets import APPROVED, PROPOSALS, form_for
from assets.actions.audiences import assets as audiences
from assets.actions.rendering import JOB
from assets.partitions import proposals
from resources.action_services import open_desk
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.platforms.registry import PLATFORMS
from resources.tables import core, dropped, google_ads, linkedin_ads, meta_ads
from resources.tables.crm import READ
from resources.tables.crm_core import CORE_CRM
from resources.tables.every import TABLES
from resources.tables.segments import AUDIENCES, CARDS, CUSTOMER_FEATURES, PERFORMANCE
from resources.tables.segments import CUSTOMERS as IN_SEGMENTS
from resources.tables.signals import ANOMALIES, PACING, PACING_ACCURACY, UNDERPERFORMERS, WATCHED

_RAW_DAYS = [
    *google_ads.DAYS.values(),
    google_ads.SEARCH_TERM_DAY,
    google_ads.CONVERSION_ACTION_DAY,
    *meta_ads.DAYS.values(),
    *linkedin_ads.DAYS.values(),
]
_SNAPSHOTS = [
    google_ads.ENTITIES,
    google_ads.KEYWORDS,
    google_ads.CONVERSION_ACTIONS,
    meta_ads.ENTITIES,
    linkedin_ads.ENTITIES,
    linkedin_ads.CONVERSION_ACTIONS,
]
RAW_DAYS = dg.AssetSelection.assets(*(table.asset_key for table in _RAW_DAYS))


def raw_of(platform: str, tables: list[Table]) -> dg.AssetSelection:
    """The part of these tables that one platform fills."""
    return dg.AssetSelection.assets(*(t.asset_key for t in tables if t.name.startswith(f"{platform}_")))


DAYS_OF = {platform: raw_of(platform, _RAW_DAYS) for platform in PLATFORMS}
LISTS_OF = {platform: raw_of(platform, _SNAPSHOTS) for platform in PLATFORMS}
SNAPSHOTS = dg.AssetSelection.assets(*(table.asset_key for table in _SNAPSHOTS))
CORE_DAYS = dg.AssetSelection.assets(*(t.asset_key for t in (*core.DAYS.values(), core.KPI_DAY)))
ENTITIES = dg.AssetSelection.assets(core.ENTITIES.asset_key)
LAG = dg.AssetSelection.assets(core.CONVERSION_LAG.asset_key)
FX = dg.AssetSelection.assets(core.FX_RATE.asset_key)
CRM = dg.AssetSelection.assets(*(t.asset_key for t in READ.values()))
FUNNEL = dg.AssetSelection.assets(*(t.asset_key for t in CORE_CRM))
CUSTOMERS = dg.AssetSelection.assets(
    *(t.asset_key for t in (CUSTOMER_FEATURES, IN_SEGMENTS, CARDS, PERFORMANCE))
)
DROPPED = dg.AssetSelection.assets(
    *(t.asset_key for t in (*dropped.DAYS.values(), dropped.ENTITIES, dropped.PARTS, dropped.REJECTS))
)
DASHBOARD = dg.AssetSelection.assets(dg.AssetKey(["reports", "daily_dashboard"]))
SIGNALS = dg.AssetSelection.assets(
    *(table.asset_key for table in (UNDERPERFORMERS, ANOMALIES, WATCHED, PACING, PACING_ACCURACY))
)
WEEKLY = dg.AssetSelection.assets(dg.AssetKey(["reports", "weekly_pacing"]))
PROPOSING = dg.AssetSelection.assets(PROPOSALS)

daily_pull = dg.define_asset_job(
    "daily_pull",
    selection=RAW_DAYS | SNAPSHOTS,
    description="Reads yesterday and the trailing window from every platform; everything downstream follows by itself.",
)
crm_pull = dg.define_asset_job(
    "crm_pull",
    selection=CRM,
    description="Reads what changed in the CRM; people, credit and the figures of the funnel follow by themselves.",
)
audience_week = dg.define_asset_job(
    "audience_week",
    selection=dg.AssetSelection.assets(AUDIENCES.asset_key, audiences.PROPOSALS),
    description="Where each audience stands after the week, and what is proposed for it. Nothing is sent before somebody approves.",
)
audience_removals = dg.define_asset_job(
    "audience_removals",
    selection=dg.AssetSelection.assets(audiences.REMOVALS),
    description="Takes whoever withdrew their consent out of every audience.",
)
customer_week = dg.define_asset_job(
    "customer_week",
    selection=CUSTOMERS,
    description="Puts together what is known of each customer at the end of a week, and which segments earn their place.",
)
history = dg.define_asset_job(
    "history",
    selection=RAW_DAYS,
    description="Reads a range of days from the platforms: what a backfill runs. The key figures follow by themselves.",
)


@dg.op(
    description="Puts small files together and drops those that no reader needs; what was known when stays as it is."
)
def tidy_tables(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake]) -> None:
    dropped_files = {table.path: lake.tidy(table) for table in TABLES}
    context.add_output_metadata({"files dropped": sum(dropped_files.values()), "by table": dropped_files})


@dg.job(name="tidy_lake", description="Compacts and vacuums every table of the lake.")
def tidy_lake() -> None:
    tidy_tables()


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
