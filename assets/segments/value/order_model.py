"""How often customers will order again: a mixture over rates and chances to stop, learned from when they ordered.

A customer orders at a rate and stops for good with some chance after each order, the first included. That is the MBG/NBD model, but
for one thing: how rates and chances are spread over customers is no gamma times beta, it is a grid whose weights are learned (empirical Bayes). So fast
customers may stop more or less often than slow ones; BG/NBD and MBG/NBD cannot say that. Learning the weights is a concave problem: it always converges,
nothing overflows. Each rate of the grid is a gamma distribution itself, so that what is known of a frequent customer stays fine.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from assets.segments.value.order_histories import Histories, Numbers, compressed

STOPS = np.array([0.0, 0.01, 0.03, 0.06, 0.1, 0.17, 0.27, 0.4, 0.6, 0.8])
"""Chances to stop after an order."""
RATES, SHAPE = 16, 3.0
"""Rates of the grid, and the shape of the gamma around each."""
ROUNDS, PRIOR_CUSTOMERS = 100, 3.0
"""Rounds of learning, and customers' worth of belief in an even spread: it keeps the weights of a small log smooth."""
MOST, LEAST_WEIGHT = 4_000, 3e-4
"""Histories that weights are learned from at most, and the weight below which a component is left out."""
SHORTEST_DAYS = 7.0


@dataclass(frozen=True)
class OrderModel:
    """Components of the mixture: the scale of each one's gamma (days), its chance to stop, and its weight."""

    scale: Numbers
    stops: Numbers
    weight: Numbers


@dataclass(frozen=True)
class Outlook:
    """Per customer: the chance that they still order, and the orders to come."""

    alive: Numbers
    orders: Numbers


def learn_orders(known: Histories) -> OrderModel:
    """The mixture that fits the histories best."""
    (repeats, last, age), count, _ = compressed(known.repeats, known.last, known.age)
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
    kept = weight > LEAST_WEIGHT
    return OrderModel(scale[kept], stops[kept], weight[kept] / weight[kept].sum())


def outlooks(model: OrderModel, known: Histories, *, horizons: tuple[int, ...]) -> list[Outlook]:
    """What each customer will do in each of the horizons, which are days from now on."""
    (repeats, last, age), _, at = compressed(known.repeats, known.last, known.age)
    posterior, going = _posterior(model, repeats, last, age)
    alive = posterior * going
    return [
        Outlook(alive.sum(axis=1).clip(0.0, 1.0)[at], _orders(model, repeats, age, alive, days)[at])
        for days in horizons
    ]


def _orders(model: OrderModel, repeats: Numbers, age: Numbers, alive: Numbers, horizon_days: int) -> Numbers:
    """Until the horizon or the stop: (1 - E[exp(-rate * stop * days)]) / stop, and rate * days without a stop."""
    shape, scale = (SHAPE + repeats)[:, None], model.scale[None, :] + age[:, None]
    stop = np.where(model.stops > 0, model.stops, 1.0)[None, :]
    until_stop = -np.expm1(-shape * np.log1p(stop * horizon_days / scale)) / stop
    orders = np.where(model.stops[None, :] > 0, until_stop, shape / scale * horizon_days)
    found: Numbers = (alive * orders).sum(axis=1)
    return found


def drawn_orders(
    model: OrderModel, known: Histories, *, horizon_days: int, rng: np.random.Generator
) -> Numbers:
    """One possible future: order days of each customer in the horizon."""
    posterior, going = _posterior(model, known.repeats, known.last, known.age)
    which = (
        (posterior.cumsum(axis=1) < rng.random(len(known.rows))[:, None])
        .sum(axis=1)
        .clip(max=len(model.weight) - 1)
    )
    each = np.arange(len(which))
    rate = rng.gamma(SHAPE + known.repeats) / (model.scale[which] + known.age)
    stop = model.stops[which]
    most = np.where(stop > 0, rng.geometric(np.maximum(stop, 1e-9)), np.iinfo(np.int64).max)
    is_alive = rng.random(len(which)) < going[each, which]
    orders: Numbers = np.minimum(rng.poisson(rate * horizon_days), most) * is_alive.astype(float)
    return orders


def _posterior(model: OrderModel, repeats: Numbers, last: Numbers, age: Numbers) -> tuple[Numbers, Numbers]:
    """How probable each component is for each customer, and the chance that they still order if it is that one."""
    going, gone = _log_chances(repeats, last, age, model.scale, model.stops)
    both = np.logaddexp(going, gone)
    chance = both + np.log(model.weight)
    chance = np.exp(chance - chance.max(axis=1, keepdims=True))
    return chance / chance.sum(axis=1, keepdims=True), np.exp(going - both)


def _log_chances(
    repeats: Numbers, last: Numbers, age: Numbers, scale: Numbers, stops: Numbers
) -> tuple[Numbers, Numbers]:
    """Log chance of each history under each component, still ordering and stopped after the last order, up to what they share."""
    shape = (SHAPE + repeats)[:, None]
    with np.errstate(divide="ignore"):
        stays, leaves = np.log1p(-stops)[None, :], np.log(stops)[None, :]
    count = repeats[:, None]
    level = gammaln(shape) + SHAPE * np.log(scale)[None, :] + count * stays
    going = level - shape * np.log(scale[None, :] + age[:, None]) + stays
    gone = level - shape * np.log(scale[None, :] + last[:, None]) + leaves
    return going, gone
