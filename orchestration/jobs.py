"""Jobs that a person or a schedule starts: the daily pull, the CRM, a range of days, a decision, compaction."""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from assets.actions.assets import APPROVED, form_for
from assets.actions.audiences import assets as audiences
from assets.actions.rendering import JOB
from assets.actions.spend_stops.assets import SPEND_STOPS
from assets.partitions import proposals
from resources.action_services import open_action_services
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.platforms.registry import PLATFORMS
from resources.tables import core
from resources.tables.crm import READ
from resources.tables.every import TABLES, WEEKLY
from resources.tables.segments import AUDIENCES
from resources.tables.spend_today import SPEND_TODAY, SPEND_WATCH


def selection_of(tables: Iterable[Table]) -> dg.AssetSelection:
    """The assets that write these tables."""
    return dg.AssetSelection.assets(*(table.asset_key for table in tables))


def _raw(platform: str, *, with_days: bool) -> list[Table]:
    """Raw tables of a platform that are read every day: those with a row per day, or the lists of what there is."""
    return [t for t in TABLES if t not in WEEKLY and _is_of(t, platform) and t.has_days is with_days]


def _is_of(table: Table, platform: str) -> bool:
    return table.path.startswith(f"raw/{platform}_")


DAYS_OF = {platform: selection_of(_raw(platform, with_days=True)) for platform in PLATFORMS}
LISTS_OF = {platform: selection_of(_raw(platform, with_days=False)) for platform in PLATFORMS}
DETAILS_OF = {platform: selection_of(t for t in WEEKLY if _is_of(t, platform)) for platform in PLATFORMS}
RAW_DAYS = selection_of(table for platform in PLATFORMS for table in _raw(platform, with_days=True))
SNAPSHOTS = selection_of(table for platform in PLATFORMS for table in _raw(platform, with_days=False))
CORE_DAYS = selection_of((*core.DAYS.values(), core.KPI_DAY))
CRM = selection_of(READ.values())
DROPPED = selection_of(table for table in TABLES if table.path.startswith("raw/dropped_"))

daily_pull = dg.define_asset_job(
    "daily_pull",
    selection=RAW_DAYS | SNAPSHOTS,
    description=(
        "Reads yesterday and the trailing window from every platform; everything downstream follows by"
        " itself."
    ),
)
weekly_details = dg.define_asset_job(
    "weekly_details",
    selection=selection_of(WEEKLY),
    description=(
        "Reads what is needed once a week: searches by keyword, texts of ads, breakdowns, audiences and"
        " reach."
    ),
)
spend_watch = dg.define_asset_job(
    "spend_watch",
    selection=selection_of((SPEND_TODAY, SPEND_WATCH)) | dg.AssetSelection.assets(SPEND_STOPS),
    description=(
        "Reads what today has cost so far, a call per account, and holds it against hard caps and the usual"
        " day."
    ),
)
crm_pull = dg.define_asset_job(
    "crm_pull",
    selection=CRM,
    description=(
        "Reads what changed in the CRM; people, credit and the figures of the funnel follow by themselves."
    ),
)
audience_week = dg.define_asset_job(
    "audience_week",
    selection=dg.AssetSelection.assets(AUDIENCES.asset_key, audiences.PROPOSALS),
    description=(
        "Where each audience stands after the week, and what is proposed for it. Nothing is sent before"
        " somebody approves."
    ),
)
audience_removals = dg.define_asset_job(
    "audience_removals",
    selection=dg.AssetSelection.assets(audiences.REMOVALS),
    description="Takes whoever withdrew their consent out of every audience.",
)
customer_week = dg.define_asset_job(
    "customer_week",
    selection=dg.AssetSelection.groups("segments"),
    description=(
        "Puts together what is known of each customer at the end of a week, and which segments earn their"
        " place."
    ),
)
history = dg.define_asset_job(
    "history",
    selection=RAW_DAYS,
    description=(
        "Reads a range of days from the platforms: what a backfill runs. The key figures follow by"
        " themselves."
    ),
)


@dg.op(
    description=(
        "Puts small files together and drops those that no reader needs; what was known when stays as it is."
    )
)
def tidy_tables(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake]) -> None:
    dropped_files = {table.path: lake.tidy(table) for table in TABLES}
    context.add_output_metadata({"files dropped": sum(dropped_files.values()), "by table": dropped_files})


@dg.job(name="tidy_lake", description="Compacts and vacuums every table of the lake.")
def tidy_lake() -> None:
    tidy_tables()


def _form(key: str) -> dict[str, Any]:
    return form_for(key, open_action_services())


decide = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.assets(APPROVED),
    config=dg.PartitionedConfig(partitions_def=proposals, run_config_for_partition_key_fn=_form),
    executor_def=dg.in_process_executor,
    tags={"dagster/priority": "10", "dagster/max_retries": "0"},
    description=(
        "Pick a proposal: the form fills itself. Read `proposal`, choose a decision, give your name and a"
        " code, launch."
    ),
)
