"""Expected effect of a manual proposal, from the last 28 delivered days; unknown with a reason where there
are none.

Moved money is assumed to perform like the average so far. Returns diminish, so a rise brings less and a cut
costs less; the range covers counting noise only. Late conversions are counted as projected in core where that
is known.
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
class PlannedChange:
    """One change: the daily delivery of its target and the money per day it moves; None for all of its spend
    (pause or restart).
    """

    name: str
    days: pd.DataFrame
    amount: float | None
    stops: bool = False


@dataclass(frozen=True)
class _DailyEffect:
    """Conversions per day with an 80 % range, and spend per day."""

    low: float
    middle: float
    high: float
    spend: float


def expected(parts: Sequence[PlannedChange], *, until: date) -> Effect:
    """Combined effect of the changes, from up to 28 closed days with delivery up to `until`.

    Args:
        parts: Each with columns day, spend, conversions and, where it is known, conversions_projected.
        until: The last closed day.
    """
    ranges = []
    for part in parts:
        part_range = _daily_effect(part, until)
        if part_range is None:
            why = (
                f"{part.name} spent nothing in the {WINDOW_DAYS} days "
                f"up to {until}, or its conversions are not known"
            )
            return Effect(metric=METRIC, words=f"unknown: {why}, so there is nothing to estimate it from")
        ranges.append(part_range)
    middle = sum(part_effect.middle for part_effect in ranges)
    low = middle - hypot(
        *(part_effect.middle - part_effect.low for part_effect in ranges)
    )  # errors of the parts are independent
    high = middle + hypot(*(part_effect.high - part_effect.middle for part_effect in ranges))
    money = sum(part_effect.spend for part_effect in ranges)
    words = (
        f"{middle:+.2f} conversions a day if it goes on as before (80 "
        f"% range {low:+.2f} to {high:+.2f}), for {money:+.2f} a day"
    )
    return Effect(metric=METRIC, low=low, middle=middle, high=high, words=words)


def _daily_effect(part: PlannedChange, until: date) -> _DailyEffect | None:
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
    return _DailyEffect(min(low, high), final * amount / spend, max(low, high), amount)
