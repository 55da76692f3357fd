"""Repeat-order model: a mixture over purchase rates and drop-out chances, its weights learned by empirical
Bayes.

A customer orders at a rate and drops out with some chance after each order, the first included, as in
MBG/NBD (Batislam et al. 2007). The mixing distribution is not gamma times beta but a grid with learned
weights (nonparametric maximum likelihood, Kiefer and Wolfowitz 1956), so fast customers may drop out more
or less often than slow ones. The weights are a concave problem: EM always converges, nothing overflows.
Each rate of the grid is itself a gamma distribution, so that the posterior of a frequent customer stays
fine.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from assets.segments.value.order_histories import Histories, Numbers, compressed

STOPS = np.array([0.0, 0.01, 0.03, 0.06, 0.1, 0.17, 0.27, 0.4, 0.6, 0.8])
"""Chances to drop out after an order."""
RATES, SHAPE = 16, 3.0
"""Rates of the grid, and the shape of the gamma around each."""
ROUNDS, PRIOR_CUSTOMERS = 100, 3.0
"""EM rounds, and pseudo-customers spread evenly over the grid: they keep the weights of a small log
smooth.
"""
MOST, LEAST_WEIGHT = 4_000, 3e-4
"""Most histories to learn from, and the weight below which a component is dropped."""
SHORTEST_DAYS = 7.0


@dataclass(frozen=True)
class OrderModel:
    """Components of the mixture: scale of each gamma (days), drop-out chance, and weight."""

    scale: Numbers
    stops: Numbers
    weight: Numbers


@dataclass(frozen=True)
class OrderForecast:
    """Per customer: probability of being alive, and expected orders."""

    alive: Numbers
    orders: Numbers


def fit_order_model(history: Histories) -> OrderModel:
    """The mixture of highest likelihood."""
    (repeats, last, age), count, _ = compressed(history.repeats, history.last, history.age)
    if (
        len(count) > MOST
    ):  # a fixed draw from sorted rows: the same log gives the same model in any order of its rows
        drawn = np.random.default_rng(0).permutation(len(count))[:MOST]
        repeats, last, age, count = repeats[drawn], last[drawn], age[drawn], count[drawn]
    fastest = float(((repeats + 1) / np.maximum(last, SHORTEST_DAYS)).max())
    slowest = 0.05 / max(float(age.max()), SHORTEST_DAYS)
    rates = np.exp(np.linspace(np.log(slowest), np.log(max(fastest, 2 * slowest)), RATES))
    scale, stops = (grid.ravel() for grid in np.meshgrid(SHAPE / rates, STOPS, indexing="ij"))
    going, gone = _log_chances(repeats, last, age, scale, stops)
    chance = np.logaddexp(going, gone)
    chance = np.exp(chance - chance.max(axis=1, keepdims=True))
    weight = np.full(len(scale), 1 / len(scale))
    for _ in range(ROUNDS):
        weight *= chance.T @ (count / (chance @ weight))
        weight += PRIOR_CUSTOMERS / len(weight)
        weight /= weight.sum()
    supported = weight > LEAST_WEIGHT
    return OrderModel(scale[supported], stops[supported], weight[supported] / weight[supported].sum())


def order_forecasts(
    model: OrderModel, history: Histories, *, horizons: tuple[int, ...]
) -> list[OrderForecast]:
    """Forecast of each customer for each of the horizons, in days from now."""
    (repeats, last, age), _, at = compressed(history.repeats, history.last, history.age)
    posterior, going = _posterior(model, repeats, last, age)
    alive = posterior * going
    return [
        OrderForecast(alive.sum(axis=1).clip(0.0, 1.0)[at], _orders(model, repeats, age, alive, days)[at])
        for days in horizons
    ]


def _orders(model: OrderModel, repeats: Numbers, age: Numbers, alive: Numbers, horizon_days: int) -> Numbers:
    """Until horizon or drop-out: (1 - E[exp(-rate * stop * days)]) / stop, and rate * days without drop-
    out.
    """
    shape, scale = (SHAPE + repeats)[:, None], model.scale[None, :] + age[:, None]
    stop = np.where(model.stops > 0, model.stops, 1.0)[None, :]
    until_stop = -np.expm1(-shape * np.log1p(stop * horizon_days / scale)) / stop
    orders = np.where(model.stops[None, :] > 0, until_stop, shape / scale * horizon_days)
    expected: Numbers = (alive * orders).sum(axis=1)
    return expected


def simulate_orders(
    model: OrderModel, history: Histories, *, horizon_days: int, rng: np.random.Generator
) -> Numbers:
    """One simulated future: order days of each customer in the horizon."""
    posterior, going = _posterior(model, history.repeats, history.last, history.age)
    which = (
        (posterior.cumsum(axis=1) < rng.random(len(history.rows))[:, None])
        .sum(axis=1)
        .clip(max=len(model.weight) - 1)
    )
    each = np.arange(len(which))
    rate = rng.gamma(SHAPE + history.repeats) / (model.scale[which] + history.age)
    stop = model.stops[which]
    most = np.where(stop > 0, rng.geometric(np.maximum(stop, 1e-9)), np.iinfo(np.int64).max)
    is_alive = rng.random(len(which)) < going[each, which]
    orders: Numbers = np.minimum(rng.poisson(rate * horizon_days), most) * is_alive.astype(float)
    return orders


def _posterior(model: OrderModel, repeats: Numbers, last: Numbers, age: Numbers) -> tuple[Numbers, Numbers]:
    """Posterior probability of each component per customer, and the probability of being alive given that
    component.
    """
    going, gone = _log_chances(repeats, last, age, model.scale, model.stops)
    both = np.logaddexp(going, gone)
    chance = both + np.log(model.weight)
    chance = np.exp(chance - chance.max(axis=1, keepdims=True))
    return chance / chance.sum(axis=1, keepdims=True), np.exp(going - both)


def _log_chances(
    repeats: Numbers, last: Numbers, age: Numbers, scale: Numbers, stops: Numbers
) -> tuple[Numbers, Numbers]:
    """Log likelihood of each history under each component, alive and dropped out, up to a common term."""
    shape = (SHAPE + repeats)[:, None]
    with np.errstate(divide="ignore"):
        stays, leaves = np.log1p(-stops)[None, :], np.log(stops)[None, :]
    count = repeats[:, None]
    level = gammaln(shape) + SHAPE * np.log(scale)[None, :] + count * stays
    going = level - shape * np.log(scale[None, :] + age[:, None]) + stays
    gone = level - shape * np.log(scale[None, :] + last[:, None]) + leaves
    return going, gone
