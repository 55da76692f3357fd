"""Google Ads, when it goes wrong: what is waited for, what is read again, what is refused, and in which
words.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from resources.config.settings import Settings
from resources.errors import PlatformBusy, PlatformRefused
from resources.platforms.google_ads import GoogleAds
from resources.platforms.retries import BackOff
from sandbox.faults import KNOWN, UPLOADS, WRITES
from sandbox.serve import Sandbox
from tests.wire.delivery import HASTY, LAST, rows, said_without_a_secret
from tests.wire.google_client import GERMANY, account, reader

START = LAST - timedelta(days=6)
WEEK = {"start": START, "end": LAST}


def searches(sandbox: Sandbox) -> int:
    """How many queries have reached the sandbox."""
    return sum(request["name"] == "Search" for request in sandbox.stage.audit.requests())


def refused(google: GoogleAds) -> PlatformRefused:
    with pytest.raises(PlatformRefused) as caught:
        google.accounts()
    return caught.value


def test_every_fault_of_the_wire_is_met_here() -> None:
    assert set(KNOWN["google_ads"]) - set(WRITES) - set(UPLOADS) == {
        "day_quota",
        "truncated",
        "token_revoked",
        "throttled",
        "unavailable",
        "broken_stream",
        "slow",
        "repeat_accepted",  # test_google_criteria
    }


def test_a_throttle_is_waited_out_for_as_long_as_google_asks(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    before = rows(google.days("ad_set", ad_account, **WEEK))
    waited: list[float] = []

    class Counting(BackOff):
        def _wait(self, state: Any) -> float:
            waited.append(super()._wait(state))
            return waited[-1]

    sandbox.stage.faults.arm("google_ads", "throttled", seconds=0.2)
    patient = reader(settings, back_off=Counting(total_seconds=5, first_pause=0.01))
    after = rows(patient.days("ad_set", ad_account, **WEEK))
    assert waited == [pytest.approx(0.2)]
    assert [row | {"pulled_at": None} for row in after] == [row | {"pulled_at": None} for row in before]


def test_a_throttle_longer_than_the_patience_ends_at_once(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    sandbox.stage.faults.arm("google_ads", "throttled", seconds=3600)
    with pytest.raises(PlatformBusy) as caught:
        list(google.days("ad_set", ad_account, **WEEK))
    assert caught.value.wait_seconds == 3600
    assert caught.value.trace
    words = said_without_a_secret(caught.value)
    assert words.startswith(
        f"Google Ads: Reading ad group days {START}..{LAST} for account {GERMANY}: Too many"
    )
    assert words.endswith("Safe to retry.")


def test_an_outage_is_asked_again_until_it_is_over(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    sandbox.stage.faults.arm("google_ads", "unavailable", times=3)
    before = searches(sandbox)
    assert rows(google.days("campaign", ad_account, **WEEK))
    assert searches(sandbox) == before + 1


def test_an_outage_that_does_not_end_is_busy(settings: Settings, sandbox: Sandbox) -> None:
    sandbox.stage.faults.arm("google_ads", "unavailable", times=100)
    with pytest.raises(PlatformBusy, match=r"Listing accounts.*TRANSIENT_ERROR.*Safe to retry"):
        reader(settings, back_off=HASTY).accounts()


def test_a_broken_stream_is_read_again_and_counts_nothing_twice(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    whole = rows(google.days("ad", ad_account, **WEEK))
    for times, calls in ((1, 2), (2, 4)):  # once: again as a whole; twice: in halves
        sandbox.stage.faults.arm("google_ads", "broken_stream", times=times)
        before = searches(sandbox)
        again = rows(google.days("ad", ad_account, **WEEK))
        assert searches(sandbox) == before + calls
        assert [row | {"pulled_at": None} for row in again] == [row | {"pulled_at": None} for row in whole]


def test_a_stream_that_always_breaks_is_busy_and_yields_nothing(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    sandbox.stage.faults.arm("google_ads", "broken_stream", times=100)
    stream = google.days("ad", ad_account, **WEEK)
    with pytest.raises(PlatformBusy, match=r"the stream broke after \d+ rows"):
        next(stream)


def test_a_slow_answer_is_waited_for(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    sandbox.stage.faults.arm("google_ads", "slow", seconds=0.3)
    assert rows(google.days("campaign", ad_account, **WEEK))


def test_a_revoked_login_says_to_get_a_new_one(settings: Settings, sandbox: Sandbox) -> None:
    given = sandbox.stage.credentials
    with_refresh_token = {
        "json_key_file_path": None,
        "client_id": given.google_client_id,
        "client_secret": SecretStr(given.google_client_secret),
        "refresh_token": SecretStr(given.google_refresh_token),
        "token_url": f"{sandbox.url}/oauth2/token",
    }
    assert len(reader(settings, **with_refresh_token).accounts()) == 2
    for changed in ({}, with_refresh_token):
        sandbox.stage.faults.arm("google_ads", "token_revoked", times=5)
        error = refused(reader(settings, **changed))
        words = said_without_a_secret(error, given.google_refresh_token, given.google_client_secret)
        assert "Listing accounts" in words
        assert "Get a new refresh token" in words
        sandbox.stage.faults.clear()


def test_a_refresh_token_nobody_gave_is_refused_and_not_repeated(
    settings: Settings, sandbox: Sandbox
) -> None:
    wrong = {
        "json_key_file_path": None,
        "client_id": "someone",
        "client_secret": SecretStr("very-secret"),
        "refresh_token": SecretStr("no-such-token"),
        "token_url": f"{sandbox.url}/oauth2/token",
    }
    error = refused(reader(settings, **wrong))
    assert "invalid_grant" in said_without_a_secret(error, "very-secret", "no-such-token")


def test_a_key_file_that_is_none_is_refused_without_its_content(
    settings: Settings, sandbox: Sandbox, tmp_path: Path
) -> None:
    broken = tmp_path / "key.json"
    broken.write_text('{"private_key": "sesame", "client_email": "a@b.example"}', encoding="utf-8")
    error = refused(reader(settings, json_key_file_path=broken))
    assert "Check the GOOGLE_ADS_ settings" in said_without_a_secret(error, "sesame", "a@b.example")


def test_a_foreign_manager_is_told_which_setting_to_correct(settings: Settings, sandbox: Sandbox) -> None:
    google = reader(settings)
    ad_account = account(google)
    stranger = reader(settings, login_customer_id="1234567890")
    with pytest.raises(
        PlatformRefused, match=r"USER_PERMISSION_DENIED.*GOOGLE_ADS_LOGIN_CUSTOMER_ID"
    ) as caught:
        list(stranger.days("ad_set", ad_account, **WEEK))
    assert caught.value.account_id == GERMANY
    assert caught.value.trace


def test_a_retired_version_is_told_as_such(settings: Settings, sandbox: Sandbox) -> None:
    error = refused(reader(settings, api_version="v24"))
    assert "UNSUPPORTED_VERSION" in str(error)
    assert "Set GOOGLE_ADS_API_VERSION" in str(error)


def test_a_version_the_client_never_had_is_told_as_such(settings: Settings, sandbox: Sandbox) -> None:
    error = refused(reader(settings, api_version="v9"))
    assert "v9" in str(error)
    assert "GOOGLE_ADS_API_VERSION" in str(error)


def test_an_endpoint_where_nobody_listens_is_named(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformBusy, match=r"cannot be reached.*GOOGLE_ADS_ENDPOINT"):
        reader(settings, back_off=HASTY, endpoint="localhost:1").accounts()


def test_days_out_of_order_or_out_of_reach_are_refused_with_the_days_named(
    settings: Settings, sandbox: Sandbox
) -> None:
    google = reader(settings)
    ad_account = account(google)
    long_ago = LAST.replace(year=LAST.year - 5)
    with pytest.raises(PlatformRefused, match=rf"{long_ago}\.\.{long_ago}.*37 months"):
        list(google.days("campaign", ad_account, start=long_ago, end=long_ago))
    assert list(google.days("campaign", ad_account, start=LAST, end=START)) == []
