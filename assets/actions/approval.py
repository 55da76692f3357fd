"""The approval gate: a proof is spent on a map of decisions, and a reference to that map lets a run count
them.

What is proven is (approver, digest by digest approve or reject). A one-time code proves a person only, so it
is taken where the map is at hand (`record_decisions`) and never from a run's configuration, which everybody
can read. A run is given a reference or a code that is bound to the map: whoever copies either can do with it
what was decided, and nothing else.
"""

import getpass
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assets.actions.approval_rules import ApprovalRules
from resources.errors import PaidMediaError
from resources.ledger.decisions import Attempt, GuessLimit, ProvenCode, hash_of
from resources.ledger.proposal import Proposal, set_summary
from resources.ledger.records import (
    APPROVE,
    REJECT,
    CodeSpent,
    CodeWrong,
    DecisionOutcome,
    GuessesExhausted,
    LedgerEntry,
    ReferenceRefused,
)
from resources.ledger.states import State
from resources.ledger.store import Ledger
from resources.policy.policy import Policy

UNDECIDED, AUTOMATIC = "undecided", "automatic"
VALID_FOR = timedelta(minutes=15)
"""How long after a decision was given a run may still count it."""


class NotApproved(PaidMediaError):
    """Nothing was decided; the sentence says why and what to do."""


@dataclass(frozen=True)
class DecisionRequest:
    """A decision as a run brings it.

    Args:
        key: The partition: a proposal or a batch.
        together: Every key it was given for at once, `key` among them.
        proposal: What the person says they decide on.
        decision: approve, reject, undecided or automatic.
        approver: Who they say they are.
        code: A reference, or a code bound to this decision.
        note: Their words.
        launched_at: When the server created the run or the backfill: bound codes are judged by that.
        run_id: The run.
    """

    key: str
    together: tuple[str, ...]
    proposal: str
    decision: str
    approver: str
    code: str
    note: str
    launched_at: datetime
    run_id: str


@dataclass(frozen=True)
class ApprovalGate:
    """Counts decisions. `rules`: policy, approvers and rates of this moment."""

    ledger: Ledger
    rules: ApprovalRules

    @property
    def policy(self) -> Policy:
        return self.rules.policy

    def record_decisions(
        self,
        approver: str,
        decisions: Mapping[str, str],
        code: str,
        *,
        note: str = "",
        session: str | None = None,
    ) -> str:
        """Spend a proof on exactly these decisions and give a single-use reference to them.

        Args:
            approver: Who decides.
            decisions: approve or reject, by the proposal's digest.
            code: Six digits of their authenticator, or a code bound to one verdict on all of these.
            note: Their words, kept in the audit.
            session: Who is at the other end, for counting wrong codes; the account of this machine unless
                given.

        Returns:
            The reference to materialize `actions/approved` with. It is kept nowhere; a bound code is its own
            reference.

        Raises:
            NotApproved: It proves nothing, or not enough. Nothing was recorded.
        """
        if not decisions or not set(decisions.values()) <= {APPROVE, REJECT}:
            raise NotApproved("Every proposal needs approve or reject. Nothing was decided.")
        entries = self.ledger.proposals.with_digests(decisions)
        if {entry.proposal.digest for entry in entries} != set(decisions):
            raise NotApproved(
                "The ledger does not know every one of these digests. Look at the proposals again; nothing"
                " was decided."
            )
        self._refuse_without_authority(approver, entries, decisions)
        if code.strip().isdigit() and len(decisions) > self.policy.approval.totp_at_most:
            raise NotApproved(
                f"{len(decisions)} decisions at once need a code bound to exactly these: run `python -m"
                " orchestration.cli code` (an authenticator's six digits are enough for"
                f" {self.policy.approval.totp_at_most}). Nothing was decided."
            )
        at = self.ledger.clock()
        reference, _ = self._record(
            approver, decisions, code, note=note, session=session or local_session(), at=at
        )
        return reference or code.strip()

    def decide(self, request: DecisionRequest) -> list[DecisionOutcome]:
        """Count the decision for every proposal under `request.key`.

        Raises:
            NotApproved: It proves nothing, or not enough. Nothing was decided.
        """
        entries = self.ledger.proposals.members(request.key)
        if not any(entry.state == State.PROPOSED for entry in entries):
            return [
                DecisionOutcome(
                    entry.proposal_id,
                    entry.state,
                    counted=False,
                    words=f"is {entry.state} already; this run changes no decision",
                )
                for entry in entries
            ]
        if request.decision == AUTOMATIC:
            return self._automatic(request, entries)
        if request.decision not in {APPROVE, REJECT}:
            raise NotApproved(
                "decision is undecided, so nothing happened. To decide, materialize again with `decision`"
                f" approve or reject, your name, a code, and `proposal: '{self.words(request)}'`."
            )
        self._refuse_other_proposal(request)
        self._refuse_other_person(request)
        decisions = {entry.proposal.digest: request.decision for entry in entries}
        self._refuse_without_authority(request.approver, entries, decisions)
        reference_hash = self._reference_hash(request, decisions)
        try:
            return self.ledger.decisions.redeem(
                reference_hash,
                [entry.proposal_id for entry in entries],
                run_id=request.run_id,
                valid_for=VALID_FOR,
                needed=self.rules.needed,
            )
        except ReferenceRefused as error:
            raise NotApproved(f"{error} Nothing was decided; decide anew.") from None

    def prove(self, approver: str, code: str, *, action: str, session: str | None = None) -> None:
        """Spend a proof on something other than a decision.

        Raises:
            NotApproved: It proves nothing.
        """
        at = self.ledger.clock()
        attempt = self._attempt(
            approver, code, decision=action, digests=(), session=session or local_session(), at=at
        )
        try:
            self.ledger.decisions.prove(attempt, action=action)
        except (GuessesExhausted, CodeSpent, CodeWrong) as error:
            raise _not_approved(error, approver) from None

    def accept_late_arrival(self, approver: str, proposal_id: str, code: str) -> None:
        """Let a change stay that arrived after it was counted as failed.

        Raises:
            NotApproved: It does not stand there, or the person may not approve it.
        """
        entry = self.ledger.proposals.members(proposal_id)[0]
        if entry.state != State.ARRIVED_LATE:
            raise NotApproved(f"{proposal_id} is {entry.state}: only what arrived late is accepted.")
        if why := self.rules.why_not_by(approver, entry.proposal):
            raise NotApproved(f"{_capital(why)}. Nothing was decided.")
        self.prove(approver, code, action=f"accept late {proposal_id}")
        why = f"arrived late and accepted by {approver}"
        self.ledger.proposals.move(proposal_id, {State.ARRIVED_LATE}, State.VERIFIED, approver, why)

    def words(self, request: DecisionRequest) -> str:
        """What `proposal` has to say for this decision."""
        if len(request.together) == 1:
            return self.ledger.proposals.summary(request.key)
        return set_summary(
            entry.proposal.digest for key in request.together for entry in self.ledger.proposals.members(key)
        )

    def not_automatic(self, proposal: Proposal, *, level: str | None = None) -> str | None:
        """Why a proposal may not be carried out without a person; None where the policy lets it."""
        return self.rules.not_automatic(proposal, level=level)

    # What is refused

    def _refuse_other_proposal(self, request: DecisionRequest) -> None:
        wanted, given = self.words(request), request.proposal.strip()
        if given != wanted:
            said = f"says '{given}'" if given else "is empty"
            raise NotApproved(
                f"`proposal` {said}, and what this run would decide on is '{wanted}'. Nothing was decided;"
                " look at it again and copy that line."
            )

    def _refuse_other_person(self, request: DecisionRequest) -> None:
        person = self.ledger.decisions.launched_by(request.run_id)
        if person is not None and person != request.approver:
            raise NotApproved(
                f"The authenticating proxy says that {person} launched this run, and the form names"
                f" {request.approver}. Nothing was decided."
            )

    def _refuse_without_authority(
        self, approver: str, entries: Iterable[LedgerEntry], decisions: Mapping[str, str]
    ) -> None:
        if approver not in self.policy.approvers:
            raise NotApproved(f"'{approver}' is no approver in policy.yaml. Nothing was decided.")
        if not self.rules.approvers.knows(approver):
            raise NotApproved(f"{approver} is not enrolled. Nothing was decided.")
        for entry in entries:
            if decisions[entry.proposal.digest] == APPROVE and (
                why := self.rules.why_not_by(approver, entry.proposal)
            ):
                raise NotApproved(f"{_capital(why)}. Nothing was decided.")

    # Proofs

    def _reference_hash(self, request: DecisionRequest, decisions: Mapping[str, str]) -> str:
        """The reference a run brings, or the one that its bound code stands for."""
        code = request.code.strip()
        if code.isdigit():
            raise NotApproved(
                "Six digits prove a person and not a decision, so they are not taken from a run's form, which"
                " everybody can read. Take the ten letters of `python -m orchestration.cli code`, or decide"
                " with `cli approve`. Nothing was decided."
            )
        reference = self.ledger.decisions.reference(hash_of(code)) if code else None
        if reference is None:
            together = {
                entry.proposal.digest: request.decision
                for key in request.together
                for entry in self.ledger.proposals.members(key)
            }
            person = self.ledger.decisions.launched_by(request.run_id)
            _, reference_hash = self._record(
                request.approver,
                together,
                code,
                note=request.note,
                session=person or "launchpad",
                at=request.launched_at,
            )
            return reference_hash
        if reference.approver != request.approver:
            raise NotApproved(
                f"The code does not prove {request.approver}: it is somebody else's. Nothing was decided."
            )
        if any(reference.decisions.get(digest) != verdict for digest, verdict in decisions.items()):
            raise NotApproved(
                f"The code is for other proposals, or does not say {request.decision} of these. Nothing was"
                " decided."
            )
        return reference.reference_hash

    def _record(
        self, approver: str, decisions: Mapping[str, str], code: str, *, note: str, session: str, at: datetime
    ) -> tuple[str | None, str]:
        verdicts = set(decisions.values())
        decision = verdicts.pop() if len(verdicts) == 1 else "mixed"
        attempt = self._attempt(approver, code, decision=decision, digests=decisions, session=session, at=at)
        try:
            return self.ledger.decisions.record(attempt, decisions, note=note)
        except (GuessesExhausted, CodeSpent, CodeWrong) as error:
            raise _not_approved(error, approver) from None

    def _attempt(
        self, approver: str, code: str, *, decision: str, digests: Iterable[str], session: str, at: datetime
    ) -> Attempt:
        limits, approvers = self.policy.approval, self.rules.approvers

        def test() -> ProvenCode | None:
            proven = approvers.proof(approver, code, decision=decision, digests=digests, at=at)
            return None if proven is None else ProvenCode(*proven)

        limit = GuessLimit(limits.wrong_codes, timedelta(minutes=limits.wrong_codes_minutes))
        return Attempt(approver, session, test, limit, can_be_guessed=session != "launchpad")

    def _automatic(self, request: DecisionRequest, entries: Sequence[LedgerEntry]) -> list[DecisionOutcome]:
        for entry in entries:
            if why := self.not_automatic(entry.proposal):
                raise NotApproved(
                    f"{entry.proposal_id} is not decided by itself: {why}. A person has to decide."
                )
        return self.ledger.decisions.decide_automatically(
            [entry.proposal_id for entry in entries],
            reason=f"level {entries[0].proposal.level}",
            run_id=request.run_id,
        )


def local_session() -> str:
    """The account of this machine, as far as the system tells it."""
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (OSError, KeyError):  # a container without a user database
        return f"unknown@{platform.node()}"


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _not_approved(error: PaidMediaError, approver: str) -> NotApproved:
    if isinstance(error, CodeSpent):
        return NotApproved(
            "This code was used before. Take a fresh one and decide again; nothing was decided."
        )
    if isinstance(error, CodeWrong):
        return NotApproved(
            f"The code does not prove {approver}: it is wrong, too old, or for something else. Take a fresh"
            " one; nothing was decided."
        )
    return NotApproved(str(error))
