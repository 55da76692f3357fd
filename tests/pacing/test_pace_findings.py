"""Findings from pacing: daily budgets that bring months to plan, stops where a hard cap will break, and
nothing twice."""

from datetime import date

import pandas as pd
import pytest

from assets.actions.rules.pacing import pace_findings
from assets.signals.pacing.month import month
from assets.signals.pacing.verdicts import pacing_rows
from resources.ledger.proposal import Target
from resources.policy.budgets import Budgets
from resources.policy.pacing import Pacing
from resources.policy.policy import Guardrails
from tests.pacing.conftest import campaign_days, entities

AS_OF = date(2026, 5, 14)
DAYS = campaign_days(end=AS_OF)
NOT_JUDGED = pd.DataFrame(
    columns=[
        *("platform", "account_id", "ad_set_id", "verdict", "target", "conversions", "expected_conversions"),
        *("roas_mean", "roas_low", "roas_high"),
    ]
)
FIRST = Target(platform="google_ads", account_id="11", level="campaign", entity_id="1")


def ad_sets() -> pd.DataFrame:
    """Each campaign's spend in three parts: a half, a third and a sixth."""
    return pd.concat(
        [
            DAYS.assign(ad_set_id=DAYS["campaign_id"] + str(n), spend=DAYS["spend"] * part)
            for n, part in enumerate((1 / 2, 1 / 3, 1 / 6))
        ]
    )


def findings(
    amount: float,
    *,
    as_of: date = AS_OF,
    taken: tuple[Target, ...] = (),
    paused: tuple[Target, ...] = (),
    judged: pd.DataFrame = NOT_JUDGED,
    listed: pd.DataFrame | None = None,
    **more: object,
) -> list:
    budget = {"name": "Search", "covers": ["google_ads 11"], "amount": amount, "currency": "EUR"} | more
    budgets, entity_rows = (
        Budgets.model_validate({"budgets": [budget]}),
        entities() if listed is None else listed,
    )
    rows = pacing_rows(
        month(
            DAYS[DAYS["day"] <= pd.Timestamp(as_of)],
            entity_rows,
            budgets,
            as_of=as_of,
            policy=Pacing(),
            reporting_currency="EUR",
        ),
        as_of=as_of,
        policy=Pacing(),
    )
    return pace_findings(
        rows,
        entity_rows,
        budgets,
        as_of=as_of,
        policy=Pacing(),
        limits=Guardrails(),
        ad_set_days=ad_sets(),
        taken=(*taken, *paused),
        paused=paused,
        judged=judged,
    )


def test_a_month_on_plan_moves_nothing() -> None:
    assert findings(4_000) == []


@pytest.mark.parametrize(
    ("amount", "lowest", "highest"), [(3_000, 0.80, 0.80), (3_700, 0.80, 0.97), (5_000, 1.2, 1.2)]
)
def test_budgets_move_towards_the_plan_and_never_more_than_a_fifth(
    amount: float, lowest: float, highest: float
) -> None:
    changes = findings(amount)
    assert {finding.kind for finding in changes} == {"set_daily_budget"}
    wanted = {
        finding.change_requests[0].target.entity_id: float(finding.change_requests[0].to)
        for finding in changes
    }
    assert set(wanted) == {"1", "2"}
    assert lowest * 100 - 0.01 <= wanted["1"] <= highest * 100 + 0.01
    assert all(finding.evidence["emergency"] == "no" for finding in changes)
    assert all("Search" in finding.reason for finding in changes)


def test_less_of_a_budget_that_is_not_used_up_is_not_proposed_where_it_would_not_bind() -> None:
    assert findings(3_000, listed=entities(budgets={"1": 300.0, "2": 300.0})) == []


def test_before_day_three_nothing_is_proposed() -> None:
    assert findings(100, as_of=date(2026, 5, 2)) == []


def test_what_another_finding_touches_is_left_alone_with_all_around_it() -> None:
    assert {finding.change_requests[0].target.entity_id for finding in findings(3_000, taken=(FIRST,))} == {
        "2"
    }
    inside = FIRST.model_copy(update={"level": "ad_set", "entity_id": "10"})
    assert {finding.change_requests[0].target.entity_id for finding in findings(3_000, taken=(inside,))} == {
        "2"
    }


def test_a_shared_budget_is_one_thing_to_change() -> None:
    rows = entities()
    shared = rows["entity_id"].isin(["1", "2"]) & (rows["level"] == "campaign")
    rows.loc[shared, ["budget_owner", "budget_id", "daily_budget"]] = ["shared_budget", "b9", 140.0]
    (finding,) = findings(3_000, listed=rows)
    assert (finding.change_requests[0].target.level, finding.change_requests[0].target.entity_id) == (
        "shared_budget",
        "b9",
    )
    assert float(finding.change_requests[0].to) == pytest.approx(112.0, abs=0.01)


def test_ad_sets_that_hold_their_own_budgets_are_changed_themselves() -> None:
    rows = entities()
    below = (rows["level"] == "ad_set") & (rows["campaign_id"] == "1")
    rows.loc[below, ["budget_owner", "daily_budget"]] = ["ad_set", 100 / 3]
    rows.loc[(rows["level"] == "campaign") & (rows["entity_id"] == "1"), ["daily_budget", "budget_owner"]] = [
        None,
        None,
    ]
    changes = findings(3_000, listed=rows)
    assert sorted(finding.change_requests[0].target.entity_id for finding in changes) == [
        "10",
        "11",
        "12",
        "2",
    ]


def without_budgets() -> pd.DataFrame:
    """Entities whose budgets nobody can lower, so that only pauses keep a cap."""
    rows = entities()
    rows.loc[rows["level"] == "campaign", "budget_owner"] = None
    return rows


def returns(roas: dict[str, float]) -> pd.DataFrame:
    """signals/underperformers with these expected ROAS against a target of 2."""
    rows = [
        {
            "platform": "google_ads",
            "account_id": "11",
            "ad_set_id": ad_set,
            "target": 2.0,
            "verdict": "fine" if value >= 2 else "watch",
            "conversions": 10.0,
            "expected_conversions": 10.0,
            "roas_mean": value,
            "roas_low": value - 0.5,
            "roas_high": value + 0.5,
        }
        for ad_set, value in roas.items()
    ]
    return pd.DataFrame(rows)


def test_a_hard_cap_that_will_break_stops_the_lowest_return_first_and_never_a_whole_campaign() -> None:
    worst, winner = "12", "10"
    judged = returns({winner: 3.6, "11": 1.9, worst: 0.8, "20": 3.0, "21": 2.5, "22": 2.4})
    changes = findings(3_000, hard_cap=True, listed=without_budgets(), judged=judged)
    stopped = [finding.target.entity_id for finding in changes]
    assert {finding.kind for finding in changes} == {"pause_ad_set"}
    assert all(finding.is_emergency for finding in changes)
    assert stopped[0] == worst
    assert winner not in stopped
    assert "ROAS is 0.80 (0.30 to 1.30) against a target of 2.00" in changes[0].reason
    assert changes[0].evidence["verdict"] == "watch"
    assert changes[0].evidence["roas_mean"] == 0.8
    saved = -sum(float(finding.evidence["moves"]) for finding in changes)
    assert 800 < saved < 2_000


def test_without_a_judgement_the_largest_are_stopped_first() -> None:
    changes = findings(3_000, hard_cap=True, listed=without_budgets())
    assert changes[0].target.entity_id == "10"
    assert "return is not known" in changes[0].reason


def test_what_another_rule_pauses_counts_towards_the_cap() -> None:
    largest = FIRST.model_copy(update={"level": "ad_set", "entity_id": "10"})
    alone = findings(3_000, hard_cap=True, listed=without_budgets())
    beside = findings(3_000, hard_cap=True, listed=without_budgets(), paused=(largest,))
    moved = [sum(float(finding.evidence["moves"]) for finding in each) for each in (alone, beside)]
    assert largest not in {finding.target for finding in beside}
    assert moved[0] < moved[1], "less is left to save"


def test_a_soft_budget_stops_nothing() -> None:
    assert findings(3_000, listed=without_budgets()) == []
