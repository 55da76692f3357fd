"""reports/weekly_pacing: the page for finance every Monday, beside it a CSV and a text for chat and mail.

It shows signals/pacing of the week's last day, and works it out in the same way where nobody has: so a week of the past reads as it
would have read then. Where nothing had been read by then it shows what is known now, and says so. Words and order are in `assets.report.weekly`, what is shown in `assets.report.pacing`.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from assets.pacing.assets import budgets_of, thresholds
from assets.pacing.figures import pacing_in_hindsight, pacing_on
from assets.report.archive import INDEX, address, render_index
from assets.report.files import write
from assets.report.pacing import pacing_view
from assets.report.weekly import render_weekly, weekly_csv, weekly_name, weekly_text
from orchestration.automation import follows_newest
from orchestration.partitions import week_of, weeks
from resources.desk import Desk
from resources.failures import one_sentence
from resources.lake import Lake
from resources.platforms.login import Platforms
from resources.settings import Settings
from resources.tables.signals import PACING


@dg.asset(
    key=["reports", "weekly_pacing"],
    description="The page to read on Mondays: where each budget's month will end, what changed in a week, and what to set the daily budgets to.",
    deps=[PACING.asset_key],
    partitions_def=weeks,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    automation_condition=follows_newest(),
    group_name="reports",
    owners=["team:media"],
    kinds={"html"},
)
def weekly_pacing(
    context: dg.AssetExecutionContext,
    lake: dg.ResourceParam[Lake],
    desk: dg.ResourceParam[Desk],
    platforms: dg.ResourceParam[Platforms],
    settings: dg.ResourceParam[Settings],
) -> dg.MaterializeResult:
    monday, sunday = week_of(context)
    with one_sentence():
        (rows, is_late), (before, _) = (
            _rows(lake, day, desk, platforms, settings) for day in (sunday, sunday - timedelta(days=7))
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
    place = address(folder, weekly_name(sunday, "html"), reports_url=settings.reports_url)
    return dg.MaterializeResult(
        metadata={
            "page": dg.MetadataValue.url(place) if settings.reports_url else dg.MetadataValue.path(place),
            "in short": dg.MetadataValue.md(text.replace("\n", "\n\n")),
            "size (KB)": round(len(page.encode()) / 1024, 1),
            "dagster/row_count": len(view.everything),
        }
    )


def _rows(
    lake: Lake, day: date, desk: Desk, platforms: Platforms, settings: Settings
) -> tuple[pd.DataFrame, bool]:
    """signals/pacing of the day; as it would have been, where nobody worked it out; and whether that was known only later."""
    names = PACING.schema.names
    stored = lake.read(PACING, where={"day": (day, day)})
    if len(stored):
        return stored[names], False
    given: dict[str, Any] = {
        "budgets": budgets_of(settings), "policy": thresholds(desk), "reporting_currency": settings.reporting_currency,
        "now": platforms.now(),
    }  # fmt: skip
    found = pacing_on(lake, day, **given)
    if found is not None:
        return found.rows.reindex(columns=names), False
    late = pacing_in_hindsight(lake, day, **given)
    return (pd.DataFrame(columns=names), False) if late is None else (late.rows.reindex(columns=names), True)
