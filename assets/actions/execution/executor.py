"""Carrying out exactly what was approved, once.

Every write has a row in the ledger before it leaves, and that row is given once for ever. Whoever holds the account's lock and
finds a row without an outcome knows that its process died: then the platform is asked, and nothing is sent again. A bundle whose
part fails is led back to what was there before.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from assets.actions.approval import MACHINE
from assets.actions.execution.write_once import BACK, FORWARD, Deeds
from assets.actions.guardrails.registry import judge, refusals
from resources.errors import PaidMediaError, PlatformRefused, RefusedForNow
from resources.ledger.base import Entry
from resources.ledger.proposal import Change, Proposal
from resources.ledger.states import IN_FLIGHT, Sent, State


class Held(PaidMediaError):
    """Nothing was written, and it still may be, when what holds it back is over."""


class Stale(PaidMediaError):
    """What was approved is not there any more. Nothing was written."""


class Executor(Deeds):
    """Carries out what the ledger says was approved."""

    # What the ops do, one after the other

    def preflight(self, proposal_id: str) -> None:
        """Look at everything that could hold it back, without writing.

        Raises:
            Held: It may not be carried out now.
            Stale: It can never be carried out; it is failed in the ledger.
        """
        with self._alone(proposal_id) as entry:
            if entry.state == State.APPROVED:
                self._made_ready(entry)

    def apply(self, proposal_id: str) -> None:
        """Write what is approved, each change once. Raises like `preflight`."""
        with self._alone(proposal_id) as entry:
            if entry.state == State.APPROVED:
                self._made_ready(entry)
                self.ledger.move(
                    proposal_id, {State.APPROVED}, State.EXECUTING, self.run_id, "preflight passed"
                )
            elif entry.state == State.EXECUTING and not self.ledger.writes(proposal_id):
                self._made_ready(entry)
            elif entry.state != State.EXECUTING:
                return
            self._forward(entry.proposal)

    def read_back(self, proposal_id: str) -> State:
        """Prove by reading what was written, and close the proposal; or say that it is not known yet."""
        with self._alone(proposal_id) as entry:
            if entry.state in IN_FLIGHT:
                self._close(entry)
        found = self.ledger.entry(proposal_id)
        return found.state if found else State.UNKNOWN

    # Before

    def _made_ready(self, entry: Entry) -> None:
        try:
            self._ready(entry.proposal)
        except Stale as stale:
            self.ledger.move(entry.proposal_id, {State.APPROVED}, State.EXECUTING, self.run_id, "preflight")
            self.ledger.move(
                entry.proposal_id,
                {State.EXECUTING},
                State.FAILED,
                self.run_id,
                f"{stale} Nothing was written.",
            )
            raise

    def _ready(self, proposal: Proposal) -> None:
        if proposal.expires_at <= self.ledger.clock():
            self.ledger.move(
                proposal.proposal_id, {State.APPROVED}, State.EXPIRED, "clock", "its time is over"
            )
            raise Held(
                f"{proposal.proposal_id} expired at {proposal.expires_at:%Y-%m-%d %H:%M} UTC. Nothing was written."
            )
        if why := self.killed():
            raise Held(f"Nothing was written: {why}.")
        policy = self.policy()
        for change in proposal.changes:
            self._unchanged(change)
        decisions = self.ledger.decisions(proposal.proposal_id)
        automatic = any(one.approver == MACHINE for one in decisions)
        verdicts = judge(proposal, policy, self.around(proposal), automatic=automatic)
        self.ledger.note(
            self.run_id, "judged", proposal.proposal_id, {v.guardrail: [v.holds, v.words] for v in verdicts}
        )
        if found := refusals(verdicts):
            told = "; ".join(f"{one.guardrail}: {one.words}" for one in found)
            raise Held(
                f"Nothing was written, because a limit does not allow it now: {told}. No approval lifts a limit."
            )
        for change in proposal.changes:
            try:
                self._writer(change).rehearse(change)
            except RefusedForNow as error:
                raise Held(
                    f"Nothing was written, because the platform does not allow it now: {error}"
                ) from error
            except PlatformRefused as error:
                raise Stale(f"The platform would refuse it: {error}") from error

    def _unchanged(self, change: Change) -> None:
        try:
            live = self._writer(change).image(change.target)
        except PlatformRefused as error:
            raise Stale(f"{change.target.entity_id} cannot be read any more: {error}") from error
        if live == change.image:
            return
        before, now = vars(change.image), vars(live)
        told = ", ".join(
            f"{name} was {before[name]} and is {now[name]}" for name in before if before[name] != now[name]
        )
        raise Stale(f"{change.target.entity_id} is not what was approved: {told}. Propose it anew.")

    # Writing, and after

    def _forward(self, proposal: Proposal) -> None:
        done = {one.part for one in self.ledger.writes(proposal.proposal_id)}
        for part in in_order(proposal):
            if part in done:
                if not self._is_there(proposal, part):
                    return  # read_back finds out and leads back
                continue
            change = proposal.changes[part]
            if len(proposal.changes) > 1 and done:
                try:
                    self._unchanged(change)
                except Stale as stale:
                    self.say(str(stale))
                    return
            if not self._send(proposal, part, FORWARD, change):
                return
            done.add(part)
            if len(proposal.changes) > 1 and not self._is_there(proposal, part):
                return

    def _is_there(self, proposal: Proposal, part: int) -> bool:
        """Whether a part that was written before is proven to be there."""
        row = self._row(proposal.proposal_id, part, FORWARD)
        if row is not None and row.state != Sent.VERIFIED:
            self._look(proposal, row)
            row = self._row(proposal.proposal_id, part, FORWARD)
        return row is not None and row.state == Sent.VERIFIED

    def _close(self, entry: Entry) -> None:
        proposal = entry.proposal
        if not self._all_known(proposal, entry):
            why = "no answer yet that can be trusted; it is read back and never sent again"
            self.ledger.move(entry.proposal_id, {State.EXECUTING}, State.UNKNOWN, self.run_id, why)
            return
        rows = self.ledger.writes(entry.proposal_id)
        forward = {row.part: row.state for row in rows if row.direction == FORWARD}
        if (
            len(forward) == len(proposal.changes)
            and set(forward.values()) == {Sent.VERIFIED}
            and len(forward) == len(rows)
        ):
            self._end(entry, State.VERIFIED, "read back: it is as approved")
            if proposal.reverts:
                self.ledger.move(
                    proposal.reverts,
                    {State.VERIFIED},
                    State.REVERTED,
                    self.run_id,
                    f"by {proposal.proposal_id}",
                )
            return
        self._lead_back(entry, forward)

    def _lead_back(self, entry: Entry, forward: dict[int, Sent]) -> None:
        """Undo what happened of a bundle that did not happen whole, then end it as failed."""
        proposal = entry.proposal
        happened = [part for part, state in forward.items() if state == Sent.VERIFIED]
        left: list[str] = []
        for part in happened:
            row = self._row(entry.proposal_id, part, BACK)
            if row is None and self._send(proposal, part, BACK, proposal.changes[part].undone()):
                row = self._row(entry.proposal_id, part, BACK)
            row = row or self._row(entry.proposal_id, part, BACK)
            if (
                row is not None
                and row.state not in {Sent.VERIFIED, Sent.REFUSED, Sent.ABSENT}
                and not self._look(proposal, row)
            ):
                self.ledger.move(
                    entry.proposal_id,
                    {State.EXECUTING},
                    State.UNKNOWN,
                    self.run_id,
                    "leading back: no answer yet",
                )
                return
            row = self._row(entry.proposal_id, part, BACK)
            if row is None or row.state != Sent.VERIFIED:
                left.append(proposal.changes[part].target.words)
        rows = self.ledger.writes(entry.proposal_id)
        said = "; ".join(row.said for row in rows if row.said) or "it was stopped before it was written"
        if left:
            self._end(
                entry,
                State.FAILED,
                f"{said}. A PERSON MUST LOOK: {', '.join(left)} stays changed and could not be led back",
            )
        elif happened:
            self._end(entry, State.FAILED, f"{said}. What had been written was led back")
        else:
            self._end(entry, State.FAILED, f"{said}. Nothing was changed")

    @contextmanager
    def _alone(self, proposal_id: str) -> Iterator[Entry]:
        """The proposal as it stands, while nobody else may write to its accounts."""
        with self.ledger.executor(
            self.ledger.members(proposal_id)[0].proposal.accounts, wait_seconds=self.wait_seconds
        ):
            yield self.ledger.members(proposal_id)[0]


def in_order(proposal: Proposal) -> list[int]:
    """The order of writing: what spends less first, so that a bundle never spends more on its way."""
    return sorted(range(len(proposal.changes)), key=lambda n: (proposal.changes[n].amount, n))


STAGES: dict[str, str] = {
    "load": "take the proposal from the ledger and hold it to its digest",
    "manual_approval": "count a decision: by a named approver, proven, for exactly this, in time, not by the proposer",
    "preflight": "read the entities live: they must be as they were; every limit and the kill switch; the platform's own dry run",
    "apply": "write once, what spends less first; no answer is never answered by sending again",
    "read_back": "read the entities again: that proves the write; a bundle that is not whole is led back",
    "record": "append the receipt",
}
"""What a run does, in this order: the same list is run and explained."""
