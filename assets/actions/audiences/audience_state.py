"""Where each audience stands, and the proposal that would bring it where it should be.

Nothing here writes to a platform.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from assets.actions.audiences.exclusions import ConversionsKept as Left
from assets.actions.consent.membership import Membership
from resources.kinds.audience_members.change import MembersChange, Step
from resources.kinds.excluded_audiences.change import ExclusionChange
from resources.ledger.audiences import AudienceMembership, MembershipState, members_digest
from resources.ledger.audiences import LedgerAudience as Audience
from resources.ledger.proposal import Change, Effect, Image, Proposal, proposal_id
from resources.platforms.audience_client import Size, as_text
from resources.policy.audiences import AudienceLine, AudiencePolicy

PROPOSER = "rule:audiences"
NEW, IN_STEP, TO_SYNC, TOO_SMALL, HELD = "new", "in step", "to be synced", "too small", "held"


@dataclass(frozen=True)
class AudienceStatus:
    """A line of policy.yaml with what it should hold, what it was sent, and what the platform says of it."""

    line: AudienceLine
    segment: str
    """The segment's name, its id where it has none."""
    rule: str | None
    wanted: Membership
    kept: Audience | None
    held: tuple[AudienceMembership, ...]
    size: Size | None
    trouble: str | None = None
    """What the platform said where it could not be read."""
    read_at: datetime | None = None

    @property
    def held_people(self) -> set[str]:
        return {one.member.person for one in self.held if one.state != MembershipState.REMOVING}

    @property
    def wanted_people(self) -> set[str]:
        return {one.person for one in self.wanted.members}

    @property
    def is_in_step(self) -> bool:
        """Whether exactly these, and all of them for certain, are there."""
        entries = {one.member.entry for one in self.held}
        return entries == {one.entry for one in self.wanted.members} and all(
            one.state == MembershipState.IN for one in self.held
        )

    @property
    def match_share(self) -> float | None:
        """Share of the people it was sent who the platform knows; None where it does not say."""
        people = len(self.held_people)
        if self.size is None or self.size.low is None or not people:
            return None
        return min(1.0, self.size.low / people)

    def expected_share(self, policy: AudiencePolicy) -> float:
        """The measured share, or the policy's until there is one."""
        return self.match_share or policy.match_share.get(self.line.platform, 0.0)

    def verdict(self, policy: AudiencePolicy) -> tuple[str, str]:
        """How it stands, and why, in a sentence."""
        if self.trouble is not None:
            return HELD, self.trouble
        least, share = policy.least_matched.get(self.line.platform, 0), self.expected_share(policy)
        if self.wanted.people * share < least:
            about = int(self.wanted.people * share)
            return (
                TOO_SMALL,
                f"the platform would know about {about} of {self.wanted.people} people; it needs {least}",
            )
        if self.kept is None or self.kept.audience_id is None:
            return NEW, "it was never sent"
        if self.is_in_step:
            return IN_STEP, "it holds exactly whom it should"
        come, go = self.moves
        return TO_SYNC, f"{come} people are to be let in and {go} taken out"

    @property
    def moves(self) -> tuple[int, int]:
        """People to let in, people to take out."""
        return len(self.wanted_people - self.held_people), len(self.held_people - self.wanted_people)

    def row(self, policy: AudiencePolicy) -> dict[str, Any]:
        """Its row of actions/audiences, without day and pulled_at."""
        state, why = self.verdict(policy)
        come, go = self.moves
        return {
            "segment_id": self.line.segment,
            "platform": self.line.platform,
            "account_id": self.line.account_id,
            "audience_id": self.kept.audience_id if self.kept else None,
            "purpose": self.line.purpose,
            "members": self.wanted.people,
            "to_add": come,
            "to_remove": go,
            "without_consent": self.wanted.without_consent,
            "without_identifier": self.wanted.without_identifier,
            "matched": None if self.size is None or self.size.low is None else float(self.size.low),
            "match_rate": self.match_share,
            "state": state,
            "why": why,
            "read_at": self.read_at,
        }


def sync_proposal(
    at_hand: AudienceStatus, image: Image, *, policy: AudiencePolicy, as_of: date, now: datetime
) -> Proposal:
    """The proposal to make an audience hold exactly whom it should. Not judged yet."""
    come, go = at_hand.moves
    wanted, share = at_hand.wanted, at_hand.expected_share(policy)
    step = Step(adds=come, removes=go, before=len(at_hand.held_people), after=wanted.people)
    change = MembersChange(
        target=at_hand.line.target,
        before=image.audience.digest if image.audience else "none",
        after=members_digest(wanted.members),
        image=image,
        step=step,
    )
    matched = int(wanted.people * share)
    does = "Make" if image.status == "absent" else "Bring up to date"
    return _proposal(
        "sync_audience",
        change,
        reason=(
            f"{does} the audience of {at_hand.segment} ({at_hand.line.purpose}): {wanted.people} people,"
            f" {come} more and {go} fewer than it was sent."
        ),
        evidence={
            **_about(at_hand, share),
            "identifiers": len(wanted.members),
            "without consent": wanted.without_consent,
            "without identifier": wanted.without_identifier,
        },
        effect=Effect(
            metric="people", middle=float(matched), words=f"about {matched} people that the platform knows"
        ),
        policy=policy,
        as_of=as_of,
        now=now,
    )


def exclude_proposal(
    at_hand: AudienceStatus,
    image: Image,
    own: str,
    left: Left,
    place: Any,
    *,
    policy: AudiencePolicy,
    as_of: date,
    now: datetime,
) -> Proposal:
    """The proposal to keep an audience, `own` as targeting names it, out of a campaign or ad set.

    Not judged yet.
    """
    before = image.excluded_audiences or ()
    change = ExclusionChange(
        target=place,
        before=as_text(before),
        after=as_text({*before, own}),
        image=image,
    )
    share = at_hand.expected_share(policy)
    matched, people = int(len(at_hand.held_people) * share), len(at_hand.held_people)
    lost = (
        "not known"
        if left.share is None
        else f"{1 - left.share:.0%} of {left.seen} that the CRM saw in 28 days"
    )
    return _proposal(
        "exclude_audience",
        change,
        reason=(
            f"Keep {at_hand.segment} out of {image.name}: {people} people, of whom the platform knows about"
            f" {matched}."
        ),
        evidence={
            **_about(at_hand, share),
            "people": people,
            "conversions_kept": left.share,
            "conversions_seen": left.seen,
        },
        effect=Effect(
            metric="conversions",
            words=f"conversions of people who are kept out: {lost}. On Meta an ad set learns anew after it",
        ),
        policy=policy,
        as_of=as_of,
        now=now,
    )


def undoing(held: Collection[AudienceMembership], filled_with: str) -> list[Any]:
    """Whom an audience holds without those that filling it with this digest let in."""
    return [
        one.member for one in held if one.added_by != filled_with and one.state != MembershipState.REMOVING
    ]


def _about(at_hand: AudienceStatus, share: float) -> dict[str, Any]:
    return {
        "segment": at_hand.line.segment,
        "purpose": at_hand.line.purpose,
        "rule": at_hand.rule,
        "people": at_hand.wanted.people,
        "match_share": round(share, 4),
        "match share is": "measured" if at_hand.match_share else "the policy's until it is measured",
    }


def _proposal(
    kind: Any,
    change: Change,
    *,
    reason: str,
    evidence: dict[str, Any],
    effect: Effect,
    policy: AudiencePolicy,
    as_of: date,
    now: datetime,
) -> Proposal:
    return Proposal(
        proposal_id=proposal_id(kind, as_of, [change], created_at=now),
        kind=kind,
        changes=(change,),
        proposer=PROPOSER,
        reason=reason,
        evidence=evidence,
        effect=effect,
        verdicts=(),
        level="propose",
        as_of=as_of,
        created_at=now,
        expires_at=now + timedelta(days=policy.days_to_decide),
    )


Imaging = Callable[[Change], Image]
