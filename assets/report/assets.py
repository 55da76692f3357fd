"""The daily dashboard: one page that people open first, in one file that works from a mail or a disk.

Reads core/*, signals/* and the ledger, writes one HTML file per day, beside it a page per campaign that matters, CSV files with all
campaigns and ad sets, and a list of all days. What is on the page is in `assets.report.view` and `assets.report.page`.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg

from assets.actions.assets import PROPOSALS
from assets.report import numbers
from assets.report.archive import address, page_name
from assets.report.campaigns import CampaignView, campaign_views
from assets.report.figures import approvals_now
from assets.report.freshness import spoken
from assets.report.funnel import funnel_of
from assets.report.metrics import BY_KEY, reads
from assets.report.publish import publish
from assets.report.segments import segments_of
from assets.report.standouts import standouts_of
from assets.report.view import DashboardView, dashboard_view
from orchestration.automation import follows_newest
from orchestration.partitions import day_range, days
from resources.desk import Desk
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
        PROPOSALS,
    ],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=follows_newest(),
    group_name="reports",
    owners=["team:media"],
    kinds={"html"},
)
def daily_dashboard(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
    desk: dg.ResourceParam[Desk],
) -> dg.MaterializeResult:
    _, as_of = day_range(context)
    with one_sentence():
        view, campaigns = _views(lake, settings, desk, as_of)
        written = publish(Path(settings.reports_dir), view, campaigns)
    place = address(Path(settings.reports_dir), page_name(as_of), reports_url=settings.reports_url)
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.url(place) if settings.reports_url else dg.MetadataValue.path(place),
            "size (KB)": round(len(written.page.encode()) / 1024, 1),
            "as of": as_of.isoformat(),
            "campaign pages": len(campaigns),
            "in short": dg.MetadataValue.md(preview(view)),
        }
    )


def _views(
    lake: Lake, settings: Settings, desk: Desk, as_of: date
) -> tuple[DashboardView, tuple[CampaignView, ...]]:
    recent = {"day": (as_of - timedelta(days=DETAIL_DAYS - 1), as_of)}
    kpi_days = lake.read(core.KPI_DAY, where={"day": (as_of - timedelta(days=SHOWN_DAYS - 1), as_of)})
    by_platform = kpi_days[kpi_days["platform"] != "all"]
    pulled_at = {
        str(p): at.to_pydatetime() for p, at in by_platform.groupby("platform")["read_at"].max().items()
    }
    entities = lake.read(core.ENTITIES)
    campaign_days = lake.read(core.DAYS["campaign"], where=recent)
    judged = lake.read(UNDERPERFORMERS, where={"day": (as_of, as_of)})
    incidents, marks = lake.read(ANOMALIES, where={"day": (as_of, as_of)}), lake.read(MARKS)
    generated_at = datetime.now(UTC)
    approvals = approvals_now(lake, desk, settings, as_of=as_of, now=generated_at)
    view = dashboard_view(
        as_of=as_of,
        kpi_days=kpi_days,
        campaign_days=campaign_days,
        ad_set_days=lake.read(core.DAYS["ad_set"], where=recent),
        entities=entities,
        reporting_currency=settings.reporting_currency,
        pulled_at=pulled_at,
        generated_at=generated_at,
        profile=settings.profile,
        judged=judged,
        stood_out=standouts_of(
            incidents, lake.read(WATCHED, where={"day": (as_of, as_of)}), marks, as_of=as_of
        ),
        pacing=lake.read(PACING, where={"day": (as_of, as_of)}),
        funnel=funnel_of(lake.read(FUNNEL_DAY), lake.read(ACQUISITION), entities, as_of=as_of),
        segments=segments_of(lake.read(CARDS), as_of=as_of),
        kept_out=_kept_out(lake),
        calls=_calls(lake),
        approvals=approvals,
    )
    given = {"judged": judged, "incidents": incidents, "marks": marks, "approvals": approvals}
    return view, campaign_views(view, campaign_days=campaign_days, **given)


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


def preview(view: DashboardView) -> str:
    """The page in short for the Dagster UI, as Markdown: what is off, then the day's figures, written as the page writes them."""
    shown = ("spend", "clicks", "cpc", "ctr", "conversions", "roas")
    lines = [_state(view), "", "| | " + " | ".join(BY_KEY[key].label for key in shown) + " |"]
    lines.append("|---|" + "---:|" * len(shown))
    for row in view.platforms["day"]:
        cells = [row.label, *(reads(row.figures[key], key, view.currency) for key in shown)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _state(view: DashboardView) -> str:
    """One line: figures that are late, what stood out, what waits, and the kill switch."""
    said = [
        f"{found.label} is {found.state}"
        for found in view.freshness
        if found.state in {"stale", "incomplete"}
    ]
    if view.stood_out:
        said.append(f"incidents: {numbers.count(view.stood_out.open)}")
    if view.approvals:
        gate = view.approvals
        said.append(
            "approvals waiting: not known"
            if gate.unreadable
            else f"approvals waiting: {numbers.count(gate.waiting)}"
        )
        said += ["**the kill switch is on**"] if gate.killed else []
    return "; ".join(said) or "Nothing to say beside the figures."
