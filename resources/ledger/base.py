"""What every part of the ledger stands on: its records, one database, one audit, and the one conditional update that moves a state."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable, PaidMediaError
from resources.ledger import audit_chain, tables
from resources.ledger.engine import READS, connect
from resources.ledger.proposal import Proposal
from resources.ledger.states import NEXT, Sent, State

KILL = "kill"
AT_ONCE = 500
"""Ids that one question names: databases take only so many parameters."""


@dataclass(frozen=True)
class Entry:
    """One proposal as the ledger has it."""

    proposal: Proposal
    state: State
    why: str | None
    changed_at: datetime
    registered_at: datetime | None
    announced_at: datetime | None
    reminded: int
    retired_at: datetime | None

    @property
    def proposal_id(self) -> str:
        return self.proposal.proposal_id


@dataclass(frozen=True)
class Batch:
    """Several proposals under one key, decided on by one digest."""

    batch_id: str
    digest: str
    members: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True)
class Written:
    """One write of a proposal, as far as it is known."""

    part: int
    direction: str
    state: Sent
    run_id: str
    intended_at: datetime
    request_id: str | None
    said: str | None


@dataclass(frozen=True)
class Decided:
    """What a decision did: the state it led to, or why it did nothing."""

    proposal_id: str
    state: State
    counted: bool
    words: str


class CodeSpent(PaidMediaError):
    """The code was used before, for something else."""

    def __init__(self) -> None:
        super().__init__("This code was used before. Take a fresh one; nothing was done.")


class Book:
    """One database. Plain object without a configuration schema: nothing of it can be overridden from the launchpad."""

    def __init__(self, url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine, self.clock = connect(url), now
        database = sa.make_url(url).database
        self._folder = Path(f"{database}.locks") if self._engine.dialect.name == "sqlite" else None
        if self._folder:
            self._folder.mkdir(exist_ok=True)

    def note(self, actor: str, event: str, proposal_id: str | None, detail: Any) -> None:
        """An audit entry of its own."""
        with self._writing() as connection:
            self._note(connection, actor, event, proposal_id, detail)

    def _move(
        self, connection: sa.Connection, proposal_id: str, before: set[State], to: State, actor: str, why: str
    ) -> bool:
        if wrong := [one for one in before if to not in NEXT[one]]:
            raise ValueError(f"a proposal never goes from {wrong[0]} to {to}")
        table = tables.proposal
        moved = connection.execute(
            sa.update(table)
            .where(table.c.proposal_id == proposal_id, table.c.state.in_(list(before)))
            .values(state=to, why=why, changed_at=self.clock())
        )
        if moved.rowcount == 1:
            self._note(connection, actor, str(to), proposal_id, {"why": why})
        return moved.rowcount == 1

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """A transaction that writes. All of them queue at the audit's head first, so that no two wait for each other in a circle."""
        with self._engine.begin() as connection:
            connection.execute(sa.select(tables.audit_head).with_for_update())
            yield connection

    def _is_on(self, connection: sa.Connection, name: str) -> bool:
        row = connection.execute(sa.select(tables.switch.c.is_on).where(tables.switch.c.name == name)).first()
        return bool(row and row.is_on)

    def _note(
        self, connection: sa.Connection, actor: str, event: str, proposal_id: str | None, detail: Any
    ) -> None:
        audit_chain.append(
            connection, at=self.clock(), actor=actor, event=event, proposal_id=proposal_id, detail=detail
        )

    def _rows(self, asked: Any) -> list[Any]:
        with self._engine.connect().execution_options(**READS) as connection, connection.begin():
            return list(connection.execute(asked).all())


def entry_of(row: Any) -> Entry:
    made = Proposal.model_validate_json(row.body)
    if made.digest != row.digest:
        raise DataUnusable(
            f"Proposal {row.proposal_id} no longer has the digest it was taken in with. Nothing is done with it; run `audit verify`."
        )
    return Entry(
        made,
        State(row.state),
        row.why,
        row.changed_at,
        row.registered_at,
        row.announced_at,
        row.reminded,
        row.retired_at,
    )


def batch_of(row: Any) -> Batch:
    return Batch(row.batch_id, row.digest, tuple(json.loads(row.members)), row.created_at)
