"""Purchases as of any past day, and what came after it.

What forms a segment ends where the test period begins: `until` is the last day used, `since` excludes
earlier days.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.frame_contract import (
    FrameRefused,
    day_stamps,
    events_once,
    id_texts,
    numbers,
    require_columns,
)
from resources.errors import DataUnusable


@dataclass(frozen=True, eq=False)
class Purchases:
    """Orders by customer, oldest first. `who` are row numbers of customers; negative values are returns, not
    orders.
    """

    who: np.ndarray
    day: np.ndarray
    value: np.ndarray
    customers: int
    strangers: int
    unreadable: int

    def until(self, last: np.datetime64, *, since: np.datetime64 | None = None) -> pd.DataFrame:
        """Per customer: orders, revenue, recency_days, average_order and the value of one order, by that day.

        The value of one order (the middle one) is as precise for a customer with two orders as for one
        with twenty: a mean would not be, and the amount of data would look like a trait.
        """
        chosen = self.day <= last
        if since is not None:
            chosen &= self.day > since
        who, day, value = self.who[chosen], self.day[chosen], self.value[chosen]
        bought = value > 0
        orders = np.bincount(who[bought], minlength=self.customers).astype(float)
        revenue = np.bincount(who, weights=value, minlength=self.customers)
        newest = np.full(self.customers, np.datetime64("NaT"), dtype="datetime64[D]")
        newest[who[bought]] = day[bought]  # oldest first: the last one written is the newest
        recency = np.where(np.isnat(newest), np.nan, (last - newest).astype(float))
        first = np.concatenate([[0], np.cumsum(orders).astype(int)])
        by_customer = np.argsort(who[bought], kind="stable")
        has = orders > 0
        middle = np.full(self.customers, np.nan)
        middle[has] = value[bought][by_customer][(first[:-1] + (orders.astype(int) - 1) // 2)[has]]
        return pd.DataFrame(
            {
                "orders": orders,
                "revenue": revenue,
                "recency_days": recency,
                "average_order": np.where(has, revenue / np.maximum(orders, 1), np.nan),
                "one_order": middle,
            }
        )

    def first_days(self) -> np.ndarray:
        """Day of the first order, NaT where there is none."""
        first = np.full(self.customers, np.datetime64("NaT"), dtype="datetime64[D]")
        first[self.who[::-1]] = self.day[::-1]
        return first

    def span(self) -> tuple[np.datetime64, np.datetime64] | None:
        """First and last day of any order, None where there is none."""
        return (self.day[0], self.day[-1]) if len(self.day) else None


def read_transactions(
    transactions: pd.DataFrame | None, index: pd.Index, *, as_of: np.datetime64
) -> Purchases:
    """Transactions up to `as_of` of the customers in `index`; rows of other customers, or without day or
    value, are counted.

    Raises:
        DataUnusable: A column is missing, or no day can be read.
    """
    nothing = np.array([], dtype=int)
    if transactions is None or not len(transactions):
        return Purchases(nothing, nothing.astype("datetime64[D]"), nothing.astype(float), len(index), 0, 0)
    require_columns(transactions, ("customer_id", "day", "value"), what="transactions")
    transactions = events_once(transactions.reset_index(drop=True), what="transactions")
    rows = pd.Series(np.arange(len(index)), index=index)
    who = rows.reindex(customer_ids(transactions, "transactions")).to_numpy(dtype=float)
    day = day_stamps(transactions["day"], name="transactions.day").to_numpy().astype("datetime64[D]")
    value = numbers(transactions["value"], name="transactions.value").to_numpy()
    is_readable = ~np.isnat(day) & np.isfinite(value)
    if not is_readable.any():
        raise DataUnusable("transactions: no row has a day and a value that can be read.")
    is_stranger = is_readable & np.isnan(who)
    chosen = is_readable & ~is_stranger & (day <= as_of)
    who, day, value = who[chosen].astype(int), day[chosen], value[chosen]
    order = np.lexsort((value, who, day))
    return Purchases(
        who[order],
        day[order],
        value[order],
        len(index),
        strangers=int(is_stranger.sum()),
        unreadable=int((~is_readable).sum()),
    )


def customer_ids(rows: pd.DataFrame, what: str) -> pd.Series:
    """`customer_id` as text; whole numbers without a decimal point.

    Raises:
        DataUnusable: The column is missing, or a row has none.
    """
    require_columns(rows, ("customer_id",), what=what)
    ids = id_texts(rows["customer_id"])
    if ids.isna().any():
        raise FrameRefused(
            f"{what}: {int(ids.isna().sum()):,} rows have no customer_id. Leave them out or name them."
        )
    return ids.astype(str).reset_index(drop=True)
