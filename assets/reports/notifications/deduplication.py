"""Notification de-duplication: notify when a topic opens, worsens, reopens and closes, and stay silent in
between.

A topic is keyed by entity, metric and direction; an incident whose leading metric changes keeps its id and so
stays one topic. Snoozed topics, and those marked as wrong, are left untouched: neither announced nor
announced as closed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import msgspec

from assets.reports.notifications.notice import DIGEST, NOW, SOON, Notice, TopicChange, read, written
from resources.ledger.notices import StoredNotice, Topic

REOPEN_WITHIN = timedelta(days=14)
"""A topic that closed no longer ago than this reopens; after that it counts as new."""
LONGEST_KEY = 240


@dataclass(frozen=True)
class TopicChanges:
    """Notifications to send, and the topics as they are afterwards (only those that changed)."""

    to_send: tuple[StoredNotice, ...]
    topics: tuple[Topic, ...]


def compare(
    notices: Sequence[Notice],
    topics: Mapping[str, Topic],
    *,
    day: date,
    kinds: Collection[str],
    silenced: Collection[str] = (),
) -> TopicChanges:
    """What changed since the topics were last compared.

    Args:
        notices: Everything that is open now, one notice per topic. A topic of `kinds` that is absent has
            closed.
        topics: Every topic announced before, by key.
        day: The day the notices describe; a topic last seen on a later day is left untouched.
        kinds: Kinds that `notices` is complete for; topics of other kinds are left alone.
        silenced: Topics and incident ids that nobody wants to hear of.
    """
    to_send: list[StoredNotice] = []
    updated: list[Topic] = []
    open_by_ref = {topic.ref: topic for topic in topics.values() if topic.ref and topic.ended_on is None}
    compared: set[str] = set()
    for notice in notices:
        previous = topics.get(notice.topic[:LONGEST_KEY])
        if previous is None or previous.ended_on is not None:
            previous = open_by_ref.get(notice.ref) or previous
        if previous is not None:
            compared.add(previous.topic)
        is_silenced = bool({notice.topic, notice.ref} & set(silenced))
        if is_silenced or (previous is not None and previous.seen_on > day):
            continue
        announcement, topic = _compare_topic(notice, previous, day)
        compared.add(topic.topic)
        updated.append(topic)
        if announcement is not None and announcement.priority != DIGEST:
            to_send.append(announcement)
    for topic in topics.values():
        is_closing = topic.kind in kinds and topic.ended_on is None and topic.topic not in compared
        if not is_closing or topic.seen_on > day:
            continue
        updated.append(replace(topic, ended_on=day, seen_on=day))
        is_silenced = bool({topic.topic, topic.ref} & set(silenced))
        if topic.priority != DIGEST and not is_silenced and not _is_of_an_earlier_month(topic, day):
            to_send.append(_closed(topic, day))
    return TopicChanges(tuple(to_send), tuple(topic for topic in updated if topics.get(topic.topic) != topic))


def _compare_topic(notice: Notice, previous: Topic | None, day: date) -> tuple[StoredNotice | None, Topic]:
    """The announcement, None where nothing is new, and the topic as it is now."""
    occurrence = notice.ref or day.isoformat()
    if previous is None:
        return notice.said(occurrence), notice.opened(day)
    if previous.ended_on is not None:
        is_reopened = day - previous.ended_on <= REOPEN_WITHIN
        reopened = msgspec.structs.replace(
            notice, change=TopicChange.AGAIN if is_reopened else TopicChange.NEW
        )
        # The day is part of the id: a topic that closed and reopens under its former incident id is news.
        return reopened.said(f"{occurrence} {day}"), reopened.opened(day)
    continued = replace(
        previous,
        seen_on=day,
        body=written(notice),
        ref=notice.ref or previous.ref,
        priority=min(previous.priority, notice.priority),
    )
    if notice.priority < previous.priority:
        return (
            msgspec.structs.replace(notice, change=TopicChange.WORSE).said(f"{occurrence} {day}"),
            continued,
        )
    return None, continued


def _closed(topic: Topic, day: date) -> StoredNotice:
    """The announcement that a topic closed; never urgent."""
    last = read(topic.body)
    closed = msgspec.structs.replace(
        last,
        topic=topic.topic,
        change=TopicChange.ENDED,
        priority=SOON if topic.priority in {NOW, SOON} else DIGEST,
        by=None,
        until=None,
        todo="",
        money="",
        cause=f"It was on since {topic.opened_on:%a} {topic.opened_on.day} {topic.opened_on:%b}.",
        is_good=True,
        short=f"over: {last.short}",
    )
    return closed.said(f"{topic.opened_on} {day}")


def _is_of_an_earlier_month(topic: Topic, day: date) -> bool:
    """Whether it is about a monthly budget of an earlier month, whose end is no news."""
    return topic.kind == "pacing" and topic.opened_on.replace(day=1) < day.replace(day=1)
