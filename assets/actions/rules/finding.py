"""Findings: recommended changes from signals, before they become proposals."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from resources.ledger.proposal import Effect, Target


@dataclass(frozen=True)
class Wish:
    """One requested change: a status, or a budget by a factor, an amount or to a value in account
    currency.
    """

    target: Target
    status: Literal["active", "paused"] | None = None
    factor: Decimal | None = None
    amount: Decimal | None = None
    to: Decimal | None = None


@dataclass(frozen=True)
class Finding:
    """A recommended change with its reason and evidence. Several wishes are carried out as one bundle."""

    kind: Any
    wishes: tuple[Wish, ...]
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
        return self.wishes[0].target

    @property
    def is_pause(self) -> bool:
        return self.wishes[0].status == "paused"

    @property
    def is_emergency(self) -> bool:
        """Whether it keeps a hard cap."""
        return self.evidence.get("emergency") == "yes"
