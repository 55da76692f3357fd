"""What audiences are judged by and filled from, read from lake, ledger and platforms at the moment it is
needed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from assets.actions.approval import ApprovalGate
from assets.actions.audiences.audience_state import (
    HELD,
    TOO_SMALL,
    AudienceStatus,
    exclude_proposal,
    sync_proposal,
)
from assets.actions.audiences.exclusions import ConversionsKept as Left
from assets.actions.audiences.exclusions import conversions_kept
from assets.actions.audiences.removing import Removal, remove_everywhere
from assets.actions.audiences.reverting import undone
from assets.actions.consent.audience_writers import audience_writer, contacts_now, sync_with
from assets.actions.consent.membership import Consent, consent, membership
from assets.actions.guardrails.case import labels_of
from assets.actions.guardrails.context import Surroundings
from assets.actions.guardrails.registry import judge, refusals
from resources.action_services import ActionServices
from resources.audiences.writer import AudienceWriter
from resources.errors import PaidMediaError, PlatformError
from resources.kinds.audience_members.change import MembersChange
from resources.lake.lake import Lake
from resources.ledger.audiences import LedgerAudience
from resources.ledger.proposal import Effect, Proposal, Target, proposal_id
from resources.ledger.records import LedgerEntry
from resources.ledger.states import OPEN
from resources.platforms.audience_client import Size
from resources.policy.audiences import AudienceLine, AudiencePolicy
from resources.policy.policy import PolicyUnreadable
from resources.tables.crm_core import OUTCOMES, TOUCHPOINTS
from resources.tables.segments import CARDS, CUSTOMERS

Around = Callable[[Proposal], Surroundings]


@dataclass
class AudiencePolicyInputs:
    """The lake's tables that every line of the policy is held against, read once."""

    lake: Lake
    services: ActionServices
    sunday: date
    contacts: pd.DataFrame = field(init=False)
    said: Consent = field(init=False)
    customers: pd.DataFrame = field(init=False)
    rules: dict[str, str] = field(init=False)
    _writers: dict[str, AudienceWriter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contacts = contacts_now(self.lake)
        self.said = consent(self.contacts)
        week = {"day": (self.sunday, self.sunday)}
        self.customers = self.lake.read(CUSTOMERS, where=week)
        cards = self.lake.read(CARDS, columns="segment_id, rule", where=week)
        self.rules = dict(zip(cards["segment_id"], cards["rule"], strict=True))

    def writer(self, platform: str) -> AudienceWriter:
        """The audience side of a platform, opened once."""
        if platform not in self._writers:
            self._writers[platform] = audience_writer(platform, self.services, self.lake)
        return self._writers[platform]

    def standing(self, line: AudienceLine) -> AudienceStatus:
        """Where an audience stands now, as its platform tells; nothing is written anywhere."""
        mine = self.customers[self.customers["segment_id"] == line.segment]
        wanted = membership(mine["customer_id"], self.contacts, self.said, platform=line.platform)
        kept = self.services.ledger.audiences.audience(line.target)
        size, trouble = (None, None) if kept is None else self._size(kept)
        if mine.empty:
            trouble = (
                f"segments/customers of {self.sunday} has nobody in {line.segment}: it is not active, or not"
                " worked out yet"
            )
        held = tuple(self.services.ledger.audiences.held_by(kept.number)) if kept else ()
        return AudienceStatus(
            line,
            str(mine["segment"].iloc[0]) if len(mine) else line.segment,
            self.rules.get(line.segment),
            wanted,
            kept,
            held,
            size,
            trouble,
            self.services.platforms.now() if kept and kept.audience_id else None,
        )

    def _size(self, kept: LedgerAudience) -> tuple[Size | None, str | None]:
        if kept.audience_id is None:
            return None, None
        try:
            client = self.writer(kept.target.platform).sync.client
            return client.size(kept.target.account_id, kept.audience_id), None
        except PlatformError as error:
            return None, str(error)

    def left(self, place: Target, held_people: set[str]) -> Left:
        """What keeping these people out of a place would leave of its conversions."""
        return conversions_kept(
            self.lake.read(TOUCHPOINTS), self.lake.read(OUTCOMES), held_people, place, as_of=self.sunday
        )


@dataclass
class AudienceProposals:
    """What came of the lines: proposals that wait now, and why others do not."""

    taken: list[Proposal] = field(default_factory=list)
    kept_back: dict[str, str] = field(default_factory=dict)


def propose_audiences(seen: AudiencePolicyInputs, gate: ApprovalGate, around: Around) -> AudienceProposals:
    """A proposal for every audience that is not as it should be, and for every exclusion that is missing."""
    asked, policy = AudienceProposals(), gate.policy.audiences
    for line in policy.lines:
        try:
            at_hand = seen.standing(line)
            state, why = at_hand.verdict(policy)
            if state in {HELD, TOO_SMALL}:
                asked.kept_back[line.target.words] = why
                continue
            made = [] if at_hand.kept and at_hand.is_in_step else [_synced(seen, at_hand, policy)]
            made += _kept_out(seen, at_hand, policy)
        except PaidMediaError as error:
            asked.kept_back[line.target.words] = str(error)
            continue
        for one in made:
            _ask(one, asked, gate, around)
    _forget_plans(seen.services)
    return asked


def _synced(seen: AudiencePolicyInputs, at_hand: AudienceStatus, policy: AudiencePolicy) -> Proposal:
    """The proposal to fill it, with whom laid down in the ledger."""
    line, ledger = at_hand.line, seen.services.ledger
    # A mark that nobody else makes: an audience of that name is ours, and holds nobody we do not know of.
    name = f"{line.segment} | {line.purpose} | {secrets.token_hex(4)}"
    ledger.audiences.keep_audience(line.target, segment_id=line.segment, purpose=line.purpose, name=name)
    image = seen.writer(line.platform).image(line.target)
    ledger.audiences.plan(at_hand.wanted.members)
    return sync_proposal(at_hand, image, policy=policy, as_of=seen.sunday, now=ledger.clock())


def _kept_out(seen: AudiencePolicyInputs, at_hand: AudienceStatus, policy: AudiencePolicy) -> list[Proposal]:
    """Proposals to keep a filled audience out of the places its line names."""
    kept, line = at_hand.kept, at_hand.line
    if kept is None or kept.audience_id is None or kept.digest is None:
        return []
    writer = seen.writer(line.platform)
    own = writer.sync.client.targeted_as(line.account_id, kept.audience_id)
    made = []
    for place in line.places():
        image = writer.image(place)
        if own in (image.excluded_audiences or ()):
            continue
        left = seen.left(place, at_hand.held_people)
        now = seen.services.ledger.clock()
        made.append(
            exclude_proposal(at_hand, image, own, left, place, policy=policy, as_of=seen.sunday, now=now)
        )
    return made


def _ask(made: Proposal, asked: AudienceProposals, gate: ApprovalGate, around: Around) -> None:
    """Judge a proposal and let it wait, or say why not."""
    change = made.changes[0]
    judged = made.model_copy(update={"verdicts": judge(made, gate.policy, around(made), automatic=False)})
    name = f"{made.kind} {change.target.words}"
    labels = labels_of(gate.policy, change)
    held = (
        None
        if labels is None
        else gate.policy.permission(change.target.platform, change.target.account_id, labels)
    )
    if refused := refusals(judged.verdicts):
        asked.kept_back[name] = "; ".join(f"{one.guardrail}: {one.words}" for one in refused)
    elif held is None or held.level == "observe":
        asked.kept_back[name] = (
            f"the policy only observes {held.words if held else 'it: its labels are not known'}"
        )
    elif gate.ledger.proposals.propose(judged):
        asked.taken.append(judged)
    else:
        asked.kept_back[name] = "the same waits already, or it is being written"


def _forget_plans(services: ActionServices) -> None:
    """Whom no waiting proposal names any more is erased."""
    waiting = services.ledger.proposals.entries(states=OPEN)
    named = {c.after for entry in waiting for c in entry.proposal.changes if isinstance(c, MembersChange)}
    services.ledger.audiences.forget_plans(but=named)


def propose_revert(
    entry: LedgerEntry,
    lake: Lake,
    services: ActionServices,
    gate: ApprovalGate,
    around: Around,
    *,
    reason: str,
    name: str,
) -> AudienceProposals:
    """A proposal that leads a carried-out one about audiences back; like any other it has to be approved."""
    asked, now, first = AudienceProposals(), services.ledger.clock(), entry.proposal
    writer = audience_writer(first.changes[0].target.platform, services, lake)
    changes = (undone(first.changes[0], writer),)
    made = first.model_copy(
        update={
            "proposal_id": proposal_id("revert", now.date(), changes, created_at=now),
            "kind": "revert",
            "changes": changes,
            "proposer": name,
            "reason": reason,
            "reverts": first.proposal_id,
            "as_of": now.date(),
            "created_at": now,
            "expires_at": now + timedelta(days=gate.policy.audiences.days_to_decide),
            "effect": Effect(metric="people", words="whom it let in goes, and nobody comes back"),
        }
    )
    _ask(made, asked, gate, around)
    _forget_plans(services)
    return asked


def take_out_the_unwilling(lake: Lake, services: ActionServices) -> list[Removal] | None:
    """Take whoever withdrew their consent out of every audience; None where no CRM was read, so that nobody
    knows.
    """
    contacts = contacts_now(lake)
    if contacts.empty:
        return None
    try:
        share = services.policy().audiences.unexplained_share
    except PolicyUnreadable:  # whoever withdrew goes without a policy too
        share = AudiencePolicy().unexplained_share
    found = remove_everywhere(
        services.ledger.audiences.audiences(),
        lambda platform: sync_with(platform, services),
        consent(contacts),
        unexplained_share=share,
    )
    _forget_plans(services)
    return found
