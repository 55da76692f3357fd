"""Subscriptions: customers who pay at a fixed interval, and how many of their payments are still to come.

They are detected by their own orders: three or more nearly equal gaps and nearly equal amounts. Retention
is learned from all of them together by the shifted beta-geometric model (Fader and Hardie 2007): after
each payment some drop out, and long-standing payers are likelier to stay. A payment overdue by half its
interval means the payer has dropped out.
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
"""Log of the beta parameters of drop-out and retention, start and prior mean of the fit: one in ten drops
out.
"""


@dataclass(frozen=True)
class Subscribers:
    """Customers who pay at a fixed interval: `at` holds their row numbers, the other fields are per row."""

    at: npt.NDArray[np.int64]
    period: Numbers
    """Days between payments."""
    amount: Numbers
    orders: Numbers
    alive: Numbers
    spread: tuple[Numbers, Numbers]
    """Payments at the ends of the 80 % range."""


def subscriber_forecast(days: OrderDays, history: Histories, *, as_of: int, horizon_days: int) -> Subscribers:
    """Periodic payers, with their payments in the coming `horizon_days`."""
    at, period, amount = _regular(days, history, as_of=as_of)
    if not len(at):
        none = np.zeros(0)
        return Subscribers(at, none, none, none, none, (none, none))
    waited = history.age[at] - history.last[at]
    stays = (waited <= LATE * period).astype(float)
    paid = history.repeats[at]
    stop, stay = _chances(paid, stays > 0)
    first = np.maximum(period - waited, 1.0)
    due = np.clip(np.floor((horizon_days - first) / period) + 1, 0, MOST_PAYMENTS).astype(int)
    numbers = np.arange(max(int(due.max()), 1))
    # The chance to make the n-th payment to come, after `paid` renewals that were made.
    step = np.log(stay + paid[:, None] + numbers) - np.log(stop + stay + paid[:, None] + numbers)
    paid_chance = np.exp(np.cumsum(step, axis=1)) * (numbers < due[:, None]) * stays[:, None]
    low, high = ((paid_chance >= end).sum(axis=1).astype(float) for end in (0.9, 0.1))
    return Subscribers(at, period, amount, paid_chance.sum(axis=1), stays, (low, high))


def _regular(
    days: OrderDays, history: Histories, *, as_of: int
) -> tuple[npt.NDArray[np.int64], Numbers, Numbers]:
    """Rows of periodic payers, days between their payments, and the amount."""
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
    at = np.flatnonzero(is_regular[history.rows])
    return at, mean[history.rows[at]], amount[history.rows[at]]


def _chances(paid: Numbers, stays: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Beta parameters of the chance to drop out after a payment."""

    def cost(logs: Numbers) -> float:
        stop, stay = np.exp(logs)
        log_likelihood = np.where(stays, betaln(stop, stay + paid), betaln(stop + 1, stay + paid)) - betaln(
            stop, stay
        )
        return float(-log_likelihood.sum() + ((logs - TYPICAL) ** 2).sum())

    fit = minimize(cost, TYPICAL, method="L-BFGS-B", bounds=[(-5.0, 5.0), (-3.0, 8.0)])
    stop, stay = np.exp(fit.x if np.isfinite(fit.fun) else TYPICAL)
    return float(stop), float(stay)
