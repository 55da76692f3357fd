"""What the Google Ads tests share: our reader, and the official client as anybody would use it."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException

from resources.config.credentials import GoogleAdsSettings
from resources.config.settings import Settings
from resources.platforms.account import Account
from resources.platforms.google_ads import GoogleAds
from resources.platforms.retries import BackOff
from tests.wire.delivery import QUICK

GERMANY, AMERICA, MANAGER = "1000000001", "1000000002", "9990000001"


def reader(settings: Settings, *, back_off: BackOff = QUICK, **changed: Any) -> GoogleAds:
    """Our reader with the sandbox's settings, some of them changed."""
    return GoogleAds(settings.google_ads.model_copy(update=changed), back_off=back_off)


def account(google: GoogleAds, account_id: str = GERMANY) -> Account:
    return next(ad_account for ad_account in google.accounts() if ad_account.account_id == account_id)


def official(settings: GoogleAdsSettings, *, use_proto_plus: bool = True) -> GoogleAdsClient:
    """The official client, made by its own loader. gRPC reads its roots once a process, before its first
    channel.
    """
    os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = str(settings.ca_file)
    return GoogleAdsClient.load_from_dict(
        {
            "json_key_file_path": str(settings.json_key_file_path),
            "endpoint": settings.endpoint,
            "login_customer_id": settings.login_customer_id,
            "use_proto_plus": use_proto_plus,
        }
    )


def streamed(client: GoogleAdsClient, query: str, *, customer_id: str = GERMANY) -> list[Any]:
    """Every row of the query, by the documented way."""
    service = client.get_service("GoogleAdsService")
    return [
        row for part in service.search_stream(customer_id=customer_id, query=query) for row in part.results
    ]


def refusals(call: Callable[[], Any]) -> list[Any]:
    """The GoogleAdsErrors with which Google refuses the call."""
    with pytest.raises(GoogleAdsException) as caught:
        call()
    assert caught.value.request_id
    return list(caught.value.failure.errors)


def code(error: Any) -> str:
    """An error's code as documented: QueryError.UNRECOGNIZED_FIELD is `query_error.UNRECOGNIZED_FIELD`."""
    member = type(error.error_code).pb(error.error_code).WhichOneof("error_code")
    return f"{member}.{getattr(error.error_code, member).name}"


def place(error: Any) -> list[tuple[str, int | None]]:
    """An error's location: names, with the index where the field is repeated."""
    return [
        (element.field_name, element.index if "index" in element else None)
        for element in error.location.field_path_elements
    ]
