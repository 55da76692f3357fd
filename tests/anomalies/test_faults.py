"""A clear case of each fault is found: in the right measure, the right way, on the right day."""

import numpy as np
import pandas as pd
import pytest

from assets.signals.anomalies import detect
from tests.anomalies.series import AMOUNTS, RATIOS, flagged, healthy, multiplied, places

DELIVERY = ["impressions", "clicks", "conversions", "conversion_value"]
SEEDS = [21, 22]


def told(result: pd.DataFrame, metric: str, *, first: int, within: int) -> pd.DataFrame:
    return result[(result["metric"] == metric) & result["place"].between(first, first + within)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("columns", "factor", "days", "metric", "way", "within"),
    [
        pytest.param(AMOUNTS, 3.0, 2, "spend", "above", 0, id="a spend spike on its day"),
        pytest.param(AMOUNTS, 0.0, 4, "spend", "below", 0, id="a spend stop on its day"),
        pytest.param(DELIVERY, 0.5, 7, "cpc", "above", 1, id="a CPC jump within two days"),
        pytest.param(
            ["clicks", "conversions", "conversion_value"],
            0.45,
            7,
            "ctr",
            "below",
            1,
            id="a CTR drop within two days",
        ),
        pytest.param(
            ["conversions", "conversion_value"],
            0.0,
            6,
            "cvr",
            "below",
            3,
            id="a tracking break within four days",
        ),
        pytest.param(["conversion_value"], 0.3, 10, "roas", "below", 5, id="a loss of value within six days"),
    ],
)
def test_a_clear_fault_is_found(
    seed: int, columns: list[str], factor: float, days: int, metric: str, way: str, within: int
) -> None:
    frame = multiplied(healthy(seed), columns, factor, first=80, days=days)
    result = flagged(frame)
    hits = told(result, metric, first=80, within=within)
    assert len(hits) >= 1
    assert hits["cause"].astype(str).str.contains(way).all()
    assert (hits["severity"] > "none").all()
    assert (
        (hits["value"] < hits["low"]).iloc[-1] if way == "below" else (hits["value"] > hits["high"]).iloc[-1]
    )


def test_a_slow_decay_of_three_weeks_is_found_while_it_lasts_in_most_series_with_many_conversions() -> None:
    """Measured on generated sets about half are found, most of them where conversions are many (benchmarks,
    `roas_decay`)."""
    result = 0
    for seed in range(31, 35):
        frame = multiplied(healthy(seed), AMOUNTS, 6.0, first=0, days=120)
        remaining = 1 - 0.025 * (places(frame) - 69).clip(0, 21)
        last_weeks = (frame["series_id"] == "s000") & (places(frame) <= 90)
        frame.loc[last_weeks, "conversions"] = (frame["conversions"] * remaining)[last_weeks].round()
        frame.loc[last_weeks, "conversion_value"] = (frame["conversion_value"] * remaining)[last_weeks]
        told_of = flagged(frame)
        result += bool(told_of[told_of["metric"].isin(["cvr", "roas"])]["place"].between(70, 92).any())
    assert result >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_that_hits_all_series_at_once_is_no_market_and_is_found(seed: int) -> None:
    frame = multiplied(healthy(seed), ["conversions", "conversion_value"], 0.0, first=80, days=5, of=None)
    result = flagged(frame, of=None)
    hit = result[(result["metric"] == "cvr") & (result["place"] == 83)]
    assert hit["series_id"].nunique() >= 10


def test_one_of_many_zero_days_of_a_count_is_found_only_where_many_were_expected() -> None:
    frame = multiplied(healthy(24), ["conversions", "conversion_value"], 0.05, first=0, days=120)
    frame = multiplied(frame, ["conversions", "conversion_value"], 0.0, first=80, days=2)
    assert flagged(frame)["metric"].isin(["conversions", "cvr"]).sum() == 0


def test_a_fault_in_one_series_is_told_of_that_one_alone() -> None:
    frame = multiplied(healthy(25), AMOUNTS, 3.0, first=80, days=3)
    result = flagged(frame, of=None)
    assert set(result[result["place"].between(80, 82)]["series_id"].astype(str)) == {"s000"}


@pytest.mark.parametrize("freq", ["h", "D", "7D"])
def test_a_plain_series_of_any_frequency_tells_a_spike_and_a_stop(freq: str) -> None:
    frame = healthy(26, series=1, days=200)
    frame = pd.DataFrame(
        {
            "series_id": "v",
            "day": pd.date_range("2026-01-05", periods=200, freq=freq),
            "value": frame["spend"],
        }
    )
    frame.loc[150, "value"] *= 5
    frame.loc[180:183, "value"] = 0.0
    result = flagged(frame, of="v")
    assert {frame["day"][150], frame["day"][181]} <= set(result["day"])


def test_hours_with_many_metrics_tell_a_tracking_break() -> None:
    frame = healthy(27, series=3, days=24 * 20)
    frame["conversions"] = frame["clicks"] // 8
    frame["day"] = pd.Timestamp("2026-01-05") + (frame["day"] - frame["day"].min()) / 24
    broken = (frame["series_id"] == "s001") & (frame["day"] >= "2026-01-20") & (frame["day"] < "2026-01-21")
    frame.loc[broken, ["conversions", "conversion_value"]] = 0.0
    result = flagged(frame, of=None)
    assert set(result["series_id"].astype(str)) == {"s001"}
    assert "cvr" in set(result[result["day"] < "2026-01-20 12:00"]["metric"])


def test_ratios_without_their_parts_are_watched_by_their_own_past() -> None:
    frame = multiplied(healthy(28, series=10), ["clicks"], 0.3, first=80, days=5)
    ratios = frame[["series_id", "day"]].assign(
        cpc=frame["spend"] / frame["clicks"],
        ctr=frame["clicks"] / frame["impressions"],
        roas=frame["conversion_value"] / frame["spend"],
    )
    result = flagged(ratios)
    assert {"cpc", "ctr"} <= set(result[result["place"] == 80]["metric"])
    assert set(result["metric"]) <= set(RATIOS)


@pytest.mark.parametrize("middle", [-12.0, 0.0, 1.0])
@pytest.mark.parametrize(
    ("jump", "words"), [(-20.0, "below what was expected"), (20.0, "above what was expected")]
)
def test_a_series_around_zero_is_judged_by_differences(middle: float, jump: float, words: str) -> None:
    values = middle + np.random.default_rng(29).normal(0, 2, 120)
    values[80] = middle + jump
    result = flagged(
        pd.DataFrame({"series_id": "s000", "day": pd.date_range("2026-01-05", periods=120), "value": values})
    )
    assert set(result["place"]) == {80}
    assert list(result["cause"].astype(str)) == [words]
    assert result["expected"].between(middle - 3, middle + 3).all()


def campaigns(seed: int, *, series: int, clicks: float, noise: float, days: int = 91) -> pd.DataFrame:
    """Campaigns whose clicks are Poisson around a common level with that day-to-day noise, and what follows
    from them.
    """
    rng, parts = np.random.default_rng(seed), []
    span = pd.date_range("2026-01-05", periods=days)
    for number in range(series):
        level = clicks * rng.lognormal(0.0, noise, days)
        bought = rng.poisson(level)
        orders = rng.binomial(bought, 0.05)
        parts.append(
            pd.DataFrame(
                {
                    "series_id": f"s{number:03d}",
                    "day": span,
                    "spend": bought * 0.9 * rng.lognormal(0.0, 0.3 / np.sqrt(np.maximum(bought, 1))),
                    "impressions": rng.poisson(level * 40.0).astype(float),
                    "clicks": bought.astype(float),
                    "conversions": orders.astype(float),
                    "conversion_value": [float(rng.lognormal(4.0, 0.5, count).sum()) for count in orders],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_halved_day_of_a_lone_campaign_is_found_in_most_cases() -> None:
    hits = 0
    for seed in range(20):
        frame = campaigns(seed, series=1, clicks=400.0, noise=0.12, days=62)
        halved = frame["day"] == frame["day"].iloc[60]
        for name in AMOUNTS:
            frame.loc[halved, name] *= 0.5
        result = detect(frame)
        hits += int(result.loc[result["is_anomaly"], "day"].eq(frame["day"].iloc[60]).any())
    assert hits >= 9  # 11 of 20 here; none with the tails and the level of series of unknown meaning


def test_empty_days_of_small_campaigns_are_no_incident() -> None:
    frame = campaigns(7, series=20, clicks=2.0, noise=0.0, days=81)
    assert (frame["spend"] == 0).mean() > 0.1, "many days are empty by chance"
    result = detect(frame)
    flagged_days = result[result["is_anomaly"]].drop_duplicates(["series_id", "day"])
    judged_days = result[result["p_value"].notna()].drop_duplicates(["series_id", "day"])
    assert len(flagged_days) <= 0.006 * len(judged_days)
    assert (result[result["is_anomaly"]]["metric"] == "spend").sum() <= 1
