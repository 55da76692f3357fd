"""Result of one load of a CRM: rows by table, and which records were read, so that deleted ones can be
recognised.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

Row = dict[str, Any]
_Item = TypeVar("_Item")
PARENT = {
    "contacts": "contact_id",
    "touches": "contact_id",
    "companies": "company_id",
    "deals": "deal_id",
    "deal_stages": "deal_id",
}
"""The record a row belongs to. A record that was read again replaces all its rows."""


@dataclass
class CrmReading:
    """What one reading found. `since` is None where everything was read."""

    source: str
    at: datetime
    since: datetime | None
    rows: dict[str, list[Row]] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    """Ids read or found gone, by contact_id, company_id and deal_id; those without a row are gone."""
    unread: dict[str, int] = field(default_factory=dict)
    """Cells that could not be read, by table, column and reason; never their text, which may name people."""
    merged: int = 0
    deleted: int = 0
    calls: int = 0

    @property
    def records(self) -> int:
        """Contacts, companies and deals read."""
        return sum(len(self.rows.get(name, [])) for name in ("contacts", "companies", "deals"))

    def add(self, name: str, rows: list[Row]) -> None:
        """Take rows in. Their records count as touched."""
        self.rows.setdefault(name, []).extend(rows)
        if parent := PARENT.get(name):
            self.touched.setdefault(parent, set()).update(row[parent] for row in rows)

    def gone(self, parent: str, ids: set[str]) -> None:
        """Records that are not there any more."""
        self.touched.setdefault(parent, set()).update(ids)


class CrmReader(Protocol):
    """One CRM."""

    source: str

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> CrmReading:
        """What changed since then, or everything."""

    def spoken(self) -> str:
        """One sentence on what can be read with what is configured."""


def some_at_a_time(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    """The items in lists of at most `size`; none where there is nothing."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
