"""The ledger's reads and writes. Every transition is one conditional update, and every deed leaves an audit entry in its own
transaction: either both happened or neither.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable, PaidMediaError
from resources.ledger import chain, locks, tables
from resources.ledger.engine import READS, connect
from resources.ledger.proposal import Proposal, canonical, set_digest, set_summary
from resources.ledger.states import IN_FLIGHT, NEXT, OPEN, Sent, State

KILL = "kill"
_AT_ONCE = 500


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


class Ledger:
    """One database. Plain object without a configuration schema: nothing of it can be overridden from the launchpad."""

    def __init__(self, url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine, self.now = connect(url), now
        database = sa.make_url(url).database
        self._folder = Path(f"{database}.locks") if self._engine.dialect.name == "sqlite" else None
        if self._folder:
            self._folder.mkdir(exist_ok=True)

    # Proposals

    def propose(self, made: Proposal) -> bool:
        """Take a proposal in; one that waits for the same target gives way to it. False where that changes nothing.

        A target that is being written, or the very same changes waiting already, keep the new proposal out.
        """
        with self._engine.begin() as connection:
            open_ones = self._open_on(connection, made)
            if any(one.state != State.PROPOSED for one in open_ones):
                return False
            if any(_same_deed(Proposal.model_validate_json(one.body), made) for one in open_ones):
                return False
            for one in open_ones:
                why = f"a newer proposal for the same target: {made.proposal_id}"
                self._move(connection, one.proposal_id, {State.PROPOSED}, State.SUPERSEDED, "proposals", why)
            at = self.now()
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
        if ids is not None and len(ids) > _AT_ONCE:
            parts = [ids[n : n + _AT_ONCE] for n in range(0, len(ids), _AT_ONCE)]
            return [entry for part in parts for entry in self.entries(ids=part, states=states)]
        table = tables.proposal
        asked = sa.select(table).order_by(table.c.created_at, table.c.proposal_id)
        if ids is not None:
            asked = asked.where(table.c.proposal_id.in_(ids))
        if states is not None:
            asked = asked.where(table.c.state.in_(list(states)))
        if level is not None:
            asked = asked.where(table.c.level == level)
        return [_entry(row) for row in self._rows(asked.limit(limit))]

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
        return [_entry(row) for row in self._rows(asked.order_by(table.c.created_at).limit(limit))]

    def mark(self, column: str, ids: Sequence[str]) -> None:
        """Set the instant `column` (registered_at, announced_at, retired_at) of these proposals and batches to now."""
        for n in range(0, len(ids), _AT_ONCE):
            some = ids[n : n + _AT_ONCE]
            with self._engine.begin() as connection:
                for table, key in ((tables.proposal, "proposal_id"), (tables.batch, "batch_id")):
                    if column in table.c:
                        connection.execute(
                            sa.update(table).where(table.c[key].in_(some)).values({column: self.now()})
                        )

    def reminders_due(self, *, half_time: bool, before: timedelta, limit: int) -> list[Entry]:
        """Waiting proposals to remind of: those at half of their time, or those that expire within `before`."""
        table, now = tables.proposal, self.now()
        asked = sa.select(table).where(table.c.state == State.PROPOSED, table.c.expires_at > now)
        if not half_time:
            asked = asked.where(table.c.reminded < 2, table.c.expires_at <= now + before)
            return [_entry(row) for row in self._rows(asked.limit(limit))]
        found = [_entry(row) for row in self._rows(asked.where(table.c.reminded < 1))]
        halves = [
            e
            for e in found
            if now - e.proposal.created_at >= (e.proposal.expires_at - e.proposal.created_at) / 2
        ]
        return halves[:limit]

    def reminded(self, ids: Sequence[str], count: int) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(tables.proposal)
                .where(tables.proposal.c.proposal_id.in_(ids))
                .values(reminded=count)
            )

    def expire(self) -> list[str]:
        """End every proposal whose time is over before it was decided on or begun."""
        table = tables.proposal
        asked = sa.select(table.c.proposal_id).where(
            table.c.state.in_([State.PROPOSED, State.APPROVED]), table.c.expires_at <= self.now()
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
        with self._engine.begin() as connection:
            return self._move(connection, proposal_id, set(before), to, actor, why)

    # Decisions

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
        with self._engine.begin() as connection:
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
        with self._engine.begin() as connection:
            self._spend(connection, name, code, scope)

    def wrong_code(self, approver: str) -> None:
        """Remember that a wrong code was given in that name."""
        with self._engine.begin() as connection:
            connection.execute(sa.insert(tables.wrong_code).values(approver=approver, at=self.now()))
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
        with self._engine.begin() as connection:
            if (
                connection.execute(sa.select(tables.launch).where(tables.launch.c.run_id == run_id)).first()
                is None
            ):
                connection.execute(
                    sa.insert(tables.launch).values(run_id=run_id, person=person, at=self.now())
                )

    def launched_by(self, run_id: str) -> str | None:
        rows = self._rows(sa.select(tables.launch.c.person).where(tables.launch.c.run_id == run_id))
        return str(rows[0].person) if rows else None

    # Batches

    def make_batch(self, batch_id: str, digests: dict[str, str]) -> Batch:
        """Several proposals under one key, with the digest over theirs."""
        made = Batch(batch_id, set_digest(digests.values()), tuple(sorted(digests)), self.now())
        with self._engine.begin() as connection:
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
        return _batch(rows[0]) if rows else None

    def new_batches(self) -> list[Batch]:
        """Batches that are not registered in Dagster yet."""
        return [
            _batch(row)
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
        with self._engine.begin() as connection:
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
                    intended_at=self.now(),
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
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.proposal_id == proposal_id, table.c.part == part, table.c.direction == direction)
                .values(
                    state=state, ended_at=self.now(), said=sa.func.coalesce(said, table.c.said),
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
        self, accounts: Iterable[tuple[str, str]], *, wait_seconds: float = locks.WAIT_SECONDS
    ) -> AbstractContextManager[None]:
        """The right to write to these accounts, for one process at a time."""
        return locks.held(self._engine, self._folder, accounts, wait_seconds=wait_seconds)

    # Switches, shadows, audit

    def turn(self, name: str, *, on: bool, person: str, reason: str) -> None:
        """Turn a switch on or off."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(tables.switch).where(tables.switch.c.name == name))
            connection.execute(
                sa.insert(tables.switch).values(
                    name=name, is_on=on, person=person, reason=reason, at=self.now()
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
        with self._engine.begin() as connection:
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
                        at=self.now(),
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

    def note(self, actor: str, event: str, proposal_id: str | None, detail: Any) -> None:
        """An audit entry of its own."""
        with self._engine.begin() as connection:
            self._note(connection, actor, event, proposal_id, detail)

    def audit(self) -> Iterator[Any]:
        """Audit entries, oldest first."""
        yield from self._rows(sa.select(tables.audit).order_by(tables.audit.c.seq))

    def verify(self) -> chain.Verified:
        """Whether the audit's chain and the proposals' digests hold."""
        with self._engine.connect().execution_options(**READS) as connection, connection.begin():
            head = connection.execute(sa.select(tables.audit_head)).first()
            found = chain.verify(
                connection.execute(sa.select(tables.audit).order_by(tables.audit.c.seq)), head
            )
        if found.broken is None:
            try:
                self.entries()
            except DataUnusable as error:
                return chain.Verified(found.entries, found.head, str(error))
        return found

    # Inside a transaction

    def _move(
        self, connection: sa.Connection, proposal_id: str, before: set[State], to: State, actor: str, why: str
    ) -> bool:
        if wrong := [one for one in before if to not in NEXT[one]]:
            raise ValueError(f"a proposal never goes from {wrong[0]} to {to}")
        table = tables.proposal
        moved = connection.execute(
            sa.update(table)
            .where(table.c.proposal_id == proposal_id, table.c.state.in_(list(before)))
            .values(state=to, why=why, changed_at=self.now())
        )
        if moved.rowcount == 1:
            self._note(connection, actor, str(to), proposal_id, {"why": why})
        return moved.rowcount == 1

    def _open_on(self, connection: sa.Connection, made: Proposal) -> list[Any]:
        table, found = tables.proposal, []
        for change in made.changes:
            on_it = sa.select(tables.target.c.proposal_id).where(
                *(tables.target.c[name] == value for name, value in change.target.model_dump().items())
            )
            found += connection.execute(
                sa.select(table).where(table.c.proposal_id.in_(on_it), table.c.state.in_(list(OPEN)))
            ).all()
        return list({row.proposal_id: row for row in found}.values())

    def _decide(
        self, connection: sa.Connection, proposal_id: str, *, approver: str, approve: bool, reason: str, proof: str,
        run_id: str, needed: Callable[[Proposal], int],
    ) -> Decided:  # fmt: skip
        row = connection.execute(
            sa.select(tables.proposal).where(tables.proposal.c.proposal_id == proposal_id).with_for_update()
        ).one()
        entry = _entry(row)
        if entry.state != State.PROPOSED:
            return Decided(
                proposal_id,
                entry.state,
                counted=False,
                words=f"is {entry.state} already; this decision changes nothing",
            )
        if entry.proposal.expires_at <= self.now():
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
                proof=proof, run_id=run_id, decided_at=self.now(),
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
                            approver=approver, code=code, scope=scope, spent_at=self.now()
                        )
                    )
            except sa.exc.IntegrityError:
                raise CodeSpent from None

    def _is_on(self, connection: sa.Connection, name: str) -> bool:
        row = connection.execute(sa.select(tables.switch.c.is_on).where(tables.switch.c.name == name)).first()
        return bool(row and row.is_on)

    def _note(
        self, connection: sa.Connection, actor: str, event: str, proposal_id: str | None, detail: Any
    ) -> None:
        chain.append(
            connection, at=self.now(), actor=actor, event=event, proposal_id=proposal_id, detail=detail
        )

    def _rows(self, asked: Any) -> list[Any]:
        with self._engine.connect().execution_options(**READS) as connection, connection.begin():
            return list(connection.execute(asked).all())


def _entry(row: Any) -> Entry:
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


def _batch(row: Any) -> Batch:
    return Batch(row.batch_id, row.digest, tuple(json.loads(row.members)), row.created_at)


def _same_deed(one: Proposal, other: Proposal) -> bool:
    def deed(made: Proposal) -> list[tuple[Any, ...]]:
        return [
            (change.target, change.field, change.before, change.after, change.image)
            for change in made.changes
        ]

    return deed(one) == deed(other)
