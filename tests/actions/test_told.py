"""What people are told of proposals and writes: kept for the next message, once, with the link, and in time."""

from collections.abc import Iterator

import dagster as dg
import pytest

from assets.notices.deeds import approval, write_notices
from resources.ledger.states import State
from sensors.proposals import tick as proposals_tick
from tests.actions.conftest import Office
from tests.actions.test_sensors import pause


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_a_failed_write_is_urgent_and_an_unknown_one_after_two_minutes(office: Office) -> None:
    key = pause(office)
    office.decide(key)
    office.sandbox.stage.faults.arm("meta_ads", "lost_request")
    assert office.carry_out(key) == State.UNKNOWN
    given = {"ui_url": "http://ui", "runs": {key: "run-1"}}
    entries = office.desk.ledger.members(key)
    assert write_notices(entries, now=office.now, **given) == []
    office.later(minutes=3)
    (told,) = write_notices(entries, now=office.now, **given)
    assert (told.priority, told.links[0].url) == (1, "http://ui/runs/run-1")
    assert "never sent again" in told.todo


def test_an_approval_is_kept_once_with_its_link_and_its_rows(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    told = proposals_tick(instance, office.desk)
    assert "1 announced" in told
    (said,) = office.desk.ledger.unrouted()
    assert said.notice_id == f"approval|new|{key}|"
    proposals_tick(instance, office.desk)
    assert len(office.desk.ledger.unrouted()) == 1
    proposal = office.desk.ledger.members(key)[0].proposal
    again = approval(proposal, ui_url=office.desk.settings.ui_url)
    assert again.body == said.body


def test_an_evening_reminder_comes_before_the_quiet_hours_in_which_it_would_be_lost(
    office: Office, instance: dg.DagsterInstance
) -> None:
    office.sandbox.stage.clock.set(office.now.replace(hour=6))
    pause(office)  # until 06:00 tomorrow, and nobody is told between 20:00 and 08:00
    proposals_tick(instance, office.desk)
    office.later(hours=13, minutes=30)
    assert "1 reminded" in proposals_tick(instance, office.desk)
    (last,) = [one for one in office.desk.ledger.unrouted() if one.kind == "reminder"]
    assert last.notice_id.endswith("|2")
