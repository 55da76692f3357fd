"""A proxy that keeps what it hears, so that a benchmark of clients measures no server.

It stands in a process of its own between a client and a sandbox. A question it has not heard is passed on and
its answer kept, byte for byte; one it has heard is answered from memory. So the first run of a client is the
recording and is not measured.
"""

import base64
import json
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import grpc
import requests
from dotenv import dotenv_values

NEW: list[dict[str, str]] = []
"""What was heard for the first time since somebody last asked /heard."""
_KEPT_HEADERS = ("content-type", "x-app-usage", "x-fb-ads-insights-throttle")
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class Tape(BaseHTTPRequestHandler):
    """The HTTP side: Meta, LinkedIn and the token endpoints."""

    protocol_version = "HTTP/1.1"
    heard: dict[tuple[str, str, bytes], tuple[int, dict[str, str], bytes]]
    upstream: str

    def do_GET(self) -> None:
        if self.path == "/heard":
            self._answer(200, {"content-type": "application/json"}, json.dumps(NEW).encode())
            NEW.clear()
        else:
            self._play()

    def do_POST(self) -> None:
        self._play()

    def _play(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = (self.command, self.path, body)
        if asked not in self.heard:
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
            with requests.Session() as session:
                session.trust_env = False
                got = session.request(
                    self.command, self.upstream + self.path, data=body, headers=headers, timeout=600
                )
            kept = {name: got.headers[name] for name in _KEPT_HEADERS if name in got.headers}
            self.heard[asked] = got.status_code, kept, got.content
            NEW.append({"method": self.command, "path": self.path, "body": base64.b64encode(body).decode()})
        self._answer(*self.heard[asked])

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: a benchmark's server is silent."""


class Messages(grpc.GenericRpcHandler):
    """The gRPC side: Google Ads. A single answer is a stream of one message."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._heard: dict[tuple[str, bytes], list[bytes]] = {}

    def service(self, details: Any) -> Any:
        metadata = [
            (k, v) for k, v in details.invocation_metadata if not k.startswith(("grpc-", "user-agent"))
        ]
        return grpc.unary_stream_rpc_method_handler(
            lambda request, _: self._played(details.method, request, metadata)
        )

    def _played(self, method: str, request: bytes, metadata: list[tuple[str, str]]) -> Iterator[bytes]:
        asked = (method, request)
        if asked not in self._heard:
            self._heard[asked] = list(self._channel.unary_stream(method)(request, metadata=metadata))
            NEW.append({"method": method, "path": "", "body": base64.b64encode(request).decode()})
        yield from self._heard[asked]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.argument("address", type=click.Path(path_type=Path))
def play(folder: Path, address: Path) -> None:
    """Stand before the sandbox that serves FOLDER; write to ADDRESS how to reach the tape.

    Ends with its standard input.
    """
    known = {name: value or "" for name, value in dotenv_values(folder / "sandbox.env").items()}
    papers = folder / "certificates"
    roots = Path(known["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"]).read_bytes()
    upstream = grpc.secure_channel(
        known["GOOGLE_ADS_ENDPOINT"], grpc.ssl_channel_credentials(roots), options=_OPTIONS
    )
    server = grpc.server(futures.ThreadPoolExecutor(4), options=_OPTIONS)
    server.add_generic_rpc_handlers((Messages(upstream),))
    pair = (papers / "server.key").read_bytes(), (papers / "server.pem").read_bytes()
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    Tape.heard, Tape.upstream = {}, known["META_GRAPH_URL"].removesuffix("/graph")
    http = ThreadingHTTPServer(("127.0.0.1", 0), Tape)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{http.server_port}"
    changed = {name: value.replace(Tape.upstream, here) for name, value in known.items()}
    changed["GOOGLE_ADS_ENDPOINT"] = f"localhost:{port}"
    fresh = address.with_suffix(".tmp")
    fresh.write_text("".join(f"{name}='{value}'\n" for name, value in changed.items()), encoding="utf-8")
    fresh.replace(address)
    sys.stdin.read()


if __name__ == "__main__":
    play()
