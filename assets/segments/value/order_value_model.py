"""What an order of each customer is worth: their own average, drawn to everybody's by how few orders it rests on.

The Gamma-Gamma model, with a weak prior that keeps it finite on any log. Its weakness: it takes spend and rate as unrelated; what the two
have to do with each other is learned afterwards (`assets.segments.value.calibration`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from assets.segments.value.order_histories import Histories, Numbers, compressed

MOST = 4_000
TYPICAL = np.log([4.0, 4.0, 4.0])
"""Log of shape, of the shape between customers, and of the scale over the median: where the fit begins, and what it is drawn to."""
PRIOR = 0.5
BOUNDS = [(-2.0, 5.0), (0.1, 5.0), (-3.0, 7.0)]
"""The second above 1, so that a mean exists."""


@dataclass(frozen=True)
class SpendModel:
    """Gamma-Gamma: shape of an order, shape and scale of what differs between customers. `unit` is the median spend."""

    shape: float
    between: float
    scale: float
    unit: float


def learn_spend(known: Histories) -> SpendModel:
    """The model that fits the averages best; a model that gives nothing where nobody ever spent anything."""
    paid = (known.spend > 0) & (known.orders > 0)
    if not paid.any():
        return SpendModel(4.0, 4.0, 0.0, 0.0)
    unit = float(np.median(known.spend[paid]))
    (orders, spend), count, _ = compressed(known.orders[paid], known.spend[paid] / unit)
    if len(count) > MOST:
        drawn = np.random.default_rng(0).permutation(len(count))[:MOST]
        orders, spend, count = orders[drawn], spend[drawn], count[drawn]

    def cost(logs: Numbers) -> float:
        shape, between, scale = np.exp(logs)
        own = shape * orders
        fits = (
            gammaln(own + between) - gammaln(own) - gammaln(between) + between * np.log(scale)
            + own * np.log(orders * spend) - np.log(spend) - (own + between) * np.log(scale + orders * spend)
        )  # fmt: skip
        return float(-(count * fits).sum() + PRIOR * ((logs - TYPICAL) ** 2).sum()) / float(count.sum())

    found = minimize(cost, TYPICAL, method="L-BFGS-B", bounds=BOUNDS)
    shape, between, scale = np.exp(found.x if np.isfinite(found.fun) else TYPICAL)
    return SpendModel(float(shape), float(between), float(scale), unit)


def expected_spend(model: SpendModel, known: Histories) -> Numbers:
    """Value of an order of each customer."""
    if not model.unit:
        return np.zeros(len(known.rows))
    total = known.orders * known.spend / model.unit
    mean: Numbers = (
        model.unit * model.shape * (model.scale + total) / (model.shape * known.orders + model.between - 1)
    )
    return mean


def drawn_values(
    model: SpendModel, known: Histories, orders: Numbers, *, rng: np.random.Generator
) -> Numbers:
    """Value of `orders` of each customer in one possible future."""
    if not model.unit:
        return np.zeros(len(known.rows))
    total = known.orders * known.spend / model.unit
    rate = rng.gamma(model.shape * known.orders + model.between) / (model.scale + total)
    return np.where(orders > 0, model.unit * rng.gamma(model.shape * np.maximum(orders, 1)) / rate, 0.0)
