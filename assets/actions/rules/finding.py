"""What a signal says should be done, before it is a proposal."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from resources.ledger.proposal import Effect, Target


@dataclass(frozen=True)
class Wish:
    """One thing to change: a status, or a budget times a factor or by an amount in account currency."""

    target: Target
    status: Literal["active", "paused"] | None = None
    factor: Decimal | None = None
    amount: Decimal | None = None
    to: Decimal | None = None


@dataclass(frozen=True)
class Finding:
    """A reason to change something. Several wishes are one bundle."""

    kind: Any
    wishes: tuple[Wish, ...]
    reason: str
    evidence: dict[str, str | float | int | None]
    effect: Effect
    as_of: date
    proposer: str
    weight: float
    """Money a day it is about, to put the heaviest first."""
    reverts: str | None = None
