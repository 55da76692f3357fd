"""What was made, changed and removed through a platform's API besides the market's own entities: criteria,
lists, ads, creatives.

The market's entities never change (`sandbox.catalog`), and their statuses and budgets are in
`sandbox.changes`. Everything else that a wire accepts stands here, with the instant at which it came and
went, so that the market can ask what was in force on a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import Any

from sandbox.clock import Clock

FIRST_ID = {"google_ads": 70_000_000_001, "meta_ads": 120_900_000_000_000_001, "linkedin_ads": 460_000_001}
Key = tuple[str, str, str, int, int]
"""Platform, account id, kind, parent's id, own id."""


@dataclass
class AccountObject:
    """One object. `parent_id` is that of the entity it belongs to (a campaign, an ad group, a list), 0 for
    the account.
    """

    platform: str
    account_id: str
    kind: str
    object_id: int
    parent_id: int
    fields: dict[str, Any]
    created_at: datetime
    removed_at: datetime | None = None
    edits: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    """Every later change, oldest first, with the fields as they were before."""

    @property
    def key(self) -> Key:
        return (self.platform, self.account_id, self.kind, self.parent_id, self.object_id)


@dataclass(frozen=True)
class ObjectChange:
    """An entry of an account's history: `operation` is CREATE, UPDATE or REMOVE."""

    at: datetime
    operation: str
    object: AccountObject
    old: dict[str, Any]


class AccountObjects:
    """Every object that was made or changed, of every platform."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._objects: dict[Key, AccountObject] = {}
        self._first: dict[Key, dict[str, Any]] = {}
        self._history: list[ObjectChange] = []
        self._next_id = dict(FIRST_ID)
        self._lock = RLock()
        self.count = 0
        """Moves with every change."""

    def reserve_id(self, platform: str) -> int:
        """A number that nothing else has: a write's answer names it, whether or not the write happens."""
        with self._lock:
            number = self._next_id[platform]
            self._next_id[platform] = number + 1
            return number

    def create(
        self,
        platform: str,
        account_id: str,
        kind: str,
        object_id: int,
        fields: dict[str, Any],
        *,
        parent_id: int = 0,
    ) -> AccountObject:
        created = AccountObject(
            platform, account_id, kind, object_id, parent_id, dict(fields), self._clock.now()
        )
        with self._lock:
            self._objects[created.key] = created
            self._record("CREATE", created, {})
        return created

    def change(self, key: Key, fields: dict[str, Any], *, first: dict[str, Any] | None = None) -> None:
        """Set fields of an object; `first` are those of one that the world began with and that is not here
        yet.
        """
        with self._lock:
            held = self._held(key, first or {})
            old = {name: held.fields.get(name) for name in fields}
            held.edits.append((self._clock.now(), old))
            held.fields |= fields
            self._record("UPDATE", held, old)

    def remove(self, key: Key, *, first: dict[str, Any] | None = None) -> None:
        """Take an object away; it stays readable as removed."""
        with self._lock:
            held = self._held(key, first or {})
            held.removed_at = self._clock.now()
            self._record("REMOVE", held, {})

    def find(self, key: Key) -> AccountObject | None:
        return self._objects.get(key)

    def of(
        self, platform: str, account_id: str, kind: str, *, parent_id: int | None = None
    ) -> list[AccountObject]:
        """Objects of a kind that were made here, by id, removed ones among them."""
        with self._lock:
            held = [
                one
                for one in self._objects.values()
                if (one.platform, one.account_id, one.kind) == (platform, account_id, kind)
                and one.key not in self._first
                and parent_id in (None, one.parent_id)
            ]
        return sorted(held, key=lambda one: (one.parent_id, one.object_id))

    def history(self, platform: str, account_id: str) -> Iterator[ObjectChange]:
        """Every change in an account, newest first."""
        with self._lock:
            entries = list(self._history)
        for entry in reversed(entries):
            if (entry.object.platform, entry.object.account_id) == (platform, account_id):
                yield entry

    def clear(self) -> None:
        with self._lock:
            self._objects.clear()
            self._first.clear()
            self._history.clear()
            self._next_id = dict(FIRST_ID)
            self.count += 1

    def _held(self, key: Key, first: dict[str, Any]) -> AccountObject:
        if key not in self._objects:
            platform, account_id, kind, parent_id, own_id = key
            self._first[key] = dict(first)
            self._objects[key] = AccountObject(
                platform, account_id, kind, own_id, parent_id, dict(first), self._clock.now()
            )
        return self._objects[key]

    def _record(self, operation: str, held: AccountObject, old: dict[str, Any]) -> None:
        self._history.append(ObjectChange(self._clock.now(), operation, held, old))
        self.count += 1
