"""LinkedIn Ads, read and written over its REST wire: the market's truth, the silent cap, the tokens, the refusals."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from resources.errors import PlatformBusy, PlatformRefused, PlatformUnreachable, PlatformUnreadable
from resources.platforms import linkedin_ads, linkedin_ads_wire, linkedin_client
from resources.platforms.linkedin_ads import LinkedInAds
from resources.platforms.linkedin_restli import query_string
from resources.platforms.patience import Patience
from resources.records import Account
from resources.settings import Settings
from resources.tables.linkedin_ads import DAYS, ENTITIES
from sandbox.faults import KNOWN
from sandbox.linkedin import analytics
from sandbox.linkedin.restli import decode_query
from sandbox.serve import Sandbox
from tests.conftest import MORNING
from tests.wire.delivery import HASTY, LAST, QUICK, micros, one_sentence, rows, truth, undated

B2B = "510000001"
START = LAST - timedelta(days=39)
WEEK = {"start": LAST - timedelta(days=6), "end": LAST}


def reader(settings: Settings, *, patience: Patience = QUICK, **changed: Any) -> LinkedInAds:
    """Our reader with the sandbox's settings, some of them changed."""
    return LinkedInAds(settings.linkedin_ads.model_copy(update=changed), patience=patience)


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


@pytest.fixture
def plain(settings: Settings) -> Plain:
    return Plain(settings)


@pytest.mark.parametrize("level", ["campaign", "ad_set", "ad"])
def test_every_day_of_every_entity_is_the_markets_truth(
    settings: Settings, sandbox: Sandbox, level: str
) -> None:
    linkedin = reader(settings)
    found = rows(linkedin.days(level, account(linkedin), start=START, end=LAST))
    wanted = truth(sandbox.stage.market, "linkedin_ads", B2B, level, start=START, end=LAST)
    assert len(found) == len(wanted) >= 120
    for row in found:
        true = wanted[row["day"], row[f"{level}_id"]]
        assert (row["impressions"], row["clicks"]) == (true["impressions"], true["clicks"])
        assert row["external_website_conversions"] == true["purchases"]
        assert row["one_click_leads"] == true["leads"]
        assert row["post_click_conversions"] + row["post_view_conversions"] == true["purchases"]
        assert micros(row["spend"]) == true["cost_micros"]
        assert micros(row["conversion_value"]) == true["value_micros"]


def test_rows_have_the_tables_columns_and_one_instant(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    for level, table in DAYS.items():
        batches = list(linkedin.days(level, one, start=START, end=LAST))
        assert all(batch.schema == table.schema for batch in batches)
        assert len({row["pulled_at"] for row in rows(iter(batches))}) == 1
    assert linkedin.entities(one).schema == ENTITIES.schema


def test_a_month_of_an_account_is_one_call_and_its_lists_are_read_once(
    settings: Settings, sandbox: Sandbox
) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    sandbox.stage.audit.clear()
    for level in DAYS:
        list(linkedin.days(level, one, start=LAST - timedelta(days=30), end=LAST))
    assert asked(sandbox).count("GET adAnalytics") == 3
    assert len(asked(sandbox)) == 6


@pytest.mark.parametrize("most", [1, 7, 100, 1_000])
def test_an_answer_that_was_cut_off_without_a_word_is_never_believed(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    days = {"start": LAST - timedelta(days=2), "end": LAST}
    whole = rows(linkedin.days("ad", one, **days))
    monkeypatch.setattr(analytics, "MOST_ELEMENTS", most + 1)
    monkeypatch.setattr(linkedin_ads_wire, "MOST_ELEMENTS", most + 1)
    found = rows(linkedin.days("ad", one, **days))
    key = ("day", "ad_id")
    assert sorted(undated(found), key=lambda row: [row[k] for k in key]) == sorted(
        undated(whole), key=lambda row: [row[k] for k in key]
    )


def test_a_single_day_and_creative_that_fills_an_answer_is_unreadable(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    linkedin = reader(settings)
    monkeypatch.setattr(linkedin_ads_wire, "MOST_ELEMENTS", 1)
    with pytest.raises(PlatformUnreadable, match=r"1 elements for one creative and day"):
        list(linkedin.days("ad", account(linkedin), start=LAST, end=LAST))


@given(ids=st.integers(1, 40_000), days=st.integers(1, 800))
def test_no_question_can_fill_an_answer_and_together_they_are_the_whole(ids: int, days: int) -> None:
    first = date(2024, 1, 1)
    everyone = range(ids)
    questions = list(linkedin_ads._bounded(everyone, first, first + timedelta(days=days - 1)))
    sizes = [len(part) * ((last - start).days + 1) for part, start, last in questions]
    assert max(sizes) <= linkedin_ads.ELEMENTS_AT_ONCE < linkedin_ads_wire.MOST_ELEMENTS
    assert sum(sizes) == ids * days


def test_a_question_too_long_for_a_url_is_tunnelled(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    whole = rows(linkedin.days("ad", one, **WEEK))
    monkeypatch.setattr(linkedin_client, "LONGEST_URL", 100)
    assert undated(rows(reader(settings).days("ad", one, **WEEK))) == undated(whole)


def test_every_fault_of_the_wire_is_met_here() -> None:
    assert set(KNOWN["linkedin_ads"]) == {
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
    one = account(linkedin)
    sandbox.stage.faults.arm("linkedin_ads", "throttled")
    sandbox.stage.faults.arm("linkedin_ads", "unavailable", times=2)
    sandbox.stage.faults.arm("linkedin_ads", "slow", seconds=0.2)
    assert rows(linkedin.days("campaign", one, **WEEK))
    sandbox.stage.faults.arm("linkedin_ads", "unavailable", times=1_000)
    with pytest.raises(PlatformBusy, match=r"Service Unavailable.*Safe to retry"):
        reader(settings, patience=HASTY).accounts()


def test_the_days_limit_is_not_waited_for(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    sandbox.stage.faults.arm("linkedin_ads", "day_limit")
    with pytest.raises(PlatformBusy, match=r"DAY limit.*after midnight UTC") as caught:
        list(linkedin.days("campaign", one, **WEEK))
    assert caught.value.account_id == B2B


def test_an_empty_answer_to_a_login_without_permission_is_not_believed(
    settings: Settings, sandbox: Sandbox
) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    sandbox.stage.faults.arm("linkedin_ads", "permission_empty", times=2)
    with pytest.raises(PlatformRefused, match=r"nothing since .* campaigns are running.*r_ads_reporting"):
        list(linkedin.days("campaign", one, **WEEK))
    sandbox.stage.faults.arm("linkedin_ads", "permission_empty")
    with pytest.raises(PlatformUnreadable, match=r"though the account delivered on 7 of them"):
        list(linkedin.days("campaign", one, **WEEK))


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
        reader(settings, patience=HASTY, api_url="http://127.0.0.1:9/rest").accounts()
    one_sentence(caught.value, "sandbox-linkedin-token")


def test_entities_are_the_catalogs(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    catalog = sandbox.stage.market.catalog(sandbox.stage.world.of("linkedin_ads")[0])
    found = {(r["level"], r["entity_id"]): r for r in linkedin.entities(account(linkedin)).to_pylist()}
    assert len(found) == 1 + sum(len(getattr(catalog, f"{level}s").id) for level in DAYS)
    for n, own in enumerate(catalog.ad_sets.id.tolist()):
        row, above = found["ad_set", str(own)], int(catalog.ad_sets.campaign[n])
        owner = "campaign" if catalog.campaigns.holds_budget[above] else "ad_set"
        assert row["budget_owner"] == owner
        amount = Decimal(int(catalog.ad_sets.budget_micros[n])) / 1_000_000
        assert row["daily_budget"] == (None if owner == "campaign" else amount)
        assert row["status"] == ("paused" if catalog.ad_sets.paused[n] else "active")
        assert row["version"] == "1"
    assert catalog.texts(0)["headlines"][0] in found["ad", str(catalog.ads.id[0])]["creative"]


def test_demographics_are_about_the_range(settings: Settings, sandbox: Sandbox) -> None:
    linkedin = reader(settings)
    found = linkedin.demographics(account(linkedin), "MEMBER_COMPANY_SIZE", **WEEK).to_pylist()
    whole = truth(sandbox.stage.market, "linkedin_ads", B2B, "campaign", **WEEK)
    assert sum(r["impressions"] for r in found) == pytest.approx(
        sum(r["impressions"] for r in whole.values()), rel=0.02
    )


def test_a_budget_written_as_documented_changes_later_days(
    settings: Settings, sandbox: Sandbox, plain: Plain
) -> None:
    linkedin = reader(settings)
    one = account(linkedin)
    owner = next(
        r
        for r in linkedin.entities(one).to_pylist()
        if r["level"] == "campaign" and r["daily_budget"] and r["status"] == "active"
    )

    def spent(day: date) -> Decimal:
        found = rows(linkedin.days("campaign", one, start=day, end=day))
        return next(r["spend"] for r in found if r["campaign_id"] == owner["entity_id"])

    past = spent(LAST)
    path = f"adAccounts/{B2B}/adCampaignGroups/{owner['entity_id']}"
    done = plain.update(path, {"dailyBudget": {"amount": "10.00", "currencyCode": "EUR"}})
    assert done.status_code == 204
    sandbox.stage.clock.set(MORNING + timedelta(days=3))
    assert spent(LAST) == past > 15
    assert 0 < spent(LAST + timedelta(days=3)) <= 15
    now = next(r for r in linkedin.entities(one).to_pylist() if r["entity_id"] == owner["entity_id"])
    assert (now["daily_budget"], now["version"]) == (10, "2")


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


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.lists(TEXT, min_size=1, max_size=3), min_size=1
    )
)
def test_any_text_survives_the_query_syntax(lists: dict[str, list[str]]) -> None:
    assert decode_query(query_string(lists)) == lists
