"""ASGI middleware that refuses cross-site requests to Dagster's web server.

Dagster runs a GraphQL document from the query of a GET, from a form's address, from `application/graphql` and
from any content type that contains the text "application/json", and it looks at neither Host nor Origin. So
any page that a signed-in person opens can start runs. Here a change needs a POST of exactly
`application/json`, which no form can send and which a foreign page has to ask for in a preflight that Dagster
does not answer; Host and Origin have to be ours, for WebSockets too; and no page may be shown in a frame of
another.

The guard says nothing about who asks: login, roles, and taking foreign signatures out of headers stay with
the proxy before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SINGLE_HEADERS = ("origin", "content-type", "sec-fetch-site", "sec-fetch-mode")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

Headers = Mapping[str, Sequence[str]]
"""Values by name in lower case; a header that is repeated has several."""


@dataclass(frozen=True)
class Addresses:
    """The names by which a web server may be asked.

    Args:
        origins: As browsers send them in Origin, such as https://ops.example.com.
        hosts: As they may stand in Host: those of the origins, and what a proxy puts there.
    """

    origins: frozenset[str]
    hosts: frozenset[str]

    @classmethod
    def of(cls, *, port: int, ui_url: str, more_hosts: Iterable[str] = ()) -> "Addresses":
        """Those of a server at a port of this machine that people reach at `ui_url`."""
        origins = {f"http://{name}:{port}" for name in _LOOPBACK_NAMES} | {_origin(ui_url)}
        hosts = {origin.partition("://")[2] for origin in origins} | {host.lower() for host in more_hosts}
        return cls(frozenset(origins), frozenset(hosts))


def _origin(url: str) -> str:
    """Scheme, host and port of a URL as a browser writes them: in lower case, without the scheme's own port."""
    parts = urlsplit(url.lower())
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


class CrossSiteGuard:
    """The application behind the checks."""

    def __init__(self, app: ASGIApp, addresses: Addresses) -> None:
        self._app, self._addresses = app, addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:  # starting up and ending
            await self._app(scope, receive, send)
            return
        reason = self.refusal(scope)
        if reason is None:
            await self._app(scope, receive, _unframed(send) if scope["type"] == "http" else send)
        elif scope["type"] == "websocket":  # before the handshake is accepted: the browser sees a 403
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            headers = [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"x-content-type-options", b"nosniff"),
            ]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": f"{reason}\n".encode()})

    def refusal(self, scope: Scope) -> str | None:
        """Why a request is refused, in a sentence; None where it may pass."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return self._foreign_address(scope, headers) or (
            _foreign_request(scope, headers) if scope["type"] == "http" else None
        )

    def _foreign_address(self, scope: Scope, headers: Headers) -> str | None:
        """Why a request may not pass by the names it bears: the one it asks for, and the one of the page it
        comes from.
        """
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._addresses.hosts:
            return (
                "This server is not reached by that name (Host): set PAID_MEDIA_UI_URL or"
                " PAID_MEDIA_UI_HOSTS."
            )
        if repeated := next((name for name in _SINGLE_HEADERS if len(headers.get(name, [])) > 1), None):
            return f"The header {repeated} is there twice."
        origin = _single(headers, "origin")
        if origin is not None and origin.lower() not in self._addresses.origins:
            return (
                "Requests of other sites are refused (Origin): set PAID_MEDIA_UI_URL to where people reach"
                " this server."
            )
        if origin is None and scope["type"] == "websocket":
            return "A WebSocket needs an Origin."
        return None


def _foreign_request(scope: Scope, headers: Headers) -> str | None:
    """Why an HTTP request may not pass: another site's page made it, or a change is asked for otherwise than
    by POST of JSON.
    """
    is_safe, is_graphql = scope["method"] in _SAFE_METHODS, scope["path"].rstrip("/").endswith("/graphql")
    is_followed_link = is_safe and not is_graphql and _single(headers, "sec-fetch-mode") == "navigate"
    if _single(headers, "sec-fetch-site") not in {None, "none", "same-origin"} and not is_followed_link:
        return "Requests of other sites are refused (Sec-Fetch-Site)."
    if is_safe and is_graphql:
        asks_for_page = (
            "text/html" in headers.get("accept", [""])[0] and b"query" not in scope["query_string"]
        )
        return None if asks_for_page else "GraphQL is answered by POST alone."
    content_type = (_single(headers, "content-type") or "").partition(";")[0].strip().lower()
    if not is_safe and content_type != "application/json":
        return "Changes are taken as Content-Type: application/json alone."
    return None


def _single(headers: Headers, name: str) -> str | None:
    """A header that is there at most once."""
    return headers.get(name, [None])[0]


def _unframed(send: Send) -> Send:
    """Nobody may show these pages inside a frame, where a click could be led astray."""

    async def send_unframed(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [(b"x-frame-options", b"DENY"), (b"content-security-policy", b"frame-ancestors 'none'")]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return send_unframed
