"""Order histories as sufficient statistics: repeat orders, recency, age and average value per customer.

Orders of one day are one order. A negative value is a return: it reduces the customer's value and is no
order. A zero is an order of no value; a missing value is an order of unknown value and is left out of the
average.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from assets.frame_contract import (
    FrameRefused,
    consistent_ids,
    day_stamps,
    events_once,
    finite_rows,
    require_columns,
)

Numbers = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
COLUMNS = ("customer_id", "day", "value")


@dataclass(frozen=True)
class OrderDays:
    """A row per customer and day with an order or return, sorted by customer and day."""

    ids: pd.Index
    who: Whole
    """Index into `ids` of each row."""
    day: Whole
    """Days since 1970."""
    net: Numbers
    """Value of the day, net of returns."""
    is_order: npt.NDArray[np.bool_]
    is_priced: npt.NDArray[np.bool_]
    """Orders of known value."""
    without_customer: int
    """Rows without a customer, left out."""

    @property
    def span(self) -> tuple[int, int]:
        return int(self.day.min()), int(self.day.max())

    def until(self, day: int) -> "OrderDays":
        """The rows up to `day`, of the same customers."""
        in_time = self.day <= day
        return OrderDays(
            self.ids,
            self.who[in_time],
            self.day[in_time],
            self.net[in_time],
            self.is_order[in_time],
            self.is_priced[in_time],
            self.without_customer,
        )

    def came(self, after: int, until: int) -> Numbers:
        """Value per customer of the days after `after`, up to `until`."""
        inside = (self.day > after) & (self.day <= until)
        return np.bincount(self.who[inside], self.net[inside], len(self.ids)).astype(float)


@dataclass(frozen=True)
class Histories:
    """Sufficient statistics of the customers who had ordered by a day. `rows` indexes their ids."""

    rows: Whole
    repeats: Numbers
    """Order days after the first."""
    last: Numbers
    """Days from the first order to the last."""
    age: Numbers
    """Days from the first order to the last known day."""
    orders: Numbers
    """Order days of known value."""
    spend: Numbers
    """Value per order day, net of returns; 0 at least, and 0 where no value is known."""


def order_days(transactions: pd.DataFrame, *, as_of: date | pd.Timestamp | str) -> OrderDays:
    """Order days up to the end of `as_of`; later rows are ignored.

    Raises:
        FrameRefused: A column is missing, or a day or a value cannot be read. Correct the rows it counts.
    """
    require_columns(transactions, COLUMNS, what="transactions")
    transactions = finite_rows(transactions.reset_index(drop=True), ("value",), what="transactions")
    transactions = events_once(transactions, what="transactions")
    day = day_stamps(transactions["day"], name="transactions.day").dt.normalize()
    if gaps := int(day.isna().sum()):
        raise FrameRefused(
            f"transactions.day is empty or no day in {gaps} rows: leave them out, or say when they were."
        )
    value = transactions["value"]
    all_days = ((day - pd.Timestamp(0)) // pd.Timedelta(days=1)).to_numpy(np.int64)
    seen = all_days <= as_day(as_of)
    who = consistent_ids(transactions["customer_id"])
    named = who.notna().to_numpy()
    usable = seen & named
    codes, ids = (
        pd.factorize(who[usable], sort=True)
        if usable.any()
        else (np.array([], dtype=np.int64), pd.Index([], dtype=who.dtype))
    )
    return _by_day(
        pd.Index(ids),
        codes.astype(np.int64),
        all_days[usable],
        value[usable].to_numpy(),
        int((seen & ~named).sum()),
    )


def _by_day(ids: pd.Index, who: Whole, day: Whole, value: Numbers, without_customer: int) -> OrderDays:
    first, span = (int(day.min()), int(day.max() - day.min()) + 1) if len(day) else (0, 1)
    keys, at = np.unique(who * span + (day - first), return_inverse=True)
    finite = np.isfinite(value)
    is_order = np.bincount(at, ~(value < 0), len(keys)) > 0
    is_priced = np.bincount(at, finite & (value >= 0), len(keys)) > 0
    net = np.bincount(at, np.where(finite, value, 0.0), len(keys)).astype(float)
    return OrderDays(ids, keys // span, keys % span + first, net, is_order, is_priced, without_customer)


def histories(days: OrderDays, *, as_of: int) -> Histories:
    """Sufficient statistics at the end of day `as_of` (days since 1970) of everybody who had ordered by
    then.
    """
    in_time = days.until(as_of)
    size, who, day = len(days.ids), in_time.who[in_time.is_order], in_time.day[in_time.is_order]
    count = np.bincount(who, minlength=size)
    first, last = np.full(size, np.iinfo(np.int64).max), np.full(size, np.iinfo(np.int64).min)
    np.minimum.at(first, who, day)
    np.maximum.at(last, who, day)
    rows = np.flatnonzero(count)
    priced = np.bincount(in_time.who[in_time.is_priced], minlength=size)[rows].astype(float)
    net = np.bincount(in_time.who, in_time.net, size)[rows].astype(float)
    spend = np.divide(net, priced, out=np.zeros(len(rows)), where=priced > 0).clip(min=0.0)
    return Histories(
        rows,
        count[rows].astype(float) - 1,
        (last - first)[rows].astype(float),
        (as_of - first[rows]).astype(float),
        priced,
        spend,
    )


def as_day(day: date | pd.Timestamp | str) -> int:
    """Days since 1970, of the calendar day."""
    stamp = pd.Timestamp(day)
    stamp = stamp.tz_convert("UTC").tz_localize(None) if stamp.tzinfo else stamp
    return (stamp.normalize() - pd.Timestamp(0)).days


def repeated(history: Histories, times: int) -> Histories:
    """All customers repeated `times` times."""
    return Histories(
        np.tile(history.rows, times),
        np.tile(history.repeats, times),
        np.tile(history.last, times),
        np.tile(history.age, times),
        np.tile(history.orders, times),
        np.tile(history.spend, times),
    )


def compressed(*columns: Numbers) -> tuple[list[Numbers], Numbers, Any]:
    """Unique rows of the columns in a fixed order; how often each occurs; and the unique row of each original
    row.
    """
    order = np.lexsort(columns[::-1])
    is_new = np.ones(len(order), dtype=bool)
    if len(order):
        is_new[1:] = np.any([column[order[1:]] != column[order[:-1]] for column in columns], axis=0)
    group, at = np.cumsum(is_new) - 1, np.empty(len(order), dtype=np.int64)
    at[order] = group
    return [column[order[is_new]] for column in columns], np.bincount(group).astype(float), at
