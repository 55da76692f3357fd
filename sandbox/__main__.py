"""`python -m sandbox serve`: the simulated platforms on loopback, until Ctrl-C."""

import gc
import signal
import threading
from datetime import datetime
from pathlib import Path

import click

from sandbox.clock import Clock
from sandbox.running_world import set_stage
from sandbox.serve import PortTaken, running
from sandbox.world import WorldWrong, load_world


@click.group()
def cli() -> None:
    """A simulated market behind the wires of Google Ads, Meta Ads, LinkedIn Ads and a CRM."""


@cli.command()
@click.option("--world", default="demo", show_default=True, help="demo, large, stress, or a YAML file.")
@click.option("--seed", type=int, help="Another seed than the world file's.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/sandbox"), show_default=True)
@click.option(
    "--port", default=8480, show_default=True, help="HTTP: Meta, LinkedIn, tokens, control. 0: any."
)
@click.option("--grpc-port", default=8481, show_default=True, help="gRPC: Google Ads. 0: any.")
@click.option("--smtp-port", default=8482, show_default=True, help="SMTP: the mailbox. 0: any.")
@click.option("--now", help="Freeze the clock at this instant, such as 2026-11-23T06:00:00Z.")
def serve(
    *, world: str, seed: int | None, folder: Path, port: int, grpc_port: int, smtp_port: int, now: str | None
) -> None:
    """Serve a world until Ctrl-C; how to reach it stands in FOLDER/sandbox.env meanwhile."""
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        clock = Clock()
        clock.set(datetime.fromisoformat(now) if now else None)
        stage = set_stage(load_world(world, seed=seed), clock)
        with running(
            stage, folder=folder, http_port=port, grpc_port=grpc_port, smtp_port=smtp_port
        ) as sandbox:
            sets = sum(len(stage.market.catalog(account).ad_sets.id) for account in stage.world.accounts)
            click.echo(
                f"World {stage.world.name} (seed {stage.world.seed}): {len(stage.world.accounts)} accounts,"
                f" {sets} ad sets. Google Ads at localhost:{sandbox.google_port}, the others at"
                f" {sandbox.url}, mail at port {sandbox.smtp_port}. Ctrl-C ends it."
            )
            gc.freeze()  # what is loaded now stays, and need not be looked at with every answer
            ended.wait()
    except (WorldWrong, PortTaken, ValueError) as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    cli()
