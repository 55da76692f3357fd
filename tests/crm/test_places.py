"""Below the platform: few leads are drawn towards the platform, ranges hold as often as they say, money
comes back when it does.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from assets.core.crm.acquisition_cohorts import eventual
from assets.core.crm.payback import LONGEST_DAYS, payback
from assets.core.crm.weighted_poisson_interval import range_of_sum

NOW = pd.Timestamp("2026-11-01", tz="UTC")
START, END = date(2026, 10, 4), date(2026, 10, 31)
LAST = date(2026, 10, 31)


def market(seed: int, *, spread: float, places: int = 30) -> tuple[pd.DataFrame, pd.Series]:
    """Leads of one platform's places, whose share that qualifies differs by `spread` (log scale), and how
    many qualify in the end.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(places):
        quality = min(0.4 * float(np.exp(spread * rng.standard_normal() - spread**2 / 2)), 0.95)
        for day in pd.date_range(NOW - timedelta(days=150), NOW - timedelta(days=1)):
            for _ in range(rng.poisson(0.6)):
                click = day + timedelta(days=float(rng.uniform()))
                lead = click + timedelta(days=float(rng.exponential(2.0)))
                wait = timedelta(days=float(rng.lognormal(2.1, 0.7)))
                rows.append((f"p{number}", click, lead, lead + wait if rng.uniform() < quality else pd.NaT))
    leads = pd.DataFrame(rows, columns=["place", "click_at", "lead_at", "qualified_at"]).assign(channel="ads")
    inside = (leads["click_at"] >= pd.Timestamp(START, tz="UTC")) & leads["qualified_at"].notna()
    return leads, leads[inside].groupby("place").size()


def rows_of_campaigns(leads: pd.DataFrame) -> pd.DataFrame:
    return eventual(leads, now=NOW, start=START, end=END, within_days=90).set_index("place")


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_ranges_of_places_hold_four_times_in_five(spread: float) -> None:
    held, error, naive = [], [], []
    for seed in range(6):
        leads, true = market(seed, spread=spread)
        rows = rows_of_campaigns(leads)
        true = true.reindex(rows.index, fill_value=0)
        held += list((rows["projected_low"] <= true) & (true <= rows["projected_high"]))
        error += list((rows["projected"] - true).abs())
        naive += list((rows["qualified"] - true).abs())
    assert 0.70 <= np.mean(held) <= 0.92  # 180 ranges
    assert np.mean(error) < 0.75 * np.mean(naive)


def test_places_that_are_alike_are_drawn_together_and_those_that_differ_are_not() -> None:
    spreads = {}
    for spread in (0.0, 0.8):
        rows = rows_of_campaigns(market(11, spread=spread)[0])
        open_ = rows[rows["leads"] > rows["qualified"] + 5]
        spreads[spread] = float(
            ((open_["projected"] - open_["qualified"]) / (open_["leads"] - open_["qualified"])).std()
        )
    assert spreads[0.8] > 2 * spreads[0.0]


def test_nothing_known_later_counts_and_without_leads_there_is_no_row() -> None:
    leads, _ = market(3, spread=0.3)
    so_far = leads[leads["lead_at"] <= NOW]
    so_far = so_far.assign(qualified_at=so_far["qualified_at"].where(so_far["qualified_at"] <= NOW))
    pd.testing.assert_frame_equal(rows_of_campaigns(leads), rows_of_campaigns(so_far))
    assert rows_of_campaigns(leads.iloc[:0]).empty


def test_a_sum_of_equal_parts_has_the_exact_range_of_a_count() -> None:
    low, high = range_of_sum(np.array([5.0, 0.0]), np.array([5.0, 0.0]), 1.0)
    assert low[0] == pytest.approx(chi2.ppf(0.1, 10) / 2)
    assert high[0] == pytest.approx(chi2.ppf(0.9, 12) / 2)
    assert (low[1], high[1]) == (0.0, pytest.approx(chi2.ppf(0.9, 2) / 2))


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30), st.floats(0.01, 1e6))
def test_a_range_surrounds_its_sum_in_any_currency(weights: list[float], unit: float) -> None:
    values = np.array(weights)
    args = values.sum(), (values**2).sum(), values.max()
    low, high = range_of_sum(*map(np.asarray, args))
    assert 0 <= low <= values.sum() <= high
    scaled = range_of_sum(
        *(np.asarray(value * unit**power) for value, power in zip(args, (1, 2, 1), strict=True))
    )
    assert np.allclose(scaled, (low * unit, high * unit), rtol=1e-6)


def orders(per_day: float, *, days: int = 120, after: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every click day costs 100 and earns `per_day` on each of the days 0 to `after` from the click."""
    rows, spent = [], []
    for back in range(days):
        click = LAST - timedelta(days=back)
        spent.append({"place": "a", "day": click, "spend": 100.0})
        rows += [
            {
                "place": "a",
                "outcome_id": f"{back} {age}",
                "touch_day": click,
                "day": click + timedelta(days=age),
                "value": per_day,
            }
            for age in range(after + 1)
            if age <= back
        ]
    return pd.DataFrame(rows), pd.DataFrame(spent)


def test_money_is_back_on_the_day_it_is_also_for_clicks_too_young_to_show_it() -> None:
    (row,) = payback(*orders(30.0), last=LAST).to_dict("records")
    assert row["payback_days"] == 3
    assert row["returned"] == pytest.approx(1.2)
    assert row["payback_low"] <= 3 <= row["payback_high"]


def test_money_that_never_comes_back_has_no_day_and_its_share_is_told() -> None:
    earned, spent = orders(10.0)
    (row,) = payback(earned, spent, last=LAST).to_dict("records")
    assert pd.isna(row["payback_days"])
    assert pd.isna(row["payback_high"])
    assert row["returned"] == pytest.approx(0.4)
    nothing = payback(earned.iloc[:0], spent, last=LAST).iloc[0]
    assert (nothing["returned"], pd.isna(nothing["payback_days"])) == (0.0, True)
    assert payback(earned, spent.iloc[:0], last=LAST).empty


def test_an_order_long_after_its_click_is_beyond_the_horizon() -> None:
    _, spent = orders(1.0, days=170)
    late = pd.DataFrame(
        [
            {
                "place": "a",
                "outcome_id": "x",
                "touch_day": LAST - timedelta(days=160),
                "day": LAST,
                "value": 1e6,
            }
        ]
    )
    assert LONGEST_DAYS < 160
    assert payback(late, spent, last=LAST).iloc[0]["returned"] == 0.0
