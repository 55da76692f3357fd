"""Carries out exactly what was approved, once, and reads it back.

Every write has a row in the ledger before it leaves, and that row is given once for ever. Whoever holds the
account's lock and finds a row without an outcome knows that its process died: then the platform is asked, and
nothing is sent again. A bundle whose part fails is led back to what was there before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from assets.actions.execution.platform_writes import PlatformWrites, ProposalStale, change_of
from assets.actions.guardrails.context import Surroundings
from assets.actions.guardrails.registry import judge, refusals
from resources.errors import PaidMediaError, PlatformRefused, RefusedForNow
from resources.ledger.proposal import Proposal
from resources.ledger.records import MACHINE, LedgerEntry, PlatformWrite
from resources.ledger.states import IN_FLIGHT, State, WriteState
from resources.ledger.store import Ledger
from resources.ledger.writes import BACK, FORWARD
from resources.policy.policy import Policy


class WriteHeld(PaidMediaError):
    """Nothing was written, and it still may be, when what holds it back is over."""


@dataclass
class Executor:
    """Carries out what the ledger says was approved.

    Args:
        ledger: Where proposals, decisions and writes are.
        policy: policy.yaml, read anew at each call.
        around: What the limits are judged by.
        writes: Single writes and their outcomes.
        wait_seconds: How long to wait for another run that writes to the same account.
    """

    ledger: Ledger
    policy: Callable[[], Policy]
    around: Callable[[Proposal], Surroundings]
    writes: PlatformWrites
    wait_seconds: float = 120.0

    # What the ops do, one after the other

    def preflight(self, proposal_id: str) -> None:
        """Look at everything that could hold it back, without writing.

        Raises:
            WriteHeld: It may not be carried out now.
            ProposalStale: It can never be carried out; it is failed in the ledger.
        """
        with self._locked(proposal_id) as entry:
            if entry.state == State.APPROVED:
                self._check_or_fail(entry)

    def apply(self, proposal_id: str) -> None:
        """Write what is approved, each change once. Raises like `preflight`."""
        with self._locked(proposal_id) as entry:
            if entry.state == State.APPROVED:
                self._check_or_fail(entry)
                self.ledger.proposals.move(
                    proposal_id, {State.APPROVED}, State.EXECUTING, self.writes.run_id, "preflight passed"
                )
            elif entry.state == State.EXECUTING and not self.ledger.writes.of(proposal_id):
                self._check_or_fail(entry)
            elif entry.state != State.EXECUTING:
                return
            self._write_forward(entry.proposal)

    def read_back(self, proposal_id: str) -> State:
        """Prove by reading what was written, and close the proposal; or say that it is not known yet."""
        with self._locked(proposal_id) as entry:
            if entry.state in IN_FLIGHT:
                self._close(entry)
        after = self.ledger.proposals.entry(proposal_id)
        return after.state if after else State.UNKNOWN

    def watch_failed(self, proposal_id: str) -> str | None:
        """Look once more for what a failed proposal wrote.

        The sentence for people where it arrived late; None where it did not.
        """
        with self._locked(proposal_id) as entry:
            if entry.state != State.FAILED:
                return None
            arrived = self.writes.arrived_late(entry.proposal)
            if not arrived:
                return None
            sentences = []
            for write, image in arrived:
                change = change_of(entry.proposal, write)
                sentences.append(
                    f"{change.target.words} ('{change.image.name}'): {change.title} was {change.now} when"
                    f" this was approved and is {change.state_in(image)} now"
                )
            why = (
                f"arrived late, after it was counted as failed: {'; '.join(sentences)}. A PERSON MUST DECIDE"
                " whether it stays"
            )
            self.ledger.proposals.move(
                proposal_id, {State.FAILED}, State.ARRIVED_LATE, self.writes.run_id, why
            )
            images = [
                {
                    "part": write.part,
                    "direction": write.direction,
                    "before": entry.proposal.changes[write.part].image.model_dump(mode="json"),
                    "now": image.model_dump(mode="json"),
                }
                for write, image in arrived
            ]
            self.ledger.audit.note(self.writes.run_id, "late arrival", proposal_id, {"images": images})
            return f"{proposal_id} {why}."

    # Before

    def _check_or_fail(self, entry: LedgerEntry) -> None:
        try:
            self._check(entry)
        except ProposalStale as stale:
            run_id, proposals = self.writes.run_id, self.ledger.proposals
            proposals.move(entry.proposal_id, {State.APPROVED}, State.EXECUTING, run_id, "preflight")
            why = f"{stale} Nothing was written."
            proposals.move(entry.proposal_id, {State.EXECUTING}, State.FAILED, run_id, why)
            raise

    def _check(self, entry: LedgerEntry) -> None:
        proposal = entry.proposal
        if proposal.expires_at <= self.ledger.clock():
            self.ledger.proposals.move(
                proposal.proposal_id, {State.APPROVED}, State.EXPIRED, "clock", "its time is over"
            )
            raise WriteHeld(
                f"{proposal.proposal_id} expired at {proposal.expires_at:%Y-%m-%d %H:%M} UTC. Nothing was"
                " written."
            )
        if why := self.writes.permission.why_not(proposal.proposal_id):
            raise WriteHeld(f"Nothing was written: {why}.")
        policy = self.policy()
        for change in proposal.changes:
            self.writes.writers.refuse_if_changed(change)
        decisions = self.ledger.decisions.of(proposal.proposal_id)
        automatic = any(decision.approver == MACHINE for decision in decisions)
        verdicts = judge(proposal, policy, self.around(proposal), automatic=automatic)
        self.ledger.audit.note(
            self.writes.run_id,
            "judged",
            proposal.proposal_id,
            {v.guardrail: [v.holds, v.words] for v in verdicts},
        )
        if refused := refusals(verdicts):
            reasons = "; ".join(f"{verdict.guardrail}: {verdict.words}" for verdict in refused)
            raise WriteHeld(
                f"Nothing was written, because a limit does not allow it now: {reasons}. No approval lifts a"
                " limit."
            )
        for change in proposal.changes:
            try:
                self.writes.writers.writer(change).rehearse(change)
            except RefusedForNow as error:
                raise WriteHeld(
                    f"Nothing was written, because the platform does not allow it now: {error}"
                ) from error
            except PlatformRefused as error:
                raise ProposalStale(f"The platform would refuse it: {error}") from error

    # Writing, and after

    def _write_forward(self, proposal: Proposal) -> None:
        done = {write.part for write in self.ledger.writes.of(proposal.proposal_id)}
        for part in in_order(proposal):
            if part in done:
                if not self.writes.is_there(proposal, part):
                    return  # read_back finds out and leads back
                continue
            if not self.writes.send(proposal, part, FORWARD, proposal.changes[part]):
                return
            if len(proposal.changes) > 1 and not self.writes.is_there(proposal, part):
                return

    def _close(self, entry: LedgerEntry) -> None:
        proposal, run_id = entry.proposal, self.writes.run_id
        writes = self.ledger.writes.of(entry.proposal_id)
        known = [self.writes.is_known(proposal, write) for write in writes]
        is_fresh = self.ledger.clock() - entry.changed_at < self.writes.settle()
        if not all(known) or (not writes and is_fresh):
            why = "no answer yet that can be trusted; it is read back and never sent again"
            self.ledger.proposals.move(entry.proposal_id, {State.EXECUTING}, State.UNKNOWN, run_id, why)
            return
        writes = self.ledger.writes.of(entry.proposal_id)
        forward = {write.part: write.state for write in writes if write.direction == FORWARD}
        is_whole = len(forward) == len(proposal.changes) and set(forward.values()) == {WriteState.VERIFIED}
        if not is_whole or len(forward) != len(writes):
            self._lead_back(entry, forward)
            return
        notes = "; ".join(write.said for write in writes if write.said and "PERSON MUST LOOK" in write.said)
        self._end(entry, State.VERIFIED, f"read back: it is as approved{f'; {notes}' if notes else ''}")
        if proposal.reverts:
            self.ledger.proposals.move(
                proposal.reverts,
                {State.VERIFIED, State.ARRIVED_LATE},
                State.REVERTED,
                run_id,
                f"by {proposal.proposal_id}",
            )

    def _lead_back(self, entry: LedgerEntry, forward: dict[int, WriteState]) -> None:
        """Undo what happened of a bundle that did not happen whole, then end it as failed."""
        proposal, proposal_id = entry.proposal, entry.proposal_id
        happened = [part for part, state in forward.items() if state == WriteState.VERIFIED]
        left: list[str] = []
        for part in happened:
            back = self._sent_back(proposal, part)
            if back is not None and not self.writes.is_known(proposal, back):
                why = "leading back: no answer yet"
                self.ledger.proposals.move(
                    proposal_id, {State.EXECUTING}, State.UNKNOWN, self.writes.run_id, why
                )
                return
            back = self.ledger.writes.one(proposal_id, part, BACK)
            if back is None or back.state != WriteState.VERIFIED:
                left.append(proposal.changes[part].target.words)
        writes = self.ledger.writes.of(proposal_id)
        said = "; ".join(write.said for write in writes if write.said)
        said = said or "it was stopped before it was written"
        if left:
            names = ", ".join(left)
            said += f". A PERSON MUST LOOK: {names} stays changed and could not be led back"
        elif happened:
            said += ". What had been written was led back"
        else:
            said += ". Nothing was changed"
        self._end(entry, State.FAILED, said)

    def _sent_back(self, proposal: Proposal, part: int) -> PlatformWrite | None:
        """The write that leads a part back, sent where it was not sent before."""
        back = self.ledger.writes.one(proposal.proposal_id, part, BACK)
        if back is None:
            self.writes.send(proposal, part, BACK, proposal.changes[part].undone())
            back = self.ledger.writes.one(proposal.proposal_id, part, BACK)
        return back

    def _end(self, entry: LedgerEntry, state: State, why: str) -> None:
        self.ledger.proposals.move(entry.proposal_id, set(IN_FLIGHT), state, self.writes.run_id, why)
        self.writes.log(f"{entry.proposal_id}: {state}: {why}")

    @contextmanager
    def _locked(self, proposal_id: str) -> Iterator[LedgerEntry]:
        """The proposal as it stands, while nobody else may write to its accounts."""
        accounts = self.ledger.proposals.members(proposal_id)[0].proposal.accounts
        with self.ledger.writes.lock_accounts(accounts, wait_seconds=self.wait_seconds):
            yield self.ledger.proposals.members(proposal_id)[0]


def in_order(proposal: Proposal) -> list[int]:
    """The order of writing: what spends less first, so that a bundle never spends more on its way."""
    return sorted(range(len(proposal.changes)), key=lambda part: (proposal.changes[part].amount, part))


STAGES: dict[str, str] = {
    "load": "take the proposal from the ledger and hold it to its digest",
    "manual_approval": (
        "count a decision: by a named approver, proven, for exactly this, in time, not by the proposer"
    ),
    "preflight": (
        "derive the approval anew; read the entities live: they must be as they were; every limit and the"
        " kill switch; the platform's own dry run"
    ),
    "apply": "write once, what spends less first; no answer is never answered by sending again",
    "read_back": "read the entities again: that proves the write; a bundle that is not whole is led back",
    "record": "append the receipt",
}
"""What a run does, in this order: the same list is run and explained."""
