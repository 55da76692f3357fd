"""What each customer will bring: expected orders and value of the days to come, whether they still order, and a range.

Orders come from a mixture of rates and chances to stop, spend from averages drawn to everybody's, and what both get wrong on this log from
windows that ended before `as_of`. Customers who pay by the month are told by their regular orders and followed by survival.
Weak where all change at once after the last window: a yearly season is not known from less than two years.
"""

from datetime import date

import numpy as np
import pandas as pd

from assets.segments.value.calibration import Window, factors, level, weights
from assets.segments.value.order_histories import (
    Histories,
    Numbers,
    OrderDays,
    as_day,
    histories,
    order_days,
    repeated,
)
from assets.segments.value.order_model import OrderModel, drawn_orders, learn_orders, outlooks
from assets.segments.value.order_value_model import SpendModel, drawn_values, expected_spend, learn_spend
from assets.segments.value.prediction_interval import leaning, learn_spread
from assets.segments.value.subscriptions import Payers, payers
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
"""Shares of the known days that are foretold from those before them, the newest first."""
FEWEST_PAIRS, DRAWN_PAIRS = 300, 3_000
"""Customers of windows below which the range is learned from drawn futures instead, and how many of those."""


def value(transactions: pd.DataFrame, *, as_of: date | pd.Timestamp | str, horizon_days: int) -> pd.DataFrame:
    """Expected orders and value of the `horizon_days` after `as_of`, a row per customer who had ordered by then, in order of customer_id.

    Args:
        transactions: customer_id, day and value, a row per order or return (negative). Rows after `as_of` are not looked at.
        as_of: Last known day.
        horizon_days: Days to foretell, 1 or more.

    Returns:
        customer_id; expected_orders (days with an order); expected_value, in the currency of `value`: the forecast that is nearest for single
        customers, with the total of the means; alive (chance that they order on); expected_low and expected_high (hold four in five);
        mean_value: the plain mean, for sums over a group of customers.

    Raises:
        DataUnusable: A column is missing, a day or value cannot be read, or the horizon is not a positive number of days.
    """
    if not horizon_days >= 1:
        raise DataUnusable(f"A horizon of {horizon_days} days is none. Give 1 or more.")
    days = order_days(transactions, as_of=as_of)
    today = as_day(as_of)
    known = histories(days, as_of=today)
    if not len(known.rows):
        return pd.DataFrame(
            {name: pd.Series(dtype=days.ids.dtype if name == "customer_id" else float) for name in COLUMNS}
        )
    told = _forecast(days, known, today=today, horizon_days=int(horizon_days))
    told = _with_payers(told, payers(days, known, as_of=today, horizon_days=int(horizon_days)))
    return told.assign(customer_id=days.ids[known.rows])[COLUMNS]


def _forecast(days: OrderDays, known: Histories, *, today: int, horizon_days: int) -> pd.DataFrame:
    orders, spend = learn_orders(known), learn_spend(known)
    each = expected_spend(spend, known)
    windows = [window for share in WINDOWS if (window := _window(days, today=today, share=share)) is not None]
    # Corrections are those of one span, whatever the horizon: a longer horizon never brings less.
    span = max(round((today - days.span[0]) * WINDOWS[0]), 1)
    ahead, near = outlooks(orders, known, horizons=(horizon_days, span))
    weighed = weights(windows)
    factor = factors(known, near.orders, each, weighed) * level(windows)
    mean = ahead.orders * each * factor
    pairs = _pairs(windows, weighed)
    if sum(len(came) for _, _, came in pairs) < FEWEST_PAIRS:
        pairs = _drawn(orders, spend, known, ahead.orders, each, horizon_days)
    foreseen, expected, came = (np.concatenate(part) for part in zip(*pairs, strict=True))
    spread = learn_spread(foreseen, expected, came)
    usual = near.orders * each * factor
    likely = learn_spread(expected, expected, came)
    lean = leaning(expected, likely.likely(expected, expected), came)
    best = mean * (1 - lean + lean * likely.likely(usual, usual))
    low, high = spread.range(ahead.orders)
    return pd.DataFrame(
        {
            "expected_orders": ahead.orders, "expected_value": best, "alive": ahead.alive, "expected_low": np.minimum(low * mean, best),
            "expected_high": np.maximum(high * mean, best), "mean_value": mean,
        }
    )  # fmt: skip


def _with_payers(told: pd.DataFrame, regular: Payers) -> pd.DataFrame:
    """The forecast with the rows of those who pay by the month replaced by theirs."""
    worth, (low, high) = regular.orders * regular.amount, regular.spread
    rows = {
        "expected_orders": regular.orders, "expected_value": worth, "alive": regular.alive, "mean_value": worth,
        "expected_low": np.minimum(low * regular.amount, worth), "expected_high": np.maximum(high * regular.amount, worth),
    }  # fmt: skip
    found = {name: told[name].to_numpy().copy() for name in rows}
    for name, numbers in rows.items():
        found[name][regular.at] = numbers
    return pd.DataFrame(found)


def _window(days: OrderDays, *, today: int, share: float) -> Window | None:
    """The newest `share` of the known days, foretold from those before; None where nobody had ordered before."""
    length = round((today - days.span[0]) * share)
    cut = today - length
    known = histories(days, as_of=cut)
    if length < 1 or not len(known.rows):
        return None
    expected = outlooks(learn_orders(known), known, horizons=(length,))[0].orders
    each = expected_spend(learn_spend(known), known)
    return Window(known, expected, each, days.came(cut, today)[known.rows])


Pairs = list[tuple[Numbers, Numbers, Numbers]]


def _pairs(windows: list[Window], weighed: Numbers) -> Pairs:
    """Expected orders, expected value and what came, of the windows; at the level of each, which is foretold apart."""
    found = []
    for window in (one for one in windows if one.is_telling):
        expected = window.expected * factors(window.known, window.orders, window.spend, weighed)
        found.append((window.orders, expected * window.came.sum() / expected.sum(), window.came))
    return found


def _drawn(
    orders: OrderModel, spend: SpendModel, known: Histories, ahead: Numbers, each: Numbers, horizon_days: int
) -> Pairs:
    """The same of futures drawn from the models, for logs that are too small or too young to have windows."""
    rng = np.random.default_rng(0)
    futures = max(DRAWN_PAIRS // len(known.rows), 1)
    many, times = repeated(known, futures), np.tile(ahead, futures)
    came = drawn_values(spend, many, drawn_orders(orders, many, horizon_days=horizon_days, rng=rng), rng=rng)
    return [(times, times * np.tile(each, futures), came)]
