"""From the wire to the lake: ours beside the platforms' own examples and beside the wire alone, for one
account per platform.

A tape in a process of its own replays recorded bytes, so no server is measured; each way runs in a fresh
process, first to be recorded and then, five times, to be measured. The median counts. Our memory is measured
on a quarter of the days as well.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import requests
import yaml
from dotenv import dotenv_values

from benchmarks.ground import ROOT, SHAPES, ground

ROWS, AD_SETS, TIMES = 200_000, 1_000, 5


def measure(*, seed: int, world: str | None, size: int | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Rows per second and peak memory for about `size` ad-set days (200,000) per platform; `world` replaces
    the default one.
    """
    last = datetime.now(UTC).date() - timedelta(days=1)
    days = max(8, (size or ROWS) // AD_SETS)
    figures: dict[str, float] = {}
    peers: dict[str, dict[str, float]] = {"plain": {}, "wire": {}}
    ratios: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        where = world or _world(Path(folder), seed=seed)
        with ground(where, seed=seed) as var, _tape(var, Path(folder)) as tape:
            for platform in SHAPES:
                found = tape.all_ways(platform, last - timedelta(days=days - 1), last)
                ours, plain, wire = (found[way] for way in ("ours", "plain", "wire"))
                name = platform.removesuffix("_ads")
                rows = ours["counted"]
                for told, into in ((ours, figures), (plain, peers["plain"]), (wire, peers["wire"])):
                    into |= {
                        f"{name}_rows_per_s": rows / told["seconds"],
                        f"{name}_cpu_s": told["cpu_s"],
                        f"{name}_peak_mb": told["peak_mb"],
                    }
                figures |= {f"{name}_rows": rows, f"{name}_peak_mb_quarter": found["quarter"]["peak_mb"]}
                ratios |= {
                    f"{name}_vs_plain": plain["seconds"] / ours["seconds"],
                    f"{name}_cpu_vs_plain": plain["cpu_s"] / ours["cpu_s"],
                    f"{name}_vs_wire": wire["seconds"] / ours["seconds"],
                    f"{name}_times_the_wire": ours["seconds"] / wire["seconds"],
                    f"{name}_peak_whole_vs_quarter": ours["peak_mb"] / found["quarter"]["peak_mb"],
                }
                say(
                    f"{platform}: {rows} rows, {ours['seconds']:.2f} s; plain {plain['seconds']:.2f} s; wire"
                    f" {wire['seconds']:.2f} s"
                )
    return {"figures": figures, "peers": peers, "ratios": ratios}


@dataclass(frozen=True)
class _Tape:
    var: Path
    url: str

    def all_ways(self, platform: str, start: date, end: date) -> dict[str, dict[str, float]]:
        questions = self.var / f"{platform}.json"
        questions.write_text("[]", encoding="utf-8")
        self._run(platform, "ours", start, end, 1, questions)
        heard = requests.get(f"{self.url}/heard", timeout=10).json()
        asked = [one for one in heard if "oauth" not in one["path"]]
        questions.write_text(json.dumps(asked), encoding="utf-8")
        found = {"ours": self._run(platform, "ours", start, end, TIMES, questions)}
        for way in ("plain", "wire"):
            self._run(platform, way, start, end, 1, questions)
            found[way] = self._run(platform, way, start, end, TIMES, questions)
        quarter = end - (end - start) / 4
        self._run(platform, "ours", quarter, end, 1, questions)
        found["quarter"] = self._run(platform, "ours", quarter, end, TIMES, questions)
        requests.get(f"{self.url}/heard", timeout=10)
        return found

    def _run(
        self, platform: str, way: str, start: date, end: date, times: int, questions: Path
    ) -> dict[str, float]:
        child = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.ways",
                platform,
                way,
                str(start),
                str(end),
                str(times),
                str(questions),
            ],
            cwd=ROOT,
            env={**os.environ, "PAID_MEDIA_VAR": str(self.var), "PAID_MEDIA_PROFILE": "sandbox"},
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode:
            raise RuntimeError(f"{platform} {way} failed: {child.stderr[-2000:]}")
        return json.loads(child.stdout.splitlines()[-1])


@contextmanager
def _tape(var: Path, folder: Path) -> Iterator[_Tape]:
    """A tape before the sandbox of `var`, with a `var` of its own that leads to it."""
    own = folder / "taped"
    address = own / "sandbox" / "sandbox.env"
    address.parent.mkdir(parents=True)
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.tape", str(var / "sandbox"), str(address)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )
    try:
        while not address.exists():
            if child.poll() is not None:
                raise RuntimeError("the tape did not start")
            sleep(0.05)
        url = (dotenv_values(address)["META_GRAPH_URL"] or "").removesuffix("/graph")
        yield _Tape(own, url)
    finally:
        child.communicate()


def _world(folder: Path, *, seed: int) -> str:
    """One account per platform with 1,000 ad sets, all of which deliver."""
    accounts = [
        {
            "platform": platform,
            "id": f"{prefix}00000001",
            "name": "Bench",
            "currency": "EUR",
            "time_zone": "UTC",
            "campaigns": AD_SETS // 20,
            "ad_sets_per_campaign": 20,
            "ads_per_ad_set": 1,
            "behaviour": behaviour | {"paused_share": 0.0},
        }
        for platform, (prefix, behaviour) in SHAPES.items()
    ]
    path = folder / "ingest.yaml"
    world = {"name": "ingest", "seed": seed, "begins": "2023-01-01", "accounts": accounts}
    path.write_text(yaml.safe_dump(world), encoding="utf-8")
    return str(path)
