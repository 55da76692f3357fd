"""A command of two runs, for the test that sends it signals: each run's step lasts a minute.

Argument: DAGSTER_HOME.
"""

import subprocess
import sys
import time
from pathlib import Path

import click
import dagster as dg

from orchestration.cli import in_process_runs
from orchestration.cli.interruption import ends_on_signal, on_interruption


@dg.asset
def first() -> None:
    click.echo("STARTED first")
    time.sleep(60)


@dg.asset
def second() -> None:
    click.echo("STARTED second")


@ends_on_signal("Start it again: it goes on.")
def command(home: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    click.echo(f"CHILD {child.pid}")
    in_process_runs.definitions = lambda: dg.Definitions(assets=[first, second])  # type: ignore[assignment]
    with on_interruption(child.terminate), in_process_runs.instance_at(home) as instance:
        for asset in (first, second):
            in_process_runs.run(instance, dg.AssetSelection.assets(asset.key))


if __name__ == "__main__":
    command(Path(sys.argv[1]))
