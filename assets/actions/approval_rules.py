"""Who may approve what, how many have to, and whether an approval still holds: judged when a decision is
given and again at the write.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from assets.actions.guardrails.audiences import line_missing
from assets.actions.guardrails.case import labels_of
from resources.errors import DataUnusable
from resources.ledger.proposal import Change, Proposal
from resources.ledger.records import APPROVE, MACHINE, LedgerEntry, RecordedDecision
from resources.platforms.money import smallest
from resources.policy.policy import Policy
from resources.security.approvers import Approvers

AUTOMATIC_KINDS = {
    "auto_safe": {"pause_ad_set", "resume_ad_set", "set_daily_budget", "revert"},
    "auto_neutral": {"reallocate_budget"},
}


@dataclass(frozen=True)
class ApprovalRules:
    """Policy and approvers of one moment.

    Args:
        policy: policy.yaml as it stands.
        approvers: Who is enrolled.
        rates: Units of reporting currency for one unit of each account currency.
        shadow_score: Of what a level would have done in a scope: decided by people, and approved.
    """

    policy: Policy
    approvers: Approvers
    rates: Mapping[str, float]
    shadow_score: Callable[[str, str], tuple[int, int]]

    def needed(self, proposal: Proposal) -> int:
        """How many different people have to approve it."""
        limits, size = self.policy.approval, self.size(proposal)
        shares = [abs(change.amount) / change.budgets[0] for change in proposal.changes if change.budgets]
        if size is None or size > limits.second_person_above:
            return 2
        return 2 if max(shares, default=Decimal(0)) > Decimal(str(limits.second_person_share)) else 1

    def size(self, proposal: Proposal) -> Decimal | None:
        """How much a day it moves, in the reporting currency; None where that cannot be said."""
        up = down = Decimal(0)
        for change in proposal.changes:
            if change.moves == "nothing":
                continue
            rate = self.rates.get(change.image.currency)
            amount = change.amount
            if change.moves == "delivery":
                spend = proposal.evidence.get("spend_a_day")
                if not isinstance(spend, int | float):
                    return None
                amount = Decimal(str(spend))
            if rate is None:
                return None
            moved = amount * Decimal(str(rate))
            up, down = up + max(moved, Decimal(0)), down - min(moved, Decimal(0))
        return max(up, down)

    def why_not_by(self, name: str, proposal: Proposal) -> str | None:
        """Why this person may not approve this proposal; None where they may."""
        return next(self._obstacles(name, proposal), None)

    def _obstacles(self, name: str, proposal: Proposal) -> Iterator[str]:
        approver, size = self.policy.approvers.get(name), self.size(proposal)
        if approver is None:
            yield f"'{name}' is no approver in policy.yaml"
            return
        if not self.approvers.knows(name):
            yield f"{name} is not enrolled"
        if name == proposal.proposer:
            yield f"{name} proposed {proposal.proposal_id} and cannot approve it: somebody else has to"
        if approver.kinds is not None and proposal.kind not in approver.kinds:
            yield f"{name} may not approve {proposal.kind}"
        if size is None:
            yield (
                f"how much {proposal.proposal_id} moves cannot be said: an exchange rate or its spend is"
                " missing"
            )
        elif size > approver.up_to:
            yield (
                f"{proposal.proposal_id} moves {size:.2f} a day and {name} may approve up to {approver.up_to}"
            )

    def why_not_approved(self, entry: LedgerEntry, decisions: Iterable[RecordedDecision]) -> str | None:
        """Why the recorded decisions do not approve a proposal by the policy of this moment; None where they
        do.

        The proposal's state in the ledger is not asked: the approval is derived from signed decisions alone.
        """
        proposal = entry.proposal
        valid = [
            decision
            for decision in decisions
            if decision.is_signed and decision.digest == proposal.digest and decision.verdict == APPROVE
        ]
        if any(decision.verdict != APPROVE for decision in decisions):
            return "somebody rejected it"
        if not valid:
            return "no decision on it was signed by this deployment's ledger key"
        if proposal.kind != "revert":
            for change in proposal.changes:
                if change.is_about_audiences and (why := line_missing(self.policy, change)):
                    return why
        if any(decision.approver == MACHINE for decision in valid):
            return self.not_automatic(proposal)
        reasons = {decision.approver: self.why_not_by(decision.approver, proposal) for decision in valid}
        count, needed = sum(reason is None for reason in reasons.values()), self.needed(proposal)
        if count >= needed:
            return None
        lost = "; ".join(reason for reason in reasons.values() if reason)
        return f"{count} of {needed} approvals hold{f': {lost}' if lost else ''}"

    def not_automatic(self, proposal: Proposal, *, level: str | None = None) -> str | None:
        """Why a proposal may not be carried out without a person; None where the policy lets it."""
        level = level or proposal.level
        by_people_alone = not all(change.may_be_automatic for change in proposal.changes)
        if by_people_alone or proposal.kind not in AUTOMATIC_KINDS.get(level, set()):
            return f"the level {level} never does that"
        if level == "auto_safe" and any(change.amount > 0 for change in proposal.changes):
            return "auto_safe raises no budget"
        if level == "auto_neutral" and (why := self._not_neutral(proposal)):
            return why
        return next(filter(None, (self._not_earned(change, level) for change in proposal.changes)), None)

    def _not_neutral(self, proposal: Proposal) -> str | None:
        """Why a bundle changes the total; amounts in several currencies are added in the reporting currency."""
        currencies = {change.image.currency for change in proposal.changes}
        if missing := sorted(currencies - set(self.rates)):
            return f"no exchange rate for {missing[0]}, so whether the sum stays the same cannot be said"
        rates = {currency: Decimal(str(self.rates[currency])) for currency in currencies}
        total = sum((change.amount * rates[change.image.currency] for change in proposal.changes), Decimal(0))
        # A budget is a whole number of its platform's smallest units: between currencies a sum can miss zero by
        # half a unit a part, and within one currency by nothing.
        try:
            units = [smallest(change.target.platform, change.image.currency) for change in proposal.changes]
        except DataUnusable as error:
            return str(error)
        rounding = sum(
            (unit / 2 * rates[c.image.currency] for unit, c in zip(units, proposal.changes, strict=True)),
            Decimal(0),
        )
        if abs(total) > (rounding if len(currencies) > 1 else 0):
            return "auto_neutral moves budgets only where the sum stays the same"
        return None

    def _not_earned(self, change: Change, level: str) -> str | None:
        """Why a level may not make this change by itself: the policy's word for it, or too few right
        decisions in the shadow.
        """
        target, labels, limits = change.target, labels_of(self.policy, change), self.policy.guardrails
        if labels is None:
            return f"the labels of {target.words} could not be read"
        permission = self.policy.permission(target.platform, target.account_id, labels)
        if permission.level != level:
            return f"the policy says {permission.level} for {target.words}"
        decided, right = self.shadow_score(permission.words, level)
        if decided < limits.shadow_decisions or right < limits.shadow_right * decided:
            return (
                f"in the shadow {right} of {decided} were right; {limits.shadow_decisions} with"
                f" {limits.shadow_right:.0%} are needed"
            )
        return None
