"""Authority is judged at the write: what was taken from an approver after their approval is not written, and
the switch holds everywhere.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from assets.actions.execution.executor import WriteHeld
from assets.actions.rules.finding import EntityChangeRequest
from resources.action_services import ActionServices
from resources.ledger.states import State
from tests.actions.conftest import POLICY, SECRETS, Office
from tests.actions.test_execution import shift


def remove_secret(office: Office) -> None:
    lines = "".join(f"{name}={secret}\n" for name, secret in SECRETS.items() if name != "alice")
    office.services.settings.approvers_file.write_text(lines)


LOST: dict[str, tuple[Callable[[Office], None], str]] = {
    "removed from policy.yaml": (
        lambda office: office.rewrite(approvers={"bob": {"up_to": 5000}}),
        "'alice' is no approver",
    ),
    "limit lowered": (
        lambda office: office.rewrite(approvers=office.policy["approvers"] | {"alice": {"up_to": 1}}),
        "may approve up to 1",
    ),
    "kinds narrowed": (
        lambda office: office.rewrite(
            approvers=office.policy["approvers"] | {"alice": {"up_to": 500, "kinds": ["set_daily_budget"]}}
        ),
        "may not approve pause_ad_set",
    ),
    "second person required": (
        lambda office: office.rewrite(approval={"second_person_above": 1}),
        "1 of 2 approvals hold",
    ),
    "secret deleted": (remove_secret, "alice is not enrolled"),
}


@pytest.mark.parametrize("what", LOST)
def test_an_approval_whose_authority_is_gone_is_not_written(office: Office, what: str) -> None:
    take_away, words = LOST[what]
    key = office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused")).proposal_id
    office.decide(key)
    take_away(office)
    with pytest.raises(WriteHeld, match=words):
        office.carry_out(key)
    assert office.writes() == []
    assert office.state(key) == State.APPROVED
    office.rewrite(approvers=POLICY["approvers"], approval=POLICY["approval"])
    office.services.settings.approvers_file.write_text(
        "".join(f"{name}={secret}\n" for name, secret in SECRETS.items())
    )
    assert office.carry_out(key) == State.VERIFIED


def test_a_decision_that_this_deployment_did_not_sign_does_not_count(office: Office) -> None:
    key = office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused")).proposal_id
    office.decide(key)
    (entry,), rules = office.services.ledger.proposals.members(key), office.gate.rules
    (decision,) = office.services.ledger.decisions.of(key)
    assert rules.why_not_approved(entry, [decision]) is None
    for forged in (replace(decision, is_signed=False), replace(decision, digest="0" * 64)):
        assert "no decision on it was signed" in str(rules.why_not_approved(entry, [forged]))


def test_authority_is_judged_again_before_the_second_part_of_a_bundle(office: Office) -> None:
    key, before = shift(office, "meta_ads")
    work = office.executor()
    send = work.writes.send

    def removed_after_the_first(*args: Any) -> bool:
        sent = send(*args)
        office.rewrite(approvers={"alice": {"up_to": 5000}})
        return sent

    work.writes.send = removed_after_the_first  # type: ignore[method-assign]
    work.apply(key)
    assert len(office.writes()) == 1
    assert office.executor().read_back(key) == State.FAILED
    assert "led back" in str(office.services.ledger.proposals.members(key)[0].why)
    for change in office.services.ledger.proposals.members(key)[0].proposal.changes:
        assert office.value(change.target, "daily_budget") == before[change.target.entity_id]


def test_a_kill_file_on_one_machine_stops_the_workers_of_another(office: Office) -> None:
    """Two homes over one ledger: the file is on the machine of the daemon and the UI, the write would leave
    from a worker.
    """
    key = office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused")).proposal_id
    office.decide(key)
    home = office.services.settings.root.parent / "another home"
    elsewhere = ActionServices(
        office.services.settings.model_copy(
            update={"root": home, "ledger_key_path": office.services.settings.ledger_key_file}
        ),
        office.services.platforms,
    )
    elsewhere.settings.kill_file.parent.mkdir(parents=True)
    elsewhere.settings.kill_file.write_text("")
    assert "is there" in str(elsewhere.killed())
    with pytest.raises(WriteHeld, match=r"kill switch is on since .*file on"):
        office.carry_out(key)
    elsewhere.settings.kill_file.unlink()  # removing the file alone turns nothing off
    with pytest.raises(WriteHeld, match="kill switch is on"):
        office.carry_out(key)
    assert office.writes() == []
    office.services.ledger.switches.turn("kill", on=False, person="alice", reason="proven")
    assert office.carry_out(key) == State.VERIFIED


def test_an_automatic_decision_holds_only_while_the_policy_still_allows_it(office: Office) -> None:
    earned = {
        "untouched_share": 0.0, "shadow_decisions": 0, "shadow_right": 0.0, "account_share_a_day_automatic": 1.0, "account_share_a_day": 1.0,
    }  # fmt: skip
    automatic = [{"level": "auto_safe", "turned_on_by": ["alice"]}]
    office.rewrite(permissions=automatic, guardrails=earned)
    made = office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused"))
    key = f"{made.proposal_id}.auto"
    office.services.ledger.proposals.move(
        made.proposal_id, {State.PROPOSED}, State.SUPERSEDED, "test", "the automatic one takes its place"
    )
    assert office.services.ledger.proposals.propose(
        made.model_copy(update={"proposal_id": key, "level": "auto_safe"})
    )
    office.decide(key, decision="automatic")
    office.rewrite(permissions=[{"level": "propose"}])
    with pytest.raises(WriteHeld, match="the policy says propose"):
        office.carry_out(key)
    office.rewrite(permissions=automatic, guardrails=earned | {"shadow_decisions": 20})
    with pytest.raises(WriteHeld, match="in the shadow 0 of 0 were right"):
        office.carry_out(key)
    assert office.writes() == []
    office.rewrite(guardrails=earned)
    assert office.carry_out(key) == State.VERIFIED


def test_a_shift_between_currencies_is_summed_in_the_reporting_currency(office: Office) -> None:
    from tests.actions.made import budget, proposal, target

    def bundle(euros: str, dollars: str) -> object:
        changes = (
            budget("100.00", euros, at=target("1"), currency="EUR"),
            budget("100.00", dollars, at=target("2", account_id="a2"), currency="USD"),
        )
        return proposal(*changes, kind="reallocate_budget", level="auto_neutral")

    rules = type(office.gate.rules)(
        office.gate.policy, office.gate.rules.approvers, {"EUR": 1.0, "USD": 0.8}, lambda *_: (0, 0)
    )
    uneven = "only where the sum stays the same"
    assert uneven in str(rules.not_automatic(bundle("92.00", "108.00")))  # 0 as numbers, -1.60 in euros
    assert uneven not in str(rules.not_automatic(bundle("92.00", "110.00")))
    assert "no exchange rate for USD" in str(
        type(rules)(rules.policy, rules.approvers, {"EUR": 1.0}, rules.shadow_score).not_automatic(
            bundle("92.00", "110.00")
        )
    )
