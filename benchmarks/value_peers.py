"""Peers of the value forecast: textbook models, the most used library, and two simple rules.

The textbook models are fitted here by maximum likelihood on the same histories, in weeks, so that the
benchmark runs without `lifetimes`, which is no longer maintained: `.venv/bin/python -m pip install -e
'.[benchmarks]'` installs it where possible. A peer that fails or returns non-finite numbers is named, and
customers without a number count as zero.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1, logsumexp

from benchmarks.value_sets import Log

WEEK = 7.0
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class Summary:
    """Per customer: repeat orders, weeks to the last one, weeks since the first, mean order value and its
    number of orders.
    """

    repeats: np.ndarray
    last: np.ndarray
    age: np.ndarray
    orders: np.ndarray
    mean: np.ndarray
    net: np.ndarray


Foretold = tuple[np.ndarray, np.ndarray]
"""Orders and value per customer."""
Peer = Callable[[Summary, float], Foretold]


def summary(log: Log) -> tuple[Summary, pd.Index]:
    """Histories until the cut, and their customers."""
    past = log.known
    orders = (
        past[past["value"] >= 0]
        .groupby(["customer_id", "day"])["value"]
        .sum()
        .reset_index()
        .groupby("customer_id")
    )
    net = past.groupby("customer_id")["value"].sum()
    first, last, count = orders["day"].min(), orders["day"].max(), orders.size().astype(float)
    net = net.reindex(count.index).to_numpy(float)
    histories = Summary(
        count.to_numpy() - 1,
        (last - first).dt.days.to_numpy() / WEEK,
        (log.as_of - first).dt.days.to_numpy() / WEEK,
        count.to_numpy(),
        np.maximum(net / count.to_numpy(), 0.0),
        net,
    )
    return histories, count.index


def same_rate(histories: Summary, weeks: float) -> Foretold:
    """The rate so far, at the mean order value so far."""
    orders = histories.orders / np.maximum(histories.age, 1.0) * weeks
    return orders, orders * histories.mean


def rfm(histories: Summary, weeks: float) -> Foretold:
    """Quintiles of recency, frequency and money, summed. They rank only: the total so far is distributed
    by score.
    """
    recency = histories.last - histories.age
    score = sum(
        np.ceil(pd.Series(part).rank(pct=True, method="average").to_numpy() * 5)
        for part in (recency, histories.orders, histories.net)
    )
    orders, value = same_rate(histories, weeks)
    return score / score.sum() * orders.sum(), score / score.sum() * value.sum()


def bg_nbd(histories: Summary, weeks: float) -> Foretold:
    return _after_orders(histories, weeks, first_too=False)


def mbg_nbd(histories: Summary, weeks: float) -> Foretold:
    return _after_orders(histories, weeks, first_too=True)


def _after_orders(histories: Summary, weeks: float, *, first_too: bool) -> Foretold:
    x, last, age = histories.repeats, histories.last, histories.age

    def parts(r: float, alpha: float, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
        shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        may_stop = x + 1 if first_too else x
        going = shared - (r + x) * np.log(alpha + age) + betaln(a, b + may_stop) - betaln(a, b)
        gone = (
            shared
            - (r + x) * np.log(alpha + last)
            + betaln(a + 1, b + np.maximum(may_stop - 1, 0))
            - betaln(a, b)
        )
        return going, np.where(may_stop > 0, gone, -np.inf)

    r, alpha, a, b = _fitted(lambda *p: np.logaddexp(*parts(*p)), [[0.5, 10, 1, 2], [0.2, 4, 0.5, 3]])
    going, gone = parts(r, alpha, a, b)
    alive = np.exp(going - np.logaddexp(going, gone))
    more = b + x + (1 if first_too else 0)
    share = ((alpha + age) / (alpha + age + weeks)) ** (r + x) * hyp2f1(
        r + x, more, a + more - 1, weeks / (alpha + age + weeks)
    )
    orders = (a + more - 1) / (a - 1) * (1 - share) * alive
    return orders, orders * gamma_gamma(histories)


def pareto_nbd(histories: Summary, weeks: float) -> Foretold:
    """Pareto/NBD; the drop-out time is integrated by quadrature, which is stable where the closed form is
    not.
    """
    x, last, age = histories.repeats, histories.last, histories.age

    def parts(r: float, alpha: float, s: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
        shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        going = shared - (r + x) * np.log(alpha + age) - s * np.log1p(age / beta)
        low, high = np.log(alpha + last), np.log(alpha + age)
        half = (high - low)[:, None] / 2
        at = (high + low)[:, None] / 2 + half * NODES
        when = np.exp(at) - alpha
        inside = np.log(s / beta) - (s + 1) * np.log1p(np.maximum(when, 0) / beta) - (r + x - 1)[:, None] * at
        with np.errstate(divide="ignore"):
            gone = shared + logsumexp(inside + np.log(NODE_WEIGHTS) + np.log(half), axis=1)
        return going, gone

    r, alpha, s, beta = _fitted(lambda *p: np.logaddexp(*parts(*p)), [[0.5, 10, 0.5, 10], [1, 5, 1, 50]])
    going, gone = parts(r, alpha, s, beta)
    alive = np.exp(going - np.logaddexp(going, gone))
    before, after = beta + age, beta + age + weeks
    lived = (
        before * np.log(after / before)
        if abs(s - 1) < 1e-6
        else before / (s - 1) * (1 - (before / after) ** (s - 1))
    )
    orders = (r + x) / (alpha + age) * lived * alive
    return orders, orders * gamma_gamma(histories)


def gamma_gamma(histories: Summary) -> np.ndarray:
    """Mean order value of each customer; customers who never paid get the overall mean."""
    paid = histories.mean > 0
    count, mean = histories.orders[paid], histories.mean[paid]
    scale = float(np.median(mean))

    def chance(p: float, q: float, v: float) -> np.ndarray:
        order_shape = p * count
        return (
            gammaln(order_shape + q)
            - gammaln(order_shape)
            - gammaln(q)
            + q * np.log(v)
            + order_shape * np.log(count)
            + (order_shape - 1) * np.log(mean)
            - (order_shape + q) * np.log(v + mean * count)
        )

    p, q, v = _fitted(chance, [[2, 3, 2 * scale], [6, 4, scale / 2]])
    return p * (v + histories.mean * histories.orders) / (p * histories.orders + q - 1)


def _fitted(chance: Callable[..., np.ndarray], starts: list[list[float]]) -> list[float]:
    """Maximum-likelihood parameters, all positive."""

    def cost(logs: np.ndarray) -> float:
        return -float(np.mean(chance(*np.exp(logs))))

    with np.errstate(all="ignore"):
        runs = [
            minimize(cost, np.array(np.log(start)), method="L-BFGS-B", bounds=[(-9.0, 9.0)] * len(start))
            for start in starts
        ]
    return [float(parameter) for parameter in np.exp(min(runs, key=lambda run: run.fun).x)]


OWN: dict[str, Peer] = {
    "same rate": same_rate,
    "RFM": rfm,
    "BG/NBD": bg_nbd,
    "MBG/NBD": mbg_nbd,
    "Pareto/NBD": pareto_nbd,
}


def peers(say: Callable[[str], None]) -> dict[str, Peer]:
    """All peers; `say` reports that lifetimes is missing."""
    if not find_spec("lifetimes"):
        say(
            "lifetimes is not installed and left out (pip install -e '.[benchmarks]'); the same models "
            "are fitted here"
        )
        return OWN
    return OWN | {f"lifetimes {kind}": _of_lifetimes(kind) for kind in ("BG/NBD", "MBG/NBD")}


def _of_lifetimes(kind: str) -> Peer:
    def foretell(histories: Summary, weeks: float) -> Foretold:
        import lifetimes

        fitter = {"BG/NBD": lifetimes.BetaGeoFitter, "MBG/NBD": lifetimes.ModifiedBetaGeoFitter}[kind]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            model = fitter(penalizer_coef=0.0).fit(histories.repeats, histories.last, histories.age)
            orders = model.conditional_expected_number_of_purchases_up_to_time(
                weeks, histories.repeats, histories.last, histories.age
            )
            paid = histories.mean > 0
            spend = lifetimes.GammaGammaFitter(penalizer_coef=0.0).fit(
                histories.orders[paid], histories.mean[paid]
            )
            each = spend.conditional_expected_average_profit(
                pd.Series(histories.orders), pd.Series(histories.mean)
            )
        orders = np.asarray(orders, dtype=float)
        return orders, orders * np.asarray(each, dtype=float)

    return foretell
