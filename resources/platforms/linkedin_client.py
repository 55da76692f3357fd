"""LinkedIn's REST API over `requests`: headers, tokens, tunnelled queries, and its errors as ours."""

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
from resources.platforms.call_context import Doing
from resources.platforms.definite_refusals import linkedin_refused
from resources.platforms.linkedin_restli import query_string
from resources.platforms.retries import Patience

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
    """One session with one login."""

    def __init__(self, settings: LinkedInAdsSettings, patience: Patience) -> None:
        self._settings, self._patience, self.meter = settings, patience, Meter()
        self._session = requests.Session()
        self._session.headers.update(
            {"LinkedIn-Version": settings.api_version, "X-Restli-Protocol-Version": "2.0.0"}
        )
        self._token = settings.access_token.get_secret_value() if settings.access_token else None

    def get(self, path: str, parameters: dict[str, Any], doing: Doing, *, shape: type[Answer]) -> Answer:
        """The answer, decoded to `shape`.

        Raises:
            PlatformBusy: Throttled, down or silent until patience ran out.
            PlatformRefused: Any other error of LinkedIn's.
            PlatformUnreadable: The answer is not JSON of that shape.
        """
        response = self._patience.with_retries(lambda: self._answered(path, query_string(parameters), doing))
        try:
            return msgspec.json.decode(response.content, type=shape)
        except msgspec.DecodeError as error:
            problem = f"an answer of another shape than LinkedIn's ({error})"
            raise PlatformUnreadable(**doing.known(), said=problem) from None

    def element(self, path: str, doing: Doing) -> dict[str, Any]:
        """One entity by its path; errors as of `get`."""

        def asked() -> requests.Response:
            return self._allowed(lambda: self._one("GET", path, doing), doing)

        return _body(self._patience.with_retries(asked))

    def elements(self, path: str, query: dict[str, Any], size: int, doing: Doing) -> Iterator[dict[str, Any]]:
        """The elements of a list, page by page, `size` a page; errors as of `get`."""
        token: str | None = None
        while True:
            parameters = {**query, "pageSize": size, "pageToken": token}
            page = self.get(path, parameters, doing, shape=_Page)
            yield from page.elements
            token = page.metadata.get("nextPageToken")
            if not token:
                return

    def delete(self, path: str, doing: Doing) -> str | None:
        """Delete an entity, asked once; like `patch`."""
        response = self._allowed(lambda: self._one("DELETE", path, doing), doing)
        if response.status_code != 204:
            raise PlatformUnreadable(
                **doing.known(), said=f"HTTP {response.status_code} where 204 says it is done"
            )
        return response.headers.get("x-li-uuid")

    def patch(self, path: str, fields: dict[str, Any], doing: Doing) -> str | None:
        """A partial update, sent once; once more only where the token had expired, because then nothing was
        done.

        Raises:
            PlatformBusy: No answer, or none that says what happened.
            PlatformRefused: LinkedIn said no.
        """
        body = msgspec.json.encode({"patch": {"$set": fields}})
        response = self._allowed(lambda: self._one("POST", path, doing, body), doing)
        if response.status_code != 204:
            raise PlatformUnreadable(
                **doing.known(), said=f"HTTP {response.status_code} where 204 says it is done"
            )
        return response.headers.get("x-li-uuid")

    def post(
        self, path: str, content: dict[str, Any], doing: Doing, *, method: str
    ) -> tuple[dict[str, Any], str | None]:
        """The decoded answer to one POST with that Rest.li method, and the id of what it made. Whether to ask
        again is for the caller to say.

        Raises:
            PlatformBusy: No answer, or none that says what happened.
            PlatformRefused: LinkedIn said no.
        """
        body = msgspec.json.encode(content)
        response = self._allowed(lambda: self._one("POST", path, doing, body, method=method), doing)
        return _body(response), response.headers.get("x-restli-id")

    def _answered(self, path: str, query: str, doing: Doing) -> requests.Response:
        return self._allowed(lambda: self._sent(path, query, doing), doing)

    def _allowed(self, send: Callable[[], requests.Response], doing: Doing) -> requests.Response:
        """The answer, with a token that was renewed where it had expired."""
        if self._token is None:
            self._refresh(doing)
        response = send()
        body = _body(response)
        is_expired = linkedin_refused(401, body) and body.get("serviceErrorCode") == EXPIRED
        if response.status_code == 401 and is_expired and self._can_refresh:
            self._refresh(doing)
            response = send()
        if not response.ok:
            raise _as_our_error(response, doing)
        return response

    def _one(
        self, verb: str, path: str, doing: Doing, body: bytes | None = None, *, method: str = "PARTIAL_UPDATE"
    ) -> requests.Response:
        self.meter.call(doing)
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
            raise _unreachable(error, doing) from None

    def _sent(self, path: str, query: str, doing: Doing) -> requests.Response:
        self.meter.call(doing)
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
            raise _unreachable(error, doing) from None  # requests' own words hold the URL and its query

    @property
    def _can_refresh(self) -> bool:
        s = self._settings
        return bool(s.client_id and s.client_secret and s.refresh_token)

    def token_ends_at(self, doing: Doing) -> datetime | None:
        """When the access token ends; None where it renews itself, or where no client is set that may ask."""
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
            raise _unreachable(error, doing) from None
        ends = _body(response).get("expires_at") if response.ok else None
        return datetime.fromtimestamp(ends, UTC) if ends else None

    def _refresh(self, doing: Doing) -> None:
        s = self._settings
        if not (s.client_id and s.client_secret and s.refresh_token):
            raise PlatformRefused(
                **doing.known(),
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
            raise _unreachable(error, doing) from None
        if response.status_code >= 500:
            raise PlatformBusy(**doing.known(), said=f"HTTP {response.status_code} from the token endpoint")
        token = _body(response).get("access_token")
        if not response.ok or not token:
            raise PlatformRefused(
                **doing.known(),
                said="the refresh token was refused",
                proves_no_change=True,
                todo="Sign in again and set LINKEDIN_REFRESH_TOKEN (they last twelve months).",
            )
        self._token = token


def _as_our_error(response: requests.Response, doing: Doing) -> PlatformError:
    body, status = _body(response), response.status_code
    message = f"{body.get('message') or 'no message'} (HTTP {status}, {body.get('code', 'no code')})"
    facts = {**doing.known(), "said": message, "trace": response.headers.get("x-li-uuid")}
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


def _unreachable(error: requests.RequestException, doing: Doing) -> PlatformUnreachable:
    kind = "no answer in time" if isinstance(error, requests.Timeout) else "the endpoint cannot be reached"
    return PlatformUnreachable(
        **doing.known(), said=kind, todo="Check the network and LINKEDIN_API_URL; safe to retry."
    )


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
