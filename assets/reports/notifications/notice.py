"""A notice: the parts every message is rendered from. It is stored as JSON in the outbox until it is sent."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from resources.ledger.notices import StoredNotice, Topic

NOW, SOON, DIGEST = 1, 2, 3
"""P1 at once, P2 in working hours, P3 in the morning's digest."""


class TopicChange(StrEnum):
    """How its topic changed."""

    NEW = "new"
    WORSE = "worse"
    AGAIN = "again"
    ENDED = "ended"


class Link(msgspec.Struct, frozen=True):
    """Link text and its address."""

    word: str
    url: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One notification about one topic.

    `topic` is the de-duplication key (entity, metric and direction); `ref` another id of the same occurrence,
    such as an incident's. `short` goes into subject lines, `seen` is the observed against the expected value,
    `money` what it costs and `todo` the next step. `by` is the latest useful delivery time, `until` when it
    becomes irrelevant. `rows` go into the attached CSV.
    """

    topic: str
    kind: str
    priority: int
    entity: str
    short: str
    seen: str
    money: str = ""
    cause: str = ""
    todo: str = ""
    links: tuple[Link, ...] = ()
    change: TopicChange = TopicChange.NEW
    ref: str = ""
    platform: str = ""
    account_id: str = ""
    account: str = ""
    labels: tuple[str, ...] = ()
    zone: str = ""
    by: datetime | None = None
    until: datetime | None = None
    is_good: bool = False
    weight: float = 0.0
    rows: tuple[dict[str, str], ...] = ()
    lines: tuple[str, ...] = ()

    def said(self, occurrence: str) -> StoredNotice:
        """The outbox row; the same topic, change and occurrence always give the same id."""
        return StoredNotice(
            f"{self.kind}|{self.change}|{self.topic}|{occurrence}"[:240],
            self.kind,
            self.priority,
            written(self),
        )

    def opened(self, day: date) -> Topic:
        """The topic that it opens."""
        return Topic(self.topic[:240], self.ref, self.kind, self.priority, written(self), day, day)


def written(notice: Notice) -> str:
    return msgspec.json.encode(notice).decode()


def read(body: str) -> Notice:
    """The notice of an outbox row.

    Raises:
        msgspec.ValidationError: It was written by a version of this program with other fields.
    """
    return msgspec.json.decode(body, type=Notice)
