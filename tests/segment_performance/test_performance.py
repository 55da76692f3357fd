"""Performance by segment: nothing is lost or counted twice, small cells stay closed, and a mix is told
from merit.
"""

import numpy as np
import pandas as pd
import pytest

from assets.segments.performance import perform, recommend, seeds
from assets.segments.performance.shrinkage import STRENGTHS, draw, strength_beliefs
from resources.errors import DataUnusable
from tests.segment_performance.made import Plan, plan

RICH, POOR = "large", "small"
SIMPSON_RETURNS = {(RICH, "a"): 6.0, (POOR, "a"): 1.5, (RICH, "b"): 10.0, (POOR, "b"): 3.0}
"""b is better in both segments; a reaches the segment that pays."""
SIMPSON_REACH = {(RICH, "a"): 1_800, (POOR, "a"): 200, (RICH, "b"): 200, (POOR, "b"): 1_800}


@pytest.fixture(scope="module")
def simpson() -> Plan:
    return plan(SIMPSON_RETURNS, SIMPSON_REACH, seed=5)


def of_ad_set(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["ad_set_id"].notna()]


def test_an_ad_set_that_only_reaches_the_right_people_is_not_called_good(simpson: Plan) -> None:
    rows = of_ad_set(perform(*simpson.all).rows)
    actual = rows.groupby("ad_set_id")["revenue"].sum() / rows.groupby("ad_set_id")["spend"].sum()
    adjusted = rows.groupby("ad_set_id")["mix_adjusted"].first()
    assert actual["a"] > 1.3 * actual["b"]
    assert adjusted["b"] > 1.3 * adjusted["a"]
    assert rows.groupby("ad_set_id")["verdict"].first().to_dict() == {"a": "poor", "b": "good"}


def test_ad_sets_of_equal_merit_are_told_by_their_mix() -> None:
    alike = {(RICH, "a"): 6.0, (POOR, "a"): 1.5, (RICH, "b"): 6.0, (POOR, "b"): 1.5}
    verdicts = []
    for seed in range(6):
        planned = plan(
            alike, {(RICH, "a"): 900, (POOR, "a"): 100, (RICH, "b"): 100, (POOR, "b"): 900}, seed=seed
        )
        verdicts.append(tuple(of_ad_set(perform(*planned.all).rows).groupby("ad_set_id")["verdict"].first()))
    assert verdicts.count(("well mixed", "badly mixed")) >= 4
    assert not any("good" in verdict for verdict in verdicts)


def test_spend_clicks_and_revenue_add_up_at_every_level(simpson: Plan) -> None:
    rows = perform(*simpson.all).rows
    for level in (
        rows[rows["campaign_id"].isna()],
        rows[rows["campaign_id"].notna() & rows["ad_set_id"].isna()],
        of_ad_set(rows),
    ):
        assert level["spend"].sum() == pytest.approx(simpson.delivery["spend"].sum())
        assert level["clicks"].sum() == pytest.approx(simpson.delivery["clicks"].sum())
        assert level["revenue"].sum() == pytest.approx(simpson.credit["value"].sum())
        assert level["people"].sum() == len(simpson.people)


def test_a_cell_of_nineteen_people_is_left_out_and_counted() -> None:
    returns = {(RICH, "a"): 5.0, (POOR, "a"): 5.0}
    closed = perform(*plan(returns, {(RICH, "a"): 19, (POOR, "a"): 60}, seed=1).all)
    opened = perform(*plan(returns, {(RICH, "a"): 20, (POOR, "a"): 60}, seed=1).all)
    assert set(closed.rows["segment_id"]) == {POOR}
    assert (closed.rows["people"] >= 20).all()
    assert closed.left_out == 3  # ad set, campaign, platform
    assert set(opened.rows["segment_id"]) == {RICH, POOR}
    assert opened.left_out == 0


def test_spend_on_people_without_a_segment_is_nobodys(simpson: Plan) -> None:
    half = simpson.people[simpson.people.index % 2 == 0]
    result = perform(half, *simpson.all[1:])
    assert result.unassigned_spend == pytest.approx(simpson.delivery["spend"].sum() / 2)
    assert of_ad_set(result.rows)["spend"].sum() == pytest.approx(simpson.delivery["spend"].sum() / 2)


def test_ad_sets_that_nobody_is_known_of_and_unknown_spend_are_told(simpson: Plan) -> None:
    other = pd.DataFrame(
        {
            "platform": "meta_ads",
            "campaign_id": "c-1",
            "ad_set_id": ["z", "y"],
            "spend": [700.0, np.nan],
            "clicks": 9.0,
        }
    )
    result = perform(simpson.people, simpson.touches, pd.concat([simpson.delivery, other]), simpson.credit)
    assert result.untouched_spend == pytest.approx(700.0)
    assert result.spend_unknown == 1
    assert not set(result.rows["ad_set_id"].dropna()) & {"y", "z"}


def test_the_value_of_a_customer_is_shared_by_touches_and_counted_once(simpson: Plan) -> None:
    twice = pd.concat(
        [simpson.touches, simpson.touches.assign(channel="organic", campaign_id=None, ad_set_id=None)]
    )
    once, shared = (
        of_ad_set(perform(simpson.people, t, simpson.delivery, simpson.credit).rows)
        for t in (simpson.touches, twice)
    )
    np.testing.assert_allclose(once["value_to_cost"], 50 / 10)
    np.testing.assert_allclose(shared["value_to_cost"], 25 / 10)


def test_without_revenue_or_values_nothing_is_made_up(simpson: Plan) -> None:
    rows = perform(
        simpson.people.drop(columns="expected_value"), *simpson.all[1:3], simpson.credit.head(0)
    ).rows
    assert rows["value_to_cost"].isna().all()
    assert rows["cpql"].isna().all()
    assert (rows["roas"] == 0).all()
    assert rows["roas_high"].isna().all()


def test_shrinkage_is_nearer_to_the_truth_than_raw_returns_and_its_range_holds() -> None:
    """Over ten plans with small cells whose returns differ little or much."""
    held, errors = [], []
    for seed in range(10):
        rng = np.random.default_rng(900 + seed)
        apart = 0.15 if seed % 2 else 0.7
        names = [(s, f"x{a:02}") for s in (RICH, POOR) for a in range(25)]
        base = {RICH: 5.0, POOR: 2.0}
        returns = {(s, a): base[s] * float(rng.lognormal(-(apart**2) / 2, apart)) for s, a in names}
        planned = plan(returns, {name: int(rng.integers(20, 120)) for name in names}, seed=seed)
        rows = of_ad_set(perform(*planned.all).rows).set_index(["segment_id", "ad_set_id"])
        true = planned.truth.loc[list(rows.index)].to_numpy()
        raw = (rows["revenue"] / rows["spend"]).to_numpy()
        errors.append(np.mean((rows["roas"].to_numpy() - true) ** 2) / np.mean((raw - true) ** 2))
        held.append(((rows["roas_low"] <= true) & (true <= rows["roas_high"])).mean())
    assert np.mean(errors) < 0.7
    assert sum(error < 1 for error in errors) >= 8
    assert 0.7 < np.mean(held) < 0.9


def test_the_strength_is_that_of_the_cells() -> None:
    rng = np.random.default_rng(3)
    expected = rng.uniform(3, 30, 400)
    for strength in (0.5, 4.0, 20.0):
        counts = rng.poisson(expected * rng.gamma(strength, 1 / strength, 400)).astype(float)
        belief = strength_beliefs(counts, expected)
        assert 0.5 < np.exp(np.log(STRENGTHS) @ belief) / strength < 2


def test_without_spend_a_cell_is_as_its_parent() -> None:
    shrunk = draw(np.array([0.0]), np.array([0.0]), np.array([4.0]), order=50.0)
    assert shrunk.mean.item() == pytest.approx(4.0)
    assert shrunk.low.item() < 4.0 < shrunk.high.item()


def test_nothing_given_gives_nothing(simpson: Plan) -> None:
    assert perform(*(frame.head(0) for frame in simpson.all)).rows.empty


def test_a_customer_in_two_segments_and_a_missing_column_are_refused(simpson: Plan) -> None:
    with pytest.raises(DataUnusable, match="in two segments"):
        perform(pd.concat([simpson.people, simpson.people.head(1)]), *simpson.all[1:])
    with pytest.raises(DataUnusable, match="delivery has no column spend"):
        perform(simpson.people, simpson.touches, simpson.delivery.drop(columns="spend"), simpson.credit)


def test_a_recommendation_needs_the_whole_range_on_one_side(simpson: Plan) -> None:
    rows = perform(*simpson.all).rows
    recommended = recommend(rows, target_roas=4.0).assign(low=rows["roas_low"], high=rows["roas_high"])
    assert set(recommended["action"]) >= {"raise", "lower"}
    assert (recommended.loc[recommended["action"] == "raise", "low"] > 4.0).all()
    assert (recommended.loc[recommended["action"] == "lower", "high"] < 4.0).all()
    assert (recommended["step"].abs() <= 0.2).all()
    assert (
        np.sign(recommended["step"]) == recommended["action"].map({"raise": 1, "lower": -1, "hold": 0})
    ).all()
    unknown = recommend(rows.assign(roas=np.nan, roas_low=np.nan, roas_high=np.nan), target_roas=4.0)
    assert set(unknown["action"]) == {"not known"}
    assert (unknown["step"] == 0).all()
    with pytest.raises(DataUnusable, match="target ROAS of 0"):
        recommend(rows, target_roas=0)


def test_seeds_are_the_best_who_agreed() -> None:
    agreed = [True, False, None] * 400
    features = pd.DataFrame(
        {
            "customer_id": [f"p{n}" for n in range(1_200)],
            "expected_value": np.arange(1_200.0),
            "may_advertise": agreed,
        }
    )
    seed_list = seeds(features, share=0.3)
    assert seed_list["value"].is_monotonic_decreasing
    assert seed_list["value"].min() >= 1_200 - 0.3 * 1_200
    assert set(seed_list["customer_id"]) <= set(
        features.loc[features["may_advertise"].eq(other=True), "customer_id"]
    )
    assert len(seed_list) == pytest.approx(0.1 * 1_200, abs=2)
    assert seeds(features, share=0.2).empty  # 80 people: fewer than a platform takes
    assert seeds(features.assign(expected_value=np.nan)).empty
    with pytest.raises(DataUnusable, match="may_advertise"):
        seeds(features.drop(columns="may_advertise"))
