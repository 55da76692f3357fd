"""Past days: which pages lie in the reports folder, what each said in short, and how a reader gets from one
to the next.

Beside every dashboard lies a small file with its key figures and states as the page said them. The list of
days is made from those, never from tables of today: a page of last month and its line say the same, also
where platforms restated the month since.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from assets.formatting.platform_names import short, spoken
from assets.reports.pages import metrics
from assets.reports.pages.atomic_write import write
from assets.reports.pages.page import environment
from assets.reports.pages.view import TOTAL, DashboardView

NEWEST, INDEX = "daily_dashboard.html", "index.html"
SHOWN = ("spend", "clicks", "cpc", "ctr", "conversions", "roas")
_PAGE = re.compile(r"daily_dashboard_(\d{4}-\d\d-\d\d)\.html")
_WEEK = re.compile(r"weekly_pacing_(\d{4}-\d\d-\d\d)\.html")
_PAGER = re.compile(r'<nav class="days".*?</nav>', re.DOTALL)


@dataclass(frozen=True)
class PastDay:
    """One dashboard in short.

    `states` are platforms whose figures are not complete; `has_summary` False: only the page is there.
    """

    day: date
    file: str
    has_summary: bool
    currency: str
    figures: Mapping[str, float | None]
    states: tuple[tuple[str, str], ...]
    is_complete: bool
    incidents: int | None
    waiting: int | None
    is_killed: bool


def page_name(day: date) -> str:
    return f"daily_dashboard_{day}.html"


def address(folder: Path, name: str, *, reports_url: str | None) -> str:
    """Where a page of the folder is: an address if somebody serves the folder, else its path on disk."""
    return f"{reports_url.rstrip('/')}/{name}" if reports_url else str((folder / name).resolve())


def summary_name(day: date) -> str:
    return f"daily_dashboard_{day}.json"


def summary(view: DashboardView) -> str:
    """What the list of days says of this dashboard, as JSON."""
    content = {
        "day": view.as_of.isoformat(),
        "generated_at": view.generated_at.isoformat(),
        "currency": view.currency,
        "figures": {tile.metric.key: tile.value for tile in view.tiles},
        "states": {state.platform: str(state.state) for state in view.freshness},
        "stood_out": view.incidents.open if view.incidents else None,
        "waiting": view.approvals.waiting if view.approvals and not view.approvals.unreadable else None,
        "killed": bool(view.approvals and view.approvals.killed),
    }
    return json.dumps(content, indent=1)


def days_in(folder: Path) -> list[date]:
    """The days whose dashboard lies in the folder, oldest first."""
    return _dated(folder, _PAGE)


def past_day(folder: Path, day: date) -> PastDay:
    """One of them in short.

    A line that cannot be read leaves the page reachable, and says nothing of its figures.
    """
    stored = _stored_summary(folder / summary_name(day))
    states = stored.get("states", {})
    incomplete = tuple(
        (spoken(platform), state) for platform, state in states.items() if state not in {"fresh", "no data"}
    )
    return PastDay(
        day=day,
        file=page_name(day),
        has_summary=bool(stored),
        currency=stored.get("currency", ""),
        figures={key: stored.get("figures", {}).get(key) for key in SHOWN},
        states=incomplete,
        is_complete="fresh" in states.values() and not incomplete,
        incidents=stored.get("stood_out"),
        waiting=stored.get("waiting"),
        is_killed=bool(stored.get("killed")),
    )


def _stored_summary(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) and isinstance(stored.get("states"), dict) else {}


def _dated(folder: Path, pattern: re.Pattern[str]) -> list[date]:
    names = [pattern.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(date.fromisoformat(name[1]) for name in names if name)


def neighbours(days: Sequence[date], day: date) -> tuple[date | None, date | None]:
    """The nearest page before and after `day`."""
    return max((candidate for candidate in days if candidate < day), default=None), min(
        (candidate for candidate in days if candidate > day), default=None
    )


def pager(before: date | None, after: date | None) -> Markup:
    """Links to the neighbouring days and to all of them."""
    links = [f'<a href="{INDEX}">All days</a>']
    if before:
        links.insert(
            0,
            f'<a href="{page_name(before)}" rel="prev"><span aria-hidden="true">‹</span> {short(before)}</a>',
        )
    if after:
        links.append(
            f'<a href="{page_name(after)}" rel="next">{short(after)} <span aria-hidden="true">›</span></a>'
        )
    return Markup(f'<nav class="days" aria-label="Days">{" ".join(links)}</nav>')  # noqa: S704 — dates and words of ours


def relink(folder: Path, day: date) -> None:
    """Let the pages on both sides of `day` lead to it: they were written when it was not there."""
    days = days_in(folder)
    for near in neighbours(days, day):
        if near is not None:
            path = folder / page_name(near)
            text = path.read_text("utf-8")
            links = str(pager(*neighbours(days, near)))
            linked = _PAGER.sub(links, text, count=1)
            if linked != text:
                write(path, linked)
                if near == days[-1]:
                    write(folder / NEWEST, linked)


def render_index(folder: Path, *, profile: str, generated_at: datetime) -> str:
    """The list of all days in the folder, newest first, and of its weekly reports."""
    days = [past_day(folder, day) for day in reversed(days_in(folder))]
    weeks = [(day, f"weekly_pacing_{day}.html") for day in reversed(_dated(folder, _WEEK))]
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            days=days,
            weeks=weeks,
            shown=[metrics.BY_KEY[key] for key in SHOWN if any(day.figures[key] is not None for day in days)],
            profile=profile,
            generated_at=generated_at,
            newest=NEWEST,
            TOTAL=TOTAL,
        )
    )
