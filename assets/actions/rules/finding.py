"""Findings: recommended changes from signals, before they become proposals."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from resources.kinds.base import ChangeRequest
from resources.kinds.daily_budget.change import BudgetChange, owned_budget
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Effect, Image, Target
from resources.platforms.money import rounded


@dataclass(frozen=True)
class EntityChangeRequest:
    """One requested change: a status, or a budget by a factor, an amount or to a value in account
    currency.
    """

    target: Target
    status: Literal["active", "paused"] | None = None
    factor: Decimal | None = None
    amount: Decimal | None = None
    to: Decimal | None = None

    @property
    def field(self) -> str:
        return "daily_budget" if self.status is None else "status"

    def change(self, image: Image) -> Change:
        """The change from what is there now; a budget is rounded down to what the platform can hold.

        Raises:
            DataUnusable: Nothing would change, or the entity has no budget of its own.
        """
        if self.status is not None:
            return StatusChange.to(self.target, image, self.status)
        budget = owned_budget(self.target, image)
        wanted = self.to if self.to is not None else budget * (self.factor or 1) + (self.amount or 0)
        return BudgetChange.to(self.target, image, rounded(wanted, self.target.platform, image.currency))


@dataclass(frozen=True)
class Finding:
    """A recommended change with its reason and evidence. Several wishes are carried out as one bundle."""

    kind: Any
    change_requests: tuple[ChangeRequest, ...]
    reason: str
    evidence: dict[str, str | float | int | None]
    effect: Effect
    as_of: date
    proposer: str
    weight: float
    """Money per day that the change is expected to save, earn or move, by which findings are sorted."""
    reverts: str | None = None

    @property
    def target(self) -> Target:
        """Target of its first change."""
        return self.change_requests[0].target

    @property
    def is_pause(self) -> bool:
        first = self.change_requests[0]
        return isinstance(first, EntityChangeRequest) and first.status == "paused"

    @property
    def is_emergency(self) -> bool:
        """Whether it keeps a hard cap."""
        return self.evidence.get("emergency") == "yes"


def prioritised(findings: Collection[Finding]) -> list[Finding]:
    """The findings of all rules in the order in which they may use up limits: emergencies first, then the most
    money.

    Where a hard cap stops ad sets of an account, pauses of its underperforming ad sets come before the stops:
    they keep the cap as well and lose less value.
    """
    stopped = {f.target.account for f in findings if f.is_emergency and f.is_pause}

    def order(finding: Finding) -> tuple[int, float]:
        if finding.is_emergency:
            return 2 if finding.is_pause else 0, -finding.weight
        serves_the_cap = finding.is_pause and finding.target.account in stopped
        return 1 if serves_the_cap else 3, -finding.weight

    return sorted(findings, key=order)
