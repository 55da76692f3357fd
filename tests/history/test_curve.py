"""The conversion lag is found again from readings that are cut off at today, thin, or full of gaps."""

import numpy as np
import pandas as pd
import pytest

from assets.core.conversion_lag.curve import LONGEST_DAYS, curves, prior_curve
from assets.core.conversion_lag.sightings import EVERY

AGES = np.arange(LONGEST_DAYS + 1)
TRUE = np.where(AGES == 0, 0.3, 1 - 0.5 * np.exp(-AGES / 4.0))
TRUE = TRUE / TRUE[-1]


def seen(
    *, a_day: float, days: int = 60, seed: int = 1, every: int = 1, taken_back: float = 0.0
) -> pd.DataFrame:
    """Readings every `every` mornings of the 30 days before, of conversions that arrive by the true curve."""
    rng, rows = np.random.default_rng(seed), []
    for day in range(days + 30):
        arrivals = np.searchsorted(TRUE, rng.random(rng.poisson(a_day)))
        gone = np.where(
            rng.random(len(arrivals)) < taken_back, arrivals + rng.integers(1, 12, len(arrivals)), 10_000
        )
        for age in range(1, 31):
            if 30 <= day + age < days + 30 and (day + age) % every == 0:
                count = int(((arrivals <= age) & (gone > age)).sum())
                rows.append(
                    (
                        "meta_ads",
                        "1",
                        "purchase",
                        pd.Timestamp("2026-01-01") + pd.Timedelta(days=day),
                        age,
                        count,
                        50.0 * count,
                    )
                )
    return pd.DataFrame(
        rows, columns=["platform", "account_id", "action", "day", "age_days", "conversions", "value"]
    )


def curve(learned: pd.DataFrame, account: str = "1", action: str = "purchase") -> pd.DataFrame:
    return learned[(learned["account_id"] == account) & (learned["action"] == action)].sort_values("age_days")


def gap(learned: pd.DataFrame) -> float:
    return float(np.abs(curve(learned)["share"].to_numpy() - TRUE)[1:].max())


@pytest.mark.parametrize(("every", "most"), [(1, 0.03), (3, 0.05)])
def test_the_true_curve_is_found_though_most_days_are_young(every: int, most: float) -> None:
    assert np.median([gap(curves(seen(a_day=80, seed=n, every=every))) for n in range(5)]) < most


def test_readings_that_are_all_older_than_the_longest_age_teach_nothing_and_break_nothing() -> None:
    old = seen(a_day=20)
    old = old.assign(age_days=old["age_days"] + LONGEST_DAYS, account_id="2")
    young = seen(a_day=20)
    both = curves(pd.concat([old, young], ignore_index=True), platforms=["meta_ads"])
    pd.testing.assert_frame_equal(both, curves(young, platforms=["meta_ads"]))
    assert set(curves(old, platforms=["meta_ads"])["source"]) == {"prior"}


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    inside = []
    for seed in range(30):
        rows = curve(curves(seen(a_day=15, seed=seed)))
        inside.append(((rows["share_low"] <= TRUE) & (rows["share_high"] >= TRUE)).to_numpy()[1:20].mean())
    assert 0.68 <= np.mean(inside) <= 0.92


def test_nothing_learned_is_the_stated_prior_and_says_so() -> None:
    learned = curves(seen(a_day=0.0), platforms=["linkedin_ads"])
    rows = curve(learned[learned["platform"] == "linkedin_ads"], "", EVERY)
    assert rows["share"].to_numpy() == pytest.approx(prior_curve())
    assert set(rows["source"]) == {"prior"}


def test_a_thin_account_leans_on_its_platform() -> None:
    thin = seen(a_day=0.3, seed=4).assign(account_id="2")
    alone, together = curves(thin), curves(pd.concat([seen(a_day=80), thin], ignore_index=True))
    off = [np.abs(curve(learned, "2")["share"].to_numpy() - TRUE)[1:].max() for learned in (alone, together)]
    assert off[1] < off[0]
    assert off[1] < 0.06


def test_conversions_that_are_taken_back_bend_the_curve_above_one() -> None:
    rows = curve(curves(seen(a_day=120, taken_back=0.2)))
    assert rows["share"].max() > 1.0
    assert rows["share"].iloc[-1] == pytest.approx(1.0)


def test_order_of_rows_and_other_accounts_do_not_matter() -> None:
    rows = seen(a_day=20)
    pd.testing.assert_frame_equal(curves(rows), curves(rows.sample(frac=1.0, random_state=3)))
