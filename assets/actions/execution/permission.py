"""Whether a write may leave at this moment: the kill switch, the audit, and the approval derived anew from
signed decisions.
"""

from collections.abc import Callable
from dataclasses import dataclass

from assets.actions.approval_rules import ApprovalRules
from resources.errors import PaidMediaError
from resources.ledger.anchor import AnchorFile
from resources.ledger.store import Ledger


@dataclass
class WritePermission:
    """Asked right before every request that changes something.

    Args:
        ledger: Where decisions, writes and the audit are.
        killed: Why nothing may be written at all, None where the kill switch is off.
        rules: Policy, approvers and rates, read anew at each call.
        anchor: Where the audit's head is copied to before a write.
    """

    ledger: Ledger
    killed: Callable[[], str | None]
    rules: Callable[[], ApprovalRules]
    anchor: AnchorFile | None = None

    def why_not(self, proposal_id: str) -> str | None:
        """Why this proposal may not be carried out now; None where it may.

        What cannot be read counts as a reason.
        """
        if why := self.why_not_back(proposal_id):
            return why
        try:
            rules = self.rules()
            entry = self.ledger.proposals.members(proposal_id)[0]
            why = rules.why_not_approved(entry, self.ledger.decisions.of(proposal_id))
        except PaidMediaError as error:
            return f"its approval cannot be judged: {error}"
        return f"its approval does not hold any more: {why}" if why else None

    def why_not_back(self, proposal_id: str) -> str | None:
        """Why not even the way back may be written: the kill switch, or a ledger that contradicts its audit."""
        if why := self.killed():
            return why
        contradiction = self.ledger.audit.contradiction(proposal_id, self.anchor)
        if contradiction:
            return f"THE LEDGER WAS CHANGED: {contradiction}. Run `audit verify --anchor`"
        return None

    def before_request(self) -> None:
        """Copy the audit's head to its anchor, so that a restored older copy of the ledger is noticed."""
        if self.anchor is not None:
            self.anchor.record(self.ledger.database)
