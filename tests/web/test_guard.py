"""The cross-site guard: hostile requests against Dagster's real web server, and a hostile page in a real
browser.

The server runs a deployment of one job, whose runs prove what came through. What people and scripts need is
let through.
"""

import asyncio
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import websockets
from playwright.sync_api import Browser

from orchestration.cli.dev_server import ui_command
from orchestration.web.guard import Addresses, CrossSiteGuard
from resources.config.settings import PROJECT

DEPLOYMENT = """
import dagster as dg

@dg.op
def say(context):
    print("written to the log")

@dg.job(executor_def=dg.in_process_executor)
def greet():
    say()

@dg.asset
def thing(): ...

defs = dg.Definitions(assets=[thing], jobs=[greet], executor=dg.in_process_executor)
"""
SELECTOR = '{repositoryLocationName: "here", repositoryName: "__repository__", pipelineName: "greet"}'
LAUNCH = (
    f'mutation {{ launchRun(executionParams: {{selector: {SELECTOR}, mode: "default", runConfigData: "{{}}"}}) '
    "{ __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"
)
BODY = json.dumps({"query": LAUNCH})
EVIL, PUBLIC = "http://evil.example", "https://ops.example.com"
SECONDS_TO_START = 120


@dataclass(frozen=True)
class Server:
    """A running web server behind the guard."""

    url: str

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def asked(self, query: str, **headers: str) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/graphql", json={"query": query}, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    def runs(self) -> int:
        answer = self.asked("{ runsOrError { ... on Runs { results { runId } } } }")
        return len(answer["runsOrError"]["results"])

    def thing_reported(self) -> bool:
        answer = self.asked(
            '{ assetOrError(assetKey: {path: ["thing"]}) { ... on Asset { assetMaterializations { timestamp } } } }'
        )
        return bool(answer["assetOrError"].get("assetMaterializations"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("web"), "orchestration.web") as running:
        yield running


@contextmanager
def serving(folder: Path, module: str) -> Iterator[Server]:
    """The deployment, served by one of our modules, until it is done with."""
    (folder / "here.py").write_text(DEPLOYMENT)
    (folder / "workspace.yaml").write_text(
        f"load_from:\n  - python_file: {{relative_path: {folder / 'here.py'}, location_name: here}}\n"
    )
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DAGSTER_HOME": str(folder), "PAID_MEDIA_VAR": str(folder), "PAID_MEDIA_PROFILE": "sandbox",
        "PAID_MEDIA_UI_URL": PUBLIC, "PAID_MEDIA_UI_HOSTS": "proxied:3000",
    }  # fmt: skip
    workspace = str(folder / "workspace.yaml")
    command = [sys.executable, "-m", module, "-w", workspace, "-h", "127.0.0.1", "-p", str(port)]
    # Whoever started the tests in the background had them ignore Ctrl-C, and every child with them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with (folder / "log").open("w") as log:
        child = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            running = Server(f"http://127.0.0.1:{port}")
            _wait_until_loaded(running, child, folder / "log")
            yield running
        finally:
            os.killpg(child.pid, signal.SIGINT)
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _wait_until_loaded(server: Server, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if server.asked(query)["repositoriesOrError"].get("nodes"):
                return
        except requests.RequestException:
            time.sleep(0.3)
    raise AssertionError(f"the web server did not come up:\n{log.read_text()[-2000:]}")


HOSTILE: dict[str, dict[str, Any]] = {
    "a link": {"method": "GET", "query": True},
    "an image": {"method": "GET", "query": True, "headers": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}},
    "a link that is followed": {"method": "GET", "query": True, "headers": {"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}},
    "a form": {"method": "POST", "query": True, "data": {"a": "b"}, "headers": {"Origin": EVIL}},
    "a form without Origin": {"method": "POST", "query": True, "data": {"a": "b"}},
    "a form of text": {"method": "POST", "query": True, "data": "x", "headers": {"Content-Type": "text/plain"}},
    "no content type": {"method": "POST", "query": True},
    "a content type that contains ours": {"method": "POST", "data": BODY, "headers": {"Content-Type": "text/plain; application/json"}},
    "application/graphql": {"method": "POST", "data": LAUNCH, "headers": {"Content-Type": "application/graphql"}},
    "JSON of another site": {"method": "POST", "json": True, "headers": {"Origin": EVIL}},
    "JSON of no site": {"method": "POST", "json": True, "headers": {"Origin": "null"}},
    "JSON of a site that begins with our name": {"method": "POST", "json": True, "origin": "{url}.evil.example"},
    "JSON of another port": {"method": "POST", "json": True, "headers": {"Origin": "http://127.0.0.1:1"}},
    "JSON of our name in plain http": {"method": "POST", "json": True, "headers": {"Origin": "http://ops.example.com"}},
    "JSON for another Host": {"method": "POST", "json": True, "headers": {"Host": "evil.example"}},
    "JSON fetched by another site": {"method": "POST", "json": True, "headers": {"Sec-Fetch-Site": "same-site"}},
    "PUT": {"method": "PUT", "data": BODY, "headers": {"Content-Type": "text/plain"}},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_request_of_another_site_starts_nothing(server: Server, name: str) -> None:
    hostile, before = HOSTILE[name], server.runs()
    headers = dict(hostile.get("headers", {}))
    if "origin" in hostile:
        headers["Origin"] = hostile["origin"].format(url=server.url)
    if hostile.get("json"):
        headers["Content-Type"] = "application/json"
    url = f"{server.url}/graphql" + (f"?query={quote(LAUNCH)}" if hostile.get("query") else "")
    data = BODY if hostile.get("json") else hostile.get("data")
    answer = requests.request(hostile["method"], url, data=data, headers=headers, timeout=60)
    assert answer.status_code == 403, answer.text[:200]
    assert len(answer.text.splitlines()) == 1
    assert server.runs() == before


@pytest.mark.parametrize("how", [{"data": {"data_version": "1"}}, {"params": {"data_version": "1"}}])
def test_a_form_reports_no_materialization(server: Server, how: dict[str, Any]) -> None:
    answer = requests.post(f"{server.url}/report_asset_materialization/thing", timeout=60, **how)
    assert answer.status_code == 403
    assert not server.thing_reported()


def test_a_page_is_not_read_under_another_name(server: Server) -> None:
    answer = requests.get(f"{server.url}/server_info", headers={"Host": "evil.example"}, timeout=60)
    assert answer.status_code == 403


@pytest.mark.parametrize(("origin", "opens"), [(EVIL, False), (None, False), ("ours", True)])
def test_a_websocket_opens_for_our_own_pages_alone(
    server: Server, origin: str | None, *, opens: bool
) -> None:
    async def opened() -> bool:
        address = f"ws://{server.host}/graphql"
        own_origin = server.url if origin == "ours" else origin
        try:
            async with websockets.connect(
                address, subprotocols=["graphql-ws"], origin=own_origin
            ) as connection:  # type: ignore[arg-type,list-item]
                await connection.send(json.dumps({"type": "connection_init", "payload": {}}))
                return bool(
                    json.loads(await asyncio.wait_for(connection.recv(), 20))["type"] == "connection_ack"
                )
        except websockets.InvalidStatus as refused:
            return refused.response.status_code != 403

    assert asyncio.run(opened()) is opens


def test_what_people_and_scripts_need_is_let_through(server: Server) -> None:
    deep_link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    for path, headers in (("/server_info", {}), ("/", {}), ("/runs", deep_link), ("/favicon.png", {})):
        answer = requests.get(server.url + path, headers=headers, timeout=60)
        assert answer.status_code == 200, path
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    before = server.runs()
    for headers in (
        {},
        {"Origin": server.url},
        {"Origin": PUBLIC, "Host": "proxied:3000"},
        {"Host": "ops.example.com"},
    ):
        server.asked(LAUNCH, **headers)
    server.asked(LAUNCH, **{"Content-Type": "application/json; charset=utf-8"})
    assert server.runs() == before + 5


PAGE = """<!doctype html><title>hostile</title>
<img src="{url}/graphql?query={link}">
<form id=f method=post enctype=text/plain target=i action="{url}/graphql?query={link}"><input name=a value=b></form>
<form id=g method=post target=i action="{url}/graphql?query={link}"><input name=a value=b></form>
<iframe name=i></iframe><iframe name=j src="{url}/runs"></iframe>
<script>
window.seen = {{}};
f.submit(); setTimeout(() => g.submit(), 300);
const text = {{"Content-Type": "text/plain; application/json"}}, json = {{"Content-Type": "application/json"}};
fetch("{url}/graphql", {{method: "POST", mode: "no-cors", credentials: "include", headers: text, body: {body}}})
  .then(_ => seen.opaque = true).catch(e => seen.opaque = String(e));
fetch("{url}/graphql", {{method: "POST", headers: json, body: {body}}}).then(r => seen.json = r.status).catch(e => seen.json = "refused");
const s = new WebSocket("{socket}/graphql", "graphql-ws");
s.onopen = () => seen.socket = "open"; s.onerror = () => seen.socket = "refused";
</script>"""


@pytest.fixture
def hostile_port(server: Server) -> Iterator[int]:
    """A web server on another port, whose only page attacks."""
    page = PAGE.format(
        url=server.url, link=quote(LAUNCH), body=json.dumps(BODY), socket=server.url.replace("http", "ws")
    ).encode()

    class Hostile(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    hostile = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=hostile.serve_forever, daemon=True).start()
    yield hostile.server_port
    hostile.shutdown()
    hostile.server_close()


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost"]
)  # the same site on another port, and another site
def test_a_hostile_page_in_a_browser_starts_nothing(
    server: Server, browser: Browser, hostile_port: int, name: str
) -> None:
    before = server.runs()
    page = browser.new_context().new_page()
    page.goto(f"http://{name}:{hostile_port}/", wait_until="commit")
    page.wait_for_function("window.seen && seen.opaque && seen.json && seen.socket", timeout=60_000)
    page.wait_for_timeout(1_000)  # the second form
    seen = page.evaluate("seen")
    assert seen["json"] == "refused"
    assert seen["socket"] == "refused"
    page.evaluate(f"location = {json.dumps(f'{server.url}/graphql?query={quote(LAUNCH)}')}")
    page.wait_for_url("**/graphql?**", timeout=60_000)
    page.wait_for_timeout(500)
    assert "refused" in page.inner_text("body")
    assert server.runs() == before
    page.context.close()


def test_the_ui_starts_a_run_through_the_guard(server: Server, browser: Browser) -> None:
    before = server.runs()
    page = browser.new_context().new_page()
    refused: list[tuple[int, str]] = []
    page.on(
        "response",
        lambda answer: refused.append((answer.status, answer.url)) if answer.status >= 400 else None,
    )
    page.goto(f"{server.url}/locations/here/jobs/greet/playground")
    page.get_by_role("button", name="Launch run").first.click(timeout=120_000)
    page.wait_for_url("**/runs/**", timeout=120_000)
    assert server.runs() == before + 1
    assert refused == []
    page.context.close()


# Without a server

ADDRESSES = Addresses.of(port=3000, ui_url="https://Ops.Example.com:443/", more_hosts=["proxied:3000"])


def refusal(
    method: str = "GET", path: str = "/", query: bytes = b"", kind: str = "http", **headers: str
) -> str | None:
    given = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in ({"host": "localhost:3000"} | headers).items()
    ]
    scope = {"type": kind, "method": method, "path": path, "query_string": query, "headers": given}
    return CrossSiteGuard(None, ADDRESSES).refusal(scope)  # type: ignore[arg-type]


def test_the_names_of_a_server_are_those_of_this_machine_and_of_the_settings() -> None:
    assert ADDRESSES.origins == {
        "http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000", "https://ops.example.com",
    }  # fmt: skip
    assert ADDRESSES.hosts == {
        "127.0.0.1:3000",
        "localhost:3000",
        "[::1]:3000",
        "ops.example.com",
        "proxied:3000",
    }


def test_a_header_that_is_there_twice_is_refused() -> None:
    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "query_string": b"",
        "headers": [(b"host", b"localhost:3000"), (b"content-type", b"application/json"), (b"Content-Type", b"text/plain")],
    }  # fmt: skip
    guard = CrossSiteGuard(None, ADDRESSES)  # type: ignore[arg-type]
    assert guard.refusal(scope) == "The header content-type is there twice."
    scope["headers"] = [(b"host", b"localhost:3000"), (b"host", b"evil.example")]
    assert "Host" in (guard.refusal(scope) or "")
    scope["headers"] = []
    assert "Host" in (guard.refusal(scope) or "")


def test_graphql_below_a_path_prefix_is_guarded_too() -> None:
    assert refusal(path="/dagster/graphql", query=b"query=x") == "GraphQL is answered by POST alone."
    assert refusal("HEAD", path="/graphql/", accept="text/html", query=b"query=x") is not None
    assert refusal(path="/graphql", accept="text/html") is None
    assert refusal("DELETE", path="/anything") is not None


def test_dagster_dev_starts_the_guarded_server_in_the_place_of_the_stock_one(tmp_path: Path) -> None:
    assert "orchestration.web.dev" in ui_command(3000)  # what `make dev` runs
    with serving(tmp_path, "orchestration.web.dev") as running:
        answer = requests.get(f"{running.url}/graphql?query={quote(LAUNCH)}", timeout=60)
        assert (answer.status_code, answer.text) == (403, "GraphQL is answered by POST alone.\n")
        assert running.runs() == 0
