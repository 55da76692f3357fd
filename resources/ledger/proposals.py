"""Proposals and batches in the ledger: taking them in, finding them, moving them on, and letting them end."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable
from resources.ledger import tables
from resources.ledger.database import AT_ONCE, LedgerDatabase
from resources.ledger.proposal import Proposal, canonical, set_digest, set_summary
from resources.ledger.records import LedgerEntry, ProposalBatch, batch_of, entry_of
from resources.ledger.states import OPEN, State


class ProposalStore:
    """Every proposal and every batch, with its state."""

    def __init__(self, database: LedgerDatabase) -> None:
        self._database = database

    def propose(self, proposal: Proposal) -> bool:
        """Take a proposal in; one that waits for the same aspect of the same target gives way to it. False where that changes
        nothing.

        A target that is being written, or the very same changes waiting already, keep the new proposal out.
        """
        with self._database.writing() as connection:
            open_ones = self._open_on(connection, proposal)
            if any(row.state != State.PROPOSED for row in open_ones):
                return False
            if any(_changes_the_same(Proposal.model_validate_json(row.body), proposal) for row in open_ones):
                return False
            for waiting in open_ones:
                why = f"a newer proposal for the same target: {proposal.proposal_id}"
                self._database.move(
                    connection, waiting.proposal_id, {State.PROPOSED}, State.SUPERSEDED, "proposals", why
                )
            at = self._database.clock()
            connection.execute(
                sa.insert(tables.proposal).values(
                    proposal_id=proposal.proposal_id,
                    digest=proposal.digest,
                    body=proposal.body,
                    kind=proposal.kind,
                    as_of=proposal.as_of.isoformat(),
                    state=State.PROPOSED,
                    level="propose" if proposal.level == "propose" else "automatic",
                    created_at=proposal.created_at,
                    expires_at=proposal.expires_at,
                    changed_at=at,
                    reminded=0,
                )
            )
            connection.execute(
                sa.insert(tables.target),
                [
                    {
                        "proposal_id": proposal.proposal_id,
                        "part": n,
                        "aspect": change.aspect,
                        **change.target.model_dump(),
                    }
                    for n, change in enumerate(proposal.changes)
                ],
            )
            self._database.note(
                connection, proposal.proposer, "proposed", proposal.proposal_id, {"digest": proposal.digest}
            )
        return True

    def entry(self, proposal_id: str) -> LedgerEntry | None:
        """The proposal of that id, or None.

        Raises:
            DataUnusable: Its body no longer has the digest it was taken in with.
        """
        return next(iter(self.entries(ids=[proposal_id])), None)

    def entries(
        self,
        *,
        ids: Sequence[str] | None = None,
        states: Iterable[State] | None = None,
        level: str | None = None,
        limit: int | None = None,
    ) -> list[LedgerEntry]:
        """Proposals, oldest first: those of `ids`, those in `states`, those a person has to decide on
        (`propose`) or not (`automatic`).
        """
        if ids is not None and len(ids) > AT_ONCE:
            parts = [ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE)]
            return [entry for part in parts for entry in self.entries(ids=part, states=states)]
        table = tables.proposal
        query = sa.select(table).order_by(table.c.created_at, table.c.proposal_id)
        if ids is not None:
            query = query.where(table.c.proposal_id.in_(ids))
        if states is not None:
            query = query.where(table.c.state.in_(list(states)))
        if level is not None:
            query = query.where(table.c.level == level)
        return [entry_of(row) for row in self._database.rows(query.limit(limit))]

    def states(self, *, changed_since: datetime | None = None) -> dict[str, State]:
        """The state of every proposal, without its body."""
        table = tables.proposal
        query = sa.select(table.c.proposal_id, table.c.state)
        if changed_since is not None:
            query = query.where(table.c.changed_at >= changed_since)
        return {row.proposal_id: State(row.state) for row in self._database.rows(query)}

    def lacking(self, column: str, *, states: Iterable[State], limit: int) -> list[LedgerEntry]:
        """Proposals in `states` whose instant `column` (registered_at, announced_at) is not set yet."""
        table = tables.proposal
        query = sa.select(table).where(table.c.state.in_(list(states)), table.c[column].is_(None))
        return [entry_of(row) for row in self._database.rows(query.order_by(table.c.created_at).limit(limit))]

    def mark(self, column: str, ids: Sequence[str]) -> None:
        """Set the instant `column` (registered_at, announced_at, retired_at) of these proposals and batches
        to now.
        """
        for n in range(0, len(ids), AT_ONCE):
            batch_ids = ids[n : n + AT_ONCE]
            with self._database.writing() as connection:
                for table, key in ((tables.proposal, "proposal_id"), (tables.batch, "batch_id")):
                    if column in table.c:
                        connection.execute(
                            sa.update(table)
                            .where(table.c[key].in_(batch_ids))
                            .values({column: self._database.clock()})
                        )

    def reminders_due(self, *, half_time: bool, before: timedelta, limit: int) -> list[LedgerEntry]:
        """Waiting proposals to remind of: those at half of their time, or those that expire within `before`."""
        table, now = tables.proposal, self._database.clock()
        query = sa.select(table).where(table.c.state == State.PROPOSED, table.c.expires_at > now)
        if not half_time:
            query = query.where(table.c.reminded < 2, table.c.expires_at <= now + before)
            return [entry_of(row) for row in self._database.rows(query.limit(limit))]
        entries = [entry_of(row) for row in self._database.rows(query.where(table.c.reminded < 1))]
        at_half_time = [
            entry
            for entry in entries
            if now - entry.proposal.created_at >= (entry.proposal.expires_at - entry.proposal.created_at) / 2
        ]
        return at_half_time[:limit]

    def reminded(self, ids: Sequence[str], count: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                sa.update(tables.proposal)
                .where(tables.proposal.c.proposal_id.in_(ids))
                .values(reminded=count)
            )

    def expire(self) -> list[str]:
        """End every proposal whose time is over before it was decided on or begun."""
        table = tables.proposal
        query = sa.select(table.c.proposal_id).where(
            table.c.state.in_([State.PROPOSED, State.APPROVED]), table.c.expires_at <= self._database.clock()
        )
        due = [row.proposal_id for row in self._database.rows(query)]
        return [
            proposal_id
            for proposal_id in due
            if self.move(
                proposal_id, {State.PROPOSED, State.APPROVED}, State.EXPIRED, "clock", "its time is over"
            )
        ]

    def to_retire(self, *, ended_before: datetime, limit: int) -> list[str]:
        """Proposals and batches that ended before then and still stand in the UI."""
        table = tables.proposal
        query = sa.select(table.c.proposal_id).where(
            table.c.state.not_in(list(OPEN)),
            table.c.changed_at < ended_before,
            table.c.retired_at.is_(None),
            table.c.registered_at.is_not(None),
        )
        proposal_ids = [row.proposal_id for row in self._database.rows(query.limit(limit))]
        batches = sa.select(tables.batch.c.batch_id).where(
            tables.batch.c.created_at < ended_before, tables.batch.c.retired_at.is_(None)
        )
        return proposal_ids + [row.batch_id for row in self._database.rows(batches.limit(limit))]

    def move(self, proposal_id: str, before: Iterable[State], to: State, actor: str, why: str) -> bool:
        """From one of `before` to `to`, if it stands there now. False: somebody else was first.

        Raises:
            ValueError: NEXT has no such step.
        """
        with self._database.writing() as connection:
            return self._database.move(connection, proposal_id, set(before), to, actor, why)

    def with_digests(self, digests: Iterable[str]) -> list[LedgerEntry]:
        """The proposals that have these digests, oldest first."""
        table = tables.proposal
        query = sa.select(table).where(table.c.digest.in_(list(digests))).order_by(table.c.created_at)
        return [entry_of(row) for row in self._database.rows(query)]

    # Batches

    def make_batch(self, batch_id: str, digests: dict[str, str]) -> ProposalBatch:
        """Several proposals under one key, with the digest over theirs."""
        batch = ProposalBatch(
            batch_id, set_digest(digests.values()), tuple(sorted(digests)), self._database.clock()
        )
        table = tables.batch
        with self._database.writing() as connection:
            if (
                connection.execute(sa.select(table.c.batch_id).where(table.c.batch_id == batch_id)).first()
                is None
            ):
                connection.execute(
                    sa.insert(table).values(
                        batch_id=batch_id,
                        digest=batch.digest,
                        members=canonical(list(batch.members)),
                        created_at=batch.created_at,
                    )
                )
                detail = {"batch": batch_id, "digest": batch.digest}
                self._database.note(connection, "proposals", "batched", None, detail)
        return self.batch(batch_id) or batch

    def batch(self, batch_id: str) -> ProposalBatch | None:
        rows = self._database.rows(sa.select(tables.batch).where(tables.batch.c.batch_id == batch_id))
        return batch_of(rows[0]) if rows else None

    def new_batches(self) -> list[ProposalBatch]:
        """Batches that are not registered in Dagster yet."""
        query = sa.select(tables.batch).where(tables.batch.c.registered_at.is_(None))
        return [batch_of(row) for row in self._database.rows(query)]

    def members(self, key: str) -> list[LedgerEntry]:
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
        entries = self.entries(ids=list(batch.members))
        if set_digest(entry.proposal.digest for entry in entries) != batch.digest:
            raise DataUnusable(
                f"Batch {key} no longer has the digest it was made with. Nothing is done; run `audit verify`."
            )
        return entries

    def summary(self, key: str) -> str:
        """What an approver decides on under that key."""
        entries = self.members(key)
        if self.batch(key) is None:
            return entries[0].proposal.summary
        return set_summary(entry.proposal.digest for entry in entries)

    def _open_on(self, connection: sa.Connection, proposal: Proposal) -> list[Any]:
        table = tables.proposal
        rows: list[Any] = []
        for change in proposal.changes:
            on_target = sa.select(tables.target.c.proposal_id).where(
                tables.target.c.aspect == change.aspect,
                *(tables.target.c[name] == value for name, value in change.target.model_dump().items()),
            )
            rows += connection.execute(
                sa.select(table).where(table.c.proposal_id.in_(on_target), table.c.state.in_(list(OPEN)))
            ).all()
        return list({row.proposal_id: row for row in rows}.values())


def _changes_the_same(proposal: Proposal, other: Proposal) -> bool:
    """Whether two proposals would leave the same: a number of people alone makes no difference."""

    def content(of: Proposal) -> list[dict[str, Any]]:
        return [change.model_dump(exclude={"step"}) for change in of.changes]

    return content(proposal) == content(other)
