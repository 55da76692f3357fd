"""Two years of history as one command, beside one run a day.

Everything runs the same assets against the same sandbox, each into a lake of its own, and the sandbox shares
the two cores. One run a day is measured twice on 30 days and scaled: `run_per_day` starts each run as Dagster
does, as `dagster asset materialize` with one partition in a process of its own; `run_per_day_warm` makes them
all in the one process of our own command, which no Dagster deployment does.
"""

import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ground import Timed, even_world, ground, timed, timed_words
from orchestration.cli.in_process_runs import dagster_environment
from orchestration.definitions import defs
from orchestration.jobs import CORE_DAYS, RAW_DAYS

DAYS, AD_SETS, SAMPLE_DAYS = 730, 1_000, 30


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds, runs and peak memory for `size` days (two years) of `world` (1,000 ad sets on each platform)."""
    days, last = size or DAYS, datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    sample = [last - timedelta(days=ago) for ago in reversed(range(min(SAMPLE_DAYS, days)))]
    with TemporaryDirectory() as folder:
        where = world or even_world(Path(folder), seed=seed, ad_sets=AD_SETS)
        with ground(where, seed=seed) as var:
            whole = timed("backfill", "--from", str(first), "--to", str(last), var=var)
            say(whole.printed.strip().splitlines()[-1])
        with ground(where, seed=seed) as var:
            span = ("--from", str(sample[0]), "--to", str(last))
            warm = timed("backfill", *span, "--window", "1", var=var)
            say(f"warm: {warm.printed.strip().splitlines()[-1]}")
        with ground(where, seed=seed) as var:
            timed("backfill", "--from", str(last), "--to", str(last), var=var)  # exchange rates and entities
            launched = [_launched(day, var) for day in sample]
            seconds = sum(run.seconds for run in launched)
            say(f"launched: {len(launched)} days in {len(launched)} runs, {seconds:.1f} s.")
    figures = {
        "seconds": whole.seconds,
        "cpu_s": whole.cpu_s,
        "runs": _runs(whole.printed),
        "peak_mb": whole.peak_mb,
        "days": days,
    }
    peers = {
        "run_per_day": _scaled(seconds, max(run.peak_mb for run in launched), len(sample), days),
        "run_per_day_warm": _scaled(warm.seconds, warm.peak_mb, len(sample), days),
    }
    ratios = {f"vs_{name}": peer["seconds"] / whole.seconds for name, peer in peers.items()}
    return {"figures": figures, "peers": peers, "ratios": ratios}


def _launched(day: date, var: Path) -> Timed:
    keys = (RAW_DAYS | CORE_DAYS).resolve(defs().resolve_asset_graph())
    select = " or ".join(f'key:"{key.to_user_string()}"' for key in sorted(keys))
    words = ["asset", "materialize", "-m", "orchestration.definitions", "--select", select, "--partition"]
    home = dagster_environment(var / "sandbox" / "dagster")
    return timed_words([sys.executable, "-m", "dagster", *words, str(day)], var=var, **home)


def _scaled(seconds: float, peak_mb: float, measured: int, days: int) -> dict[str, float]:
    return {
        "seconds": seconds / measured * days,
        "runs": days,
        "peak_mb": peak_mb,
        "measured_seconds": seconds,
        "measured_days": measured,
    }


def _runs(printed: str) -> int:
    found = re.search(r"days in (\d+) runs", printed)
    return int(found[1]) if found else 0
