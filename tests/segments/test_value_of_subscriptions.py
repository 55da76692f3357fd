"""Customers who pay by the month: told by their orders, and followed until they stop."""

import numpy as np
import pandas as pd
import pytest

from assets.segments.value import value

TODAY = pd.Timestamp("2026-06-30")


def payments(who: str, count: int, *, last: pd.Timestamp, amount: float = 20.0) -> pd.DataFrame:
    months = [last - pd.DateOffset(months=n) for n in range(count)]
    return pd.DataFrame({"customer_id": who, "day": months, "value": amount})


def world(seed: int, *, size: int = 1_200, months: int = 40) -> tuple[pd.DataFrame, pd.Series]:
    """Subscribers who began over two years, each with a chance to stop of their own; and what they pay in
    the year after TODAY.
    """
    rng = np.random.default_rng(seed)
    begins, stops = rng.integers(0, 24, size), rng.beta(1.0, 15.0, size)
    ends = begins + rng.geometric(stops)
    start = TODAY - pd.DateOffset(months=28)
    day = rng.integers(0, 27, size)
    rows = [
        pd.DataFrame(
            {
                "customer_id": n,
                "day": [
                    start + pd.DateOffset(months=m, days=int(day[n]))
                    for m in range(begins[n], min(ends[n], months))
                ],
                "value": 30.0,
            }
        )
        for n in range(size)
    ]
    whole = pd.concat(rows)
    came = (
        whole[(whole["day"] > TODAY) & (whole["day"] <= TODAY + pd.Timedelta(days=330))]
        .groupby("customer_id")["value"]
        .sum()
    )
    return whole, came.reindex(range(size), fill_value=0.0)


def test_the_payments_of_a_year_are_foretold() -> None:
    whole, came = world(5, size=600)
    forecast = value(whole, as_of=TODAY, horizon_days=330).set_index("customer_id")
    actual = came.loc[forecast.index]
    payments = whole[whole["day"] <= TODAY]["customer_id"].value_counts().loc[forecast.index] >= 4
    assert forecast.loc[payments, "mean_value"].sum() == pytest.approx(actual[payments].sum(), rel=0.1)
    held = (forecast["expected_low"] <= actual) & (actual <= forecast["expected_high"])
    assert held[payments].mean() > 0.7


def test_who_missed_a_payment_is_gone_and_who_pays_goes_on() -> None:
    rows = pd.concat(
        [
            payments("pays", 12, last=TODAY - pd.Timedelta(days=10)),
            payments("missed", 12, last=TODAY - pd.Timedelta(days=50)),
        ]
    )
    forecast = value(rows, as_of=TODAY, horizon_days=365).set_index("customer_id")
    assert forecast.loc["missed", ["expected_orders", "expected_value", "alive"]].tolist() == [0, 0, 0]
    assert forecast.loc["pays", "alive"] == 1
    assert 4 < forecast.loc["pays", "expected_orders"] <= 12
    assert forecast.loc["pays", "expected_value"] == pytest.approx(
        20 * forecast.loc["pays", "expected_orders"]
    )


def test_a_payer_of_longer_standing_is_likelier_to_stay() -> None:
    rows = pd.concat(
        [payments(f"c{n}", 4 + n, last=TODAY - pd.Timedelta(days=5 + 40 * (n % 3))) for n in range(30)]
    )
    forecast = value(rows, as_of=TODAY, horizon_days=365).set_index("customer_id")
    assert forecast.loc["c27", "expected_orders"] > forecast.loc["c0", "expected_orders"]
