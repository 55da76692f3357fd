"""The ledger's database: transactions, the clock, the signing key and the audit that every part of the ledger
writes to.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from resources.errors import SettingsWrong
from resources.ledger import audit_chain, tables
from resources.ledger.engine import READS, connect
from resources.ledger.states import NEXT, State
from resources.security.ledger_key import LedgerKey

AT_ONCE = 500
"""Ids that one question names: databases take only so many parameters."""


class LedgerDatabase:
    """One database with its key. Plain object without a configuration schema: nothing of it can be overridden
    from the launchpad.

    Args:
        url: sqlite:///path or postgresql+psycopg2://…
        now: The clock.
        key: Signs decisions, switches and the audit's head. Without one nothing can be decided on.
    """

    def __init__(self, url: str, *, now: Callable[[], datetime], key: LedgerKey | None) -> None:
        self.engine, self.clock, self.key = connect(url, key=key), now, key
        database = sa.make_url(url).database
        self.lock_folder = Path(f"{database}.locks") if self.engine.dialect.name == "sqlite" else None
        if self.lock_folder:
            self.lock_folder.mkdir(exist_ok=True)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes.

        All of them queue at the audit's head first, so that no two wait for each other in a circle.
        """
        with self.engine.begin() as connection:
            connection.execute(sa.select(tables.audit_head).with_for_update())
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads, and waits for no writer."""
        options: dict[str, Any] = dict(READS)
        if self.engine.dialect.name == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"  # several questions see one moment, as on SQLite
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def rows(self, query: Any) -> list[Any]:
        with self.reading() as connection:
            return list(connection.execute(query).all())

    def note(
        self, connection: sa.Connection, actor: str, event: str, proposal_id: str | None, detail: Any
    ) -> None:
        """Add an audit entry in the caller's transaction."""
        audit_chain.append(
            connection,
            at=self.clock(),
            actor=actor,
            event=event,
            proposal_id=proposal_id,
            detail=detail,
            key=self.key,
        )

    def move(
        self, connection: sa.Connection, proposal_id: str, before: set[State], to: State, actor: str, why: str
    ) -> bool:
        """From one of `before` to `to` by one conditional update. False: it stands elsewhere.

        Raises:
            ValueError: NEXT has no such step.
        """
        if wrong := [state for state in before if to not in NEXT[state]]:
            raise ValueError(f"a proposal never goes from {wrong[0]} to {to}")
        table = tables.proposal
        moved = connection.execute(
            sa.update(table)
            .where(table.c.proposal_id == proposal_id, table.c.state.in_(list(before)))
            .values(state=to, why=why, changed_at=self.clock())
        )
        if moved.rowcount == 1:
            self.note(connection, actor, str(to), proposal_id, {"why": why})
        return moved.rowcount == 1

    def signing_key(self) -> LedgerKey:
        """The key.

        Raises:
            SettingsWrong: This process has none.
        """
        if self.key is None:
            raise SettingsWrong(
                "This process has no ledger key, so nothing can be decided. Set PAID_MEDIA_LEDGER_KEY_FILE;"
                " see docs/configuration.md."
            )
        return self.key


def utc_now() -> datetime:
    return datetime.now(UTC)
