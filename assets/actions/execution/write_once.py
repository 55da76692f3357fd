"""One write and what becomes of it: sent once, then looked for until it is known. Everything that carries out stands on this."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from assets.actions.guardrails.context import Surroundings
from resources.errors import OutcomeUnknown, PlatformError, PlatformRefused, SettingsWrong
from resources.ledger.base import Entry, Written
from resources.ledger.proposal import Change, Proposal
from resources.ledger.states import IN_FLIGHT, Sent, State
from resources.ledger.store import Ledger
from resources.platforms.writer import PlatformWriter, image_value
from resources.policy.policy import Approval, Policy, PolicyUnreadable

FORWARD, BACK = "forward", "back"
LOOKS = 3
"""How often an accepted write is looked for, a second apart, before it counts as not there."""
FILLED_WITHIN = timedelta(days=2)
"""How long an audience is filled further by itself when a platform is silent or still at work."""


@dataclass
class Deeds:
    """Everything a deed needs. Plain parts without a configuration schema: nothing here can be overridden from the launchpad."""

    ledger: Ledger
    policy: Callable[[], Policy]
    writer: Callable[[str], PlatformWriter]
    around: Callable[[Proposal], Surroundings]
    killed: Callable[[], str | None]
    """Why nothing may be written at all, None where the kill switch is off."""
    run_id: str
    wait: Callable[[], None]
    """Lets a second go by."""
    wait_seconds: float = 120.0
    """How long to wait for another run that writes to the same account."""
    say: Callable[[str], None] = lambda _: None
    audiences: Callable[[str], PlatformWriter] | None = None
    """The audience side of a platform; without it nothing about audiences is carried out."""
    _writers: dict[tuple[str, bool], PlatformWriter] = field(default_factory=dict)

    def _send(self, proposal: Proposal, part: int, direction: str, change: Change) -> bool:
        """Send one write, if it may be sent. False: it was not accepted, and nothing further is to be sent."""
        if why := self.killed():
            self.say(f"Not written: {why}.")
            return False
        writer = self._writer(
            change
        )  # opened before the right to write is taken: what fails here sent nothing
        if not self.ledger.intend(proposal.proposal_id, part, direction, run_id=self.run_id):
            return False
        try:
            request = writer.send(change)
        except OutcomeUnknown as error:
            self.ledger.answered(
                proposal.proposal_id, part, direction, Sent.UNKNOWN, said=str(error), request_id=error.trace
            )
            return False
        except PlatformError as error:
            self.ledger.answered(
                proposal.proposal_id, part, direction, Sent.REFUSED, said=str(error), request_id=error.trace
            )
            return False
        self.ledger.answered(proposal.proposal_id, part, direction, Sent.ACCEPTED, request_id=request)
        return True

    def _look(self, proposal: Proposal, row: Written) -> bool:
        """Read back one write; True once it is known what became of it."""
        change = proposal.changes[row.part]
        change = change if row.direction == FORWARD else change.undone()
        if change.field == "members" and row.state != Sent.ACCEPTED:
            return self._filled_further(proposal, row, change)
        accepted = row.state == Sent.ACCEPTED
        for look in range(LOOKS if accepted else 1):
            if look:
                self.wait()
            try:
                value = image_value(self._writer(change).image(change.target), change.field)
            except PlatformRefused as error:
                self.ledger.answered(
                    proposal.proposal_id, row.part, row.direction, Sent.ABSENT, said=str(error)
                )
                return True
            except PlatformError as error:
                self.say(str(error))
                return False
            if value == change.after:
                self.ledger.answered(proposal.proposal_id, row.part, row.direction, Sent.VERIFIED)
                return True
        settled = accepted or self.ledger.clock() - row.intended_at >= self._settle()
        if not settled:
            return False
        said = f"read back: it is {value}, not {change.after}" + (
            ", though the platform said it was done" if accepted else ""
        )
        self.ledger.answered(proposal.proposal_id, row.part, row.direction, Sent.ABSENT, said=said)
        return True

    def _filled_further(self, proposal: Proposal, row: Written, change: Change) -> bool:
        """Go on filling an audience where a run left off: the one write that may be sent again, because it is an operation on a set."""
        key = (proposal.proposal_id, row.part, row.direction)
        if self.ledger.clock() - row.intended_at > FILLED_WITHIN:
            said = f"not filled within {FILLED_WITHIN.days} days; who was let in stays recorded, and the next proposal goes on from there"
            self.ledger.answered(*key, Sent.ABSENT, said=said)
            return True
        if why := self.killed():
            self.say(f"Not filled further: {why}.")
            return False
        try:
            request = self._writer(change).send(change)
        except PlatformRefused as error:
            self.ledger.answered(*key, Sent.ABSENT, said=str(error))
            return True
        except PlatformError as error:
            self.say(str(error))
            return False
        self.ledger.answered(*key, Sent.ACCEPTED, request_id=request)
        found = self._row(*key)
        return found is not None and self._look(proposal, found)

    def _all_known(self, proposal: Proposal, entry: Entry) -> bool:
        rows = self.ledger.writes(proposal.proposal_id)
        known = [
            row.state in {Sent.VERIFIED, Sent.REFUSED, Sent.ABSENT} or self._look(proposal, row)
            for row in rows
        ]
        is_fresh = self.ledger.clock() - entry.changed_at < self._settle()
        return all(known) and (bool(rows) or not is_fresh)

    def _end(self, entry: Entry, state: State, why: str) -> None:
        self.ledger.move(entry.proposal_id, set(IN_FLIGHT), state, self.run_id, why)
        self.say(f"{entry.proposal_id}: {state}: {why}")

    def _row(self, proposal_id: str, part: int, direction: str) -> Written | None:
        rows = self.ledger.writes(proposal_id)
        return next((row for row in rows if (row.part, row.direction) == (part, direction)), None)

    def _settle(self) -> timedelta:
        try:
            return timedelta(seconds=self.policy().approval.settle_seconds)
        except PolicyUnreadable:  # what was sent is found out about without a policy too
            return timedelta(seconds=Approval().settle_seconds)

    def _writer(self, change: Change) -> PlatformWriter:
        place = (change.target.platform, change.is_about_audiences)
        if place not in self._writers:
            opened = self.audiences if change.is_about_audiences else self.writer
            if opened is None:
                raise SettingsWrong("This desk has no way to audiences. Nothing was written.")
            self._writers[place] = opened(change.target.platform)
        return self._writers[place]
