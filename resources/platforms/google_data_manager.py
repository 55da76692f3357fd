"""Google Data Manager API over `requests`, with its own OAuth scope; errors are `PlatformError`."""

from typing import Any

import msgspec
import requests

from resources.config.credentials import GoogleAdsSettings
from resources.errors import PlatformBusy, PlatformError, PlatformRefused, PlatformUnreachable
from resources.platforms.call_context import CallContext
from resources.platforms.definite_refusals import google_http_refused
from resources.platforms.google_client import as_our_errors

SCOPE = "https://www.googleapis.com/auth/datamanager"
TIMEOUT_SECONDS = (10, 120)


class DataManager:
    """Session of one login at the Data Manager API."""

    def __init__(self, settings: GoogleAdsSettings) -> None:
        self._settings, self._session = settings, requests.Session()
        self._credentials: Any = None

    def called(
        self,
        verb: str,
        path: str,
        context: CallContext,
        *,
        content: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Decoded response of one call; the caller decides whether to retry.

        Raises:
            PlatformBusy: Throttled, down or silent.
            PlatformRefused: Google said no, or the login is refused.
        """
        url = f"{self._settings.data_manager_url}/{path}"
        body = None if content is None else msgspec.json.encode(content)
        response: requests.Response
        with as_our_errors(context):
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
                raise PlatformUnreachable(**context.known(), said=problem) from None
        try:
            answer = msgspec.json.decode(response.content, type=dict[str, Any])
        except msgspec.DecodeError:
            answer = {}
        if not response.ok:
            raise _as_our_error(response.status_code, answer.get("error") or {}, context)
        return answer

    def _token(self) -> str:
        """Access token for the Data Manager scope, refreshed when expired.

        `google.auth` is not used to sign requests: it would ask a Google host for trust boundaries, whatever
        endpoint the request is for.
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


def _as_our_error(http: int, error: dict[str, Any], context: CallContext) -> PlatformError:
    reasons = [detail.get("reason") for detail in error.get("details") or () if isinstance(detail, dict)]
    causes = ", ".join(str(detail) for detail in (error.get("status"), *reasons) if detail)
    message = f"{error.get('message') or 'no message'} (HTTP {http}{f', {causes}' if causes else ''})"
    is_definite = google_http_refused(http, error)
    if http in {408, 429, 499} or http >= 500:
        return PlatformBusy(**context.known(), said=message)
    todo = {
        401: "Sign in again with the scope of the Data Manager API (docs/configuration.md).",
        403: (
            "Turn the Data Manager API on in the Google Cloud project and give the login access to the"
            " account."
        ),
    }.get(http)
    return PlatformRefused(**context.known(), said=message, todo=todo, proves_no_change=is_definite)
