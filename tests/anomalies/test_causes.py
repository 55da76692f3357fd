"""Why something stood out: parts that add up, children that explain, changes that are on record, tracking
that broke."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.signals.anomalies.advice import asks_for_a_cut, recommended_action
from assets.signals.anomalies.causes import broken_tracking, children, factors, recorded_changes

SOME = st.floats(0.01, 100.0)


@given(cpc=SOME, ctr=st.floats(0.001, 0.5), cvr=st.floats(0.001, 0.5), order=SOME, times=st.floats(1.1, 5.0))
def test_the_parts_of_a_change_add_up_to_it(
    cpc: float, ctr: float, cvr: float, order: float, times: float
) -> None:
    def ratios(price: float, rate: float) -> dict[str, float]:
        return {"cpc": price, "ctr": ctr, "cvr": rate, "roas": rate * order / price}

    parts = factors("roas", ratios(cpc * times, cvr / times**0.5), ratios(cpc, cvr))
    assert sum(part.share for part in parts) == pytest.approx(1.0)
    assert {part.name: pytest.approx(part.share) for part in parts} == {
        "cpc": 2 / 3,
        "cvr": 1 / 3,
        "order": pytest.approx(0.0, abs=1e-9),
    }
    assert parts[0].name == "cpc"


def test_a_dearer_click_is_told_apart_from_one_that_nobody_wanted() -> None:
    dear = factors("cpc", {"cpc": 2.0, "ctr": 0.02}, {"cpc": 1.0, "ctr": 0.02})
    dull = factors("cpc", {"cpc": 2.0, "ctr": 0.01}, {"cpc": 1.0, "ctr": 0.02})
    assert (dear[0].name, dull[0].name) == ("cpm", "ctr")
    assert dear[0].share == dull[0].share == pytest.approx(1.0)


@pytest.mark.parametrize("unknown", [{}, {"cpc": np.nan, "ctr": 0.02}, {"cpc": 0.0, "ctr": 0.02}])
def test_what_is_not_known_is_not_taken_apart(unknown: dict[str, float]) -> None:
    assert factors("cpc", unknown, {"cpc": 1.0, "ctr": 0.02}) == []
    assert factors("spend", {"spend": 5.0}, {"spend": 1.0}) == []


def test_children_are_named_until_three_fifths_are_explained() -> None:
    assert [part.name for part in children(-100.0, {"a": -70.0, "b": -20.0, "c": -10.0})] == ["a"]
    assert [part.name for part in children(-100.0, {"a": -40.0, "b": -30.0, "c": -30.0})] == ["a", "b"]
    assert children(-100.0, {str(n): -10.0 for n in range(10)}) == []  # everywhere is nowhere in particular
    assert children(0.0, {"a": 1.0, "b": -1.0}) == []


def listed(**more: object) -> pd.DataFrame:
    row = {
        "platform": "google_ads",
        "account_id": "1",
        "level": "campaign",
        "entity_id": "7",
        "campaign_id": "7",
        "ad_set_id": None,
        "daily_budget": 50.0,
        "lifetime_budget": np.nan,
        "status": "active",
        "native_status": "ENABLED",
        "bid_strategy": "MAXIMIZE",
        "learning_state": None,
    }
    return pd.DataFrame([row | more])


def test_a_change_is_told_in_words_and_no_change_is_none() -> None:
    assert recorded_changes(listed(), listed()).empty
    moved = recorded_changes(listed(), listed(daily_budget=100.0, status="paused", native_status="PAUSED"))
    assert moved["words"].tolist() == ["daily budget 50.00 to 100.00, status active to paused"]
    assert recorded_changes(listed(), listed(native_status="DISAPPROVED"))["words"].tolist() == [
        "status ENABLED to DISAPPROVED"
    ]
    assert recorded_changes(listed().iloc[:0], listed())["words"].tolist() == ["new"]


def accounts(*losses: float, clicks: float = 0.0, platform: str = "google_ads") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "platform": platform,
                "series_id": f"{platform}|{n}",
                "metric": metric,
                "is_anomaly": metric == "cvr" and loss < -0.5,
                "effect": moved,
            }
            for n, loss in enumerate(losses)
            for metric, moved in (("cvr", loss), ("clicks", clicks))
        ]
    )


def test_tracking_broke_where_every_account_lost_its_conversions_and_clicks_went_on() -> None:
    assert set(broken_tracking(accounts(-2.0, -3.0))) == {"google_ads"}
    assert broken_tracking(accounts(-2.0, 0.0)) == {}  # one account's ads, or its site
    assert broken_tracking(accounts(-2.0, -3.0, clicks=-1.0)) == {}  # people stopped coming
    both = pd.concat([accounts(-2.0), accounts(-3.0, platform="meta_ads")])
    assert all("all platforms at once" in words for words in broken_tracking(both).values())
    assert len(broken_tracking(both)) == 2


BURNING = {
    "metric": "spend",
    "value": 300.0,
    "expected": 100.0,
    "effect": 1.1,
    "severity": "high",
    "state": "open",
    "data": None,
    "change": None,
    "level": "campaign",
    "part_of": None,
}


@pytest.mark.parametrize(
    "more",
    [
        {"change": "somebody changed the budget"},
        {"data": "late"},
        {"severity": "medium"},
        {"state": "ended"},
        {"level": "account"},
        {"part_of": "x"},
        {"value": 30.0},
        {"metric": "roas"},
    ],
)
def test_a_cut_follows_only_where_money_burns_and_nothing_else_explains_it(more: dict[str, object]) -> None:
    assert asks_for_a_cut(BURNING)
    assert not asks_for_a_cut(BURNING | more)


def test_broken_tracking_is_to_be_repaired_and_nothing_cut() -> None:
    assert "No pause or cut" in recommended_action(
        BURNING | {"data": "Conversions stopped on all platforms at once."}
    )
    assert recommended_action(
        BURNING | {"change": "the platform changed ad 1: status ENABLED to DISAPPROVED"}
    ).startswith("Appeal")
