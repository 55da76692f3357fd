"""A year of daily runs: how the lake grows, and whether a run stays as quick and as small as it was.

`size` simulated mornings (365) with the usual and the long windows, all tables, tidied once a week as the
schedule would do every night. Per 30 days: size of the lake, versions added a day, seconds and memory of a
run. The peer keeps every reading whole, which is what appending each pull costs: its rows are counted, not
written.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil

from benchmarks.days import days_of, tidied
from sandbox.world import load_world

DAYS = 365


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Megabytes, versions, seconds and memory, by months and as ratios of the last to the second."""
    count, lines = size or DAYS, []
    with days_of(load_world(world or "kind", seed=seed)) as days:
        process = psutil.Process(os.getpid())
        for number in range(count):
            began, day = perf_counter(), days.first + timedelta(days=number)
            pulls = days.run(day)
            seconds = perf_counter() - began
            written = [one for pull in pulls for one in pull.written.values()]
            tidy = perf_counter()
            _age(Path(days.lake.root))
            if day.weekday() == 6:
                tidied(days.lake)
            lines.append(
                {
                    "seconds": seconds,
                    "tidy": perf_counter() - tidy,
                    "read": sum(w.rows for w in written),
                    "news": sum(w.news for w in written),
                    "mb": _mb(Path(days.lake.root)),
                    "log_mb": _mb(Path(days.lake.root), "*/*/_delta_log/*"),
                    "memory_mb": process.memory_info().rss / 2**20,
                    "kept_out": sum(p.verdict != "accepted" for p in pulls),
                }
            )
            if number % 30 == 29 or number == count - 1:
                month = lines[-30:]
                say(
                    f"day {number + 1:>3}: {lines[-1]['mb']:.1f} MB, of it {lines[-1]['log_mb']:.1f} logs,"
                    f" {median(m['seconds'] for m in month):.2f} s a run,"
                    f" {sum(m['news'] for m in month) / len(month):,.0f} of"
                    f" {sum(m['read'] for m in month) / len(month):,.0f} rows new a day,"
                    f" {lines[-1]['memory_mb']:.0f} MB memory"
                )
    second, last = lines[30:60] or lines, lines[-30:]
    figures = {
        "days": count,
        "mb": lines[-1]["mb"],
        "log_mb": lines[-1]["log_mb"],
        "mb_grown_last_month": _grown(lines[-30:]),
        "rows_read": sum(m["read"] for m in lines),
        "rows_kept": sum(m["news"] for m in lines),
        "seconds_a_run": median(m["seconds"] for m in last),
        "memory_mb": max(m["memory_mb"] for m in last),
        "kept_out": sum(m["kept_out"] for m in lines),
    }
    ratios = {
        "last_to_second_month_seconds": (
            median(m["seconds"] for m in last) / median(m["seconds"] for m in second)
        ),
        "last_to_second_month_memory": (
            median(m["memory_mb"] for m in last) / median(m["memory_mb"] for m in second)
        ),
        "last_to_second_month_growth": _grown(lines[-30:]) / _grown(lines[30:60]) if count > 60 else None,
        "last_to_second_month_news": sum(m["news"] for m in last) / sum(m["news"] for m in second),
        "every_pull_kept_to_ours_rows": figures["rows_read"] / figures["rows_kept"],
    }
    return {
        "figures": figures,
        "peers": {"every_pull_kept": {"rows_kept": figures["rows_read"]}},
        "ratios": ratios,
    }


def _age(folder: Path) -> None:
    """Make the tables' logs a day older, as they are by the simulated clock: what is old enough is dropped by
    its file's time.
    """
    for path in folder.glob("*/*/_delta_log/*"):
        at = path.stat().st_mtime - 86_400
        os.utime(path, (at, at))


def _grown(lines: list[dict[str, Any]]) -> float:
    """Megabytes that the lake grew by over these days."""
    return float(lines[-1]["mb"] - lines[0]["mb"])


def _mb(folder: Path, pattern: str = "**/*") -> float:
    return sum(path.stat().st_size for path in folder.glob(pattern) if path.is_file()) / 2**20
