"""Every fault of every wire, injected in turn while the platforms are read every morning; what the lake holds
afterwards.

For each fault a lake is read for `size` mornings (10), with the fault armed on four of them at places the
seed chooses. After each morning every account must hold exactly what a lake without faults holds, or what it
held the day before and a reading that is marked refused or failed. Anything else is a third outcome, and
there must be none. Every morning reads from the same first day on, so that a morning that failed leaves no
day unread.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import numpy as np
import pandas as pd

from assets.raw.platforms.assets import DAILY
from benchmarks.days import Days, days_of
from resources.lake.lake import Lake
from resources.platforms.registry import PLATFORMS
from resources.platforms.retries import BackOff
from sandbox.faults import KNOWN, WRITES
from sandbox.world import load_world

MORNINGS, WINDOW = 10, 7
QUICK = BackOff(total_seconds=1.5, unreachable_seconds=1.0, first_pause=0.02, longest_pause=0.1)
"""What would be waited for in life is given up soon, which is the harder case."""
ALSO = {"job_failed": "too_much", "job_stuck": "too_much"}
"""Faults that strike only where another brought the pull there."""
DETAIL: dict[str, dict[str, float]] = {"throttled": {"seconds": 0.1, "minutes": 0}, "slow": {"seconds": 0.2}}


@dataclass(frozen=True)
class Outcome:
    """What one fault left: mornings on which an account's slice was equal, marked, or neither."""

    platform: str
    fault: str
    equal: int
    marked: int
    third: int
    said: str
    recovered: bool
    """Whether the lake was equal again at the end."""


def faults() -> list[tuple[str, str]]:
    """Every fault that may strike a reading."""
    return [(platform, kind) for platform, kinds in KNOWN.items() for kind in kinds if kind not in WRITES]


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Outcomes by fault and in total."""
    found = []
    with days_of(load_world(world or "kind", seed=seed)) as days:
        for outcome in campaign(days, seed=seed, mornings=size or MORNINGS):
            found.append(outcome)
            say(json.dumps(vars(outcome)))
    figures = {
        "faults": len(found),
        "equal": sum(one.equal for one in found),
        "marked": sum(one.marked for one in found),
        "third": sum(one.third for one in found),
        "recovered": sum(one.recovered for one in found),
    }
    return {"figures": figures, "peers": {}, "ratios": {}}


def campaign(
    days: Days, *, seed: int, mornings: int = MORNINGS, only: list[tuple[str, str]] | None = None
) -> list[Outcome]:
    """One outcome per fault.

    The first morning and the last are never disturbed: every lake begins as a copy of the first's.
    """
    rng = np.random.default_rng(seed)
    days.platforms = type(days.platforms)(days.platforms.settings, back_off=QUICK, now=days.platforms.now)
    calendar = [days.first + timedelta(days=n) for n in range(mornings)]
    asked = only or faults()
    platforms = tuple(name for name in PLATFORMS if name in {platform for platform, _ in asked})
    begun = Path(days.lake.root).with_name("lake_begun")
    calm = [_run(days, days.lake, calendar[0], platforms=platforms)]
    copytree(days.lake.root, begun)
    calm += [_run(days, days.lake, day, platforms=platforms) for day in calendar[1:]]
    found = []
    for number, (platform, kind) in enumerate(asked):
        lake = Lake(copytree(begun, begun.with_name(f"lake_{number}")))
        found.append(_one(days, lake, calendar, calm, platform, kind, rng))
        rmtree(lake.root)
    return found


def _one(
    days: Days,
    lake: Lake,
    calendar: list[date],
    calm: list[dict[Any, pd.DataFrame]],
    platform: str,
    kind: str,
    rng: np.random.Generator,
) -> Outcome:
    counted, said = Counter[str](), ""
    before = calm[0]
    places = np.arange(1, len(calendar) - 1)  # the last morning shows whether all is well again
    struck = set(rng.choice(places, size=min(4, len(places)), replace=False).tolist())
    for number, day in enumerate(calendar[1:], start=1):
        days.stage.faults.clear()
        if number in struck:
            after = int(rng.integers(0, 4))
            if other := ALSO.get(kind):
                days.stage.faults.arm(platform, other, after=after)
            days.stage.faults.arm(
                platform,
                kind,
                times=int(rng.choice([1, 3, 200])),
                after=after if kind not in ALSO else 0,
                **DETAIL.get(kind, {}),
            )
        now = _run(days, lake, day, platforms=(platform,))
        marks = days.last_marks
        if number in struck:
            for place, rows in calm[number].items():
                if place[0] != platform:
                    continue
                if _same(now.get(place), rows):
                    counted["equal"] += 1
                elif place[:2] in marks and _same(now.get(place), before.get(place)):
                    counted["marked"] += 1
                    said = said or marks[place[:2]]
                else:
                    counted["third"] += 1
        before = now
    days.stage.faults.clear()
    recovered = all(_same(before.get(p), rows) for p, rows in calm[-1].items() if p[0] == platform)
    return Outcome(platform, kind, counted["equal"], counted["marked"], counted["third"], said, recovered)


def _run(days: Days, lake: Lake, day: date, *, platforms: tuple[str, ...]) -> dict[Any, pd.DataFrame]:
    """A morning's pull, and what every account's slice holds afterwards: platform, account, table to rows."""
    days.lake = lake
    days.run(day, first=days.first - timedelta(days=WINDOW), platforms=platforms)
    found = {}
    for platform in platforms:
        for table in DAILY[platform]:
            rows = lake.read(table).drop(columns="pulled_at").sort_values(list(table.key))
            for account, own in rows.groupby("account_id"):
                found[platform, str(account), table.name] = own.reset_index(drop=True)
    return found


def _same(a: pd.DataFrame | None, b: pd.DataFrame | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.equals(b)
