"""Dropped files: a large export through the reader, beside pandas.read_csv and DuckDB's read_csv, which
understand nothing of it.

An export of ads by day is written with `--size` megabytes (100 unless said): names, ids, days, counts and
amounts with thousands separators, totals at the end. Each way reads it in a process of its own, so that its
peak memory is its own.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

MEGABYTES = 100
HEADER = (
    "Day,Account ID,Account name,Campaign name,Campaign ID,Ad set name,Ad set ID,Ad name,Ad"
    " ID,Currency,Impressions,Clicks (all),Amount spent,Purchases,Purchases conversion value\n"
)
ADS_PER_DAY = 900
WAYS = ("project", "pandas", "duckdb")


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Figures of the reader, and of the two that read text alone."""
    del world
    megabytes = size or MEGABYTES
    with TemporaryDirectory(prefix="files-") as folder:
        path = Path(folder) / "export.csv"
        lines = write_export(path, megabytes=megabytes, seed=seed)
        say(f"An export of {megabytes} MB with {lines:,} lines.")
        measured = {way: _measured(way, path) for way in WAYS}
    figures = measured["project"] | {"lines": lines, "megabytes": megabytes}
    peers = {"pandas.read_csv": measured["pandas"], "duckdb.read_csv": measured["duckdb"]}
    ratios = {
        f"cpu_vs_{name.partition('.')[0]}": figures["cpu_s"] / max(peer["cpu_s"], 1e-9)
        for name, peer in peers.items()
    }
    return {"figures": figures, "peers": peers, "ratios": ratios}


def write_export(path: Path, *, megabytes: float, seed: int) -> int:
    """Write an export of about that size; the number of its lines."""
    rng = np.random.default_rng(seed)
    written, lines, day = 0, 0, date(2024, 1, 1)
    with path.open("w", encoding="utf-8") as file:
        written += file.write(HEADER)
        while written < megabytes * 1e6:
            clicks = rng.poisson(40, ADS_PER_DAY)
            spend = rng.gamma(2.0, 700.0, ADS_PER_DAY)
            for ad in range(ADS_PER_DAY):
                campaign, ad_set = ad // 30, ad // 6
                written += file.write(
                    f"{day},{1000000000 + campaign % 3},Client {campaign % 3},Campaign {campaign:03d}"
                    " prospecting,"
                    f'{120210000000101 + campaign},"Ad set {ad_set}, broad",{120210000010101 + ad_set},'
                    f"Video {ad:04d} autumn,{120210000100101 + ad},EUR,{clicks[ad] * 37},{clicks[ad]},"
                    f'"{spend[ad]:,.2f}",{clicks[ad] // 11},{clicks[ad] * 3.5:.2f}\n'
                )
            lines, day = lines + ADS_PER_DAY, day + timedelta(days=1)
        file.write(",,,,,,,,,EUR,1,1,1.00,1,1.00\n")
    return lines


def _measured(way: str, path: Path) -> dict[str, float]:
    """One way in a process of its own."""
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.files", way, str(path)], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures


def _read(way: str, path: Path) -> int:
    if way == "pandas":
        import pandas as pd

        return len(pd.read_csv(path, dtype=str))
    if way == "duckdb":
        import duckdb

        # Every column as text, as the peer reads it: counting lines alone would read none of them.
        return len(duckdb.sql(f"select * from read_csv('{path}', all_varchar = true)").to_arrow_table())
    from datetime import UTC, datetime

    from assets.raw.dropped_files.folder import read_folder
    from resources.drop_folder import DroppedFiles

    folder = read_folder(DroppedFiles(path.parent).files(), pulled_at=datetime.now(UTC))
    return sum(outcome.rows for outcome in folder.outcomes)


def main(way: str, path: str) -> None:
    """Read the file in that way and print what it cost."""
    began, cpu = time.perf_counter(), time.process_time()
    rows = _read(way, Path(path))
    figures = {
        "cpu_s": time.process_time() - cpu,
        "seconds": time.perf_counter() - began,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "rows": rows,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
