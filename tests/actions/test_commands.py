"""The terminal: the same gate, the same words.

Commands run in this process, against the session's sandbox.
"""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.actions.rules.finding import EntityChangeRequest
from orchestration.cli.main import cli
from resources.ledger.states import State
from tests.actions.conftest import Office


@pytest.fixture
def run(office: Office) -> object:
    def called(*words: str, code: int = 0) -> str:
        result: Result = CliRunner().invoke(cli, words, obj=office.services)
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result.output

    return called


def waiting(office: Office) -> str:
    return office.propose(EntityChangeRequest(office.target("meta_ads"), status="paused")).proposal_id


def test_a_proposal_is_listed_shown_compared_and_explained(office: Office, run) -> None:
    key = waiting(office)
    assert key in run("proposals", "list")
    assert "expected conversions" in run("proposals", "show", key)
    assert "status active -> paused" in run("proposals", "diff", key)
    told = run("explain", key)
    for stage in ("load", "manual_approval", "preflight", "apply", "read_back", "record"):
        assert stage in told
    assert office.writes() == []


def test_approving_in_the_terminal_is_the_same_gate(office: Office, run) -> None:
    key = waiting(office)
    assert "does not prove" in run("approve", key, "--as", "alice", "--code", "000000", "--yes", code=1)
    assert office.state(key) == State.PROPOSED
    assert "verified" in run("approve", key, "--as", "alice", "--code", office.code("alice"), "--yes")
    assert len(office.writes()) == 1
    assert "verified" in run("proposals", "list", "--state", "verified")


def test_a_proposal_by_hand_needs_proof_and_somebody_else(office: Office, run) -> None:
    target = office.target("linkedin_ads", "campaign")
    words = [
        "propose", "set-budget", "--platform", "linkedin_ads", "--account", target.account_id, "--level", "campaign",
        "--entity", target.entity_id, "--to", f"{office.value(target, 'daily_budget') * 9 / 10:.2f}", "--reason", "too much", "--as", "alice",
    ]  # fmt: skip
    assert "does not prove alice" in run(*words, "--code", "000000", code=1)
    made = run(*words, "--code", office.code("alice")).split()[0]
    effect = office.services.ledger.proposals.members(made)[0].proposal.effect
    assert effect.low is not None
    assert effect.middle is not None
    assert effect.high is not None
    assert effect.low <= effect.middle <= effect.high <= 0
    assert "80 % range" in run("proposals", "show", made)
    office.later(seconds=60)
    assert "somebody else has to" in run(
        "approve", made, "--as", "alice", "--code", office.code("alice"), "--yes", code=1
    )
    assert "verified" in run("approve", made, "--as", "bob", "--code", office.code("bob"), "--yes")


def test_what_was_carried_out_can_be_led_back(office: Office, run) -> None:
    key = waiting(office)
    assert "only what was carried out" in run(
        "revert", key, "--reason", "x", "--as", "bob", "--code", office.code("bob"), code=1
    )
    run("approve", key, "--as", "alice", "--code", office.code("alice"), "--yes")
    office.later(seconds=60)
    back = run("revert", key, "--reason", "wrong one", "--as", "bob", "--code", office.code("bob")).split()[0]
    assert "verified" in run("approve", back, "--as", "alice", "--code", office.code("alice"), "--yes")
    assert office.state(key) == State.REVERTED


def test_an_amount_that_is_none_is_refused(run) -> None:
    words = (
        "propose",
        "set-budget",
        "--platform",
        "meta_ads",
        "--account",
        "1",
        "--entity",
        "2",
        "--reason",
        "r",
        "--as",
        "alice",
    )
    for wrong in ("0", "-3", "abc", "nan"):
        assert "amount above zero" in run(*words, "--to", wrong, code=2)


def test_a_bound_code_is_given_with_the_words_of_the_form(office: Office, run) -> None:
    key = waiting(office)
    told = run("code", key, "--as", "bob")
    given = dict(
        line.split(": ", 1)
        for line in told.splitlines()
        if line.split(":")[0] in {"decision", "approver", "code"}
    )
    assert f"proposal: '{office.services.ledger.proposals.summary(key)}'" in told
    office.decide(key, by="bob", code=given["code"])
    assert office.state(key) == State.APPROVED


def test_anybody_may_stop_everything_and_an_approver_lets_it_go_on(office: Office, run) -> None:
    key = waiting(office)
    run("kill", "on", "--reason", "fire", "--as", "anybody")
    told = run("approve", key, "--as", "alice", "--code", office.code("alice"), "--yes")
    assert "kill switch is on" in told
    assert office.writes() == []
    assert "does not prove" in run(
        "kill", "off", "--reason", "out", "--as", "alice", "--code", "000000", code=1
    )
    office.later(seconds=60)
    run("kill", "off", "--reason", "out", "--as", "alice", "--code", office.code("alice"))
    office.later(seconds=60)
    assert "verified" in run("approve", key, "--as", "bob", "--code", office.code("bob"), "--yes")


def test_the_trail_is_verified_and_exported(office: Office, run, tmp_path: Path) -> None:
    waiting(office)
    office.services.ledger.audit.note("=cmd()", "a formula", None, {})
    assert "hold together" in run("audit", "verify")
    run("audit", "export", "--format", "csv", "--out", str(tmp_path / "audit.csv"))
    rows = list(csv.DictReader((tmp_path / "audit.csv").read_text("utf-8").splitlines()))
    assert rows[-1]["actor"] == "'=cmd()"
    lines = run("audit", "export").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [int(row["seq"]) for row in rows]


def test_an_approver_is_enrolled_once_and_the_secret_is_kept_from_others(office: Office, run) -> None:
    told = run("approvers", "enroll", "dora")
    file = office.services.settings.approvers_file
    secret = next(
        line.partition("=")[2] for line in file.read_text().splitlines() if line.startswith("dora=")
    )
    assert secret not in told
    assert file.stat().st_mode & 0o077 == 0
    assert "enrolled already" in run("approvers", "enroll", "dora", code=1)
    assert "not in policy.yaml" in run("approvers", "list")
    file.chmod(0o644)
    assert "chmod 600" in run("approvers", "list", code=1)


def test_enrolling_again_takes_the_old_proof_or_another_approver(office: Office, run) -> None:
    file = office.services.settings.approvers_file
    before = file.read_text()
    run("approvers", "enroll", "alice", "--again", "--code", "000000", code=1)
    assert file.read_text() == before
    run("approvers", "enroll", "alice", "--again", "--as", "bob", "--code", office.code("bob"))
    assert file.read_text() != before
    (entry,) = [row for row in office.services.ledger.audit.entries() if row.event == "enrolled"]
    assert json.loads(entry.detail) == {"again": True, "name": "alice", "proven by": "bob"}


def test_a_policy_that_cannot_be_read_says_where_and_what(office: Office, run) -> None:
    office.services.settings.policy_file.write_text(
        "permissions:\n  - level: everything\nend_of_policy: true\n", encoding="utf-8"
    )
    told = run("approvers", "list", code=1)
    assert "permissions.0.level" in told
    assert "Nothing is proposed or written" in told
