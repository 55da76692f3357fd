"""The sandbox as a child process of `make demo` and `make dev`, ended together with them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import requests
from dotenv import dotenv_values

from orchestration.cli.interruption import on_interruption

PATIENCE_SECONDS = 60


class SandboxSilent(Exception):
    """The sandbox did not come up; the message has its last words."""


@contextmanager
def sandbox_running(folder: Path, *, world: str, seed: int | None = None) -> Iterator[None]:
    """A sandbox that answers: the one that already serves `folder`, or one of our own until the block ends."""
    if _answers(folder):
        yield
        return
    (folder / "sandbox.env").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    options = [
        "--world",
        world,
        "--folder",
        str(folder),
        "--port",
        "0",
        "--grpc-port",
        "0",
        "--smtp-port",
        "0",
    ]
    options += ["--seed", str(seed)] if seed is not None else []
    log = folder / "sandbox.log"
    with log.open("w") as words:
        child = subprocess.Popen(  # noqa: S603 — our own program
            [sys.executable, "-m", "sandbox", "serve", *options],
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
        try:
            with on_interruption(partial(_stop, child, seconds=3)):
                _wait(child, folder, log)
                yield
        finally:
            _stop(child, seconds=20)


def _stop(child: subprocess.Popen[bytes], *, seconds: float) -> None:
    if child.poll() is None:
        os.kill(child.pid, signal.SIGTERM)
        child.wait(timeout=seconds)


def let_happen(folder: Path, *incidents: dict[str, Any]) -> None:
    """Have these incidents happen in the sandbox that serves `folder`; docs/sandbox.md lists the kinds.

    Raises:
        SandboxSilent: It refused them; the message says why.
    """
    url = dotenv_values(folder / "sandbox.env").get("SANDBOX_CONTROL_URL")
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{url}/incidents", json=list(incidents), timeout=10)
    if not answer.ok:
        raise SandboxSilent(f"The sandbox let nothing happen: {answer.text}")


def _wait(child: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    deadline = monotonic() + PATIENCE_SECONDS
    while not _answers(folder):
        if child.poll() is not None or monotonic() > deadline:
            log_lines = log.read_text(encoding="utf-8").strip().splitlines()
            raise SandboxSilent(
                f"The sandbox did not start: {log_lines[-1] if log_lines else 'it log_lines nothing'}"
            )
        sleep(0.1)


def _answers(folder: Path) -> bool:
    """Whether the sandbox that left its address in `folder` is there."""
    path = folder / "sandbox.env"
    url = dotenv_values(path).get("SANDBOX_CONTROL_URL") if path.is_file() else None
    if not url:
        return False
    with requests.Session() as session:
        session.trust_env = False  # a proxy has no business on loopback
        try:
            return session.get(f"{url}/clock", timeout=2).ok
        except requests.RequestException:
            return False
