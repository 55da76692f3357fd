"""What an ad set's ROAS probably is, from its own figures and from its peers': hierarchical, with every quantity of its own kind.

Conversions of an ad set are Poisson with mean rate x exposure. The rate is what its clicks per money make probable (a regression
over peers: clicks are many and conversions few, so they tell first) times a factor of its own, log-normal, whose spread over
peers is fitted (empirical Bayes, marginal likelihood by adaptive Gauss-Hermite quadrature). The mean value of a conversion is
drawn around the peers' too, and values around it are Gamma, which gives the posterior in closed form. Peers are the ad sets of
the same platform and goal. ROAS is rate x value, and its distribution is summed over the factor: nothing is assumed normal.

Counts that vary more from day to day than independent conversions would count for less: counts and exposure are divided by their
dispersion (quasi-likelihood, Wedderburn 1974).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaincc, gammaincinv, gammaln, logsumexp

Floats = npt.NDArray[np.float64]
FEW_PEERS = 8
INTERVAL = (0.1, 0.9)
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_LOG_NODE_WEIGHTS = np.log(_NODE_WEIGHTS) - 0.5 * np.log(2 * np.pi)
_STEPS = np.linspace(-6.0, 6.0, 97)
_MIDDLES = (np.arange(15) + 0.5) / 15
_SPREAD, _SLOPE, _ORDER_SHAPE, _ORDER_SPREAD = 0.6, 0.7, 4.0, 0.35
"""What is thought before peers are seen: the spread of rates, their slope on clicks per money, the shape of one conversion's value, and the
spread of its mean between ad sets."""
_PRIOR_WEIGHT = 4.0
"""Peers that these count for."""
_FEWEST_CLICKS = 10.0


@dataclass(frozen=True)
class Peers:
    """What was fitted on one group. Money is in the reporting currency."""

    level: float
    """Logarithm of conversions per matured money at the group's usual clicks per money."""
    slope: float
    spread: float
    order_shape: float
    order_prior: float
    """Conversions' worth of evidence, times their shape, that the group's mean value stands for."""
    order_mean: float


@dataclass(frozen=True)
class Posterior:
    """Per ad set, in the order given. ROAS parts are not a number where no value was ever seen of the group."""

    rate: Floats
    roas: Floats
    roas_low: Floats
    roas_high: Floats
    value: Floats
    """Mean value of a conversion."""
    below: Floats
    """P(rate, or ROAS, is below the target)."""
    shortfall: Floats
    """What is to be expected of max(0, 1 - ROAS / target): the share of the spend that earns nothing."""


def fitted(found: pd.DataFrame) -> Peers:
    """The group's parameters by marginal likelihood, with a weak prior so that few peers cannot make them extreme.

    Args:
        found: ripe, conversions, value, clicks, spend in the reporting currency, dispersion: a row per ad set.
    """
    counts, chance, x = _evidence(found)
    some = chance > 0
    if not some.any() or counts[some].sum() <= 0:
        return Peers(-np.inf, 0.0, _SPREAD, *_orders(found))
    counts, chance, x = counts[some], chance[some], x[some]
    overall = float(np.log(counts.sum() / chance.sum()))
    with_slope = len(x) >= FEW_PEERS and float(np.std(x)) > 1e-6

    def loss(at: Floats) -> float:
        level, log_spread, slope = at
        marginal = _marginal(counts, level + slope * x + np.log(chance), float(np.exp(log_spread)))
        stated = _PRIOR_WEIGHT * (log_spread - np.log(_SPREAD)) ** 2 + ((slope - _SLOPE) / 0.5) ** 2
        return float(0.5 * stated - marginal.sum())

    bounds = [
        (overall - 4.0, overall + 4.0),
        (np.log(0.05), np.log(2.5)),
        (-0.5, 1.5) if with_slope else (0.0, 0.0),
    ]
    began = np.array([overall, np.log(_SPREAD), _SLOPE if with_slope else 0.0])
    level, log_spread, slope = minimize(loss, began, method="L-BFGS-B", bounds=bounds).x
    return Peers(float(level), float(slope), float(np.exp(log_spread)), *_orders(found))


def posterior(found: pd.DataFrame, peers: Peers, targets: Floats, *, by_value: bool) -> Posterior:
    """What is known of each ad set now.

    Args:
        found: As for `fitted`.
        peers: What was fitted on them.
        targets: Per ad set the ROAS (`by_value`) or the conversions per money that it should have.
        by_value: Whether it is the value of conversions that counts, or their number.
    """
    counts, chance, x = _evidence(found)
    if not np.isfinite(peers.level):
        nothing = np.full(len(found), np.nan)
        return Posterior(*[nothing] * 7)
    log_mean = peers.level + peers.slope * x
    at, width = _mode(counts, log_mean + np.log(np.maximum(chance, 1e-300)), peers.spread)
    points = at[:, None] + width[:, None] * _STEPS[None, :]
    log_rates = log_mean[:, None] + points
    log_density = (
        counts[:, None] * points - chance[:, None] * np.exp(log_rates) - 0.5 * (points / peers.spread) ** 2
    )
    weights = np.exp(log_density - logsumexp(log_density, axis=1, keepdims=True))
    rates = np.exp(log_rates)
    rate = (weights * rates).sum(axis=1)
    if not by_value:
        below = (weights * _shares_below(rates, targets, width)).sum(axis=1)
        shortfall = (weights * np.maximum(0.0, 1.0 - rates / targets[:, None])).sum(axis=1)
        nothing = np.full(len(found), np.nan)
        return Posterior(rate, nothing, nothing, nothing, nothing, below, shortfall)
    shape = peers.order_prior + 1.0 + peers.order_shape * found["conversions"].to_numpy(float)
    scale = peers.order_prior * peers.order_mean + peers.order_shape * found["value"].to_numpy(float)
    value = scale / (shape - 1.0)
    threshold = scale[:, None] * rates / targets[:, None]
    below = gammaincc(shape[:, None], threshold)
    earned = rates * value[:, None] / targets[:, None] * gammaincc(shape[:, None] - 1.0, threshold)
    low, high = _range(rates, weights, shape, scale)
    return Posterior(
        rate,
        rate * value,
        low,
        high,
        value,
        (weights * below).sum(axis=1),
        (weights * (below - earned)).sum(axis=1),
    )


def _evidence(found: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Counts and exposure for their dispersion, and clicks per money as a logarithm around the group's."""
    dispersion = found["dispersion"].to_numpy(float)
    clicks, spend = found["clicks"].to_numpy(float), found["spend"].to_numpy(float)
    known = np.isfinite(clicks) & (spend > 0)
    x = np.zeros(len(found))
    if known.any() and clicks[known].sum() > 0:
        usual = clicks[known].sum() / spend[known].sum()
        x[known] = np.log((clicks[known] + _FEWEST_CLICKS) / (spend[known] + _FEWEST_CLICKS / usual) / usual)
    return found["conversions"].to_numpy(float) / dispersion, found["ripe"].to_numpy(float) / dispersion, x


def _mode(counts: Floats, log_mean: Floats, spread: float) -> tuple[Floats, Floats]:
    """Most probable factor (logarithm) and the width of its posterior there, by Newton's method on a concave function."""
    at = np.zeros(len(counts))
    for _ in range(30):
        mean = np.exp(np.minimum(log_mean + at, 700.0))
        step = (counts - mean - at / spread**2) / (mean + 1.0 / spread**2)
        at = at + np.clip(step, -1.0, 1.0)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return at, 1.0 / np.sqrt(np.exp(np.minimum(log_mean + at, 700.0)) + 1.0 / spread**2)


def _marginal(counts: Floats, log_mean: Floats, spread: float) -> Floats:
    """Logarithm of the probability of each count, the factor summed out."""
    at, width = _mode(counts, log_mean, spread)
    points = at[:, None] + width[:, None] * _NODES[None, :]
    log_means = log_mean[:, None] + points
    joint = (
        counts[:, None] * log_means
        - np.exp(log_means)
        - 0.5 * (points / spread) ** 2
        + 0.5 * _NODES[None, :] ** 2
    )
    whole = logsumexp(joint + _LOG_NODE_WEIGHTS[None, :], axis=1) + np.log(width / spread)
    return np.asarray(whole - gammaln(counts + 1.0))


def _shares_below(rates: Floats, targets: Floats, width: Floats) -> Floats:
    """Of each step of the grid the share that lies below the target."""
    half = 0.5 * width[:, None] * (_STEPS[1] - _STEPS[0])
    return np.clip((np.log(targets)[:, None] - np.log(rates)) / (2.0 * half) + 0.5, 0.0, 1.0)


def _range(rates: Floats, weights: Floats, shape: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """The ends of the 80 % interval of rate x value."""
    values = scale[:, None] / gammaincinv(shape[:, None], _MIDDLES[None, :])
    ends = np.empty((2, len(rates)))
    for n in range(len(rates)):
        products = np.outer(rates[n, ::3], values[n]).ravel()
        order = np.argsort(products)
        heaped = np.cumsum(np.repeat(weights[n, ::3], len(_MIDDLES))[order])
        ends[:, n] = products[order][np.searchsorted(heaped / heaped[-1], INTERVAL)]
    return ends[0], ends[1]


def _orders(found: pd.DataFrame) -> tuple[float, float, float]:
    """Shape of a conversion's value, weight of the group's mean, and that mean, by marginal likelihood over ad sets."""
    some = found[(found["conversions"] > 0) & (found["value"] > 0)]
    stated = np.log([_ORDER_SHAPE, 1.0 / _ORDER_SPREAD**2])
    if some.empty:
        return _ORDER_SHAPE, 1.0 / _ORDER_SPREAD**2, np.nan
    counts, values = some["conversions"].to_numpy(float), some["value"].to_numpy(float)
    usual = values.sum() / counts.sum()
    scaled = values / usual

    def loss(at: Floats) -> float:
        shape, prior, mean = np.exp(at)
        n, most = shape * counts, prior * mean
        log_density = (
            n * np.log(shape) + (n - 1.0) * np.log(scaled) + (prior + 1.0) * np.log(most) - gammaln(n) - gammaln(prior + 1.0)
            + gammaln(n + prior + 1.0) - (n + prior + 1.0) * np.log(shape * scaled + most)
        )  # fmt: skip
        return float(0.5 * _PRIOR_WEIGHT * ((at[:2] - stated) ** 2).sum() - log_density.sum())

    bounds = [(-2.0, 5.0), (-1.0, 7.0), (-2.0, 2.0)]
    shape, prior, mean = np.exp(minimize(loss, np.array([*stated, 0.0]), method="L-BFGS-B", bounds=bounds).x)
    return float(shape), float(prior), float(mean * usual)
