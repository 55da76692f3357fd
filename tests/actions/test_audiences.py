"""Audiences behind the gate: nothing is sent before somebody approves, exactly that is sent then, and people
get out without asking.
"""

from pathlib import Path

import pytest

from assets.actions.audiences.inputs import propose_revert
from assets.actions.execution.executor import WriteHeld
from assets.actions.execution.platform_writes import ProposalStale
from resources.lake.lake import Lake
from tests.audiences.bureau import LINES, PEOPLE, Bureau
from tests.audiences.people_of import expected, later, record, write_people, write_segments
from tests.wire.audiences_at import PLATFORMS, held


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_nothing_is_sent_without_an_approval(bureau: Bureau) -> None:
    bureau.lines = LINES
    bureau.ask()
    taken = bureau.propose().taken
    assert {one.changes[0].target.platform for one in taken} == set(PLATFORMS)
    for made in taken:
        bureau.carry_out(made.proposal_id)
        assert bureau.office.state(made.proposal_id) == "proposed"
    bureau.office.decide(taken[0].proposal_id, decision="reject")
    bureau.carry_out(taken[0].proposal_id)
    assert bureau.remove() == []
    assert bureau.office.writes() == []
    assert bureau.office.sandbox.stage.audiences.truth(None) == []


def test_an_approved_audience_is_made_and_holds_exactly_the_segment(bureau: Bureau, platform: str) -> None:
    made = bureau.filled(platform)
    assert bureau.holds(platform, PEOPLE)
    assert len(bureau.office.sandbox.stage.audiences.truth(None)) == 1
    assert made.changes[0].words.startswith("0 -> 60 people (+60, -0)")
    assert [one for one in bureau.propose().taken if one.changes[0].target.platform == platform] == []


def test_it_follows_the_segment_with_a_new_approval_each_time(bureau: Bureau, platform: str) -> None:
    first = bureau.filled(platform)
    write_people(bureau.lake, [record(n) for n in range(70)], at=later(1))
    write_segments(bureau.lake, {"loyal": range(5, 70)})
    second = bureau.proposed(platform)
    assert second.changes[0].before == first.changes[0].after
    assert second.changes[0].step is not None
    assert (second.changes[0].step.adds, second.changes[0].step.removes) == (10, 5)
    bureau.carry_out(second.proposal_id)
    assert bureau.holds(platform, PEOPLE)
    bureau.approve(second)
    assert bureau.carry_out(second.proposal_id) == "verified"
    assert bureau.holds(platform, range(5, 70))


@pytest.mark.parametrize("fault", ["lost_answer", "half_upload"])
def test_a_half_failed_upload_is_finished_under_the_same_approval(
    bureau: Bureau, platform: str, fault: str
) -> None:
    bureau = bureau.impatient()
    made = bureau.proposed(platform)
    bureau.approve(made)
    # The first write makes the audience, and the second is an upload.
    bureau.office.sandbox.stage.faults.arm(platform, fault, times=2)
    work = bureau.executor()
    work.apply(made.proposal_id)
    assert bureau.office.state(made.proposal_id) == "executing"
    for _ in range(5):
        if work.read_back(made.proposal_id) == "verified":
            break
    assert bureau.office.state(made.proposal_id) == "verified"
    assert bureau.holds(platform, PEOPLE)
    assert len(bureau.office.sandbox.stage.audiences.truth(platform)) == 1


def test_a_platform_that_stays_silent_is_left_after_two_days_and_the_next_proposal_goes_on(
    bureau: Bureau,
) -> None:
    hasty = bureau.impatient()
    made = hasty.proposed("meta_ads")
    hasty.approve(made)
    hasty.office.sandbox.stage.faults.arm("meta_ads", "half_upload", times=1000)
    work = hasty.executor()
    work.apply(made.proposal_id)
    work.read_back(made.proposal_id)
    assert hasty.office.state(made.proposal_id) == "unknown"
    hasty.office.later(days=2, minutes=1)
    work.read_back(made.proposal_id)
    assert hasty.office.state(made.proposal_id) == "failed"
    hasty.office.sandbox.stage.faults.clear()
    assert 0 < len(held(hasty.office.sandbox, "meta_ads")) < len(expected("meta_ads", PEOPLE))
    bureau.filled("meta_ads")
    assert bureau.holds("meta_ads", PEOPLE)


def test_whoever_withdrew_while_it_waited_is_not_let_in(bureau: Bureau, platform: str) -> None:
    made = bureau.proposed(platform)
    bureau.approve(made)
    write_people(bureau.lake, [record(n, agrees=n not in {3, 4}) for n in range(59)], at=later(1))
    assert bureau.carry_out(made.proposal_id) == "verified"
    assert bureau.holds(platform, [n for n in range(59) if n not in {3, 4}])


def test_nobody_is_let_in_where_the_crm_cannot_be_read(bureau: Bureau, tmp_path: Path) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    with pytest.raises(WriteHeld, match="who agrees to advertising is not known"):
        Bureau(bureau.office, Lake(tmp_path / "empty")).carry_out(made.proposal_id)
    assert bureau.office.writes() == []


def test_whoever_withdraws_leaves_without_a_new_approval_and_nobody_comes(
    bureau: Bureau, platform: str
) -> None:
    bureau.filled(platform)
    gone = {0, 1, 2}
    write_people(
        bureau.lake, [record(n, agrees=n not in gone) for n in range(80)], at=later(1)
    )  # twenty more agreed, and nobody approved them
    write_segments(bureau.lake, {"loyal": range(80)})
    for _ in range(3):
        removals = [one for one in bureau.remove() if platform in one.audience]
    assert bureau.holds(platform, [n for n in PEOPLE if n not in gone])
    assert removals[0].left == 0
    assert (bureau.remove()[0].removed, bureau.remove()[0].left) == (0, 0)


def test_everybody_who_said_no_goes_however_many_and_a_misread_crm_takes_nobody(bureau: Bureau) -> None:
    bureau.filled("meta_ads")
    write_people(bureau.lake, [record(n, agrees=None if n < 20 else True) for n in PEOPLE], at=later(1))
    (told,) = bureau.remove()
    assert (told.refused, told.removed) == (0, 0)
    assert told.left > 0
    assert "until somebody has looked" in told.why
    assert bureau.holds("meta_ads", PEOPLE)
    write_people(bureau.lake, [record(n, agrees=None if n < 5 else True) for n in PEOPLE], at=later(2))
    bureau.remove()
    assert bureau.holds("meta_ads", range(5, 60))
    write_people(bureau.lake, [record(n, agrees=False) for n in PEOPLE], at=later(3))
    bureau.remove()
    assert held(bureau.office.sandbox, "meta_ads") == set()


def test_the_kill_switch_holds_everything_and_says_who_is_late(bureau: Bureau) -> None:
    made = bureau.filled("meta_ads")
    write_people(bureau.lake, [record(n, agrees=n > 2) for n in PEOPLE], at=later(1))
    write_segments(bureau.lake, {"loyal": range(3, 60)})
    bureau.office.sandbox.stage.audit.clear()
    bureau.services.ledger.switches.turn("kill", on=True, person="alice", reason="a test")
    (told,) = bureau.remove()
    assert "kill switch" in told.why
    assert told.left > 0
    assert bureau.office.writes() == []
    bureau.services.ledger.switches.turn("kill", on=False, person="alice", reason="a test")
    for _ in range(3):
        bureau.remove()
    assert bureau.holds("meta_ads", range(3, 60))
    assert made.changes[0].target.level == "audience"


def test_an_audience_that_was_filled_otherwise_meanwhile_is_stale(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    ledger = bureau.services.ledger
    kept = ledger.audiences.audience(made.changes[0].target)
    assert kept is not None
    ledger.audiences.filled(kept.number, "0" * 64, people=1, identifiers=1)
    with pytest.raises(ProposalStale, match="is not what was approved"):
        bureau.carry_out(made.proposal_id)
    assert bureau.office.state(made.proposal_id) == "failed"
    assert bureau.office.writes() == []


def test_a_plan_that_is_not_what_was_approved_is_never_carried_out(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    bureau.approve(made)
    with bureau.services.ledger.database.engine.begin() as connection:
        connection.exec_driver_sql(
            "update audience_plan set sha256 = 'a' || substr(sha256, 2) where kind = 'email'"
        )
    with pytest.raises(ProposalStale, match="no longer laid down as it was approved"):
        bureau.carry_out(made.proposal_id)
    assert bureau.office.writes() == []


def test_plans_are_erased_once_nobody_waits_for_them(bureau: Bureau) -> None:
    made = bureau.proposed("meta_ads")
    after = made.changes[0].after
    bureau.propose()
    assert bureau.services.ledger.audiences.planned(after)
    bureau.office.decide(made.proposal_id, decision="reject")
    write_segments(bureau.lake, {"loyal": range(50)})
    bureau.propose()
    assert bureau.services.ledger.audiences.planned(after) is None


def test_a_revert_takes_out_whom_the_sync_let_in_and_nobody_else(bureau: Bureau, platform: str) -> None:
    bureau.filled(platform)
    write_people(bureau.lake, [record(n) for n in range(70)], at=later(1))
    write_segments(bureau.lake, {"loyal": range(5, 70)})
    second = bureau.filled(platform)
    entry = bureau.services.ledger.proposals.entry(second.proposal_id)
    assert entry is not None
    asked = propose_revert(
        entry,
        bureau.lake,
        bureau.services,
        bureau.office.gate,
        bureau.office.figures.around,
        reason="a slip",
        name="bob",
    )
    (back,) = asked.taken
    assert back.changes[0].step is not None
    assert (back.changes[0].step.adds, back.changes[0].step.removes) == (0, 10)
    assert bureau.holds(platform, range(5, 70))
    bureau.approve(back)
    assert bureau.carry_out(back.proposal_id) == "verified"
    assert bureau.holds(platform, range(5, 60))
    assert bureau.office.state(second.proposal_id) == "reverted"


def test_no_hash_reaches_ledger_texts_summaries_or_messages(bureau: Bureau, platform: str) -> None:
    hasty = bureau.impatient()
    made = hasty.proposed(platform)
    hasty.approve(made)
    hasty.office.sandbox.stage.faults.arm(platform, "half_upload", times=3)
    said: list[str] = []
    work = hasty.executor(log=said.append)
    work.apply(made.proposal_id)
    for _ in range(6):
        work.read_back(made.proposal_id)
    bureau.remove()
    ledger = bureau.services.ledger
    texts = [made.body, made.summary, *said, *(str(row) for row in ledger.audit.entries())]
    texts += [str(one) for one in ledger.writes.of(made.proposal_id)]
    texts += [str(bureau.services.ledger.proposals.entry(made.proposal_id))]
    hashes = {one.split(":")[1] for one in expected(platform, PEOPLE)}
    assert held(bureau.office.sandbox, platform)
    assert not any(own in text for own in hashes for text in texts)
    assert not any(
        own in str(request) for own in hashes for request in bureau.office.sandbox.stage.audit.requests()
    )
