"""What the models get wrong on this very log, learned on windows that ended before the day it is known at.

The known days are cut earlier, the rest is foretold and compared with what came. Frequency, spend and their product are then weighed anew (a
Tweedie regression that is drawn to the models), and the total is moved half of the way to what came. What they
cannot learn is a season or a change that began after the last window.
"""

from dataclasses import dataclass

import numpy as np

from assets.segments.value.order_histories import Histories, Numbers

POWER, DRAWN = 1.5, (10.0, 40.0, 160.0)
"""Variance grows with the mean to this power; customers' worth of belief in the models that are tried, and the models alone."""
FEWEST, FEWEST_CAME = 100, 20
"""Customers of a window, and of them such as came again, below which nothing is learned of it."""
MOST_STEP, ROUNDS, MOST_FACTOR = 0.7, 30, 3.0
LEVEL_SHARE, LEVEL_BOUNDS, LEVEL_NOISE = 0.5, (0.9, 1.12), 0.1
"""Half of what the total was off is taken over, and less where a few large customers made it: at this relative noise, half of that."""


@dataclass(frozen=True)
class Window:
    """A part of the known days that was foretold from those before it."""

    known: Histories
    orders: Numbers
    """Expected orders."""
    spend: Numbers
    """Expected value of an order."""
    came: Numbers
    """Value that came."""

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


def weights(windows: list[Window]) -> Numbers:
    """How to weigh what is known of a customer; zeros, which leave the models as they are, where that foretells other customers best."""
    telling = [window for window in windows if window.is_telling]
    if not telling:
        return np.zeros(4)
    tried = {drawn: sum(_missed(window, drawn) for window in telling) for drawn in (np.inf, *DRAWN)}
    best = min(tried, key=lambda drawn: tried[drawn])
    return np.mean([_fitted(window, slice(None), best)[1:] for window in telling], axis=0)


def _missed(window: Window, drawn: float) -> float:
    """Deviance of one half of the customers when foretold by what the other half taught, both ways."""
    missed = 0.0
    for learned, judged in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
        start, seen, came = _asked(window)
        mean = np.exp(start + seen @ _fitted(window, learned, drawn))[judged]
        missed += float(
            (came[judged] * mean ** (1 - POWER) / (POWER - 1) + mean ** (2 - POWER) / (2 - POWER)).sum()
        )
    return missed


def factors(known: Histories, orders: Numbers, spend: Numbers, weights: Numbers) -> Numbers:
    """What each customer's expected value is multiplied with; the total stays what it was."""
    expected = orders * spend
    if not weights.any() or expected.sum() <= 0:
        return np.ones(len(expected))
    factor = np.exp(
        np.clip(_features(known, orders, spend) @ weights, -np.log(MOST_FACTOR), np.log(MOST_FACTOR))
    )
    return factor * expected.sum() / (factor * expected).sum()


def level(windows: list[Window]) -> float:
    """What all are multiplied with, from the newest telling window."""
    telling = [window for window in windows if window.is_telling]
    if not telling:
        return 1.0
    came, expected = telling[0].came, telling[0].expected
    ratio = max(float(came.sum()), 0.0) / float(expected.sum())
    if ratio <= 0:
        return LEVEL_BOUNDS[0]
    noise = float(np.sqrt(((came - ratio * expected) ** 2).sum())) / (ratio * float(expected.sum()))
    return float(np.clip(ratio ** (LEVEL_SHARE / (1 + (noise / LEVEL_NOISE) ** 2)), *LEVEL_BOUNDS))


def _features(known: Histories, orders: Numbers, spend: Numbers) -> Numbers:
    """Centred logs: expected value, own spend over expected spend, orders so far, and value so far."""
    unit = max(float(np.median(spend)), 1e-12)
    columns = np.column_stack(
        [
            np.log(np.maximum(orders * spend / unit, 1e-6)), np.log(np.maximum(known.spend, 0.05 * spend) / np.maximum(spend, 1e-12)),
            np.log(known.repeats + 1), np.log(np.maximum(known.orders * known.spend / unit, 0.01)),
        ]
    )  # fmt: skip
    return columns - columns.mean(axis=0)


def _asked(window: Window) -> tuple[Numbers, Numbers, Numbers]:
    """Log of the models' value at the total that came, what is known of each customer, and what came."""
    expected = np.maximum(window.expected, 1e-12)
    came = np.maximum(window.came, 0.0)
    start = np.log(expected * came.sum() / expected.sum() + 1e-9 * expected.mean())
    return (
        start,
        np.column_stack([np.ones(len(expected)), _features(window.known, window.orders, window.spend)]),
        came,
    )


def _fitted(window: Window, rows: slice, drawn: float) -> Numbers:
    """Weights after the level's, from some of the customers."""
    found = np.zeros(5)
    if not np.isfinite(drawn):
        return found
    start, seen, came = (part[rows] for part in _asked(window))
    prior = np.array([1e-6, *[drawn] * 4])
    for _ in range(ROUNDS):
        mean = np.exp(np.clip(start + seen @ found, start - 5, start + 5))
        weight = mean ** (2 - POWER)
        curve = (seen * weight[:, None]).T @ seen / weight.mean() + np.diag(prior)
        step = np.linalg.solve(
            curve, seen.T @ (weight * (came - mean) / mean) / weight.mean() - prior * found
        )
        step *= min(1.0, MOST_STEP / max(float(np.abs(step).max()), 1e-12))
        found = found + step
        if np.abs(step).max() < 1e-5:
            break
    return found
