"""Who may let what happen: the one door. Everything is judged here before the ledger is asked to count a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from assets.actions.guardrails.case import labels_of
from resources.errors import PaidMediaError
from resources.ledger.base import CodeSpent, Decided, Entry
from resources.ledger.proposal import Change, Proposal, set_summary
from resources.ledger.states import State
from resources.ledger.store import Ledger
from resources.policy.policy import Policy
from resources.security.approvers import Approvers

UNDECIDED, APPROVE, REJECT, AUTOMATIC = "undecided", "approve", "reject", "automatic"
MACHINE = "policy"
"""Who decides where the policy lets a level act by itself."""
AUTOMATIC_KINDS = {
    "auto_safe": {"pause_ad_set", "resume_ad_set", "set_daily_budget", "revert"},
    "auto_neutral": {"reallocate_budget"},
}


class NotApproved(PaidMediaError):
    """Nothing was decided; the sentence says why and what to do."""


@dataclass(frozen=True)
class Asked:
    """A decision as somebody gives it. `together`: every key it was given for at once, `key` among them."""

    key: str
    together: tuple[str, ...]
    proposal: str
    decision: str
    approver: str
    code: str
    note: str
    launched_at: datetime
    """When the server created the run or the backfill: codes are judged by that."""
    scope: str
    run_id: str


@dataclass(frozen=True)
class Gate:
    """What decisions are judged by. `rates`: units of reporting currency for one unit of each account currency."""

    ledger: Ledger
    policy: Policy
    approvers: Approvers
    rates: Mapping[str, float]
    by_proxy: bool = False

    def decide(self, asked: Asked) -> list[Decided]:
        """Count the decision for every proposal under `asked.key`.

        Raises:
            NotApproved: It proves nothing, or not enough. Nothing was decided.
        """
        mine = self.ledger.members(asked.key)
        if not any(entry.state == State.PROPOSED for entry in mine):
            return [
                Decided(
                    e.proposal_id,
                    e.state,
                    counted=False,
                    words=f"is {e.state} already; this run changes no decision",
                )
                for e in mine
            ]
        everything = {e.proposal_id: e for key in asked.together for e in self.ledger.members(key)}
        if asked.decision == AUTOMATIC:
            return self._automatic(asked, mine)
        if asked.decision not in {APPROVE, REJECT}:
            raise NotApproved(
                "decision is undecided, so nothing happened. To decide, materialize again with `decision` approve or reject, your "
                f"name, a code, and `proposal: '{self.words(asked)}'`."
            )
        self._is_meant(asked)
        proof, code = self._proof(asked, list(everything.values()))
        if asked.decision == APPROVE:
            for entry in mine:
                self._may_approve(asked.approver, entry.proposal)
        try:
            return self.ledger.decide(
                [entry.proposal_id for entry in mine], approver=asked.approver, approve=asked.decision == APPROVE,
                reason=asked.note, proof=proof, code=code, scope=asked.scope, run_id=asked.run_id, needed=self.needed,
            )  # fmt: skip
        except CodeSpent:
            raise NotApproved(
                "This code was used before. Take a fresh one and materialize again; nothing was decided."
            ) from None

    def words(self, asked: Asked) -> str:
        """What `proposal` has to say for this decision."""
        if len(asked.together) == 1:
            return self.ledger.summary(asked.key)
        return set_summary(e.proposal.digest for key in asked.together for e in self.ledger.members(key))

    def needed(self, proposal: Proposal) -> int:
        """How many different people have to approve it."""
        limits, size = self.policy.approval, self.size(proposal)
        shares = [abs(c.amount) / Decimal(c.before) for c in proposal.changes if c.field == "daily_budget"]
        if size is None or size > limits.second_person_above:
            return 2
        return 2 if max(shares, default=Decimal(0)) > Decimal(str(limits.second_person_share)) else 1

    def size(self, proposal: Proposal) -> Decimal | None:
        """How much a day it moves, in the reporting currency; None where that cannot be said."""
        up = down = Decimal(0)
        for change in proposal.changes:
            if change.is_about_audiences:  # who sees an ad moves no budget
                continue
            rate = self.rates.get(change.image.currency)
            amount = change.amount
            if change.field == "status":
                told = proposal.evidence.get("spend_a_day")
                if not isinstance(told, int | float):
                    return None
                amount = Decimal(str(told))
            if rate is None:
                return None
            moved = amount * Decimal(str(rate))
            up, down = up + max(moved, Decimal(0)), down - min(moved, Decimal(0))
        return max(up, down)

    def _is_meant(self, asked: Asked) -> None:
        wanted = self.words(asked)
        if asked.proposal.strip() != wanted:
            said = f"says '{asked.proposal.strip()}'" if asked.proposal.strip() else "is empty"
            raise NotApproved(
                f"`proposal` {said}, and what this run would decide on is '{wanted}'. Nothing was decided; look at it again and copy that line."
            )

    def _proof(self, asked: Asked, entries: Sequence[Entry]) -> tuple[str, str]:
        name, limits, now = asked.approver.strip(), self.policy.approval, self.ledger.clock()
        if name not in self.policy.approvers:
            raise NotApproved(f"'{name}' is no approver in policy.yaml. Nothing was decided.")
        if self.by_proxy and not asked.code.strip():
            person = self.ledger.launched_by(asked.run_id)
            if person != name:
                raise NotApproved(
                    f"The authenticating proxy did not prove that {name} launched this run. Give a code, or launch it through the proxy."
                )
            return "proxy", f"proxy:{asked.run_id}"
        since = now - timedelta(minutes=limits.wrong_codes_minutes)
        if self.ledger.wrong_codes(name, since=since) >= limits.wrong_codes:
            raise NotApproved(
                f"Too many wrong codes for {name}. Try again in {limits.wrong_codes_minutes:g} minutes; nothing was decided."
            )
        digests = [entry.proposal.digest for entry in entries]
        found = self.approvers.proof(
            name, asked.code, decision=asked.decision, digests=digests, at=asked.launched_at
        )
        if found is None:
            self.ledger.wrong_code(name)
            raise NotApproved(
                f"The code does not prove {name}: it is wrong, too old, or for something else. Take a fresh one; nothing was decided."
            )
        if found[0] == "totp" and len(entries) > limits.totp_at_most:
            raise NotApproved(
                f"{len(entries)} decisions at once need a code bound to exactly these: run `python -m orchestration.cli code` "
                f"(an authenticator's six digits are enough for {limits.totp_at_most}). Nothing was decided."
            )
        return found

    def _may_approve(self, name: str, proposal: Proposal) -> None:
        approver, size = self.policy.approvers[name], self.size(proposal)
        if name == proposal.proposer:
            raise NotApproved(
                f"{name} proposed {proposal.proposal_id} and cannot approve it: somebody else has to."
            )
        if approver.kinds is not None and proposal.kind not in approver.kinds:
            raise NotApproved(f"{name} may not approve {proposal.kind}. Nothing was decided.")
        if size is None:
            raise NotApproved(
                f"How much {proposal.proposal_id} moves cannot be said: an exchange rate or its spend is missing. Nothing was decided."
            )
        if size > approver.up_to:
            raise NotApproved(
                f"{proposal.proposal_id} moves {size:.2f} a day and {name} may approve up to {approver.up_to}. Nothing was decided."
            )

    def _automatic(self, asked: Asked, mine: Sequence[Entry]) -> list[Decided]:
        for entry in mine:
            if why := self.not_automatic(entry.proposal):
                raise NotApproved(
                    f"{entry.proposal_id} is not decided by itself: {why}. A person has to decide."
                )
        return self.ledger.decide(
            [entry.proposal_id for entry in mine], approver=MACHINE, approve=True, reason=f"level {mine[0].proposal.level}",
            proof="policy", code=f"automatic:{asked.key}", scope=asked.key, run_id=asked.run_id, needed=lambda _: 1,
        )  # fmt: skip

    def not_automatic(self, proposal: Proposal, *, level: str | None = None) -> str | None:
        """Why a proposal may not be carried out without a person; None where the policy lets it."""
        level = level or proposal.level
        about_audiences = any(change.is_about_audiences for change in proposal.changes)
        if about_audiences or proposal.kind not in AUTOMATIC_KINDS.get(level, set()):
            return f"the level {level} never does that"
        if level == "auto_safe" and any(change.amount > 0 for change in proposal.changes):
            return "auto_safe raises no budget"
        if level == "auto_neutral" and sum((change.amount for change in proposal.changes), Decimal(0)) != 0:
            return "auto_neutral moves budgets only where the sum stays the same"
        return next(filter(None, (self._not_earned(change, level) for change in proposal.changes)), None)

    def _not_earned(self, change: Change, level: str) -> str | None:
        """Why a level may not make this change by itself: the policy's word for it, or too few right decisions in the shadow."""
        target, labels, wanted = change.target, labels_of(self.policy, change), self.policy.guardrails
        if labels is None:
            return f"the labels of {target.words} could not be read"
        held = self.policy.permission(target.platform, target.account_id, labels)
        if held.level != level:
            return f"the policy says {held.level} for {target.words}"
        decided, right = self.ledger.shadow_score(held.words, level)
        if decided < wanted.shadow_decisions or right < wanted.shadow_right * decided:
            return f"in the shadow {right} of {decided} were right; {wanted.shadow_decisions} with {wanted.shadow_right:.0%} are needed"
        return None
