"""The morning's pages of 10,000 ad sets: how long until everything is on disk, how heavy the dashboard is,
how heavy the rest.

Frames are generated (`tests.reports.frames`), since what is measured begins where the lake has been read.
Everything that the asset writes is written: dashboard, campaign pages, CSV files, the list of days. One small
state is rendered first, so that what is loaded once in the life of a process (Vega, templates) is not
counted; it is reported on its own.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assets.reports.pages.archive import page_name
from assets.reports.pages.campaign_page import render_campaign
from assets.reports.pages.campaigns import campaign_views
from assets.reports.pages.publish import folder_name, publish
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import AS_OF, frames
from tests.reports.states import WORDY, gate, incident_section, incidents, no_marks, pacing_rows

SIZE = 10_000


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds of wall clock and of this process, and kilobytes (1,000 bytes), at `size` ad sets; `world` is
    not used.
    """
    del world
    _, first_seconds, _ = _published(12, seed)
    say(f"12 ad sets, everything loaded on the way: {first_seconds:.2f} s")
    count = size or SIZE
    sizes, seconds, cpu = _published(count, seed)
    dashboard, drilldowns, csv = sizes["dashboard"], sizes["campaigns"], sizes["csv"]
    say(
        f"{count:,} ad sets: {seconds:.2f} s, dashboard {sum(dashboard) / 1e3:.0f} kB, {len(drilldowns)}"
        " campaign pages"
    )
    return {
        "figures": {
            "ad_sets": count,
            "seconds": round(seconds, 3),
            "cpu_s": round(cpu["all"], 3),
            "kb": round(sum(dashboard) / 1e3, 1),
            "drilldown_seconds": round(cpu["campaigns"], 3),
            "drilldown_pages": len(drilldowns),
            "drilldown_kb_each": round(sum(drilldowns) / max(len(drilldowns), 1) / 1e3, 1),
            "csv_kb": round(sum(csv) / 1e3, 1),
            "first_seconds": round(first_seconds, 3),
        },
        "peers": {},
        "ratios": {},
    }


def _published(count: int, seed: int) -> tuple[dict[str, list[int]], float, dict[str, float]]:
    """Bytes of what was written, by kind; wall-clock seconds; CPU seconds of everything and of the campaign
    pages alone.
    """
    given = frames(
        ad_sets=count, days=90, seed=seed, names={n: f"{WORDY[:60]} {n:05d}" for n in range(count)}
    )
    found, waiting, marks = incidents(given, min(count, 300)), gate(given, min(count, 50)), no_marks()
    extra = {"incidents": incident_section(found), "approvals": waiting, "pacing": pacing_rows()}
    with TemporaryDirectory(prefix="page-") as folder:
        begun, busy = time.perf_counter(), time.process_time()
        view = dashboard_view(DashboardInputs(**(given | extra)))
        drilling = time.process_time()
        campaigns = campaign_views(
            view,
            campaign_days=given["campaign_days"],
            judged=given["judged"],
            incidents=found,
            marks=marks,
            approvals=waiting,
        )
        views_done = time.process_time()
        publish(Path(folder), view, campaigns)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
        sizes = {
            "dashboard": [Path(folder, page_name(AS_OF)).stat().st_size],
            "campaigns": [path.stat().st_size for path in Path(folder, folder_name(AS_OF)).iterdir()],
            "csv": [path.stat().st_size for path in Path(folder).glob("*.csv")],
        }
        rendering = time.process_time()
        for campaign in campaigns:
            render_campaign(campaign, above="../", dashboard=page_name(AS_OF))
        of_campaigns = views_done - drilling + time.process_time() - rendering
    return sizes, seconds, {"all": cpu, "campaigns": of_campaigns}
