"""Findings turned into proposals: the live state as before-image, the change, the verdicts of every limit,
level and expiry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from assets.actions.approval import ApprovalGate
from assets.actions.approval_rules import AUTOMATIC_KINDS
from assets.actions.guardrails.allowance import Allowance, without_forbidden_parts
from assets.actions.guardrails.case import labels_of
from assets.actions.guardrails.context import Surroundings
from assets.actions.guardrails.registry import judge, refusals
from assets.actions.rules.finding import Finding
from resources.errors import DataUnusable, PaidMediaError
from resources.kinds.base import ChangeRequest
from resources.ledger.proposal import Change, Image, Proposal, proposal_id
from resources.ledger.records import PlatformWrite
from resources.ledger.states import WriteState
from resources.policy.policy import LEVELS, Permission

LOOKED_AT = 4
PASSING = frozenset({"blackouts", "budget changes"})
"""Limits that are over by themselves: a proposal may wait for their end."""


@dataclass(frozen=True)
class FindingOutcome:
    """What became of a finding: proposed, kept back by a limit, the policy or the platform, or not examined
    because the day's proposals were enough.
    """

    finding: Finding
    outcome: Literal["proposed", "kept back", "not examined"]
    why: str | None = None
    proposal_id: str | None = None

    @property
    def name(self) -> str:
        return f"{self.finding.kind} {self.finding.target.words}"


@dataclass
class Drafts:
    """What came of the findings, in their order."""

    made: list[Proposal] = field(default_factory=list)
    outcomes: list[FindingOutcome] = field(default_factory=list)
    shadows: list[tuple[Proposal, str, str]] = field(default_factory=list)
    """Proposal, scope and level: what an automatic level would have done by itself."""

    @property
    def kept_back(self) -> dict[str, str]:
        """Reason by finding: what a limit, the policy or the platform kept from being proposed."""
        return {item.name: item.why or "" for item in self.outcomes if item.outcome == "kept back"}

    @property
    def left(self) -> int:
        """Findings that were not examined, because people would not read more."""
        return sum(item.outcome == "not examined" for item in self.outcomes)

    def keep_back(self, finding: Finding, why: str) -> None:
        """Record why a finding is not proposed."""
        self.outcomes.append(FindingOutcome(finding, "kept back", why))

    def propose(self, finding: Finding, proposal: Proposal) -> None:
        """Record the proposal of a finding."""
        self.made.append(proposal)
        self.outcomes.append(FindingOutcome(finding, "proposed", proposal_id=proposal.proposal_id))


def drafted(
    found: list[Finding],
    *,
    gate: ApprovalGate,
    image: Callable[[ChangeRequest], Image],
    around: Callable[[Proposal], Surroundings],
) -> Drafts:
    """Proposals for these findings, in their order; each is judged as if those before it had been carried
    out.

    As many as the policy lets people be asked, of at most four times as many that are looked at: each asks
    its platform.
    """
    drafts = Drafts()
    most = gate.policy.approval.proposals_a_day
    for number, finding in enumerate(found):
        if len(drafts.made) >= most or number >= LOOKED_AT * most:
            drafts.outcomes += [FindingOutcome(rest, "not examined") for rest in found[number:]]
            break
        try:
            proposal = proposed(finding, gate=gate, image=image)
            surroundings = around(proposal)
            after = replace(
                surroundings, written=[*surroundings.written, *_as_written(drafts.made, surroundings)]
            )
            proposal = _possible(proposal, gate, after)
            judged = proposal.model_copy(
                update={"verdicts": judge(proposal, gate.policy, after, automatic=False)}
            )
        except PaidMediaError as error:
            drafts.keep_back(finding, str(error))
            continue
        if refused := [one for one in refusals(judged.verdicts) if one.guardrail not in PASSING]:
            drafts.keep_back(finding, "; ".join(f"{one.guardrail}: {one.words}" for one in refused))
            continue
        scope, level = _permission(judged, gate)
        acts = level in AUTOMATIC_KINDS and gate.not_automatic(judged, level=level) is None
        if acts and not refusals(judge(judged, gate.policy, after, automatic=True)):
            drafts.propose(finding, judged.model_copy(update={"level": level}))
            continue
        for automatic in AUTOMATIC_KINDS:  # until it has earned it, a level only shows what it would do
            if _would_act(judged, automatic, gate, after):
                drafts.shadows.append((judged, scope, automatic))
        if level == "observe":
            drafts.keep_back(finding, f"the policy only observes {scope}")
            continue
        drafts.propose(finding, judged)
    return drafts


def _possible(proposal: Proposal, gate: ApprovalGate, around: Surroundings) -> Proposal:
    """The proposal without the parts that a limit forbids by themselves, which its reason then names.

    A bundle whose budgets sum to nothing stays whole: without one of its parts it would not.

    Raises:
        DataUnusable: No part of it can be done.
    """
    moves_money = any(change.budgets for change in proposal.changes)
    if len(proposal.changes) == 1 or moves_money:
        return proposal

    def draft(changes: tuple[Change, ...]) -> Proposal:
        return proposal.model_copy(update={"changes": changes})

    allowance = Allowance(gate.policy, around, draft)
    changes, dropped = without_forbidden_parts(proposal.changes, allowance)
    if not dropped:
        return proposal
    left_out = "; ".join(f"{target} ({why})" for target, why in dropped.items())
    if not changes:
        raise DataUnusable(f"no part of it can be done: {left_out}")
    key = proposal_id(proposal.kind, proposal.as_of, changes, created_at=proposal.created_at)
    reason = f"{proposal.reason} Left out: {left_out}."
    return proposal.model_copy(update={"changes": changes, "proposal_id": key, "reason": reason})


def proposed(finding: Finding, *, gate: ApprovalGate, image: Callable[[ChangeRequest], Image]) -> Proposal:
    """The proposal of a finding, from the entities as they stand now, not judged yet.

    Raises:
        DataUnusable: Nothing would change, or the entity has no budget of its own.
    """
    changes = tuple(wish.change(image(wish)) for wish in finding.change_requests)
    if finding.kind == "reallocate_budget" and sum((c.amount for c in changes), Decimal(0)) != 0:
        raise DataUnusable("a shift of budget has to sum to nothing")
    at = gate.ledger.clock()
    return Proposal(
        proposal_id=proposal_id(finding.kind, finding.as_of, changes, created_at=at),
        kind=finding.kind,
        changes=changes,
        proposer=finding.proposer,
        reason=finding.reason,
        evidence=finding.evidence,
        effect=finding.effect,
        verdicts=(),
        level="propose",
        as_of=finding.as_of,
        created_at=at,
        expires_at=at + timedelta(hours=gate.policy.approval.hours),
        reverts=finding.reverts,
    )


def _permission(proposal: Proposal, gate: ApprovalGate) -> tuple[str, str]:
    """Scope and level of a proposal: of several targets the strictest."""
    held = []
    for change in proposal.changes:
        labels = labels_of(gate.policy, change)
        held.append(
            Permission(level="observe")
            if labels is None
            else gate.policy.permission(change.target.platform, change.target.account_id, labels)
        )
    strictest = min(held, key=lambda one: LEVELS.index(one.level))
    return strictest.words, strictest.level


def _would_act(proposal: Proposal, level: str, gate: ApprovalGate, around: Surroundings) -> bool:
    """Whether an automatic level would carry this out, the policy's word and the shadow's score aside."""
    why = gate.not_automatic(proposal, level=level)
    if why is not None and not why.startswith(("the policy says", "in the shadow")):
        return False
    return not refusals(judge(proposal, gate.policy, around, automatic=True))


def _as_written(made: list[Proposal], around: Surroundings) -> list[tuple[Proposal, PlatformWrite]]:
    return [
        (one, PlatformWrite(n, "forward", WriteState.INTENDED, "draft", around.now, None, None))
        for one in made
        for n in range(len(one.changes))
    ]
