"""What a change that a person thought of is to be expected to bring: from what its target delivered lately, or unknown with the reason.

Money that is moved is taken to do as well as the money before it. Returns diminish, so a rise brings less than that and a cut costs
less: the range is that of the counts alone. Late conversions are counted as projected in core where that is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import hypot, isfinite

import pandas as pd

from assets.actions.rules.pauses import poisson_range
from resources.ledger.proposal import Effect

WINDOW_DAYS = 28
METRIC = "conversions a day"


@dataclass(frozen=True)
class Part:
    """One change: the daily delivery of what is changed, and by how much money a day. None: all that it spends, stopped or begun."""

    name: str
    days: pd.DataFrame
    amount: float | None
    stops: bool = False


@dataclass(frozen=True)
class _Range:
    """Conversions a day, with their 80 % range; spend a day beside it."""

    low: float
    middle: float
    high: float
    spend: float


def expected(parts: Sequence[Part], *, until: date) -> Effect:
    """The effect of these changes together, from up to 28 closed days that delivered up to `until`.

    Args:
        parts: Each with columns day, spend, conversions and, where it is known, conversions_projected.
        until: The last closed day.
    """
    ranges = []
    for part in parts:
        found = _range(part, until)
        if found is None:
            why = f"{part.name} spent nothing in the {WINDOW_DAYS} days up to {until}, or its conversions are not known"
            return Effect(metric=METRIC, words=f"unknown: {why}, so there is nothing to estimate it from")
        ranges.append(found)
    middle = sum(one.middle for one in ranges)
    low = middle - hypot(*(one.middle - one.low for one in ranges))  # parts err apart from each other
    high = middle + hypot(*(one.high - one.middle for one in ranges))
    money = sum(one.spend for one in ranges)
    words = f"{middle:+.2f} conversions a day if it goes on as before (80 % range {low:+.2f} to {high:+.2f}), for {money:+.2f} a day"
    return Effect(metric=METRIC, low=low, middle=middle, high=high, words=words)


def _range(part: Part, until: date) -> _Range | None:
    first = pd.Timestamp(until - timedelta(days=WINDOW_DAYS - 1))
    some = part.days[
        (part.days["day"] >= first) & (part.days["day"] <= pd.Timestamp(until)) & (part.days["spend"] > 0)
    ]
    some = some[some["conversions"].notna()]
    spend, seen = float(some["spend"].sum()), float(some["conversions"].sum())
    if not spend > 0 or not isfinite(spend + seen):
        return None
    projected = some.get("conversions_projected", some["conversions"])
    final = float(projected.astype(float).fillna(some["conversions"].astype(float)).sum())
    ripening = final / seen if seen else 1.0
    days = some["day"].nunique()
    amount = part.amount if part.amount is not None else (-1 if part.stops else 1) * spend / days
    low, high = (count * ripening * amount / spend for count in poisson_range(seen))
    return _Range(min(low, high), final * amount / spend, max(low, high), amount)
