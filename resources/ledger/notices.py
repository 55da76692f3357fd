"""What is to be said to people, and what became of it: kept before anything is sent, so that a restart says
the rest.

A notice is written once under its id. Each address it goes to is a delivery with a state of its own: claimed
for some minutes by the one process that sends it, then sent or tried again later, a limited number of times.
What was sent is never sent again. A topic is what a notice was about (entity, metric, direction) as long as
it goes on: it is what keeps repeats quiet.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from resources.ledger import tables
from resources.ledger.database import AT_ONCE, LedgerDatabase

LEASE = timedelta(minutes=5)
"""How long one process may be sending before another may take over."""
KEPT = timedelta(days=45)


class Delivery(StrEnum):
    """Where one notice stands on one channel."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    GIVEN_UP = "given up"
    OUT_OF_DATE = "out of date"


@dataclass(frozen=True)
class StoredNotice:
    """A notice as it is kept. `body` is JSON."""

    notice_id: str
    kind: str
    priority: int
    body: str
    said_at: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Topic:
    """Something that is on, or was: its newest notice as JSON, and the days it was first and last seen on and
    ended on.
    """

    topic: str
    ref: str
    kind: str
    priority: int
    body: str
    opened_on: date
    seen_on: date
    ended_on: date | None = None


class NoticeStore:
    """The outbox: notices, their deliveries, and the topics that are on."""

    def __init__(self, database: LedgerDatabase) -> None:
        self._database = database

    def say(self, notices: Iterable[StoredNotice]) -> int:
        """Keep these notices; those whose id is there already change nothing. How many were new."""
        table, given = tables.notice, {one.notice_id: one for one in notices}
        with self._database.writing() as connection:
            for ids in _parts(list(given)):
                known = sa.select(table.c.notice_id).where(table.c.notice_id.in_(ids))
                for row in connection.execute(known).all():
                    given.pop(row.notice_id)
            rows = [
                {
                    "notice_id": one.notice_id,
                    "kind": one.kind,
                    "priority": one.priority,
                    "body": one.body,
                    "said_at": self._database.clock(),
                }
                for one in given.values()
            ]
            if rows:
                connection.execute(sa.insert(table), rows)
        return len(rows)

    def is_said(self, notice_id: str) -> bool:
        """Whether a notice of that id was kept."""
        table = tables.notice
        return bool(self._database.rows(sa.select(table.c.notice_id).where(table.c.notice_id == notice_id)))

    def unrouted(self, *, limit: int = 1_000) -> list[StoredNotice]:
        """Notices nobody has said yet where they go, oldest first."""
        table = tables.notice
        query = (
            sa.select(table).where(table.c.routed_at.is_(None)).order_by(table.c.said_at, table.c.notice_id)
        )
        return [_said(row) for row in self._database.rows(query.limit(limit))]

    def route(self, notice_id: str, due: Mapping[str, datetime]) -> None:
        """Where a notice goes, and from when on. Once."""
        table = tables.notice
        with self._database.writing() as connection:
            moved = connection.execute(
                sa.update(table)
                .where(table.c.notice_id == notice_id, table.c.routed_at.is_(None))
                .values(routed_at=self._database.clock())
            )
            if moved.rowcount == 1 and due:
                connection.execute(
                    sa.insert(tables.notice_delivery),
                    [
                        {
                            "notice_id": notice_id,
                            "channel": channel,
                            "state": Delivery.WAITING,
                            "due_at": at,
                            "attempts": 0,
                        }
                        for channel, at in due.items()
                    ],
                )

    def claim(
        self, channel: str, *, early: Mapping[int, timedelta] | None = None, limit: int = 500
    ) -> list[StoredNotice]:
        """What is due on a channel, from now on this process's to send for five minutes.

        Args:
            channel: The channel.
            early: By priority, how long before its time a notice goes along once another of the same priority
                is due.
            limit: The most that is claimed at once.
        """
        table, now = tables.notice_delivery, self._database.clock()
        left = (table.c.state == Delivery.SENDING) & (table.c.claimed_until < now)
        query = (
            sa.select(tables.notice, table.c.attempts)
            .join(table, table.c.notice_id == tables.notice.c.notice_id)
            .where(table.c.channel == channel)
            .order_by(tables.notice.c.priority, tables.notice.c.said_at, tables.notice.c.notice_id)
        )
        waits = table.c.state == Delivery.WAITING
        with self._database.writing() as connection:
            due = query.where((waits & (table.c.due_at <= now)) | left)
            found = [_said(row) for row in connection.execute(due.limit(limit)).all()]
            known = {one.notice_id for one in found}
            for priority in {one.priority for one in found} & set(early or {}):
                along = query.where(
                    waits,
                    table.c.attempts == 0,
                    table.c.due_at <= now + (early or {})[priority],
                    tables.notice.c.priority == priority,
                )
                more = [_said(row) for row in connection.execute(along.limit(limit)).all()]
                found += [one for one in more if one.notice_id not in known]
            for ids in _parts([one.notice_id for one in found]):
                connection.execute(
                    sa.update(table)
                    .where(table.c.channel == channel, table.c.notice_id.in_(ids))
                    .values(state=Delivery.SENDING, claimed_until=now + LEASE)
                )
        return found

    def waiting(self) -> list[tuple[str, datetime, StoredNotice]]:
        """Every delivery that waits: its channel, when it is due, and the notice."""
        table = tables.notice_delivery
        query = (
            sa.select(tables.notice, table.c.attempts, table.c.channel, table.c.due_at)
            .join(table, table.c.notice_id == tables.notice.c.notice_id)
            .where(table.c.state.in_([Delivery.WAITING, Delivery.SENDING]))
        )
        return [
            (row.channel, row.due_at, _said(row))
            for row in self._database.rows(query.order_by(table.c.due_at))
        ]

    def ended(self, channel: str, ids: Sequence[str], state: Delivery, *, said: str | None = None) -> None:
        """These are over on that channel: sent, given up or out of date."""
        self._turn(
            channel,
            ids,
            {"state": state, "ended_at": self._database.clock(), "said": said, "claimed_until": None},
        )

    def retry(self, channel: str, ids: Sequence[str], *, at: datetime, said: str) -> None:
        """That attempt did not reach them; the next one is due at an instant."""
        table = tables.notice_delivery
        self._turn(
            channel,
            ids,
            {
                "state": Delivery.WAITING,
                "due_at": at,
                "attempts": table.c.attempts + 1,
                "said": said,
                "claimed_until": None,
            },
        )

    def hold(self, channel: str, ids: Sequence[str], *, until: datetime) -> None:
        """Claimed and not tried: due at that instant, and no attempt is counted."""
        self._turn(channel, ids, {"state": Delivery.WAITING, "due_at": until, "claimed_until": None})

    def deliveries(self, *, since: datetime) -> list[Any]:
        """Per channel and state since then: channel, state, number, the newest words."""
        table = tables.notice_delivery
        query = (
            sa.select(
                table.c.channel,
                table.c.state,
                sa.func.count().label("number"),
                sa.func.max(table.c.said).label("said"),
            )
            .join(tables.notice, table.c.notice_id == tables.notice.c.notice_id)
            .where(tables.notice.c.said_at >= since)
            .group_by(table.c.channel, table.c.state)
            .order_by(table.c.channel, table.c.state)
        )
        return self._database.rows(query)

    def topics(self) -> dict[str, Topic]:
        """Everything that is on or ended within the last weeks, by its name."""
        return {row.topic: _topic(row) for row in self._database.rows(sa.select(tables.notice_topic))}

    def keep_topics(self, topics: Iterable[Topic]) -> None:
        """Write how these topics stand now."""
        table = tables.notice_topic
        with self._database.writing() as connection:
            for one in topics:
                connection.execute(sa.delete(table).where(table.c.topic == one.topic))
                connection.execute(
                    sa.insert(table).values(
                        topic=one.topic,
                        ref=one.ref,
                        kind=one.kind,
                        priority=one.priority,
                        body=one.body,
                        opened_on=one.opened_on.isoformat(),
                        seen_on=one.seen_on.isoformat(),
                        ended_on=one.ended_on and one.ended_on.isoformat(),
                    )
                )

    def forget_notices(self) -> None:
        """Throw away what was said, or ended, weeks ago."""
        before = self._database.clock() - KEPT
        old = sa.select(tables.notice.c.notice_id).where(tables.notice.c.said_at < before)
        topic = tables.notice_topic
        with self._database.writing() as connection:
            connection.execute(
                sa.delete(tables.notice_delivery).where(tables.notice_delivery.c.notice_id.in_(old))
            )
            connection.execute(sa.delete(tables.notice).where(tables.notice.c.said_at < before))
            connection.execute(sa.delete(topic).where(topic.c.ended_on < before.date().isoformat()))

    def _turn(self, channel: str, ids: Sequence[str], values: dict[str, Any]) -> None:
        """What is no longer being sent stays as it is: another process may have sent it meanwhile."""
        table = tables.notice_delivery
        for some in _parts(ids):
            with self._database.writing() as connection:
                connection.execute(
                    sa.update(table)
                    .where(
                        table.c.channel == channel,
                        table.c.notice_id.in_(some),
                        table.c.state == Delivery.SENDING,
                    )
                    .values(values)
                )


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE)]


def _said(row: Any) -> StoredNotice:
    attempts = getattr(row, "attempts", 0)
    return StoredNotice(row.notice_id, row.kind, row.priority, row.body, row.said_at, attempts)


def _topic(row: Any) -> Topic:
    ended = date.fromisoformat(row.ended_on) if row.ended_on else None
    return Topic(
        row.topic,
        row.ref,
        row.kind,
        row.priority,
        row.body,
        date.fromisoformat(row.opened_on),
        date.fromisoformat(row.seen_on),
        ended,
    )
