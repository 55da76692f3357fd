"""Dagster's web server and `dagster dev`, with the cross-site guard before whatever they serve.

Both are Dagster's own commands. The web server is guarded where its application is handed to uvicorn;
`dagster dev` starts the guarded web server in the place of the stock one. Neither place is a documented one:
tests ask the running servers.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import uvicorn

from orchestration.web.guard import Addresses, CrossSiteGuard
from resources.config.settings import load_settings

STOCK_MODULE, GUARDED_MODULE = "dagster_webserver", "orchestration.web"


def main() -> None:
    """Dagster's web server behind the guard, with the options of `dagster-webserver`."""
    settings = load_settings(with_platforms=False)
    serve: Any = uvicorn.run

    def serve_guarded(app: Any, *, port: int, **options: Any) -> None:
        addresses = Addresses.of(port=port, ui_url=settings.ui_url, more_hosts=settings.ui_hosts.split())
        serve(CrossSiteGuard(app, addresses), port=port, **options)

    setattr(uvicorn, "run", serve_guarded)  # noqa: B010 — what Dagster's command calls
    stock: Any = import_module("dagster_webserver.cli")
    stock.main()


def guarded_command(command: Sequence[str]) -> list[str]:
    """The command of a process of `dagster dev`, with the guarded web server in the place of the stock one."""
    return [GUARDED_MODULE if part == STOCK_MODULE else part for part in command]


def dev() -> None:
    """`dagster dev` with the guarded web server, and its options."""
    stock: Any = import_module("dagster._cli.dev")
    open_subprocess = stock.open_ipc_subprocess

    def open_guarded(parts: Sequence[str], **options: Any) -> Any:
        return open_subprocess(guarded_command(parts), **options)

    stock.open_ipc_subprocess = open_guarded
    sys.argv[1:1] = ["dev"]
    dagster: Any = import_module("dagster._cli")
    dagster.main()
