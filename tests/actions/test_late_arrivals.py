"""Changes that land after their answer, or in spite of it: never called failed too early, and never left
alone afterwards.
"""

from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from assets.reports.notifications.action_notices import write_notices
from orchestration.cli.main import cli
from resources.ledger.proposal import Change
from resources.ledger.states import State, WriteState
from sensors.unknown_outcomes import read_back_outcomes
from tests.actions.conftest import Office
from tests.actions.test_execution import approved_pause, budgets, shift

ANSWERS = {"google_ads": "INTERNAL", "meta_ads": "1/99", "linkedin_ads": "408"}


def answer(office: Office, platform: str, moment: str, *, seconds: float = 0, after: int = 0) -> None:
    detail: dict[str, Any] = {"answer": ANSWERS[platform], "moment": moment, "seconds": seconds}
    office.sandbox.stage.faults.arm(platform, "write_answer", after=after, **detail)


@pytest.mark.parametrize("platform", ANSWERS)
@pytest.mark.parametrize("seconds", [1, 60, 600])
def test_a_change_that_lands_within_ten_minutes_is_verified_and_never_called_failed(
    office: Office, platform: str, seconds: int
) -> None:
    key = approved_pause(office, platform)
    answer(office, platform, "late", seconds=seconds)
    assert office.carry_out(key) == State.UNKNOWN
    office.later(seconds=seconds + 1)
    assert office.carry_out(key) == State.VERIFIED
    events = [row.event for row in office.services.ledger.audit.entries()]
    assert State.FAILED not in events
    assert len(office.writes()) == 1


def test_a_change_that_lands_after_it_was_called_failed_is_an_alarm_and_a_persons_decision(
    office: Office,
) -> None:
    key = approved_pause(office)
    answer(office, "meta_ads", "late", seconds=3600)
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=16)
    assert office.carry_out(key) == State.FAILED
    office.later(minutes=50)
    resources = {"lake": office.lake, "services": office.services}
    assert read_back_outcomes.execute_in_process(resources=resources).success
    (entry,) = office.services.ledger.proposals.members(key)
    assert entry.state == State.ARRIVED_LATE
    assert "status was active when this was approved and is paused now" in str(entry.why)
    (notice,) = write_notices([entry], ui_url="http://ui", now=office.now, runs={})
    assert notice.priority == 1
    assert "accept-late" in notice.todo
    images = [row for row in office.services.ledger.audit.entries() if row.event == "late arrival"]
    assert '"before":{' in images[0].detail
    assert '"now":{' in images[0].detail
    result = CliRunner().invoke(
        cli, ["accept-late", key, "--as", "bob", "--code", office.code("bob")], obj=office.services
    )
    assert result.exit_code == 0, result.output
    assert office.state(key) == State.VERIFIED
    assert office.services.ledger.audit.verify().broken is None
    assert len(office.writes()) == 1


def test_a_late_arrival_is_led_back_by_a_proposal_of_its_own(office: Office) -> None:
    key = approved_pause(office)
    answer(office, "meta_ads", "late", seconds=3600)
    office.carry_out(key)
    office.later(minutes=16)
    office.carry_out(key)
    office.later(minutes=50)
    assert "A PERSON MUST DECIDE" in str(office.executor().watch_failed(key))
    lenient = office.policy["guardrails"] | {"cool_down_hours": 0, "human_edit_hours": 0}
    office.rewrite(guardrails=lenient)
    words = ["revert", key, "--reason", "not wanted any more", "--as", "bob", "--code", office.code("bob")]
    result = CliRunner().invoke(cli, words, obj=office.services)
    assert result.exit_code == 0, result.output
    back = result.output.split()[0]
    office.decide(back)
    assert office.carry_out(back) == State.VERIFIED
    assert office.state(key) == State.REVERTED


def test_a_shift_whose_second_part_lands_late_is_whole_and_spends_no_more_than_approved(
    office: Office,
) -> None:
    key, before = shift(office, "meta_ads")
    answer(office, "meta_ads", "late", seconds=600, after=1)
    assert office.carry_out(key) == State.UNKNOWN
    for _ in range(4):
        office.later(minutes=2)
        office.carry_out(key)
        assert sum(budgets(office, key).values()) <= sum(before.values())
    office.later(minutes=3)
    assert office.carry_out(key) == State.VERIFIED
    assert sum(budgets(office, key).values()) == sum(before.values())
    assert len(office.writes()) == 2


def test_the_quarter_of_an_hour_counts_from_the_end_of_the_request(office: Office) -> None:
    key = approved_pause(office)
    answer(office, "meta_ads", "before")
    writer = office.services.platforms.writer("meta_ads")
    send = writer.send

    def slow(change: Change) -> str | None:
        office.later(seconds=170)
        return send(change)

    object.__setattr__(writer, "send", slow)
    assert office.carry_out(key, writer=lambda _: writer) == State.UNKNOWN
    office.later(minutes=13)
    assert office.carry_out(key) == State.UNKNOWN
    office.later(minutes=3)
    assert office.carry_out(key) == State.FAILED


def test_another_change_of_ours_is_not_taken_for_a_late_arrival(office: Office) -> None:
    key = approved_pause(office)
    answer(office, "meta_ads", "before")
    office.carry_out(key)
    office.later(minutes=16)
    assert office.carry_out(key) == State.FAILED
    again = approved_pause(office)
    assert office.carry_out(again) == State.VERIFIED
    office.later(minutes=40)
    assert office.executor().watch_failed(key) is None
    assert office.state(key) == State.FAILED


def test_what_was_refused_is_read_back_once(office: Office) -> None:
    key = approved_pause(office)
    office.sandbox.stage.faults.arm("meta_ads", "write_answer", answer="200", moment="before")
    assert office.carry_out(key) == State.FAILED
    (write,) = office.services.ledger.writes.of(key)
    assert write.state == WriteState.REFUSED
    assert write.looked_at is not None


def test_an_edit_of_the_same_moment_is_said_and_not_only_verified(office: Office) -> None:
    """Somebody edits between the last read and the request:

    LinkedIn's version shows one edit more than ours.
    """
    from sandbox.control import edit_by_hand

    target = office.target("linkedin_ads", "campaign")
    from assets.actions.rules.finding import EntityChangeRequest

    key = office.propose(EntityChangeRequest(target, factor=Decimal("0.95"))).proposal_id
    office.decide(key)
    work = office.executor()
    before_request = work.writes.writers.refuse_if_changed
    account = office.sandbox.stage.world.account("linkedin_ads", target.account_id)
    assert account is not None
    calls: list[int] = []

    def edited_right_after(change: object) -> None:
        before_request(change)  # type: ignore[arg-type]
        calls.append(1)
        if len(calls) == 2:  # the first is the preflight's
            edit_by_hand(
                office.sandbox.stage, account, "campaign", int(target.entity_id), "name", "Renamed meanwhile"
            )

    work.writes.writers.refuse_if_changed = edited_right_after  # type: ignore[method-assign,assignment]
    work.apply(key)
    assert work.read_back(key) == State.VERIFIED
    why = str(office.services.ledger.proposals.members(key)[0].why)
    assert "A PERSON MUST LOOK" in why
    assert "Renamed meanwhile" in why
