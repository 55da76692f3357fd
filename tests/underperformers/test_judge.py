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
from assets.signals.underperformers.posterior import PeerPrior, fit_peers, posterior
from resources.policy.policy import Judging
from tests.examples import examples

AS_OF = date(2026, 11, 23)
ALL_SEEN = [1.0, 1.0]
PEERS = PeerPrior(
    level=np.log(0.03), slope=1.0, spread=0.5, order_shape=4.0, order_prior=16.0, order_mean=80.0
)


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
        Judging(pause_above=1.0),
        Judging(pause_above=1.0, reduce_above=1.0),
        Judging(pause_above=1, reduce_above=1, watch_above=1),
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
    shape = PEERS.order_prior + 1 + PEERS.order_shape * row["conversions"]
    scale = PEERS.order_prior * PEERS.order_mean + PEERS.order_shape * row["value"]
    roas = rates * scale / rng.gamma(shape, 1.0, draws)
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
            "value": [conversions * 70.0],
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


def world(seed: int, size: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Ad sets drawn from the model itself, with the ROAS they truly have."""
    rng = np.random.default_rng(seed)
    exposure = rng.lognormal(6.5, 0.8, size)
    rate = np.exp(PEERS.level + PEERS.spread * rng.standard_normal(size))
    worth = PEERS.order_prior * PEERS.order_mean / rng.gamma(PEERS.order_prior + 1, 1.0, size)
    counts = rng.poisson(rate * exposure).astype(float)
    values = np.where(
        counts > 0, rng.gamma(np.maximum(PEERS.order_shape * counts, 1e-9), worth / PEERS.order_shape), 0.0
    )
    ad_sets = pd.DataFrame(
        {
            "exposure": exposure,
            "conversions": counts,
            "value": values,
            "clicks": np.nan,
            "spend": exposure,
            "dispersion": 1.0,
        }
    )
    return ad_sets, rate * worth


def test_peers_are_found_again_and_the_probabilities_are_right_in_every_tenth() -> None:
    ad_sets, truth = world(11, 20_000)
    peers = fit_peers(ad_sets)
    assert peers.spread == pytest.approx(PEERS.spread, rel=0.1)
    assert peers.order_shape == pytest.approx(PEERS.order_shape, rel=0.25)
    assert peers.order_mean == pytest.approx(PEERS.order_mean, rel=0.05)
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
    with pytest.raises(ValueError, match=r"needs the column\(s\) conversion_value"):
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
