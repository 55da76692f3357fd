"""What would be allowed here, and which limit binds: the same judgement as of a proposal, asked before one is
made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from assets.actions.guardrails.context import Surroundings
from assets.actions.guardrails.registry import judge, refusals
from resources.kinds.daily_budget.change import BudgetChange
from resources.ledger.proposal import Change, Proposal, Verdict
from resources.platforms.money import smallest
from resources.policy.policy import Policy

Draft = Callable[[tuple[Change, ...]], Proposal]
"""A proposal of changes that was not judged yet."""


@dataclass(frozen=True)
class BudgetAllowance:
    """How far a daily budget may move now, in account currency.

    Args:
        least: The lowest amount that every limit allows; the present one where it may not be lowered.
        most: The highest, likewise.
        step: The smallest amount that it can move by.
        binds_below: The limit that allows nothing lower.
        binds_above: The limit that allows nothing higher.
    """

    least: Decimal
    most: Decimal
    step: Decimal
    binds_below: Verdict | None
    binds_above: Verdict | None

    @property
    def is_fixed(self) -> bool:
        """Whether it may not move at all."""
        return self.least == self.most


@dataclass(frozen=True)
class Allowance:
    """The judgement that proposers ask for; the executor judges the same proposal by the same limits.

    Args:
        policy: policy.yaml as it stands.
        around: What the limits are judged by, with what was proposed before as if it had been carried out.
        draft: Makes a proposal of changes.
        automatic: Whether nobody would look at it.
    """

    policy: Policy
    around: Surroundings
    draft: Draft
    automatic: bool = False

    def binding(self, changes: tuple[Change, ...]) -> list[Verdict]:
        """The limits that keep these changes from being carried out together; empty where none does."""
        return refusals(judge(self.draft(changes), self.policy, self.around, automatic=self.automatic))

    def budget(self, change: BudgetChange) -> BudgetAllowance:
        """How far the budget of a change may move, whatever the change asks for.

        Every limit that allows an amount allows the amounts between it and the present one, so the bounds are
        found by bisection over whole steps.

        Raises:
            DataUnusable: The units of its currency are not known.
        """
        present, step = change.budgets[0], smallest(change.target.platform, change.image.currency)
        furthest = int(present * Decimal(str(self.policy.guardrails.most_times_current)) // step)
        units = int(present // step)
        below, binds_below = self._bound(change, units, 0, step)
        above, binds_above = self._bound(change, units, furthest, step)
        return BudgetAllowance(
            present if below == units else below * step,
            present if above == units else above * step,
            step,
            binds_below,
            binds_above,
        )

    def _bound(
        self, change: BudgetChange, units: int, furthest: int, step: Decimal
    ) -> tuple[int, Verdict | None]:
        """The number of steps nearest to `furthest` that is allowed, and what forbids the next."""
        direction = 1 if furthest > units else -1
        allowed, forbidden = 0, abs(furthest - units) + 1
        verdict: Verdict | None = None
        while forbidden - allowed > 1:
            distance = (allowed + forbidden) // 2
            found_verdicts = self.binding((_moved(change, (units + direction * distance) * step),))
            if found_verdicts:
                forbidden, verdict = distance, found_verdicts[0]
            else:
                allowed = distance
        return units + direction * allowed, verdict


def _moved(change: BudgetChange, amount: Decimal) -> Change:
    return change.model_copy(update={"after": f"{amount:.2f}"})


def without_forbidden_parts(
    changes: tuple[Change, ...], allowance: Allowance
) -> tuple[tuple[Change, ...], dict[str, str]]:
    """The changes of a bundle that may each be done, and why by target where one may not."""
    dropped = {}
    for change in changes:
        if verdicts := allowance.binding((change,)):
            dropped[change.target.words] = "; ".join(f"{v.guardrail}: {v.words}" for v in verdicts)
    return tuple(change for change in changes if change.target.words not in dropped), dropped
