"""The daily dashboard as one HTML file that asks nothing of anyone: no request leaves it, and it works from a
mail or a disk.

Templates hold the words and the order, `assets.reports.pages.view` the numbers. The content policy of the
page names the hash of its only style and its only scripts, so that nothing in a campaign's name could run
even if it were not escaped.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets.formatting import numbers
from assets.formatting.platform_names import short, spoken
from assets.reports.pages import metrics
from assets.reports.pages.charts import TRENDS, WIDTHS, Trend, by_platform, drawn
from assets.reports.pages.day_frames import known
from assets.reports.pages.export import csv_name
from assets.reports.pages.glossary import TERMS, used
from assets.reports.pages.headline import headline
from assets.reports.pages.sparkline import sparkline
from assets.reports.pages.view import TOTAL, DashboardView

TEMPLATES = Path(__file__).parent / "templates"


def render_dashboard(
    view: DashboardView, *, pages: Mapping[tuple[str, str, str], str] | None = None, pager: str = ""
) -> str:
    """The page. The same view gives the same text.

    Args:
        view: What it shows.
        pages: The way to the page of each campaign that has one, by platform, account and campaign.
        pager: Links to other days, as markup.
    """
    return (
        environment()
        .get_template("dashboard.html.j2")
        .render(
            view=view,
            headline=headline(view),
            charts=[] if view.trends.empty else _charts(view),
            metrics=metrics.METRICS,
            csv_name=csv_name,
            pages=pages or {},
            pager=pager,
        )
    )


@cache
def environment() -> Environment:
    """Templates with everything escaped that is not markup of our own, and an unknown name as an error."""
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {
        "reads": metrics.reads,
        "reads_short": metrics.reads_short,
        "count": numbers.count,
        "percent": numbers.percent,
        "change": numbers.change,
        "machine": numbers.machine,
        "money": numbers.money,
        "about": numbers.about,
        "day": short,
        "instant": _instant,
        "spark": lambda tile: Markup(sparkline(tile.history, base=tile.base)),  # noqa: S704 — numbers alone
        "csp_hash": _csp_hash,
        "tips": used,
    }
    jinja.globals |= {"spoken": spoken, "TOTAL": TOTAL, "terms": TERMS, "NO_BREAK": "\N{WORD JOINER}"}
    return jinja


def _csp_hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _instant(at: datetime) -> str:
    return f"{short(at.date())} {at:%H:%M} UTC"


def _charts(view: DashboardView) -> list[dict[str, Any]]:
    seen = set(view.trends["platform"])
    platforms = [state.platform for state in view.freshness if state.platform in seen]
    return [_chart(trend, view, platforms) for trend in TRENDS]


def _chart(trend: Trend, view: DashboardView, platforms: list[str]) -> dict[str, Any]:
    """What the template shows of one trend: two drawings and, newest first, the numbers they are drawn from."""
    days, columns = view.trends, [*platforms, TOTAL]
    whole = by_platform(days, trend.key, platforms=columns).sort_index(ascending=False)
    is_flat = whole[platforms].fillna(0).eq(0).all(axis=None)
    svgs = {
        width: Markup(  # noqa: S704 — drawn by us from numbers and platform names
            drawn(trend, days, platforms=platforms, currency=view.currency, width=width)
        )
        for width in (() if is_flat else WIDTHS)
    }
    ends = [
        (
            by_platform(days, f"{trend.key}_{end}", platforms=columns).reindex(whole.index)
            if trend.has_range
            else whole * float("nan")
        )
        for end in ("low", "high")
    ]
    lines = [
        (day.date(), [tuple(map(known, cell)) for cell in zip(*rows, strict=True)])
        for day, *rows in zip(
            whole.index, whole.to_numpy(), *(table.to_numpy() for table in ends), strict=True
        )
    ]
    return {
        "trend": trend,
        "svgs": svgs,
        "platforms": platforms,
        "columns": list(whole.columns),
        "lines": lines,
    }
