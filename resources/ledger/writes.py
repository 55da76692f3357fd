"""Writes to the platforms: the right to send each one is a row, given once for ever, before the request
leaves.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.ledger import account_locks, tables
from resources.ledger.database import LedgerDatabase
from resources.ledger.proposal import Proposal
from resources.ledger.proposals import ProposalStore
from resources.ledger.records import KILL, PlatformWrite, write_of
from resources.ledger.states import IN_FLIGHT, NEXT_WRITE, NOT_THERE, State, WriteState

FORWARD, BACK = "forward", "back"
_REQUEST_ENDED = (WriteState.ACCEPTED, WriteState.REFUSED, WriteState.UNKNOWN)


class WriteStore:
    """Every write of every proposal, and what became of it."""

    def __init__(self, database: LedgerDatabase, proposals: ProposalStore) -> None:
        self._database, self._proposals = database, proposals

    def intend(self, proposal_id: str, part: int, direction: str, *, run_id: str) -> bool:
        """The right to send one write.

        False: it was given before, the kill switch is on, or the proposal is not being executed.
        """
        table = tables.write
        with self._database.writing() as connection:
            state = connection.execute(
                sa.select(tables.proposal.c.state)
                .where(tables.proposal.c.proposal_id == proposal_id)
                .with_for_update()
            ).scalar()
            allowed = IN_FLIGHT if direction == BACK else (State.EXECUTING,)
            given = connection.execute(
                sa.select(table.c.state).where(_is(proposal_id, part, direction))
            ).first()
            killed = connection.execute(
                sa.select(tables.switch.c.is_on).where(tables.switch.c.name == KILL)
            ).scalar()
            if state not in allowed or given is not None or killed:
                return False
            connection.execute(
                sa.insert(table).values(
                    proposal_id=proposal_id,
                    part=part,
                    direction=direction,
                    state=WriteState.INTENDED,
                    run_id=run_id,
                    intended_at=self._database.clock(),
                )
            )
            detail = {"part": part, "direction": direction}
            self._database.note(connection, run_id, "write intended", proposal_id, detail)
        return True

    def answered(
        self,
        proposal_id: str,
        part: int,
        direction: str,
        state: WriteState,
        *,
        request_id: str | None = None,
        said: str | None = None,
    ) -> bool:
        """Record what became of a write.

        False: its state does not lead there, so another process was first.
        """
        table, now = tables.write, self._database.clock()
        before = [earlier for earlier, steps in NEXT_WRITE.items() if state in steps]
        values: dict[str, Any] = {
            "state": state,
            "ended_at": now,
            "said": sa.func.coalesce(said, table.c.said),
            "request_id": sa.func.coalesce(request_id, table.c.request_id),
        }
        values["answered_at" if state in _REQUEST_ENDED else "looked_at"] = now
        with self._database.writing() as connection:
            moved = connection.execute(
                sa.update(table)
                .where(_is(proposal_id, part, direction), table.c.state.in_(before))
                .values(values)
            )
            if moved.rowcount == 1:
                detail = {"part": part, "direction": direction, "request": request_id, "said": said}
                self._database.note(connection, "platform", f"write {state}", proposal_id, detail)
        return moved.rowcount == 1

    def looked(self, proposal_id: str, part: int, direction: str) -> None:
        """Remember that it was read back, without a result that would change its state."""
        with self._database.engine.begin() as connection:
            connection.execute(
                sa.update(tables.write)
                .where(_is(proposal_id, part, direction))
                .values(looked_at=self._database.clock())
            )

    def of(self, proposal_id: str) -> list[PlatformWrite]:
        """The writes of a proposal, in the order they were intended."""
        table = tables.write
        query = (
            sa.select(table)
            .where(table.c.proposal_id == proposal_id)
            .order_by(table.c.intended_at, table.c.part)
        )
        return [write_of(row) for row in self._database.rows(query)]

    def one(self, proposal_id: str, part: int, direction: str) -> PlatformWrite | None:
        """One write, or None where nobody was given the right to send it."""
        rows = self._database.rows(sa.select(tables.write).where(_is(proposal_id, part, direction)))
        return write_of(rows[0]) if rows else None

    def since(self, since: datetime) -> list[tuple[Proposal, PlatformWrite]]:
        """Every write that happened or may have happened since then, with its proposal: what the limits
        count.
        """
        table = tables.write
        query = sa.select(table.c.proposal_id).where(table.c.intended_at >= since).distinct()
        ids = [row.proposal_id for row in self._database.rows(query)]
        return [
            (entry.proposal, write)
            for entry in self._proposals.entries(ids=ids)
            for write in self.of(entry.proposal_id)
            if write.intended_at >= since and write.state not in NOT_THERE
        ]

    def lock_accounts(
        self, accounts: Iterable[tuple[str, str]], *, wait_seconds: float = account_locks.WAIT_SECONDS
    ) -> AbstractContextManager[None]:
        """The right to write to these accounts, for one process at a time."""
        return account_locks.held(
            self._database.engine, self._database.lock_folder, accounts, wait_seconds=wait_seconds
        )


def _is(proposal_id: str, part: int, direction: str) -> Any:
    table = tables.write
    return (table.c.proposal_id == proposal_id) & (table.c.part == part) & (table.c.direction == direction)
