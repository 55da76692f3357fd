"""What all tests share: one running sandbox per session, an empty lake per test, a browser if one is asked
for.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.config.settings import Settings, load_settings
from resources.lake.lake import Lake
from sandbox.clock import Clock
from sandbox.running_world import set_stage
from sandbox.serve import Sandbox, running
from sandbox.world import load_world

pytest_plugins = ["tests.browser", "tests.examples"]

MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""What the sandbox's clock says in every test that does not move it."""
LONGEST = (
    "actions/test_in_dagster", "history/test_faults", "orchestration/test_backfill", "actions/test_execution", "actions/test_on_postgresql",
    "orchestration/test_commands", "actions/test_lives", "history/test_as_of", "reports/test_dashboard_in_browser",
    "reports/test_pages_in_browser",
)  # fmt: skip
"""Modules that take longest, which begin first: with two processes at work, one that began last would be
waited for alone.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, name in enumerate(LONGEST) if f"{name}.py" in item.nodeid), len(LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `var` folder of the session; its sandbox's address is in var/sandbox/sandbox.env."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="session")
def sandbox_session(var: Path) -> Iterator[Sandbox]:
    stage = set_stage(load_world("kind"), Clock(MORNING))
    with running(stage, folder=var / "sandbox") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_session: Sandbox) -> Iterator[Sandbox]:
    """The world `kind` at 23 November 2026, 06:00 UTC; changes, added incidents, faults, clock and audit are
    forgotten after each test.
    """
    yield sandbox_session
    sandbox_session.stage.forget()
    sandbox_session.stage.clock.set(MORNING)


@pytest.fixture
def settings(sandbox: Sandbox, var: Path) -> Settings:
    """Settings of the sandbox profile with every platform configured."""
    return load_settings({"PAID_MEDIA_VAR": str(var), "PAID_MEDIA_PROFILE": "sandbox"})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")
