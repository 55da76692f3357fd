"""LinkedIn Ads, when it goes wrong: the silent cap, the silent permission, tokens, limits, refusals, and in
which words.
"""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from resources.config.settings import Settings
from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreachable, PlatformUnreadable
from resources.platforms import linkedin_ads_wire
from sandbox.faults import KNOWN, UPLOADS, WRITES
from sandbox.linkedin import analytics
from sandbox.serve import Sandbox
from tests.wire.delivery import HASTY, LAST, one_sentence, rows, undated
from tests.wire.linkedin_plain import B2B, WEEK, Plain, account, asked, reader


@pytest.mark.parametrize("most", [1, 7, 100, 1_000])
def test_an_answer_that_was_cut_off_without_a_word_is_never_believed(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    linkedin = reader(settings)
    ad_account = account(linkedin)
    days = {"start": LAST - timedelta(days=2), "end": LAST}
    whole = rows(linkedin.days("ad", ad_account, **days))
    monkeypatch.setattr(analytics, "MOST_ELEMENTS", most + 1)
    monkeypatch.setattr(linkedin_ads_wire, "MOST_ELEMENTS", most + 1)
    day_rows = rows(linkedin.days("ad", ad_account, **days))
    key = ("day", "ad_id")
    assert sorted(undated(day_rows), key=lambda row: [row[k] for k in key]) == sorted(
        undated(whole), key=lambda row: [row[k] for k in key]
    )


def test_a_single_day_and_creative_that_fills_an_answer_is_unreadable(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    linkedin = reader(settings)
    monkeypatch.setattr(linkedin_ads_wire, "MOST_ELEMENTS", 1)
    with pytest.raises(PlatformUnreadable, match=r"1 elements for one creative and day"):
        list(linkedin.days("ad", account(linkedin), start=LAST, end=LAST))


def test_every_fault_of_the_wire_is_met_here() -> None:
    assert set(KNOWN["linkedin_ads"]) - set(WRITES) - set(UPLOADS) == {
        "truncated",
        "token_ends_soon",
        "token_expired", "token_revoked", "throttled", "day_limit", "unavailable", "permission_empty", "slow",
    }  # fmt: skip


def test_an_expired_token_is_renewed_where_the_app_may(settings: Settings, sandbox: Sandbox) -> None:
    given = sandbox.stage.credentials
    renewing = {
        "client_id": given.linkedin_client_id,
        "client_secret": SecretStr(given.linkedin_client_secret),
        "refresh_token": SecretStr(given.linkedin_refresh_token),
    }
    linkedin = reader(settings, **renewing)
    sandbox.stage.faults.arm("linkedin_ads", "token_expired")
    assert account(linkedin).account_id == B2B
    assert "POST accessToken" in asked(sandbox)
    alone = reader(settings, access_token=None, **renewing)
    assert account(alone).account_id == B2B


def test_a_token_that_cannot_be_renewed_says_what_to_do(settings: Settings, sandbox: Sandbox) -> None:
    without = reader(settings, client_id=None, client_secret=None, refresh_token=None)
    sandbox.stage.faults.arm("linkedin_ads", "token_expired")
    with pytest.raises(PlatformRefused, match=r"expired.*set LINKEDIN_ACCESS_TOKEN") as caught:
        without.accounts()
    one_sentence(caught.value, "sandbox-linkedin-token")
    sandbox.stage.faults.clear()
    sandbox.stage.faults.arm("linkedin_ads", "token_revoked", times=9)
    with pytest.raises(PlatformRefused, match=r"revoked.*set LINKEDIN_ACCESS_TOKEN"):
        reader(settings).accounts()
    sandbox.stage.faults.clear()
    wrong = reader(
        settings,
        access_token=None,
        client_id="x",
        client_secret=SecretStr("hush"),
        refresh_token=SecretStr("psst"),
    )
    with pytest.raises(PlatformRefused, match=r"refresh token was refused.*LINKEDIN_REFRESH_TOKEN") as caught:
        wrong.accounts()
    one_sentence(caught.value, "hush", "psst")


def test_a_throttle_and_an_outage_are_waited_out(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    ad_account = account(linkedin)
    sandbox.stage.faults.arm("linkedin_ads", "throttled")
    sandbox.stage.faults.arm("linkedin_ads", "unavailable", times=2)
    sandbox.stage.faults.arm("linkedin_ads", "slow", seconds=0.2)
    assert rows(linkedin.days("campaign", ad_account, **WEEK))
    sandbox.stage.faults.arm("linkedin_ads", "unavailable", times=1_000)
    with pytest.raises(PlatformBusy, match=r"Service Unavailable.*Safe to retry"):
        reader(settings, back_off=HASTY).accounts()


def test_the_days_limit_is_not_waited_for(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    ad_account = account(linkedin)
    sandbox.stage.faults.arm("linkedin_ads", "day_limit")
    with pytest.raises(PlatformBusy, match=r"DAY limit.*after midnight UTC") as caught:
        list(linkedin.days("campaign", ad_account, **WEEK))
    assert caught.value.account_id == B2B


def test_an_empty_answer_to_a_login_without_permission_is_not_believed(
    settings: Settings, sandbox: Sandbox
) -> None:
    linkedin = reader(settings)
    ad_account = account(linkedin)
    sandbox.stage.faults.arm("linkedin_ads", "permission_empty", times=2)
    with pytest.raises(PlatformRefused, match=r"nothing since .* campaigns are running.*r_ads_reporting"):
        list(linkedin.days("campaign", ad_account, **WEEK))
    sandbox.stage.faults.arm("linkedin_ads", "permission_empty")
    with pytest.raises(PlatformUnreadable, match=r"though the account delivered on 7 of them"):
        list(linkedin.days("campaign", ad_account, **WEEK))


def test_days_before_anything_ran_are_truly_empty(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    before = sandbox.stage.world.begins - timedelta(days=10)
    assert rows(linkedin.days("ad_set", account(linkedin), start=before, end=before)) == []


def test_an_account_the_login_does_not_see_is_named(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformRefused, match=r"account 42: the login does not see.*LINKEDIN_ACCOUNTS"):
        reader(settings, accounts=("42",)).accounts()


def test_a_retired_version_says_which_setting(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformRefused, match=r"202401 is not active.*Set LINKEDIN_VERSION"):
        reader(settings, api_version="202401").accounts()


def test_an_endpoint_where_nobody_listens_is_named(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformUnreachable, match=r"cannot be reached.*LINKEDIN_API_URL") as caught:
        reader(settings, back_off=HASTY, api_url="http://127.0.0.1:9/rest").accounts()
    one_sentence(caught.value, "sandbox-linkedin-token")


def test_writes_and_questions_are_checked_as_linkedin_checks_them(
    settings: Settings, sandbox: Sandbox, plain: Plain
) -> None:
    catalog = sandbox.stage.market.catalog(sandbox.stage.world.of("linkedin_ads")[0])
    holder = catalog.campaigns.id[catalog.campaigns.holds_budget][0]
    group = f"adAccounts/{B2B}/adCampaignGroups/{holder}"

    def budget(amount: Any, currency: str = "EUR") -> tuple[int, str]:
        answer = plain.update(group, {"dailyBudget": {"amount": amount, "currencyCode": currency}})
        return answer.status_code, answer.json()["code"]

    assert budget("0.50") == (400, "TOO_LOW")
    assert budget(50) == (400, "INVALID_VALUE_FOR_FIELD")
    assert budget("50", "USD") == (400, "INVALID_VALUE_FOR_FIELD")
    assert budget("50.001") == (400, "INVALID_VALUE_FOR_FIELD")
    assert plain.update(group, {"status": "ASLEEP"}).status_code == 400
    assert plain.update(f"adAccounts/{B2B}/adCampaigns/1", {"status": "PAUSED"}).status_code == 404
    assert plain.call("GET", "adAccounts/99/adCampaigns?q=search").status_code == 403
    assert sandbox.stage.audit.requests(writes_only=True) == []

    days = "dateRange=(start:(year:2026,month:11,day:1),end:(year:2026,month:11,day:2))"
    whose = f"accounts=List(urn%3Ali%3AsponsoredAccount%3A{B2B})"
    good = f"q=analytics&pivot=CAMPAIGN&timeGranularity=DAILY&{days}&{whose}"
    assert plain.call("GET", f"adAnalytics?{good}").status_code == 200
    for bad in (
        good.replace("DAILY", "HOURLY"),
        good.replace("CAMPAIGN", "PLANET"),
        good.replace("day:2)", "day:31)"),
        good + "&fields=impressionz",
        good.replace(whose, ""),
        good.replace("%3A", ":"),
    ):
        answer = plain.call("GET", f"adAnalytics?{bad}")
        assert answer.status_code == 400, bad
        assert {"status", "code", "message"} <= answer.json().keys()
    assert plain.call("GET", f"adAnalytics?{good}", LinkedIn_Version="").json()["code"] == "VERSION_MISSING"
    assert plain.call("GET", f"adAnalytics?{good}", LinkedIn_Version="202401").status_code == 426
    assert plain.call("GET", f"adAnalytics?{good}", X_Restli_Protocol_Version="").status_code == 400
    assert plain.call("GET", f"adAnalytics?{good}", Authorization="").status_code == 401
    assert plain.call("GET", f"adAccounts/{B2B}/creatives?q=criteria").status_code == 400
