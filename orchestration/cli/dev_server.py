"""Runs the Dagster UI with its daemon and, in the sandbox profile, the sandbox, until one Ctrl-C ends them
all.
"""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import click

from orchestration.cli.backfill import dagster_home
from orchestration.cli.in_process_runs import dagster_environment
from orchestration.cli.sandbox_process import sandbox_running
from resources.config.settings import PROJECT, Settings


def serve_ui(settings: Settings, *, port: int, world: str) -> None:
    """Serve until Ctrl-C or SIGTERM, then end every process that was started here."""
    environment = os.environ | dagster_environment(dagster_home(settings))
    signal.signal(signal.SIGTERM, lambda *_: _interrupt())
    # A shell that starts us in the background has us ignore Ctrl-C, and every child with us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with ExitStack() as open_:
        if settings.profile == "sandbox":
            open_.enter_context(sandbox_running(settings.root / "sandbox", world=world))
            click.echo(f"The sandbox is up (world {world}).")
        click.echo(f"The Dagster UI comes up at http://127.0.0.1:{port}. Ctrl-C ends everything.")
        child = subprocess.Popen(  # noqa: S603 — Dagster's own command, guarded
            ui_command(port),
            cwd=PROJECT,
            env=environment,
            start_new_session=True,
        )
        try:
            child.wait()
        except KeyboardInterrupt:
            click.echo("Ending the Dagster UI and the sandbox.")
        finally:
            _end(child)


def ui_command(port: int) -> list[str]:
    """Dagster's UI and daemon, with the guarded web server."""
    words = ["-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port), "--log-level", "warning"]
    return [sys.executable, "-m", "orchestration.web.dev", *words]


def _interrupt() -> None:
    raise KeyboardInterrupt


def _end(child: subprocess.Popen[bytes]) -> None:
    """The whole family: Dagster's webserver, daemon and code server are children of their own."""
    for kind, back_off in ((signal.SIGINT, 15), (signal.SIGKILL, 5)):
        try:
            os.killpg(child.pid, kind)
            child.wait(timeout=back_off)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
