"""Traits of customers that policy allows in segments, each as text, number or flag; missing stays missing.

Protected traits are excluded with a reason, never used and never shown; so are columns that identify
people (addresses, names, ids). What is excluded is listed in the report.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.frame_contract import once_per_key
from assets.segments.value.purchases import customer_ids
from resources.policy.segments import AGE, GENDER, Segments

TEXT, NUMBER, FLAG = "text", "number", "flag"
PURCHASES = ("orders", "revenue", "recency_days", "average_order", "expected_value")
"""Computed here from transactions as of any past day; columns of these names are not read."""
OF_TODAY = ("margin", "expected_low", "expected_high")
"""Known as of today alone: they contain the test period and would make any rule about them look good."""
MOST_LEVELS = 200


@dataclass(frozen=True)
class Trait:
    """One attribute of customers. `sql` reads it from segments/customer_features."""

    name: str
    kind: str

    @property
    def sql(self) -> str:
        if self.name == "average_order":
            return "(revenue / nullif(orders, 0))"
        return '"' + self.name.replace('"', '""') + '"'

    @property
    def is_purchase(self) -> bool:
        return self.name in PURCHASES


@dataclass(frozen=True, eq=False)
class CustomerTraits:
    """Traits of customers: `rows` by customer_id, texts as objects with None, the rest as floats with NaN."""

    rows: pd.DataFrame
    traits: tuple[Trait, ...]
    left_out: tuple[tuple[str, str], ...]
    given: np.ndarray
    """Customer ids in the order given; `rows` are sorted by id, so that the order of input changes
    nothing.
    """


def read_customers(customers: pd.DataFrame, policy: Segments) -> CustomerTraits:
    """The traits that may be used, and which were excluded and why.

    Raises:
        FrameRefused: There is no customer_id, one is empty, or a customer has two differing rows.
    """
    ids = customer_ids(customers, "customers")
    customers = customers.reset_index(drop=True).assign(customer_id=ids)
    customers = once_per_key(customers, ("customer_id",), what="customers").reset_index(drop=True)
    ids = customers["customer_id"]
    columns, traits, left_out = {}, [], []
    for column in customers.columns:
        if column == "customer_id":
            continue
        name = str(column)
        if why := _not_allowed(name, policy):
            left_out.append((name, why))
            continue
        values, kind, why = _typed(customers[column])
        if why:
            left_out.append((name, why))
            continue
        columns[name] = values
        traits.append(Trait(name, kind))
    rows = pd.DataFrame(columns, index=pd.Index(ids, name="customer_id"))
    return CustomerTraits(rows.sort_index(), tuple(traits), tuple(left_out), ids.to_numpy())


def _not_allowed(name: str, policy: Segments) -> str:
    words = re.sub(r"[^a-z0-9]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).strip()
    spaced = f" {words} "
    reasons = {
        "a protected trait: it may never make a segment": any(
            f" {word} " in spaced for word in policy.protected
        ),
        "gender, which policy does not allow (segments.allow_gender)": (
            not policy.allow_gender and any(f" {word} " in spaced for word in GENDER)
        ),
        "age, which policy does not allow (segments.allow_age)": (
            not policy.allow_age and any(f" {word} " in spaced for word in AGE)
        ),
        "named in segments.never": name in policy.never,
        "made from transactions instead, as it was at the time": name in PURCHASES,
        "known as of today alone: it holds what the tests are about": name in OF_TODAY,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _typed(values: pd.Series) -> tuple[np.ndarray, str, str]:
    """The column as text, number or flag, or the reason why it is none."""
    values = values.reset_index(drop=True)
    present = values.dropna()
    if not len(present):
        return np.array([]), "", "nothing is known of it"
    if pd.api.types.is_bool_dtype(values) or all(
        isinstance(value, bool | np.bool_) for value in present.head(50)
    ):
        return _floats(values), FLAG, _same(present)
    if pd.api.types.is_numeric_dtype(values):
        numbers = _floats(values)
        return numbers, NUMBER, _same(pd.Series(numbers).dropna())
    if pd.api.types.is_datetime64_any_dtype(values):
        return np.array([]), "", "a date: give the days since then instead"
    texts = present.astype(str).str.strip()
    levels = texts[texts != ""].nunique()
    if levels > MOST_LEVELS or levels > 0.5 * len(texts) > 10:
        return np.array([]), "", f"{levels:,} different texts: it tells people apart, not groups"
    cleaned = values.astype(object).where(values.notna(), None)
    as_text = cleaned.map(
        lambda value: None if value is None or not str(value).strip() else str(value).strip()
    )
    return as_text.to_numpy(dtype=object), TEXT, _same(texts)


def _floats(values: pd.Series) -> np.ndarray:
    numbers = pd.to_numeric(values.astype(object), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _same(present: pd.Series) -> str:
    return "the same for everyone" if present.nunique() < 2 else ""
