"""The gate under every answer a platform can give: what was written, how often, and what the ledger says of
it a day later.

Each case carries one proposal (or a batch) from its approval to its receipt while one write gets one answer
at one moment: before the change, after it, or while the change lands 1 second, 1 minute or 10 minutes later,
by a simulated clock. Then the sensor's looks go on for 24 simulated hours. What is counted is counted from
the sandbox's audit of requests and from the entities as the platform then has them:

- `wrongly_failed`: the ledger says, or said, that it failed, and the change is there;
- `unapproved`: an entity differs from its before-image without an approval, or otherwise than approved;
- `twice`: more write requests than the changes and their way back;
- `unknown_forever`: no outcome after 24 hours.

`--kills K` kills K processes by SIGKILL between and inside the steps, on SQLite and PostgreSQL in turn, and
runs the drills besides: two daemons, two web servers, a lost write-ahead log, a full disk, an older backup.
"""

import logging
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.gate_faults.cases import Case, all_cases
from benchmarks.gate_faults.counting import FIGURES
from benchmarks.gate_faults.kills import open_drill, run_drills, run_kills
from benchmarks.gate_faults.rig import SqliteLedgers, open_rig
from benchmarks.gate_faults.scenario import run_case

SAMPLE = 240
SHARE = 270
"""Cases that one process runs on one sandbox before it takes the next ones."""
KILLS_A_DRILL = 50
"""One round of each drill for so many kills."""

CaseResult = tuple[Case, Counter[str], str]
"""A case, what was counted in it, and the states it ended in."""


def measure(
    *, seed: int, world: str | None, size: int | None, say: Callable[[str], None], kills: int = 0
) -> dict[str, Any]:
    """Every answer and moment in `size` cases (240 unless given; 0 is all of them), then `kills` killed
    processes and the drills.
    """
    _quiet()
    cases = list(all_cases())
    chosen = cases if size == 0 else random.Random(seed).sample(cases, min(size or SAMPLE, len(cases)))
    totals, states = run_cases(chosen, seed=seed, world=world, say=say)
    if kills:
        with open_drill(seed=seed, world=world, say=say) as drill:
            totals += run_kills(drill, kills)
            totals += run_drills(drill, max(1, kills // KILLS_A_DRILL))
    say(
        f"{len(chosen)} of {len(cases)} cases ended {dict(states)}; "
        f"{totals['killed']} processes killed, {totals['drills']} drills"
    )
    figures = {name: totals[name] for name in FIGURES}
    figures |= {"cases": len(chosen), "kills": totals["killed"], "drills": totals["drills"]}
    return {"figures": figures, "peers": {}, "ratios": {}}


def run_cases(
    cases: list[Case], *, seed: int, world: str | None, say: Callable[[str], None]
) -> tuple[Counter[str], Counter[str]]:
    """What was counted in all of them, and how many ended in which states."""
    totals: Counter[str] = Counter()
    states: Counter[str] = Counter()
    shares = [cases[first : first + SHARE] for first in range(0, len(cases), SHARE)]
    ready = 0
    # spawned, because a process with a gRPC server cannot be forked
    workers = min(len(shares) or 1, os.cpu_count() or 1)
    # and each with one sandbox, because gRPC reads the certificate authority once a process
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, max_tasks_per_child=1) as pool:
        futures = [pool.submit(run_share, share, seed, world) for share in shares]
        for future in as_completed(futures):
            results = future.result()
            ready += len(results)
            for case, counts, ended in results:
                totals += counts
                states[ended] += 1
                if sum(counts.values()):
                    say(f"{case}: {dict(counts)}, {ended}")
            say(f"{ready} of {len(cases)} cases")
    return totals, states


def run_share(cases: list[Case], seed: int, world: str | None) -> list[CaseResult]:
    """Some cases on one sandbox, in a process of their own."""
    _quiet()
    with TemporaryDirectory() as folder, open_rig(Path(folder), seed=seed, world=world) as rig:
        ledgers = SqliteLedgers(Path(folder))
        return [(case, *run_case(rig, ledgers, case)) for case in cases]


def _quiet() -> None:
    logging.getLogger("google.ads.googleads.client").setLevel(logging.CRITICAL)  # it tells of every fault
