"""Mean order value of each ad set: pooled over the account, robust to a few very large orders, net of
refunds.

A few very large orders dominate the mean of heavy-tailed order values, and one dispersion parameter would
take their luck for differences between ad sets. Three quantities are therefore estimated apart:

- The level of an account is its plain mean, with its standard error; it is not robust on purpose, since large
  orders are revenue.
- Ad sets are compared with their account by the logarithm of the mean order value of each day, winsorised.
  Location and variance of these logarithms depend on the number of orders of the day and are estimated per
  number, so that no distribution of order values is assumed, only that ad sets differ by a factor.
- The variance of these factors between ad sets comes from split halves: the covariance of the means of odd
  and even days has no contribution from the dispersion of orders, whatever its distribution.

The factor of an ad set is then shrunk towards 1 by the normal-normal model (James-Stein), and the factors of
an account are scaled so that they explain its value. Known weakness: orders are seen as sums per day.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
PRIOR_DISPERSION, PRIOR_SPREAD = 0.25, 0.35
"""Squared coefficient of variation of one order, and standard deviation of log mean order values between ad
sets, before anything is seen."""
_PRIOR_DAYS, _PRIOR_AD_SETS = 8.0, 4.0
"""Weight of these priors, in days with orders and in ad sets whose mean is known exactly."""
_ORDERS_OF_DAY = np.array([1.5, 2.5, 4.5, 8.5, 16.5, 32.5])
"""Upper bounds of the classes of days by their number of orders."""
_WINSORISED_AT = 2.5
"""Standard deviations."""
_LEAST_RELATIVE = 0.01
"""Share of the account's mean order value that a day's is held to be at least, where refunds leave less."""
_PASSES = 3
_ACCOUNT_WEIGHT = 30.0
"""Weight of the group's mean in the mean of an account, in orders."""
_LEAST_VARIANCE, _MOST_DISPERSION = 0.02**2, 30.0


def order_values(days: pd.DataFrame, group: list[str], keys: list[str]) -> pd.DataFrame:
    """Posterior of the log mean order value per ad set.

    Args:
        days: Ad set days with conversions and value (net of refunds), account_id, `group` and `keys`.
        group: Columns of the peer group.
        keys: Columns that identify an ad set.

    Returns:
        `keys`, order_log_mean and order_log_sd (normal posterior of the logarithm of the mean order value),
        order_spread (between ad sets of the group). NaN where the group has no value.
    """
    sums = days.groupby(keys, as_index=False)[["conversions", "value"]].sum()
    position = days.groupby(keys).ngroup().to_numpy()
    columns = ("order_log_mean", "order_log_sd", "order_spread")
    estimates = np.full((len(sums), len(columns)), np.nan)
    counts, values = days["conversions"].to_numpy(float), days["value"].to_numpy(float)
    for where in sums.groupby(group, sort=False).indices.values():
        index_in_group = np.full(len(sums), -1)
        index_in_group[where] = np.arange(len(where))
        at = index_in_group[position]
        inside = (at >= 0) & (counts > 0)
        accounts = pd.factorize(sums["account_id"].iloc[where])[0]
        orders, totals = (sums[name].to_numpy(float)[where] for name in ("conversions", "value"))
        mean = _account_means(orders, totals, accounts)
        if not inside.any() or not np.isfinite(mean).all():
            continue
        net = _net_of_refunds(index_in_group[position], counts, values)
        estimates[where] = _factors(at[inside], counts[inside], net[inside], accounts=accounts, mean=mean)
    return sums[keys].assign(**dict(zip(columns, estimates.T, strict=True)))


def _factors(at: Integers, counts: Floats, values: Floats, *, accounts: Integers, mean: Floats) -> Floats:
    """Columns of `order_values` for one group.

    Args:
        at: Index of the ad set, per day with orders.
        counts: Orders per day.
        values: Their value, net of refunds.
        accounts: Index of the account, per ad set.
        mean: Mean order value of the account, per ad set.
    """
    size = len(mean)
    logs = np.log(np.maximum(values / (counts * mean[at]), _LEAST_RELATIVE))
    by_count = np.searchsorted(_ORDERS_OF_DAY, counts)
    classes = len(_ORDERS_OF_DAY) + 1
    days = np.bincount(by_count, minlength=classes)
    usual = np.bincount(by_count, counts, classes) / np.maximum(days, 1)
    prior = np.log1p(PRIOR_DISPERSION / np.maximum(usual, 1.0))
    center, variance = -prior / 2.0, prior + np.full(classes, 1.0)
    factor, spread, free = np.zeros(size), PRIOR_SPREAD, 0.0
    posterior_variance = np.full(size, PRIOR_SPREAD**2)
    for _ in range(_PASSES):
        most = _WINSORISED_AT * np.sqrt(variance[by_count])
        residual = np.clip(logs - center[by_count] - factor[at], -most, most)
        center = center + np.bincount(by_count, residual, classes) / (days + _PRIOR_DAYS)
        residual = np.clip(logs - center[by_count] - factor[at], -most, most)
        squares = np.bincount(by_count, residual**2, classes) * len(at) / max(len(at) - free, 1.0)
        variance = (squares + _PRIOR_DAYS * prior) / (days + _PRIOR_DAYS)
        weight = 1.0 / variance[by_count]
        observed = residual + factor[at]
        spread = _spread(observed, weight, at, size)
        precision = np.bincount(at, weight, size) + 1.0 / spread**2
        factor = np.bincount(at, weight * observed, size) / precision
        posterior_variance = 1.0 / precision
        free = float(np.sum(1.0 - posterior_variance / spread**2))
    orders = np.bincount(at, counts, size)
    relative = np.exp(factor + posterior_variance / 2.0)
    of_account = np.bincount(accounts, orders), np.bincount(accounts, orders * relative)
    loading = np.log(np.maximum(of_account[0], 1e-9) / np.maximum(of_account[1], 1e-9))
    dispersion = _dispersion(values / mean[at], counts, np.exp(factor)[at])
    of_mean = dispersion / (of_account[0] + _ACCOUNT_WEIGHT)
    has_orders = of_account[0] > 0
    log_mean = np.log(mean) + factor + np.where(has_orders, loading, 0.0)[accounts]
    log_sd = np.sqrt(posterior_variance + of_mean[accounts])
    return np.column_stack([log_mean, log_sd, np.full(size, spread)])


def _account_means(orders: Floats, totals: Floats, accounts: Integers) -> Floats:
    """Mean order value of each ad set's account, shrunk towards that of the group; at least 1 % of it."""
    count, whole = orders.sum(), totals.sum()
    if whole <= 0:
        whole = np.maximum(totals, 0.0).sum()  # refunds exceed sales
    if not count > 0 or not whole > 0:
        return np.full(len(orders), np.nan)
    of_group = whole / count
    by_account = np.bincount(accounts, orders), np.bincount(accounts, totals)
    means = (by_account[1] + _ACCOUNT_WEIGHT * of_group) / (by_account[0] + _ACCOUNT_WEIGHT)
    return np.asarray(np.maximum(means, _LEAST_RELATIVE * of_group)[accounts])


def _net_of_refunds(at: Integers, counts: Floats, values: Floats) -> Floats:
    """Values per day from which refunds are taken, of each ad set the largest days first.

    A refund usually belongs to a large order of another day. What exceeds all sales is left on the days as
    zero.
    """
    net = np.where((at >= 0) & (counts > 0), values, 0.0)
    # Value without an order on the day is a correction, too.
    loose = np.where((at >= 0) & (counts <= 0), values, 0.0) + np.minimum(net, 0.0)
    net = np.maximum(net, 0.0)
    for ad_set in np.unique(at[loose != 0]):
        days = np.flatnonzero(at == ad_set)
        open_amount = float(loose[days].sum())
        order = days[np.argsort(-net[days], kind="stable")]
        if open_amount > 0:
            net[order[0]] += open_amount
            continue
        for day in order:
            taken = min(net[day], -open_amount)
            net[day] -= taken
            open_amount += taken
    return net


def _dispersion(relative: Floats, counts: Floats, scale: Floats) -> float:
    """Squared coefficient of variation of one order, from days around their ad set's mean (Pearson)."""
    expected = counts * scale * relative.sum() / (counts * scale).sum()
    squares = (relative - expected) ** 2 / np.maximum(expected, 1e-12)
    total = float(squares.sum()) + _PRIOR_DAYS * PRIOR_DISPERSION
    return min(total / (len(counts) + _PRIOR_DAYS), _MOST_DISPERSION)


def _spread(observed: Floats, weight: Floats, at: Integers, size: int) -> float:
    """Standard deviation of log factors between ad sets, from the covariance of the means of two halves of
    days.
    """
    order = np.argsort(at, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=size))[:-1]])
    rank = np.empty(len(at), np.int64)
    rank[order] = np.arange(len(at)) - starts[at[order]]
    weights, means = [], []
    for half in (0, 1):
        in_half = rank % 2 == half
        weights.append(np.bincount(at[in_half], weight[in_half], size))
        sums = np.bincount(at[in_half], (weight * observed)[in_half], size)
        means.append(sums / np.maximum(weights[-1], 1e-12))
    both = (weights[0] > 0) & (weights[1] > 0)
    prior_variance = PRIOR_SPREAD**2
    prior_weight = _PRIOR_AD_SETS / prior_variance**2
    information = 1.0 / np.prod([prior_variance + 1.0 / np.maximum(w, 1e-12) for w in weights], axis=0)
    product = (information * means[0] * means[1])[both].sum() + prior_weight * prior_variance
    return float(np.sqrt(max(product / (information[both].sum() + prior_weight), _LEAST_VARIANCE)))
