"""Ctrl-C and SIGTERM end a command at once, whatever Dagster is doing, and its run is closed in Dagster's
records.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import dagster as dg
import pytest

from orchestration.cli.backfill import dagster_home
from orchestration.cli.in_process_runs import DAGSTER_YAML, instance_at
from orchestration.cli.interruption import ends_on_signal
from resources.config.settings import Settings
from resources.errors import SettingsWrong

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_its_run_and_its_child(number: signal.Signals, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.orchestration.interrupted_command", str(tmp_path / "home")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline().split()[1])
    assert process.stdout.readline() == "STARTED first\n"
    sent = time.monotonic()
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert time.monotonic() - sent < 10
    assert process.returncode == 128 + number
    assert "STARTED second" not in printed
    assert f"Stopped by {number.name}. Start it again: it goes on." in errors
    with instance_at(tmp_path / "home") as instance:
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.CANCELED]
    deadline = time.monotonic() + 10
    while _is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_alive(child)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


def test_a_command_that_is_not_disturbed_returns_or_raises_as_ever() -> None:
    @ends_on_signal("")
    def adds(left: int, right: int) -> int:
        return left + right

    @ends_on_signal("")
    def fails() -> None:
        raise click.ClickException("no")

    before = signal.getsignal(signal.SIGTERM)
    assert adds(2, right=3) == 5
    with pytest.raises(click.ClickException, match="no"):
        fails()
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_deployment_that_is_there_is_used_and_its_settings_stay(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "their dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    assert dagster_home(settings) == home
    with instance_at(dagster_home(settings)) as instance:
        assert instance.root_directory == str(home)
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"
    assert os.environ["DAGSTER_HOME"] == str(home)


def test_without_a_deployment_the_profile_has_its_own(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    home = dagster_home(settings)
    assert home == settings.root / settings.profile / "dagster"
    with instance_at(tmp_path / "new"):
        assert (tmp_path / "new" / "dagster.yaml").read_text() == DAGSTER_YAML.read_text()
    assert "DAGSTER_HOME" not in os.environ


def test_a_home_that_is_no_folder_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/nowhere/at/all")
    with pytest.raises(SettingsWrong, match="DAGSTER_HOME is /nowhere/at/all, which is no folder"):
        dagster_home(settings)
