"""Processes that carry out a proposal and are killed at a named point."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from resources.config.settings import PROJECT
from tests.actions.conftest import Office


@dataclass
class Mortals:
    """Starts processes that die where they are told to."""

    parent: subprocess.Popen

    def die(self, point: str, given: dict[str, Any]) -> int:
        """How a process ended that was to die at that point: -9, killed."""
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write(json.dumps([point, given]) + "\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())


@contextmanager
def mortal_processes() -> Iterator[Mortals]:
    """One process that forks another for each death."""
    words = [sys.executable, "-m", "tests.actions.dying"]
    with subprocess.Popen(
        words, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        yield Mortals(parent)


def as_given(office: Office, key: str, platform: str) -> dict[str, Any]:
    """What a process that is killed needs to carry out a proposal."""
    settings = office.services.settings
    return {
        "key": key,
        "platform": platform,
        "now": office.now.isoformat(),
        "lake": office.lake.root,
        "root": str(settings.root),
        "env": {
            "PAID_MEDIA_VAR": str(office.var),
            "PAID_MEDIA_PROFILE": "sandbox",
            "PAID_MEDIA_LEDGER": settings.ledger_url.get_secret_value(),
            "PAID_MEDIA_POLICY": str(settings.policy_file),
            "PAID_MEDIA_APPROVERS_FILE": str(settings.approvers_file),
        },
    }
