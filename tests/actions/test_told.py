"""What people are told of proposals and writes: kept for the next message, once, with the link, and in time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from assets.reports.notifications.action_notices import approval, write_notices
from resources.ledger.notices import Delivery, StoredNotice, Topic
from resources.ledger.states import State
from resources.ledger.store import Ledger
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
    entries = office.services.ledger.proposals.members(key)
    assert write_notices(entries, now=office.now, **given) == []
    office.later(minutes=3)
    (told,) = write_notices(entries, now=office.now, **given)
    assert (told.priority, told.links[0].url) == (1, "http://ui/runs/run-1")
    assert "never sent again" in told.todo


def test_an_approval_is_kept_once_with_its_link_and_its_rows(
    office: Office, instance: dg.DagsterInstance
) -> None:
    key = pause(office)
    told = proposals_tick(instance, office.services)
    assert "1 announced" in told
    (said,) = office.services.ledger.notices.unrouted()
    assert said.notice_id == f"approval|new|{key}|"
    proposals_tick(instance, office.services)
    assert len(office.services.ledger.notices.unrouted()) == 1
    proposal = office.services.ledger.proposals.members(key)[0].proposal
    again = approval(proposal, ui_url=office.services.settings.ui_url)
    assert again.body == said.body


def test_an_evening_reminder_comes_before_the_quiet_hours_in_which_it_would_be_lost(
    office: Office, instance: dg.DagsterInstance
) -> None:
    office.sandbox.stage.clock.set(office.now.replace(hour=6))
    pause(office)  # until 06:00 tomorrow, and nobody is told between 20:00 and 08:00
    proposals_tick(instance, office.services)
    office.later(hours=13, minutes=30)
    assert "1 reminded" in proposals_tick(instance, office.services)
    (last,) = [one for one in office.services.ledger.notices.unrouted() if one.kind == "reminder"]
    assert last.notice_id.endswith("|2")


def test_both_databases_send_once_and_try_again_what_failed(database: str) -> None:
    now = [datetime(2026, 11, 16, 8, tzinfo=UTC)]
    ledger = Ledger(database, now=lambda: now[0])
    one = StoredNotice("n1", "run", 2, "{}")
    assert (ledger.notices.say([one, one]), ledger.notices.say([one])) == (1, 0)
    assert [said.notice_id for said in ledger.notices.unrouted()] == ["n1"]
    ledger.notices.route("n1", {"team": now[0], "mail": now[0] + timedelta(hours=1)})
    ledger.notices.route("n1", {"team": now[0]})
    assert ledger.notices.unrouted() == []
    assert [said.notice_id for said in ledger.notices.claim("team")] == ["n1"]
    assert ledger.notices.claim("team") == []
    ledger.notices.retry("team", ["n1"], at=now[0] + timedelta(minutes=1), said="busy")
    now[0] += timedelta(minutes=2)
    assert [said.attempts for said in ledger.notices.claim("team")] == [1]
    ledger.notices.ended("team", ["n1"], Delivery.SENT)
    ledger.notices.retry("team", ["n1"], at=now[0], said="too late")  # by another process, after that
    assert ledger.notices.claim("team") == []
    assert [(channel, said.notice_id) for channel, _, said in ledger.notices.waiting()] == [("mail", "n1")]
    topic = Topic("t", "ref", "run", 2, "{}", now[0].date(), now[0].date())
    ledger.notices.keep_topics([topic])
    ledger.notices.keep_topics([replace(topic, ended_on=now[0].date())])
    assert ledger.notices.topics() == {"t": replace(topic, ended_on=now[0].date())}
    now[0] += timedelta(days=60)
    ledger.notices.forget_notices()
    assert (ledger.notices.waiting(), ledger.notices.topics()) == ([], {})
