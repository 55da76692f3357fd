"""Processes that carry a proposal out and are killed on the way, or run beside each other.

`python -m benchmarks.gate_faults.dying FOLDER` has everything imported and starts nothing. For each line it
is given, an order, it forks a process per task and answers with how each of them ended: so a death costs no
start of Python. It is no child of the sandbox's process, because a process with a gRPC server cannot be
forked.
"""

import http.client
import json
import mmap
import os
import resource
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import facebook_business.session  # noqa: F401 — as much as can be is imported before anything is forked
import google.ads.googleads.client  # noqa: F401
import psycopg2  # type: ignore[import-untyped]  # noqa: F401
from sqlalchemy import event

from benchmarks.gate_faults.action_path import ActionPath, LedgerAddress
from benchmarks.gate_faults.rig import platforms_of
from resources.config.settings import PROJECT

NEVER = 10**9


@dataclass(frozen=True)
class Task:
    """What one process does.

    Args:
        verdict: approve or reject, decided first; None where it was decided before.
        carries_out: Whether it goes on to the write and its read-back.
        killed_at: The point at which it dies: each statement, commit and answer of a platform is one.
        file_bytes: As large as a file of it may grow, as on a disk that is nearly full.
    """

    verdict: str | None = "approve"
    carries_out: bool = True
    killed_at: int = NEVER
    file_bytes: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a process ended (0, 1 for an error, -9 for SIGKILL), and how many points it passed."""

    code: int
    points: int


@dataclass(frozen=True)
class FixedClock:
    """The moment a process lives in: the sandbox's clock belongs to another process."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass
class Mortals:
    """The process that forks others."""

    process: subprocess.Popen[str] = field(repr=False)

    def run(self, address: LedgerAddress, key: str, *, now: datetime, tasks: list[Task]) -> list[Ending]:
        """How each task's process ended; they begin at the same moment."""
        order = {
            "address": address.as_json(),
            "key": key,
            "now": now.isoformat(),
            "tasks": [asdict(task) for task in tasks],
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return [Ending(**ending) for ending in json.loads(self.process.stdout.readline())]


@contextmanager
def mortals(folder: Path) -> Iterator[Mortals]:
    """Processes against the sandbox in a folder, for as long as the block runs."""
    words = [sys.executable, "-m", "benchmarks.gate_faults.dying", str(folder)]
    with subprocess.Popen(
        words, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Mortals(process)
        assert process.stdin is not None
        process.stdin.close()


class Points:
    """Counts points in memory that outlives the process, and kills it at the one it was told."""

    def __init__(self, killed_at: int) -> None:
        self._memory, self._killed_at = mmap.mmap(-1, 8), killed_at

    @property
    def passed(self) -> int:
        return int(struct.unpack("q", self._memory[:8])[0])

    def __call__(self, *_: Any) -> None:
        passed = self.passed
        if passed >= self._killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._memory[:8] = struct.pack("q", passed + 1)


def live(folder: Path, order: dict[str, Any], task: Task, points: Points, barrier: "Barrier") -> None:
    """What a forked process does."""
    platforms = platforms_of(folder, FixedClock(datetime.fromisoformat(order["now"])))
    if task.file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (task.file_bytes, task.file_bytes))
    path = ActionPath(LedgerAddress.from_json(order["address"]), platforms, {})
    event.listen(path.ledger.database.engine, "before_cursor_execute", points)
    event.listen(path.ledger.database.engine, "commit", points)
    receive = http.client.HTTPConnection.getresponse

    def received(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        points()  # the request has left, and its answer is not read yet
        return receive(connection)

    http.client.HTTPConnection.getresponse = received  # type: ignore[method-assign,assignment]
    barrier.wait()
    if task.verdict is not None:
        path.decide(order["key"], task.verdict)
    if task.carries_out:
        path.carry_out(order["key"])


class Barrier:
    """Lets processes go on once all are ready."""

    def __init__(self, count: int) -> None:
        self._memory, self._count = mmap.mmap(-1, max(1, count)), count

    def arrive(self, number: int) -> None:
        self._memory[number] = 1

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while sum(self._memory[: self._count]) < self._count and time.monotonic() < deadline:
            time.sleep(0.001)


def start(
    folder: Path, order: dict[str, Any], task: Task, points: Points, barrier: Barrier, number: int
) -> int:
    child = os.fork()
    if child:
        return child
    signal.alarm(600)  # whatever hangs ends
    code = 1
    try:
        barrier.arrive(number)
        live(folder, order, task, points, barrier)
        code = 0
    except BaseException:  # noqa: BLE001 — told to who waits; nothing of the parent may run on in here
        if task.file_bytes is None and len(order["tasks"]) == 1:  # of two at once, one is refused
            traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        order = json.loads(line)
        tasks = [Task(**task) for task in order["tasks"]]
        points, barrier = [Points(task.killed_at) for task in tasks], Barrier(len(tasks))
        children = [
            start(folder, order, task, points[number], barrier, number) for number, task in enumerate(tasks)
        ]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        endings = [asdict(Ending(code, counter.passed)) for code, counter in zip(codes, points, strict=True)]
        sys.stdout.write(json.dumps(endings) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
