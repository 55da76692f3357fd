"""Processes killed between and inside the steps, and the drills in which a machine or a person loses parts of
the ledger.
"""

import random
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.gate_faults.cases import Case, propose
from benchmarks.gate_faults.counting import count
from benchmarks.gate_faults.dying import Mortals, Task, mortals
from benchmarks.gate_faults.rig import (
    LedgerMaker,
    Rig,
    SqliteLedgers,
    open_rig,
    postgresql_running,
)
from benchmarks.gate_faults.scenario import look_for_a_day
from resources.ledger.proposal import Proposal
from resources.ledger.states import State
from sandbox.write_faults import AMBIGUOUS

DATABASES = ("sqlite", "postgresql")
DRILLS = 7
"""In one round: two of them on each database, three on SQLite."""
KINDS = ("pause", "budget", "bundle", "batch")
LEAST_FILE, MOST_FILE = 48 * 1024, 640 * 1024
"""Between these sizes a file of the ledger meets the end of the disk somewhere on its way, in bytes."""


@dataclass
class Drill:
    """One rig with both kinds of database and a process that forks others."""

    rig: Rig
    mortals: Mortals
    ledgers: dict[str, LedgerMaker]
    drawn: random.Random
    say: Callable[[str], None]

    def begin(self, database: str) -> tuple[Case, str, list[Proposal]]:
        """A case drawn at random, proposed in a new ledger: the case, the key and its proposals."""
        case = Case(self.drawn.choice(sorted(AMBIGUOUS)), self.drawn.choice(KINDS))
        self.rig.begin(self.ledgers[database])
        return case, *propose(self.rig, case)

    def run(self, key: str, *tasks: Task) -> list[int]:
        """How the processes ended."""
        endings = self.mortals.run(self.rig.path.address, key, now=self.rig.now, tasks=list(tasks))
        return [ending.code for ending in endings]

    def finish(self, key: str) -> str | None:
        """What the next run does a minute later, and the sensor for a day; what held it back."""
        path = self.rig.path
        self.rig.sandbox.stage.clock.advance(timedelta(minutes=1))
        if any(entry.state == State.PROPOSED for entry in path.ledger.proposals.members(key)):
            path.decide(key, "approve")
        held = path.carry_out(key)
        look_for_a_day(self.rig, key)
        return held

    def counted(self, name: str, proposals: list[Proposal], *, approved: bool = True) -> Counter[str]:
        counts, ended = count(self.rig, proposals, approved=approved)
        if sum(counts.values()):
            self.say(f"{name}: {dict(counts)}, {ended}")
        self.rig.end()
        return counts


@contextmanager
def open_drill(*, seed: int, world: str | None, say: Callable[[str], None]) -> Iterator[Drill]:
    """One for as long as the block runs; a process opens only one, because gRPC reads the certificate
    authority of the sandbox once.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        rig = stack.enter_context(open_rig(folder, seed=seed, world=world))
        ledgers: dict[str, LedgerMaker] = {
            "sqlite": SqliteLedgers(folder),
            "postgresql": stack.enter_context(postgresql_running(folder / "postgresql")),
        }
        yield Drill(rig, stack.enter_context(mortals(folder)), ledgers, random.Random(seed), say)


def run_kills(drill: Drill, kills: int) -> Counter[str]:
    """Kill that many processes at random points of carrying a proposal out; another one finishes each.

    A point is a statement or a commit of the ledger's database, or the moment between a request to a platform
    and its answer. A process that ended before its point came is not counted, and drawn anew.
    """
    totals: Counter[str] = Counter()
    most: dict[Case, int] = {}
    while totals["killed"] < kills:
        database = DATABASES[totals["killed"] % len(DATABASES)]
        case, key, proposals = drill.begin(database)
        if case not in most:  # how many points there are on the way
            address, now = drill.rig.path.address, drill.rig.now
            (ending,) = drill.mortals.run(address, key, now=now, tasks=[Task()])
            most[case] = ending.points
            totals += drill.counted(f"undisturbed {case}", proposals)
            continue
        point = drill.drawn.randrange(most[case])
        (code,) = drill.run(key, Task(killed_at=point))
        totals["killed"] += code == -signal.SIGKILL
        drill.finish(key)
        totals += drill.counted(f"{case} on {database}, killed at {point} of {most[case]}", proposals)
        if totals["killed"] % 5 == 0:
            drill.say(f"{totals['killed']} of {kills} processes killed")
    return totals


def run_drills(drill: Drill, rounds: int) -> Counter[str]:
    """Every drill that many times."""
    totals: Counter[str] = Counter()
    for _ in range(rounds):
        for database in DATABASES:
            totals += two_daemons(drill, database)
            totals += two_web_servers(drill, database)
        totals += lost_log(drill)
        totals += full_disk(drill)
        totals += older_backup(drill)
        totals["drills"] += DRILLS
        drill.say(f"{totals['drills']} of {rounds * DRILLS} drills")
    return totals


def two_daemons(drill: Drill, database: str) -> Counter[str]:
    """Two processes carry out the same approved proposal and read it back, at the same moment."""
    _, key, proposals = drill.begin(database)
    drill.rig.path.decide(key, "approve")
    drill.run(key, Task(verdict=None), Task(verdict=None))
    drill.finish(key)
    return drill.counted(f"two daemons on {database}", proposals)


def two_web_servers(drill: Drill, database: str) -> Counter[str]:
    """Two processes take opposite decisions by the same code at the same moment; what was decided first is
    what happens.
    """
    _, key, proposals = drill.begin(database)
    drill.run(key, Task(verdict="approve"), Task(verdict="reject"))
    entries = drill.rig.path.ledger.proposals.members(key)
    is_rejected = all(entry.state == State.REJECTED for entry in entries)
    if not is_rejected:
        drill.finish(key)
    return drill.counted(f"two web servers on {database}", proposals, approved=not is_rejected)


def lost_log(drill: Drill) -> Counter[str]:
    """A process is killed, and SQLite's write-ahead log is gone with everything since the proposal."""
    _, key, proposals = drill.begin("sqlite")
    file = Path(str(drill.rig.path.ledger.database.engine.url.database))
    with sqlite3.connect(file) as other:  # while another process has it open, the log is not folded in
        other.execute("select count(*) from audit").fetchone()
        drill.run(key, Task(killed_at=drill.drawn.randrange(60, 260)))
        shutil.copy(file, file.with_suffix(".without_log"))
    other.close()
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    file.with_suffix(".without_log").replace(file)
    drill.rig.open(drill.rig.path.address)
    drill.finish(key)
    return drill.counted("lost log", proposals)


def full_disk(drill: Drill) -> Counter[str]:
    """The disk is full somewhere on the way, by a limit on the size of files; there is room again later."""
    _, key, proposals = drill.begin("sqlite")
    drill.run(key, Task(file_bytes=drill.drawn.randrange(LEAST_FILE, MOST_FILE)))
    drill.finish(key)
    return drill.counted("full disk", proposals)


def older_backup(drill: Drill) -> Counter[str]:
    """A backup from before the write is restored, after somebody led the change back by hand: the live state
    alone would let it happen again.
    """
    _, key, proposals = drill.begin("sqlite")
    drill.rig.path.decide(key, "approve")
    file = Path(str(drill.rig.path.ledger.database.engine.url.database))
    backup = file.with_suffix(".backup")
    copy_database(file, backup)
    drill.run(key, Task(verdict=None))
    for proposal in proposals:
        for change in proposal.changes:
            drill.rig.path.writer(change.target.platform).send(change.undone())
    copy_database(backup, file)
    platform = proposals[0].changes[0].target.platform
    before = len(drill.rig.writes(platform))
    drill.rig.open(drill.rig.path.address)
    drill.finish(key)
    again = len(drill.rig.writes(platform)) - before
    if again:
        drill.say(f"older backup: written {again} times more")
    drill.rig.end()
    return Counter({"twice": again})


def copy_database(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()
