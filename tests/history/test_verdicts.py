"""Each check by itself: what passes, what fails, and the words that say what to do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from assets.raw.platforms.quality_checks import CHECKS, ReadingSummary, quality_results, refusal, token
from resources.platforms.account import Account

ACCOUNT = Account("google_ads", "1", "Shop", "EUR", "Europe/Berlin")
TODAY = date(2026, 11, 24)
START, END = TODAY - timedelta(days=7), TODAY - timedelta(days=1)


def totals(**more: float) -> pd.DataFrame:
    """Every level with 100 a day; `more` is what a level has on the last day instead."""
    rows = [
        (pd.Timestamp(START + timedelta(days=n)), level, part, 100.0 if n < 6 else more.get(level, 100.0), 1000.0)
        for n in range(7)
        for level, part in (("account", "whole"), ("campaign", "whole"), ("campaign", "below"), ("ad_set", "whole"), ("ad_set", "below"), ("ad", "whole"))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["day", "level", "part", "spend", "impressions"])


def reading(**changes: object) -> ReadingSummary:
    empty = pd.DataFrame(columns=["entity_id", "level", "name"])
    plain = ReadingSummary(
        account=ACCOUNT, start=START, end=END, at=datetime(2026, 11, 24, 5, tzinfo=UTC), today=TODAY, doubled={},
        seen_days={"google_ads_campaign_day": (START, END)}, totals=totals(),
        before=pd.DataFrame({"day": pd.to_datetime([]), "spend": [], "read_on": pd.to_datetime([])}),
        active=empty, delivered=frozenset(),
    )  # fmt: skip
    return replace(plain, **changes)


def failed(reading: ReadingSummary) -> dict[str, str]:
    return {result.check: result.message for result in quality_results(reading) if not result.passed}


def test_a_sound_reading_passes_every_check() -> None:
    assert failed(reading()) == {}
    assert refusal(quality_results(reading())) is None
    assert {result.check for result in quality_results(reading())} <= set(CHECKS)


def test_a_row_that_stands_twice_is_refused() -> None:
    assert "3 in google_ads_ad_day" in failed(reading(doubled={"google_ads_ad_day": 3}))["one_row_per_key"]


@pytest.mark.parametrize("span", [(START, TODAY), (START - timedelta(days=1), END)])
def test_a_day_that_was_not_asked_for_is_refused(span: tuple[date, date]) -> None:
    assert "no_day_from_the_future" in failed(reading(seen_days={"t": span}))


@pytest.mark.parametrize(
    ("level", "amount", "is_wrong"), [("ad_set", 60, True), ("ad", 98, True), ("campaign", 99.7, False)]
)
def test_levels_that_do_not_add_up_are_refused_with_figures(
    level: str, amount: float, is_wrong: bool
) -> None:
    answer = failed(reading(totals=totals(**{level: amount})))
    assert ("levels_agree" in answer) == is_wrong
    if is_wrong:
        assert f"add up to {amount:.2f} spend on {END}" in answer["levels_agree"]


def before(spend: float, *, age: int, read_age: int) -> pd.DataFrame:
    day = pd.Timestamp(TODAY - timedelta(days=age))
    return pd.DataFrame({"day": [day], "spend": [spend], "read_on": [day + pd.Timedelta(days=read_age)]})


@pytest.mark.parametrize(
    ("spend", "age", "read_age", "is_wrong"),
    [
        (100, 5, 4, False),
        (100.9, 5, 4, False),
        (103, 5, 4, True),
        (103, 5, 2, False),
        (103, 3, 3, False),
        (0, 5, 4, True),
    ],
)
def test_closed_spend_that_moves_is_refused_and_can_be_accepted_by_a_person(
    spend: float, age: int, read_age: int, is_wrong: bool
) -> None:
    verdicts = quality_results(reading(before=before(spend, age=age, read_age=read_age)))
    reason = refusal(verdicts)
    assert (reason is not None) == is_wrong
    if reason:
        assert "--accept closed_spend_is_stable" in reason
        assert refusal(verdicts, allowed=frozenset({"closed_spend_is_stable"})) is None


def test_an_answer_near_the_platform_s_cap_is_refused() -> None:
    assert failed(reading(longest_answer=14_300, most_rows=15_000))
    assert not failed(reading(longest_answer=14_000, most_rows=15_000))


def test_running_and_silent_is_nought_only_where_the_account_total_proves_it() -> None:
    active = pd.DataFrame({"entity_id": ["9"], "level": ["ad_set"], "name": ["Quiet one"]})
    assert failed(reading(active=active)) == {}
    unproven = totals()[lambda rows: rows["level"] != "account"]
    assert "Quiet one" in failed(reading(active=active, totals=unproven))["active_entities_are_reported"]


def test_a_currency_without_a_rate_keeps_its_own_account_out() -> None:
    assert "PAID_MEDIA_FX_RATES" in failed(reading(unpriced=2))["currency_is_known"]
    assert "smallest unit" in failed(reading(known_currency=False))["currency_is_known"]


def test_running_without_any_delivery_lately_warns_and_keeps_nothing_out() -> None:
    active = pd.DataFrame({"entity_id": ["9"], "level": ["campaign"], "name": ["Late"]})
    old = totals()[lambda rows: rows["day"] < pd.Timestamp(END - timedelta(days=1))]
    answer = reading(active=active, delivered=frozenset({"9"}), totals=old)
    assert set(failed(answer)) == {"figures_are_fresh"}
    assert refusal(quality_results(answer)) is None


@pytest.mark.parametrize(("days", "passed"), [(None, True), (30, True), (6.9, False), (-1, False)])
def test_a_login_that_ends_within_a_week_warns(days: float | None, passed: bool) -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    verdict = token(now + timedelta(days=days) if days is not None else None, now=now)
    assert (verdict.passed, verdict.blocks) == (passed, False)
