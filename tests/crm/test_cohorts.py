"""CPQL: leads still open are carried to their end, ranges hold as often as they say, and odd frames do not
break it.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from assets.core.crm import cost_per_qualified_lead
from assets.core.crm.cohorts import with_unseen

NOW = pd.Timestamp("2026-11-01", tz="UTC")
START, END = date(2026, 10, 12), date(2026, 10, 18)
QUALITY = {"good_ads": 0.6, "poor_ads": 0.2}


def market(seed: int, *, leads_a_day: float = 12.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Half a year of leads, with all that will ever come of them, and the spend of their clicks."""
    rng = np.random.default_rng(seed)
    rows = []
    for channel, quality in QUALITY.items():
        for day in pd.date_range(NOW - timedelta(days=200), NOW - timedelta(days=1)):
            for _ in range(rng.poisson(leads_a_day)):
                click = day + timedelta(days=float(rng.uniform()))
                lead = click + timedelta(days=float(rng.exponential(2.0)))
                wait = timedelta(days=float(rng.lognormal(2.1, 0.7)))
                rows.append((channel, click, lead, lead + wait if rng.uniform() < quality else pd.NaT))
    leads = pd.DataFrame(rows, columns=["channel", "click_at", "lead_at", "qualified_at"])
    days = pd.date_range(NOW - timedelta(days=200), NOW)
    spend = pd.DataFrame(
        {"channel": np.repeat(list(QUALITY), len(days)), "day": np.tile(days, 2), "spend": 300.0}
    )
    return leads, spend


def true_count(leads: pd.DataFrame, channel: str) -> int:
    inside = (leads["click_at"] >= pd.Timestamp(START, tz="UTC")) & (
        leads["click_at"] < pd.Timestamp(END, tz="UTC") + timedelta(days=1)
    )
    return int(leads.loc[inside & (leads["channel"] == channel), "qualified_at"].notna().sum())


def test_projected_cost_is_near_the_truth_where_the_cost_so_far_is_not() -> None:
    ours, naive, true, held = [], [], [], []
    for seed in range(12):
        leads, spend = market(seed)
        costs = cost_per_qualified_lead(leads, spend, as_of=NOW, start=START, end=END).set_index("channel")
        for channel in QUALITY:
            wins = true_count(leads, channel)
            ours.append(costs.loc[channel, "projected"])
            naive.append(costs.loc[channel, "qualified"])
            true.append(wins)
            held.append(costs.loc[channel, "projected_low"] <= wins <= costs.loc[channel, "projected_high"])
    assert abs(sum(ours) / sum(true) - 1) < 0.05
    assert sum(naive) / sum(true) < 0.8
    assert 0.6 <= np.mean(held) <= 0.97  # 24 ranges that should hold in four of five


def test_nothing_that_is_known_later_is_looked_at() -> None:
    leads, spend = market(3)
    so_far = leads[leads["lead_at"] <= NOW].assign(
        qualified_at=lambda rows: rows["qualified_at"].where(rows["qualified_at"] <= NOW)
    )
    whole, past = (
        cost_per_qualified_lead(frame, spend, as_of=NOW, start=START, end=END) for frame in (leads, so_far)
    )
    pd.testing.assert_frame_equal(whole, past)


def test_an_old_cohort_is_what_it_was() -> None:
    leads, spend = market(5)
    old = {"start": date(2026, 6, 1), "end": date(2026, 6, 14)}
    costs = cost_per_qualified_lead(leads, spend, as_of=NOW, **old).set_index("channel")
    assert (costs["matured"] > 0.99).all()
    assert costs.loc["all", "spend"] == 2 * 14 * 300
    assert costs.loc["all", "cpql"] == pytest.approx(costs.loc["all", "cpql_so_far"], rel=0.01)


def test_a_channel_without_leads_or_spend_has_no_cost() -> None:
    spend = pd.DataFrame(
        {"platform": ["x", "x", "y"], "day": ["2026-10-13", "2026-10-14", None], "cost": [10.0, None, 5.0]}
    )
    leads = pd.DataFrame(
        {
            "channel": ["z"],
            "clicked_at": ["2026-10-13"],
            "lead_at": ["2026-10-14"],
            "qualified_at": ["2026-10-20"],
        }
    )
    costs = cost_per_qualified_lead(leads, spend, as_of="2026-11-01", start=START, end=END).set_index(
        "channel"
    )
    assert costs.loc["x", "spend"] == 10
    assert costs.loc["x", "leads"] == 0
    assert pd.isna(costs.loc["x", "cpql_so_far"])
    assert pd.isna(costs.loc["z", "cpql"])
    assert costs.loc["z", "qualified"] == 1
    assert costs.loc["all", "spend"] == 10
    assert cost_per_qualified_lead(leads.iloc[:0], spend.iloc[:0], as_of=NOW, start=START, end=END).empty


def test_ranges_are_ordered_and_hold_what_is_there_already() -> None:
    leads, spend = market(8, leads_a_day=1.0)
    costs = cost_per_qualified_lead(leads, spend, as_of=NOW, start=START, end=END)
    assert (costs["qualified"] <= costs["projected_low"]).all()
    assert (costs["projected_low"] <= costs["projected_high"]).all()
    assert (costs["cpql_low"] <= costs["cpql_high"]).all()


def test_leads_that_nobody_saw_come_lower_the_total_cost_and_no_channels() -> None:
    leads, spend = market(8)
    costs = cost_per_qualified_lead(leads, spend, as_of=NOW, start=START, end=END).set_index(
        "channel", drop=False
    )
    adjusted = with_unseen(costs, total="all", seen=0.9)
    assert adjusted.loc["all", "cpql"] == pytest.approx(0.9 * costs.loc["all", "cpql"])
    assert adjusted.loc["all", "projected"] == pytest.approx(costs.loc["all", "projected"] / 0.9)
    pd.testing.assert_frame_equal(adjusted.drop("all"), costs.drop("all"), check_dtype=False)
