"""Each limit on its own: what it lets pass, what it refuses, and that what is missing does not hold."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from assets.actions.guardrails.context import Edit
from assets.actions.guardrails.registry import GUARDRAILS, judge, refusals
from assets.actions.guardrails.timing_and_data import within
from resources.kinds.base import MONEY_LIMITS
from resources.ledger.proposal import Change
from resources.policy.policy import Blackout, Policy
from tests.actions.judged import FRAMES, POLICY, around, earlier, verdict
from tests.actions.made import AT, budget, negatives, new_ad, pause, proposal, target


def test_a_plain_cut_passes_every_limit() -> None:
    made = proposal(budget("60.00", "50.00"))
    assert refusals(judge(made, Policy.model_validate(POLICY), around(made), automatic=False)) == []


@pytest.mark.parametrize(
    ("limit", "changes", "holds"),
    [
        ("amounts", [budget("100.00", "0.00")], False),
        ("amounts", [budget("100.00", "-5.00")], False),
        ("amounts", [budget("100.00", "1000.00")], False),
        ("amounts", [budget("100.00", "90.005")], False),
        ("amounts", [budget("100.00", "90.00", currency="USD")], False),
        ("amounts", [budget("100.00", "90.00", currency="ZZZ")], None),
        ("amounts", [pause(currency="ZZZ")], None),
        ("change size", [budget("100.00", "120.00")], True),
        ("change size", [budget("100.00", "121.00")], False),
        ("change size", [budget("100.00", "79.00")], False),
        ("caps", [budget("490.00", "501.00")], False),
        ("floor and ceiling", [budget("60.00", "24.00")], False),
        ("floor and ceiling", [budget("55.00", "61.00")], False),
        ("floor and ceiling", [budget("55.00", "60.00")], True),
        ("never", [pause(target("7"))], False),
        ("never", [pause(campaign_name="My Brand EU")], False),
        ("never", [pause(campaign_name="Brandy sale")], True),
        ("learning phase", [pause(learning_state="LEARNING")], False),
        ("learning phase", [pause(learning_state="LEARNING_NEW")], False),
        ("learning phase", [pause(learning_state="SUCCESS")], True),
        ("learning phase", [pause(learning_state="LEARNING_LIMITED")], True),
    ],
)
def test_what_is_proposed_decides(limit: str, changes: list[Change], *, holds: bool | None) -> None:
    assert verdict(limit, *changes) is holds


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        (new_ad("7"), False),  # policy.yaml protects ad set 7
        (new_ad("8"), True),
        (new_ad("8", campaign_name="My Brand EU"), False),
        (negatives(("c1", "Shoes"), ("c2", "The brand")), False),  # of the campaigns that a list holds for
        (negatives(("c1", "Shoes")), True),
    ],
)
def test_what_is_protected_gets_no_ad_and_no_negative_keyword(change: Change, *, holds: bool) -> None:
    assert verdict("never", change) is holds


@pytest.mark.parametrize(
    ("limit", "change", "holds"),
    [
        ("keyword texts", negatives(text="x" * 81), False),
        ("keyword texts", negatives(text="50% off"), False),
        ("keyword texts", negatives(count=5_000), False),
        ("keyword texts", negatives(count=4_999), True),
        ("ad texts", new_ad("8", headline=""), False),
        ("ad texts", new_ad("8", page="no number"), False),
        ("ad texts", new_ad("8"), True),
        ("account", new_ad("8", account_id="a2"), None),
    ],
)
def test_what_a_platform_would_not_take_is_no_proposal(
    limit: str, change: Change, *, holds: bool | None
) -> None:
    assert verdict(limit, change) is holds


def test_known_conversions_of_blocked_searches_are_bounded() -> None:
    change, policy = negatives(), Policy.model_validate(POLICY)
    for lost, holds in ((0.4, True), (3.0, False), (None, True)):
        made = proposal(change, evidence={"conversions_lost": lost})
        (found,) = [
            v for v in judge(made, policy, around(made), automatic=False) if v.guardrail == "conversions lost"
        ]
        assert found.holds is holds


def test_small_steps_do_not_add_up_past_a_week() -> None:
    steps = earlier(budget("100.00", "85.00"), hours=150) + earlier(budget("85.00", "72.25"), hours=100)
    assert verdict("change size", budget("72.25", "68.00"), written=steps[:1]) is True
    assert verdict("change size", budget("72.25", "61.50"), written=steps) is False


def test_one_change_cools_down_for_three_days() -> None:
    assert (
        verdict("cool-down", budget("60.00", "55.00"), written=earlier(budget("65.00", "60.00"), hours=71))
        is False
    )
    assert (
        verdict("cool-down", budget("60.00", "55.00"), written=earlier(budget("65.00", "60.00"), hours=73))
        is True
    )
    assert (
        verdict(
            "cool-down",
            budget("60.00", "55.00"),
            written=earlier(budget("65.00", "60.00", at=target("2")), hours=1),
        )
        is True
    )


def test_a_day_moves_no_more_than_a_share_of_the_account() -> None:
    others = earlier(*(budget("600.00", "500.00", at=target(str(n))) for n in range(10, 17)), hours=2)
    assert verdict("blast radius", budget("60.00", "50.00"), written=others) is True  # 710 of 3,100
    more = others + earlier(budget("600.00", "500.00", at=target("18")), hours=2)
    assert verdict("blast radius", budget("60.00", "50.00"), written=more) is False
    assert verdict("blast radius", budget("60.00", "50.00"), written=others[:4], automatic=True) is False


def test_a_day_pauses_no_more_than_a_few() -> None:
    paused = earlier(*(pause(target(str(n))) for n in range(10, 13)), hours=2)
    assert verdict("blast radius", pause(), written=paused[:2]) is True  # three of 31
    assert verdict("blast radius", pause(), written=paused) is False


def test_the_account_cap_counts_what_is_budgeted_already() -> None:
    tight = {"caps": {"meta_ads a1": {"currency": "EUR", "entity_daily": 500, "account_daily": 3105}}}
    assert verdict("caps", budget("55.00", "60.00"), policy=tight) is True  # 31 sets of 100 a day
    assert verdict("caps", budget("54.00", "60.00"), policy=tight) is False
    assert verdict("caps", budget("60.00", "54.00"), policy=tight) is True
    assert verdict("caps", budget("60.00", "54.00"), policy={"caps": {}}) is None


def test_the_last_active_ad_set_stays() -> None:
    entities = FRAMES["entities"]
    lonely = entities[entities["entity_id"].isin(["1", "2"])]
    assert verdict("never", pause(), entities=lonely) is True
    assert verdict("never", pause(), entities=lonely, written=earlier(pause(target("2")), hours=5)) is False
    assert verdict("never", pause(), pause(target("2")), entities=lonely) is False
    assert verdict("never", pause(), entities=lonely.assign(status=["active", "paused"])) is False


@pytest.mark.parametrize(
    ("edit", "holds"),
    [
        (Edit(None, by_us=False), True),
        (Edit(AT - timedelta(hours=71), by_us=False), False),
        (Edit(AT - timedelta(hours=71), by_us=True), True),
        (Edit(AT - timedelta(hours=73), by_us=False), True),
        (None, None),
    ],
)
def test_what_a_person_edited_is_left_alone(edit: Edit | None, *, holds: bool | None) -> None:
    edits = {target().words: edit} if edit else {}
    assert verdict("human edits", pause(), edits=edits) is holds


SATURDAY, MONTH_END = datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "at", "automatic", "holds"),
    [
        ([budget("50.00", "60.00")], SATURDAY, False, False),
        ([budget("60.00", "50.00")], SATURDAY, False, True),
        ([pause()], SATURDAY, False, True),
        ([pause()], SATURDAY, True, False),
        ([budget("50.00", "60.00")], MONTH_END, False, False),
        ([budget("60.00", "50.00")], MONTH_END, True, True),
        ([budget("50.00", "60.00")], AT, False, True),
    ],
)
def test_blackouts_stop_what_rises_and_what_nobody_asked_for(
    changes: list[Change], at: datetime, *, automatic: bool, holds: bool
) -> None:
    assert verdict("blackouts", *changes, now=at, automatic=automatic) is holds


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-11-20 14:59", False), ("2026-11-20 15:00", True), ("2026-11-22 12:00", True), ("2026-11-23 08:59", True),
        ("2026-11-23 09:00", False),
    ],
)  # fmt: skip
def test_the_weekend_begins_on_friday_afternoon(at: str, *, holds: bool) -> None:
    weekend = Blackout(name="weekend", weekday=4, hour=15, until_weekday=0, until_hour=9)
    assert within(weekend, datetime.fromisoformat(at)) is holds


def test_a_holiday_is_a_blackout() -> None:
    feast = Blackout(name="feast", first_day=date(2026, 12, 24), last_day=date(2026, 12, 26))
    assert within(feast, datetime.fromisoformat("2026-12-26 23:59"))
    assert not within(feast, datetime.fromisoformat("2026-12-27"))


def test_old_figures_hold_everything() -> None:
    assert verdict("data", pause(), now=AT + timedelta(hours=23)) is True
    assert verdict("data", pause(), now=AT + timedelta(hours=25)) is False
    assert verdict("data", pause(), campaign_days=FRAMES["campaign_days"].iloc[:0]) is None


def test_a_day_read_before_it_was_over_does_not_count() -> None:
    early = FRAMES["campaign_days"].assign(read_at=pd.Timestamp(AT - timedelta(hours=13)))
    assert verdict("data", pause(), campaign_days=early) is False


def test_figures_that_do_not_add_up_hold_everything() -> None:
    doubled = pd.concat([FRAMES["ad_set_days"]] * 2)
    assert verdict("data", pause(), ad_set_days=doubled) is False


@pytest.mark.parametrize(
    ("conversions", "clicks", "holds"), [(0.1, 1.0, False), (0.1, 0.1, True), (0.9, 1.0, True)]
)
def test_when_conversions_stop_and_clicks_go_on_nothing_is_cut(
    conversions: float, clicks: float, *, holds: bool
) -> None:
    days = FRAMES["campaign_days"].copy()
    last = days["day"] >= pd.Timestamp("2026-11-20")
    days["conversions"] = days["conversions"].where(~last, days["conversions"] * 0.5 * conversions)
    days["clicks"] = days["clicks"].where(~last, days["clicks"] * clicks)
    assert verdict("data", pause(), campaign_days=days) is holds
    assert verdict("data", budget("50.00", "60.00"), campaign_days=days) is True


def test_most_conversions_stay_untouched() -> None:
    sets = FRAMES["ad_set_days"]
    heavy = sets.assign(conversions=sets["conversions"].where(sets["ad_set_id"] != "1", 100.0))
    assert verdict("batch safety", pause(), ad_set_days=heavy) is False
    assert verdict("batch safety", pause(target("2")), ad_set_days=heavy) is True


def test_a_past_day_is_never_carried_out() -> None:
    assert verdict("newest day", pause(), newest_as_of=date(2026, 11, 23)) is True
    assert verdict("newest day", pause(), newest_as_of=date(2026, 11, 24)) is False
    assert verdict("newest day", pause(), newest_as_of=None) is None


def test_unasked_more_evidence_is_needed() -> None:
    made = proposal(pause())
    thin = made.model_copy(update={"evidence": {"expected_conversions": 29}})
    policy = Policy.model_validate(POLICY)
    judged = {one.guardrail: one.holds for one in judge(thin, policy, around(thin), automatic=True)}
    assert judged["evidence"] is False
    assert {one.guardrail: one.holds for one in judge(made, policy, around(made), automatic=True)}[
        "evidence"
    ] is True
    blind = made.model_copy(update={"evidence": {}})
    assert {one.guardrail: one.holds for one in judge(blind, policy, around(blind), automatic=True)}[
        "evidence"
    ] is None


@pytest.mark.parametrize(
    "limit", sorted(set(MONEY_LIMITS) - {"amounts", "change size", "evidence", "learning phase", "cool-down"})
)
def test_without_its_input_a_limit_does_not_hold(limit: str) -> None:
    empty = {name: frame.iloc[:0] for name, frame in FRAMES.items()}
    nothing: dict[str, Any] = {**empty, "newest_as_of": None, "edits": {}, "budget_edits": {}}
    about_budgets = limit in {"floor and ceiling", "blackouts", "budget changes"}
    change = budget("50.00", "60.00") if about_budgets else pause()
    assert verdict(limit, change, policy={"caps": {}}, **nothing) is not True


def test_a_limit_that_raises_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> Any:
        raise ZeroDivisionError

    for name in MONEY_LIMITS:
        monkeypatch.setitem(GUARDRAILS, name, broken)
    made = proposal(pause())
    assert len(refusals(judge(made, Policy.model_validate(POLICY), around(made), automatic=False))) == len(
        MONEY_LIMITS
    )


def test_a_revert_is_not_held_by_its_own_change() -> None:
    before = earlier(budget("60.00", "50.00"), hours=1)
    for limit in ("cool-down", "change size", "floor and ceiling", "blast radius"):
        assert verdict(limit, budget("50.00", "60.00"), kind="revert", written=before) is True
