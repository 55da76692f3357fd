"""The backfill of a range of days, and the daily run, in this process: the same assets in the same order as
automation.

Every platform is a run of its own: what keeps one out leaves the others alone, and is said at the end.
"""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter

import dagster as dg

from assets.partitions import week_ended_by
from assets.raw.platforms.assets import ALLOWED_TAG
from assets.raw.platforms.restatement_window import LONG_DAYS, LONG_WEEKDAY, is_settled
from orchestration.cli.in_process_runs import (
    RunFailed,
    Window,
    definitions,
    instance_at,
    run,
    windows_between,
)
from orchestration.cli.reconciliation import accounts_of, readings
from orchestration.jobs import CRM, DAYS_OF, DETAILS_OF, LISTS_OF, RAW_DAYS
from orchestration.run_order import Extent, RunStep, run_steps
from orchestration.schedules import days_to_read, detail_window
from resources.config.settings import Settings
from resources.errors import SettingsWrong
from resources.lake.lake import Lake
from resources.platforms.registry import PLATFORMS

Say = Callable[[str], None]
MONDAY = 0
LEARNED_DAYS = 150
"""Windows that end longer ago tell nothing about how late conversions arrive."""


@dataclass
class RunSummary:
    """What came of a backfill or a daily run."""

    runs: int = 0
    problems: list[str] = field(default_factory=list)
    page: Path | None = None
    weekly: Path | None = None


def dagster_home(settings: Settings) -> Path:
    """Where Dagster keeps its records: the deployment that DAGSTER_HOME names, else a folder of the profile.

    Raises:
        SettingsWrong: DAGSTER_HOME names no folder.
    """
    named = os.environ.get("DAGSTER_HOME")
    if not named:
        return settings.root / settings.profile / "dagster"
    home = Path(named)
    if not home.is_dir():
        raise SettingsWrong(
            f"DAGSTER_HOME is {named}, which is no folder. Make it, or unset the variable to use the"
            " profile's own."
        )
    return home


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
) -> RunSummary:
    """Read `start` to `end` and renew core for these days. What an earlier start left final or fresh is not
    read again.

    `is_again` reads every day anew; checks in `accept` may fail, because a person compared the figures.
    """
    if instance is None:
        with instance_at(dagster_home(settings)) as opened:
            return backfill_days(
                settings,
                start=start,
                end=end,
                say=say,
                platforms=platforms,
                window_days=window_days,
                is_again=is_again,
                accept=accept,
                instance=opened,
            )
    began, came, lake, platforms = perf_counter(), RunSummary(), Lake(settings.lake_uri), list(platforms)
    order = backfill_order()
    for platform in platforms:
        _attempt(came, instance, LISTS_OF[platform])
    _attempt(came, instance, order.before_days)
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
        _attempt(came, instance, (order.learned | order.days) if is_recent else order.days, window)
        left = f", {len(windows) - number} to go" if number < len(windows) else ""
        done = f"{window.days} days in {perf_counter() - at:.1f} s" if read else "read before"
        say(f"[{number}/{len(windows)}] {window}: {done}{left}")
    _attempt(came, instance, order.after_days)
    say(f"{(end - start).days + 1} days in {came.runs} runs, {perf_counter() - began:.1f} s.")
    return came


def refresh_day(
    settings: Settings, *, day: date, say: Say, instance: dg.DagsterInstance | None = None
) -> RunSummary:
    """The daily run for `day`: each platform's trailing window, key figures, entities and the page.

    After a Sunday the weekly details are read as well.
    """
    if instance is None:
        with instance_at(dagster_home(settings)) as opened:
            return refresh_day(settings, day=day, say=say, instance=opened)
    came, lake, began = RunSummary(), Lake(settings.lake_uri), perf_counter()
    is_long, first = (day + timedelta(days=1)).weekday() == LONG_WEEKDAY, day
    for platform in PLATFORMS:
        window = Window(
            *days_to_read(lake, platform, last=day, is_long=is_long, usual_days=settings.trailing_days)
        )
        _attempt(came, instance, DAYS_OF[platform] | LISTS_OF[platform], window)
        first = min(first, window.start)
    with_details = (day + timedelta(days=1)).weekday() == MONDAY
    if with_details:
        for platform in PLATFORMS:
            _attempt(came, instance, DETAILS_OF[platform], Window(*detail_window(day)))
    _attempt(came, instance, CRM)
    say(f"Platforms and CRM read in {perf_counter() - began:.1f} s")
    for step in run_steps(definitions().resolve_asset_graph()):
        if step.extent is Extent.DETAIL_DAYS and not with_details:
            continue
        _run_step(came, instance, step, day=day, first=first, say=say)
    came.page = _written(settings, f"daily_dashboard_{day}.html")
    sunday = week_ended_by(day + timedelta(days=1)) + timedelta(days=6)
    came.weekly = _written(settings, f"weekly_pacing_{sunday}.html")
    return came


def _run_step(
    came: RunSummary, instance: dg.DagsterInstance, step: RunStep, *, day: date, first: date, say: Say
) -> None:
    """One step of the daily run, for the partitions that its extent means on `day`."""
    began, keys = perf_counter(), step.keys
    window = {
        Extent.EVERY_DAY: Window(first, day),
        Extent.DETAIL_DAYS: Window(*detail_window(day)),
        Extent.NEWEST_DAY: Window(day, day),
        Extent.NEWEST_WEEK: _week(day),
        Extent.UNPARTITIONED: None,
    }[step.extent]
    if step.extent is Extent.NEWEST_WEEK and (day + timedelta(days=1)).weekday() != MONDAY:
        # Once a week; the partition of a week is materialized again where somebody asks.
        keys = frozenset(key for key in keys if not _has_partition(instance, key, _week(day).start))
    if keys:
        _attempt(came, instance, dg.AssetSelection.assets(*sorted(keys)), window)
        layers = ", ".join(sorted({key.path[0] for key in keys}))
        say(f"{layers} for {window or 'now'} in {perf_counter() - began:.1f} s")


def _week(day: date) -> Window:
    """The newest week that is over at the end of `day`."""
    monday = week_ended_by(day + timedelta(days=1))
    return Window(monday, monday)


def _has_partition(instance: dg.DagsterInstance, key: dg.AssetKey, monday: date) -> bool:
    return monday.isoformat() in instance.get_materialized_partitions(key)


def _written(settings: Settings, name: str) -> Path | None:
    path = Path(settings.reports_dir) / name
    return path if path.exists() else None


@dataclass(frozen=True)
class BackfillOrder:
    """What a backfill renews beside raw: once before its windows, in each window, and once after them."""

    before_days: dg.AssetSelection
    learned: dg.AssetSelection
    """Without partitions, made of the days of raw and read by core: the conversion lag."""
    days: dg.AssetSelection
    after_days: dg.AssetSelection


def backfill_order() -> BackfillOrder:
    """The first step of the daily run, cut where a backfill goes through its windows.

    What follows for the newest day alone is the daily run's: a backfill ends with complete days.
    """
    graph = definitions().resolve_asset_graph()
    first = run_steps(graph)[0]
    has_days = {key for key in first.keys if graph.get(key).partitions_def is not None}
    without_days = first.keys - has_days
    raw_days = RAW_DAYS.resolve(graph)
    read_by_days = {key for target in has_days for key in graph.get_ancestor_asset_keys(target)}
    follows_raw = {key for key in without_days if graph.get_ancestor_asset_keys(key) & raw_days}
    learned = follows_raw & read_by_days
    after = {key for key in without_days if graph.get_ancestor_asset_keys(key) & has_days}
    crm_alone = {
        key
        for key in without_days - follows_raw - after
        if graph.get_ancestor_asset_keys(key) & CRM.resolve(graph)
    }  # a backfill does not read the CRM

    def selection(keys: Collection[dg.AssetKey]) -> dg.AssetSelection:
        return dg.AssetSelection.assets(*sorted(keys))

    return BackfillOrder(
        before_days=selection(without_days - after - crm_alone),
        learned=selection(learned),
        days=selection(has_days),
        after_days=selection(after),
    )


def _attempt(
    came: RunSummary,
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
        pages = {key for key in error.skipped if key.path[0] == "reports"}
        if pages:  # a page says itself what is missing on it
            _attempt(came, instance, dg.AssetSelection.assets(*sorted(pages)), window, tags=tags)


def _stands(lake: Lake, platform: str, window: Window) -> bool:
    """Whether every account of the platform was read for these days late enough, or just now."""
    return is_settled(
        readings(lake, platform),
        accounts_of(lake, platform),
        start=window.start,
        end=window.end,
        now=datetime.now(UTC),
        final_days=LONG_DAYS[platform],
    )
