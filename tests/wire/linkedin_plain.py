"""What the LinkedIn tests share: our reader, and LinkedIn as its documentation says to call it."""

from datetime import timedelta
from typing import Any

import requests

from resources.config.settings import Settings
from resources.platforms.account import Account
from resources.platforms.linkedin_ads import LinkedInAds
from resources.platforms.retries import BackOff
from sandbox.serve import Sandbox
from tests.wire.delivery import LAST, QUICK

B2B = "510000001"
START = LAST - timedelta(days=39)
WEEK = {"start": LAST - timedelta(days=6), "end": LAST}


def reader(settings: Settings, *, back_off: BackOff = QUICK, **changed: Any) -> LinkedInAds:
    """Our reader with the sandbox's settings, some of them changed."""
    return LinkedInAds(settings.linkedin_ads.model_copy(update=changed), back_off=back_off)


def account(linkedin: LinkedInAds) -> Account:
    return linkedin.accounts()[0]


def asked(sandbox: Sandbox) -> list[str]:
    return [request["name"] for request in sandbox.stage.audit.requests(platform="linkedin_ads")]


class Plain:
    """LinkedIn as its documentation says to call it, with `requests` alone."""

    def __init__(self, settings: Settings) -> None:
        self._url, self._token = settings.linkedin_ads.api_url, settings.linkedin_ads.access_token
        self._version = settings.linkedin_ads.api_version

    def call(self, method: str, path: str, *, body: Any = None, **headers: str) -> requests.Response:
        known = {
            "Authorization": f"Bearer {self._token.get_secret_value()}",
            "LinkedIn-Version": self._version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in (known | given).items() if value}
        return requests.request(method, f"{self._url}/{path}", headers=kept, json=body, timeout=10)

    def update(self, path: str, fields: dict[str, Any]) -> requests.Response:
        return self.call("POST", path, body={"patch": {"$set": fields}}, X_RestLi_Method="PARTIAL_UPDATE")
