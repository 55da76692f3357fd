"""The gate: whatever is not exactly as it should be, nothing is written; what is, happens once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from assets.actions.approval import NotApproved
from assets.actions.execution.executor import WriteHeld
from assets.actions.rules.finding import EntityChangeRequest
from resources.ledger.proposal import set_summary
from resources.ledger.states import State
from tests.actions.conftest import Office

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


def pause(office: Office, platform: str = "meta_ads", *, nth: int = 0, **more: object) -> str:
    return office.propose(
        EntityChangeRequest(office.target(platform, nth=nth), status="paused"), **more
    ).proposal_id


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_approved_pause_is_written_once_and_proven(any_office: Office, platform: str) -> None:
    office = any_office
    key = pause(office, platform)
    office.decide(key)
    assert office.carry_out(key) == State.VERIFIED
    assert office.carry_out(key) == State.VERIFIED  # materialized again
    assert len(office.writes()) == 1
    assert (
        office.value(office.services.ledger.proposals.members(key)[0].proposal.changes[0].target, "status")
        == "paused"
    )
    assert office.services.ledger.audit.verify().broken is None


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_approved_budget_is_written_once_and_proven(office: Office, platform: str) -> None:
    target = office.target(platform, "campaign")
    before = office.value(target, "daily_budget")
    key = office.propose(EntityChangeRequest(target, factor=Decimal("0.9"))).proposal_id
    office.decide(key, by="bob")
    assert office.carry_out(key) == State.VERIFIED
    assert len(office.writes()) == 1
    assert office.value(target, "daily_budget") == pytest.approx(before * Decimal("0.9"), abs=Decimal("0.01"))


def test_without_a_decision_nothing_happens(office: Office) -> None:
    key = pause(office)
    with pytest.raises(NotApproved, match="decision is undecided"):
        office.decide(key, decision="undecided")
    assert office.carry_out(key) == State.PROPOSED
    assert office.writes() == []


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"code": "000000"}, "Six digits prove a person"),
        ({"code": ""}, "does not prove"),
        ({"code": "ABCDEFGHIJ"}, "does not prove"),
        ({"approver": "mallory"}, "no approver"),
        ({"approver": ""}, "no approver"),
        ({"approver": "bob"}, "does not prove"),  # alice's code in bob's name
        ({"proposal": ""}, "is empty"),
        ({"proposal": "pause_ad_set: another"}, "says"),
        ({"decision": "automatic"}, "not decided by itself"),
        ({"decision": "yes"}, "undecided"),
    ],
)
def test_a_decision_that_proves_nothing_writes_nothing(
    office: Office, other: dict[str, str], words: str
) -> None:
    key = pause(office)
    with pytest.raises(NotApproved, match=words):
        office.decide(key, **other)
    assert office.carry_out(key) == State.PROPOSED
    assert office.writes() == []


def test_an_old_code_proves_nothing(office: Office) -> None:
    key = pause(office)
    one_time, bound = office.code("alice"), office.bound_code("alice", (key,))
    office.later(minutes=16)
    with pytest.raises(NotApproved, match="too old"):
        office.decide(key, code=bound)
    with pytest.raises(NotApproved, match="too old"):
        office.record("alice", {key: "approve"}, one_time)
    assert office.carry_out(key) == State.PROPOSED


def test_a_code_serves_once(office: Office) -> None:
    first, second = pause(office), pause(office, "linkedin_ads")
    code = office.code("alice")
    office.decide(first, code=office.record("alice", {first: "approve"}, code))
    with pytest.raises(NotApproved, match="used before"):
        office.record("alice", {second: "approve"}, code)
    assert office.carry_out(second) == State.PROPOSED
    assert office.writes() == []


def test_a_bound_code_holds_for_exactly_what_it_was_made_for(office: Office) -> None:
    first, second = pause(office), pause(office, "linkedin_ads")
    digests = [office.services.ledger.proposals.members(first)[0].proposal.digest]
    made = office.services.approvers().bound_code("alice", decision="approve", digests=digests, at=office.now)
    with pytest.raises(NotApproved):
        office.decide(second, code=made)
    with pytest.raises(NotApproved):
        office.decide(first, code=made, decision="reject")
    office.decide(first, code=made)
    assert office.carry_out(first) == State.VERIFIED


def test_wrong_codes_lock_a_name_out_for_a_while(office: Office) -> None:
    key = pause(office)
    for _ in range(5):
        with pytest.raises(NotApproved, match="does not prove"):
            office.record("alice", {key: "approve"}, "000000")
    with pytest.raises(NotApproved, match="Too many wrong codes"):
        office.record("alice", {key: "approve"}, office.code("alice"))
    office.decide(key)  # a bound code cannot be guessed, so guesses keep nobody from using theirs
    assert office.state(key) == State.APPROVED


def test_the_lock_after_wrong_codes_is_over_by_itself(office: Office) -> None:
    key = pause(office)
    for _ in range(5):
        with pytest.raises(NotApproved, match="does not prove"):
            office.record("alice", {key: "approve"}, "000000")
    office.later(minutes=16)
    office.decide(key, code=office.record("alice", {key: "approve"}, office.code("alice")))
    assert office.state(key) == State.APPROVED


def test_nobody_approves_what_they_proposed(office: Office) -> None:
    key = pause(office, proposer="alice")
    with pytest.raises(NotApproved, match="somebody else has to"):
        office.decide(key)
    office.decide(key, by="bob")
    assert office.carry_out(key) == State.VERIFIED


def test_nobody_approves_more_than_they_may(office: Office) -> None:
    key = pause(office)
    with pytest.raises(NotApproved, match="may approve up to 1"):
        office.decide(key, by="carol")
    office.rewrite(
        approvers=office.policy["approvers"] | {"alice": {"up_to": 500, "kinds": ["set_daily_budget"]}}
    )
    with pytest.raises(NotApproved, match="may not approve pause_ad_set"):
        office.decide(key)
    assert office.carry_out(key) == State.PROPOSED


def test_what_is_large_needs_two_different_people(office: Office) -> None:
    office.rewrite(
        approval={"second_person_above": 1}, approvers={"alice": {"up_to": 900}, "bob": {"up_to": 900}}
    )
    key = pause(office)
    assert "1 of 2" in office.decide(key)[0].words
    office.later(minutes=6)
    assert "decided before" in office.decide(key)[0].words
    assert office.carry_out(key) == State.PROPOSED
    assert office.writes() == []
    office.decide(key, by="bob")
    assert office.carry_out(key) == State.VERIFIED
    assert len(office.writes()) == 1


def test_a_size_that_cannot_be_said_is_approved_by_nobody(office: Office) -> None:
    key = pause(office)
    blind = replace(office.gate, rules=replace(office.gate.rules, rates={}))
    with pytest.raises(NotApproved, match="cannot be said"):
        blind.decide(office.request(key))


def test_one_rejection_ends_it(office: Office) -> None:
    key = pause(office)
    office.decide(key, decision="reject", note="not now")
    assert office.carry_out(key) == State.REJECTED
    office.later(seconds=60)
    assert "already" in office.decide(key)[0].words
    assert office.carry_out(key) == State.REJECTED
    assert office.writes() == []


def test_after_its_time_nothing_happens(office: Office) -> None:
    early, late = pause(office), pause(office, "linkedin_ads")
    office.decide(early)
    office.later(hours=25)
    assert office.decide(late, by="bob")[0].state == State.EXPIRED
    with pytest.raises(WriteHeld, match="expired"):
        office.carry_out(early)
    assert office.state(early) == State.EXPIRED
    assert office.writes() == []


def test_two_runs_at_once_write_once(any_office: Office) -> None:
    office = any_office
    key = pause(office)
    office.decide(key)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: office.carry_out(key), range(4)))
    assert office.state(key) == State.VERIFIED
    assert len(office.writes()) == 1


def test_two_approvers_at_once_lead_to_one_write(any_office: Office) -> None:
    office = any_office
    key = pause(office)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: (office.decide(key, by=name), office.carry_out(key)), ["alice", "bob"]))
    assert office.state(key) == State.VERIFIED
    assert len(office.writes()) == 1


def test_several_with_one_code(office: Office) -> None:
    keys = tuple(sorted([pause(office), pause(office, "linkedin_ads"), pause(office, "google_ads")]))
    digests = [office.services.ledger.proposals.members(key)[0].proposal.digest for key in keys]
    code = office.record("alice", dict.fromkeys(keys, "approve"), office.code("alice"))
    for key in keys:
        office.decide(key, together=keys, proposal=set_summary(digests), code=code)
        assert office.carry_out(key) == State.VERIFIED
    assert len(office.writes()) == 3


def test_one_proof_takes_a_different_decision_on_each(office: Office) -> None:
    yes, no = pause(office), pause(office, "linkedin_ads")
    code = office.record("alice", {yes: "approve", no: "reject"}, office.code("alice"))
    for key, wrong in ((yes, "reject"), (no, "approve")):
        with pytest.raises(NotApproved, match="does not say"):
            office.decide(key, decision=wrong, code=code)
    office.decide(no, decision="reject", code=code)
    office.decide(yes, code=code)
    assert (office.state(yes), office.state(no)) == (State.APPROVED, State.REJECTED)


def test_a_reference_copied_from_a_run_decides_nothing_else(office: Office) -> None:
    first, second = pause(office), pause(office, "linkedin_ads")
    code = office.record("alice", {first: "reject"}, office.code("alice"))
    for other in (
        {"key": second}, {"key": first, "decision": "approve"}, {"key": first, "decision": "reject", "by": "bob"},
    ):  # fmt: skip
        with pytest.raises(NotApproved):
            office.decide(**{"code": code, **other})
    office.decide(first, decision="reject", code=code)
    with pytest.raises(NotApproved, match=r"used before|does not say|other proposals"):
        office.decide(second, code=code)
    assert office.state(second) == State.PROPOSED


def test_six_digits_typed_into_a_run_are_taken_for_nothing(office: Office) -> None:
    key = pause(office)
    for decision in ("approve", "reject"):
        with pytest.raises(NotApproved, match="Six digits prove a person and not a decision"):
            office.decide(key, decision=decision, code=office.code("alice"))
    assert office.state(key) == State.PROPOSED


@pytest.mark.parametrize("code", ["１２３４５６", "١٢٣٤٥٦", "ÄBCDEFGHIJ", "\x00" * 6])
def test_a_code_that_is_not_ascii_is_a_wrong_code(office: Office, code: str) -> None:
    key = pause(office)
    with pytest.raises(NotApproved, match=r"does not prove|Six digits"):
        office.decide(key, code=code)
    with pytest.raises(NotApproved, match="does not prove"):
        office.record("alice", {key: "approve"}, code)
    assert office.state(key) == State.PROPOSED


def test_many_need_a_code_bound_to_exactly_these(office: Office) -> None:
    office.rewrite(approval={"totp_at_most": 2})
    keys = [pause(office), pause(office, "linkedin_ads"), pause(office, "google_ads")]
    batch = office.services.ledger.proposals.make_batch(
        "batch.one", {k: office.services.ledger.proposals.members(k)[0].proposal.digest for k in keys}
    )
    with pytest.raises(NotApproved, match="bound to exactly these"):
        office.record("alice", dict.fromkeys(keys, "approve"), office.code("alice"))
    digests = [office.services.ledger.proposals.members(key)[0].proposal.digest for key in keys]
    code = office.services.approvers().bound_code("alice", decision="approve", digests=digests, at=office.now)
    office.decide(batch.batch_id, code=code)
    assert {office.state(key) for key in keys} == {State.APPROVED}


def test_a_signed_launch_proves_nothing_by_itself_and_keeps_others_out(office: Office) -> None:
    key = pause(office)
    office.services.ledger.decisions.launched("r1", "alice")
    with pytest.raises(NotApproved, match="does not prove"):
        office.decide(key, code="", run_id="r1")
    with pytest.raises(NotApproved, match="says that alice launched this run"):
        office.decide(key, by="bob", run_id="r1")
    office.decide(key, run_id="r1")
    assert office.state(key) == State.APPROVED
