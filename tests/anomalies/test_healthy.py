"""Where all is well nothing is told, however many series there are, and probabilities mean what they say."""

import numpy as np
import pandas as pd
import pytest

from assets.signals.anomalies import detect
from tests.anomalies.series import AMOUNTS, flagged, healthy, multiplied


def false_per_100(result: pd.DataFrame) -> float:
    judged = result[result["p_value"].notna()]
    return 100 * judged["is_anomaly"].sum() / len(judged)


@pytest.mark.parametrize("series", [1, 4, 30])
def test_healthy_campaigns_give_at_most_one_false_flag_in_500_days(series: int) -> None:
    result = pd.concat([detect(healthy(seed, series=series)) for seed in (61, 62)])
    assert false_per_100(result) <= 0.2


@pytest.mark.parametrize("name", ["counts", "amounts", "steady", "heavy"])
def test_plain_series_of_any_kind_give_at_most_one_false_flag_in_500_days(name: str) -> None:
    rng = np.random.default_rng([64, len(name)])
    days, week = np.arange(365), 1 + 0.3 * np.sin(2 * np.pi * np.arange(365) / 7)
    drift = np.exp(np.cumsum(rng.normal(0, 0.01, (20, 365)), axis=1))
    values = {
        "counts": rng.poisson(8 * week * drift),
        "amounts": 100 * week * drift * rng.lognormal(0, 0.3, (20, 365)),
        "steady": 100 + rng.normal(0, 0.5, (20, 365)),
        "heavy": 100 * drift * np.exp(0.2 * rng.standard_t(6, (20, 365))),
    }[name]
    frame = pd.DataFrame(
        {
            "series_id": np.repeat(np.arange(20), 365),
            "day": np.tile(pd.Timestamp("2026-01-05") + pd.to_timedelta(days, "D"), 20),
            "value": values.ravel(),
        }
    )
    assert false_per_100(detect(frame)) <= 0.2


def test_5000_healthy_series_give_at_most_a_handful_of_flags_a_day() -> None:
    result = detect(healthy(65, series=5000, days=30)[["series_id", "day", "spend", "clicks", "conversions"]])
    assert result["p_value"].notna().sum() > 5000 * 9 * 4
    assert result.groupby("day")["is_anomaly"].sum().max() <= 5


def test_probabilities_are_not_too_small_where_all_is_well() -> None:
    """Of ratios, whose noise is their counts', the share below p must be p: at most half as much again, which
    is ten standard errors at 0.01 and what an estimate of the noise from weeks costs; and at least an eighth,
    as five windows are looked through and paid for at 2.4 times.
    """
    result = detect(healthy(66, series=400, days=80))
    judged = result[result["p_value"].notna() & result["metric"].isin(["cpc", "ctr", "cvr", "roas"])]
    for p in (0.1, 0.05, 0.01):
        share = (judged["p_value"] < p).mean()
        assert p / 8 <= share <= 1.5 * p, (p, share)


def test_the_expected_range_holds_about_four_of_five_days() -> None:
    result = detect(healthy(67, series=100))
    judged = result[result["p_value"].notna() & result["metric"].isin(["cpc", "cvr", "roas"])]
    inside = judged["value"].between(judged["low"], judged["high"])
    assert 0.72 <= inside.mean() <= 0.92, inside.mean()


def test_false_discoveries_are_few_among_the_flags_of_a_bad_day() -> None:
    frame = healthy(68, series=300, days=70)
    for n in range(30):
        frame = multiplied(frame, AMOUNTS, 0.0, first=60, days=1, of=f"s{n:03d}")
    result = flagged(frame, of=None)
    flagged_series = set(result[result["place"] == 60]["series_id"].astype(str))
    faulty = {f"s{n:03d}" for n in range(30)}
    assert len(flagged_series & faulty) >= 27
    assert len(flagged_series - faulty) <= 3
