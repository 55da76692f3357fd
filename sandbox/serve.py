"""One sandbox in one process: the platforms' wires, the control API, and the file that tells how to reach
them.

`running(...)` starts everything on loopback, writes `sandbox.env` and the exchange rates into a folder, and
stops it all at the end of the `with` block. Ports of 0 are chosen by the system.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox import control, google, hubspot, linkedin, messages, meta, salesforce
from sandbox.certificates import Papers, make_papers
from sandbox.fx import rates
from sandbox.google import data_manager, oauth, rest
from sandbox.google.entities import MANAGER
from sandbox.running_world import Stage

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Something else listens on the port."""


@dataclass(frozen=True)
class Sandbox:
    """Where a running sandbox is reached."""

    stage: Stage
    url: str
    google_port: int
    environment: dict[str, str]
    smtp_port: int = 0


@contextmanager
def running(
    stage: Stage, *, folder: Path, http_port: int = 0, grpc_port: int = 0, smtp_port: int = 0
) -> Iterator[Sandbox]:
    """The sandbox, up and answering.

    Args:
        stage: The market and its clock.
        folder: Where certificates, `sandbox.env` and `fx_rates.csv` go; created if it is not there.
        http_port: Port of Meta, LinkedIn, the token endpoints, the webhooks and the control API.
        grpc_port: Port of Google Ads.
        smtp_port: Port of the mailbox that catches mail.

    Raises:
        PortTaken: A port is in use.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    listening = _bound(http_port)
    try:
        letters = _bound(smtp_port, option="--smtp-port")
    except PortTaken:
        listening.close()
        raise
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    papers = make_papers(folder / "certificates", token_uri=f"{url}/oauth2/token")
    try:
        grpc_server, google_port = google.serve(stage, papers.folder, port=grpc_port)
    except RuntimeError as error:
        listening.close()
        letters.close()
        raise PortTaken(
            f"Port {grpc_port} is in use: is a sandbox already running? Try another --grpc-port."
        ) from error
    server = uvicorn.Server(_config(stage, papers, url))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    mail_port = letters.getsockname()[1]
    environment = _environment(stage, papers, url=url, google_port=google_port, folder=folder)
    environment |= _addresses(listening.getsockname()[1], mail_port)
    try:
        with messages.mailbox(stage, letters):
            _write_rates(stage, folder / "fx_rates.csv")
            _write_environment(environment, folder / "sandbox.env")
            yield Sandbox(stage, url, google_port, environment, mail_port)
    finally:
        (folder / "sandbox.env").unlink(missing_ok=True)
        server.should_exit = True
        grpc_server.stop(0).wait()
        thread.join(timeout=10)
        listening.close()


def _config(stage: Stage, papers: Papers, url: str) -> uvicorn.Config:
    app = Starlette(
        routes=[
            Mount("/control", routes=control.routes(stage)),
            *messages.routes(stage),
            Mount("/graph", routes=meta.routes(stage, lambda: f"{url}/graph")),
            *oauth.routes(stage, papers.folder),
            *data_manager.routes(stage),
            *linkedin.routes(stage),
            *([] if stage.world.crm.kind == "none" else [*hubspot.routes(stage), *salesforce.routes(stage)]),
            *rest.routes(stage),
        ]
    )
    return uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )


def _bound(port: int, *, option: str = "--port") -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(128)  # from here on a client waits for the server instead of being refused
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"Port {port} is in use: is a sandbox already running? Try another {option}."
        ) from error
    return listening


def _environment(stage: Stage, papers: Papers, *, url: str, google_port: int, folder: Path) -> dict[str, str]:
    """What a client needs, under the names docs/configuration.md gives."""
    given = stage.credentials
    return {
        "GOOGLE_ADS_ENDPOINT": f"localhost:{google_port}",
        "GOOGLE_ADS_JSON_KEY_FILE_PATH": str(papers.service_account),
        "GOOGLE_ADS_LOGIN_CUSTOMER_ID": MANAGER.id,
        "GOOGLE_DATA_MANAGER_URL": f"{url}/datamanager/v1",
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(papers.ca),
        "META_ACCESS_TOKEN": given.meta_access_token,
        "META_APP_ID": given.meta_app_id,
        "META_APP_SECRET": given.meta_app_secret,
        "META_GRAPH_URL": f"{url}/graph",
        "LINKEDIN_ACCESS_TOKEN": given.linkedin_access_token,
        "LINKEDIN_CLIENT_ID": given.linkedin_client_id,
        "LINKEDIN_CLIENT_SECRET": given.linkedin_client_secret,
        "LINKEDIN_REFRESH_TOKEN": given.linkedin_refresh_token,
        "LINKEDIN_API_URL": f"{url}/rest",
        "LINKEDIN_OAUTH_URL": f"{url}/oauth/v2",
        **_crm_environment(stage, url),
        "PAID_MEDIA_FX_RATES": str(folder / "fx_rates.csv"),
        "SANDBOX_CONTROL_URL": f"{url}/control",
    }


def _addresses(http_port: int, smtp_port: int) -> dict[str, str]:
    """Where messages may go, as Apprise writes addresses: a chat and a mailbox by default, each alone, and a
    plain webhook.
    """
    chat = f"mmost://{HOST}:{http_port}/sandboxhook0000000000000000?image=no"
    mail = f"mailto://{HOST}:{smtp_port}?from=bot@ops.example&to=team@ops.example&mode=insecure"
    return {
        "PAID_MEDIA_NOTIFY": f"{chat} {mail}",
        "PAID_MEDIA_NOTIFY_CHAT": chat,
        "PAID_MEDIA_NOTIFY_MAIL": mail,
        "PAID_MEDIA_NOTIFY_WEBHOOK": f"json://{HOST}:{http_port}/webhook/sandbox",
    }


def _crm_environment(stage: Stage, url: str) -> dict[str, str]:
    """The credentials of the one CRM that this world's company works with."""
    given = stage.credentials
    if stage.world.crm.kind == "hubspot":
        return {"HUBSPOT_ACCESS_TOKEN": given.hubspot_access_token, "HUBSPOT_API_URL": f"{url}/hubspot"}
    if stage.world.crm.kind == "salesforce":
        return {
            "SALESFORCE_CLIENT_ID": given.salesforce_client_id,
            "SALESFORCE_CLIENT_SECRET": given.salesforce_client_secret,
            "SALESFORCE_LOGIN_URL": f"{url}/salesforce",
        }
    return {}


def _write_environment(environment: dict[str, str], path: Path) -> None:
    """Whole or not at all: a client may be reading."""
    fresh = path.with_suffix(".tmp")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}='{value}'\n" for name, value in environment.items()), encoding="utf-8")
    fresh.replace(path)


def _write_rates(stage: Stage, path: Path) -> None:
    """The world's exchange rates from its first day to next year's end, in the form PAID_MEDIA_FX_RATES
    takes.
    """
    through = stage.clock.now().date() + timedelta(days=400)
    daily_rates = rates(stage.world, start=stage.world.begins, end=through)
    lines = [f"{row['day']},{row['currency']},EUR,{row['eur']}\n" for row in daily_rates]
    path.write_text("day,currency,base,rate\n" + "".join(lines), encoding="utf-8")
