"""Data-driven attribution: a noisy-or model of how strongly each channel's touches convince.

Every touch convinces independently at its channel's rate (noisy-or, Pearl 1988): the chance of an outcome
after a path is 1 - exp(-(sum of its touches' rates)). On that scale a path's worth is additive, so a
touch's Shapley value is its own rate, and its credit the rate's share. Rates are maximum likelihood with a
ridge penalty on their logs. Known weakness: association is not causation. A channel that meets people who
had already decided (brand search, retargeting) is credited too much.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

MOST_TOUCHES = 6
SHRINKAGE = 1.0
"""Half the inverse variance of log rates between channels: they differ by a factor of about two."""
CAP, CAP_SHRINKAGE = 2.0, 0.02
"""Prior log odds of the share of people who can be convinced at all, per funnel, and its strength."""
Numbers = npt.NDArray[np.float64]


def noisy_or_rates(touches: pd.DataFrame, has_outcome: pd.Series) -> dict[str, float]:
    """The rate of each channel, up to a common factor.

    Args:
        touches: person_id, channel, funnel; every touch that could have convinced.
        has_outcome: Per row of `touches`, whether its person had an outcome.
    """
    if touches.empty:
        return {}
    counts = touches.pivot_table(
        index=["person_id", "funnel"], columns="channel", values="touch_at", aggfunc="size", fill_value=0
    )
    hit = has_outcome.groupby([touches["person_id"], touches["funnel"]]).any().reindex(counts.index)
    channels = [str(name) for name in counts.columns]
    seen = np.minimum(counts.to_numpy(dtype=float), MOST_TOUCHES)
    funnels, funnel = np.unique(
        counts.index.get_level_values("funnel").to_numpy(dtype=str), return_inverse=True
    )
    rows, times = np.unique(
        np.column_stack([seen, funnel, hit.to_numpy(dtype=float)]), axis=0, return_counts=True
    )
    rates = _most_likely(
        rows[:, :-2], rows[:, -2].astype(int), rows[:, -1] > 0, times.astype(float), len(funnels)
    )
    return dict(zip(channels, rates.tolist(), strict=True))


def _most_likely(
    seen: Numbers, funnel: npt.NDArray[np.int64], hit: npt.NDArray[np.bool_], times: Numbers, funnels: int
) -> Numbers:
    size = seen.shape[1]

    def loss(theta: Numbers) -> tuple[float, Numbers]:
        rates, cap = np.exp(theta[:size]), 1.0 / (1.0 + np.exp(-theta[size:]))
        x = np.maximum(seen @ rates, 1e-12)
        convinced, of = -np.expm1(-x), cap[funnel]
        chance = np.minimum(of * convinced, 1.0 - 1e-12)
        value = float((times * np.where(hit, -np.log(np.maximum(chance, 1e-300)), -np.log1p(-chance))).sum())
        slope = times * np.where(hit, -1.0 / np.maximum(chance, 1e-300), 1.0 / (1.0 - chance))
        rate_slopes = (slope * of * np.exp(-x)) @ seen * rates
        others = np.bincount(funnel, slope * convinced * of * (1.0 - of), funnels)
        apart, level = theta[:size] - theta[:size].mean(), theta[size:] - CAP
        value += SHRINKAGE * float(apart @ apart) + CAP_SHRINKAGE * float(level @ level)
        return value, np.append(rate_slopes + 2 * SHRINKAGE * apart, others + 2 * CAP_SHRINKAGE * level)

    share = float((times * hit).sum() / times.sum())
    start = -np.log(max(1.0 - share, 1e-3)) / max(float((times * seen.sum(axis=1)).sum() / times.sum()), 1e-9)
    begin = np.append(np.full(size, np.log(max(start, 1e-6))), np.full(funnels, CAP))
    # Without this bound a path that always succeeds would be worth infinitely much.
    fit = minimize(loss, begin, jac=True, method="L-BFGS-B", bounds=[(-14.0, 6.0)] * len(begin))
    return np.exp(fit.x[:size])
