"""Smaller budgets from incidents: whose budget it is, and what is left to other findings."""

from datetime import date
from decimal import Decimal

import pandas as pd

from assets.actions.rules.incidents import cuts
from resources.ledger.proposal import Target
from tests.anomalies.test_marks import DAY, incident

CAMPAIGN = Target(platform="meta_ads", account_id="1", level="campaign", entity_id="10")


def entities(owner: str = "campaign") -> pd.DataFrame:
    row = {
        "platform": "meta_ads",
        "account_id": "1",
        "level": "campaign",
        "entity_id": "10",
        "budget_owner": owner,
        "daily_budget": 50.0,
    }
    return pd.DataFrame([row])


def found(
    *incidents: dict[str, object], owner: str = "campaign", taken: frozenset[Target] = frozenset()
) -> list:
    return cuts(pd.DataFrame(list(incidents)), entities(owner), as_of=DAY, taken=taken)


def test_a_budget_behind_clicks_that_got_dear_is_proposed_a_fifth_less() -> None:
    (one,) = found(incident("aa", began=date(2026, 11, 21)))
    assert (one.kind, one.change_requests[0].target, one.change_requests[0].factor) == (
        "set_daily_budget",
        CAMPAIGN,
        Decimal("0.8"),
    )
    assert one.weight == 10.0
    assert "2.00 where 0.90 to 1.10 was to be expected, since 2026-11-21" in one.reason


def test_nothing_is_proposed_for_shared_budgets_explained_incidents_or_what_is_changed_already() -> None:
    assert found(incident("aa"), owner="shared_budget") == []
    assert found(incident("aa", change="somebody changed campaign 10")) == []
    assert found(incident("aa", data="Conversions stopped")) == []
    assert found(incident("aa"), taken=frozenset({CAMPAIGN})) == []
