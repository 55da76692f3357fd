"""The database is not believed: what somebody with its password changes approves nothing, and `audit verify`
says what it was.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from assets.actions.execution.executor import WriteHeld
from assets.actions.rules.finding import EntityChangeRequest
from resources.errors import DataUnusable, SettingsWrong
from resources.ledger.audit_chain import entry_hash
from resources.ledger.states import State
from resources.ledger.store import Ledger
from resources.security.ledger_key import LedgerKey, load_ledger_key
from tests.actions.conftest import Office

DATA = Path(__file__).parent / "data"
OLDER_LEDGER = DATA / "ledger_of_2026-11-27.sql"
LEDGER_OF_OLD_KINDS = DATA / "ledger_of_2026-11-28.sql"
"""Written when a change was two texts: one of each kind, one of them carried out, signed by `KEY`."""
KEY = LedgerKey(bytes(range(32)))


def pause(office: Office, platform: str = "meta_ads") -> str:
    return office.propose(EntityChangeRequest(office.target(platform), status="paused")).proposal_id


def as_owner(office: Office, *statements: str) -> None:
    """Statements of somebody who owns the database: no trigger stops them."""
    with sqlite3.connect(ledger_file(office)) as connection:  # it enforces no foreign keys
        triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for statement in [*(f"drop trigger {name}" for (name,) in triggers), *statements]:
            connection.execute(statement)


def ledger_file(office: Office) -> Path:
    return Path(str(office.services.ledger.database.engine.url.database))


def verified_text(office: Office) -> str:
    return str(office.services.ledger.audit.verify().broken)


def refuses(office: Office, key: str, words: str) -> None:
    with pytest.raises(WriteHeld, match=words):
        office.carry_out(key)
    assert office.writes() == []


def test_a_state_written_by_hand_approves_nothing(office: Office) -> None:
    key = pause(office)
    as_owner(office, "update proposal set state = 'approved'")
    refuses(office, key, "THE LEDGER WAS CHANGED: .* is approved in its table and proposed by the audit")
    assert "is approved in its table" in verified_text(office)


def test_a_decision_row_written_by_hand_approves_nothing(office: Office) -> None:
    key = pause(office)
    digest = office.services.ledger.proposals.members(key)[0].proposal.digest
    as_owner(
        office,
        "update proposal set state = 'approved'",
        f"insert into decision values ('{key}', 'alice', '{digest}', 'approve', '', 'bound', 'r', '2026-11-23T12:00:00.000000Z', 'f00')",
    )
    refuses(office, key, "THE LEDGER WAS CHANGED")
    assert verified_text(office) != "None"


def test_a_forged_chain_with_a_forged_decision_is_not_signed(office: Office) -> None:
    """Somebody who rewrites the table, the chain and its head, all consistently: only the key is missing."""
    key = pause(office)
    ledger = office.services.ledger
    digest = ledger.proposals.members(key)[0].proposal.digest
    with ledger.database.reading() as connection:
        head = connection.execute(sa.text("select seq, hash from audit_head")).one()
    forged = []
    previous, seq = head.hash, head.seq
    for event, actor, detail in (
        ("approve", "alice", f'{{"digest":"{digest}","proof":"bound","reason":"","reference":"","run":"r"}}'),
        ("approved", "alice", '{"why":"approved by 1 of 1"}'),
    ):
        seq += 1
        entry = {
            "seq": seq, "at": office.now, "actor": actor, "event": event, "proposal_id": key, "detail": detail, "previous": previous,
        }  # fmt: skip
        previous = entry_hash(entry)
        forged.append((entry, previous))
    from resources.ledger import tables

    as_owner(office)
    with ledger.database.engine.begin() as connection:
        connection.execute(sa.insert(tables.audit), [entry | {"hash": own} for entry, own in forged])
        connection.execute(sa.update(tables.audit_head).values(seq=seq, hash=previous))
        connection.execute(sa.update(tables.proposal).values(state="approved"))
        connection.execute(
            sa.insert(tables.decision).values(
                proposal_id=key, approver="alice", digest=digest, verdict="approve", reason="", proof="bound", run_id="r",
                decided_at=office.now, mac="0" * 64,
            )
        )  # fmt: skip
    refuses(office, key, "not signed by this deployment's ledger key")
    assert "not signed" in verified_text(office)
    with pytest.raises(DataUnusable, match="nothing is added to it"):
        ledger.audit.note("test", "an honest entry would sign the forged ones", None, {})


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("delete from decision", "decision of alice"),
        ("update decision set approver = 'bob'", "decision of alice, bob"),
        ("update decision set reason = 'something else'", "not signed"),
        ("delete from write", "writes of"),
        ("update write set state = 'absent'", "writes of"),
        ("delete from spent_code", "no longer recorded as spent"),
        ("delete from redemption", "references redeemed"),
        ("delete from decision_reference", "references given out"),
        ("delete from switch", "switch kill"),
        ("update switch set is_on = false", "switch kill"),
        ("delete from batch", "batches"),
        ("delete from proposal where proposal_id like '%linkedin%'", "its row is gone"),
    ],
)
def test_verify_replays_every_table_from_the_chain(office: Office, sql: str, words: str) -> None:
    key, other = pause(office), pause(office, "linkedin_ads")
    digests = {one: office.services.ledger.proposals.members(one)[0].proposal.digest for one in (key, other)}
    office.services.ledger.proposals.make_batch("batch.x", digests)
    office.decide(key)
    assert office.carry_out(key) == State.VERIFIED
    office.services.ledger.switches.turn("kill", on=True, person="bob", reason="fire")
    assert verified_text(office) == "None"
    as_owner(office, sql)
    assert words in verified_text(office)


@pytest.mark.parametrize(
    "sql",
    ["delete from switch", "update switch set is_on = false", "update switch set is_on = false, mac = null"],
)
def test_a_kill_switch_that_was_turned_off_in_the_database_stays_on(office: Office, sql: str) -> None:
    key = pause(office)
    office.decide(key)
    switches = office.services.ledger.switches
    switches.turn("kill", on=True, person="bob", reason="fire")
    as_owner(office, sql)
    refuses(office, key, "kill switch is on")
    switches.turn("kill", on=False, person="bob", reason="out")
    assert office.carry_out(key) == State.VERIFIED


def test_an_older_copy_of_the_ledger_carries_nothing_out_again(office: Office, tmp_path: Path) -> None:
    key = pause(office)
    office.decide(key)
    file = ledger_file(office)
    with sqlite3.connect(file) as source, sqlite3.connect(tmp_path / "backup.db") as backup:
        source.backup(backup)
    assert office.carry_out(key) == State.VERIFIED
    target = office.services.ledger.proposals.members(key)[0].proposal.changes[0]
    writer = office.services.platforms.writer(target.target.platform)
    writer.send(target.undone())  # as it was approved: the live state alone would let it happen again
    with sqlite3.connect(tmp_path / "backup.db") as source, sqlite3.connect(file) as restored:
        source.backup(restored)
    assert office.state(key) == State.APPROVED
    assert office.services.ledger.audit.verify().broken is None  # in itself it is consistent
    anchored = office.services.ledger.audit.verify(anchor=office.services.anchor.path)
    assert "an older copy was restored" in str(anchored.broken)
    before = len(office.writes())
    with pytest.raises(WriteHeld, match="an older copy was restored"):
        office.carry_out(key)
    assert len(office.writes()) == before


def test_a_transition_that_is_not_in_the_list_is_refused_by_the_database(office: Office) -> None:
    pause(office)
    engine = office.services.ledger.database.engine
    for state in ("executing", "verified", "failed", "reverted", "arrived_late"):
        with pytest.raises(sa.exc.DBAPIError, match="no such step"), engine.begin() as connection:
            connection.exec_driver_sql(f"update proposal set state = '{state}'")


def test_a_damaged_page_is_noticed_at_opening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = Ledger(url, key=KEY)
    for number in range(300):
        ledger.audit.note("test", "an entry", None, {"number": number, "filler": "x" * 200})
    ledger.database.engine.dispose()
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    content = bytearray((tmp_path / "ledger.db").read_bytes())
    page = len(content) // 2 // 4096 * 4096
    content[page : page + 64] = b"\xff" * 64
    (tmp_path / "damaged.db").write_bytes(content)
    url = f"sqlite:///{tmp_path / 'damaged.db'}"
    with pytest.raises(SettingsWrong, match=r"is damaged|cannot be opened"):
        Ledger(url, key=KEY)


def test_the_ledger_and_its_key_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", key=KEY).audit.note("test", "an entry", None, {})
    for file in tmp_path.glob("ledger.db*"):
        if file.is_file():
            assert file.stat().st_mode & 0o077 == 0, file
    key_file = tmp_path / "secret" / "ledger.key"
    load_ledger_key(None, file=key_file, project=Path("/nowhere"), is_outside=True)
    assert key_file.stat().st_mode & 0o077 == 0
    key_file.chmod(0o644)
    with pytest.raises(SettingsWrong, match="chmod 600"):
        load_ledger_key(None, file=key_file, project=Path("/nowhere"), is_outside=True)


def test_another_key_adds_nothing_and_believes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Ledger(url, key=KEY).audit.note("test", "an entry", None, {})
    other = Ledger(url, key=LedgerKey(b"another key of at least 32 bytes"))
    assert "not signed" in str(other.audit.verify().broken)
    with pytest.raises(DataUnusable, match="copy the key file"):
        other.audit.note("test", "another entry", None, {})


@pytest.fixture
def older_ledger(tmp_path: Path) -> Callable[[], Ledger]:
    """Opens a ledger that version of 27 November 2026 wrote (before decisions were signed)."""
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.executescript(OLDER_LEDGER.read_text("utf-8"))
    return lambda: Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", key=KEY)


def test_an_older_ledger_opens_with_everything_it_held(older_ledger: Callable[[], Ledger]) -> None:
    ledger = older_ledger()
    assert sorted(ledger.proposals.states().values()) == [
        "approved", "proposed", "proposed", "rejected", "unknown", "verified",
    ]  # fmt: skip
    result = ledger.audit.verify()
    assert result.broken is None
    assert result.unsigned_decisions == 5
    switch = ledger.switches.state("kill")
    assert switch is not None
    assert not switch.is_on
    assert len(ledger.proposals.members("batch.20261123.old")) == 2
    ledger.audit.note("test", "an entry in a ledger whose head is signed now", None, {})
    assert older_ledger().audit.verify().broken is None


def test_proposals_from_before_changes_were_typed_keep_digest_decision_and_write(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.executescript(LEDGER_OF_OLD_KINDS.read_text("utf-8"))
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", key=KEY)
    order = ("pause_ad_set", "set_daily_budget", "reallocate_budget", "sync_audience", "exclude_audience")
    entries = ledger.proposals.entries()  # each is held to the digest it was taken in with
    entries.sort(key=lambda entry: order.index(entry.proposal.kind))
    assert [[type(change).__name__ for change in entry.proposal.changes] for entry in entries] == [
        ["StatusChange"],
        ["BudgetChange"],
        ["BudgetChange", "BudgetChange"],
        ["MembersChange"],
        ["ExclusionChange"],
    ]
    assert [entry.proposal.summary.rpartition(" ")[0] for entry in entries] == [
        "pause_ad_set active -> paused: A set (1) of meta_ads a1",
        "set_daily_budget 100.00 -> 80.00 EUR a day: A set (2) of meta_ads a1",
        "reallocate_budget 100.00 -> 90.00 EUR a day: A set (3) of meta_ads a1 and 1 more",
        "sync_audience 0 -> 120 people (+120, -0) #abababababab: best (best.exclude) of google_ads a2",
        "exclude_audience none -> 123,456: A set (77) of google_ads a2",
    ]
    verification = ledger.audit.verify()
    assert (verification.broken, verification.unsigned_decisions) == (None, 0)
    assert [ledger.decisions.of(entry.proposal_id) != [] for entry in entries] == [
        True, True, False, True, False,
    ]  # fmt: skip
    waiting = entries[4].proposal
    again = waiting.model_copy(update={"proposal_id": "20261123.exclude_audience.again"})
    assert not ledger.proposals.propose(again)  # the same waits already


def test_an_approval_from_before_decisions_were_signed_is_not_enough(
    older_ledger: Callable[[], Ledger],
) -> None:
    ledger = older_ledger()
    (approved,) = ledger.proposals.entries(states=[State.APPROVED])
    assert [decision.is_signed for decision in ledger.decisions.of(approved.proposal_id)] == [False]
    assert (
        ledger.audit.contradiction(approved.proposal_id) is None
    )  # it was decided, and nobody can prove by whom
