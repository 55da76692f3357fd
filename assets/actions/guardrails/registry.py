"""The limits no approval lifts, judged when a proposal is made and again right before it is carried out.

A limit whose input is missing, or whose judgement breaks, does not hold: only a plain yes lets anything be
written.
"""

from collections.abc import Callable
from importlib import import_module

from assets.actions.guardrails import audiences, size
from assets.actions.guardrails import timing_and_data as trust
from assets.actions.guardrails.case import Case, StoredNotice
from assets.actions.guardrails.context import Surroundings
from resources.kinds.registry import LIMITS
from resources.ledger.proposal import Proposal, Verdict
from resources.policy.policy import Policy

GUARDRAILS: dict[str, Callable[[Case], StoredNotice]] = {
    "amounts": size.amounts,
    "change size": size.change_size,
    "cool-down": trust.cool_down,
    "budget changes": trust.budget_changes,
    "blast radius": size.blast_radius,
    "caps": size.caps,
    "floor and ceiling": size.floor_and_ceiling,
    "alone": audiences.alone,
    "by a person": audiences.by_a_person,
    "policy": audiences.in_policy,
    "audience size": audiences.large_enough,
    "removed at once": audiences.removed_at_once,
    "special ad categories": audiences.special_categories,
    "conversions kept": audiences.kept_conversions,
    "never": trust.never,
    "learning phase": trust.learning,
    "human edits": trust.human_edits,
    "blackouts": trust.blackouts,
    "data": trust.data,
    "batch safety": size.untouched,
    "newest day": trust.newest,
    "evidence": trust.evidence,
    "newest segments": audiences.newest_segments,
    "account": audiences.account_in_policy,
    **{name: limit for module in LIMITS.values() for name, limit in import_module(module).LIMITS.items()},
}
"""Every guardrail by name, with those that a kind has of its own. Which of them hold for a change, its kind says (`Change.limits`)."""


def judge(
    proposal: Proposal, policy: Policy, around: Surroundings, *, automatic: bool
) -> tuple[Verdict, ...]:
    """A verdict for each limit of the kinds of change in a proposal, in a fixed order."""
    case = Case(proposal, policy, around, automatic)
    names = {name for change in proposal.changes for name in change.limits}
    return tuple(_said(name, limit, case) for name, limit in GUARDRAILS.items() if name in names)


def refusals(verdicts: tuple[Verdict, ...]) -> list[Verdict]:
    """The verdicts that keep a proposal from being carried out."""
    return [verdict for verdict in verdicts if verdict.holds is not True]


def _said(name: str, limit: Callable[[Case], StoredNotice], case: Case) -> Verdict:
    try:
        holds, words = limit(case)
    except Exception as error:  # noqa: BLE001 — a limit that breaks must not open the gate, whatever broke it
        holds, words = None, f"could not be judged ({type(error).__name__}: {error})"
    return Verdict(guardrail=name, holds=holds, words=words)
