"""The audit's chain: every entry holds the hash of the one before it, and a head says how long the chain is.

Changing, deleting or inserting an entry breaks the chain; cutting its end off contradicts the head. Someone who can rewrite the
whole database can rewrite the chain with it: copy the head's hash elsewhere from time to time (docs/security.md).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.ledger.proposal import canonical
from resources.ledger.tables import audit, audit_head, stamp

NOTHING = "0" * 64


@dataclass(frozen=True)
class Verified:
    """How many entries hold together, and the first thing that does not, if any."""

    entries: int
    head: str
    broken: str | None = None


def append(
    connection: sa.Connection, *, at: datetime, actor: str, event: str, proposal_id: str | None, detail: Any
) -> None:
    """Add an entry in the caller's transaction. Writers queue at the head's row."""
    head = connection.execute(sa.select(audit_head).with_for_update()).one()
    entry = {
        "seq": head.seq + 1, "at": at, "actor": actor, "event": event, "proposal_id": proposal_id,
        "detail": canonical(detail), "previous": head.hash,
    }  # fmt: skip
    made = entry_hash(entry)
    connection.execute(sa.insert(audit).values(**entry, hash=made))
    moved = connection.execute(
        sa.update(audit_head).where(audit_head.c.seq == head.seq).values(seq=head.seq + 1, hash=made)
    )
    if moved.rowcount != 1:
        raise RuntimeError("two writers held the audit's head at once")


def entry_hash(entry: dict[str, Any]) -> str:
    told = canonical({**entry, "at": stamp(entry["at"])})
    return hashlib.sha256(told.encode()).hexdigest()


def verify(entries: Iterable[Any], head: Any) -> Verified:
    """Follow the chain from its first entry to its head."""
    previous, count = NOTHING, 0
    for row in entries:
        count += 1
        entry = dict(row._mapping)  # noqa: SLF001 — SQLAlchemy's public way to a row's names
        told = entry.pop("hash")
        if entry["seq"] != count:
            return Verified(
                count - 1, previous, f"entry {count} is missing: the next one there is {entry['seq']}"
            )
        if entry["previous"] != previous or entry_hash(entry) != told:
            return Verified(count - 1, previous, f"entry {count} was changed or stands in another's place")
        previous = told
    if head is None or (head.seq, head.hash) != (count, previous):
        return Verified(count, previous, f"the head does not belong to entry {count}: the end was cut off")
    return Verified(count, previous)
