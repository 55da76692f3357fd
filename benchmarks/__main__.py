"""`python -m benchmarks NAME`: runs one benchmark and prints, last, one JSON object on one line.

The object is {"name", "seed", "figures", "peers", "ratios"}: our figures, the same of the peers measured in
the same run, and what follows from both. A benchmark measures and never asserts.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

NAMES = (
    "ingest",
    "backfill",
    "daily",
    "gate",
    "gate_faults",
    "lag",
    "history",
    "reliability",
    "underperformers",
    "anomalies",
    "pacing",
    "attribution",
    "crm",
    "files",
    "page",
    "value",
    "segments",
    "segments_scale",
)
WITH_DATA = ("anomalies", "pacing", "value", "segments", "underperformers")
WITH_SEEDS = ("underperformers",)
SHARED = Path("..", "shared", "data")
"""Where pacing and value look for real data when neither data nor a world is given."""


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option("--seed", default=1, show_default=True, help="Seed of the world that is measured on.")
@click.option("--world", help="A shipped world or a YAML file, where the benchmark takes one.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="A folder of data, where the benchmark takes one."
)
@click.option(
    "--size",
    type=int,
    help=(
        "Ad-set days for ingest, days for backfill, worlds for attribution, contacts for crm, megabytes for"
        " files, ad sets for page, customers for value, segments and segments_scale."
    ),
)
@click.option("--kills", type=click.IntRange(min=0), help="Processes that gate_faults kills besides.")
@click.option("--seeds", default=1, show_default=True, help="Seeds from --seed on; figures are their means.")
@click.option(
    "--order-spread",
    type=float,
    help="Coefficient of variation of order values (underperformers, --world orders).",
)
def main(
    *,
    name: str,
    seed: int,
    world: str | None,
    data: Path | None,
    size: int | None,
    kills: int | None,
    seeds: int,
    order_spread: float | None,
) -> None:
    """Run one benchmark."""
    if data is not None and (name not in WITH_DATA or not data.is_dir()):
        why = (
            f"{data} is no folder"
            if name in WITH_DATA
            else f"The {name} benchmark runs on the sandbox and takes no --data"
        )
        click.echo(f"{why}.", err=True)
        sys.exit(2)
    given: dict[str, Any] = {} if kills is None else {"kills": kills}
    if kills is not None and name != "gate_faults":
        click.echo(f"The {name} benchmark takes no --kills.", err=True)
        sys.exit(2)
    if name in WITH_SEEDS:
        given |= {"seeds": seeds, "order_spread": order_spread}
    elif seeds != 1 or order_spread is not None:
        click.echo(f"The {name} benchmark takes no --seeds and no --order-spread.", err=True)
        sys.exit(2)
    if name in WITH_DATA:
        is_looked_for = name in {"pacing", "value"} and world is None and SHARED.is_dir()
        given["data"] = data or (SHARED if is_looked_for else None)
    measure: Callable[..., dict[str, Any]] = import_module(f"benchmarks.{name}").measure
    try:
        found = measure(
            seed=seed, world=world, size=size, say=lambda line: click.echo(line, err=True), **given
        )
    except FileNotFoundError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    click.echo(json.dumps({"name": name, "seed": seed} | found))


if __name__ == "__main__":
    main()
