"""Meta Ads, when it goes wrong: what is waited for, what is asked in smaller parts, what is refused, and in
which words.
"""

from typing import Any

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from pydantic import SecretStr

from resources.config.settings import Settings
from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreachable, PlatformUnreadable
from resources.platforms import meta_client
from resources.platforms.account import Account
from sandbox.faults import KNOWN, UPLOADS, WRITES
from sandbox.serve import Sandbox
from tests.wire.delivery import HASTY, LAST, one_sentence, rows, undated
from tests.wire.meta_official import EUROPE, START, WEEK, account, asked, reader, refused


def test_pages_are_followed_also_past_an_empty_one(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    whole = rows(meta.days("ad", ad_account, **WEEK))
    monkeypatch.setattr(meta_client, "PAGE_ROWS", 50)
    sandbox.stage.faults.arm("meta_ads", "empty_page", times=2)
    sandbox.stage.audit.clear()
    assert undated(rows(meta.days("ad", ad_account, **WEEK))) == undated(whole)
    assert len(asked(sandbox)) == -(-len(whole) // 50) + 2


def test_too_large_a_question_becomes_a_report_job(settings: Settings, sandbox: Sandbox) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    whole = rows(meta.days("ad", ad_account, **WEEK))
    sandbox.stage.audit.clear()
    sandbox.stage.faults.arm("meta_ads", "too_much")
    assert undated(rows(meta.days("ad", ad_account, **WEEK))) == undated(whole)
    assert asked(sandbox)[:2] == ["GET act/insights", "POST act/insights"]


@pytest.mark.parametrize(("kind", "seconds"), [("job_failed", 5.0), ("job_stuck", 0.2)])
def test_a_job_that_fails_or_never_ends_is_asked_in_halves(
    settings: Settings, sandbox: Sandbox, kind: str, seconds: float
) -> None:
    meta = reader(settings, job_seconds=seconds)
    ad_account = account(meta)
    whole = rows(meta.days("ad", ad_account, **WEEK))
    sandbox.stage.faults.arm("meta_ads", "too_much", times=2)
    sandbox.stage.faults.arm("meta_ads", kind, times=2)
    day_rows = rows(meta.days("ad", ad_account, **WEEK))
    key = ("day", "ad_id")
    assert sorted(undated(day_rows), key=lambda row: [row[k] for k in key]) == sorted(
        undated(whole), key=lambda row: [row[k] for k in key]
    )


def test_a_question_that_no_half_can_answer_is_unreadable_and_yields_nothing(
    settings: Settings, sandbox: Sandbox
) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    sandbox.stage.faults.arm("meta_ads", "too_much", times=1_000)
    sandbox.stage.faults.arm("meta_ads", "job_failed", times=1_000)
    with pytest.raises(PlatformUnreadable, match="one campaign's single day is too large"):
        next(meta.days("ad", ad_account, start=LAST, end=LAST))


def test_every_fault_of_the_wire_is_met_here() -> None:
    assert set(KNOWN["meta_ads"]) - set(WRITES) - set(UPLOADS) == {
        "truncated",
        "token_ends_soon",
        "token_expired", "throttled", "unavailable", "too_much", "empty_page", "job_failed", "job_stuck", "slow",
    }  # fmt: skip


def test_a_throttle_says_how_long_and_is_not_waited_for_longer_than_patience(
    settings: Settings, sandbox: Sandbox
) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    sandbox.stage.faults.arm("meta_ads", "throttled", minutes=7)
    with pytest.raises(PlatformBusy, match=rf"{WEEK['start']}..{LAST} for account {EUROPE}") as caught:
        list(meta.days("ad_set", ad_account, **WEEK))
    assert caught.value.wait_seconds == 420
    one_sentence(caught.value)


def test_an_outage_and_a_slow_answer_are_waited_out(settings: Settings, sandbox: Sandbox) -> None:
    meta = reader(settings)
    ad_account = account(meta)
    sandbox.stage.faults.arm("meta_ads", "unavailable", times=3)
    sandbox.stage.faults.arm("meta_ads", "slow", seconds=0.2)
    assert rows(meta.days("campaign", ad_account, **WEEK))
    sandbox.stage.faults.arm("meta_ads", "unavailable", times=1_000)
    with pytest.raises(PlatformBusy, match=r"temporarily unavailable.*Safe to retry"):
        reader(settings, back_off=HASTY).accounts()


def test_an_expired_and_a_foreign_token_say_to_make_a_new_one(settings: Settings, sandbox: Sandbox) -> None:
    sandbox.stage.faults.arm("meta_ads", "token_expired")
    with pytest.raises(PlatformRefused, match=r"Session has expired.*set META_ACCESS_TOKEN") as caught:
        reader(settings).accounts()
    one_sentence(caught.value, "sandbox-meta-token")
    with pytest.raises(PlatformRefused, match=r"Invalid OAuth access token.*set META_ACCESS_TOKEN") as caught:
        reader(settings, access_token=SecretStr("my-own-token")).accounts()
    one_sentence(caught.value, "my-own-token")


def test_a_wrong_app_secret_is_refused(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformRefused, match="appsecret_proof") as caught:
        reader(settings, app_secret=SecretStr("not-the-secret")).accounts()
    one_sentence(caught.value, "not-the-secret")


def test_an_account_the_login_does_not_see_is_named(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(
        PlatformRefused, match=r"account 42: the login does not see this account.*META_ACCOUNTS"
    ):
        reader(settings, accounts=("42",)).accounts()
    stranger = Account("meta_ads", "424242424242", "Somebody's", "EUR", "Europe/Berlin", "active")
    with pytest.raises(PlatformRefused, match=r"NOT grant.*ads_read on this account"):
        list(reader(settings).days("ad", stranger, **WEEK))


def test_a_retired_version_says_which_setting(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformRefused, match=r"deprecated version.*Set META_API_VERSION"):
        reader(settings, api_version="v12.0").accounts()


def test_an_endpoint_where_nobody_listens_is_named(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(PlatformUnreachable, match=r"cannot be reached.*META_GRAPH_URL") as caught:
        reader(settings, back_off=HASTY, graph_url="http://127.0.0.1:9").accounts()
    one_sentence(caught.value, "sandbox-meta-token")


def test_days_older_than_meta_keeps_are_refused(settings: Settings, sandbox: Sandbox) -> None:
    meta = reader(settings)
    long_ago = LAST.replace(year=LAST.year - 5)
    with pytest.raises(PlatformRefused, match=rf"{long_ago}\.\.{long_ago}.*37 months"):
        list(meta.days("campaign", account(meta), start=long_ago, end=long_ago))


# The official client warns before it sends what Meta will refuse; here it is to be refused.
@pytest.mark.filterwarnings("ignore:.*(compatible|does not allow field):UserWarning")
def test_a_write_is_checked_as_meta_checks_it(
    settings: Settings, sandbox: Sandbox, api: FacebookAdsApi
) -> None:
    meta = reader(settings)
    entities = meta.entities(account(meta)).to_pylist()
    owner = next(r["entity_id"] for r in entities if r["level"] == "campaign" and r["daily_budget"])
    beneath = next(r["entity_id"] for r in entities if r["level"] == "ad_set" and r["campaign_id"] == owner)
    campaign = Campaign(owner, api=api)
    assert refused(lambda: campaign.api_update(params={"daily_budget": 99}))[:2] == (100, 1885272)
    assert refused(lambda: campaign.api_update(params={"daily_budget": "12.50"}))[0] == 100
    assert refused(lambda: campaign.api_update(params={"status": "RESTING"}))[0] == 100
    assert refused(lambda: AdSet(beneath, api=api).api_update(params={"daily_budget": 500}))[:2] == (
        100,
        1885621,
    )
    assert refused(lambda: Campaign("9999999999", api=api).api_update(params={"status": "PAUSED"}))[:2] == (
        100,
        33,
    )
    campaign.api_update(params={"daily_budget": 500, "execution_options": ["validate_only"]})
    assert sandbox.stage.audit.requests(writes_only=True) == []


# The official client warns before it sends what Meta will refuse; here it is to be refused.
@pytest.mark.filterwarnings("ignore:.*(compatible|does not allow field):UserWarning")
def test_a_question_is_checked_as_meta_checks_it(sandbox: Sandbox, api: FacebookAdsApi) -> None:
    ads = AdAccount(f"act_{EUROPE}", api=api)
    day = {"since": str(LAST), "until": str(LAST)}

    def ask(fields: list[str], **parameters: Any) -> Any:
        return refused(lambda: ads.get_insights(fields, {"level": "ad", "time_range": day} | parameters))

    assert ask(["impressionz"])[::2] == (
        100,
        "(#100) impressionz is not valid for fields param. please check https://developers.facebook.com",
    )
    assert ask(["impressions"], time_range={"since": str(LAST), "until": str(START)})[1] == 1487534
    assert ask(["ad_id"], level="campaign")[0] == 100
    assert ask(["impressions"], limit=9_000)[0] == 100


def test_a_proxy_in_the_environment_does_not_stand_before_this_machine(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert len(reader(settings, back_off=HASTY).accounts()) == 2
