"""Order value per customer: the Gamma-Gamma model (Fader and Hardie 2013), shrinking averages of few orders.

A weak prior keeps it finite on any log. Its weakness: it assumes order value and rate to be independent;
their association is corrected afterwards (`assets.segments.value.calibration`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from assets.segments.value.order_histories import Histories, Numbers, compressed

MOST = 4_000
TYPICAL = np.log([4.0, 4.0, 4.0])
"""Log of shape, of the shape between customers, and of scale over median: start and prior mean of the fit."""
PRIOR = 0.5
BOUNDS = [(-2.0, 5.0), (0.1, 5.0), (-3.0, 7.0)]
"""The second above 1, so that a mean exists."""


@dataclass(frozen=True)
class OrderValueModel:
    """Gamma-Gamma: shape of an order, shape and scale between customers. `unit` is the median order value."""

    shape: float
    between: float
    scale: float
    unit: float


def fit_order_value_model(history: Histories) -> OrderValueModel:
    """The model of highest posterior; one that returns zeros where nobody ever spent anything."""
    paid = (history.spend > 0) & (history.orders > 0)
    if not paid.any():
        return OrderValueModel(4.0, 4.0, 0.0, 0.0)
    unit = float(np.median(history.spend[paid]))
    (orders, spend), count, _ = compressed(history.orders[paid], history.spend[paid] / unit)
    if len(count) > MOST:
        drawn = np.random.default_rng(0).permutation(len(count))[:MOST]
        orders, spend, count = orders[drawn], spend[drawn], count[drawn]

    def cost(logs: Numbers) -> float:
        shape, between, scale = np.exp(logs)
        order_shape = shape * orders
        fits = (
            gammaln(order_shape + between)
            - gammaln(order_shape)
            - gammaln(between)
            + between * np.log(scale)
            + order_shape * np.log(orders * spend)
            - np.log(spend)
            - (order_shape + between) * np.log(scale + orders * spend)
        )
        return float(-(count * fits).sum() + PRIOR * ((logs - TYPICAL) ** 2).sum()) / float(count.sum())

    fit = minimize(cost, TYPICAL, method="L-BFGS-B", bounds=BOUNDS)
    shape, between, scale = np.exp(fit.x if np.isfinite(fit.fun) else TYPICAL)
    return OrderValueModel(float(shape), float(between), float(scale), unit)


def expected_order_value(model: OrderValueModel, history: Histories) -> Numbers:
    """Expected order value of each customer."""
    if not model.unit:
        return np.zeros(len(history.rows))
    total = history.orders * history.spend / model.unit
    mean: Numbers = (
        model.unit * model.shape * (model.scale + total) / (model.shape * history.orders + model.between - 1)
    )
    return mean


def simulate_values(
    model: OrderValueModel, history: Histories, orders: Numbers, *, rng: np.random.Generator
) -> Numbers:
    """Value of `orders` of each customer in one simulated future."""
    if not model.unit:
        return np.zeros(len(history.rows))
    total = history.orders * history.spend / model.unit
    rate = rng.gamma(model.shape * history.orders + model.between) / (model.scale + total)
    return np.where(orders > 0, model.unit * rng.gamma(model.shape * np.maximum(orders, 1)) / rate, 0.0)
