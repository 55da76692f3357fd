"""Customer lifetime value: expected orders and value over a horizon, probability of being alive, and a range.

Orders come from a mixture of purchase rates and drop-out chances, order values from a Gamma-Gamma model;
the errors of both on this log are corrected on windows that ended before `as_of`. Customers who pay
periodically are detected by their regular orders and forecast by survival. Weak where all customers change
at once after the last window: a yearly season cannot be learned from less than two years.
"""

from datetime import date

import numpy as np
import pandas as pd

from assets.segments.value.calibration import BacktestWindow, factors, level, weights
from assets.segments.value.order_histories import (
    Histories,
    Numbers,
    OrderDays,
    as_day,
    histories,
    order_days,
    repeated,
)
from assets.segments.value.order_model import OrderModel, fit_order_model, order_forecasts, simulate_orders
from assets.segments.value.order_value_model import (
    OrderValueModel,
    expected_order_value,
    fit_order_value_model,
    simulate_values,
)
from assets.segments.value.prediction_interval import choose_leaning, fit_residual_quantiles
from assets.segments.value.subscriptions import Subscribers, subscriber_forecast
from resources.errors import DataUnusable

COLUMNS = [
    "customer_id",
    "expected_orders",
    "expected_value",
    "alive",
    "expected_low",
    "expected_high",
    "mean_value",
]
WINDOWS = (0.33, 0.5)
"""Shares of the history that are forecast from the days before them, newest first."""
FEWEST_PAIRS, DRAWN_PAIRS = 300, 3_000
"""Customers in windows below which the range is learned from simulated futures instead, and how many of
those.
"""


def value(transactions: pd.DataFrame, *, as_of: date | pd.Timestamp | str, horizon_days: int) -> pd.DataFrame:
    """Expected orders and value of the `horizon_days` after `as_of`, a row per customer who had ordered, by
    customer_id.

    Args:
        transactions: customer_id, day and value, a row per order or return (negative). Rows after `as_of` are
            ignored.
        as_of: Last known day.
        horizon_days: Days to forecast, 1 or more.

    Returns:
        customer_id; expected_orders (days with an order); expected_value, in the currency of `value`: the
        forecast with the
        least absolute error per customer, scaled to the total of the means; alive (probability of ordering
        again);
        expected_low and expected_high (80 %); mean_value: the mean, for sums over a group of customers.

    Raises:
        DataUnusable: A column is missing, a day or value cannot be read, or the horizon is not a positive
            number of days.
    """
    if not horizon_days >= 1:
        raise DataUnusable(f"A horizon of {horizon_days} days is none. Give 1 or more.")
    days = order_days(transactions, as_of=as_of)
    today = as_day(as_of)
    history = histories(days, as_of=today)
    if not len(history.rows):
        return pd.DataFrame(
            {name: pd.Series(dtype=days.ids.dtype if name == "customer_id" else float) for name in COLUMNS}
        )
    forecast = _forecast(days, history, today=today, horizon_days=int(horizon_days))
    forecast = _with_subscribers(
        forecast, subscriber_forecast(days, history, as_of=today, horizon_days=int(horizon_days))
    )
    return forecast.assign(customer_id=days.ids[history.rows])[COLUMNS]


def _forecast(days: OrderDays, history: Histories, *, today: int, horizon_days: int) -> pd.DataFrame:
    orders, spend = fit_order_model(history), fit_order_value_model(history)
    each = expected_order_value(spend, history)
    windows = [window for share in WINDOWS if (window := _window(days, today=today, share=share)) is not None]
    # Corrections are those of one span, whatever the horizon: a longer horizon never brings less.
    span = max(round((today - days.span[0]) * WINDOWS[0]), 1)
    ahead, near = order_forecasts(orders, history, horizons=(horizon_days, span))
    weighed = weights(windows)
    factor = factors(history, near.orders, each, weighed) * level(windows)
    mean = ahead.orders * each * factor
    pairs = _pairs(windows, weighed)
    if sum(len(came) for _, _, came in pairs) < FEWEST_PAIRS:
        pairs = _simulated_pairs(orders, spend, history, ahead.orders, each, horizon_days)
    foreseen, expected, came = (np.concatenate(part) for part in zip(*pairs, strict=True))
    spread = fit_residual_quantiles(foreseen, expected, came)
    usual = near.orders * each * factor
    likely = fit_residual_quantiles(expected, expected, came)
    lean = choose_leaning(expected, likely.likely(expected, expected), came)
    best = mean * (1 - lean + lean * likely.likely(usual, usual))
    low, high = spread.range(ahead.orders)
    return pd.DataFrame(
        {
            "expected_orders": ahead.orders,
            "expected_value": best,
            "alive": ahead.alive,
            "expected_low": np.minimum(low * mean, best),
            "expected_high": np.maximum(high * mean, best),
            "mean_value": mean,
        }
    )


def _with_subscribers(forecast: pd.DataFrame, regular: Subscribers) -> pd.DataFrame:
    """The forecast with the rows of periodic payers replaced by theirs."""
    worth, (low, high) = regular.orders * regular.amount, regular.spread
    rows = {
        "expected_orders": regular.orders,
        "expected_value": worth,
        "alive": regular.alive,
        "mean_value": worth,
        "expected_low": np.minimum(low * regular.amount, worth),
        "expected_high": np.maximum(high * regular.amount, worth),
    }
    columns = {name: forecast[name].to_numpy().copy() for name in rows}
    for name, numbers in rows.items():
        columns[name][regular.at] = numbers
    return pd.DataFrame(columns)


def _window(days: OrderDays, *, today: int, share: float) -> BacktestWindow | None:
    """The newest `share` of the history, forecast from the days before it; None where nobody had ordered
    before.
    """
    length = round((today - days.span[0]) * share)
    cut = today - length
    history = histories(days, as_of=cut)
    if length < 1 or not len(history.rows):
        return None
    expected = order_forecasts(fit_order_model(history), history, horizons=(length,))[0].orders
    each = expected_order_value(fit_order_value_model(history), history)
    return BacktestWindow(history, expected, each, days.came(cut, today)[history.rows])


Pairs = list[tuple[Numbers, Numbers, Numbers]]


def _pairs(windows: list[BacktestWindow], weighed: Numbers) -> Pairs:
    """Expected orders, expected value and actual value of the windows, each scaled to its own total."""
    pairs = []
    for window in (candidate for candidate in windows if candidate.is_telling):
        expected = window.expected * factors(window.known, window.orders, window.spend, weighed)
        pairs.append((window.orders, expected * window.came.sum() / expected.sum(), window.came))
    return pairs


def _simulated_pairs(
    orders: OrderModel,
    spend: OrderValueModel,
    history: Histories,
    ahead: Numbers,
    each: Numbers,
    horizon_days: int,
) -> Pairs:
    """The same from simulated futures, for logs that are too small or too young for windows."""
    rng = np.random.default_rng(0)
    futures = max(DRAWN_PAIRS // len(history.rows), 1)
    many, times = repeated(history, futures), np.tile(ahead, futures)
    came = simulate_values(
        spend, many, simulate_orders(orders, many, horizon_days=horizon_days, rng=rng), rng=rng
    )
    return [(times, times * np.tile(each, futures), came)]
