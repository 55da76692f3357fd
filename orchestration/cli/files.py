"""`python -m orchestration.cli files`: what dropped exports are, before anything of them is loaded."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table as Grid

from assets.raw.dropped_files.folder import DroppedFolder, read_folder
from assets.raw.dropped_files.outcomes import Outcome
from resources.drop_folder import DroppedFiles


@click.group()
def files() -> None:
    """Dropped exports: what they are, and what of them would be used."""


@files.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path) -> None:
    """Say what every file of FOLDER is, and what would be added, superseded, set aside and refused.

    Loads nothing.
    """
    read = preview(DroppedFiles(folder), say=click.echo)
    if any(outcome.status == "refused" for outcome in read.outcomes):
        sys.exit(1)


def preview(dropped: DroppedFiles, *, say: Callable[[str], None]) -> DroppedFolder:
    """Read a folder and print what became of each file, as a table and a sentence each."""
    read = read_folder(dropped.files(), pulled_at=datetime.now(UTC), progress=say, cache=dropped.cache())
    if not read.outcomes:
        say(f"{dropped.folder} holds no export: put CSV or XLSX files into it.")
        return read
    grid = Grid()
    for name in (
        "file",
        "status",
        "platform",
        "level",
        "currency",
        "added",
        "superseded",
        "totals",
        "set aside",
    ):
        grid.add_column(
            name, justify="left" if name in {"file", "status", "platform", "level", "currency"} else "right"
        )
    for outcome in read.outcomes:
        grid.add_row(*_cells(outcome))
    console = Console(width=140)
    with console.capture() as capture:
        console.print(grid)
    say(capture.get().rstrip())
    for outcome in read.outcomes:
        say(f"{outcome.file}: {outcome.message}")
    return read


def _cells(outcome: Outcome) -> list[str]:
    level = outcome.level.replace("_", " ")
    return [
        outcome.file,
        outcome.status,
        outcome.platform,
        f"{level}, divided by {outcome.kept_apart}" if outcome.kept_apart else level,
        outcome.currency if outcome.currency != "000" else "",
        f"{outcome.rows:,}",
        f"{outcome.superseded:,}",
        f"{outcome.totals:,}",
        f"{outcome.rejected:,}",
    ]
