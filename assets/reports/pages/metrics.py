"""The key figures of every page: what each is called, what it means, how it reads and which way is better.

Sums add up over days and ad sets. Ratios never do: each is computed from the sums of its two parts, and is
empty where the lower one is nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from assets.formatting import numbers

Kind: TypeAlias = Literal["money", "count", "share", "multiple"]
Figures: TypeAlias = Mapping[str, float | None]
"""A value, or none, for each metric's key."""


@dataclass(frozen=True)
class Metric:
    """One key figure. `better` is 1 where more is better, -1 where less is, 0 where it depends.

    What platforms claim depends too: a new day's claims still grow for weeks, so it looks worse than the days
    it is compared with, and must not be shown as bad news.
    """

    key: str
    label: str
    kind: Kind
    better: int
    meaning: str
    is_claimed: bool = False


METRICS = (
    Metric("spend", "Spend", "money", 0, "What the ads cost, in the reporting currency at each day's rate."),
    Metric("impressions", "Impressions", "count", 0, "How often an ad was shown."),
    Metric("clicks", "Clicks", "count", 1, "Clicks, as each platform counts them."),
    Metric("cpc", "CPC", "money", -1, "Cost per click: spend divided by clicks."),
    Metric("ctr", "CTR", "share", 1, "Click-through rate: clicks divided by impressions."),
    Metric(
        "conversions",
        "Conversions",
        "count",
        0,
        "Conversions each platform claims so far. Recent days still grow, and two platforms may claim the"
        " same sale.",
        is_claimed=True,
    ),
    Metric(
        "conversion_value",
        "Conversion value",
        "money",
        0,
        "What the claimed conversions are worth, in the reporting currency.",
        is_claimed=True,
    ),
    Metric(
        "roas",
        "ROAS",
        "multiple",
        0,
        "Return on ad spend: claimed conversion value divided by spend.",
        is_claimed=True,
    ),
)
BY_KEY = {metric.key: metric for metric in METRICS}
SUMS = ("spend", "impressions", "clicks", "conversions", "conversion_value")
RATIOS = {"cpc": ("spend", "clicks"), "ctr": ("clicks", "impressions"), "roas": ("conversion_value", "spend")}
"""Each ratio's upper and lower part."""

_READS: dict[Kind, Callable[[float | None, str], str]] = {
    "money": numbers.money,
    "count": lambda value, _: numbers.count(value),
    "share": lambda value, _: numbers.percent(value),
    "multiple": lambda value, _: numbers.multiple(value),
}


def reads(value: float | None, key: str, currency: str) -> str:
    """A metric's value as people read it; `currency` is that of the money it is made of."""
    return _READS[BY_KEY[key].kind](value, currency)


def reads_short(value: float | None, key: str, currency: str) -> str:
    """The same where there is little room: from ten millions on as 12.3M."""
    if value is None or abs(value) < 10_000_000 or BY_KEY[key].kind not in {"money", "count"}:
        return reads(value, key, currency)
    is_money = BY_KEY[key].kind == "money"
    return numbers.money(value, currency, compact=True) if is_money else numbers.count(value, compact=True)


def with_ratios(sums: pd.DataFrame) -> pd.DataFrame:
    """The frame with CPC, CTR and ROAS of its summed columns; empty where the lower part is zero or not
    known.
    """
    ratios = {
        key: sums[upper] / sums[lower].where(sums[lower] != 0) for key, (upper, lower) in RATIOS.items()
    }
    return sums.assign(**ratios)


def figures(sums: Mapping[str, float | None]) -> Figures:
    """Every metric's value from the five sums, any of which may be missing."""
    ratios = {key: _quotient(sums[upper], sums[lower]) for key, (upper, lower) in RATIOS.items()}
    return {**{key: sums[key] for key in SUMS}, **ratios}


def _quotient(upper: float | None, lower: float | None) -> float | None:
    return upper / lower if upper is not None and lower else None
