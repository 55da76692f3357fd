"""The ledger's records as frozen values, and the errors that name what is wrong with them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from resources.errors import DataUnusable, PaidMediaError
from resources.ledger.proposal import Proposal
from resources.ledger.states import State, WriteState

KILL = "kill"
APPROVE, REJECT = "approve", "reject"
MACHINE = "policy"
"""The approver of record where the policy lets a level act by itself."""


@dataclass(frozen=True)
class LedgerEntry:
    """One proposal as the ledger has it."""

    proposal: Proposal
    state: State
    why: str | None
    changed_at: datetime
    registered_at: datetime | None
    announced_at: datetime | None
    reminded: int
    retired_at: datetime | None

    @property
    def proposal_id(self) -> str:
        return self.proposal.proposal_id


@dataclass(frozen=True)
class ProposalBatch:
    """Several proposals under one key, decided on by one digest."""

    batch_id: str
    digest: str
    members: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True)
class PlatformWrite:
    """One write of a proposal, as far as its outcome is known."""

    part: int
    direction: str
    state: WriteState
    run_id: str
    intended_at: datetime
    request_id: str | None
    said: str | None
    answered_at: datetime | None = None
    """When its request ended, with an answer or without; None where nobody recorded that."""
    looked_at: datetime | None = None
    """When it was last read back."""

    @property
    def key(self) -> tuple[int, str]:
        return self.part, self.direction


@dataclass(frozen=True)
class RecordedDecision:
    """One approver's verdict on one proposal, as it stands in the ledger.

    `is_signed`: by this deployment's key.
    """

    proposal_id: str
    approver: str
    digest: str
    verdict: str
    reason: str
    proof: str
    run_id: str
    decided_at: datetime
    is_signed: bool


@dataclass(frozen=True)
class DecisionReference:
    """What a single-use reference stands for: an approver's verdicts, by digest, and how they were proven."""

    reference_hash: str
    approver: str
    decisions: Mapping[str, str]
    note: str
    proof: str
    session: str
    created_at: datetime


@dataclass(frozen=True)
class DecisionOutcome:
    """What a decision did: the state it led to, or why it did nothing."""

    proposal_id: str
    state: State
    counted: bool
    words: str


@dataclass(frozen=True)
class SwitchState:
    """A switch as it stands: who turned it, when and why.

    `is_trusted` False: the row or its absence contradicts the audit.
    """

    is_on: bool
    person: str
    reason: str
    at: datetime
    is_trusted: bool = True


class CodeSpent(PaidMediaError):
    """The code was used before, for something else."""

    def __init__(self) -> None:
        super().__init__("This code was used before. Take a fresh one; nothing was done.")


class GuessesExhausted(PaidMediaError):
    """Too many wrong codes were given; none is tested any more for a while."""


class CodeWrong(PaidMediaError):
    """The code proves nothing."""


class ReferenceRefused(PaidMediaError):
    """A reference that was never given out, is too old, is for other proposals, or was used before."""


def entry_of(row: Any) -> LedgerEntry:
    proposal = Proposal.model_validate_json(row.body)
    if proposal.digest != row.digest:
        raise DataUnusable(
            f"Proposal {row.proposal_id} no longer has the digest it was taken in with. Nothing is done with"
            " it; run `audit verify`."
        )
    return LedgerEntry(
        proposal,
        State(row.state),
        row.why,
        row.changed_at,
        row.registered_at,
        row.announced_at,
        row.reminded,
        row.retired_at,
    )


def batch_of(row: Any) -> ProposalBatch:
    return ProposalBatch(row.batch_id, row.digest, tuple(json.loads(row.members)), row.created_at)


def write_of(row: Any) -> PlatformWrite:
    return PlatformWrite(
        row.part,
        row.direction,
        WriteState(row.state),
        row.run_id,
        row.intended_at,
        row.request_id,
        row.said,
        row.answered_at,
        row.looked_at,
    )
