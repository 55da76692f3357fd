"""What is news: a thing that is on is told once, again when it gets worse or comes back, and once more when it ends.

The key is entity, metric and direction; an incident whose leading metric changes keeps its id and so stays one. What is snoozed or
marked wrong is left as it is: neither told, nor told to have ended.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import msgspec

from assets.reports.notifications.notice import DIGEST, NOW, SOON, Change, Notice, read, written
from resources.ledger.notices import Said, Topic

SOON_AGAIN = timedelta(days=14)
"""What ended no longer ago comes back; what is older is new."""


@dataclass(frozen=True)
class News:
    """What is to be said, and how the topics stand afterwards."""

    said: tuple[Said, ...]
    topics: tuple[Topic, ...]


def news(
    on: Sequence[Notice], topics: Mapping[str, Topic], *, day: date, kinds: Collection[str], hushed: Collection[str] = ()
) -> News:  # fmt: skip
    """What changed since the topics were last looked at.

    Args:
        on: Everything that is on, each topic once. What is absent has ended.
        topics: Everything that was said, by topic.
        day: The day it is of; an earlier one than a topic was last seen on changes nothing of it.
        kinds: Which kinds `on` speaks of; topics of others are left alone.
        hushed: Topics and refs that nobody wants to hear of.
    """
    said: list[Said] = []
    kept: list[Topic] = []
    open_by_ref = {one.ref: one for one in topics.values() if one.ref and one.ended_on is None}
    touched: set[str] = set()
    for notice in on:
        known = topics.get(notice.topic[:240])
        if known is None or known.ended_on is not None:
            known = open_by_ref.get(notice.ref) or known
        if known is not None:
            touched.add(known.topic)
        if {notice.topic, notice.ref} & set(hushed) or (known is not None and known.seen_on > day):
            continue
        told, topic = _told(notice, known, day)
        touched.add(topic.topic)
        kept.append(topic)
        if told is not None and told.priority != DIGEST:
            said.append(told)
    for topic in topics.values():
        if (
            topic.kind in kinds
            and topic.ended_on is None
            and topic.topic not in touched
            and topic.seen_on <= day
        ):
            kept.append(replace(topic, ended_on=day, seen_on=day))
            is_hushed = {topic.topic, topic.ref} & set(hushed)
            if topic.priority != DIGEST and not is_hushed and not _is_of_an_earlier_month(topic, day):
                said.append(_ended(topic, day))
    return News(tuple(said), tuple(one for one in kept if topics.get(one.topic) != one))


def _told(notice: Notice, known: Topic | None, day: date) -> tuple[Said | None, Topic]:
    occurrence = notice.ref or day.isoformat()
    if known is None:
        return notice.said(occurrence), notice.opened(day)
    if known.ended_on is not None:
        is_again = day - known.ended_on <= SOON_AGAIN
        came = msgspec.structs.replace(notice, change=Change.AGAIN if is_again else Change.NEW)
        # By the day as well: what ended and is found again under its old id is news all the same.
        return came.said(f"{occurrence} {day}"), came.opened(day)
    goes_on = replace(
        known,
        seen_on=day,
        body=written(notice),
        ref=notice.ref or known.ref,
        priority=min(known.priority, notice.priority),
    )
    if notice.priority < known.priority:
        return msgspec.structs.replace(notice, change=Change.WORSE).said(f"{occurrence} {day}"), goes_on
    return None, goes_on


def _ended(topic: Topic, day: date) -> Said:
    """That it is over: nobody is woken for it."""
    was = read(topic.body)
    over = msgspec.structs.replace(
        was, topic=topic.topic, change=Change.ENDED, priority=SOON if topic.priority in {NOW, SOON} else DIGEST, by=None, until=None,
        todo="", money="", cause=f"It was on since {topic.opened_on:%a} {topic.opened_on.day} {topic.opened_on:%b}.", is_good=True,
        short=f"over: {was.short}",
    )  # fmt: skip
    return over.said(f"{topic.opened_on} {day}")


def _is_of_an_earlier_month(topic: Topic, day: date) -> bool:
    """A month's budget ends with the month, which is no news."""
    return topic.kind == "pacing" and topic.opened_on.replace(day=1) < day.replace(day=1)
