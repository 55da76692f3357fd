"""Twenty processes killed at random points of carrying proposals out, on both databases, and each drill once:
the sandbox's audit and the platforms' state say that nothing was unapproved, doubled or wrongly called failed.
"""

import json
import subprocess
import sys

from resources.config.settings import PROJECT

KILLS = 20
DRILLS = 7


def test_killed_processes_and_lost_parts_of_the_ledger_write_nothing_wrong() -> None:
    words = ["gate_faults", "--seed", "5", "--size", "2", "--kills", str(KILLS)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])["figures"]
    wrong = {name: figures[name] for name in ("wrongly_failed", "unapproved", "twice", "unknown_forever")}
    assert set(wrong.values()) == {0}, (wrong, done.stderr[-3000:])
    assert (figures["kills"], figures["drills"]) == (KILLS, DRILLS)
