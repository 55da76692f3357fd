"""Sends one write exactly once, and reads it back until its outcome is known.

The right to send is a row in the ledger that is there before the request leaves. What the platform did not
definitely refuse is unknown: it is looked for, for a quarter of an hour after its request ended at least, and
never sent again. What was counted as failed is looked for rarely for a day more, because platforms were seen
to apply changes late.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assets.actions.execution.permission import WritePermission
from resources.errors import PaidMediaError, PlatformError, PlatformRefused, RefusedForNow, SettingsWrong
from resources.kinds.registry import writer_of
from resources.ledger.proposal import Change, Image, Proposal
from resources.ledger.records import PlatformWrite
from resources.ledger.states import (
    HAPPENED,
    LONGEST_REQUEST,
    LOOK_AT_LEAST,
    NOT_THERE,
    WATCHED_EVERY,
    WriteState,
)
from resources.ledger.store import Ledger
from resources.ledger.writes import FORWARD
from resources.platforms.writer import PlatformWriter

LOOKS = 3
"""How often an accepted write is looked for at once, a second apart, before it is left for later."""
FILLED_WITHIN = timedelta(days=2)
"""How long an audience is filled further by itself when a platform is silent or still at work."""


class ProposalStale(PaidMediaError):
    """What was approved is not there any more. Nothing was written."""


@dataclass
class PlatformWriters:
    """The writing side of each platform, opened when it is first used.

    Args:
        budgets: Opens the side that writes statuses and budgets.
        audiences: Opens the side that writes audiences; without it nothing about audiences is carried out.
        of_kind: The side that writes a kind, by its field, its platform and the side that writes budgets.
    """

    budgets: Callable[[str], PlatformWriter]
    audiences: Callable[[str], PlatformWriter] | None = None
    of_kind: Callable[[str, str, PlatformWriter], PlatformWriter] = writer_of
    _opened: dict[tuple[str, bool], PlatformWriter] = field(default_factory=dict)

    def writer(self, change: Change) -> PlatformWriter:
        """The side that carries out this change."""
        place = (change.target.platform, change.is_about_audiences)
        if place not in self._opened:
            opens = self.audiences if change.is_about_audiences else self.budgets
            if opens is None:
                raise SettingsWrong("This process has no way to audiences. Nothing was written.")
            self._opened[place] = opens(change.target.platform)
        if change.is_about_audiences:
            return self._opened[place]
        writer: PlatformWriter = self.of_kind(change.field, change.target.platform, self._opened[place])
        return writer

    def image(self, change: Change) -> Image:
        """What is changed, as its platform has it now."""
        return self.writer(change).image(change.target)

    def refuse_if_changed(self, change: Change) -> None:
        """Hold the entity to the image that was approved.

        Raises:
            ProposalStale: It is not as it was.
        """
        try:
            live = self.image(change)
        except PlatformRefused as error:
            raise ProposalStale(f"{change.target.entity_id} cannot be read any more: {error}") from error
        if moved := change.moved_in(live):
            raise ProposalStale(
                f"{change.target.entity_id} is not what was approved: {', '.join(moved)}. Propose it anew."
            )


@dataclass
class PlatformWrites:
    """Single writes of one run.

    Args:
        ledger: Where every write has its row.
        writers: The platforms.
        permission: Asked right before each request.
        settle: How long after its request a write without a visible effect stays unknown.
        run_id: The run, for the audit.
        wait: Lets a second go by.
        log: Tells the run's log.
    """

    ledger: Ledger
    writers: PlatformWriters
    permission: WritePermission
    settle: Callable[[], timedelta]
    run_id: str
    wait: Callable[[], None]
    log: Callable[[str], None]

    def send(self, proposal: Proposal, part: int, direction: str, change: Change) -> bool:
        """Send one write, if it may be sent.

        False: it was not accepted, and nothing further is to be sent.
        """
        key = (proposal.proposal_id, part, direction)
        permission = self.permission
        why = (permission.why_not if direction == FORWARD else permission.why_not_back)(proposal.proposal_id)
        if why:
            self.log(f"Not written: {why}.")
            return False
        writer = self.writers.writer(change)  # opened before the right is taken: what fails here sent nothing
        if not self.ledger.writes.intend(*key, run_id=self.run_id):
            return False
        try:
            permission.before_request()
            if direction == FORWARD:
                self.writers.refuse_if_changed(change)  # the last thing before the request
        except PaidMediaError as error:
            said = f"not sent: {error}"
            self.ledger.writes.answered(*key, WriteState.ABSENT, said=said)
            self.log(said)
            return False
        try:
            request = writer.send(change)
        except PlatformRefused as error:
            self.ledger.writes.answered(*key, WriteState.REFUSED, said=str(error), request_id=error.trace)
            return False
        except PlatformError as error:  # whatever is not a definite refusal may have happened
            self.ledger.writes.answered(*key, WriteState.UNKNOWN, said=str(error), request_id=error.trace)
            return False
        self.ledger.writes.answered(*key, WriteState.ACCEPTED, request_id=request)
        return True

    def is_known(self, proposal: Proposal, write: PlatformWrite) -> bool:
        """Whether it is known what became of a write, after looking once more where it is not."""
        if write.state in {*HAPPENED, WriteState.ABSENT}:
            return True
        if write.state == WriteState.REFUSED:
            return write.looked_at is not None or self._refusal_holds(proposal, write)
        return self._look(proposal, write)

    def is_there(self, proposal: Proposal, part: int) -> bool:
        """Whether a part that was written before is proven to be there."""
        write = self.ledger.writes.one(proposal.proposal_id, part, FORWARD)
        if write is not None and write.state not in HAPPENED:
            self.is_known(proposal, write)
            write = self.ledger.writes.one(proposal.proposal_id, part, FORWARD)
        return write is not None and write.state == WriteState.VERIFIED

    def arrived_late(self, proposal: Proposal) -> list[tuple[PlatformWrite, Image]]:
        """Writes counted as not there that are there now, each with the image of the platform.

        Looks, rarely, and sends nothing.
        """
        arrived = []
        now = self.ledger.clock()
        for write in self.ledger.writes.of(proposal.proposal_id):
            change = change_of(proposal, write)
            last_look = write.looked_at or write.answered_at or write.intended_at
            if (
                write.state not in NOT_THERE
                or now - last_look < WATCHED_EVERY
                or change.is_sent_again
                or self._written_by_another(proposal, change, write)
            ):
                continue
            try:
                image = self.writers.image(change)
            except PlatformError as error:
                self.log(str(error))
                continue
            key = (proposal.proposal_id, write.part, write.direction)
            if not change.is_in(image):
                self.ledger.writes.looked(*key)
                continue
            said = f"arrived late: it is {change.state_in(image)} now"
            if self.ledger.writes.answered(*key, WriteState.ARRIVED_LATE, said=said):
                arrived.append((write, image))
        return arrived

    def _look(self, proposal: Proposal, write: PlatformWrite) -> bool:
        """Read back one write; True once it is known what became of it."""
        change = change_of(proposal, write)
        if change.is_sent_again and write.state != WriteState.ACCEPTED:
            return self._filled_further(proposal, write, change)
        key = (proposal.proposal_id, write.part, write.direction)
        value = "not to be read"
        for look in range(LOOKS if write.state == WriteState.ACCEPTED else 1):
            if look:
                self.wait()
            try:
                image = self.writers.image(change)
            except PlatformRefused as error:
                self.log(str(error))
                break
            except PlatformError as error:
                self.log(str(error))
                return False
            value = change.state_in(image)
            if change.is_in(image):
                said = edited_meanwhile(change, image) if write.direction == FORWARD else None
                self.ledger.writes.answered(*key, WriteState.VERIFIED, said=said)
                return True
        if self.ledger.clock() - _request_ended(write) < self.settle():
            self.ledger.writes.looked(*key)
            return False
        said = f"read back: it is {value}, not {change.proposed}" + (
            ", though the platform said it was done" if write.state == WriteState.ACCEPTED else ""
        )
        self.ledger.writes.answered(*key, WriteState.ABSENT, said=said)
        return True

    def _refusal_holds(self, proposal: Proposal, write: PlatformWrite) -> bool:
        """Read back what was refused, once:

        False until that was possible, or as long as a write stays unknown.
        """
        change, key = change_of(proposal, write), (proposal.proposal_id, write.part, write.direction)
        if change.is_sent_again:
            return True
        try:
            image = self.writers.image(change)
        except PlatformError as error:
            self.log(str(error))
            return self.ledger.clock() - _request_ended(write) >= self.settle()
        if change.is_in(image):
            said = f"read back: it is {change.state_in(image)}, though the platform refused it"
            self.ledger.writes.answered(*key, WriteState.VERIFIED, said=said)
        else:
            self.ledger.writes.looked(*key)
        return True

    def _filled_further(self, proposal: Proposal, write: PlatformWrite, change: Change) -> bool:
        """Go on filling an audience where a run left off: the one write that may be sent again, because it is
        an operation on a set.
        """
        key = (proposal.proposal_id, write.part, write.direction)
        if self.ledger.clock() - write.intended_at > FILLED_WITHIN:
            said = (
                f"not filled within {FILLED_WITHIN.days} days; who was let in stays recorded, and the next"
                " proposal goes on from there"
            )
            self.ledger.writes.answered(*key, WriteState.ABSENT, said=said)
            return True
        if why := self.permission.why_not(proposal.proposal_id):
            self.log(f"Not filled further: {why}.")
            return False
        try:
            request = self.writers.writer(change).send(change)
        except RefusedForNow as error:
            self.log(str(error))
            return False
        except PlatformRefused as error:
            self.ledger.writes.answered(*key, WriteState.ABSENT, said=str(error))
            return True
        except PlatformError as error:
            self.log(str(error))
            return False
        self.ledger.writes.answered(*key, WriteState.ACCEPTED, request_id=request)
        after = self.ledger.writes.one(*key)
        return after is not None and self._look(proposal, after)

    def _written_by_another(self, proposal: Proposal, change: Change, write: PlatformWrite) -> bool:
        """Whether another proposal of ours has written the same field since: then its value says nothing
        about this one.
        """
        return any(
            other.proposal_id != proposal.proposal_id
            and change.target == other.changes[theirs.part].target
            and change.field == other.changes[theirs.part].field
            for other, theirs in self.ledger.writes.since(write.intended_at)
        )


def change_of(proposal: Proposal, write: PlatformWrite) -> Change:
    """What a write was to change: the part, or its way back."""
    change = proposal.changes[write.part]
    return change if write.direction == FORWARD else change.undone()


def edited_meanwhile(change: Change, now: Image) -> str | None:
    """What else of the entity differs from the approved image once our change is in it: an edit of the same
    moment.
    """
    ours = {*change.own_fields, "version", "learning_state", "audience"}
    before, after = change.image.compared(), now.compared()
    moved = [
        f"{name} was {before.get(name)} and is {after.get(name)}"
        for name in dict.fromkeys((*before, *after))
        if name not in ours and before.get(name) != after.get(name)
    ]
    if _versions_apart(change.image.version, now.version) > 1:
        moved.append(
            f"its version went from {change.image.version} to {now.version}, which is more than our edit"
        )
    if unexpected := change.unexpected_in(now):
        return f"{', '.join(unexpected)}. A PERSON MUST LOOK"
    if not moved:
        return None
    return f"somebody else edited it in the same moment: {', '.join(moved)}. A PERSON MUST LOOK"


def _versions_apart(before: str | None, after: str | None) -> int:
    """How many edits lie between two versions, where they are numbers; 0 where that cannot be said."""
    if before is None or after is None or not (before.isdigit() and after.isdigit()):
        return 0
    return int(after) - int(before)


def _request_ended(write: PlatformWrite) -> datetime:
    """When the request ended; where nobody recorded that, when the longest request would have."""
    return write.answered_at or write.intended_at + LONGEST_REQUEST


def settle_time(seconds: float) -> timedelta:
    """How long a write stays unknown: as the policy says, and a quarter of an hour at least."""
    return max(LOOK_AT_LEAST, timedelta(seconds=seconds))
