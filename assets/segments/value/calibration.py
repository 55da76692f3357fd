"""Calibration of the value models on backtest windows of the same log that ended before the forecast day.

The history is cut earlier, the rest is forecast and compared with what came. Frequency, order value and
their product are then reweighted (a ridge-penalised Tweedie regression with the models as offset), and the
total is moved half of the way to what came. A season or change that began after the last window cannot be
learned.
"""

from dataclasses import dataclass

import numpy as np

from assets.segments.value.order_histories import Histories, Numbers

POWER, DRAWN = 1.5, (10.0, 40.0, 160.0)
"""Variance grows with the mean to this power; ridge penalties tried, in pseudo-customers (besides the models
alone).
"""
FEWEST, FEWEST_CAME = 100, 20
"""Customers of a window, and customers with value in it, below which nothing is learned from it."""
MOST_STEP, ROUNDS, MOST_FACTOR = 0.7, 30, 3.0
LEVEL_SHARE, LEVEL_BOUNDS, LEVEL_NOISE = 0.5, (0.9, 1.12), 0.1
"""Half of the error of the total is corrected, and less where a few large customers caused it."""


@dataclass(frozen=True)
class BacktestWindow:
    """A part of the history that was forecast from the days before it."""

    known: Histories
    orders: Numbers
    """Expected orders."""
    spend: Numbers
    """Expected value of an order."""
    came: Numbers
    """Actual value."""

    @property
    def is_telling(self) -> bool:
        return (
            len(self.came) >= FEWEST
            and int((self.came > 0).sum()) >= FEWEST_CAME
            and float(self.expected.sum()) > 0
        )

    @property
    def expected(self) -> Numbers:
        return self.orders * self.spend


def weights(windows: list[BacktestWindow]) -> Numbers:
    """Regression weights; zeros, which leave the models unchanged, where those predict other customers
    best.
    """
    telling = [window for window in windows if window.is_telling]
    if not telling:
        return np.zeros(4)
    tried = {drawn: sum(_missed(window, drawn) for window in telling) for drawn in (np.inf, *DRAWN)}
    best = min(tried, key=lambda drawn: tried[drawn])
    return np.mean([_fitted(window, slice(None), best)[1:] for window in telling], axis=0)


def _missed(window: BacktestWindow, drawn: float) -> float:
    """Tweedie deviance under two-fold cross-validation."""
    missed = 0.0
    for learned, judged in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        start, seen, came = _asked(window)
        mean = np.exp(start + seen @ _fitted(window, learned, drawn))[judged]
        missed += float(
            (came[judged] * mean ** (1 - POWER) / (POWER - 1) + mean ** (2 - POWER) / (2 - POWER)).sum()
        )
    return missed


def factors(history: Histories, orders: Numbers, spend: Numbers, weights: Numbers) -> Numbers:
    """Multiplier of each customer's expected value; the total stays the same."""
    expected = orders * spend
    if not weights.any() or expected.sum() <= 0:
        return np.ones(len(expected))
    factor = np.exp(
        np.clip(_features(history, orders, spend) @ weights, -np.log(MOST_FACTOR), np.log(MOST_FACTOR))
    )
    return factor * expected.sum() / (factor * expected).sum()


def level(windows: list[BacktestWindow]) -> float:
    """Multiplier of all customers, from the newest informative window."""
    telling = [window for window in windows if window.is_telling]
    if not telling:
        return 1.0
    came, expected = telling[0].came, telling[0].expected
    ratio = max(float(came.sum()), 0.0) / float(expected.sum())
    if ratio <= 0:
        return LEVEL_BOUNDS[0]
    noise = float(np.sqrt(((came - ratio * expected) ** 2).sum())) / (ratio * float(expected.sum()))
    return float(np.clip(ratio ** (LEVEL_SHARE / (1 + (noise / LEVEL_NOISE) ** 2)), *LEVEL_BOUNDS))


def _features(history: Histories, orders: Numbers, spend: Numbers) -> Numbers:
    """Centred logs: expected value, own over expected order value, orders so far, and value so far."""
    unit = max(float(np.median(spend)), 1e-12)
    columns = np.column_stack(
        [
            np.log(np.maximum(orders * spend / unit, 1e-6)),
            np.log(np.maximum(history.spend, 0.05 * spend) / np.maximum(spend, 1e-12)),
            np.log(history.repeats + 1),
            np.log(np.maximum(history.orders * history.spend / unit, 0.01)),
        ]
    )
    return columns - columns.mean(axis=0)


def _asked(window: BacktestWindow) -> tuple[Numbers, Numbers, Numbers]:
    """Log of the models' value scaled to the actual total, features of each customer, and actual value."""
    expected = np.maximum(window.expected, 1e-12)
    came = np.maximum(window.came, 0.0)
    start = np.log(expected * came.sum() / expected.sum() + 1e-9 * expected.mean())
    return (
        start,
        np.column_stack([np.ones(len(expected)), _features(window.known, window.orders, window.spend)]),
        came,
    )


def _fitted(window: BacktestWindow, rows: slice, drawn: float) -> Numbers:
    """Regression weights besides the intercept, from some of the customers (iteratively reweighted least
    squares).
    """
    coefficients = np.zeros(5)
    if not np.isfinite(drawn):
        return coefficients
    start, seen, came = (part[rows] for part in _asked(window))
    prior = np.array([1e-6, *[drawn] * 4])
    for _ in range(ROUNDS):
        mean = np.exp(np.clip(start + seen @ coefficients, start - 5, start + 5))
        weight = mean ** (2 - POWER)
        curve = (seen * weight[:, None]).T @ seen / weight.mean() + np.diag(prior)
        step = np.linalg.solve(
            curve, seen.T @ (weight * (came - mean) / mean) / weight.mean() - prior * coefficients
        )
        step *= min(1.0, MOST_STEP / max(float(np.abs(step).max()), 1e-12))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-5:
            break
    return coefficients
