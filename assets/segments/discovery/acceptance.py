"""Six tests that a group of customers must pass to be a segment, each with its value and threshold.

1 jaccard: found again on resampled customers (Hennig 2007, cluster-wise stability). 2 stability: the two
halves of the training period give the same division. 3 difference: in a later period, groups differ more
than random groups of the same sizes (permutation test), and some outcome differs by a ratio whose
confidence interval excludes 1; both are Bonferroni-corrected for the candidates tried. 4 fidelity: the
rule reproduces the model's labels. 5 size. 6 action: no other segment would be treated the same.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import norm

from assets.segments.discovery.agreement import NOBODYS
from resources.policy.segments import Segments

PERMUTATIONS = 999
TESTED = 20_000
"""Most customers in the permutation test."""
FEWEST = 5


@dataclass(frozen=True)
class Ratio:
    """The largest outcome ratio between two groups that is clear of 1, with its confidence interval."""

    outcome: str
    high: int
    low: int
    value: float
    least: float
    most: float


@dataclass(frozen=True)
class Difference:
    """Difference of groups in the later period: corrected p-value of the permutation test, and the largest
    ratio.
    """

    chance: float
    ratio: Ratio | None
    explained: dict[str, float]


def difference(
    groups: np.ndarray, outcomes: pd.DataFrame, *, tried: int, seed: int, confidence: float
) -> Difference:
    """Whether these groups behaved differently.

    Args:
        groups: Per customer; `NOBODYS` is left out.
        outcomes: Per customer, NaN where an outcome does not apply.
        seed: Same seed, same permutations.
        tried: Candidates tested on the same customers: p-values are multiplied by it (Bonferroni).
        confidence: Such as 0.95; also of the ratio's interval, over all pairs and outcomes.
    """
    chosen = np.flatnonzero(groups != NOBODYS)
    groups, outcomes = groups[chosen], outcomes.iloc[chosen]
    k = int(groups.max(initial=-1)) + 1
    if k < 2 or len(groups) < 2 * FEWEST:
        return Difference(1.0, None, {})
    forms = outcomes.assign(value=np.log1p(outcomes["value"]))
    rng = np.random.default_rng(seed)
    at = rng.permutation(len(groups))[:TESTED]
    variance_shares, chances = {}, []
    for name in forms.columns:
        values = forms[name].to_numpy(dtype=float)
        applies = ~np.isnan(values)
        if applies.sum() >= 2 * FEWEST and values[applies].var() > 0:
            variance_shares[name] = explained(groups[applies], values[applies])
            some = at[applies[at]]
            chances.append(_chance(groups[some], values[some], rng))
    chance = min(1.0, min(chances) * len(chances) * tried) if chances else 1.0
    return Difference(chance, _largest_ratio(groups, outcomes, k, tried, confidence), variance_shares)


def explained(groups: np.ndarray, values: np.ndarray) -> float:
    """Share of the variance of `values` between the groups (eta squared)."""
    sums, sizes = np.bincount(groups, weights=values), np.bincount(groups)
    used = sizes > 0
    whole = ((values - values.mean()) ** 2).sum()
    between = (sums[used] ** 2 / sizes[used]).sum() - len(values) * values.mean() ** 2
    return float(between / whole) if whole > 0 else 0.0


def _chance(groups: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> float:
    """Permutation p-value: share of random groups of the same sizes that differ as much."""
    # Only sums within groups change with a permutation: sizes, mean and total sum of squares stay.
    sizes = np.bincount(groups)
    used = sizes > 0
    centred = values - values.mean()

    def between(permuted: np.ndarray) -> float:
        return float((np.bincount(groups, permuted)[used] ** 2 / sizes[used]).sum())

    observed = between(centred) * (1 - 1e-12)
    drawn = sum(between(rng.permutation(centred)) >= observed for _ in range(PERMUTATIONS))
    return (1 + drawn) / (1 + PERMUTATIONS)


def _largest_ratio(
    groups: np.ndarray, outcomes: pd.DataFrame, k: int, tried: int, confidence: float
) -> Ratio | None:
    pairs = k * (k - 1) / 2 * len(outcomes.columns) * tried
    wide = float(norm.ppf(1 - (1 - confidence) / 2 / pairs))
    ratios: list[Ratio] = []
    for name in outcomes.columns:
        logs = [_log_mean(outcomes[name].to_numpy(dtype=float)[groups == group]) for group in range(k)]
        for a, b in combinations(range(k), 2):
            if (log_a := logs[a]) is None or (log_b := logs[b]) is None:
                continue
            high, low = (a, b) if log_a[0] >= log_b[0] else (b, a)
            gap, error = abs(log_a[0] - log_b[0]), float(np.hypot(log_a[1], log_b[1]))
            least, most = np.exp(gap - wide * error), np.exp(min(gap + wide * error, 50))
            ratios.append(Ratio(name, high, low, float(np.exp(min(gap, 50))), float(least), float(most)))
    clear = [ratio for ratio in ratios if ratio.least > 1]
    return max(clear or ratios, key=lambda ratio: ratio.least, default=None)


def _log_mean(values: np.ndarray) -> tuple[float, float] | None:
    """Log of a mean with its standard error (delta method); None where there are too few values."""
    values = values[~np.isnan(values)]
    mean = values.mean() if len(values) else 0.0
    if len(values) < FEWEST or mean <= 0:
        return None
    return float(np.log(mean)), float(values.std(ddof=1) / np.sqrt(len(values)) / mean)


def closest(groups: np.ndarray, outcomes: pd.DataFrame) -> tuple[float, int, int] | None:
    """The two groups that differ the least: their largest outcome ratio, and their numbers."""
    used = [int(group) for group in np.unique(groups) if group != NOBODYS]
    means = {group: outcomes[groups == group].mean() for group in used}
    best: tuple[float, int, int] | None = None
    for a, b in combinations(used, 2):
        low, high = np.minimum(means[a], means[b]), np.maximum(means[a], means[b])
        ratios = (high / low.where(low > 0)).where(high > 0, 1.0).fillna(np.inf)
        apart = float(ratios.max())
        if best is None or apart < best[0]:
            best = apart, a, b
    return best


def least_people(customers: int, policy: Segments) -> int:
    """Customers that a segment must have: its share, and enough for at least one platform after matching."""
    for_a_platform = min(
        (np.ceil(least / policy.match_rate[name]) for name, least in policy.platform_minimum.items()),
        default=0,
    )
    return int(max(np.ceil(policy.acceptance.least_share * customers), for_a_platform))
