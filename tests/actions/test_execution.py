"""Carrying out: lost answers, crashes at every boundary, bundles that break, the way back, and what the
market does next.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from assets.actions.approval import NotApproved
from assets.actions.execution.executor import WriteHeld
from assets.actions.rules.finding import EntityChangeRequest
from resources.ledger.proposal import Target
from resources.ledger.states import State
from tests.actions.conftest import NOON, Office
from tests.actions.dying import POINTS
from tests.actions.mortals import Mortals, as_given, mortal_processes

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


def approved_pause(office: Office, platform: str = "meta_ads") -> str:
    key = office.propose(EntityChangeRequest(office.target(platform), status="paused")).proposal_id
    office.decide(key)
    return key


def shift(office: Office, platform: str) -> tuple[str, dict[str, Decimal]]:
    """An approved bundle of two budgets in one account, and the budgets before it."""
    giver, taker = office.target(platform, "campaign"), office.target(platform, "campaign", nth=1)
    if giver.account_id != taker.account_id:
        giver, taker = taker, office.target(platform, "campaign", nth=2)
    before = {one.entity_id: office.value(one, "daily_budget") for one in (giver, taker)}
    amount = Decimal(round(min(before.values()) / 20))
    key = office.propose(
        EntityChangeRequest(giver, amount=-amount),
        EntityChangeRequest(taker, amount=amount),
        kind="reallocate_budget",
    ).proposal_id
    office.rewrite(guardrails={"untouched_share": 0.0, "ceiling_share": 50})
    office.decide(key, by="bob")
    return key, before


def budgets(office: Office, key: str) -> dict[str, Decimal]:
    return {
        c.target.entity_id: office.value(c.target, "daily_budget")
        for c in office.services.ledger.proposals.members(key)[0].proposal.changes
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_answer_that_got_lost_is_read_back_and_not_sent_again(office: Office, platform: str) -> None:
    key = approved_pause(office, platform)
    office.sandbox.stage.faults.arm(platform, "lost_answer")
    assert office.carry_out(key) == State.VERIFIED
    assert office.carry_out(key) == State.VERIFIED
    assert len(office.writes()) == 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_request_that_got_lost_is_unknown_until_it_can_be_known(office: Office, platform: str) -> None:
    key = approved_pause(office, platform)
    office.sandbox.stage.faults.arm(platform, "lost_request")
    assert office.carry_out(key) == State.UNKNOWN
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=14)
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=2)
    assert office.carry_out(key) == State.FAILED
    assert "Nothing was changed" in str(office.services.ledger.proposals.members(key)[0].why)
    assert len(office.writes()) == 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_write_that_is_called_done_and_is_not_there_has_failed(office: Office, platform: str) -> None:
    key = approved_pause(office, platform)
    office.sandbox.stage.faults.arm(platform, "ignored_write")
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=16)
    assert office.carry_out(key) == State.FAILED
    assert "though the platform said it was done" in str(office.services.ledger.proposals.members(key)[0].why)
    assert len(office.writes()) == 1


@pytest.mark.parametrize("platform", ["google_ads", "meta_ads"])
def test_what_the_platform_would_refuse_is_never_sent(office: Office, platform: str) -> None:
    office.rewrite(
        guardrails={
            "change_share": 1.0,
            "change_share_week": 2.0,
            "floor_share": 0.0,
            "least_daily": {platform: "0.01"},
            "untouched_share": 0.0,
        }
    )
    key = office.propose(
        EntityChangeRequest(office.target(platform, "campaign"), to=Decimal("0.05"))
    ).proposal_id
    office.rewrite(
        approvers={"alice": {"up_to": 100000}},
        approval={"second_person_above": 100000, "second_person_share": 5},
    )
    office.rewrite(guardrails=office.policy["guardrails"] | {"account_share_a_day": 1.0})
    office.decide(key)
    with pytest.raises(Exception, match="would refuse"):
        office.carry_out(key)
    assert office.state(key) == State.FAILED
    assert office.writes() == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_shift_moves_both_and_sums_to_nothing(office: Office, platform: str) -> None:
    key, before = shift(office, platform)
    assert office.carry_out(key) == State.VERIFIED
    after = budgets(office, key)
    assert sum(after.values()) == sum(before.values())
    assert after != before
    sent = office.writes()
    assert len(sent) == 2
    giver = office.services.ledger.proposals.members(key)[0].proposal.changes[0].target.entity_id
    if platform != "google_ads":
        assert sent[0]["detail"]["entity"] == giver  # what spends less goes first


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("fault", ["lost_request", "ignored_write"])
def test_a_shift_that_breaks_in_the_middle_is_led_back(office: Office, platform: str, fault: str) -> None:
    key, before = shift(office, platform)
    office.sandbox.stage.faults.arm(platform, fault, after=1)
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=16)
    assert office.carry_out(key) == State.FAILED
    assert "led back" in str(office.services.ledger.proposals.members(key)[0].why)
    assert budgets(office, key) == before
    assert len(office.writes()) == 3  # one that held, one that did not, one back


def test_a_shift_whose_way_back_is_barred_calls_for_a_person(office: Office) -> None:
    key, _ = shift(office, "meta_ads")
    office.sandbox.stage.faults.arm("meta_ads", "ignored_write", after=1)
    work = office.executor()
    work.apply(key)
    office.services.ledger.switches.turn("kill", on=True, person="bob", reason="fire")
    office.later(minutes=16)
    work.read_back(key)
    assert office.state(key) == State.FAILED
    assert "A PERSON MUST LOOK" in str(office.services.ledger.proposals.members(key)[0].why)
    assert len(office.writes()) == 2


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_revert_leads_back_by_an_approval_of_its_own(office: Office, platform: str) -> None:
    key = approved_pause(office, platform)
    office.carry_out(key)
    change = office.services.ledger.proposals.members(key)[0].proposal.changes[0]
    back = office.propose(
        EntityChangeRequest(change.target, status="active"), kind="revert", reverts=key
    ).proposal_id
    assert office.carry_out(back) == State.PROPOSED
    office.later(seconds=60)
    with pytest.raises(NotApproved):
        office.decide(back, code="000000")
    office.decide(back, by="bob")
    assert office.carry_out(back) == State.VERIFIED
    assert office.state(key) == State.REVERTED
    assert office.value(change.target, "status") == "active"
    assert len(office.writes()) == 2


def test_what_was_just_changed_cools_down(office: Office) -> None:
    target = office.target("linkedin_ads", "campaign")
    first = office.propose(EntityChangeRequest(target, factor=Decimal("0.95"))).proposal_id
    office.decide(first)
    assert office.carry_out(first) == State.VERIFIED
    second = office.propose(EntityChangeRequest(target, factor=Decimal("0.95"))).proposal_id
    office.later(minutes=10)
    office.decide(second)
    with pytest.raises(WriteHeld, match="cool-down"):
        office.carry_out(second)
    assert len(office.writes()) == 1


@pytest.fixture(scope="module")
def mortals() -> Iterator[Mortals]:
    with mortal_processes() as processes:
        yield processes


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_next_run_finishes_and_writes_no_second_time(
    office: Office, mortals: Mortals, point: str
) -> None:
    """On PostgreSQL: tests/actions/test_gate_faults.py."""
    key = office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused")).proposal_id
    given = as_given(office, key, "meta_ads")
    assert mortals.die(point, given) == -9
    assert len(office.writes()) <= 1
    office.later(minutes=20)
    if office.state(key) == State.PROPOSED:
        assert point == "before decide"
        office.decide(key)
    state = office.carry_out(key)
    assert state == State.VERIFIED or (state == State.FAILED and not office.writes())
    assert len(office.writes()) <= 1
    assert (
        office.value(office.services.ledger.proposals.members(key)[0].proposal.changes[0].target, "status")
        == "paused"
    ) == (state == State.VERIFIED)
    assert office.services.ledger.audit.verify().broken is None


def test_what_was_approved_changes_the_days_to_come(office: Office) -> None:
    key = approved_pause(office)
    paused = office.services.ledger.proposals.members(key)[0].proposal.changes[0].target
    budget = office.target("linkedin_ads", "campaign")
    cut = office.propose(EntityChangeRequest(budget, factor=Decimal("0.8"))).proposal_id
    office.decide(cut, by="bob")
    assert (office.carry_out(key), office.carry_out(cut)) == (State.VERIFIED, State.VERIFIED)
    office.later(days=8)
    own, spent = spend_by_day(office, paused), spend_by_day(office, budget)
    assert own[: NOON.date()].sum() > 0
    assert own[NOON.date() + timedelta(days=1) :].sum() == 0
    assert (
        spent[NOON.date() + timedelta(days=1) :].mean()
        < 0.9 * spent[: NOON.date() - timedelta(days=1)].mean()
    )


def spend_by_day(office: Office, target: Target) -> pd.Series:
    """A week before and a week after noon, as the next daily pulls read it."""
    reader = office.services.platforms.reader(target.platform)
    account = next(one for one in reader.accounts() if one.account_id == target.account_id)
    first, last = NOON.date() - timedelta(days=7), NOON.date() + timedelta(days=7)
    rows = pa.Table.from_batches(reader.days(target.level, account, start=first, end=last)).to_pandas()
    own = rows[rows[f"{target.level}_id"] == target.entity_id]
    return own.set_index("day")["spend"].astype(float).sort_index()
