"""What the benchmarks stand on: a sandbox of its own, and commands of ours timed as whole processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import yaml

from orchestration.cli.sandbox_process import sandbox_running

ROOT = Path(__file__).resolve().parent.parent
SHAPES: dict[str, tuple[str, dict[str, float]]] = {
    "google_ads": ("10", {"cpm": 38, "ctr": 0.045}),
    "meta_ads": ("20", {"cpm": 9, "ctr": 0.013}),
    "linkedin_ads": ("51", {"cpm": 34, "ctr": 0.0055, "lead_share": 0.7}),
}
"""How accounts of each platform begin their numbers and behave."""


@dataclass(frozen=True)
class Timed:
    """A finished command: wall seconds, CPU seconds, peak resident memory of its process, what it printed."""

    seconds: float
    cpu_s: float
    peak_mb: float
    printed: str


@contextmanager
def ground(world: str, *, seed: int) -> Iterator[Path]:
    """A `var` folder with a sandbox that serves it, both gone afterwards."""
    with TemporaryDirectory(prefix="benchmark-") as folder:
        var = Path(folder)
        with sandbox_running(var / "sandbox", world=world, seed=seed):
            yield var


def timed(*command: str, var: Path) -> Timed:
    """Run `python -m orchestration.cli COMMAND` against the ground's sandbox.

    Raises:
        RuntimeError: The command failed; the message holds the end of what it printed.
    """
    return timed_words([sys.executable, "-m", "orchestration.cli", *command], var=var)


def timed_words(words: list[str], *, var: Path, **more: str) -> Timed:
    """The same for any command; `more` are further environment variables."""
    environment = {**os.environ, "PAID_MEDIA_VAR": str(var), "PAID_MEDIA_PROFILE": "sandbox"} | more
    began = perf_counter()
    child = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(words)} failed: {printed[-2000:]}")
    return Timed(perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed)


def even_world(folder: Path, *, seed: int, ad_sets: int) -> str:
    """A world file with that many ad sets on each platform, in two accounts of two currencies."""
    accounts = [
        {
            "platform": platform,
            "id": f"{prefix}0000000{n}",
            "name": f"Bench {n}",
            "currency": currency,
            "time_zone": "UTC",
            "campaigns": max(1, ad_sets // 40),
            "ad_sets_per_campaign": 20,
            "behaviour": behaviour,
        }
        for platform, (prefix, behaviour) in SHAPES.items()
        for n, currency in ((1, "EUR"), (2, "USD"))
    ]
    world = {"name": "even", "seed": seed, "begins": "2023-01-01", "accounts": accounts}
    path = folder / "even.yaml"
    path.write_text(yaml.safe_dump(world), encoding="utf-8")
    return str(path)
