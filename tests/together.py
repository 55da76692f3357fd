"""Two processes run the tests at once: what they share, and what one of them does for both."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def one_process_at_a_time(folder: Path) -> Iterator[None]:
    """Where several processes run the tests, the others wait here."""
    with (folder / "one.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def shared_by_all(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run of the tests see, or this one's own where it is alone."""
    path = factory.getbasetemp()
    return path.parent if os.environ.get("PYTEST_XDIST_WORKER") else path
