"""A backfill: few runs, the same lake whatever happened on the way, and one clear sentence when it fails."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from orchestration.cli.in_process_runs import Window, windows_between
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.tables import core, google_ads, linkedin_ads, meta_ads
from sandbox.serve import Sandbox
from tests.conftest import MORNING

ROOT = Path(__file__).parents[2]
LAST = MORNING.date() - timedelta(days=1)
DAYS = 12
TABLES = [
    *core.DAYS.values(),
    core.KPI_DAY,
    *google_ads.DAYS.values(),
    *meta_ads.DAYS.values(),
    *linkedin_ads.DAYS.values(),
]


def command(*words: str, var: Path, lake: Path, **more: str) -> subprocess.Popen:
    environment = {
        **os.environ,
        "PAID_MEDIA_VAR": str(var),
        "PAID_MEDIA_PROFILE": "sandbox",
        "PAID_MEDIA_LAKE": str(lake),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", *words],
        cwd=ROOT,
        env=environment | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def backfill(var: Path, lake: Path, *, days: int, window: int) -> subprocess.Popen:
    first = LAST - timedelta(days=days - 1)
    words = ("backfill", "--from", str(first), "--to", str(LAST), "--window", str(window))
    return command(*words, var=var, lake=lake)


def content(lake: Path, table: Table) -> pd.DataFrame:
    """The table without the instants at which it was read, which are the one thing that may differ."""
    # nor what was projected, which rests on what had been learned by then
    learned = [column.name for column in core.MATURITY]
    rows = Lake(lake).read(table).drop(columns=["pulled_at", "read_at", *learned], errors="ignore")
    rows = rows.sort_values(list(table.key))
    return rows.reset_index(drop=True)


@pytest.fixture(scope="module")
def undisturbed(sandbox_session: Sandbox, var: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("undisturbed")
    run = backfill(var, lake, days=DAYS, window=6)
    printed, _ = run.communicate(timeout=400)
    assert run.returncode == 0, printed
    assert f"{DAYS} days in 13 runs" in printed
    return lake


def test_a_backfill_fills_every_day_of_every_platform(undisturbed: Path) -> None:
    kpi = content(undisturbed, core.KPI_DAY)
    days = pd.date_range(LAST - timedelta(days=DAYS - 1), LAST)
    for platform in ("google_ads", "meta_ads", "linkedin_ads", "all"):
        assert kpi.loc[kpi["platform"] == platform, "day"].tolist() == days.tolist()


def test_stopped_or_killed_anywhere_and_started_again_it_ends_in_the_same_lake(
    undisturbed: Path, var: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    lake, dice = tmp_path / "lake", random.Random(17)
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
        run = backfill(var, lake, days=DAYS, window=6)
        commits, deadline = _commits(lake) + dice.randint(1, 12), time.monotonic() + 300
        while run.poll() is None and _commits(lake) < commits and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(dice.random())  # wherever that is: within a write, a request or between two runs
        is_going_on, sent = run.poll() is None, time.monotonic()
        if is_going_on:
            run.send_signal(number)
        printed, _ = run.communicate(timeout=400)
        if is_going_on and number != signal.SIGKILL:
            assert time.monotonic() - sent < 10
            assert run.returncode == 128 + number, printed
            assert "Start the same command again" in printed
    run = backfill(var, lake, days=DAYS, window=6)
    printed, _ = run.communicate(timeout=400)
    assert run.returncode == 0, printed
    for table in TABLES:
        pd.testing.assert_frame_equal(content(lake, table), content(undisturbed, table))


def _commits(lake: Path) -> int:
    """How many commits the tables of the lake have together."""
    return len(list(lake.glob("*/*/_delta_log/*.json")))


def test_windows_of_any_size_give_the_same_lake(
    undisturbed: Path, var: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    run = backfill(var, tmp_path, days=DAYS, window=31)
    printed, _ = run.communicate(timeout=400)
    assert f"{DAYS} days in 9 runs" in printed
    for table in TABLES:
        pd.testing.assert_frame_equal(content(tmp_path, table), content(undisturbed, table))


@pytest.mark.parametrize(("days", "size", "windows"), [(1, 31, 1), (31, 31, 1), (32, 31, 2), (730, 31, 24)])
def test_windows_cover_every_day_once(days: int, size: int, windows: int) -> None:
    first = date(2024, 2, 1)
    cut = windows_between(first, first + timedelta(days=days - 1), days=size)
    assert len(cut) == windows
    assert sum(window.days for window in cut) == days
    assert all(a.end + timedelta(days=1) == b.start for a, b in pairwise(cut))
    assert str(Window(first, first)) == "2024-02-01"
