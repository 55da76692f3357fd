"""Tail probabilities of sums: negative binomial for counts, gamma for amounts, and the Benjamini-Hochberg
threshold.

Day-to-day variation beyond the counts is a relative variance. Counts are then negative binomial (Poisson with
a gamma mean) and amounts gamma, for large counts by the cube-root transform of Wilson and Hilferty (1931).
Below the expectation the logarithm is used, whose tail is heavier there, and for counts never less than the
exact lower tail.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, ndtr, ndtri, stdtr

Floats = npt.NDArray[np.float64]
_CANDIDATE = 2.5
"""Standardized residuals closer than this cannot be flagged, so the normal tail is accurate enough."""
_FEWEST_EXPECTED = 0.5
"""Lower bound of an expected count in the upper tail, since a rate of zero is never known exactly."""
_MOST = 40.0


def standardized_residual(
    seen: Floats, expected: Floats, offset: Floats, variance: Floats, *, symmetric: npt.NDArray[np.bool_]
) -> Floats:
    """Standardized residual: standard deviations above (+) or below (-) the expectation.

    Args:
        seen: Sums, 0 or more.
        expected: Expected sums, above 0.
        offset: Added to both under the logarithm, so that zero has a finite residual.
        variance: Variance of the sum divided by the squared expectation.
        symmetric: Rows that use the gamma tail on both sides (nothing known about their noise).
    """
    sd = np.sqrt(variance)
    above = (np.cbrt(np.maximum(seen, 0.0) / np.maximum(expected, 1e-12)) - 1.0 + variance / 9.0) * 3.0 / sd
    below = np.log((np.maximum(seen, 0.0) + offset) / (expected + offset)) / sd
    return np.clip(np.where((seen < expected) & ~symmetric, below, above), -_MOST, _MOST)


def two_sided_p_values(
    z: Floats,
    *,
    freedom: Floats,
    events: Floats,
    expected_events: Floats,
    process: Floats,
    whole: npt.NDArray[np.bool_],
    counted: npt.NDArray[np.bool_],
) -> Floats:
    """Two-sided p-value of a sum at least so far from its expectation.

    Args:
        z: Result of `standardized_residual`.
        freedom: Degrees of freedom of the Student tail, which reflect the uncertainty of the variance.
        events: Observed events; for sums of values the equivalent number of equal ones with the same
            variance.
        expected_events: Expected events, likewise.
        process: Relative variance beyond the counts (overdispersion).
        whole: Whether events are integers, which get the mid-p treatment.
        counted: Whether an event count is known.
    """
    far = -np.abs(z)
    probability = 2.0 * ndtr(far)
    near = np.flatnonzero(far < -_CANDIDATE)
    probability[near] = 2.0 * stdtr(freedom[near], far[near])
    at = near[counted[near]]
    if len(at):
        k, half = 1.0 / np.maximum(process[at], 1e-6), np.where(whole[at], 1.0, 0.5)
        x, up = events[at], z[at] > 0
        mean = np.where(
            up, np.maximum(expected_events[at], _FEWEST_EXPECTED), np.maximum(expected_events[at], 1e-9)
        )
        share = k / (k + mean)
        lower = betainc(k, np.maximum(x + half, 1.0), share)  # never less than the chance of no event at all
        upper = np.where(x <= 0, 1.0, betaincc(k, np.maximum(x - 1.0 + half, 1e-9), share))
        tail = np.clip(np.where(up, upper, lower), 1e-300, 0.5)
        exact = 2.0 * stdtr(freedom[at], ndtri(tail))
        probability[at] = np.where(up, exact, np.maximum(probability[at], 2.0 * tail))
    return np.minimum(probability, 1.0)


def pool_mean(values: Floats, weight: Floats, pool: npt.NDArray[np.int64]) -> Floats:
    """Weighted mean of each row's pool, per row."""
    whole = np.bincount(pool, weight)
    return (np.bincount(pool, weight * values) / np.maximum(whole, 1e-12))[pool]


def benjamini_hochberg_threshold(chance: Floats, tested: npt.NDArray[np.bool_], share: float) -> float:
    """Largest p-value that is a discovery at that false discovery rate (Benjamini and Hochberg 1995); 0 if
    there is none.
    """
    ordered = np.sort(chance[tested])
    discoveries = np.flatnonzero(ordered <= share * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    return float(ordered[discoveries[-1]]) if len(discoveries) else 0.0
