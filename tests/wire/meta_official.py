"""What the Meta Ads tests share: our reader, and the official client as anybody would use it."""

from datetime import timedelta
from typing import Any

import pytest
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from resources.config.settings import Settings
from resources.platforms.account import Account
from resources.platforms.meta_ads import MetaAds
from resources.platforms.retries import BackOff
from sandbox.serve import Sandbox
from tests.conftest import MORNING
from tests.wire.delivery import LAST, QUICK

EUROPE, AMERICA = "2000000001", "2000000002"
START = LAST - timedelta(days=39)
"""Forty days: more than one question's worth."""
WEEK = {"start": LAST - timedelta(days=6), "end": LAST}
FAR = MORNING + timedelta(days=2)


def reader(
    settings: Settings, *, back_off: BackOff = QUICK, job_seconds: float = 5, **changed: Any
) -> MetaAds:
    """Our reader with the sandbox's settings, some of them changed."""
    return MetaAds(
        settings.meta_ads.model_copy(update=changed),
        back_off=back_off,
        job_seconds=job_seconds,
        poll_seconds=0.01,
    )


def account(meta: MetaAds, account_id: str = EUROPE) -> Account:
    return next(ad_account for ad_account in meta.accounts() if ad_account.account_id == account_id)


def official(settings: Settings) -> FacebookAdsApi:
    """The official client, as its README makes it; only the address is the sandbox's."""
    meta = settings.meta_ads
    session = FacebookSession(
        meta.app_id, meta.app_secret.get_secret_value(), meta.access_token.get_secret_value()
    )
    session.GRAPH = meta.graph_url
    return FacebookAdsApi(session, api_version=meta.api_version)


def asked(sandbox: Sandbox) -> list[str]:
    return [request["name"] for request in sandbox.stage.audit.requests(platform="meta_ads")]


def refused(call: Any) -> tuple[int, int | None, str]:
    with pytest.raises(FacebookRequestError) as caught:
        call()
    return (
        caught.value.api_error_code(),
        caught.value.api_error_subcode(),
        str(caught.value.api_error_message()),
    )
