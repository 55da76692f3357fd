"""The ledger's reads and writes. Every transition is one conditional update, and every deed leaves an audit entry in its own
transaction: either both happened or neither.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable
from resources.ledger import account_locks, audit_chain, tables
from resources.ledger.audiences import Audiences
from resources.ledger.base import KILL, Batch, Entry, Written, batch_of
from resources.ledger.decisions import Decisions
from resources.ledger.engine import READS
from resources.ledger.notices import Notices
from resources.ledger.proposal import Proposal, canonical, set_digest, set_summary
from resources.ledger.proposals import Proposals
from resources.ledger.states import IN_FLIGHT, Sent, State


class Ledger(Proposals, Decisions, Audiences, Notices):
    """Proposals, decisions, batches, writes, audiences, switches, shadows, the audit and what people were told, in one database."""

    # Batches

    def make_batch(self, batch_id: str, digests: dict[str, str]) -> Batch:
        """Several proposals under one key, with the digest over theirs."""
        made = Batch(batch_id, set_digest(digests.values()), tuple(sorted(digests)), self.clock())
        with self._writing() as connection:
            found = connection.execute(
                sa.select(tables.batch).where(tables.batch.c.batch_id == batch_id)
            ).first()
            if found is None:
                connection.execute(
                    sa.insert(tables.batch).values(
                        batch_id=batch_id,
                        digest=made.digest,
                        members=canonical(list(made.members)),
                        created_at=made.created_at,
                    )
                )
                self._note(
                    connection, "proposals", "batched", None, {"batch": batch_id, "digest": made.digest}
                )
        return self.batch(batch_id) or made

    def batch(self, batch_id: str) -> Batch | None:
        rows = self._rows(sa.select(tables.batch).where(tables.batch.c.batch_id == batch_id))
        return batch_of(rows[0]) if rows else None

    def new_batches(self) -> list[Batch]:
        """Batches that are not registered in Dagster yet."""
        return [
            batch_of(row)
            for row in self._rows(sa.select(tables.batch).where(tables.batch.c.registered_at.is_(None)))
        ]

    def members(self, key: str) -> list[Entry]:
        """The proposals that a partition key stands for: one, or those of a batch.

        Raises:
            DataUnusable: The ledger knows no such key, or not what it once took in.
        """
        batch = self.batch(key)
        if batch is None:
            entry = self.entry(key)
            if entry is None:
                raise DataUnusable(
                    f"The ledger knows no proposal '{key}'. Partitions that people add by hand mean nothing."
                )
            return [entry]
        found = self.entries(ids=list(batch.members))
        if set_digest(entry.proposal.digest for entry in found) != batch.digest:
            raise DataUnusable(
                f"Batch {key} no longer has the digest it was made with. Nothing is done; run `audit verify`."
            )
        return found

    def summary(self, key: str) -> str:
        """What an approver decides on under that key."""
        entries = self.members(key)
        return (
            entries[0].proposal.summary
            if self.batch(key) is None
            else set_summary(e.proposal.digest for e in entries)
        )

    # Writes

    def intend(self, proposal_id: str, part: int, direction: str, *, run_id: str) -> bool:
        """The right to send one write, given once for ever. False: it was given before, or the kill switch is on, or the proposal is not being executed."""
        table = tables.write
        with self._writing() as connection:
            state = connection.execute(
                sa.select(tables.proposal.c.state)
                .where(tables.proposal.c.proposal_id == proposal_id)
                .with_for_update()
            ).scalar()
            allowed = IN_FLIGHT if direction == "back" else (State.EXECUTING,)
            mine = (
                (table.c.proposal_id == proposal_id)
                & (table.c.part == part)
                & (table.c.direction == direction)
            )
            given = connection.execute(sa.select(table.c.state).where(mine)).first()
            if state not in allowed or given is not None or self._is_on(connection, KILL):
                return False
            connection.execute(
                sa.insert(table).values(
                    proposal_id=proposal_id, part=part, direction=direction, state=Sent.INTENDED, run_id=run_id,
                    intended_at=self.clock(),
                )
            )  # fmt: skip
            self._note(
                connection, run_id, "write intended", proposal_id, {"part": part, "direction": direction}
            )
        return True

    def answered(
        self, proposal_id: str, part: int, direction: str, state: Sent, *, request_id: str | None = None, said: str | None = None
    ) -> None:  # fmt: skip
        """What became of a write."""
        table = tables.write
        with self._writing() as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.proposal_id == proposal_id, table.c.part == part, table.c.direction == direction)
                .values(
                    state=state, ended_at=self.clock(), said=sa.func.coalesce(said, table.c.said),
                    request_id=sa.func.coalesce(request_id, table.c.request_id),
                )
            )  # fmt: skip
            detail = {"part": part, "direction": direction, "request": request_id, "said": said}
            self._note(connection, "platform", f"write {state}", proposal_id, detail)

    def writes(self, proposal_id: str) -> list[Written]:
        """The writes of a proposal, in the order they were intended."""
        table = tables.write
        asked = (
            sa.select(table)
            .where(table.c.proposal_id == proposal_id)
            .order_by(table.c.intended_at, table.c.part)
        )
        return [
            Written(
                row.part,
                row.direction,
                Sent(row.state),
                row.run_id,
                row.intended_at,
                row.request_id,
                row.said,
            )
            for row in self._rows(asked)
        ]

    def written_since(self, since: datetime) -> list[tuple[Proposal, Written]]:
        """Every write that happened or may have happened since then, with its proposal: what the limits count."""
        table = tables.write
        asked = sa.select(table.c.proposal_id).where(table.c.intended_at >= since).distinct()
        ids = [row.proposal_id for row in self._rows(asked)]
        not_done = {Sent.REFUSED, Sent.ABSENT}
        return [
            (entry.proposal, written)
            for entry in self.entries(ids=ids)
            for written in self.writes(entry.proposal_id)
            if written.intended_at >= since and written.state not in not_done
        ]

    def executor(
        self, accounts: Iterable[tuple[str, str]], *, wait_seconds: float = account_locks.WAIT_SECONDS
    ) -> AbstractContextManager[None]:
        """The right to write to these accounts, for one process at a time."""
        return account_locks.held(self._engine, self._folder, accounts, wait_seconds=wait_seconds)

    # Switches, shadows, audit

    def turn(self, name: str, *, on: bool, person: str, reason: str) -> None:
        """Turn a switch on or off."""
        with self._writing() as connection:
            connection.execute(sa.delete(tables.switch).where(tables.switch.c.name == name))
            connection.execute(
                sa.insert(tables.switch).values(
                    name=name, is_on=on, person=person, reason=reason, at=self.clock()
                )
            )
            self._note(connection, person, f"{name} switch {'on' if on else 'off'}", None, {"reason": reason})

    def switch(self, name: str) -> Any | None:
        """The switch (is_on, person, reason, at), or None where nobody ever touched it."""
        rows = self._rows(sa.select(tables.switch).where(tables.switch.c.name == name))
        return rows[0] if rows else None

    def overshadow(
        self, shadow_id: str, *, scope: str, level: str, body: Any, proposal_id: str | None
    ) -> None:
        """Remember what an automatic level would have done. The same again changes nothing."""
        table = tables.shadow
        with self._writing() as connection:
            if (
                connection.execute(sa.select(table.c.shadow_id).where(table.c.shadow_id == shadow_id)).first()
                is None
            ):
                connection.execute(
                    sa.insert(table).values(
                        shadow_id=shadow_id,
                        scope=scope,
                        level=level,
                        body=canonical(body),
                        proposal_id=proposal_id,
                        at=self.clock(),
                    )
                )

    def shadow_score(self, scope: str, level: str) -> tuple[int, int]:
        """Of what that level would have done in a scope: how many people decided on, and how many of those they approved."""
        table, decided = tables.shadow, tables.decision
        asked = (
            sa.select(decided.c.verdict, sa.func.count(sa.distinct(table.c.shadow_id)))
            .join(decided, decided.c.proposal_id == table.c.proposal_id)
            .where(table.c.scope == scope, table.c.level == level, decided.c.proof != "policy")
            .group_by(decided.c.verdict)
        )
        counts = {str(row[0]): int(row[1]) for row in self._rows(asked)}
        return sum(counts.values()), counts.get("approve", 0)

    def audit(self) -> Iterator[Any]:
        """Audit entries, oldest first."""
        yield from self._rows(sa.select(tables.audit).order_by(tables.audit.c.seq))

    def verify(self) -> audit_chain.Verified:
        """Whether the audit's chain and the proposals' digests hold."""
        with self._engine.connect().execution_options(**READS) as connection, connection.begin():
            head = connection.execute(sa.select(tables.audit_head)).first()
            found = audit_chain.verify(
                connection.execute(sa.select(tables.audit).order_by(tables.audit.c.seq)), head
            )
        if found.broken is None:
            try:
                self.entries()
            except DataUnusable as error:
                return audit_chain.Verified(found.entries, found.head, str(error))
        return found
