"""A range of days from the platforms to the key figures, and the daily run. Both are the assets, run window by window.

Every platform is a run of its own: what keeps one out leaves the others alone, and is said at the end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import dagster as dg

from assets.partitions import week_ended_by
from assets.raw.platforms.assets import ALLOWED_TAG
from assets.raw.platforms.restatement_window import LONG_DAYS, LONG_WEEKDAY, is_settled
from orchestration.cli.in_process_runs import RunFailed, Window, instance_at, run, windows_between
from orchestration.cli.reconciliation import accounts_of, readings
from orchestration.jobs import (
    CORE_DAYS,
    CRM,
    CUSTOMERS,
    DASHBOARD,
    DAYS_OF,
    ENTITIES,
    FUNNEL,
    FX,
    LAG,
    LISTS_OF,
    PROPOSING,
    SIGNALS,
    WEEKLY,
)
from orchestration.schedules import days_to_read
from resources.config.settings import Settings, load_settings
from resources.lake.lake import Lake
from resources.platforms.registry import PLATFORMS
from resources.tables.segments import CUSTOMER_FEATURES

Say = Callable[[str], None]
LEARNED_DAYS = 150
"""Windows that end longer ago tell nothing about how late conversions arrive."""


@dataclass
class Came:
    """What came of a backfill or a daily run."""

    runs: int = 0
    problems: list[str] = field(default_factory=list)
    page: Path | None = None
    weekly: Path | None = None


def dagster_home(settings: Settings) -> Path:
    """Where Dagster keeps its records of a profile."""
    return settings.root / settings.profile / "dagster"


def backfill_days(
    settings: Settings,
    *,
    start: date,
    end: date,
    say: Say,
    platforms: Iterable[str] = PLATFORMS,
    window_days: int,
    is_again: bool = False,
    accept: Iterable[str] = (),
    instance: dg.DagsterInstance | None = None,
) -> Came:
    """Read `start` to `end` and renew core for these days. What an earlier start left final or fresh is not read again.

    `is_again` reads every day anew; checks in `accept` may fail, because a person compared the figures.
    """
    if instance is None:
        with instance_at(dagster_home(settings)) as own:
            return backfill_days(
                settings, start=start, end=end, say=say, platforms=platforms, window_days=window_days, is_again=is_again,
                accept=accept, instance=own,
            )  # fmt: skip
    began, came, lake, platforms = perf_counter(), Came(), Lake(settings.lake_uri), list(platforms)
    _attempt(came, instance, FX | LAG)
    for platform in platforms:
        _attempt(came, instance, LISTS_OF[platform])
    _attempt(came, instance, ENTITIES)
    windows = windows_between(start, end, days=window_days)
    tags = {ALLOWED_TAG: ",".join(accept)} if accept else {}
    for number, window in enumerate(windows, 1):
        at, read = perf_counter(), 0
        for platform in platforms:
            if is_again or accept or not _stands(lake, platform, window):
                read += 1
                _attempt(came, instance, DAYS_OF[platform], window, tags=tags)
        is_recent = (datetime.now(UTC).date() - window.end).days < LEARNED_DAYS
        # Also where nothing was read: an earlier start may have been stopped between raw and core.
        _attempt(came, instance, (LAG | CORE_DAYS) if is_recent else CORE_DAYS, window)
        left = f", {len(windows) - number} to go" if number < len(windows) else ""
        done = f"{window.days} days in {perf_counter() - at:.1f} s" if read else "read before"
        say(f"[{number}/{len(windows)}] {window}: {done}{left}")
    say(f"{(end - start).days + 1} days in {came.runs} runs, {perf_counter() - began:.1f} s.")
    return came


def refresh_day(
    settings: Settings, *, day: date, say: Say, instance: dg.DagsterInstance | None = None
) -> Came:
    """The daily run for `day`: each platform's trailing window, key figures, entities and the page."""
    if instance is None:
        with instance_at(dagster_home(settings)) as own:
            return refresh_day(settings, day=day, say=say, instance=own)
    came, lake, at = Came(), Lake(settings.lake_uri), perf_counter()
    _attempt(came, instance, FX)
    is_long, first = (day + timedelta(days=1)).weekday() == LONG_WEEKDAY, day
    for platform in PLATFORMS:
        window = Window(
            *days_to_read(lake, platform, last=day, is_long=is_long, usual_days=settings.trailing_days)
        )
        _attempt(came, instance, DAYS_OF[platform] | LISTS_OF[platform], window)
        first = min(first, window.start)
    _attempt(came, instance, LAG | CORE_DAYS | ENTITIES, Window(first, day))
    say(f"{Window(first, day)}: {(day - first).days + 1} days in {perf_counter() - at:.1f} s")
    if has_crm(load_settings()):  # what is handed over may know no credentials
        at = perf_counter()
        _attempt(came, instance, CRM)
        _attempt(came, instance, FUNNEL)
        monday = week_ended_by(day + timedelta(days=1))
        if is_unknown(lake, monday):  # once a week, as the schedule does
            _attempt(came, instance, CUSTOMERS, Window(monday, monday))
        say(f"The CRM in {perf_counter() - at:.1f} s")
    _attempt(came, instance, SIGNALS, Window(day, day))
    at = perf_counter()
    _attempt(came, instance, PROPOSING, Window(day, day))  # before the page, which says what waits
    say(f"Proposals in {perf_counter() - at:.1f} s")
    page = run(instance, DASHBOARD, window=Window(day, day))
    say(f"Page of {day} in {page.seconds:.1f} s")
    sunday = day - timedelta(days=(day.weekday() + 1) % 7)
    monday = sunday - timedelta(days=6)
    came.weekly = Path(settings.reports_dir) / f"weekly_pacing_{sunday}.html"
    if (
        day == sunday or not came.weekly.exists()
    ):  # once a week; the weeks' own partition writes it again where somebody asks
        weekly = run(instance, WEEKLY, window=Window(monday, monday))
        say(f"Pacing of the week to {sunday} in {weekly.seconds:.1f} s")
    came.page = Path(settings.reports_dir) / f"daily_dashboard_{day}.html"
    return came


def is_unknown(lake: Lake, monday: date) -> bool:
    """Whether nobody has put together yet what is known of the customers at the end of that week."""
    sunday = monday + timedelta(days=6)
    return lake.count(CUSTOMER_FEATURES, where={"day": (sunday, sunday)}) == 0


def has_crm(settings: Settings) -> bool:
    """Whether any CRM is configured."""
    return bool(settings.crm_files) or any(one.is_configured for one in settings.crms.values())


def _attempt(
    came: Came,
    instance: dg.DagsterInstance,
    selection: dg.AssetSelection,
    window: Window | None = None,
    *,
    tags: dict[str, str] | None = None,
) -> None:
    """One run; what goes wrong in it is kept for the end."""
    came.runs += 1
    try:
        run(instance, selection, window=window, tags=tags)
    except RunFailed as error:
        came.problems.append(f"{error}")


def _stands(lake: Lake, platform: str, window: Window) -> bool:
    """Whether every account of the platform was read for these days late enough, or just now."""
    return is_settled(
        readings(lake, platform), accounts_of(lake, platform), start=window.start, end=window.end, now=datetime.now(UTC),
        final_days=LONG_DAYS[platform],
    )  # fmt: skip
