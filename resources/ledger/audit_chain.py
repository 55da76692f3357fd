"""The audit's hash chain: every entry holds the hash of the one before it; a signed head says how long the
chain is.

Changing, deleting or inserting an entry breaks the chain; cutting its end off contradicts the head; rewriting
the whole chain needs the key that signs the head, which is not in the database. Restoring an older copy is
noticed by the anchor (`resources.ledger.anchor`).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable
from resources.ledger.proposal import canonical
from resources.ledger.tables import audit, audit_head, stamp
from resources.security.ledger_key import LedgerKey

NOTHING = "0" * 64


@dataclass(frozen=True)
class ChainVerification:
    """How many entries hold together, the head's hash, and the first thing that does not hold, if any."""

    entries: int
    head: str
    broken: str | None = None
    unsigned_decisions: int = 0
    """Decisions from before decisions were signed."""


def append(
    connection: sa.Connection,
    *,
    at: datetime,
    actor: str,
    event: str,
    proposal_id: str | None,
    detail: Any,
    key: LedgerKey | None,
) -> None:
    """Add an entry in the caller's transaction. Writers queue at the head's row.

    Raises:
        DataUnusable: The head was not signed by this deployment's key: adding to it would sign what somebody
        else wrote.
    """
    head = connection.execute(sa.select(audit_head).with_for_update()).one()
    if key is not None and not head_is_signed(head, key):
        raise DataUnusable(
            "The audit's last entry was not signed by this deployment's ledger key, so nothing is added to"
            " it. Either the database was changed from outside, or the key is another one: copy the key file"
            " of the machine that made the ledger, or run `audit verify`."
        )
    entry = {
        "seq": head.seq + 1,
        "at": at,
        "actor": actor,
        "event": event,
        "proposal_id": proposal_id,
        "detail": canonical(detail),
        "previous": head.hash,
    }
    own_hash = entry_hash(entry)
    connection.execute(sa.insert(audit).values(**entry, hash=own_hash))
    moved = connection.execute(
        sa.update(audit_head)
        .where(audit_head.c.seq == head.seq)
        .values(
            seq=head.seq + 1,
            hash=own_hash,
            mac=key.sign("head", _head_content(head.seq + 1, own_hash)) if key else None,
        )
    )
    if moved.rowcount != 1:
        raise RuntimeError("two writers held the audit's head at once")


def sign_head(connection: sa.Connection, key: LedgerKey) -> None:
    """Sign the head as it stands: of a new ledger, and once of one from before heads were signed."""
    head = connection.execute(sa.select(audit_head)).one()
    connection.execute(sa.update(audit_head).values(mac=key.sign("head", _head_content(head.seq, head.hash))))


def head_is_signed(head: Any, key: LedgerKey) -> bool:
    return key.has_signed("head", _head_content(head.seq, head.hash), head.mac)


def _head_content(seq: int, own_hash: str) -> dict[str, Any]:
    return {"seq": seq, "hash": own_hash}


def entry_hash(entry: dict[str, Any]) -> str:
    return hashlib.sha256(canonical({**entry, "at": stamp(entry["at"])}).encode()).hexdigest()


def follow(entries: Iterable[Any], *, after: int = 0, previous: str = NOTHING) -> ChainVerification:
    """Follow the chain from the entry after number `after`, whose hash is `previous`, to the last entry
    given.
    """
    count = after
    for row in entries:
        entry = dict(row._mapping)  # noqa: SLF001 — SQLAlchemy's public way to a row's names
        recorded = entry.pop("hash")
        if entry["seq"] != count + 1:
            return ChainVerification(
                count, previous, f"entry {count + 1} is missing: the next one there is {entry['seq']}"
            )
        if entry["previous"] != previous or entry_hash(entry) != recorded:
            return ChainVerification(
                count, previous, f"entry {count + 1} was changed or stands in another's place"
            )
        previous, count = recorded, count + 1
    return ChainVerification(count, previous)


def verify(entries: Iterable[Any], head: Any, key: LedgerKey | None) -> ChainVerification:
    """Follow the chain from its first entry to its signed head."""
    result = follow(entries)
    if result.broken:
        return result
    if head is None or (head.seq, head.hash) != (result.entries, result.head):
        return ChainVerification(
            result.entries,
            result.head,
            f"the head does not belong to entry {result.entries}: the end was cut off",
        )
    if key is not None and not head_is_signed(head, key):
        return ChainVerification(
            result.entries, result.head, "the head was not signed by this deployment's ledger key"
        )
    return result
