"""The six tests that make a group of customers a segment (FEATURES 3.2 has their source): each with its number, threshold and verdict.

1 jaccard: found again on resampled customers. 2 stability: two halves of time teach the same division. 3 difference: in a later
time that formed nothing, groups differ more than random groups of the same sizes, and some outcome by a ratio whose interval is
clear of 1; thresholds are shared by all candidates that were tried. 4 fidelity: the rule gives back the model's labels. 5 size.
6 action: no other segment would be treated the same.
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
"""People that the permutation looks at, at most."""
FEWEST = 5


@dataclass(frozen=True)
class Ratio:
    """The largest clear ratio of an outcome between two groups, with its interval."""

    outcome: str
    high: int
    low: int
    value: float
    least: float
    most: float


@dataclass(frozen=True)
class Difference:
    """How groups differ in the later time: chance of as much by random groups (of all that were tried), and the largest ratio."""

    chance: float
    ratio: Ratio | None
    explained: dict[str, float]


def difference(
    groups: np.ndarray, outcomes: pd.DataFrame, *, tried: int, seed: int, confidence: float
) -> Difference:
    """Whether these groups behaved differently.

    Args:
        groups: Per person, `NOBODYS` left out.
        outcomes: Per person, NaN where an outcome does not apply.
        seed: Same seed, same random groups.
        tried: Candidates that are tested on the same people: chances are multiplied by it.
        confidence: Such as 0.95; of the ratio's interval too, over all pairs and outcomes.
    """
    chosen = np.flatnonzero(groups != NOBODYS)
    groups, outcomes = groups[chosen], outcomes.iloc[chosen]
    k = int(groups.max(initial=-1)) + 1
    if k < 2 or len(groups) < 2 * FEWEST:
        return Difference(1.0, None, {})
    forms = outcomes.assign(value=np.log1p(outcomes["value"]))
    rng = np.random.default_rng(seed)
    at = rng.permutation(len(groups))[:TESTED]
    found, chances = {}, []
    for name in forms.columns:
        values = forms[name].to_numpy(dtype=float)
        applies = ~np.isnan(values)
        if applies.sum() >= 2 * FEWEST and values[applies].var() > 0:
            found[name] = explained(groups[applies], values[applies])
            some = at[applies[at]]
            chances.append(_chance(groups[some], values[some], rng))
    chance = min(1.0, min(chances) * len(chances) * tried) if chances else 1.0
    return Difference(chance, _largest_ratio(groups, outcomes, k, tried, confidence), found)


def explained(groups: np.ndarray, values: np.ndarray) -> float:
    """Share of the variance of `values` between the groups."""
    sums, sizes = np.bincount(groups, weights=values), np.bincount(groups)
    used = sizes > 0
    whole = ((values - values.mean()) ** 2).sum()
    between = (sums[used] ** 2 / sizes[used]).sum() - len(values) * values.mean() ** 2
    return float(between / whole) if whole > 0 else 0.0


def _chance(groups: np.ndarray, values: np.ndarray, rng: np.random.Generator) -> float:
    """Share of random partitions of the same sizes that differ as much."""
    found = explained(groups, values)
    drawn = [explained(groups, rng.permutation(values)) for _ in range(PERMUTATIONS)]
    return (1 + sum(one >= found for one in drawn)) / (1 + PERMUTATIONS)


def _largest_ratio(
    groups: np.ndarray, outcomes: pd.DataFrame, k: int, tried: int, confidence: float
) -> Ratio | None:
    pairs = k * (k - 1) / 2 * len(outcomes.columns) * tried
    wide = float(norm.ppf(1 - (1 - confidence) / 2 / pairs))
    found: list[Ratio] = []
    for name in outcomes.columns:
        logs = [_log_mean(outcomes[name].to_numpy(dtype=float)[groups == group]) for group in range(k)]
        for a, b in combinations(range(k), 2):
            if (one := logs[a]) is None or (other := logs[b]) is None:
                continue
            high, low = (a, b) if one[0] >= other[0] else (b, a)
            gap, error = abs(one[0] - other[0]), float(np.hypot(one[1], other[1]))
            least, most = np.exp(gap - wide * error), np.exp(min(gap + wide * error, 50))
            found.append(Ratio(name, high, low, float(np.exp(min(gap, 50))), float(least), float(most)))
    clear = [one for one in found if one.least > 1]
    return max(clear or found, key=lambda one: one.least, default=None)


def _log_mean(values: np.ndarray) -> tuple[float, float] | None:
    """Log of a mean with its standard error; None where too little is known of it."""
    values = values[~np.isnan(values)]
    mean = values.mean() if len(values) else 0.0
    if len(values) < FEWEST or mean <= 0:
        return None
    return float(np.log(mean)), float(values.std(ddof=1) / np.sqrt(len(values)) / mean)


def closest(groups: np.ndarray, outcomes: pd.DataFrame) -> tuple[float, int, int] | None:
    """The two groups that differ the least: the largest of their ratios, and which they are."""
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
    """People a segment must have: its share, and enough for at least one platform after matching."""
    for_a_platform = min(
        (np.ceil(least / policy.match_rate[name]) for name, least in policy.platform_minimum.items()),
        default=0,
    )
    return int(max(np.ceil(policy.acceptance.least_share * customers), for_a_platform))
