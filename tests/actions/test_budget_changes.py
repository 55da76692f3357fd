"""How often a budget may change within an hour:

Meta refuses the fifth change, and so do we, before anything is sent.
"""

from datetime import datetime, timedelta

from assets.actions.guardrails.registry import judge
from resources.policy.policy import Policy
from tests.actions.judged import POLICY, around, earlier, verdict
from tests.actions.made import AT, budget, pause, proposal, target


def minutes_ago(*minutes: float) -> list[datetime]:
    return [AT - timedelta(minutes=one) for one in minutes]


def test_a_fifth_change_of_a_budget_waits_until_the_first_is_an_hour_old() -> None:
    made, four = proposal(budget("60.00", "55.00")), minutes_ago(50, 40, 30, 20)
    told = around(made, budget_edits={target().words: four})
    found = {v.guardrail: v for v in judge(made, Policy.model_validate(POLICY), told, automatic=False)}
    assert found["budget changes"].holds is False
    assert found["budget changes"].words.endswith("and 4 are allowed: it may go on at 2026-11-23 12:10 UTC")
    assert (
        verdict("budget changes", budget("60.00", "55.00"), budget_edits={target().words: four[:3]}) is True
    )
    hour = {target().words: minutes_ago(60, 40, 30, 20)}
    assert verdict("budget changes", budget("60.00", "55.00"), budget_edits=hour) is True


def test_our_own_changes_of_a_budget_count_and_count_once() -> None:
    ours = [one for n in (50, 40, 30) for one in earlier(budget("65.00", "60.00"), hours=n / 60)]
    change = budget("60.00", "55.00")
    shown = {target().words: minutes_ago(49, 39, 29)}
    assert verdict("budget changes", change, written=ours, budget_edits=shown) is True
    other = {target().words: minutes_ago(49, 39, 29, 10)}
    assert verdict("budget changes", change, written=ours, budget_edits=other) is False
    more = [*ours, *earlier(budget("60.00", "61.00"), hours=0.1)]
    assert verdict("budget changes", change, written=more, kind="revert") is False
    paused = [*ours, *earlier(pause(), hours=0.1)]
    assert verdict("budget changes", change, written=paused) is True


def test_a_bundle_keeps_one_change_for_its_way_back() -> None:
    pair = [budget("60.00", "55.00"), budget("60.00", "65.00", at=target("2"))]
    known = {target().words: minutes_ago(30, 20), target("2").words: minutes_ago(30, 20, 10)}
    assert verdict("budget changes", *pair, budget_edits=known) is False
    assert verdict("budget changes", *pair, budget_edits=known | {target("2").words: []}) is True


def test_a_platform_without_that_limit_or_without_a_history_is_not_held_by_it() -> None:
    google = target(platform="google_ads")
    assert verdict("budget changes", budget("60.00", "55.00", at=google), budget_edits={}) is True
    strict = {"guardrails": {"budget_changes_an_hour": {"google_ads": 1}}}
    none_told = {google.words: None}
    assert (
        verdict("budget changes", budget("60.00", "55.00", at=google), policy=strict, budget_edits=none_told)
        is True
    )
    ours = earlier(budget("65.00", "60.00", at=google), hours=0.5)
    assert (
        verdict(
            "budget changes",
            budget("60.00", "55.00", at=google),
            policy=strict,
            budget_edits=none_told,
            written=ours,
        )
        is False
    )
