"""The ledger on both databases: nothing immutable moves, nothing happens twice, and what was changed is
found.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from resources.errors import DataUnusable, SettingsWrong
from resources.ledger.decisions import Attempt, GuessLimit, ProvenCode, hash_of
from resources.ledger.proposal import Proposal, set_digest, set_summary
from resources.ledger.records import CodeSpent, CodeWrong, GuessesExhausted, ReferenceRefused
from resources.ledger.states import NEXT, State
from resources.ledger.store import Ledger
from resources.security.ledger_key import LedgerKey
from tests.actions.made import AT, budget, pause, proposal, target


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


KEY = LedgerKey(bytes(range(32)))
LIMIT = GuessLimit(5, timedelta(minutes=15))


@pytest.fixture
def ledger(database: str) -> Ledger:
    return Ledger(database, now=Clock(), key=KEY)


def raw(ledger: Ledger, sql: str) -> None:
    engine = ledger.database.engine
    with engine.begin() as connection:
        connection.exec_driver_sql(sql.replace("%", "%%") if engine.dialect.name != "sqlite" else sql)


def attempt(code: str | None = "totp:1", *, by: str = "alice", session: str = "laptop") -> Attempt:
    """An attempt with a code that proves `by`; None proves nothing."""
    return Attempt(by, session, lambda: None if code is None else ProvenCode("totp", code), LIMIT)


def decide(
    ledger: Ledger, key: str, verdict: str = "approve", *, by: str = "alice", code: str = "totp:1", needed: int = 1, run_id: str = "r"
) -> str:  # fmt: skip
    """Record a decision and redeem its reference; the hash of the reference."""
    entry = ledger.proposals.members(key)[0]
    _, reference_hash = ledger.decisions.record(
        attempt(code, by=by), {entry.proposal.digest: verdict}, note="checked"
    )
    redeem(ledger, reference_hash, key, run_id=run_id, needed=needed)
    return reference_hash


def redeem(ledger: Ledger, reference_hash: str, key: str, *, run_id: str = "r", needed: int = 1) -> None:
    ledger.decisions.redeem(
        reference_hash, [key], run_id=run_id, valid_for=timedelta(minutes=15), needed=lambda _: needed
    )


def approve(ledger: Ledger, key: str, **more: Any) -> None:
    decide(ledger, key, "approve", **more)


def test_a_proposal_comes_out_as_it_went_in(ledger: Ledger) -> None:
    made = proposal(budget("100.00", "80.00"))
    assert ledger.proposals.propose(made)
    entry = ledger.proposals.entry(made.proposal_id)
    assert entry is not None
    assert entry.proposal == made
    assert entry.state == State.PROPOSED


def test_the_digest_moves_with_every_field() -> None:
    made = proposal(budget("100.00", "80.00"))
    others = [
        made.model_copy(update={"reason": "x"}), made.model_copy(update={"proposer": "x"}),
        made.model_copy(update={"expires_at": AT}), made.model_copy(update={"evidence": {}}),
        proposal(budget("100.00", "80.01")), proposal(budget("100.00", "80.00", at=target("2"))),
        proposal(budget("100.00", "80.00", version="2")),
    ]  # fmt: skip
    assert len({one.digest for one in (made, *others)}) == len(others) + 1


def test_the_same_wish_waits_once_and_a_new_one_takes_its_place(ledger: Ledger) -> None:
    first = proposal(budget("100.00", "80.00"))
    again = proposal(budget("100.00", "80.00"), created_at=AT + timedelta(hours=1))
    other = proposal(budget("100.00", "85.00"), created_at=AT + timedelta(hours=2))
    assert ledger.proposals.propose(first)
    assert not ledger.proposals.propose(again)
    assert ledger.proposals.propose(other)
    assert ledger.proposals.states()[first.proposal_id] == State.SUPERSEDED


def test_what_is_being_carried_out_is_not_proposed_again(ledger: Ledger) -> None:
    first = proposal(budget("100.00", "80.00"))
    ledger.proposals.propose(first)
    approve(ledger, first.proposal_id)
    assert not ledger.proposals.propose(
        proposal(budget("100.00", "85.00"), created_at=AT + timedelta(hours=1))
    )


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_what_is_absent_from_the_list_cannot_happen(tmp_path: Path, before: State, after: State) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", now=Clock(), key=KEY)
    made = proposal()
    ledger.proposals.propose(made)
    raw(ledger, "drop trigger keep_proposal_steps")
    raw(ledger, f"update proposal set state = '{before}'")
    if after in NEXT[before]:
        assert ledger.proposals.move(made.proposal_id, {before}, after, "test", "why")
        assert not ledger.proposals.move(made.proposal_id, {before}, after, "test", "why")
    else:
        with pytest.raises(ValueError, match="never goes"):
            ledger.proposals.move(made.proposal_id, {before}, after, "test", "why")


def test_the_right_to_send_is_given_once(ledger: Ledger) -> None:
    made = proposal()
    ledger.proposals.propose(made)
    assert not ledger.writes.intend(made.proposal_id, 0, "forward", run_id="r")  # nobody approved it
    approve(ledger, made.proposal_id)
    assert not ledger.writes.intend(made.proposal_id, 0, "forward", run_id="r")
    ledger.proposals.move(made.proposal_id, {State.APPROVED}, State.EXECUTING, "r", "")
    assert ledger.writes.intend(made.proposal_id, 0, "forward", run_id="r")
    assert not ledger.writes.intend(made.proposal_id, 0, "forward", run_id="other")


def test_with_the_kill_switch_on_no_right_is_given(ledger: Ledger) -> None:
    made = proposal()
    ledger.proposals.propose(made)
    approve(ledger, made.proposal_id)
    ledger.proposals.move(made.proposal_id, {State.APPROVED}, State.EXECUTING, "r", "")
    ledger.switches.turn("kill", on=True, person="bob", reason="fire")
    assert not ledger.writes.intend(made.proposal_id, 0, "forward", run_id="r")


def test_a_code_serves_once(ledger: Ledger) -> None:
    made = proposal()
    ledger.proposals.propose(made)
    ledger.decisions.prove(attempt("totp:1"), action="kill off")
    ledger.decisions.prove(attempt("totp:1", by="bob"), action="kill off")
    with pytest.raises(CodeSpent):
        ledger.decisions.prove(attempt("totp:1"), action="kill off")
    with pytest.raises(CodeSpent):
        ledger.decisions.record(attempt("totp:1"), {made.digest: "approve"}, note="")


def test_a_reference_decides_exactly_what_it_was_given_for_and_once(ledger: Ledger) -> None:
    ours, theirs = proposal(pause(target("1"))), proposal(pause(target("2")))
    for made in (ours, theirs):
        ledger.proposals.propose(made)
    reference, reference_hash = ledger.decisions.record(attempt(), {ours.digest: "reject"}, note="no")
    assert reference is not None
    assert hash_of(reference) == reference_hash
    with pytest.raises(ReferenceRefused, match="other proposals"):
        redeem(ledger, reference_hash, theirs.proposal_id)
    with pytest.raises(ReferenceRefused, match="never given out"):
        redeem(ledger, hash_of("invented"), ours.proposal_id)
    redeem(ledger, reference_hash, ours.proposal_id, run_id="r1")
    redeem(ledger, reference_hash, ours.proposal_id, run_id="r1")  # the same run tried again
    with pytest.raises(ReferenceRefused, match="used before"):
        redeem(ledger, reference_hash, ours.proposal_id, run_id="r2")
    assert ledger.proposals.states() == {
        ours.proposal_id: State.REJECTED,
        theirs.proposal_id: State.PROPOSED,
    }


def test_a_reference_that_is_too_old_decides_nothing(ledger: Ledger) -> None:
    made = proposal()
    ledger.proposals.propose(made)
    _, reference_hash = ledger.decisions.record(attempt(), {made.digest: "approve"}, note="")
    assert isinstance(ledger.clock, Clock)
    ledger.clock.at += timedelta(minutes=16)
    with pytest.raises(ReferenceRefused, match="older than 15 minutes"):
        redeem(ledger, reference_hash, made.proposal_id)
    assert ledger.proposals.states()[made.proposal_id] == State.PROPOSED


def test_of_forty_guesses_at_once_five_are_tested(ledger: Ledger) -> None:
    made = proposal()
    ledger.proposals.propose(made)
    tested: list[int] = []

    def guess(number: int) -> str:
        def test() -> None:
            tested.append(number)

        try:
            ledger.decisions.record(
                Attempt("alice", "laptop", test, LIMIT), {made.digest: "approve"}, note=""
            )
        except (CodeWrong, GuessesExhausted) as error:
            return type(error).__name__
        return "accepted"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(40)))
    assert Counter(answers) == {"CodeWrong": 5, "GuessesExhausted": 35}
    assert len(tested) == 5


def test_guesses_from_one_session_lock_nobody_else_out(ledger: Ledger) -> None:
    for _ in range(5):
        with pytest.raises(CodeWrong):
            ledger.decisions.prove(attempt(None, session="stranger"), action="x")
    with pytest.raises(GuessesExhausted, match="from stranger"):
        ledger.decisions.prove(attempt("totp:1", session="stranger"), action="x")
    ledger.decisions.prove(attempt("totp:2", session="laptop"), action="x")


def test_a_second_approver_unlocks_a_name_that_many_sessions_guessed_at(ledger: Ledger) -> None:
    for number in range(20):
        with pytest.raises(CodeWrong):
            ledger.decisions.prove(attempt(None, session=f"stranger {number}"), action="x")
    with pytest.raises(GuessesExhausted, match="approvers unlock alice"):
        ledger.decisions.prove(attempt("totp:1"), action="x")
    ledger.decisions.reset_guesses("alice", by="bob")
    ledger.decisions.prove(attempt("totp:1"), action="x")


@pytest.mark.parametrize(
    "sql",
    [
        "update audit set actor = 'mallory'", "delete from audit", "update proposal set body = '{}'", "update proposal set digest = 'x'",
        "delete from proposal", "update decision set verdict = 'approve'", "delete from decision", "delete from spent_code",
        "update spent_code set scope = 'x'", "delete from write", "update proposal set expires_at = '2099-01-01T00:00:00.000000Z'",
        "update decision_reference set decisions = '{}'", "delete from redemption", "delete from switch", "delete from audit_head",
    ],
)  # fmt: skip
def test_what_must_not_change_is_kept_from_changing(ledger: Ledger, sql: str) -> None:
    made = proposal()
    ledger.proposals.propose(made)
    approve(ledger, made.proposal_id)
    ledger.proposals.move(made.proposal_id, {State.APPROVED}, State.EXECUTING, "r", "")
    ledger.writes.intend(made.proposal_id, 0, "forward", run_id="r")
    ledger.switches.turn("other", on=True, person="bob", reason="so that there is a row")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        raw(ledger, sql)


def unguarded(ledger: Ledger, sql: str, table: str) -> None:
    """As somebody with the database's keys would do it."""
    is_lite = ledger.database.engine.dialect.name == "sqlite"
    for name in ("rows", "words"):
        raw(ledger, f"drop trigger keep_{table}_{name}" + ("" if is_lite else f" on {table}"))
    raw(ledger, sql)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("update audit set actor = 'mallory' where seq = 2", "entry 2 was changed"),
        ("delete from audit where seq = 2", "entry 2 is missing"),
        ("delete from audit where seq = (select max(seq) from audit)", "the end was cut off"),
    ],
)
def test_a_trail_that_was_changed_is_found(ledger: Ledger, sql: str, words: str) -> None:
    for number in range(4):
        ledger.audit.note("test", f"event {number}", None, {"n": number})
    assert ledger.audit.verify().broken is None
    unguarded(ledger, sql, "audit")
    assert words in str(ledger.audit.verify().broken)


def test_a_proposal_that_was_changed_is_never_used(ledger: Ledger) -> None:
    made = proposal(budget("100.00", "80.00"))
    ledger.proposals.propose(made)
    forged = Proposal.model_validate_json(made.body.replace('"after":"80.00"', '"after":"9999.00"'))
    unguarded(ledger, f"update proposal set body = '{forged.body}'", "proposal")
    for look in (
        lambda: ledger.proposals.entry(made.proposal_id),
        lambda: ledger.proposals.members(made.proposal_id),
        ledger.proposals.entries,
    ):
        with pytest.raises(DataUnusable, match="no longer has the digest"):
            look()
    assert ledger.audit.verify().broken is not None


def test_a_batch_is_bound_to_its_members(ledger: Ledger) -> None:
    several = [proposal(pause(target(str(n))), created_at=AT + timedelta(seconds=n)) for n in range(3)]
    for made in several:
        ledger.proposals.propose(made)
    ledger.proposals.make_batch("batch.x", {made.proposal_id: made.digest for made in several})
    assert [entry.proposal_id for entry in ledger.proposals.members("batch.x")] == [
        made.proposal_id for made in several
    ]
    assert ledger.proposals.summary("batch.x") == set_summary(made.digest for made in several)
    assert set_digest(["a", "b"]) == set_digest(["b", "a"]) != set_digest(["a", "b", "b"])


def test_reminders_come_at_half_time_and_before_the_end(ledger: Ledger) -> None:
    clock = ledger.clock
    assert isinstance(clock, Clock)
    made = proposal()
    ledger.proposals.propose(made)

    def due() -> tuple[int, int]:
        halves = ledger.proposals.reminders_due(half_time=True, before=timedelta(hours=2), limit=9)
        ends = ledger.proposals.reminders_due(half_time=False, before=timedelta(hours=2), limit=9)
        return len(halves), len(ends)

    assert due() == (0, 0)
    clock.at = AT + timedelta(hours=13)
    assert due() == (1, 0)
    ledger.proposals.reminded([made.proposal_id], 1)
    assert due() == (0, 0)
    clock.at = AT + timedelta(hours=22, minutes=30)
    assert due() == (0, 1)
    ledger.proposals.reminded([made.proposal_id], 2)
    clock.at = AT + timedelta(hours=24)
    assert ledger.proposals.expire() == [made.proposal_id]


@pytest.mark.parametrize("url", ["mysql://x", "nonsense", "postgresql://user@host/db"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(SettingsWrong, match="PAID_MEDIA_LEDGER is wrong"):
        Ledger(url)


def test_a_database_that_does_not_answer_is_one_sentence_without_its_password() -> None:
    with pytest.raises(SettingsWrong, match="cannot be opened") as caught:
        Ledger("postgresql+psycopg2://u:geheim@127.0.0.1:9/none")
    assert "geheim" not in str(caught.value)


def test_a_ledger_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    raw(Ledger(url), "update alembic_version set version_num = '9999'")
    with pytest.raises(SettingsWrong, match="newer version"):
        Ledger(url)
