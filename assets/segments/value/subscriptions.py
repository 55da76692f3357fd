"""Customers who pay by the month, or by any other fixed time: how many of their payments are still to come.

They are told by their own orders: three or more gaps that are nearly equal, for nearly equal amounts. Whether they stay is learned from all of them
together: after each payment some stop for good, and who has stayed for long is likelier to stay (a beta-geometric, `shifted beta geometric`). Who
has missed a payment by half its time has stopped.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln

from assets.segments.value.order_histories import Histories, Numbers, OrderDays

FEWEST_GAPS, GAPS_WITHIN, AMOUNTS_WITHIN, SHORTEST_DAYS = 3, 0.15, 0.15, 5.0
LATE, MOST_PAYMENTS = 1.5, 600
TYPICAL = np.log([1.0, 9.0])
"""Log of the chances to stop and to stay that the fit begins at and is drawn to: one in ten stops after a payment."""


@dataclass(frozen=True)
class Payers:
    """Who of the customers pays by the fixed time: `at` numbers their rows, the rest is per row."""

    at: npt.NDArray[np.int64]
    period: Numbers
    """Days between payments."""
    amount: Numbers
    orders: Numbers
    alive: Numbers
    spread: tuple[Numbers, Numbers]
    """Payments at the ends of the 80 % range."""


def payers(days: OrderDays, known: Histories, *, as_of: int, horizon_days: int) -> Payers:
    """Those who pay regularly, with the payments of the `horizon_days` to come."""
    at, period, amount = _regular(days, known, as_of=as_of)
    if not len(at):
        none = np.zeros(0)
        return Payers(at, none, none, none, none, (none, none))
    waited = known.age[at] - known.last[at]
    stays = (waited <= LATE * period).astype(float)
    paid = known.repeats[at]
    stop, stay = _chances(paid, stays > 0)
    first = np.maximum(period - waited, 1.0)
    due = np.clip(np.floor((horizon_days - first) / period) + 1, 0, MOST_PAYMENTS).astype(int)
    numbers = np.arange(max(int(due.max()), 1))
    # The chance to make the n-th payment to come, after `paid` renewals that were made.
    step = np.log(stay + paid[:, None] + numbers) - np.log(stop + stay + paid[:, None] + numbers)
    made = np.exp(np.cumsum(step, axis=1)) * (numbers < due[:, None]) * stays[:, None]
    low, high = ((made >= end).sum(axis=1).astype(float) for end in (0.9, 0.1))
    return Payers(at, period, amount, made.sum(axis=1), stays, (low, high))


def _regular(
    days: OrderDays, known: Histories, *, as_of: int
) -> tuple[npt.NDArray[np.int64], Numbers, Numbers]:
    """Rows of those who pay regularly, the days between their payments, and what they pay."""
    rows = days.is_order & (days.day <= as_of)
    who, day, net = days.who[rows], days.day[rows].astype(float), days.net[rows]
    size, many = len(days.ids), np.bincount(days.who[rows], minlength=len(days.ids))
    same = who[1:] == who[:-1]
    gaps, of = np.diff(day)[same], who[1:][same]
    count = np.maximum(many - 1, 1)
    mean = np.bincount(of, gaps, size) / count
    gap_off, amount = np.zeros(size), np.bincount(who, net, size) / np.maximum(many, 1)
    np.maximum.at(gap_off, of, np.abs(gaps - mean[of]) / np.maximum(mean[of], 1.0))
    amount_off = np.zeros(size)
    np.maximum.at(amount_off, who, np.abs(net - amount[who]) / np.maximum(np.abs(amount[who]), 1e-12))
    is_regular = (
        (many > FEWEST_GAPS)
        & (gap_off <= GAPS_WITHIN)
        & (amount_off <= AMOUNTS_WITHIN)
        & (mean >= SHORTEST_DAYS)
        & (amount > 0)
    )
    at = np.flatnonzero(is_regular[known.rows])
    return at, mean[known.rows[at]], amount[known.rows[at]]


def _chances(paid: Numbers, stays: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Parameters of the beta of the chance to stop after a payment."""

    def cost(logs: Numbers) -> float:
        stop, stay = np.exp(logs)
        told = np.where(stays, betaln(stop, stay + paid), betaln(stop + 1, stay + paid)) - betaln(stop, stay)
        return float(-told.sum() + ((logs - TYPICAL) ** 2).sum())

    found = minimize(cost, TYPICAL, method="L-BFGS-B", bounds=[(-5.0, 5.0), (-3.0, 8.0)])
    stop, stay = np.exp(found.x if np.isfinite(found.fun) else TYPICAL)
    return float(stop), float(stay)
