"""The ledger on both databases: nothing immutable moves, nothing happens twice, and what was changed is found."""

from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa

from resources.errors import DataUnusable, SettingsWrong
from resources.ledger.base import CodeSpent
from resources.ledger.proposal import Proposal, set_digest, set_summary
from resources.ledger.states import NEXT, State
from resources.ledger.store import Ledger
from tests.actions.made import AT, budget, pause, proposal, target


class Clock:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@pytest.fixture
def ledger(database: str) -> Ledger:
    return Ledger(database, now=Clock())


def raw(ledger: Ledger, sql: str) -> None:
    with ledger._engine.begin() as connection:
        connection.exec_driver_sql(sql.replace("%", "%%") if ledger._engine.dialect.name != "sqlite" else sql)


def approve(ledger: Ledger, key: str, *, by: str = "alice", code: str = "c", needed: int = 1) -> None:
    ledger.decide(
        [key], approver=by, approve=True, reason="", proof="totp", code=code, scope=key + by, run_id="r", needed=lambda _: needed
    )  # fmt: skip


def test_a_proposal_comes_out_as_it_went_in(ledger: Ledger) -> None:
    made = proposal(budget("100.00", "80.00"))
    assert ledger.propose(made)
    entry = ledger.entry(made.proposal_id)
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
    assert ledger.propose(first)
    assert not ledger.propose(again)
    assert ledger.propose(other)
    assert ledger.states()[first.proposal_id] == State.SUPERSEDED


def test_what_is_being_carried_out_is_not_proposed_again(ledger: Ledger) -> None:
    first = proposal(budget("100.00", "80.00"))
    ledger.propose(first)
    approve(ledger, first.proposal_id)
    assert not ledger.propose(proposal(budget("100.00", "85.00"), created_at=AT + timedelta(hours=1)))


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_what_is_absent_from_the_list_cannot_happen(tmp_path: Path, before: State, after: State) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", now=Clock())
    made = proposal()
    ledger.propose(made)
    raw(ledger, f"update proposal set state = '{before}'")
    if after in NEXT[before]:
        assert ledger.move(made.proposal_id, {before}, after, "test", "why")
        assert not ledger.move(made.proposal_id, {before}, after, "test", "why")
    else:
        with pytest.raises(ValueError, match="never goes"):
            ledger.move(made.proposal_id, {before}, after, "test", "why")


def test_the_right_to_send_is_given_once(ledger: Ledger) -> None:
    made = proposal()
    ledger.propose(made)
    assert not ledger.intend(made.proposal_id, 0, "forward", run_id="r")  # nobody approved it
    approve(ledger, made.proposal_id)
    assert not ledger.intend(made.proposal_id, 0, "forward", run_id="r")
    ledger.move(made.proposal_id, {State.APPROVED}, State.EXECUTING, "r", "")
    assert ledger.intend(made.proposal_id, 0, "forward", run_id="r")
    assert not ledger.intend(made.proposal_id, 0, "forward", run_id="other")


def test_with_the_kill_switch_on_no_right_is_given(ledger: Ledger) -> None:
    made = proposal()
    ledger.propose(made)
    approve(ledger, made.proposal_id)
    ledger.move(made.proposal_id, {State.APPROVED}, State.EXECUTING, "r", "")
    ledger.turn("kill", on=True, person="bob", reason="fire")
    assert not ledger.intend(made.proposal_id, 0, "forward", run_id="r")


def test_a_code_serves_one_scope(ledger: Ledger) -> None:
    ledger.spend("alice", "totp:1", scope="run a")
    ledger.spend("alice", "totp:1", scope="run a")
    ledger.spend("bob", "totp:1", scope="run b")
    with pytest.raises(CodeSpent):
        ledger.spend("alice", "totp:1", scope="run b")


@pytest.mark.parametrize(
    "sql",
    [
        "update audit set actor = 'mallory'", "delete from audit", "update proposal set body = '{}'", "update proposal set digest = 'x'",
        "delete from proposal", "update decision set verdict = 'approve'", "delete from decision", "delete from spent_code",
        "update spent_code set scope = 'x'", "delete from write", "update proposal set expires_at = '2099-01-01T00:00:00.000000Z'",
    ],
)  # fmt: skip
def test_what_must_not_change_is_kept_from_changing(ledger: Ledger, sql: str) -> None:
    made = proposal()
    ledger.propose(made)
    approve(ledger, made.proposal_id)
    ledger.move(made.proposal_id, {State.APPROVED}, State.EXECUTING, "r", "")
    ledger.intend(made.proposal_id, 0, "forward", run_id="r")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        raw(ledger, sql)


def unguarded(ledger: Ledger, sql: str, table: str) -> None:
    """As somebody with the database's keys would do it."""
    is_lite = ledger._engine.dialect.name == "sqlite"
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
        ledger.note("test", f"event {number}", None, {"n": number})
    assert ledger.verify().broken is None
    unguarded(ledger, sql, "audit")
    assert words in str(ledger.verify().broken)


def test_a_proposal_that_was_changed_is_never_used(ledger: Ledger) -> None:
    made = proposal(budget("100.00", "80.00"))
    ledger.propose(made)
    forged = Proposal.model_validate_json(made.body.replace('"after":"80.00"', '"after":"9999.00"'))
    unguarded(ledger, f"update proposal set body = '{forged.body}'", "proposal")
    for look in (
        lambda: ledger.entry(made.proposal_id),
        lambda: ledger.members(made.proposal_id),
        ledger.entries,
    ):
        with pytest.raises(DataUnusable, match="no longer has the digest"):
            look()
    assert ledger.verify().broken is not None


def test_a_batch_is_bound_to_its_members(ledger: Ledger) -> None:
    several = [proposal(pause(target(str(n))), created_at=AT + timedelta(seconds=n)) for n in range(3)]
    for made in several:
        ledger.propose(made)
    ledger.make_batch("batch.x", {made.proposal_id: made.digest for made in several})
    assert [entry.proposal_id for entry in ledger.members("batch.x")] == [
        made.proposal_id for made in several
    ]
    assert ledger.summary("batch.x") == set_summary(made.digest for made in several)
    assert set_digest(["a", "b"]) == set_digest(["b", "a"]) != set_digest(["a", "b", "b"])


def test_reminders_come_at_half_time_and_before_the_end(ledger: Ledger) -> None:
    clock = ledger.clock
    assert isinstance(clock, Clock)
    made = proposal()
    ledger.propose(made)

    def due() -> tuple[int, int]:
        halves = ledger.reminders_due(half_time=True, before=timedelta(hours=2), limit=9)
        ends = ledger.reminders_due(half_time=False, before=timedelta(hours=2), limit=9)
        return len(halves), len(ends)

    assert due() == (0, 0)
    clock.at = AT + timedelta(hours=13)
    assert due() == (1, 0)
    ledger.reminded([made.proposal_id], 1)
    assert due() == (0, 0)
    clock.at = AT + timedelta(hours=22, minutes=30)
    assert due() == (0, 1)
    ledger.reminded([made.proposal_id], 2)
    clock.at = AT + timedelta(hours=24)
    assert ledger.expire() == [made.proposal_id]


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
