"""The daily dashboard: one page that people open first, in one file that works from a mail or a disk.

Reads core/* and signals/*, writes one HTML file per day. What is on the page is in `assets.report.view` and `assets.report.page`.
"""

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.report.export import csv_files
from assets.report.files import write
from assets.report.freshness import spoken
from assets.report.funnel import funnel_of
from assets.report.page import render_dashboard
from assets.report.segments import segments_of
from assets.report.standouts import standouts_of
from assets.report.view import DashboardView, dashboard_view
from orchestration.automation import follows_newest
from orchestration.partitions import day_range, days
from resources.failures import one_sentence
from resources.lake import Lake
from resources.settings import Settings
from resources.tables import core
from resources.tables.crm_core import ACQUISITION, FUNNEL_DAY
from resources.tables.pulls import PULLS
from resources.tables.segments import CARDS
from resources.tables.signals import ANOMALIES, MARKS, PACING, UNDERPERFORMERS, WATCHED

SHOWN_DAYS = 90
DETAIL_DAYS = 28
_WEEK_OF_DAY = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
"""The first days of the calendar are in no whole week."""


@dg.asset(
    key=["reports", "daily_dashboard"],
    description="The page to open in the morning: yesterday's key figures, platforms, campaigns, ad sets and trends.",
    deps=[
        core.KPI_DAY.asset_key,
        core.DAYS["campaign"].asset_key,
        core.DAYS["ad_set"].asset_key,
        core.ENTITIES.asset_key,
        UNDERPERFORMERS.asset_key,
        ANOMALIES.asset_key,
        PACING.asset_key,
        FUNNEL_DAY.asset_key,
        ACQUISITION.asset_key,
        dg.AssetDep(CARDS.asset_key, partition_mapping=_WEEK_OF_DAY),
    ],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=follows_newest(),
    group_name="reports",
    owners=["team:media"],
    kinds={"html"},
)
def daily_dashboard(
    context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake], settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult:
    _, as_of = day_range(context)
    with one_sentence():
        view = _view(lake, settings, as_of)
        page = render_dashboard(view)
    path = Path(settings.reports_dir) / f"daily_dashboard_{as_of}.html"
    for name, text in {**csv_files(view), path.name: page, "daily_dashboard.html": page}.items():
        write(path.with_name(name), text)
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.url(path.resolve().as_uri()),
            "size (KB)": round(len(page.encode()) / 1024, 1),
            "as of": as_of.isoformat(),
            "key figures": dg.MetadataValue.md(_preview(lake, as_of)),
        }
    )


def _view(lake: Lake, settings: Settings, as_of: date) -> DashboardView:
    recent = {"day": (as_of - timedelta(days=DETAIL_DAYS - 1), as_of)}
    kpi_days = lake.read(core.KPI_DAY, where={"day": (as_of - timedelta(days=SHOWN_DAYS - 1), as_of)})
    by_platform = kpi_days[kpi_days["platform"] != "all"]
    pulled_at = {
        str(p): at.to_pydatetime() for p, at in by_platform.groupby("platform")["read_at"].max().items()
    }
    entities = lake.read(core.ENTITIES)
    return dashboard_view(
        as_of=as_of,
        kpi_days=kpi_days,
        campaign_days=lake.read(core.DAYS["campaign"], where=recent),
        ad_set_days=lake.read(core.DAYS["ad_set"], where=recent),
        entities=entities,
        reporting_currency=settings.reporting_currency,
        pulled_at=pulled_at,
        generated_at=datetime.now(UTC),
        profile=settings.profile,
        judged=lake.read(UNDERPERFORMERS, where={"day": (as_of, as_of)}),
        stood_out=standouts_of(
            lake.read(ANOMALIES, where={"day": (as_of, as_of)}),
            lake.read(WATCHED, where={"day": (as_of, as_of)}),
            lake.read(MARKS),
            as_of=as_of,
        ),
        pacing=lake.read(PACING, where={"day": (as_of, as_of)}),
        funnel=funnel_of(lake.read(FUNNEL_DAY), lake.read(ACQUISITION), entities, as_of=as_of),
        segments=segments_of(lake.read(CARDS), as_of=as_of),
        kept_out=_kept_out(lake),
        calls=_calls(lake),
    )


def _kept_out(lake: Lake) -> list[str]:
    """Accounts whose newest reading of days was not kept."""
    sql = """
        select reason, account_name, verdict from raw.pulls where start_day is not null
        qualify row_number() over (partition by platform, account_id order by pulled_at desc) = 1
        order by platform, account_id
    """
    return [
        f"{row['account_name']}: {row['verdict']}. {row['reason']}"
        for row in lake.arrow(sql, PULLS).to_pylist()
        if row["verdict"] != "accepted"
    ]


def _calls(lake: Lake) -> list[str]:
    """Calls that pulls made in the last 24 hours, per platform."""
    sql = """
        select platform, sum(calls)::bigint as calls, max(used_percent) as used from raw.pulls
        where pulled_at > $since group by platform order by platform
    """
    since = datetime.now(UTC) - timedelta(hours=24)
    rows = lake.arrow(sql, PULLS, parameters={"since": since}).to_pylist()
    return [
        f"{spoken(row['platform'])} {row['calls']:,}"
        + (f" ({row['used']:.0f} % of its allowance)" if row["used"] else "")
        for row in rows
    ]


def _preview(lake: Lake, as_of: date) -> str:
    """The day's figures as a small table for the Dagster UI."""
    rows = lake.read(core.KPI_DAY, where={"day": (as_of, as_of)})
    shown = ["platform", "spend", "clicks", "cpc", "ctr", "conversions", "roas"]
    lines = ["| " + " | ".join(shown) + " |", "|" + "---|" * len(shown)]
    lines += ["| " + " | ".join(_cell(row[name]) for name in shown) + " |" for _, row in rows.iterrows()]
    return "\n".join(lines)


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    return "–" if math.isnan(number) else f"{number:,.4g}" if abs(number) < 1 else f"{number:,.2f}"
