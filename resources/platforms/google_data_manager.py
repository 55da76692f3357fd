"""Google's Data Manager API over `requests`: a token of its own scope, JSON in and out, its errors as ours."""

from typing import Any

import msgspec
import requests

from resources.config.credentials import GoogleAdsSettings
from resources.errors import PlatformBusy, PlatformError, PlatformRefused, PlatformUnreachable
from resources.platforms.call_context import Doing
from resources.platforms.definite_refusals import google_http_refused
from resources.platforms.google_client import as_our_errors

SCOPE = "https://www.googleapis.com/auth/datamanager"
TIMEOUT_SECONDS = (10, 120)


class DataManager:
    """One login at the Data Manager."""

    def __init__(self, settings: GoogleAdsSettings) -> None:
        self._settings, self._session = settings, requests.Session()
        self._credentials: Any = None

    def called(
        self,
        verb: str,
        path: str,
        doing: Doing,
        *,
        content: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """The decoded answer to one call; whether to ask again is for the caller to say.

        Raises:
            PlatformBusy: Throttled, down or silent.
            PlatformRefused: Google said no, or the login is refused.
        """
        url = f"{self._settings.data_manager_url}/{path}"
        body = None if content is None else msgspec.json.encode(content)
        response: requests.Response
        with as_our_errors(doing):
            try:
                headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
                response = self._session.request(
                    verb,
                    url,
                    data=body,
                    params=query,
                    headers=headers,
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                problem = (
                    "no answer in time"
                    if isinstance(error, requests.Timeout)
                    else "the endpoint cannot be reached"
                )
                raise PlatformUnreachable(**doing.known(), said=problem) from None
        try:
            answer = msgspec.json.decode(response.content, type=dict[str, Any])
        except msgspec.DecodeError:
            answer = {}
        if not response.ok:
            raise _as_our_error(response.status_code, answer.get("error") or {}, doing)
        return answer

    def _token(self) -> str:
        """A token for the Data Manager, renewed when it has ended.

        The credentials sign no request themselves: they would ask a host of Google's for the places the login
        may be used from, whatever endpoint the request is for.
        """
        from google.auth.transport.requests import Request  # noqa: PLC0415 — only uploads need it

        if self._credentials is None:
            self._credentials = _credentials(self._settings)
        if not self._credentials.valid:
            self._credentials.refresh(Request())
        return str(self._credentials.token)


def _credentials(settings: GoogleAdsSettings) -> Any:
    if settings.json_key_file_path:
        from google.oauth2.service_account import Credentials as KeyFile  # noqa: PLC0415

        return KeyFile.from_service_account_file(str(settings.json_key_file_path), scopes=[SCOPE])
    from google.oauth2.credentials import Credentials  # noqa: PLC0415

    secret, token = settings.client_secret, settings.refresh_token
    return Credentials(
        None,
        refresh_token=token.get_secret_value() if token else None,
        client_id=settings.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        token_uri=settings.token_url,
    )


def _as_our_error(http: int, error: dict[str, Any], doing: Doing) -> PlatformError:
    reasons = [detail.get("reason") for detail in error.get("details") or () if isinstance(detail, dict)]
    causes = ", ".join(str(detail) for detail in (error.get("status"), *reasons) if detail)
    message = f"{error.get('message') or 'no message'} (HTTP {http}{f', {causes}' if causes else ''})"
    is_definite = google_http_refused(http, error)
    if http in {408, 429, 499} or http >= 500:
        return PlatformBusy(**doing.known(), said=message)
    todo = {
        401: "Sign in again with the scope of the Data Manager API (docs/configuration.md).",
        403: "Turn the Data Manager API on in the Google Cloud project and give the login access to the account.",
    }.get(http)
    return PlatformRefused(**doing.known(), said=message, todo=todo, proves_no_change=is_definite)
