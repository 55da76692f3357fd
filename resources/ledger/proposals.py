"""Proposals in the ledger: taking them in, finding them, moving them on, and letting them end."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from resources.ledger import tables
from resources.ledger.base import AT_ONCE, Book, Entry, entry_of
from resources.ledger.proposal import Proposal
from resources.ledger.states import OPEN, State


class Proposals(Book):
    """Every proposal, and where it stands."""

    def propose(self, made: Proposal) -> bool:
        """Take a proposal in; one that waits for the same target gives way to it. False where that changes nothing.

        A target that is being written, or the very same changes waiting already, keep the new proposal out.
        """
        with self._writing() as connection:
            open_ones = self._open_on(connection, made)
            if any(one.state != State.PROPOSED for one in open_ones):
                return False
            if any(_same_deed(Proposal.model_validate_json(one.body), made) for one in open_ones):
                return False
            for one in open_ones:
                why = f"a newer proposal for the same target: {made.proposal_id}"
                self._move(connection, one.proposal_id, {State.PROPOSED}, State.SUPERSEDED, "proposals", why)
            at = self.clock()
            connection.execute(
                sa.insert(tables.proposal).values(
                    proposal_id=made.proposal_id, digest=made.digest, body=made.body, kind=made.kind,
                    as_of=made.as_of.isoformat(), state=State.PROPOSED,
                    level="propose" if made.level == "propose" else "automatic", created_at=made.created_at,
                    expires_at=made.expires_at, changed_at=at, reminded=0,
                )
            )  # fmt: skip
            connection.execute(
                sa.insert(tables.target),
                [
                    {"proposal_id": made.proposal_id, "part": n, **change.target.model_dump()}
                    for n, change in enumerate(made.changes)
                ],
            )
            self._note(connection, made.proposer, "proposed", made.proposal_id, {"digest": made.digest})
        return True

    def entry(self, proposal_id: str) -> Entry | None:
        """The proposal of that id, or None.

        Raises:
            DataUnusable: Its body no longer has the digest it was taken in with.
        """
        return next(iter(self.entries(ids=[proposal_id])), None)

    def entries(
        self, *, ids: Sequence[str] | None = None, states: Iterable[State] | None = None, level: str | None = None,
        limit: int | None = None,
    ) -> list[Entry]:  # fmt: skip
        """Proposals, oldest first: those of `ids`, those in `states`, those a person has to decide on (`propose`) or not (`automatic`)."""
        if ids is not None and len(ids) > AT_ONCE:
            parts = [ids[n : n + AT_ONCE] for n in range(0, len(ids), AT_ONCE)]
            return [entry for part in parts for entry in self.entries(ids=part, states=states)]
        table = tables.proposal
        asked = sa.select(table).order_by(table.c.created_at, table.c.proposal_id)
        if ids is not None:
            asked = asked.where(table.c.proposal_id.in_(ids))
        if states is not None:
            asked = asked.where(table.c.state.in_(list(states)))
        if level is not None:
            asked = asked.where(table.c.level == level)
        return [entry_of(row) for row in self._rows(asked.limit(limit))]

    def states(self, *, changed_since: datetime | None = None) -> dict[str, State]:
        """The state of every proposal, without its body."""
        table = tables.proposal
        asked = sa.select(table.c.proposal_id, table.c.state)
        if changed_since is not None:
            asked = asked.where(table.c.changed_at >= changed_since)
        return {row.proposal_id: State(row.state) for row in self._rows(asked)}

    def lacking(self, column: str, *, states: Iterable[State], limit: int) -> list[Entry]:
        """Proposals in `states` whose instant `column` (registered_at, announced_at) is not set yet."""
        table = tables.proposal
        asked = sa.select(table).where(table.c.state.in_(list(states)), table.c[column].is_(None))
        return [entry_of(row) for row in self._rows(asked.order_by(table.c.created_at).limit(limit))]

    def mark(self, column: str, ids: Sequence[str]) -> None:
        """Set the instant `column` (registered_at, announced_at, retired_at) of these proposals and batches to now."""
        for n in range(0, len(ids), AT_ONCE):
            some = ids[n : n + AT_ONCE]
            with self._writing() as connection:
                for table, key in ((tables.proposal, "proposal_id"), (tables.batch, "batch_id")):
                    if column in table.c:
                        connection.execute(
                            sa.update(table).where(table.c[key].in_(some)).values({column: self.clock()})
                        )

    def reminders_due(self, *, half_time: bool, before: timedelta, limit: int) -> list[Entry]:
        """Waiting proposals to remind of: those at half of their time, or those that expire within `before`."""
        table, now = tables.proposal, self.clock()
        asked = sa.select(table).where(table.c.state == State.PROPOSED, table.c.expires_at > now)
        if not half_time:
            asked = asked.where(table.c.reminded < 2, table.c.expires_at <= now + before)
            return [entry_of(row) for row in self._rows(asked.limit(limit))]
        found = [entry_of(row) for row in self._rows(asked.where(table.c.reminded < 1))]
        halves = [
            e
            for e in found
            if now - e.proposal.created_at >= (e.proposal.expires_at - e.proposal.created_at) / 2
        ]
        return halves[:limit]

    def reminded(self, ids: Sequence[str], count: int) -> None:
        with self._writing() as connection:
            connection.execute(
                sa.update(tables.proposal)
                .where(tables.proposal.c.proposal_id.in_(ids))
                .values(reminded=count)
            )

    def expire(self) -> list[str]:
        """End every proposal whose time is over before it was decided on or begun."""
        table = tables.proposal
        asked = sa.select(table.c.proposal_id).where(
            table.c.state.in_([State.PROPOSED, State.APPROVED]), table.c.expires_at <= self.clock()
        )
        due = [row.proposal_id for row in self._rows(asked)]
        return [
            one
            for one in due
            if self.move(one, {State.PROPOSED, State.APPROVED}, State.EXPIRED, "clock", "its time is over")
        ]

    def to_retire(self, *, ended_before: datetime, limit: int) -> list[str]:
        """Proposals and batches that ended before then and still stand in the UI."""
        table = tables.proposal
        asked = sa.select(table.c.proposal_id).where(
            table.c.state.not_in(list(OPEN)), table.c.changed_at < ended_before, table.c.retired_at.is_(None),
            table.c.registered_at.is_not(None),
        )  # fmt: skip
        found = [row.proposal_id for row in self._rows(asked.limit(limit))]
        batches = sa.select(tables.batch.c.batch_id).where(
            tables.batch.c.created_at < ended_before, tables.batch.c.retired_at.is_(None)
        )
        return found + [row.batch_id for row in self._rows(batches.limit(limit))]

    def move(self, proposal_id: str, before: Iterable[State], to: State, actor: str, why: str) -> bool:
        """From one of `before` to `to`, if it stands there now. False: somebody else was first.

        Raises:
            ValueError: NEXT has no such step.
        """
        with self._writing() as connection:
            return self._move(connection, proposal_id, set(before), to, actor, why)

    def _open_on(self, connection: sa.Connection, made: Proposal) -> list[Any]:
        table = tables.proposal
        found: list[Any] = []
        for change in made.changes:
            on_it = sa.select(tables.target.c.proposal_id).where(
                *(tables.target.c[name] == value for name, value in change.target.model_dump().items())
            )
            found += connection.execute(
                sa.select(table).where(table.c.proposal_id.in_(on_it), table.c.state.in_(list(OPEN)))
            ).all()
        return list({row.proposal_id: row for row in found}.values())


def _same_deed(one: Proposal, other: Proposal) -> bool:
    def deed(made: Proposal) -> list[tuple[Any, ...]]:
        return [
            (change.target, change.field, change.before, change.after, change.image)
            for change in made.changes
        ]

    return deed(one) == deed(other)
