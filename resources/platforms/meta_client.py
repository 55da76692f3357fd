"""Meta's Graph API through the official SDK's session: pages, usage headers, and its errors as ours.

Reads go through `FacebookSession`'s own `requests` session, which carries token and proof, and not through
the SDK's cursor: that stops without a word at the first empty page, and `api.call` parses every answer twice.
`FacebookAdsApi.init` is not used at all, because it installs a hook that posts tracebacks to Meta.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from time import sleep
from typing import Any, Generic, TypeVar

import msgspec
import requests

from resources.config.credentials import MetaAdsSettings
from resources.errors import (
    PlatformBusy,
    PlatformError,
    PlatformRefused,
    PlatformUnreachable,
    PlatformUnreadable,
    RefusedForNow,
)
from resources.platforms.api_quota import Meter
from resources.platforms.call_context import Doing
from resources.platforms.definite_refusals import BUDGET_CHANGED_TOO_OFTEN, meta_refused
from resources.platforms.retries import Patience

TIMEOUT_SECONDS = (10, 180)
PAGE_ROWS = 5_000
BRAKE_PERCENT = 75.0
"""Usage from which calls slow down, so that the limit is never met (Meta: throttle before 100)."""
BUSY = {1, 2, 4, 17, 32, 613, *range(80000, 80015)}
DEAD_TOKEN = {102, 190, 2500}
TOO_MUCH = {(1, 99), (100, 1504018), (2, 1504038)}


Row = TypeVar("Row")
Shape = TypeVar("Shape")


class GraphPage(msgspec.Struct, Generic[Row]):
    """A page of an edge."""

    data: list[Row]
    paging: dict[str, Any] = {}


class _Answer(msgspec.Struct):
    """What any answer may hold besides what was asked for."""

    error: dict[str, Any] | None = None


class TooMuch(PlatformError):
    """The synchronous read is larger than Meta answers; a report job may do."""

    verdict = "Read it by a report job, or in smaller parts."


class MetaClient:
    """One session with one login."""

    def __init__(self, settings: MetaAdsSettings, patience: Patience) -> None:
        from facebook_business.session import FacebookSession  # noqa: PLC0415 — only the run that reads needs it

        token, secret = settings.access_token, settings.app_secret
        self._session = FacebookSession(
            app_id=settings.app_id,
            app_secret=secret.get_secret_value() if secret else None,
            access_token=token.get_secret_value() if token else None,
            timeout=TIMEOUT_SECONDS,
        )
        self._session.GRAPH = settings.graph_url
        self._version, self._patience, self.meter = settings.api_version, patience, Meter()
        self._token = settings.access_token

    def get(self, path: str, parameters: dict[str, str], doing: Doing) -> dict[str, Any]:
        """The decoded answer to a GET.

        Raises:
            PlatformBusy: Throttled, down or silent until patience ran out.
            PlatformRefused: Any other error of Meta's.
            PlatformUnreadable: The answer is no JSON object.
            TooMuch: Meta asks for a smaller question.
        """
        return _decoded(self._asked("GET", path, parameters, doing), dict[str, Any], doing)

    def post(self, path: str, parameters: dict[str, str], doing: Doing) -> dict[str, Any]:
        """The same for a POST that only asks for a report and may be repeated without harm."""
        return _decoded(self._asked("POST", path, parameters, doing), dict[str, Any], doing)

    def write(self, path: str, parameters: dict[str, str], doing: Doing) -> str | None:
        """A POST that changes something, sent once and never again. Meta's request id, where it gives one.

        Raises:
            PlatformBusy: No answer, or none that says what happened.
            PlatformRefused: Meta said no.
        """
        response = self._sent("POST", path, parameters, doing)
        answer = _decoded(self._checked(response, doing), dict[str, Any], doing)
        if answer.get("success") is not True:
            raise PlatformUnreadable(**doing.known(), said="an answer without success")
        return response.headers.get("x-fb-trace-id") or response.headers.get("x-fb-request-id")

    def once(self, method: str, path: str, parameters: dict[str, str], doing: Doing) -> dict[str, Any]:
        """The decoded answer to one call; whether to ask again is for the caller to say.

        Errors as of `get`.
        """
        return _decoded(self._answered(method, path, parameters, doing), dict[str, Any], doing)

    def create(self, path: str, parameters: dict[str, str], doing: Doing) -> str:
        """A POST that makes something, sent once and never again; the id of what was made.

        Errors as of `write`.
        """
        response = self._sent("POST", path, parameters, doing)
        node_id = _decoded(self._checked(response, doing), dict[str, Any], doing).get("id")
        if not isinstance(node_id, str) or not node_id:
            raise PlatformUnreadable(**doing.known(), said="an answer without an id")
        return node_id

    def token_ends_at(self, doing: Doing) -> datetime | None:
        """When the token or its access to data ends, None for one that does not."""
        token = self._token.get_secret_value() if self._token else ""
        token_facts = self.get("debug_token", {"input_token": token}, doing).get("data", {})
        ends = [
            token_facts[name] for name in ("expires_at", "data_access_expires_at") if token_facts.get(name)
        ]
        return datetime.fromtimestamp(min(ends), UTC) if ends else None

    def pages(
        self, path: str, parameters: dict[str, str], doing: Doing, *, shape: type[Row]
    ) -> Iterator[list[Row]]:
        """Rows page by page, as long as the answer says there is a next one: a page may be empty and not the
        last.
        """
        page_parameters = {"limit": str(PAGE_ROWS), **parameters}
        while True:
            page = _decoded(self._asked("GET", path, page_parameters, doing), GraphPage[shape], doing)  # type: ignore[valid-type]
            yield page.data
            if "next" not in page.paging:
                return
            page_parameters = page_parameters | {"after": page.paging["cursors"]["after"]}

    def _asked(self, method: str, path: str, parameters: dict[str, str], doing: Doing) -> bytes:
        return self._patience.with_retries(lambda: self._answered(method, path, parameters, doing))

    def _answered(self, method: str, path: str, parameters: dict[str, str], doing: Doing) -> bytes:
        return self._checked(self._sent(method, path, parameters, doing), doing)

    def _sent(self, method: str, path: str, parameters: dict[str, str], doing: Doing) -> requests.Response:
        """The answer to one request.

        Only a GET follows a redirect: anything else would be sent again, elsewhere, or become a GET.
        """
        self.meter.call(doing)
        url = f"{self._session.GRAPH}/{self._version}/{path}"
        kind = {"params": parameters} if method == "GET" else {"data": parameters}
        try:
            response: requests.Response = self._session.requests.request(
                method, url, timeout=TIMEOUT_SECONDS, allow_redirects=method == "GET", **kind
            )
        except requests.RequestException as error:
            problem = (
                "no answer in time"
                if isinstance(error, requests.Timeout)
                else "the endpoint cannot be reached"
            )
            # requests' own words hold the URL, and with it the token.
            raise PlatformUnreachable(
                **doing.known(), said=problem, todo="Check the network and META_GRAPH_URL; safe to retry."
            ) from None
        return response

    def _checked(self, response: requests.Response, doing: Doing) -> bytes:
        """The answer's bytes, if it is an answer and no error."""
        try:
            refused = msgspec.json.decode(response.content, type=_Answer).error
        except msgspec.DecodeError:
            if response.status_code >= 500:
                raise PlatformBusy(**doing.known(), said=f"HTTP {response.status_code}") from None
            problem = f"an answer that is no JSON object (HTTP {response.status_code})"
            raise PlatformUnreadable(**doing.known(), said=problem) from None
        if refused is not None:
            raise _as_our_error(response.status_code, refused, response.headers, doing)
        if response.status_code >= 500:
            raise PlatformBusy(**doing.known(), said=f"HTTP {response.status_code} without an error")
        if response.status_code >= 300:
            problem = f"HTTP {response.status_code} without an error"
            raise PlatformUnreadable(**doing.known(), said=problem)
        self._brake(response.headers)
        return bytes(response.content)

    def _brake(self, headers: Any) -> None:
        """Slow down when the hour's allowance runs low, the more the nearer its end."""
        used = _usage(headers)
        self.meter.used(used)
        if used >= BRAKE_PERCENT:
            sleep(min(30.0, (used - BRAKE_PERCENT) / 25 * 30))


def _decoded(content: bytes, shape: type[Shape], doing: Doing) -> Shape:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError as error:
        problem = f"an answer of another shape than Meta's ({error})"
        raise PlatformUnreadable(**doing.known(), said=problem) from None


def _as_our_error(http_status: int, error: dict[str, Any], headers: Any, doing: Doing) -> PlatformError:
    code, subcode = error.get("code"), error.get("error_subcode")
    words = error.get("error_user_msg") or error.get("message") or "no message"
    message = f"{words} (code {code}{f', subcode {subcode}' if subcode else ''})"
    facts = {
        **doing.known(),
        "said": message,
        "trace": error.get("fbtrace_id"),
        "proves_no_change": meta_refused(http_status, error),
    }
    if (code, subcode) in TOO_MUCH or "reduce the amount of data" in words:
        return TooMuch(**facts)
    if subcode == BUDGET_CHANGED_TOO_OFTEN:
        return RefusedForNow(
            **facts,
            todo="Nothing was changed: Meta lets a budget change four times an hour, so wait an hour.",
        )
    if code in BUSY or error.get("is_transient") or http_status >= 500:
        return PlatformBusy(**facts, wait_seconds=_regained_in(headers))
    return PlatformRefused(**facts, todo=_advice(code))


def _advice(code: Any) -> str | None:
    if code in DEAD_TOKEN:
        return "Make a new token in Meta Business settings and set META_ACCESS_TOKEN."
    if code == 2635:
        return "Set META_API_VERSION to a version that Meta still serves."
    if isinstance(code, int) and (code == 10 or 200 <= code < 300):
        return "Give the token's user or system user ads_read on this account."
    return None


def _regained_in(headers: Any) -> float | None:
    """Seconds until access is regained, where the usage header says so."""
    minutes = [
        row.get("estimated_time_to_regain_access", 0)
        for rows in _header(headers, "x-business-use-case-usage").values()
        for row in rows
    ]
    return max(minutes) * 60.0 if minutes and max(minutes) > 0 else None


def _usage(headers: Any) -> float:
    app, insights = _header(headers, "x-app-usage"), _header(headers, "x-fb-ads-insights-throttle")
    shares = [*app.values(), insights.get("app_id_util_pct", 0), insights.get("acc_id_util_pct", 0)]
    return max((float(share) for share in shares if isinstance(share, int | float)), default=0.0)


def _header(headers: Any, name: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(headers.get(name, "{}"), type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
