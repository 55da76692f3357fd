"""Decisions: which approver decided what, by which proof, and the single-use references through which a
decision takes effect.

A proof is spent on one map of proposals to verdicts and gives a reference. Redeeming the reference counts the
verdicts it names, once a proposal. Checking the guesses, testing the code, spending it and keeping the map
are one transaction, and so are redeeming and counting.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from resources.ledger import tables
from resources.ledger.database import LedgerDatabase
from resources.ledger.proposal import Proposal, canonical
from resources.ledger.records import (
    APPROVE,
    MACHINE,
    REJECT,
    CodeSpent,
    CodeWrong,
    DecisionOutcome,
    DecisionReference,
    GuessesExhausted,
    RecordedDecision,
    ReferenceRefused,
    entry_of,
)
from resources.ledger.states import State

SPENT_ON_ANY_SESSION = 4
"""How many sessions' worth of wrong codes a name takes before none in it is tested any more."""


@dataclass(frozen=True)
class ProvenCode:
    """How a code proved its owner (totp, bound), and what is used up by it."""

    kind: str
    code_id: str


@dataclass(frozen=True)
class GuessLimit:
    """How many wrong codes one session may give within how long."""

    wrong_codes: int
    within: timedelta


@dataclass(frozen=True)
class Attempt:
    """One attempt to prove who one is.

    Args:
        approver: The name given.
        session: Who is at the other end, as far as it is known: a signed person, or an account of the
            machine.
        test: Tests the code; None where it proves nothing.
        limit: How many wrong codes are tested.
        can_be_guessed: Whether wrong codes count against the limit. False where only bound codes are taken:
            their 50 bits cannot be guessed in their ten minutes, so counting would only let anybody lock an
            approver out.
    """

    approver: str
    session: str
    test: Callable[[], ProvenCode | None]
    limit: GuessLimit
    can_be_guessed: bool = True


class DecisionStore:
    """What approvers decided, and what they used up by it."""

    def __init__(self, database: LedgerDatabase) -> None:
        self._database = database

    # Proofs and references

    def record(self, attempt: Attempt, decisions: Mapping[str, str], *, note: str) -> tuple[str | None, str]:
        """Spend a proof on exactly these verdicts; the reference and its hash.

        Args:
            attempt: Whose code it is.
            decisions: approve or reject, by the proposal's digest.
            note: The approver's words.

        Returns:
            The reference, which is kept nowhere, and its hash. None for a bound code: the code itself is the
            reference.

        Raises:
            GuessesExhausted: Too many wrong codes; this one was not tested.
            CodeWrong: It proves nothing. It was counted.
            CodeSpent: It was used before, for something else.
        """
        key = self._database.signing_key()
        with self._database.writing() as connection:
            proven = self._tested(connection, attempt)
            if proven is not None:
                reference = None if proven.kind == "bound" else secrets.token_urlsafe(24)
                reference_hash = hash_of(reference or f"{attempt.approver} {proven.code_id}")
                existing = self._reference(connection, reference_hash)
                if existing is not None:
                    if dict(existing.decisions) != dict(decisions):
                        raise CodeSpent
                    return reference, reference_hash
                self._spend(connection, attempt.approver, proven.code_id, scope=f"reference {reference_hash}")
                content = {
                    "reference_hash": reference_hash,
                    "approver": attempt.approver,
                    "decisions": canonical(dict(decisions)),
                    "note": note,
                    "proof": proven.kind,
                    "session": attempt.session,
                    "created_at": tables.stamp(self._database.clock()),
                }
                values = content | {"created_at": datetime.fromisoformat(content["created_at"])}
                connection.execute(
                    sa.insert(tables.decision_reference).values(
                        **values, mac=key.sign("decision_reference", content)
                    )
                )
                detail = {
                    "reference": reference_hash,
                    "decisions": dict(decisions),
                    "proof": proven.kind,
                    "session": attempt.session,
                }
                self._database.note(connection, attempt.approver, "decisions recorded", None, detail)
        if proven is None:
            raise CodeWrong("The code proves nothing.")
        return reference, reference_hash

    def prove(self, attempt: Attempt, *, action: str) -> None:
        """Spend a proof on something other than a decision, such as turning the kill switch off.

        Raises like `record`.
        """
        with self._database.writing() as connection:
            proven = self._tested(connection, attempt)
            if proven is not None:
                self._spend(
                    connection, attempt.approver, proven.code_id, scope=f"{action} {secrets.token_hex(8)}"
                )
                self._database.note(
                    connection,
                    attempt.approver,
                    "proven",
                    None,
                    {"action": action, "proof": proven.kind, "session": attempt.session},
                )
        if proven is None:
            raise CodeWrong("The code proves nothing.")

    def reset_guesses(self, approver: str, *, by: str) -> None:
        """Forget the wrong codes given in a name: the way back for an approver whom somebody else's guesses
        lock out.
        """
        with self._database.writing() as connection:
            connection.execute(
                sa.insert(tables.guess_reset).values(approver=approver, by=by, at=self._database.clock())
            )
            self._database.note(connection, by, "wrong codes forgotten", None, {"approver": approver})

    def reference(self, reference_hash: str) -> DecisionReference | None:
        """What a reference stands for; None where none of that hash was given out, or its row is not signed."""
        with self._database.reading() as connection:
            return self._reference(connection, reference_hash)

    def redeem(
        self,
        reference_hash: str,
        proposal_ids: Sequence[str],
        *,
        run_id: str,
        valid_for: timedelta,
        needed: Callable[[Proposal], int],
    ) -> list[DecisionOutcome]:
        """Count what a reference says of these proposals, once each, in one transaction.

        Args:
            reference_hash: SHA-256 of the reference.
            proposal_ids: The proposals; each has to be named by the reference.
            run_id: The run that redeems it. The same run may do so again.
            valid_for: How long after it was given out a reference counts.
            needed: How many different approvers a proposal needs.

        Raises:
            ReferenceRefused: It decides nothing here, and nothing was decided.
        """
        with self._database.writing() as connection:
            reference = self._reference(connection, reference_hash)
            if reference is None:
                raise ReferenceRefused("This reference was never given out.")
            now = self._database.clock()
            if now - reference.created_at > valid_for:
                minutes = valid_for.total_seconds() / 60
                raise ReferenceRefused(
                    f"This reference is older than {minutes:g} minutes, so it decides nothing."
                )
            outcomes = []
            for proposal_id in proposal_ids:
                row = self._proposal_row(connection, proposal_id)
                verdict = reference.decisions.get(row.digest)
                if verdict is None:
                    raise ReferenceRefused(f"This reference is for other proposals than {proposal_id}.")
                self._redeem_once(connection, reference_hash, proposal_id, run_id)
                outcomes.append(
                    self._count(
                        connection,
                        row,
                        approver=reference.approver,
                        verdict=verdict,
                        reason=reference.note,
                        proof=reference.proof,
                        run_id=run_id,
                        needed=needed,
                        reference_hash=reference_hash,
                    )
                )
            return outcomes

    def decide_automatically(
        self, proposal_ids: Sequence[str], *, reason: str, run_id: str
    ) -> list[DecisionOutcome]:
        """Approve these in the policy's name, where the policy lets a level act by itself."""
        with self._database.writing() as connection:
            return [
                self._count(
                    connection,
                    self._proposal_row(connection, proposal_id),
                    approver=MACHINE,
                    verdict=APPROVE,
                    reason=reason,
                    proof="policy",
                    run_id=run_id,
                    needed=lambda _: 1,
                    reference_hash="",
                )
                for proposal_id in proposal_ids
            ]

    # Reading

    def of(self, proposal_id: str) -> list[RecordedDecision]:
        """The decisions on a proposal, oldest first, each with whether this deployment's key signed it."""
        table = tables.decision
        query = sa.select(table).where(table.c.proposal_id == proposal_id).order_by(table.c.decided_at)
        return [self._decision(row) for row in self._database.rows(query)]

    def wrong_codes(self, approver: str, *, since: datetime) -> int:
        """How many wrong codes were given in a name since then."""
        with self._database.reading() as connection:
            return self._wrong_codes(connection, since, approver=approver)

    def launched(self, run_id: str, person: str) -> None:
        """Remember who launched a run, as an authenticating proxy signed it.

        What was recorded first stands.
        """
        table = tables.launch
        with self._database.writing() as connection:
            if (
                connection.execute(sa.select(table.c.run_id).where(table.c.run_id == run_id)).first()
                is not None
            ):
                return
            connection.execute(
                sa.insert(table).values(run_id=run_id, person=person, at=self._database.clock())
            )

    def launched_by(self, run_id: str) -> str | None:
        """Who launched a run, as a proxy signed it."""
        table = tables.launch
        rows = self._database.rows(sa.select(table.c.person).where(table.c.run_id == run_id))
        return str(rows[0].person) if rows else None

    # Inside a transaction

    def _tested(self, connection: sa.Connection, attempt: Attempt) -> ProvenCode | None:
        """Test the code unless too many were wrong, and count it if it is."""
        proven = (
            attempt.test() if not attempt.can_be_guessed else self._tested_within_limit(connection, attempt)
        )
        if proven is None:
            if attempt.can_be_guessed:
                connection.execute(
                    sa.insert(tables.wrong_code).values(
                        approver=attempt.approver, session=attempt.session, at=self._database.clock()
                    )
                )
            self._database.note(
                connection, attempt.session, "wrong code", None, {"approver": attempt.approver}
            )
        return proven

    def _tested_within_limit(self, connection: sa.Connection, attempt: Attempt) -> ProvenCode | None:
        since = self._database.clock() - attempt.limit.within
        by_session = self._wrong_codes(connection, since, approver=attempt.approver, session=attempt.session)
        by_name = self._wrong_codes(connection, since, approver=attempt.approver)
        minutes = attempt.limit.within.total_seconds() / 60
        if by_session >= attempt.limit.wrong_codes:
            raise GuessesExhausted(
                f"Too many wrong codes for {attempt.approver} from {attempt.session}. Try again in"
                f" {minutes:g} minutes; nothing was decided."
            )
        if by_name >= attempt.limit.wrong_codes * SPENT_ON_ANY_SESSION:
            raise GuessesExhausted(
                f"Too many wrong codes for {attempt.approver} from several sessions. Try again in {minutes:g}"
                f" minutes, or let another approver run `approvers unlock {attempt.approver} --as NAME`;"
                " nothing was decided."
            )
        return attempt.test()

    def _wrong_codes(
        self, connection: sa.Connection, since: datetime, *, approver: str, session: str | None = None
    ) -> int:
        reset = tables.guess_reset
        forgotten = connection.execute(
            sa.select(sa.func.max(reset.c.at)).where(reset.c.approver == approver)
        ).scalar()
        table = tables.wrong_code
        query = (
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.approver == approver, table.c.at >= max(since, forgotten or since))
        )
        if session is not None:
            query = query.where(table.c.session == session)
        return int(connection.execute(query).scalar() or 0)

    def _spend(self, connection: sa.Connection, approver: str, code_id: str, *, scope: str) -> None:
        table = tables.spent_code
        spent = (table.c.approver == approver) & (table.c.code == code_id)
        if connection.execute(sa.select(table.c.scope).where(spent)).first() is not None:
            raise CodeSpent
        connection.execute(
            sa.insert(table).values(
                approver=approver, code=code_id, scope=scope, spent_at=self._database.clock()
            )
        )
        self._database.note(connection, approver, "code spent", None, {"code": code_id, "scope": scope})

    def _reference(self, connection: sa.Connection, reference_hash: str) -> DecisionReference | None:
        table = tables.decision_reference
        row = connection.execute(sa.select(table).where(table.c.reference_hash == reference_hash)).first()
        if row is None:
            return None
        content = dict(row._mapping)  # noqa: SLF001 — SQLAlchemy's public way to a row's names
        mac = content.pop("mac")
        content["created_at"] = tables.stamp(row.created_at)
        if not self._database.signing_key().has_signed("decision_reference", content, mac):
            return None
        return DecisionReference(
            row.reference_hash,
            row.approver,
            json.loads(row.decisions),
            row.note,
            row.proof,
            row.session,
            row.created_at,
        )

    def _redeem_once(
        self, connection: sa.Connection, reference_hash: str, proposal_id: str, run_id: str
    ) -> None:
        table = tables.redemption
        query = sa.select(table.c.run_id).where(
            table.c.reference_hash == reference_hash, table.c.proposal_id == proposal_id
        )
        redeemed_by = connection.execute(query).scalar()
        if redeemed_by is not None and redeemed_by != run_id:
            raise ReferenceRefused(f"This reference was used before for {proposal_id}.")
        if redeemed_by is None:
            connection.execute(
                sa.insert(table).values(
                    reference_hash=reference_hash,
                    proposal_id=proposal_id,
                    run_id=run_id,
                    at=self._database.clock(),
                )
            )
            detail = {"reference": reference_hash, "run": run_id}
            self._database.note(connection, run_id, "reference redeemed", proposal_id, detail)

    def _proposal_row(self, connection: sa.Connection, proposal_id: str) -> Any:
        table = tables.proposal
        return connection.execute(
            sa.select(table).where(table.c.proposal_id == proposal_id).with_for_update()
        ).one()

    def _count(
        self,
        connection: sa.Connection,
        row: Any,
        *,
        approver: str,
        verdict: str,
        reason: str,
        proof: str,
        run_id: str,
        needed: Callable[[Proposal], int],
        reference_hash: str,
    ) -> DecisionOutcome:
        entry = entry_of(row)
        proposal_id = entry.proposal_id
        if entry.state != State.PROPOSED:
            words = f"is {entry.state} already; this decision changes nothing"
            return DecisionOutcome(proposal_id, entry.state, counted=False, words=words)
        if entry.proposal.expires_at <= self._database.clock():
            self._database.move(
                connection, proposal_id, {State.PROPOSED}, State.EXPIRED, "gate", "its time is over"
            )
            return DecisionOutcome(
                proposal_id, State.EXPIRED, counted=False, words="expired before it was decided on"
            )
        table = tables.decision
        of_this = table.c.proposal_id == proposal_id
        if connection.execute(
            sa.select(table.c.verdict).where(of_this, table.c.approver == approver)
        ).first():
            words = f"{approver} has decided before; it waits for somebody else"
            return DecisionOutcome(proposal_id, entry.state, counted=False, words=words)
        decided_at = datetime.fromisoformat(tables.stamp(self._database.clock()))
        content = {
            "proposal_id": proposal_id,
            "approver": approver,
            "digest": row.digest,
            "verdict": verdict,
            "reason": reason,
            "proof": proof,
            "run_id": run_id,
        }
        mac = self._database.signing_key().sign(
            "decision", content | {"decided_at": tables.stamp(decided_at)}
        )
        connection.execute(sa.insert(table).values(**content, decided_at=decided_at, mac=mac))
        detail = {
            "proof": proof,
            "run": run_id,
            "reason": reason,
            "digest": row.digest,
            "reference": reference_hash,
        }
        self._database.note(connection, approver, verdict, proposal_id, detail)
        if verdict == REJECT:
            self._database.move(
                connection, proposal_id, {State.PROPOSED}, State.REJECTED, approver, reason or "rejected"
            )
            return DecisionOutcome(proposal_id, State.REJECTED, counted=True, words=f"rejected by {approver}")
        approvals = [
            decision
            for decision in map(self._decision, connection.execute(sa.select(table).where(of_this)))
            if decision.verdict == APPROVE and decision.is_signed
        ]
        count, required = len(approvals), needed(entry.proposal)
        if count < required:
            words = f"approved by {count} of {required}: another approver has to agree"
            return DecisionOutcome(proposal_id, State.PROPOSED, counted=True, words=words)
        why = f"approved by {count} of {required}"
        self._database.move(connection, proposal_id, {State.PROPOSED}, State.APPROVED, approver, why)
        return DecisionOutcome(proposal_id, State.APPROVED, counted=True, words=f"approved by {approver}")

    def _decision(self, row: Any) -> RecordedDecision:
        content = {
            "proposal_id": row.proposal_id,
            "approver": row.approver,
            "digest": row.digest,
            "verdict": row.verdict,
            "reason": row.reason,
            "proof": row.proof,
            "run_id": row.run_id,
            "decided_at": tables.stamp(row.decided_at),
        }
        key = self._database.key
        is_signed = key is not None and key.has_signed("decision", content, row.mac)
        return RecordedDecision(
            row.proposal_id,
            row.approver,
            row.digest,
            row.verdict,
            row.reason,
            row.proof,
            row.run_id,
            row.decided_at,
            is_signed,
        )


def hash_of(reference: str) -> str:
    """What is kept of a reference."""
    return hashlib.sha256(reference.encode()).hexdigest()
