"""Meta Graph API through the official SDK's session: paging, usage headers; errors are `PlatformError`.

Reads use `FacebookSession`'s `requests` session, which carries token and proof, and not the SDK's cursor:
that one stops at the first empty page, and `api.call` parses every response twice. `FacebookAdsApi.init` is
not used, because it installs an exception hook that posts tracebacks to Meta.
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
from resources.platforms.call_context import CallContext
from resources.platforms.definite_refusals import BUDGET_CHANGED_TOO_OFTEN, meta_refused
from resources.platforms.retries import BackOff

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
    """One page of an edge."""

    data: list[Row]
    paging: dict[str, Any] = {}


class _Answer(msgspec.Struct):
    """Fields that any response may contain in addition to the requested ones."""

    error: dict[str, Any] | None = None


class RequestTooLarge(PlatformError):
    """The synchronous request is larger than Meta answers; a report job may succeed."""

    verdict = "Read it by a report job, or in smaller parts."


class MetaClient:
    """HTTP session of one login."""

    def __init__(self, settings: MetaAdsSettings, back_off: BackOff) -> None:
        from facebook_business.session import FacebookSession  # noqa: PLC0415 — only the run that reads needs it

        token, secret = settings.access_token, settings.app_secret
        self._session = FacebookSession(
            app_id=settings.app_id,
            app_secret=secret.get_secret_value() if secret else None,
            access_token=token.get_secret_value() if token else None,
            timeout=TIMEOUT_SECONDS,
        )
        self._session.GRAPH = settings.graph_url
        self._version, self._back_off, self.meter = settings.api_version, back_off, Meter()
        self._token = settings.access_token

    def get(self, path: str, parameters: dict[str, str], context: CallContext) -> dict[str, Any]:
        """Decoded response of a GET.

        Raises:
            PlatformBusy: Throttled, down or silent until patience ran out.
            PlatformRefused: Any other error of Meta's.
            PlatformUnreadable: The answer is no JSON object.
            RequestTooLarge: Meta asks for a smaller question.
        """
        return _decoded(self._asked("GET", path, parameters, context), dict[str, Any], context)

    def post(self, path: str, parameters: dict[str, str], context: CallContext) -> dict[str, Any]:
        """Decoded response of a POST that only starts a report and can be repeated safely."""
        return _decoded(self._asked("POST", path, parameters, context), dict[str, Any], context)

    def write(self, path: str, parameters: dict[str, str], context: CallContext) -> str | None:
        """A POST that changes an entity, sent exactly once. Returns Meta's request id, if present.

        Raises:
            PlatformBusy: No answer, or none that says what happened.
            PlatformRefused: Meta said no.
        """
        response = self._sent("POST", path, parameters, context)
        answer = _decoded(self._checked(response, context), dict[str, Any], context)
        if answer.get("success") is not True:
            raise PlatformUnreadable(**context.known(), said="an answer without success")
        return response.headers.get("x-fb-trace-id") or response.headers.get("x-fb-request-id")

    def once(
        self, method: str, path: str, parameters: dict[str, str], context: CallContext
    ) -> dict[str, Any]:
        """Decoded response of one call; the caller decides whether to retry.

        Raises what `get` raises.
        """
        return _decoded(self._answered(method, path, parameters, context), dict[str, Any], context)

    def create(self, path: str, parameters: dict[str, str], context: CallContext) -> str:
        """A POST that creates an entity, sent exactly once. Returns the new id.

        Raises what `write` raises.
        """
        response = self._sent("POST", path, parameters, context)
        node_id = _decoded(self._checked(response, context), dict[str, Any], context).get("id")
        if not isinstance(node_id, str) or not node_id:
            raise PlatformUnreadable(**context.known(), said="an answer without an id")
        return node_id

    def token_ends_at(self, context: CallContext) -> datetime | None:
        """Expiry of the token or of its data access; None if neither expires."""
        token = self._token.get_secret_value() if self._token else ""
        token_facts = self.get("debug_token", {"input_token": token}, context).get("data", {})
        ends = [
            token_facts[name] for name in ("expires_at", "data_access_expires_at") if token_facts.get(name)
        ]
        return datetime.fromtimestamp(min(ends), UTC) if ends else None

    def pages(
        self, path: str, parameters: dict[str, str], context: CallContext, *, shape: type[Row]
    ) -> Iterator[list[Row]]:
        """Rows page by page while the response has a next page: an empty page need not be the last."""
        page_parameters = {"limit": str(PAGE_ROWS), **parameters}
        while True:
            page = _decoded(self._asked("GET", path, page_parameters, context), GraphPage[shape], context)  # type: ignore[valid-type]
            yield page.data
            if "next" not in page.paging:
                return
            page_parameters = page_parameters | {"after": page.paging["cursors"]["after"]}

    def _asked(self, method: str, path: str, parameters: dict[str, str], context: CallContext) -> bytes:
        return self._back_off.with_retries(lambda: self._answered(method, path, parameters, context))

    def _answered(self, method: str, path: str, parameters: dict[str, str], context: CallContext) -> bytes:
        return self._checked(self._sent(method, path, parameters, context), context)

    def _sent(
        self, method: str, path: str, parameters: dict[str, str], context: CallContext
    ) -> requests.Response:
        """Response of one request.

        Only a GET follows redirects: any other method would be sent twice, elsewhere, or become a GET.
        """
        self.meter.count_call(context)
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
                **context.known(), said=problem, todo="Check the network and META_GRAPH_URL; safe to retry."
            ) from None
        return response

    def _checked(self, response: requests.Response, context: CallContext) -> bytes:
        """Bytes of a successful response; raises for an error response."""
        try:
            refused = msgspec.json.decode(response.content, type=_Answer).error
        except msgspec.DecodeError:
            if response.status_code >= 500:
                raise PlatformBusy(**context.known(), said=f"HTTP {response.status_code}") from None
            problem = f"an answer that is no JSON object (HTTP {response.status_code})"
            raise PlatformUnreadable(**context.known(), said=problem) from None
        if refused is not None:
            raise _as_our_error(response.status_code, refused, response.headers, context)
        if response.status_code >= 500:
            raise PlatformBusy(**context.known(), said=f"HTTP {response.status_code} without an error")
        if response.status_code >= 300:
            problem = f"HTTP {response.status_code} without an error"
            raise PlatformUnreadable(**context.known(), said=problem)
        self._throttle(response.headers)
        return bytes(response.content)

    def _throttle(self, headers: Any) -> None:
        """Wait when the hourly quota runs low, longer the less is left."""
        used = _usage(headers)
        self.meter.record_usage(used)
        if used >= BRAKE_PERCENT:
            sleep(min(30.0, (used - BRAKE_PERCENT) / 25 * 30))


def _decoded(content: bytes, shape: type[Shape], context: CallContext) -> Shape:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError as error:
        problem = f"an answer of another shape than Meta's ({error})"
        raise PlatformUnreadable(**context.known(), said=problem) from None


def _as_our_error(
    http_status: int, error: dict[str, Any], headers: Any, context: CallContext
) -> PlatformError:
    code, subcode = error.get("code"), error.get("error_subcode")
    words = error.get("error_user_msg") or error.get("message") or "no message"
    message = f"{words} (code {code}{f', subcode {subcode}' if subcode else ''})"
    facts = {
        **context.known(),
        "said": message,
        "trace": error.get("fbtrace_id"),
        "proves_no_change": meta_refused(http_status, error),
    }
    if (code, subcode) in TOO_MUCH or "reduce the amount of data" in words:
        return RequestTooLarge(**facts)
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
    """Seconds until access is regained, from the usage header."""
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
