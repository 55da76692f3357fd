"""LinkedIn REST API over `requests`: headers, token refresh, query tunnelling; errors are `PlatformError`."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import requests

from resources.config.credentials import LinkedInAdsSettings
from resources.errors import (
    PlatformBusy,
    PlatformError,
    PlatformRefused,
    PlatformUnreachable,
    PlatformUnreadable,
)
from resources.platforms.api_quota import Meter
from resources.platforms.call_context import CallContext
from resources.platforms.definite_refusals import linkedin_refused
from resources.platforms.linkedin_restli import query_string
from resources.platforms.retries import BackOff

LONGEST_URL = 3_900
TIMEOUT_SECONDS = (10, 120)
EXPIRED = 65602
VOLUME_WAIT_SECONDS = 330
"""The volume throttle counts five minutes; half a minute more is safe (practice of other connectors)."""


Answer = TypeVar("Answer")


class _Page(msgspec.Struct):
    elements: list[dict[str, Any]]
    metadata: dict[str, Any] = {}


class LinkedInClient:
    """HTTP session of one login."""

    def __init__(self, settings: LinkedInAdsSettings, back_off: BackOff) -> None:
        self._settings, self._back_off, self.meter = settings, back_off, Meter()
        self._session = requests.Session()
        self._session.headers.update(
            {"LinkedIn-Version": settings.api_version, "X-Restli-Protocol-Version": "2.0.0"}
        )
        self._token = settings.access_token.get_secret_value() if settings.access_token else None

    def get(
        self, path: str, parameters: dict[str, Any], context: CallContext, *, shape: type[Answer]
    ) -> Answer:
        """The response, decoded to `shape`.

        Raises:
            PlatformBusy: Throttled, down or silent until patience ran out.
            PlatformRefused: Any other error of LinkedIn's.
            PlatformUnreadable: The answer is not JSON of that shape.
        """
        response = self._back_off.with_retries(
            lambda: self._answered(path, query_string(parameters), context)
        )
        try:
            return msgspec.json.decode(response.content, type=shape)
        except msgspec.DecodeError as error:
            problem = f"an answer of another shape than LinkedIn's ({error})"
            raise PlatformUnreadable(**context.known(), said=problem) from None

    def element(self, path: str, context: CallContext) -> dict[str, Any]:
        """One entity by its path; raises what `get` raises."""

        def asked() -> requests.Response:
            return self._allowed(lambda: self._one("GET", path, context), context)

        return _body(self._back_off.with_retries(asked))

    def elements(
        self, path: str, query: dict[str, Any], size: int, context: CallContext
    ) -> Iterator[dict[str, Any]]:
        """The elements of a list, page by page, `size` a page; errors as of `get`."""
        token: str | None = None
        while True:
            parameters = {**query, "pageSize": size, "pageToken": token}
            page = self.get(path, parameters, context, shape=_Page)
            yield from page.elements
            token = page.metadata.get("nextPageToken")
            if not token:
                return

    def delete(self, path: str, context: CallContext) -> str | None:
        """Delete an entity, asked once; like `patch`."""
        response = self._allowed(lambda: self._one("DELETE", path, context), context)
        if response.status_code != 204:
            raise PlatformUnreadable(
                **context.known(), said=f"HTTP {response.status_code} where 204 says it is done"
            )
        return response.headers.get("x-li-uuid")

    def patch(self, path: str, fields: dict[str, Any], context: CallContext) -> str | None:
        """Partial update, sent once. It is repeated only after a 401 for an expired token, which proves that
        nothing was done. Returns LinkedIn's request id.

        Raises:
            PlatformBusy: No answer, or none that says what happened.
            PlatformRefused: LinkedIn said no.
        """
        body = msgspec.json.encode({"patch": {"$set": fields}})
        response = self._allowed(lambda: self._one("POST", path, context, body), context)
        if response.status_code != 204:
            raise PlatformUnreadable(
                **context.known(), said=f"HTTP {response.status_code} where 204 says it is done"
            )
        return response.headers.get("x-li-uuid")

    def post(
        self, path: str, content: dict[str, Any], context: CallContext, *, method: str
    ) -> tuple[dict[str, Any], str | None]:
        """Decoded response of one POST with that Rest.li method, and the id of the created entity. The caller
        decides whether to retry.

        Raises:
            PlatformBusy: No answer, or none that says what happened.
            PlatformRefused: LinkedIn said no.
        """
        body = msgspec.json.encode(content)
        response = self._allowed(lambda: self._one("POST", path, context, body, method=method), context)
        return _body(response), response.headers.get("x-restli-id")

    def _answered(self, path: str, query: str, context: CallContext) -> requests.Response:
        return self._allowed(lambda: self._sent(path, query, context), context)

    def _allowed(self, send: Callable[[], requests.Response], context: CallContext) -> requests.Response:
        """The response, after refreshing an expired token."""
        if self._token is None:
            self._refresh(context)
        response = send()
        body = _body(response)
        is_expired = linkedin_refused(401, body) and body.get("serviceErrorCode") == EXPIRED
        if response.status_code == 401 and is_expired and self._can_refresh:
            self._refresh(context)
            response = send()
        if not response.ok:
            raise _as_our_error(response, context)
        return response

    def _one(
        self,
        verb: str,
        path: str,
        context: CallContext,
        body: bytes | None = None,
        *,
        method: str = "PARTIAL_UPDATE",
    ) -> requests.Response:
        self.meter.count_call(context)
        headers = {"Authorization": f"Bearer {self._token}"}
        if body is not None:
            headers |= {"X-RestLi-Method": method, "Content-Type": "application/json"}
        try:
            return self._session.request(
                verb,
                f"{self._settings.api_url}/{path}",
                data=body,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=verb
                == "GET",  # a write would be sent again, elsewhere, or turned into a read
            )
        except requests.RequestException as error:
            raise _unreachable(error, context) from None

    def _sent(self, path: str, query: str, context: CallContext) -> requests.Response:
        self.meter.count_call(context)
        url = f"{self._settings.api_url}/{path}"
        headers = {"Authorization": f"Bearer {self._token}", "X-RestLi-Method": "FINDER"}
        try:
            if len(url) + len(query) < LONGEST_URL:
                return self._session.get(url, params=query, headers=headers, timeout=TIMEOUT_SECONDS)
            # Query tunnelling: the same question as the body of a POST, for URLs that would be refused as too
            # long.
            tunnel = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
            return self._session.post(url, data=query, headers=headers | tunnel, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise _unreachable(error, context) from None  # requests' own words hold the URL and its query

    @property
    def _can_refresh(self) -> bool:
        s = self._settings
        return bool(s.client_id and s.client_secret and s.refresh_token)

    def token_ends_at(self, context: CallContext) -> datetime | None:
        """Expiry of the access token; None if it is refreshed automatically or no client credentials are set."""
        s = self._settings
        if self._can_refresh or not (s.client_id and s.client_secret and self._token):
            return None
        form = {
            "client_id": s.client_id,
            "client_secret": s.client_secret.get_secret_value(),
            "token": self._token,
        }
        try:
            response = self._session.post(
                f"{s.oauth_url}/introspectToken", data=form, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise _unreachable(error, context) from None
        ends = _body(response).get("expires_at") if response.ok else None
        return datetime.fromtimestamp(ends, UTC) if ends else None

    def _refresh(self, context: CallContext) -> None:
        s = self._settings
        if not (s.client_id and s.client_secret and s.refresh_token):
            raise PlatformRefused(
                **context.known(),
                said="no access token",
                todo="Set LINKEDIN_ACCESS_TOKEN.",
                proves_no_change=True,
            )
        form = {
            "grant_type": "refresh_token",
            "refresh_token": s.refresh_token.get_secret_value(),
            "client_id": s.client_id,
            "client_secret": s.client_secret.get_secret_value(),
        }
        try:
            response = self._session.post(f"{s.oauth_url}/accessToken", data=form, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise _unreachable(error, context) from None
        if response.status_code >= 500:
            raise PlatformBusy(**context.known(), said=f"HTTP {response.status_code} from the token endpoint")
        token = _body(response).get("access_token")
        if not response.ok or not token:
            raise PlatformRefused(
                **context.known(),
                said="the refresh token was refused",
                proves_no_change=True,
                todo="Sign in again and set LINKEDIN_REFRESH_TOKEN (they last twelve months).",
            )
        self._token = token


def _as_our_error(response: requests.Response, context: CallContext) -> PlatformError:
    body, status = _body(response), response.status_code
    message = f"{body.get('message') or 'no message'} (HTTP {status}, {body.get('code', 'no code')})"
    facts = {**context.known(), "said": message, "trace": response.headers.get("x-li-uuid")}
    if status == 429 and " DAY " in message:
        return PlatformBusy(
            **facts, todo="Calls are allowed again after midnight UTC.", wait_seconds=float("inf")
        )
    if status == 429:
        return PlatformBusy(**facts, wait_seconds=VOLUME_WAIT_SECONDS if "45 million" in message else None)
    if status in {408, 499} or status >= 500:
        return PlatformBusy(**facts)
    todo = {
        401: "Get a new token and set LINKEDIN_ACCESS_TOKEN.",
        403: "Give the login a role on this account, and the scope r_ads_reporting.",
        426: "Set LINKEDIN_VERSION to a month that LinkedIn still serves.",
    }.get(status)
    return PlatformRefused(**facts, todo=todo, proves_no_change=linkedin_refused(status, body))


def _unreachable(error: requests.RequestException, context: CallContext) -> PlatformUnreachable:
    kind = "no answer in time" if isinstance(error, requests.Timeout) else "the endpoint cannot be reached"
    return PlatformUnreachable(
        **context.known(), said=kind, todo="Check the network and LINKEDIN_API_URL; safe to retry."
    )


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
