"""Every answer and moment of a write, and the proposals that are carried out under it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from benchmarks.gate_faults.action_path import NOON
from benchmarks.gate_faults.rig import Rig
from resources.kinds.daily_budget.change import BudgetChange
from resources.kinds.entity_status.change import StatusChange
from resources.ledger.proposal import Change, Effect, Proposal, Target, proposal_id
from sandbox.write_faults import AMBIGUOUS, DEFINITE

LATE_SECONDS = (1.0, 60.0, 600.0)
KINDS = ("pause", "budget", "bundle", "batch", "rejected")


@dataclass(frozen=True)
class Case:
    """One write's answer and moment, for one kind of proposal at one platform.

    `nth`: which of its writes gets the answer.
    """

    platform: str
    kind: str
    answer: str = ""
    moment: str = ""
    seconds: float = 0.0
    nth: int = 0


def all_cases() -> Iterator[Case]:
    """Every ambiguous answer at every moment and every definite refusal, for every platform and kind."""
    moments = [("before", 0.0), ("after", 0.0), *(("late", seconds) for seconds in LATE_SECONDS)]
    for platform in AMBIGUOUS:
        answers = [(answer, moment, seconds) for answer in AMBIGUOUS[platform] for moment, seconds in moments]
        answers += [(answer, "before", 0.0) for answer in DEFINITE[platform]]
        for kind in KINDS:
            for answer, moment, seconds in answers:
                for nth in (0, 1) if kind in {"bundle", "batch"} else (0,):
                    yield Case(platform, kind, answer, moment, seconds, nth)


def propose(rig: Rig, case: Case) -> tuple[str, list[Proposal]]:
    """The proposals of a case in the ledger, and the key that they wait under."""
    proposals = proposals_of(rig, case)
    for proposal in proposals:
        if not rig.path.ledger.proposals.propose(proposal):
            raise RuntimeError(f"{proposal.proposal_id} was not taken in")
    if len(proposals) == 1:
        return proposals[0].proposal_id, proposals
    digests = {proposal.proposal_id: proposal.digest for proposal in proposals}
    return rig.path.ledger.proposals.make_batch("batch.bench", digests).batch_id, proposals


def proposals_of(rig: Rig, case: Case) -> list[Proposal]:
    """What is decided on in a case."""
    targets = rig.targets[case.platform, "budget" if case.kind in {"budget", "bundle"} else "pause"]
    if case.kind == "bundle":
        changes = [raised(rig, targets[0], "-2"), raised(rig, targets[1], "2")]
        return [proposal_of(rig, changes, "reallocate_budget")]
    if case.kind == "budget":
        return [proposal_of(rig, [raised(rig, targets[0], "-1")], "set_daily_budget")]
    count = 2 if case.kind == "batch" else 1
    return [proposal_of(rig, [paused(rig, target)], "pause_ad_set") for target in targets[:count]]


def paused(rig: Rig, target: Target) -> Change:
    return StatusChange(target=target, before="active", after="paused", image=rig.image(target))


def raised(rig: Rig, target: Target, amount: str) -> Change:
    """A daily budget changed by `amount`, in the account's currency."""
    image = rig.image(target)
    return BudgetChange.to(target, image, (image.daily_budget or Decimal(0)) + Decimal(amount))


def proposal_of(rig: Rig, changes: list[Change], kind: str) -> Proposal:
    created_at, as_of = rig.now, NOON.date() - timedelta(days=1)
    return Proposal(
        proposal_id=proposal_id(kind, as_of, changes, created_at=created_at),
        kind=kind,
        changes=tuple(changes),
        proposer="rule:bench",
        reason="a benchmark",
        evidence={"spend_a_day": 1.0, "expected_conversions": 99},
        effect=Effect(metric="none", words="none"),
        verdicts=(),
        level="propose",
        as_of=as_of,
        created_at=created_at,
        expires_at=created_at + timedelta(hours=30),
    )
