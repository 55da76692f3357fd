"""What people and programs changed since the world began: statuses and budgets, from which day on.

A change shows in delivery from the account's next day on, which is when the platforms' auctions have taken it
up.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Change:
    """One accepted write. `day` is the first day whose delivery it changes."""

    platform: str
    account_id: str
    level: str
    entity_id: int
    field: str
    value: Any
    at: datetime
    day: date
    by: str = "api"
    """`api`, or `person` for somebody at the platform's own screens."""


Unasked = Callable[[str, str, tuple[str, int] | None], Iterable[Change]]
"""What incidents have changed by now, by platform, account id and, for one entity alone, its level and id."""


class Changes:
    """Every accepted write and what incidents changed, in order."""

    def __init__(self, unasked: Unasked = lambda *_: ()) -> None:
        self._unasked = unasked
        self._by_entity: dict[tuple[str, str, str, int], list[Change]] = defaultdict(list)
        self._lock = Lock()
        self.count = 0

    def record(self, change: Change) -> None:
        with self._lock:
            self._by_entity[change.platform, change.account_id, change.level, change.entity_id].append(change)
            self.count += 1

    def of(self, platform: str, account_id: str, level: str, entity_id: int) -> list[Change]:
        """The changes of one entity, oldest first."""
        recorded = list(self._by_entity.get((platform, account_id, level, entity_id), ()))
        if unasked := list(self._unasked(platform, account_id, (level, entity_id))):
            return sorted(recorded + unasked, key=lambda change: change.at)
        return recorded

    def newest(self, platform: str, account_id: str, level: str, entity_id: int, field: str) -> Change | None:
        changes = [c for c in self.of(platform, account_id, level, entity_id) if c.field == field]
        return changes[-1] if changes else None

    def on(self, platform: str, account_id: str, level: str, field: str) -> list[Change]:
        """Every change of that field at that level of an account, oldest first."""
        changes = self.all_of(platform, account_id)
        return [change for change in changes if (change.level, change.field) == (level, field)]

    def all_of(self, platform: str, account_id: str) -> list[Change]:
        """Every change in an account, oldest first."""
        recorded = [
            change
            for (p, a, _, _), changes in list(self._by_entity.items())
            if (p, a) == (platform, account_id)
            for change in changes
        ]
        return sorted([*recorded, *self._unasked(platform, account_id, None)], key=lambda change: change.at)

    def clear(self) -> None:
        with self._lock:
            self._by_entity.clear()
            self.count += 1


def overlay(base: np.ndarray, days: np.ndarray, changes: list[tuple[int, Change]]) -> np.ndarray:
    """`base` (one value per entity) for every day, with changes (row, change) laid over it: days x entities."""
    values = np.broadcast_to(base, (len(days), len(base)))
    if not changes:
        return values
    values = values.copy()
    for row, change in changes:
        values[days >= np.datetime64(change.day, "D").astype(int), row] = change.value
    return values
