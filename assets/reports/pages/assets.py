"""The daily dashboard: one page that people open first, in one file that works from a mail or a disk.

Reads core/*, signals/* and the ledger, writes one HTML file per day, beside it a page per campaign that
matters, CSV files with all campaigns and ad sets, and a list of all days. What is on the page is in
`assets.reports.pages.view` and `assets.reports.pages.page`.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from assets.automation import SAFE_RETRIES, follows_newest
from assets.formatting import numbers
from assets.formatting.markdown import as_markdown_text
from assets.formatting.platform_names import spoken
from assets.partitions import day_range, days, week_of, weeks
from assets.raw.dropped_files.outcomes import unused_in_words
from assets.reports.pages.archive import INDEX, address, page_name, render_index
from assets.reports.pages.atomic_write import write
from assets.reports.pages.campaigns import CampaignView, campaign_views
from assets.reports.pages.funnel import funnel_of
from assets.reports.pages.incidents import incident_summary
from assets.reports.pages.inputs import approvals_now
from assets.reports.pages.metrics import BY_KEY, reads
from assets.reports.pages.pacing import pacing_view
from assets.reports.pages.publish import publish
from assets.reports.pages.segments import segments_of
from assets.reports.pages.view import DashboardInputs, DashboardView, dashboard_view
from assets.reports.pages.weekly import render_weekly, weekly_csv, weekly_name, weekly_text
from assets.signals.pacing.assets import budgets_of, thresholds
from assets.signals.pacing.inputs import pacing_in_hindsight, pacing_on
from resources.action_services import ActionServices
from resources.config.settings import Settings
from resources.failures import one_sentence
from resources.lake.lake import Lake
from resources.platforms.registry import Platforms
from resources.tables import core
from resources.tables.crm_core import ACQUISITION, FUNNEL_DAY
from resources.tables.dropped import REJECTS
from resources.tables.pulls import PULLS
from resources.tables.segments import CARDS
from resources.tables.signals import ANOMALIES, MARKS, PACING, PROPOSED_FINDINGS, UNDERPERFORMERS, WATCHED

SHOWN_DAYS = 90
DETAIL_DAYS = 28
_WEEK_OF_DAY = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
"""The first days of the calendar are in no whole week."""


@dg.asset(
    key=["reports", "daily_dashboard"],
    description=(
        "The page to open in the morning: yesterday's key figures, platforms, campaigns, ad sets and trends."
    ),
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
        PROPOSED_FINDINGS.asset_key,
    ],
    partitions_def=days,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=follows_newest(),
    retry_policy=SAFE_RETRIES,
    group_name="reports",
    owners=["team:media"],
    kinds={"html"},
)
def daily_dashboard(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    settings: dg.ResourceParam[Settings],
    services: dg.ResourceParam[ActionServices],
) -> dg.MaterializeResult:
    _, as_of = day_range(context)
    with one_sentence():
        view, campaigns = _views(lake, settings, services, as_of)
        written = publish(Path(settings.reports_dir), view, campaigns)
    page_address = address(Path(settings.reports_dir), page_name(as_of), reports_url=settings.reports_url)
    return dg.MaterializeResult(
        metadata={
            "page": (
                dg.MetadataValue.url(page_address)
                if settings.reports_url
                else dg.MetadataValue.path(page_address)
            ),
            "size (KB)": round(len(written.page.encode()) / 1024, 1),
            "as of": as_of.isoformat(),
            "campaign pages": len(campaigns),
            "in short": dg.MetadataValue.md(preview(view)),
        }
    )


def _views(
    lake: Lake, settings: Settings, services: ActionServices, as_of: date
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
    findings = lake.read(PROPOSED_FINDINGS, where={"day": (as_of, as_of)})
    incidents, marks = lake.read(ANOMALIES, where={"day": (as_of, as_of)}), lake.read(MARKS)
    generated_at = datetime.now(UTC)
    approvals = approvals_now(lake, services, settings, as_of=as_of, now=generated_at)
    view = dashboard_view(
        DashboardInputs(
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
            findings=findings,
            incidents=incident_summary(
                incidents, lake.read(WATCHED, where={"day": (as_of, as_of)}), marks, as_of=as_of
            ),
            pacing=lake.read(PACING, where={"day": (as_of, as_of)}),
            funnel=funnel_of(lake.read(FUNNEL_DAY), lake.read(ACQUISITION), entities, as_of=as_of),
            segments=segments_of(lake.read(CARDS), as_of=as_of),
            kept_out=_kept_out(lake),
            unused_lines=unused_in_words(lake.read(REJECTS)),
            calls=_calls(lake),
            approvals=approvals,
        )
    )
    return view, campaign_views(
        view,
        campaign_days=campaign_days,
        judged=judged,
        findings=findings,
        incidents=incidents,
        marks=marks,
        approvals=approvals,
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


def preview(view: DashboardView) -> str:
    """The page in short for the Dagster UI, as Markdown: what is off, then the day's figures, written as the
    page writes them.
    """
    shown = ("spend", "clicks", "cpc", "ctr", "conversions", "roas")
    lines = [_state(view), "", "| | " + " | ".join(BY_KEY[key].label for key in shown) + " |"]
    lines.append("|---|" + "---:|" * len(shown))
    for row in view.platforms["day"]:
        cells = [row.label, *(reads(row.figures[key], key, view.currency) for key in shown)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _state(view: DashboardView) -> str:
    """One line: figures that are late, incidents, what waits, and the kill switch."""
    phrases = [
        f"{platform.label} is {platform.state}"
        for platform in view.freshness
        if platform.state in {"stale", "incomplete"}
    ]
    if view.incidents:
        phrases.append(f"incidents: {numbers.count(view.incidents.open)}")
    if view.approvals:
        gate = view.approvals
        phrases.append(
            "approvals waiting: not known"
            if gate.unreadable
            else f"approvals waiting: {numbers.count(gate.waiting)}"
        )
        phrases += ["**the kill switch is on**"] if gate.killed else []
    return "; ".join(phrases) or "Nothing to say beside the figures."


@dg.asset(
    key=["reports", "weekly_pacing"],
    description=(
        "The page to read on Mondays: where each budget's month will end, what changed in a week, and what to"
        " set the daily budgets to."
    ),
    deps=[PACING.asset_key],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=follows_newest(),
    retry_policy=SAFE_RETRIES,
    group_name="reports",
    owners=["team:media"],
    kinds={"html"},
)
def weekly_pacing(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    services: dg.ResourceParam[ActionServices],
    platforms: dg.ResourceParam[Platforms],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    monday, sunday = week_of(context)
    with one_sentence():
        (rows, is_late), (before, _) = (
            _rows(lake, day, services, platforms, settings) for day in (sunday, sunday - timedelta(days=7))
        )
    view = pacing_view(
        rows,
        before,
        as_of=sunday,
        week=(monday, sunday),
        generated_at=platforms.now(),
        is_late=is_late,
        profile=settings.profile,
    )
    page, text = render_weekly(view), weekly_text(view)
    folder = Path(settings.reports_dir)
    forms = {"html": page, "csv": weekly_csv(view), "txt": text}
    for ending, content in forms.items():
        write(folder / weekly_name(sunday, ending), content)
    write(folder / "weekly_pacing.html", page)
    write(folder / INDEX, render_index(folder, profile=settings.profile, generated_at=view.generated_at))
    page_address = address(folder, weekly_name(sunday, "html"), reports_url=settings.reports_url)
    return dg.MaterializeResult(
        metadata={
            "page": (
                dg.MetadataValue.url(page_address)
                if settings.reports_url
                else dg.MetadataValue.path(page_address)
            ),
            "in short": dg.MetadataValue.md("\n\n".join(map(as_markdown_text, text.splitlines()))),
            "size (KB)": round(len(page.encode()) / 1024, 1),
            "dagster/row_count": len(view.everything),
        }
    )


def _rows(
    lake: Lake, day: date, services: ActionServices, platforms: Platforms, settings: Settings
) -> tuple[pd.DataFrame, bool]:
    """signals/pacing of the day; as it would have been, where nobody worked it out; and whether that was
    known only later.
    """
    names = PACING.schema.names
    stored = lake.read(PACING, where={"day": (day, day)})
    if len(stored):
        return stored[names], False
    given: dict[str, Any] = {
        "budgets": budgets_of(settings),
        "policy": thresholds(services),
        "reporting_currency": settings.reporting_currency,
        "now": platforms.now(),
    }
    forecast = pacing_on(lake, day, **given)
    if forecast is not None:
        return forecast.rows.reindex(columns=names), False
    late = pacing_in_hindsight(lake, day, **given)
    return (pd.DataFrame(columns=names), False) if late is None else (late.rows.reindex(columns=names), True)
