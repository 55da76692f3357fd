"""Posterior of each ad set's ROAS from its own data and its peers (empirical Bayes, hierarchical).

Conversions of an ad set are Poisson with mean rate x exposure. The rate is a regression on clicks per money
over peers (clicks are many and conversions few) times a log-normal factor of the ad set, whose spread over
peers is fitted by marginal likelihood (adaptive Gauss-Hermite quadrature). The mean value of a
conversion has a normal posterior on the log scale from `order_values`. Peers are the ad sets of the same
platform and goal. ROAS is rate x value; its distribution is integrated numerically over the factor.

Overdispersed counts are divided by their dispersion, and so is exposure (quasi-likelihood, Wedderburn 1974).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import gammaln, logsumexp, ndtr, ndtri

Floats = npt.NDArray[np.float64]
FEW_PEERS = 8
INTERVAL = (0.1, 0.9)
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_LOG_NODE_WEIGHTS = np.log(_NODE_WEIGHTS) - 0.5 * np.log(2 * np.pi)
_STEPS = np.linspace(-6.0, 6.0, 97)
_NORMAL_STEPS = ndtri((np.arange(15) + 0.5) / 15)
_SPREAD, _SLOPE = 0.6, 0.7
"""Prior values: spread of log rates, and their slope on clicks per money."""
_PRIOR_WEIGHT = 4.0
"""Weight of these prior values, in ad sets."""
_FEWEST_CLICKS = 10.0


@dataclass(frozen=True)
class PeerPrior:
    """Prior fitted on one group of peers. Money is in the reporting currency."""

    level: float
    """Log conversions per exposure at the group's mean clicks per money."""
    slope: float
    spread: float


@dataclass(frozen=True)
class AdSetPosterior:
    """Estimates per ad set, in the order given. ROAS is NaN where the group has no conversion value."""

    rate: Floats
    roas: Floats
    roas_low: Floats
    roas_high: Floats
    value: Floats
    """Mean value of a conversion."""
    below: Floats
    """P(rate, or ROAS, is below the target)."""
    shortfall: Floats
    """Expected max(0, 1 - ROAS / target): the share of spend that is wasted."""


def fit_peers(ad_sets: pd.DataFrame) -> PeerPrior:
    """Parameters of the group by marginal likelihood with a weak prior, so that few peers do not give extreme
    values.

    Args:
        ad_sets: exposure, conversions, value, clicks, spend in the reporting currency, dispersion: a row per
            ad set.
    """
    counts, exposure, x = _evidence(ad_sets)
    some = exposure > 0
    if not some.any() or counts[some].sum() <= 0:
        return PeerPrior(-np.inf, 0.0, _SPREAD)
    counts, exposure, x = counts[some], exposure[some], x[some]
    overall = float(np.log(counts.sum() / exposure.sum()))
    with_slope = len(x) >= FEW_PEERS and float(np.std(x)) > 1e-6

    def loss(at: Floats) -> float:
        level, log_spread, slope = at
        marginal = _marginal(counts, level + slope * x + np.log(exposure), float(np.exp(log_spread)))
        stated = _PRIOR_WEIGHT * (log_spread - np.log(_SPREAD)) ** 2 + ((slope - _SLOPE) / 0.5) ** 2
        return float(0.5 * stated - marginal.sum())

    bounds = [
        (overall - 4.0, overall + 4.0),
        (np.log(0.05), np.log(2.5)),
        (-0.5, 1.5) if with_slope else (0.0, 0.0),
    ]
    began = np.array([overall, np.log(_SPREAD), _SLOPE if with_slope else 0.0])
    level, log_spread, slope = minimize(loss, began, method="L-BFGS-B", bounds=bounds).x
    return PeerPrior(float(level), float(slope), float(np.exp(log_spread)))


def posterior(ad_sets: pd.DataFrame, peers: PeerPrior, targets: Floats, *, by_value: bool) -> AdSetPosterior:
    """Posterior estimates of each ad set.

    Args:
        ad_sets: As for `fit_peers`, with order_log_mean and order_log_sd where `by_value`.
        peers: Result of `fit_peers`.
        targets: Per ad set the target ROAS (`by_value`) or conversions per money.
        by_value: Whether ROAS is judged, or conversions per money.
    """
    counts, exposure, x = _evidence(ad_sets)
    if not np.isfinite(peers.level):
        nothing = np.full(len(ad_sets), np.nan)
        return AdSetPosterior(*[nothing] * 7)
    log_mean = peers.level + peers.slope * x
    at, width = _mode(counts, log_mean + np.log(np.maximum(exposure, 1e-300)), peers.spread)
    points = at[:, None] + width[:, None] * _STEPS[None, :]
    log_rates = log_mean[:, None] + points
    log_density = (
        counts[:, None] * points - exposure[:, None] * np.exp(log_rates) - 0.5 * (points / peers.spread) ** 2
    )
    weights = np.exp(log_density - logsumexp(log_density, axis=1, keepdims=True))
    rates = np.exp(log_rates)
    rate = (weights * rates).sum(axis=1)
    if not by_value:
        below = (weights * _shares_below(rates, targets, width)).sum(axis=1)
        shortfall = (weights * np.maximum(0.0, 1.0 - rates / targets[:, None])).sum(axis=1)
        nothing = np.full(len(ad_sets), np.nan)
        return AdSetPosterior(rate, nothing, nothing, nothing, nothing, below, shortfall)
    mean, sd = (ad_sets[name].to_numpy(float) for name in ("order_log_mean", "order_log_sd"))
    distance = (np.log(targets)[:, None] - log_rates - mean[:, None]) / sd[:, None]
    below = ndtr(distance)
    value = np.exp(mean + sd**2 / 2.0)
    earned = rates * value[:, None] / targets[:, None] * ndtr(distance - sd[:, None])
    low, high = _range(rates, weights, mean, sd)
    return AdSetPosterior(
        rate=rate,
        roas=rate * value,
        roas_low=low,
        roas_high=high,
        value=value,
        below=(weights * below).sum(axis=1),
        shortfall=(weights * (below - earned)).sum(axis=1),
    )


def _evidence(ad_sets: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Counts and exposure divided by dispersion, and log clicks per money relative to the group."""
    dispersion = ad_sets["dispersion"].to_numpy(float)
    clicks, spend = ad_sets["clicks"].to_numpy(float), ad_sets["spend"].to_numpy(float)
    has_clicks = np.isfinite(clicks) & (spend > 0)
    x = np.zeros(len(ad_sets))
    if has_clicks.any() and clicks[has_clicks].sum() > 0:
        usual = clicks[has_clicks].sum() / spend[has_clicks].sum()
        x[has_clicks] = np.log(
            (clicks[has_clicks] + _FEWEST_CLICKS) / (spend[has_clicks] + _FEWEST_CLICKS / usual) / usual
        )
    return (
        ad_sets["conversions"].to_numpy(float) / dispersion,
        ad_sets["exposure"].to_numpy(float) / dispersion,
        x,
    )


def _mode(counts: Floats, log_mean: Floats, spread: float) -> tuple[Floats, Floats]:
    """Posterior mode of the log factor and its curvature width, by Newton's method (the log posterior is
    concave).
    """
    at = np.zeros(len(counts))
    for _ in range(30):
        mean = np.exp(np.minimum(log_mean + at, 700.0))
        step = (counts - mean - at / spread**2) / (mean + 1.0 / spread**2)
        at = at + np.clip(step, -1.0, 1.0)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return at, 1.0 / np.sqrt(np.exp(np.minimum(log_mean + at, 700.0)) + 1.0 / spread**2)


def _marginal(counts: Floats, log_mean: Floats, spread: float) -> Floats:
    """Log marginal probability of each count, the factor integrated out."""
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
    """Share of each grid step that lies below the target."""
    half = 0.5 * width[:, None] * (_STEPS[1] - _STEPS[0])
    return np.clip((np.log(targets)[:, None] - np.log(rates)) / (2.0 * half) + 0.5, 0.0, 1.0)


def _range(rates: Floats, weights: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Ends of the 80 % credible interval of rate x value."""
    ends = np.full((2, len(rates)), np.nan)
    for n in np.flatnonzero(np.isfinite(mean)):
        products = np.outer(rates[n, ::3], np.exp(mean[n] + sd[n] * _NORMAL_STEPS)).ravel()
        order = np.argsort(products)
        cumulative = np.cumsum(np.repeat(weights[n, ::3], len(_NORMAL_STEPS))[order])
        ends[:, n] = products[order][np.searchsorted(cumulative / cumulative[-1], INTERVAL)]
    return ends[0], ends[1]
