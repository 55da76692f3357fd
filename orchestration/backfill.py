"""A range of days from the platforms to the key figures, and the daily run. Both are the assets, run window by window."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import dagster as dg

from orchestration.definitions import defs
from orchestration.jobs import CORE_DAYS, DASHBOARD, ENTITIES, FX, PROPOSING, RAW_DAYS, SNAPSHOTS
from orchestration.partitions import FIRST_DAY
from orchestration.runs import Window, instance_at, run, windows_between
from resources.platforms.login import PLATFORMS
from resources.settings import Settings

Say = Callable[[str], None]


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
    instance: dg.DagsterInstance | None = None,
) -> int:
    """Read `start` to `end` anew and renew core for these days; returns the number of runs."""
    if instance is None:
        with instance_at(dagster_home(settings)) as own:
            return backfill_days(
                settings,
                start=start,
                end=end,
                say=say,
                platforms=platforms,
                window_days=window_days,
                instance=own,
            )
    began = perf_counter()
    run(instance, FX | _only(SNAPSHOTS, platforms) | ENTITIES)
    windows = windows_between(start, end, days=window_days)
    for number, window in enumerate(windows, 1):
        done = run(instance, _only(RAW_DAYS, platforms) | CORE_DAYS, window=window)
        say(f"[{number}/{len(windows)}] {window}: {window.days} days in {done.seconds:.1f} s")
    runs = len(windows) + 1
    say(f"{(end - start).days + 1} days in {runs} runs, {perf_counter() - began:.1f} s.")
    return runs


def refresh_day(
    settings: Settings, *, day: date, say: Say, instance: dg.DagsterInstance | None = None
) -> Path:
    """The daily run for `day`: the trailing window, key figures, entities and the page; returns the page's path."""
    if instance is None:
        with instance_at(dagster_home(settings)) as own:
            return refresh_day(settings, day=day, say=say, instance=own)
    trailing = Window(max(FIRST_DAY, day - timedelta(days=settings.trailing_days - 1)), day)
    done = run(instance, FX | SNAPSHOTS | ENTITIES | RAW_DAYS | CORE_DAYS, window=trailing)
    say(f"{trailing}: {trailing.days} days in {done.seconds:.1f} s")
    page = run(instance, DASHBOARD, window=Window(day, day))
    say(f"Page of {day} in {page.seconds:.1f} s")
    proposed = run(instance, PROPOSING, window=Window(day, day))
    say(f"Proposals in {proposed.seconds:.1f} s")
    return Path(settings.reports_dir) / f"daily_dashboard_{day}.html"


def _only(selection: dg.AssetSelection, platforms: Iterable[str]) -> dg.AssetSelection:
    """The part of `selection` that these platforms own."""
    if set(platforms) == set(PLATFORMS):
        return selection
    prefixes = tuple(f"{platform}_" for platform in platforms)
    keys = selection.resolve(defs().resolve_asset_graph())
    return dg.AssetSelection.assets(*(key for key in keys if key.path[-1].startswith(prefixes)))
