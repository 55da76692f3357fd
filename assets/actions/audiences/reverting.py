"""Leading an audience, or an exclusion, back: a proposal of its own, which takes out whom the first let in
and touches nobody else.
"""

from assets.actions.audiences.audience_state import undoing
from resources.audiences.writer import AudienceWriter
from resources.errors import DataUnusable
from resources.kinds.audience_members.change import MembersChange, Step
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.audiences import members_digest
from resources.ledger.proposal import Change
from resources.platforms.audience_client import as_text, audience_ids_in


def undone(change: Change, writer: AudienceWriter) -> Change:
    """The change that leads a carried-out one back, from what is there now. Of an audience, whom it then
    holds is laid down.

    Raises:
        DataUnusable: Nothing of it is left.
    """
    image = writer.image(change.target)
    if isinstance(change, ExclusionChange):
        came = set(audience_ids_in(change.after)) - set(audience_ids_in(change.before))
        now = image.excluded_audiences or ()
        left = as_text(set(now) - came)
        if left == as_text(now):
            raise DataUnusable(f"Nothing of it is left at {change.target.words}")
        return ExclusionChange(target=change.target, before=as_text(now), after=left, image=image)
    if not isinstance(change, MembersChange):
        raise DataUnusable(f"{change.target.words}: {change.title} is no change of an audience")
    ledger = writer.sync.ledger
    kept = ledger.audiences.audience(change.target)
    held = ledger.audiences.held_by(kept.number) if kept else []
    stays = undoing(held, change.after)
    if len(stays) == len(held):
        raise DataUnusable(f"Nobody whom it let in is in {change.target.words} any more")
    before, after = ({one.member.person for one in held}, {one.person for one in stays})
    ledger.audiences.plan(stays)
    step = Step(adds=0, removes=len(before - after), before=len(before), after=len(after))
    digest = image.audience.digest if image.audience else "none"
    return MembersChange(
        target=change.target,
        before=digest,
        after=members_digest(stays),
        image=image,
        step=step,
    )
