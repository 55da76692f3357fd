"""What is told: one thing, in the parts that every message is made of. It is kept as JSON between being found and being sent."""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from resources.ledger.notices import Said, Topic

NOW, SOON, DIGEST = 1, 2, 3
"""P1 at once, P2 in working hours, P3 in the morning's digest."""


class Change(StrEnum):
    """What is new about it."""

    NEW = "new"
    WORSE = "worse"
    AGAIN = "again"
    ENDED = "ended"


class Link(msgspec.Struct, frozen=True):
    """A word and where it leads."""

    word: str
    url: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell.

    `topic` is entity, metric and direction; `ref` another name for the same occurrence, such as an incident's id. `short` stands in subjects.
    `seen` is the number against what was to be expected, `money` what it costs, `todo` the next step. `by` is when it has to be known at the
    latest, `until` when it is of no use any more. `rows` go into the attached CSV.
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
    change: Change = Change.NEW
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

    def said(self, occurrence: str) -> Said:
        """The notice to keep, under an id that is the same whenever the same thing is told of the same occurrence."""
        return Said(
            f"{self.kind}|{self.change}|{self.topic}|{occurrence}"[:240],
            self.kind,
            self.priority,
            written(self),
        )

    def opened(self, day: date) -> Topic:
        """The topic it begins."""
        return Topic(self.topic[:240], self.ref, self.kind, self.priority, written(self), day, day)


def written(notice: Notice) -> str:
    return msgspec.json.encode(notice).decode()


def read(body: str) -> Notice:
    """The notice that was kept.

    Raises:
        msgspec.ValidationError: It was kept by a program that knew other parts.
    """
    return msgspec.json.decode(body, type=Notice)
