"""The anchor: the audit's head, copied to a place that the database's owner cannot rewrite.

A database that is restored from an older copy is consistent in itself. Only something outside it can tell
that entries are gone. The anchor is a file of one JSON object a line, appended before every write to a
platform; a ledger that does not have an anchored entry, or has another one in its place, carries nothing out.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable
from resources.ledger import tables
from resources.ledger.database import LedgerDatabase

_TAIL_BYTES = 16_384
"""As much of the file's end as is read before a write: some eighty heads."""


@dataclass(frozen=True)
class AnchorFile:
    """One file of anchored heads.

    `path` may lie on a mount or a machine that the database's owner has no access to.
    """

    path: Path

    def record(self, database: LedgerDatabase) -> None:
        """Append the head as it stands now.

        Raises:
            DataUnusable: The file cannot be written.
        """
        with database.reading() as connection:
            head = connection.execute(sa.select(tables.audit_head)).one()
            ledger_id = _ledger_id(connection)
        if head.seq == 0:
            return
        line = {"ledger": ledger_id, "seq": head.seq, "hash": head.hash, "at": tables.stamp(database.clock())}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8") as out:
                out.write(json.dumps(line, sort_keys=True) + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise DataUnusable(
                f"The anchor {self.path} cannot be written ({error.strerror}). Nothing is written to a"
                " platform without it."
            ) from None

    def disagreement(self, database: LedgerDatabase, *, only_last: bool = False) -> str | None:
        """What in the ledger contradicts an anchored head; None where every one is still there.

        Args:
            database: The ledger's.
            only_last: Look at the newest anchored head alone, as before a write.
        """
        with database.reading() as connection:
            ledger_id = _ledger_id(connection)
            lines = self._lines(last_bytes=_TAIL_BYTES if only_last else None)
            anchored = [line for line in lines if line.get("ledger") == ledger_id]
            for line in anchored[-1:] if only_last else anchored:
                query = sa.select(tables.audit.c.hash).where(tables.audit.c.seq == line["seq"])
                recorded = connection.execute(query).scalar()
                if recorded is None:
                    return (
                        f"entry {line['seq']} of {line['at']} was anchored and is gone: an older copy was"
                        " restored, or the end was cut off"
                    )
                if recorded != line["hash"]:
                    return f"entry {line['seq']} is not the one that was anchored at {line['at']}"
        return None

    def anchored(self) -> list[tuple[datetime, int, str]]:
        """Every anchored head: when, number, hash."""
        return [
            (datetime.fromisoformat(line["at"]), int(line["seq"]), str(line["hash"]))
            for line in self._lines()
        ]

    def _lines(self, *, last_bytes: int | None = None) -> list[dict[str, Any]]:
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                begin = 0 if last_bytes is None else max(0, size - last_bytes)
                file.seek(begin)
                text = file.read().decode("utf-8")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise DataUnusable(f"The anchor {self.path} cannot be read ({error.strerror}).") from None
        try:
            lines = text.splitlines()[1 if begin else 0 :]  # from the middle on, the first is half a line
            return [json.loads(line) for line in lines if line.strip()]
        except ValueError:
            raise DataUnusable(
                f"The anchor {self.path} is damaged: a line of it is no JSON. Nothing is written."
            ) from None


def _ledger_id(connection: sa.Connection) -> str:
    """The hash of the first entry: what tells one ledger from another."""
    return str(connection.execute(sa.select(tables.audit.c.hash).where(tables.audit.c.seq == 1)).scalar())
