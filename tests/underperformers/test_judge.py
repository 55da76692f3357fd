"""Verdicts on ad sets: the posterior is the one it claims to be, what is still to come is held against
nobody, and bad input says so."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.signals.underperformers import judge
from assets.signals.underperformers.exposure import exposures, share_visible
from assets.signals.underperformers.judge import FINE, PAUSE, PROTECTED, REDUCE, THIN, WATCH
from assets.signals.underperformers.order_values import order_values
from assets.signals.underperformers.posterior import PeerPrior, fit_peers, posterior
from benchmarks.underperformer_worlds import AS_OF as WORLD_AS_OF
from benchmarks.underperformer_worlds import OrderWorld, draw
from resources.policy.policy import UnderperformanceThresholds
from tests.examples import examples

AS_OF = date(2026, 11, 23)
ALL_SEEN = [1.0, 1.0]
PEERS = PeerPrior(level=np.log(0.03), slope=1.0, spread=0.5)
ORDER_SHAPE, ORDER_SPREAD, ORDER_MEAN = 4.0, 0.25, 80.0


def market(
    rates: dict[str, float],
    *,
    days: int = 28,
    spend: float = 60.0,
    order: float = 80.0,
    seed: int = 1,
    lag: Any = None,
) -> pd.DataFrame:
    """Ad sets with these conversions per money, every day, as much of them as `lag` shows by AS_OF."""
    rng, rows = np.random.default_rng(seed), []
    for name, rate in rates.items():
        for age in range(1, days + 1):
            seen = 1.0 if lag is None else lag[min(age, len(lag) - 1)]
            count = rng.poisson(spend * rate * seen)
            rows.append(
                {
                    "platform": "meta_ads",
                    "account_id": "a",
                    "campaign_id": "c",
                    "ad_set_id": name,
                    "day": AS_OF - timedelta(days=age),
                    "spend": spend,
                    "clicks": 60,
                    "conversions": float(count),
                    "conversion_value": float(rng.gamma(4.0, order / 4.0, count).sum()),
                }
            )
    return pd.DataFrame(rows)


def verdicts(days: pd.DataFrame, **more: Any) -> dict[str, str]:
    arguments = {"target_roas": 2.0, "lag": ALL_SEEN} | more
    return dict(judge(days, as_of=AS_OF, **arguments).set_index("ad_set_id")["verdict"])


PACK = {f"n{n}": 0.03 for n in range(20)}


def test_the_ladder_and_the_floor() -> None:
    verdict = verdicts(market(PACK | {"bad": 0.008, "good": 0.05, "new": 0.03}))
    assert (verdict["bad"], verdict["good"]) == (PAUSE, FINE)
    days = market(PACK | {"bad": 0.008})
    young = days[(days["ad_set_id"] != "bad") | (days["day"] >= AS_OF - timedelta(days=3))]
    assert verdicts(young)["bad"] == THIN
    steps = [
        UnderperformanceThresholds(pause_above=1.0),
        UnderperformanceThresholds(pause_above=1.0, reduce_above=1.0),
        UnderperformanceThresholds(pause_above=1, reduce_above=1, watch_above=1),
    ]
    assert [verdicts(days, policy=step)["bad"] for step in steps] == [REDUCE, WATCH, FINE]


def test_what_is_protected_is_named_and_not_judged_and_the_fine_stay_fine() -> None:
    days = market(PACK | {"bad": 0.008, "good": 0.05})
    judged = judge(
        days, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN, protected={"bad": "brand", "good": "brand"}
    )
    rows = judged.set_index("ad_set_id")
    assert (rows.loc["bad", "verdict"], rows.loc["bad", "why"]) == (PROTECTED, "brand")
    assert rows.loc["good", "verdict"] == FINE


def test_two_platforms_may_give_out_the_same_id() -> None:
    ours = market(PACK | {"same": 0.03})
    days = pd.concat([ours, ours.assign(platform="linkedin_ads", account_id="l")])
    by_place = {("linkedin_ads", "l", "same"): 100.0}
    judged = judge(
        days, as_of=AS_OF, target_roas=by_place, lag=ALL_SEEN, protected={("meta_ads", "a", "same"): "brand"}
    )
    targets = judged[judged["ad_set_id"] == "same"].set_index("platform")["target"]
    assert targets["linkedin_ads"] == 100.0
    assert targets["meta_ads"] < 3
    assert (
        not judged["verdict"].eq(PROTECTED).any()
    )  # the one that is protected is fine, the other is not protected


def test_conversions_still_to_come_are_held_against_nobody() -> None:
    curve = [0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, *np.linspace(0.9, 1.0, 22)]
    days = market({f"n{n}": 0.03 for n in range(60)}, lag=curve, days=12)
    named = judge(days, as_of=AS_OF, target_roas=1.6, lag=curve)
    blind = judge(days, as_of=AS_OF, target_roas=1.6, lag=ALL_SEEN)
    assert not named["verdict"].isin([PAUSE, REDUCE]).any()
    assert blind["verdict"].isin([PAUSE, REDUCE]).mean() > 0.25
    assert abs(named["roas_mean"].mean() - 0.03 * 80) < 0.15


def test_no_conversion_at_all_is_judged_from_three_expected_on() -> None:
    dry = market(PACK | {"dry": 0.0}, spend=60.0)
    for days, verdict in ((1, THIN), (3, None)):
        some = dry[(dry["ad_set_id"] != "dry") | (dry["day"] >= AS_OF - timedelta(days=days))]
        row = judge(some, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN).set_index("ad_set_id").loc["dry"]
        assert (row["expected_conversions"] >= 3) == (verdict is None)
        assert (row["verdict"] == THIN) == (verdict is THIN)


def drawn(ad_sets: pd.DataFrame, target: float, draws: int = 400_000) -> tuple[float, float, float]:
    """P(below), mean and shortfall of one ad set's ROAS by sampling: weights from the prior, values from
    their posterior."""
    rng, row = np.random.default_rng(5), ad_sets.iloc[0]
    rates = np.exp(PEERS.level + PEERS.spread * rng.standard_normal(draws))
    mean = rates * row["exposure"]
    weights = np.exp(
        row["conversions"] * np.log(mean) - mean - (row["conversions"] * np.log(mean) - mean).max()
    )
    roas = rates * np.exp(row["order_log_mean"] + row["order_log_sd"] * rng.standard_normal(draws))
    return (
        float(np.average(roas < target, weights=weights)),
        float(np.average(roas, weights=weights)),
        float(np.average(np.maximum(0, 1 - roas / target), weights=weights)),
    )


@pytest.mark.parametrize(("conversions", "exposure"), [(0, 100.0), (3, 300.0), (40, 1500.0), (900, 25_000.0)])
def test_the_posterior_is_what_sampling_says(conversions: float, exposure: float) -> None:
    ad_sets = pd.DataFrame(
        {
            "exposure": [exposure],
            "conversions": [conversions],
            "order_log_mean": [np.log(75.0)],
            "order_log_sd": [0.3],
            "clicks": [np.nan],
            "spend": [exposure],
            "dispersion": [1.0],
        }
    )
    estimates = posterior(ad_sets, PEERS, np.array([2.0]), by_value=True)
    below, mean, shortfall = drawn(ad_sets, 2.0)
    assert estimates.below[0] == pytest.approx(below, abs=0.01)
    assert estimates.roas[0] == pytest.approx(mean, rel=0.02)
    assert estimates.shortfall[0] == pytest.approx(shortfall, abs=0.01)
    assert estimates.roas_low[0] < estimates.roas[0] < estimates.roas_high[0]


def world(seed: int, size: int, days: int = 7) -> tuple[pd.DataFrame, np.ndarray]:
    """Ad sets drawn from the model, with gamma order values, and the ROAS they truly have."""
    rng = np.random.default_rng(seed)
    exposure = rng.lognormal(6.5, 0.8, size)
    rate = np.exp(PEERS.level + PEERS.spread * rng.standard_normal(size))
    worth = ORDER_MEAN * np.exp(ORDER_SPREAD * rng.standard_normal(size) - ORDER_SPREAD**2 / 2)
    counts = rng.poisson(np.repeat((rate * exposure / days)[:, None], days, axis=1)).astype(float)
    values = rng.gamma(np.maximum(ORDER_SHAPE * counts, 1e-9), worth[:, None] / ORDER_SHAPE)
    rows = pd.DataFrame(
        {
            "platform": "p",
            "account_id": "a",
            "ad_set_id": np.repeat(np.arange(size), days),
            "conversions": counts.ravel(),
            "value": np.where(counts > 0, values, 0.0).ravel(),
        }
    )
    ad_sets = order_values(rows, ["platform"], ["platform", "account_id", "ad_set_id"]).assign(
        exposure=exposure, conversions=counts.sum(axis=1), clicks=np.nan, spend=exposure, dispersion=1.0
    )
    return ad_sets, rate * worth


def test_peers_are_found_again_and_the_probabilities_are_right_in_every_tenth() -> None:
    ad_sets, truth = world(11, 20_000)
    peers = fit_peers(ad_sets)
    assert peers.spread == pytest.approx(PEERS.spread, rel=0.1)
    assert ad_sets["order_spread"].iloc[0] == pytest.approx(ORDER_SPREAD, rel=0.1)
    assert np.exp(ad_sets["order_log_mean"]).mean() == pytest.approx(ORDER_MEAN, rel=0.05)
    estimates = posterior(ad_sets, peers, np.full(len(ad_sets), 2.0), by_value=True)
    for tenth in np.array_split(np.argsort(estimates.below), 10):
        assert estimates.below[tenth].mean() == pytest.approx((truth[tenth] < 2.0).mean(), abs=0.03)
    inside = ((estimates.roas_low <= truth) & (truth <= estimates.roas_high)).mean()
    assert 0.77 < inside < 0.83


@settings(max_examples=examples(15), deadline=None)
@given(st.sampled_from([0.01, 1.0, 100.0, 12_345.0]), st.integers(0, 5))
def test_the_currency_changes_no_verdict(factor: float, seed: int) -> None:
    days = market(PACK | {"bad": 0.01, "good": 0.05}, seed=seed)
    money = days.assign(spend=days["spend"] * factor, conversion_value=days["conversion_value"] * factor)
    ours, theirs = (judge(frame, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN) for frame in (days, money))
    assert list(ours["verdict"]) == list(theirs["verdict"])
    assert ours["p_below"].to_numpy() == pytest.approx(theirs["p_below"].to_numpy(), abs=2e-3)


def test_order_of_rows_and_what_came_later_change_nothing() -> None:
    days = market(PACK | {"bad": 0.01})
    whole = judge(days, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN)
    shuffled = days.sample(frac=1.0, random_state=3)
    later = days.assign(day=AS_OF, conversions=999.0)
    pd.testing.assert_frame_equal(
        judge(pd.concat([shuffled, later]), as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN), whole, rtol=1e-3
    )


def test_leads_are_judged_by_their_cost_and_have_no_roas() -> None:
    days = market(PACK | {"dear": 0.008}).assign(conversion_value=0.0)
    judged = judge(days, as_of=AS_OF, target_cpa=50.0, lag=ALL_SEEN).set_index("ad_set_id")
    assert judged["roas_mean"].isna().all()
    assert (judged.loc["dear", "verdict"], judged.loc["n0", "verdict"]) == (PAUSE, FINE)
    assert judged.loc["dear", "target"] == pytest.approx(0.02)


def test_without_a_target_an_ad_set_is_held_against_its_account() -> None:
    judged = judge(market(PACK | {"bad": 0.008}), as_of=AS_OF, lag=ALL_SEEN).set_index("ad_set_id")
    assert (judged["target"] == judged["target"].iloc[0]).all()
    assert judged["target"].iloc[0] == pytest.approx(0.7 * 0.03 * 80, rel=0.08)
    assert judged.loc["bad", "verdict"] == PAUSE


@pytest.mark.parametrize(
    "lag",
    [
        [0.2, 0.5, 1.0],
        {0: 0.2, 1: 0.5, 2: 1.0},
        pd.Series([0.2, 0.5, 1.0]),
        lambda ages: np.interp(ages, [0, 1, 2], [0.2, 0.5, 1.0]),
        pd.DataFrame({"age_days": [2, 0, 1], "share": [1.0, 0.2, 0.5]}),
        pd.DataFrame(
            {
                "platform": "p",
                "account_id": ["", "", "", "b"],
                "action": "*",
                "age_days": [0, 1, 2, 0],
                "share": [0.2, 0.5, 1.0, 0.9],
            }
        ),
    ],
    ids=["sequence", "mapping", "series", "function", "frame", "core"],
)
def test_a_lag_curve_may_be_given_in_any_shape(lag: Any) -> None:
    rows = pd.DataFrame({"platform": ["p", "p", "p"], "account_id": ["a", "a", "a"]})
    assert share_visible(rows, np.array([0.0, 1.0, 9.0]), lag) == pytest.approx([0.2, 0.5, 1.0])


def test_bad_input_is_refused_in_a_sentence() -> None:
    days = market({"a": 0.03})
    with pytest.raises(ValueError, match="days has no column conversion_value"):
        judge(days.drop(columns="conversion_value"), as_of=AS_OF)
    with pytest.raises(ValueError, match="above zero"):
        judge(days, as_of=AS_OF, target_roas=0.0)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        judge(days, as_of=AS_OF, lag=[20.0, 80.0])


def test_nothing_and_next_to_nothing_are_no_error() -> None:
    days = market({"a": 0.0, "b": 0.0}, days=2)
    assert judge(days.iloc[:0], as_of=AS_OF).empty
    assert set(judge(days, as_of=AS_OF)["verdict"]) == {THIN}
    assert judge(days.assign(spend=np.nan), as_of=AS_OF).empty


def test_days_that_vary_more_than_chance_count_for_less() -> None:
    days = market({f"n{n}": 0.03 for n in range(30)})
    calm = exposures(days, as_of=AS_OF, window=28, lag=ALL_SEEN)["dispersion"].iloc[0]
    days["conversions"] *= np.where(pd.to_datetime(days["day"]).dt.day % 2, 3.0, 0.2)
    wild = exposures(days, as_of=AS_OF, window=28, lag=ALL_SEEN)["dispersion"].iloc[0]
    assert calm < 1.2
    assert wild > 2.0


def heavy_tailed(*, seed: int, size: int = 400, roas: float = 1.11, days: int = 28) -> pd.DataFrame:
    """Equal ad sets of that ROAS whose orders are log-normal with a coefficient of variation of 2.8."""
    rng, variance = np.random.default_rng(seed), np.log1p(2.8**2)
    counts = rng.poisson(3.5, (size, days))
    luck = rng.lognormal(-variance / 2, np.sqrt(variance), int(counts.sum()))
    values = np.bincount(np.repeat(np.arange(counts.size), counts.ravel()), luck, counts.size) * 80.0
    return pd.DataFrame(
        {
            "platform": "meta_ads",
            "account_id": "a",
            "campaign_id": "c",
            "ad_set_id": np.repeat(np.arange(size), days).astype(str),
            "day": np.tile(pd.date_range(end=AS_OF - timedelta(days=1), periods=days), size),
            "spend": 3.5 * 80.0 / roas,
            "conversions": counts.ravel().astype(float),
            "conversion_value": values,
        }
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_luck_of_large_orders_is_no_difference_between_ad_sets(seed: int) -> None:
    days = heavy_tailed(seed=seed)
    judged = judge(days, as_of=AS_OF, target_roas=1.0, lag=ALL_SEEN)
    by_plain_mean = (
        days.groupby("ad_set_id")["conversion_value"].sum() / days.groupby("ad_set_id")["spend"].sum()
    )
    assert (by_plain_mean < 1.0).mean() > 0.2, "many look bad by their sums"
    assert (judged["verdict"] == PAUSE).mean() <= 0.002
    exposed = exposures(days, as_of=AS_OF, window=28, lag=ALL_SEEN)
    assert exposed["order_spread"].iloc[0] < 0.1


def test_ad_sets_that_differ_in_order_values_are_told_apart_in_spite_of_large_orders() -> None:
    days = heavy_tailed(seed=4)
    is_poor = days["ad_set_id"].astype(int) < 80
    days["conversion_value"] *= np.where(is_poor, 0.4, 1.0)
    judged = judge(days, as_of=AS_OF, target_roas=0.9, lag=ALL_SEEN).set_index("ad_set_id")
    poor = judged.index.astype(int) < 80
    assert (judged.loc[poor, "verdict"] == PAUSE).mean() > 0.7
    assert (judged.loc[~poor, "verdict"] == PAUSE).mean() < 0.005


def refunded(amount: float, *, of: str) -> dict[str, Any]:
    """Row of the ad set that had this refund, beside its own without it."""
    days = pd.date_range(end=AS_OF - timedelta(days=1), periods=28)
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "platform": "google_ads",
                    "account_id": "1",
                    "campaign_id": "c",
                    "ad_set_id": name,
                    "day": days,
                    "spend": 50.0,
                    "conversions": 2.0,
                    "conversion_value": value,
                }
            )
            for name, value in {"good": 150.0, "fair": 140.0, "bad": 20.0}.items()
        ]
    )
    before = judge(frame, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN).set_index("ad_set_id").loc[of]
    hit = (frame["ad_set_id"] == of) & (frame["day"] == days[-10])
    frame.loc[hit, "conversion_value"] += amount
    after = judge(frame, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN).set_index("ad_set_id").loc[of]
    return {"before": before, "after": after}


@pytest.mark.parametrize("name", ["good", "bad"])
def test_a_refund_makes_an_ad_set_worse_and_leaves_its_goal(name: str) -> None:
    rows = refunded(-6_000.0, of=name)
    assert rows["after"]["goal"] == rows["before"]["goal"] == "sales"
    assert rows["after"]["p_below"] >= rows["before"]["p_below"] - 1e-9
    assert rows["after"]["roas_mean"] < rows["before"]["roas_mean"]
    assert rows["after"]["verdict"] == (PAUSE if name == "bad" else rows["after"]["verdict"])


def test_a_large_order_that_is_refunded_on_another_day_changes_little() -> None:
    days = market(PACK | {"good": 0.05})
    plain = judge(days, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN).set_index("ad_set_id").loc["good"]
    mine = days.index[(days["ad_set_id"] == "good") & (days["conversions"] > 0)]
    days.loc[mine[3], "conversion_value"] += 5_000.0
    days.loc[mine[9], "conversion_value"] -= 5_000.0
    after = judge(days, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN).set_index("ad_set_id").loc["good"]
    assert after["roas_mean"] == pytest.approx(plain["roas_mean"], rel=0.1)
    assert after["verdict"] == plain["verdict"]


@pytest.mark.parametrize("column", ["spend", "conversions", "conversion_value"])
def test_an_infinite_cell_costs_its_row_alone(column: str) -> None:
    days = market(PACK | {"bad": 0.008})
    row = days.index[days["ad_set_id"] == "n0"][5]
    broken = days.copy()
    broken.loc[row, column] = np.inf
    expected = judge(days.drop(index=row), as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN)
    pd.testing.assert_frame_equal(judge(broken, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN), expected)


def test_days_with_a_time_zone_are_days() -> None:
    days = market(PACK | {"bad": 0.008})
    zoned = days.assign(day=pd.to_datetime(days["day"]).dt.tz_localize("America/New_York"))
    pd.testing.assert_frame_equal(
        judge(zoned, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN),
        judge(days, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN),
    )
    with pytest.raises(ValueError, match="no day in ISO form"):
        judge(days.assign(day="11/02/2026"), as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN)


def test_a_pause_waits_while_the_lag_curve_is_only_stated() -> None:
    days = market(PACK | {"bad": 0.008})
    learned = verdicts(days)
    assert learned["bad"] == PAUSE
    assert verdicts(days, lag_is_stated=True)["bad"] == REDUCE
    assert verdicts(days, lag=None)["bad"] == REDUCE, (
        "without a curve the prior is used, which nobody learned"
    )
    assert verdicts(days, lag_is_stated={"bad": False})["bad"] == PAUSE
    assert verdicts(days, lag_is_stated={"n0": False})["bad"] == REDUCE, "what is not known counts as stated"
    row = judge(days, as_of=AS_OF, target_roas=2.0, lag=ALL_SEEN, lag_is_stated=True).set_index("ad_set_id")
    assert "waits until the conversion lag is learned" in row.loc["bad", "why"]


def test_a_good_ad_set_that_is_looked_at_every_morning_is_hardly_ever_paused() -> None:
    sample = draw(OrderWorld(ad_sets=1_000, conversions_a_week=25.0), seed=21, days=42)
    ever = np.zeros(1_000, bool)
    for back in range(14, -1, -2):
        judged = judge(
            sample.days, as_of=WORLD_AS_OF - timedelta(days=back), target_roas=sample.target, lag=ALL_SEEN
        )
        ever |= (
            judged.assign(number=judged["ad_set_id"].astype(int)).sort_values("number")["verdict"] == PAUSE
        ).to_numpy()
    assert ever[sample.is_good].mean() <= 0.006  # 0.5 % and the chance of 770 good ones
    assert ever[sample.is_bad].mean() > 0.6
