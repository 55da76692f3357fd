"""Decisions: who said yes or no to exactly what, and the codes that proved it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from resources.ledger import tables
from resources.ledger.base import Book, CodeSpent, Decided, entry_of
from resources.ledger.proposal import Proposal
from resources.ledger.states import State


class Decisions(Book):
    """What approvers decided, and what they used up by it."""

    def decide(
        self, ids: Sequence[str], *, approver: str, approve: bool, reason: str, proof: str, code: str, scope: str,
        run_id: str, needed: Callable[[Proposal], int],
    ) -> list[Decided]:  # fmt: skip
        """Spend the code and count the decision for each proposal, in one transaction.

        Args:
            ids: Proposals decided on.
            approver: Who decided, proven before.
            approve: False rejects; one rejection is enough.
            reason: Their words.
            proof: How they proved who they are: totp, bound, proxy, policy.
            code: What the proof used up; the same code serves again within the same `scope` alone.
            scope: The run or the backfill that the code was given for.
            run_id: The run it was given in.
            needed: How many different approvers a proposal needs.

        Raises:
            CodeSpent: The code served another scope before; nothing was decided.
        """
        with self._writing() as connection:
            self._spend(connection, approver, code, scope)
            return [
                self._decide(
                    connection, one, approver=approver, approve=approve, reason=reason, proof=proof, run_id=run_id, needed=needed
                )
                for one in ids
            ]  # fmt: skip

    def decisions(self, proposal_id: str) -> list[Any]:
        """Decisions on a proposal, oldest first: approver, verdict, reason, proof, run_id, decided_at."""
        table = tables.decision
        return self._rows(
            sa.select(table).where(table.c.proposal_id == proposal_id).order_by(table.c.decided_at)
        )

    def spend(self, name: str, code: str, *, scope: str) -> None:
        """Use a code up for something other than a decision.

        Raises:
            CodeSpent: It was used before.
        """
        with self._writing() as connection:
            self._spend(connection, name, code, scope)

    def wrong_code(self, approver: str) -> None:
        """Remember that a wrong code was given in that name."""
        with self._writing() as connection:
            connection.execute(sa.insert(tables.wrong_code).values(approver=approver, at=self.clock()))
            self._note(connection, approver, "wrong code", None, {})

    def wrong_codes(self, approver: str, *, since: datetime) -> int:
        table = tables.wrong_code
        asked = (
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.approver == approver, table.c.at >= since)
        )
        return int(self._rows(asked)[0][0])

    def launched(self, run_id: str, person: str) -> None:
        """Remember who launched a run, as an authenticating proxy proved it. The first word stands."""
        with self._writing() as connection:
            if (
                connection.execute(sa.select(tables.launch).where(tables.launch.c.run_id == run_id)).first()
                is None
            ):
                connection.execute(
                    sa.insert(tables.launch).values(run_id=run_id, person=person, at=self.clock())
                )

    def launched_by(self, run_id: str) -> str | None:
        rows = self._rows(sa.select(tables.launch.c.person).where(tables.launch.c.run_id == run_id))
        return str(rows[0].person) if rows else None

    def _decide(
        self, connection: sa.Connection, proposal_id: str, *, approver: str, approve: bool, reason: str, proof: str,
        run_id: str, needed: Callable[[Proposal], int],
    ) -> Decided:  # fmt: skip
        row = connection.execute(
            sa.select(tables.proposal).where(tables.proposal.c.proposal_id == proposal_id).with_for_update()
        ).one()
        entry = entry_of(row)
        if entry.state != State.PROPOSED:
            return Decided(
                proposal_id,
                entry.state,
                counted=False,
                words=f"is {entry.state} already; this decision changes nothing",
            )
        if entry.proposal.expires_at <= self.clock():
            self._move(connection, proposal_id, {State.PROPOSED}, State.EXPIRED, "gate", "its time is over")
            return Decided(
                proposal_id, State.EXPIRED, counted=False, words="expired before it was decided on"
            )
        table, verdict = tables.decision, "approve" if approve else "reject"
        mine = (table.c.proposal_id == proposal_id) & (table.c.approver == approver)
        if connection.execute(sa.select(table.c.verdict).where(mine)).first() is not None:
            return Decided(
                proposal_id,
                entry.state,
                counted=False,
                words=f"{approver} has decided before; it waits for somebody else",
            )
        connection.execute(
            sa.insert(table).values(
                proposal_id=proposal_id, approver=approver, digest=row.digest, verdict=verdict, reason=reason,
                proof=proof, run_id=run_id, decided_at=self.clock(),
            )
        )  # fmt: skip
        self._note(
            connection,
            approver,
            verdict,
            proposal_id,
            {"proof": proof, "run": run_id, "reason": reason, "digest": row.digest},
        )
        if not approve:
            self._move(
                connection, proposal_id, {State.PROPOSED}, State.REJECTED, approver, reason or "rejected"
            )
            return Decided(proposal_id, State.REJECTED, counted=True, words=f"rejected by {approver}")
        told = connection.execute(
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.proposal_id == proposal_id, table.c.verdict == "approve")
        ).scalar()
        count, of = int(told or 0), needed(entry.proposal)
        if count < of:
            return Decided(
                proposal_id,
                State.PROPOSED,
                counted=True,
                words=f"approved by {count} of {of}: another approver has to agree",
            )
        self._move(
            connection,
            proposal_id,
            {State.PROPOSED},
            State.APPROVED,
            approver,
            f"approved by {count} of {of}",
        )
        return Decided(proposal_id, State.APPROVED, counted=True, words=f"approved by {approver}")

    def _spend(self, connection: sa.Connection, approver: str, code: str, scope: str) -> None:
        table = tables.spent_code
        mine = (table.c.approver == approver) & (table.c.code == code)
        found = connection.execute(sa.select(table.c.scope).where(mine)).first()
        if found is not None and found.scope != scope:
            raise CodeSpent
        if found is None:
            try:
                with connection.begin_nested():
                    connection.execute(
                        sa.insert(table).values(
                            approver=approver, code=code, scope=scope, spent_at=self.clock()
                        )
                    )
            except sa.exc.IntegrityError:
                raise CodeSpent from None
