"""People who withdrew their consent leave every audience the same day, without anybody being asked again.

An audience is there because people approved it. That approval is a standing permission to take people out of
it, and never one to let anybody in: nothing here can add. Who said no goes always. Whose yes is merely not
known any more (the record is gone, the field is empty) goes too, unless so many would go at once that the CRM
has more likely been misread; then a person is told.
"""

from collections.abc import Callable
from dataclasses import dataclass

from assets.actions.consent.membership import Consent, due
from resources.audiences.sync import Sync
from resources.errors import PaidMediaError
from resources.ledger.audiences import LedgerAudience

BY = "consent"
"""Who takes them out, as the audit names it."""


@dataclass(frozen=True)
class Removal:
    """What was due in one audience, in identifiers, and what became of it. Never who."""

    audience: str
    refused: int
    unexplained: int
    removed: int
    left: int
    """Still there, though due."""
    why: str


def remove_due(kept: LedgerAudience, sync: Sync, said: Consent, *, unexplained_share: float) -> Removal:
    """Take out of one audience whoever has to go now."""
    ledger, name = sync.ledger, kept.target.words
    with ledger.writes.lock_accounts([(kept.target.platform, kept.target.account_id)]):
        found = due(ledger.audiences.held_by(kept.number), said)
        spared = found.unexplained if found.share > unexplained_share else ()
        gone = (*found.refused, *(() if spared else found.unexplained))
        why = "nobody has to go" if not gone and not spared else "taken out"
        if spared:
            why = (
                f"the consent of {found.share:.0%} is not known any more, which is more than"
                f" {unexplained_share:.0%}: they stay until somebody has looked at how the CRM is read"
            )
        try:
            if gone:
                sync.take_out(kept, gone, by=BY)
        except PaidMediaError as error:
            why = str(error)
        entries = {one.entry for one in (*found.refused, *found.unexplained)}
        left = sum(one.member.entry in entries for one in ledger.audiences.held_by(kept.number))
        removal = Removal(name, len(found.refused), len(found.unexplained), len(entries) - left, left, why)
        if entries:
            told = {
                "audience": name,
                "refused": removal.refused,
                "unexplained": removal.unexplained,
                "left": left,
            }
            ledger.audit.note(BY, "audience removal", None, told)
    return removal


def remove_everywhere(
    audiences: list[LedgerAudience], sync: Callable[[str], Sync], said: Consent, *, unexplained_share: float
) -> list[Removal]:
    """The same for every audience that is at a platform; one that cannot be reached keeps no other waiting."""
    done = []
    for kept in audiences:
        if kept.audience_id is None:
            continue
        try:
            one = remove_due(kept, sync(kept.target.platform), said, unexplained_share=unexplained_share)
        except PaidMediaError as error:
            one = Removal(kept.target.words, 0, 0, 0, -1, str(error))
        done.append(one)
    return done
