"""What would be allowed here and which limit binds: found by asking the same limits that judge a proposal."""

from decimal import Decimal

import pytest

from assets.actions.guardrails.allowance import Allowance, without_forbidden_parts
from resources.ledger.proposal import Change, Proposal
from resources.policy.policy import Policy
from tests.actions.judged import POLICY, around
from tests.actions.made import budget, pause, proposal, target


def allowance(*changes: Change, **other: object) -> Allowance:
    made = proposal(*changes)

    def draft(parts: tuple[Change, ...]) -> Proposal:
        return made.model_copy(update={"changes": parts})

    return Allowance(Policy.model_validate(POLICY), around(made, **other), draft)


@pytest.mark.parametrize(
    ("present", "least", "most", "binds_below", "binds_above"),
    [
        ("55.00", "44.00", "60.00", "change size", "floor and ceiling"),
        ("28.00", "25.00", "33.60", "floor and ceiling", "change size"),
        ("45.00", "36.00", "54.00", "change size", "change size"),
    ],
)
def test_a_budget_may_move_as_far_as_every_limit_lets_it(
    present: str, least: str, most: str, binds_below: str, binds_above: str
) -> None:
    change = budget(present, f"{Decimal(present) + 1:.2f}")
    bounds = allowance(change).budget(change)
    assert (bounds.least, bounds.most, bounds.step) == (Decimal(least), Decimal(most), Decimal("0.01"))
    assert bounds.binds_below is not None
    assert bounds.binds_above is not None
    assert (bounds.binds_below.guardrail, bounds.binds_above.guardrail) == (binds_below, binds_above)
    for amount, allowed in ((least, True), (most, True)):  # the executor's judgement is the same
        moved = budget(present, f"{Decimal(amount):.2f}")
        assert (allowance(moved).binding((moved,)) == []) is allowed
    for amount in (Decimal(least) - bounds.step, Decimal(most) + bounds.step):
        moved = budget(present, f"{amount:.2f}")
        assert allowance(moved).binding((moved,)) != []


def test_what_learns_may_not_move_at_all_and_says_so() -> None:
    change = budget("50.00", "51.00", learning_state="LEARNING")
    bounds = allowance(change).budget(change)
    assert bounds.is_fixed
    assert bounds.binds_above is not None
    assert bounds.binds_above.guardrail == "learning phase"


def test_a_bundle_drops_the_part_that_cannot_be_done() -> None:
    parts = (pause(target("1")), pause(target("2"), learning_state="LEARNING"), pause(target("3")))
    changes, dropped = without_forbidden_parts(parts, allowance(*parts))
    assert [change.target.entity_id for change in changes] == ["1", "3"]
    (why,) = dropped.values()
    assert "2 is still learning" in why
