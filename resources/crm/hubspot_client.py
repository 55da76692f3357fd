"""HTTP client of HubSpot's REST API: access token, rate limits, and errors without personal data."""

from typing import Any

import msgspec
import requests

from resources.config.credentials import HubSpotSettings
from resources.crm.rate_limit import RateLimiter
from resources.errors import (
    PlatformBusy,
    PlatformError,
    PlatformRefused,
    PlatformUnreachable,
    PlatformUnreadable,
)
from resources.platforms.api_quota import Meter
from resources.platforms.call_context import CallContext
from resources.platforms.retries import BackOff
from resources.security.redaction import without_people

TIMEOUT_SECONDS = (10, 120)
_WAITS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0, "DAILY": float("inf")}
Answer = dict[str, Any]


class HubSpotClient:
    """One session with one private app."""

    def __init__(self, settings: HubSpotSettings, back_off: BackOff, pace: RateLimiter) -> None:
        self._url, self._back_off, self._pace = settings.api_url, back_off, pace
        self.meter = Meter()
        self._session = requests.Session()
        token = settings.access_token
        self._session.headers["Authorization"] = f"Bearer {token.get_secret_value() if token else ''}"

    def get(self, path: str, context: CallContext, **query: str | int) -> Answer:
        """The answer to a GET.

        Raises:
            PlatformBusy: Throttled, down or silent until patience ran out.
            PlatformRefused: HubSpot said no.
            PlatformUnreadable: The answer is no JSON object.
        """
        return self._back_off.with_retries(lambda: self._asked("GET", path, context, params=query))

    def post(self, path: str, body: Answer, context: CallContext) -> Answer:
        """The answer to a POST that only reads: a search or a batch; errors as of `get`."""
        return self._back_off.with_retries(
            lambda: self._asked("POST", path, context, data=msgspec.json.encode(body))
        )

    def _asked(self, method: str, path: str, context: CallContext, **more: Any) -> Answer:
        self._pace.wait(is_search=path.endswith("/search"))
        self.meter.count_call(context)
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        try:
            response = self._session.request(
                method, f"{self._url}/{path}", headers=headers, timeout=TIMEOUT_SECONDS, **more
            )
        except requests.RequestException as error:
            message = (
                "no answer in time"
                if isinstance(error, requests.Timeout)
                else "the endpoint cannot be reached"
            )
            todo = "Check the network and HUBSPOT_API_URL; safe to retry."
            raise PlatformUnreachable(**context.known(), said=message, todo=todo) from None
        self._pace.heard(response.headers)
        if not response.ok:
            raise _as_our_error(response, context)
        try:
            return msgspec.json.decode(response.content, type=Answer)
        except msgspec.DecodeError:
            # Outside the message: the body may be anything, people's addresses among it.
            raise PlatformUnreadable(**context.known(), said="an answer that is no JSON object") from None


def _as_our_error(response: requests.Response, context: CallContext) -> PlatformError:
    try:
        body = msgspec.json.decode(response.content, type=Answer)
    except msgspec.DecodeError:
        body = {}
    status, policy = response.status_code, str(body.get("policyName", ""))
    word = policy or body.get("category") or "no category"
    message = (
        f"{without_people(str(body.get('message') or 'no message'))[:200].rstrip('. ')} (HTTP {status},"
        f" {word})"
    )
    details = {**context.known(), "said": message, "trace": body.get("correlationId")}
    if status == 429:
        retry_after = response.headers.get("Retry-After", "")
        return PlatformBusy(
            **details, wait_seconds=float(retry_after) if retry_after.isdecimal() else _WAITS.get(policy)
        )
    if status >= 500:
        return PlatformBusy(**details)
    todo = {
        401: (
            "Make a new token in HubSpot, Settings > Integrations > Private apps, and set"
            " HUBSPOT_ACCESS_TOKEN."
        ),
        403: "Give the private app the scopes that docs/crm.md lists.",
    }.get(status)
    return PlatformRefused(**details, todo=todo)
