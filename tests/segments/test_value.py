"""What customers are worth: what holds for every log, and that logs made to known rules are read right."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.segments.value import value
from benchmarks.value_sets import Log, made_logs
from resources.errors import DataUnusable

TODAY = date(2026, 6, 30)
NUMBERS = ["expected_orders", "expected_value", "alive", "expected_low", "expected_high", "mean_value"]


def log(*rows: tuple[object, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "day", "value"])


def is_sound(forecast: pd.DataFrame) -> bool:
    return bool(
        np.isfinite(forecast[NUMBERS].to_numpy()).all()
        and (forecast[NUMBERS].to_numpy() >= 0).all()
        and (forecast["alive"] <= 1).all()
        and (forecast["expected_low"] <= forecast["expected_value"]).all()
        and (forecast["expected_value"] <= forecast["expected_high"]).all()
        and forecast["customer_id"].is_unique
    )


ORDER = st.tuples(
    st.integers(0, 12), st.integers(0, 400), st.sampled_from([-1e7, -20.0, 0.0, 0.01, 5.0, 19.9, 1e9, np.nan])
)


@given(rows=st.lists(ORDER, max_size=60), horizon_days=st.sampled_from([1, 30, 365, 10_000]))
@settings(max_examples=25, deadline=None)
def test_any_log_gets_finite_numbers_and_ordered_ranges(
    rows: list[tuple[int, int, float]], horizon_days: int
) -> None:
    drawn = log(*((who, str(date.fromordinal(TODAY.toordinal() - ago)), worth) for who, ago, worth in rows))
    forecast = value(drawn, as_of=TODAY, horizon_days=horizon_days)
    assert is_sound(forecast)
    assert set(forecast["customer_id"]) == {who for who, _, worth in rows if not worth < 0}


@pytest.fixture(scope="module")
def logs() -> dict[str, Log]:
    return {log.name: log for log in made_logs(71, 1_500)}


def of(log_read: Log, rows: pd.DataFrame | None = None, *, horizon_days: int | None = None) -> pd.DataFrame:
    forecast = value(
        log_read.rows if rows is None else rows,
        as_of=log_read.as_of,
        horizon_days=horizon_days or log_read.horizon_days,
    )
    return forecast.set_index("customer_id")


def test_what_came_after_the_day_is_not_looked_at(logs: dict[str, Log]) -> None:
    stopping = logs["stops any day"]
    pd.testing.assert_frame_equal(of(stopping), of(stopping, stopping.known))


def test_the_order_of_rows_does_not_matter(logs: dict[str, Log]) -> None:
    spending = logs["spending apart"]
    pd.testing.assert_frame_equal(of(spending), of(spending, spending.rows.sample(frac=1, random_state=4)))


def test_another_currency_changes_money_alone(logs: dict[str, Log]) -> None:
    spending = logs["spending apart"]
    euros, dear = of(spending), of(spending, spending.rows.assign(value=spending.rows["value"] * 128))
    money = ["expected_value", "expected_low", "expected_high", "mean_value"]
    np.testing.assert_allclose(dear[money], euros[money] * 128, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(dear[["expected_orders", "alive"]], euros[["expected_orders", "alive"]])


def test_a_longer_horizon_never_brings_less(logs: dict[str, Log]) -> None:
    changing = logs["changing"]
    ends = [of(changing, horizon_days=days) for days in (1, 30, 90, 365, 2_000)]
    for short, long in pairwise(ends):
        for name in ("expected_orders", "expected_value", "mean_value"):
            assert (long[name] >= short[name]).all()


def test_ids_of_any_kind_come_back_as_they_were() -> None:
    whole = value(
        log((7, "2026-01-01", 10), (7, "2026-02-01", 10), (3, "2026-03-01", 5)), as_of=TODAY, horizon_days=90
    )
    assert whole["customer_id"].tolist() == [3, 7]
    assert value(log(("b", "2026-01-01", 1), ("a", "2026-01-02", 1)), as_of=TODAY, horizon_days=9)[
        "customer_id"
    ].tolist() == ["a", "b"]


def test_nobody_and_one_customer() -> None:
    assert value(log(), as_of=TODAY, horizon_days=30).empty
    assert value(log((1, "2026-07-01", 10)), as_of=TODAY, horizon_days=30).empty
    alone = value(log((1, "2026-06-01", 10)), as_of=TODAY, horizon_days=30)
    assert is_sound(alone)
    assert 0 < alone["expected_value"].item() < 10 * 30


def test_orders_of_one_day_are_one_order() -> None:
    once = value(
        log((1, "2026-03-01", 30), (2, "2026-04-01", 8), (2, "2026-05-01", 8)), as_of=TODAY, horizon_days=90
    )
    split = value(
        log(
            (1, "2026-03-01 09:00", 10),
            (1, "2026-03-01 17:00", 20),
            (2, "2026-04-01", 8),
            (2, "2026-05-01", 8),
        ),
        as_of=TODAY,
        horizon_days=90,
    )
    pd.testing.assert_frame_equal(once, split)


def test_a_return_takes_off_value_and_is_no_order(logs: dict[str, Log]) -> None:
    stopping = logs["stops any day"]
    who = stopping.known["customer_id"].value_counts().index[0]
    back = log(
        (
            who,
            str(stopping.as_of.date()),
            -stopping.known.loc[stopping.known["customer_id"] == who, "value"].sum() / 2,
        )
    )
    rows = pd.concat([stopping.known, back.assign(day=pd.to_datetime(back["day"]))])
    before, after = of(stopping).loc[who], of(stopping, rows).loc[who]
    assert after["expected_orders"] == pytest.approx(before["expected_orders"])
    assert after["expected_value"] < 0.75 * before["expected_value"]


def test_who_ordered_lately_and_often_is_worth_more_than_who_stopped(logs: dict[str, Log]) -> None:
    stopping = logs["stops after orders"]
    weekly = pd.date_range(end=stopping.as_of, periods=10, freq="7D")
    twins = pd.concat(
        [
            pd.DataFrame({"customer_id": name, "day": weekly - pd.Timedelta(days=ago), "value": 50.0})
            for name, ago in (("here", 0), ("gone", 150))
        ]
    )
    forecast = of(stopping, pd.concat([stopping.known, twins]))
    assert forecast.loc["here", "alive"] > 0.5 > 0.1 > forecast.loc["gone", "alive"]
    assert forecast.loc["here", "expected_value"] > 5 * forecast.loc["gone", "expected_value"]


def test_a_known_world_is_read_right() -> None:
    """Over three worlds that keep to their rules the total is right within a tenth, and the range holds
    what it says.
    """
    totals, held = [], []
    for seed in (81, 82, 83):
        for simulated in made_logs(seed, 2_000)[:2]:
            _, came = simulated.came()
            forecast = of(simulated).loc[came.index]
            totals.append(forecast["mean_value"].sum() / came.sum())
            held.append(
                (
                    (forecast["expected_low"] <= came + 1e-9) & (came <= forecast["expected_high"] + 1e-9)
                ).mean()
            )
    assert 0.9 < np.mean(totals) < 1.1
    assert (
        0.77 < np.mean(held) < 0.89
    )  # above 0.8: most of those who will not come back bring exactly nothing


def test_the_total_of_the_leaning_forecast_is_that_of_the_means(logs: dict[str, Log]) -> None:
    for simulated in logs.values():
        forecast = of(
            simulated, horizon_days=round((simulated.as_of - simulated.known["day"].min()).days * 0.33)
        )  # the span of the newest window, at which the leaning was learned
        assert forecast["expected_value"].sum() == pytest.approx(forecast["mean_value"].sum(), rel=0.02)
        assert (forecast["mean_value"].rank() - forecast["expected_value"].rank()).abs().max() < 1


def test_what_cannot_be_read_is_refused_with_what_to_do() -> None:
    good = log((1, "2026-03-01", 30))
    with pytest.raises(DataUnusable, match="no column value"):
        value(good.drop(columns="value"), as_of=TODAY, horizon_days=30)
    with pytest.raises(DataUnusable, match=r"transactions\.value holds 'dear' in 1 rows"):
        value(good.astype({"value": object}).assign(value="dear"), as_of=TODAY, horizon_days=30)
    with pytest.raises(DataUnusable, match=r"transactions\.day is empty or no day in 1 rows"):
        value(good.assign(day=pd.NaT), as_of=TODAY, horizon_days=30)
    with pytest.raises(DataUnusable, match="horizon of 0 days"):
        value(good, as_of=TODAY, horizon_days=0)
