"""Sending: dead, slow and refusing addresses, a restart in between, several addresses, what is given up, and
nothing secret anywhere.
"""

import logging
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from assets.reports.notifications.delivery import route_new, send_due
from resources.ledger.notices import Delivery
from resources.ledger.store import Ledger
from resources.notification_delivery import Address, Message, addresses, together
from resources.policy.notifications import Channel
from sensors.notices import MESSAGES, notices, send_messages_job
from tests.notifications.conftest import MONDAY, Post
from tests.notifications.made import notice

TOKEN = "sekrettokenofachat123456789"
MESSAGE = Message("title", "text", "**text**", "<p>text</p>")


def say(post: Post, *topics: str, **given: Any) -> None:
    post.services.ledger.notices.say([notice(topic=topic, **given).said("now") for topic in topics])


def send(post: Post) -> dict[str, str | None]:
    rules, zone = post.services.notifications, post.services.notifications.zone()
    outcomes = post.services.addresses()
    route_new(post.services, rules, outcomes, lambda _: zone)
    return send_due(post.services, rules, outcomes, lambda _: zone)


def states(post: Post) -> dict[str, int]:
    rows = post.services.ledger.notices.deliveries(since=post.now - timedelta(days=9))
    return {f"{row.channel} {row.state}": row.number for row in rows}


def test_what_was_taken_is_never_sent_again(post: Post) -> None:
    say(post, "a", priority=1)
    assert list(send(post).values()) == [None]
    say(post, "a", priority=1)
    post.later(days=1)
    assert send(post) == {}
    assert len(post.caught()) == 1


def test_after_a_failure_and_a_restart_it_is_sent_once(post: Post) -> None:
    post.sandbox.stage.faults.arm("chat", "unavailable")
    say(post, "a", priority=1)
    assert list(send(post).values()) == ["the service answered 503"]
    assert send(post) == {}  # not at once again
    post.later(minutes=2)
    anew = Ledger(post.services.settings.ledger_url.get_secret_value(), now=post.services.ledger.clock)
    del post.services.__dict__["ledger"]  # as a new process has it
    post.services.__dict__["ledger"] = anew
    assert list(send(post).values()) == [None]
    post.later(days=1)
    assert send(post) == {}
    assert len(post.caught()) == 1


def test_a_process_that_died_while_sending_loses_nothing(post: Post) -> None:
    say(post, "a", priority=1)
    rules, claimed = post.services.notifications, post.services.addresses()
    route_new(post.services, rules, claimed, lambda _: rules.zone())
    assert len(post.services.ledger.notices.claim("team")) == 1  # and here it dies
    assert send(post) == {}
    post.later(minutes=6)
    assert list(send(post).values()) == [None]


def test_two_processes_do_not_send_the_same(post: Post) -> None:
    say(post, "a", priority=1)
    rules, claimed = post.services.notifications, post.services.addresses()
    route_new(post.services, rules, claimed, lambda _: rules.zone())
    claimed: list[int] = []
    threads = [
        threading.Thread(target=lambda: claimed.append(len(post.services.ledger.notices.claim("team"))))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [0, 0, 0, 0, 0, 1]


def test_it_is_given_up_after_the_last_attempt_and_said_so(post: Post) -> None:
    post.rewrite(attempts=3)
    post.sandbox.stage.faults.arm("chat", "refused", times=99)
    say(post, "a", priority=1)
    answers = []
    for _ in range(12):
        answers += send(post).values()
        post.later(hours=1)
    assert answers == ["the service answered 403"] * 3
    assert states(post) == {"team given up": 1}
    post.sandbox.stage.faults.clear()
    post.go_to(MONDAY + timedelta(days=1, hours=3))
    post.tick()
    assert "could not be delivered: the service answered 403" in post.caught()[-1]


def test_one_dead_address_does_not_keep_the_other_from_hearing_nor_make_it_hear_twice(post: Post) -> None:
    post.rewrite(
        channels={
            "team": {"address": "PAID_MEDIA_NOTIFY_CHAT"},
            "mail": {"address": "PAID_MEDIA_NOTIFY_MAIL"},
        }
    )
    post.sandbox.stage.faults.arm("mail", "busy", times=2)
    say(post, "a", priority=1)
    for _ in range(8):
        send(post)
        post.later(minutes=3)
    assert len(post.caught("chat")) == 1
    assert len(post.caught("mail")) == 1


def test_a_slow_address_holds_nothing_up_and_is_written_down_when_it_answers(post: Post) -> None:
    post.rewrite(seconds=0.5)
    post.sandbox.stage.faults.arm("chat", "slow", seconds=1.5)
    say(post, "a", priority=1)
    began = time.monotonic()
    assert send(post) == {}
    assert time.monotonic() - began < 1.4
    assert states(post) == {"team sending": 1}
    deadline = time.monotonic() + 10
    while states(post) != {"team sent": 1}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(post.caught()) == 1


def test_a_dead_address_answers_at_once_in_our_words(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with caplog.at_level(logging.DEBUG):
        for url in (
            f"mmost://127.0.0.1:{port}/{TOKEN}",
            f"mailto://bot:{TOKEN}@127.0.0.1:{port}?from=a@b.example&to=c@d.example",
        ):
            why = Address("x", "markdown", SecretStr(url)).tell(MESSAGE)
            assert why == "nobody answers at the address"
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("url", ["nonsense", f"slack://{TOKEN}", f"unknown://{TOKEN}"])
def test_an_address_that_is_none_is_said_to_be_none_without_showing_it(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        why = Address("x", "text", SecretStr(url)).tell(MESSAGE)
    assert why == "the address is none that Apprise can read; docs/notifications.md has examples"
    assert TOKEN not in caplog.text


def test_addresses_show_no_token() -> None:
    given = {"PAID_MEDIA_NOTIFY": SecretStr(f"mmost://h/{TOKEN} json://h/{TOKEN}")}
    shown_addresses = addresses({"team": Channel(address="PAID_MEDIA_NOTIFY")}, given)
    assert [(address.name, address.format) for address in shown_addresses] == [
        ("team", "markdown"),
        ("team/2", "text"),
    ]
    assert TOKEN not in repr(shown_addresses)


def test_a_task_that_raises_or_hangs_leaves_the_others_alone() -> None:
    ended: dict[str, str | None] = {}
    hanging = threading.Event()

    def broken() -> str | None:
        raise OSError(f"https://hooks.example/{TOKEN}")

    def hangs() -> str | None:
        hanging.wait(5)
        return None

    tasks = [("good", lambda: None), ("broken", broken), ("hangs", hangs)]
    came = together(tasks, seconds=0.3, when_done=ended.__setitem__)
    assert came == {"good": None, "broken": "OSError while sending"}
    hanging.set()


def test_a_proposal_decided_meanwhile_is_not_announced(post: Post) -> None:
    say(post, "some.proposal", kind="approval", priority=2)
    post.later(hours=1)
    send(post)
    post.later(hours=1)
    send(post)
    assert post.caught() == []
    assert states(post) == {f"team {Delivery.OUT_OF_DATE}": 1}


def test_what_comes_within_ten_minutes_is_one_message(post: Post) -> None:
    say(post, "a", kind="pacing", short="landing 104%")
    send(post)
    post.later(minutes=8)
    say(post, "b", "c")
    send(post)
    assert post.caught() == []
    post.later(minutes=3)
    send(post)
    (text,) = post.caught()
    assert text.splitlines()[0] == "# [P2][Acme] landing 104%, 2 incidents"


def test_nobody_to_tell_is_no_failure(post: Post) -> None:
    post.rewrite(channels={"nobody": {"address": "PAID_MEDIA_NOTIFY_NOBODY"}})
    assert "Nobody is to be told" in post.tick()
    assert post.services.notifier.tell([notice().said("now")])
    assert post.services.ledger.notices.unrouted() == []


def test_what_cannot_be_read_keeps_nothing_from_being_sent(post: Post) -> None:
    say(post, "a", priority=1, zone="Europe/Berlin")
    post.judge(MONDAY.date())
    broken = Path(post.lake.root) / "signals" / "watched" / "_delta_log" / "00000000000000000000.json"
    broken.write_text("no log")
    with pytest.raises(Exception, match=r"\w"):
        post.tick()
    assert len(post.caught()) == 1


def test_the_asset_shows_what_was_said(post: Post) -> None:
    post.judge(MONDAY.date() - timedelta(days=1))
    post.tick()
    event = post.instance.get_latest_materialization_event(MESSAGES)
    assert event is not None
    assert event.asset_materialization is not None
    shown = event.asset_materialization.metadata
    assert shown["sent"].value == 1
    assert shown["not delivered"].value == "nothing"
    assert "| team | sent | 1 |" in shown["last 24 hours"].value


def test_a_sensor_that_stood_still_until_the_night_says_only_what_is_urgent(post: Post) -> None:
    say(post, "calm")
    say(post, "urgent", priority=1)
    rules, messages = post.services.notifications, post.services.addresses()
    route_new(post.services, rules, messages, lambda _: rules.zone())
    post.go_to(MONDAY.replace(hour=22))
    send(post)
    assert [text[:5] for text in post.caught()] == ["# [P1"]
    post.go_to(MONDAY + timedelta(days=1, hours=-1, minutes=1))  # a minute past eight in Berlin
    send(post)
    assert [text[:5] for text in post.caught()] == ["# [P1", "# [P2"]


def test_the_sensor_looks_every_two_minutes_and_requests_a_run_that_sends(post: Post) -> None:
    given = {"lake": post.lake, "services": post.services}

    def evaluate(cursor: str | None) -> dg.SensorResult:
        result = notices(dg.build_sensor_context(instance=post.instance, resources=given, cursor=cursor))
        assert isinstance(result, dg.SensorResult)
        if result.run_requests:
            assert send_messages_job.execute_in_process(instance=post.instance, resources=given).success
        return result

    first = evaluate(None)
    assert not first.run_requests
    post.judge(MONDAY.date() - timedelta(days=1), {})
    post.later(minutes=1)
    say(post, "urgent", priority=1)
    second = evaluate(first.cursor)
    assert second.cursor == first.cursor
    assert len(second.run_requests or []) == 1
    assert len(post.caught()) == 1
    post.later(minutes=2)
    third = evaluate(second.cursor)
    assert third.cursor != first.cursor
    assert len(third.run_requests or []) == 1
    assert len(post.caught()) == 3


def test_no_second_run_is_requested_while_one_sends(post: Post) -> None:
    say(post, "urgent", priority=1)
    run = post.instance.create_run_for_job(send_messages_job, status=dg.DagsterRunStatus.STARTED)
    given = {"lake": post.lake, "services": post.services}
    context = dg.build_sensor_context(instance=post.instance, resources=given)
    result = notices(context)
    assert isinstance(result, dg.SensorResult)
    assert not result.run_requests
    post.instance.report_run_canceled(run)
    result = notices(context)
    assert isinstance(result, dg.SensorResult)
    assert result.run_requests
