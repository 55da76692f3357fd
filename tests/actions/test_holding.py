"""What holds an approved proposal back: drift, the kill switch, inputs that are missing, days that are over."""

from datetime import timedelta

import pytest

from assets.actions.execution.executor import WriteHeld
from assets.actions.execution.platform_writes import ProposalStale
from assets.actions.rules.finding import EntityChangeRequest
from resources.ledger.proposal import Target
from resources.ledger.states import State
from sandbox.control import edit_by_hand
from tests.actions.conftest import Office

PLATFORMS = ("google_ads", "meta_ads", "linkedin_ads")


def pause(office: Office, platform: str = "meta_ads", *, nth: int = 0, **more: object) -> str:
    return office.propose(
        EntityChangeRequest(office.target(platform, nth=nth), status="paused"), **more
    ).proposal_id


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_changed_since_is_stale(office: Office, platform: str) -> None:
    key = pause(office, platform)
    office.decide(key)
    target = office.services.ledger.proposals.members(key)[0].proposal.changes[0].target
    account = office.sandbox.stage.world.account(platform, target.account_id)
    assert account is not None
    edit_by_hand(
        office.sandbox.stage, account, "ad_set", int(target.entity_id), "name", "Renamed by a person"
    )
    with pytest.raises(ProposalStale, match=r"was .* and is Renamed by a person"):
        office.carry_out(key)
    assert office.state(key) == State.FAILED
    assert office.writes() == []


def budget_owner(office: Office) -> Target:
    """A Meta ad set with a budget of its own."""
    for account in office.sandbox.stage.world.of("meta_ads"):
        catalog = office.sandbox.stage.market.catalog(account)
        sets, campaigns = catalog.ad_sets, catalog.campaigns
        for row, own in enumerate(sets.id.tolist()):
            above = sets.campaign[row]
            if not (
                campaigns.holds_budget[above] or sets.paused[row] or campaigns.paused[above] or own % 7 == 0
            ):
                return Target(platform="meta_ads", account_id=account.id, level="ad_set", entity_id=str(own))
    raise LookupError("the world has no such ad set")


def test_a_fifth_budget_change_within_an_hour_is_held_until_meta_would_take_it(office: Office) -> None:
    office.rewrite(guardrails={"untouched_share": 0.0, "human_edit_hours": 0.0, "change_share_week": 2.0})
    target = budget_owner(office)
    account = office.sandbox.stage.world.account("meta_ads", target.account_id)
    assert account is not None
    micros = int(office.value(target, "daily_budget") * 1_000_000)
    for n in range(4):
        edit_by_hand(
            office.sandbox.stage,
            account,
            "ad_set",
            int(target.entity_id),
            "budget_micros",
            micros + n * 10_000,
        )
        office.later(minutes=10)
    key = office.propose(EntityChangeRequest(target, amount=-1)).proposal_id
    office.decide(key)
    with pytest.raises(
        WriteHeld, match=r"changed 4 times within the last hour.*may go on at 2026-11-23 13:00 UTC"
    ):
        office.carry_out(key)
    assert office.writes() == []
    assert office.state(key) == State.APPROVED
    office.later(minutes=21)
    assert office.carry_out(key) == State.VERIFIED
    assert len(office.writes()) == 1


def test_what_meta_refuses_for_an_hour_waits_and_is_not_failed(office: Office) -> None:
    lenient = {"untouched_share": 0.0, "human_edit_hours": 0.0, "budget_changes_an_hour": {}}
    office.rewrite(guardrails=lenient)
    target = budget_owner(office)
    account = office.sandbox.stage.world.account("meta_ads", target.account_id)
    assert account is not None
    micros = int(office.value(target, "daily_budget") * 1_000_000)
    for _ in range(4):
        edit_by_hand(office.sandbox.stage, account, "ad_set", int(target.entity_id), "budget_micros", micros)
    office.later(minutes=1)
    key = office.propose(EntityChangeRequest(target, amount=-1)).proposal_id
    office.decide(key)
    with pytest.raises(WriteHeld, match="four times an hour, so wait an hour"):
        office.carry_out(key)
    assert office.writes() == []
    assert office.state(key) == State.APPROVED


@pytest.mark.parametrize("how", ["file", "ledger", "unreadable"])
def test_the_kill_switch_stops_everything(office: Office, how: str) -> None:
    key = pause(office)
    office.decide(key)
    switch = office.services.settings.kill_file
    switch.parent.mkdir(parents=True, exist_ok=True)
    if how == "file":
        switch.write_text("")
    elif how == "ledger":
        office.services.ledger.switches.turn("kill", on=True, person="bob", reason="fire")
    else:
        switch.symlink_to(switch)  # looking at it ends in an error that is not "not there"
    with pytest.raises(WriteHeld, match="kill switch"):
        office.carry_out(key)
    assert office.writes() == []
    assert office.state(key) == State.APPROVED
    if how == "ledger":
        office.services.ledger.switches.turn("kill", on=False, person="bob", reason="out")
        assert office.carry_out(key) == State.VERIFIED


def test_a_switch_thrown_between_preflight_and_write_stops_the_write(office: Office) -> None:
    key = pause(office)
    office.decide(key)
    work = office.executor()
    real = work._check
    work._check = lambda entry: (
        real(entry),
        office.services.ledger.switches.turn("kill", on=True, person="bob", reason="now"),
    )
    work.apply(key)
    assert office.writes() == []


@pytest.mark.parametrize(
    "missing", ["policy", "garbled policy", "cap", "figures", "rates for size", "writer"]
)
def test_with_an_input_missing_nothing_is_written(office: Office, missing: str) -> None:
    key = pause(office)
    office.decide(key)
    parts: dict[str, object] = {}
    around = office.figures.around
    if missing == "policy":
        office.services.settings.policy_file.unlink()
    elif missing == "garbled policy":
        office.services.settings.policy_file.write_text("permissions: [")
    elif missing == "cap":
        office.rewrite(caps={})
    elif missing == "figures":
        parts["around"] = lambda proposal: type(around(proposal))(
            **{**vars(around(proposal)), "campaign_days": around(proposal).campaign_days.iloc[:0]}
        )
    elif missing == "rates for size":
        office.rewrite(caps={name: cap | {"currency": "GBP"} for name, cap in office.policy["caps"].items()})
    else:

        def nobody(_: str) -> object:
            raise ProposalStale("no such platform")

        parts["writer"] = nobody
    with pytest.raises(Exception, match=r"."):
        office.carry_out(key, **parts)
    assert office.writes() == []
    assert office.state(key) in {State.APPROVED, State.FAILED}


def test_a_limit_that_breaks_does_not_open(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from assets.actions.guardrails import registry

    def broken(_: object) -> object:
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(registry.GUARDRAILS, "caps", broken)
    key = pause(office)
    office.decide(key)
    with pytest.raises(WriteHeld, match="could not be judged"):
        office.carry_out(key)
    assert office.writes() == []


def test_a_day_that_is_over_is_never_carried_out(office: Office) -> None:
    key = pause(office)
    entry = office.services.ledger.proposals.members(key)[0].proposal
    old = entry.model_copy(update={"proposal_id": "old.proposal", "as_of": entry.as_of - timedelta(days=7)})
    office.decide(key, decision="reject")
    assert office.services.ledger.proposals.propose(old)
    office.later(seconds=60)
    office.decide("old.proposal")
    with pytest.raises(WriteHeld, match="newest day"):
        office.carry_out("old.proposal")
    assert office.writes() == []
