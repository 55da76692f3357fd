"""Two years of history as one command, beside one run a day.

Both run the same assets in one process against the same sandbox, each into a lake of its own; one run a day is measured on
30 days and scaled. The sandbox shares the two cores, so its work is in both times.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ground import even_world, ground, timed

DAYS, AD_SETS, SAMPLE_DAYS = 730, 1_000, 30


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Seconds, runs and peak memory for `size` days (two years) of `world` (1,000 ad sets on each platform)."""
    days = size or DAYS
    last = datetime.now(UTC).date() - timedelta(days=1)
    with TemporaryDirectory() as folder:
        where = world or even_world(Path(folder), seed=seed, ad_sets=AD_SETS)
        with ground(where, seed=seed) as var:
            first = last - timedelta(days=days - 1)
            whole = timed("backfill", "--from", str(first), "--to", str(last), var=var)
            say(whole.printed.strip().splitlines()[-1])
        with ground(where, seed=seed) as var:
            first = last - timedelta(days=SAMPLE_DAYS - 1)
            daily = timed("backfill", "--from", str(first), "--to", str(last), "--window", "1", var=var)
            say(daily.printed.strip().splitlines()[-1])
    scaled = daily.seconds / SAMPLE_DAYS * days
    figures = {
        "seconds": whole.seconds,
        "cpu_s": whole.cpu_s,
        "runs": _runs(whole.printed),
        "peak_mb": whole.peak_mb,
        "days": days,
    }
    peer = {
        "seconds": scaled,
        "runs": days + 1,
        "peak_mb": daily.peak_mb,
        "measured_seconds": daily.seconds,
        "measured_days": SAMPLE_DAYS,
    }
    return {
        "figures": figures,
        "peers": {"run_per_day": peer},
        "ratios": {"vs_run_per_day": scaled / whole.seconds},
    }


def _runs(printed: str) -> int:
    found = re.search(r"days in (\d+) runs", printed)
    return int(found[1]) if found else 0
