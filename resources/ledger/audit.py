"""The audit trail: adding to it, reading it, and holding the ledger's tables against it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from resources.errors import DataUnusable
from resources.ledger import audit_chain, tables
from resources.ledger.anchor import AnchorFile
from resources.ledger.audit_chain import ChainVerification
from resources.ledger.database import LedgerDatabase
from resources.ledger.proposals import ProposalStore
from resources.ledger.replay import ReplayedLedger, proposal_difference

_MARGIN = 500
"""Entries before a proposal's own that are followed too, so that of several proposals of one morning the
chain is read once.
"""


class AuditTrail:
    """The chain, and what it says of the tables."""

    def __init__(self, database: LedgerDatabase, proposals: ProposalStore) -> None:
        self._database, self._proposals = database, proposals
        self._followed_from, self._followed_to, self._last_hash = 0, 0, audit_chain.NOTHING
        self._replayed = ReplayedLedger()

    def note(self, actor: str, event: str, proposal_id: str | None, detail: Any) -> None:
        """An audit entry of its own."""
        with self._database.writing() as connection:
            self._database.note(connection, actor, event, proposal_id, detail)

    def entries(self) -> Iterator[Any]:
        """Audit entries, oldest first."""
        yield from self._database.rows(sa.select(tables.audit).order_by(tables.audit.c.seq))

    # Before a write

    def contradiction(self, proposal_id: str, anchor: AnchorFile | None = None) -> str | None:
        """How the tables contradict the audit about one proposal; None where nothing does.

        Follows the chain from the proposal's first entry to the signed head. Entries that this process
        followed before are not read again.
        """
        audit, head_table = tables.audit, tables.audit_head
        with self._database.reading() as connection:
            head = connection.execute(sa.select(head_table)).one()
            key = self._database.key
            if key is None or not audit_chain.head_is_signed(head, key):
                return "the audit's head was not signed by this deployment's ledger key"
            first = connection.execute(
                sa.select(sa.func.min(audit.c.seq)).where(audit.c.proposal_id == proposal_id)
            ).scalar()
            if first is None:
                return f"the audit has no entry that {proposal_id} was proposed"
            if broken := self._follow(connection, int(first), head):
                return broken
            row = connection.execute(
                sa.select(tables.proposal).where(tables.proposal.c.proposal_id == proposal_id)
            ).first()
            decision, write = tables.decision, tables.write
            decisions = connection.execute(
                sa.select(decision).where(decision.c.proposal_id == proposal_id)
            ).all()
            writes = connection.execute(sa.select(write).where(write.c.proposal_id == proposal_id)).all()
        replayed = self._replayed.proposals.get(proposal_id)
        if difference := proposal_difference(proposal_id, replayed, row, decisions, writes):
            return difference
        return anchor.disagreement(self._database, only_last=True) if anchor else None

    def _follow(self, connection: sa.Connection, first: int, head: Any) -> str | None:
        audit = tables.audit
        if not self._followed_from or first < self._followed_from or head.seq < self._followed_to:
            start = max(1, first - _MARGIN)
            previous = connection.execute(sa.select(audit.c.hash).where(audit.c.seq == start - 1)).scalar()
            self._followed_from, self._followed_to = start, start - 1
            self._last_hash, self._replayed = previous or audit_chain.NOTHING, ReplayedLedger()
        query = sa.select(audit).where(audit.c.seq > self._followed_to).order_by(audit.c.seq)
        entries = connection.execute(query).all()
        result = audit_chain.follow(entries, after=self._followed_to, previous=self._last_hash)
        if result.broken is None and (result.entries, result.head) != (head.seq, head.hash):
            result = ChainVerification(
                result.entries,
                result.head,
                f"the head does not belong to entry {result.entries}: the end was cut off",
            )
        if result.broken:
            self._followed_from = 0
            return result.broken
        self._replayed.add(entries)
        self._followed_to, self._last_hash = result.entries, result.head
        return None

    # The whole ledger

    def verify(self, *, anchor: Path | None = None) -> ChainVerification:
        """Whether the chain holds, the tables are as the chain tells, every proposal has its digest, and the
        anchor agrees.
        """
        with self._database.reading() as connection:
            head = connection.execute(sa.select(tables.audit_head)).first()
            entries = connection.execute(sa.select(tables.audit).order_by(tables.audit.c.seq)).all()
            result = audit_chain.verify(entries, head, self._database.key)
            broken, unsigned = result.broken, 0
            if broken is None:
                replayed = ReplayedLedger()
                replayed.add(entries)
                broken = next(self._table_differences(connection, replayed), None)
            decisions = connection.execute(
                sa.select(tables.decision.c.proposal_id, tables.decision.c.mac)
            ).all()
            unsigned = sum(row.mac is None for row in decisions)
        if broken is None:
            broken = self._content_difference()
        if broken is None and anchor is not None:
            broken = AnchorFile(anchor).disagreement(self._database)
        return ChainVerification(result.entries, result.head, broken, unsigned)

    def _content_difference(self) -> str | None:
        """Proposals whose bodies lost their digest, and decisions whose signature does not hold."""
        try:
            self._proposals.entries()
        except DataUnusable as error:
            return str(error)
        key, decision = self._database.key, tables.decision
        if key is None:
            return None
        for row in self._database.rows(sa.select(decision).where(decision.c.mac.is_not(None))):
            content = {name: value for name, value in row._asdict().items() if name != "mac"}
            content["decided_at"] = tables.stamp(row.decided_at)
            if not key.has_signed("decision", content, row.mac):
                return (
                    f"the decision of {row.approver} on {row.proposal_id} was not signed by this deployment's"
                    " ledger key"
                )
        return None

    def _table_differences(self, connection: sa.Connection, replayed: ReplayedLedger) -> Iterator[str]:
        def by_proposal(table: sa.Table) -> dict[str, list[Any]]:
            grouped: dict[str, list[Any]] = {}
            for row in connection.execute(sa.select(table)):
                grouped.setdefault(row.proposal_id, []).append(row)
            return grouped

        columns = tables.proposal.c
        rows = {
            row.proposal_id: row
            for row in connection.execute(sa.select(columns.proposal_id, columns.digest, columns.state))
        }
        decisions, writes = by_proposal(tables.decision), by_proposal(tables.write)
        proposed = {name for name, proposal in replayed.proposals.items() if proposal.digest is not None}
        for proposal_id in sorted(proposed | set(rows)):
            difference = proposal_difference(
                proposal_id,
                replayed.proposals.get(proposal_id),
                rows.get(proposal_id),
                decisions.get(proposal_id, ()),
                writes.get(proposal_id, ()),
            )
            if difference:
                yield difference
        batches = {row.batch_id: row.digest for row in connection.execute(sa.select(tables.batch))}
        if batches != replayed.batches:
            yield "the batches are not as the audit has them"
        switches = {row.name: bool(row.is_on) for row in connection.execute(sa.select(tables.switch))}
        if switches != replayed.switches:
            names = sorted(
                name
                for name in {*switches, *replayed.switches}
                if switches.get(name) != replayed.switches.get(name)
            )
            yield f"the switch {', '.join(names)} is not as the audit has it"
        spent = {(row.approver, row.code) for row in connection.execute(sa.select(tables.spent_code))}
        if gone := replayed.spent_codes - spent:
            yield f"a code that {min(gone)[0]} spent is no longer recorded as spent"
        references = {
            row.reference_hash
            for row in connection.execute(sa.select(tables.decision_reference.c.reference_hash))
        }
        if references != replayed.references:
            yield "the references given out are not as the audit has them"
        redeemed = {
            (row.reference_hash, row.proposal_id) for row in connection.execute(sa.select(tables.redemption))
        }
        if redeemed != replayed.redemptions:
            yield "the references redeemed are not as the audit has them"
