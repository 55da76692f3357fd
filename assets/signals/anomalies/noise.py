"""How surprising a sum is, given what was expected of it: tails of counts, of sums of values, and of amounts.

What a series does from day to day beyond its counts is one more relative variance. Counts with it are negative binomial (a Poisson count
whose mean is Gamma), amounts are Gamma; upward both are taken as such, by Wilson and Hilferty's cube root where counts are many. Downward the
logarithm is taken, whose tail is the heavier one there, and for counts never less than the count's own.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, ndtr, ndtri, stdtr

Floats = npt.NDArray[np.float64]
_CANDIDATE = 2.5
"""Nothing nearer than that to what was expected can be flagged: the normal tail will do for it."""
_FEWEST_EXPECTED = 0.5
"""A count is never held to be rarer than that: nobody knows a rate of nothing."""
_MOST = 40.0


def surprise(
    seen: Floats, expected: Floats, offset: Floats, variance: Floats, *, symmetric: npt.NDArray[np.bool_]
) -> Floats:
    """How many standard deviations what was seen is above (+) or below (-) what was expected.

    Args:
        seen: Sums, 0 or more.
        expected: What was expected of them, above 0.
        offset: What is added to both under the logarithm, so that nothing is far and not infinitely far.
        variance: Of what was seen, relative to the square of what was expected.
        symmetric: Series of which nothing is known: Gamma on both sides.
    """
    sd = np.sqrt(variance)
    above = (np.cbrt(np.maximum(seen, 0.0) / np.maximum(expected, 1e-12)) - 1.0 + variance / 9.0) * 3.0 / sd
    below = np.log((np.maximum(seen, 0.0) + offset) / (expected + offset)) / sd
    return np.clip(np.where((seen < expected) & ~symmetric, below, above), -_MOST, _MOST)


def chances(
    z: Floats,
    *,
    freedom: Floats,
    events: Floats,
    expected_events: Floats,
    process: Floats,
    whole: npt.NDArray[np.bool_],
    counted: npt.NDArray[np.bool_],
) -> Floats:
    """Two-sided probability of being at least so surprising by chance.

    Args:
        z: As `surprise` has it.
        freedom: Degrees of freedom of the tail (Student): how far the estimate of the noise is trusted.
        events: What was seen, in units of the carrier; for sums of values as many equal ones as carry the same noise.
        expected_events: What was expected, likewise.
        process: Relative variance beyond the counts.
        whole: Whether events are whole numbers, of which half belongs to either tail.
        counted: Whether the carrier is known at all.
    """
    far = -np.abs(z)
    found = 2.0 * ndtr(far)
    near = np.flatnonzero(far < -_CANDIDATE)
    found[near] = 2.0 * stdtr(freedom[near], far[near])
    at = near[counted[near]]
    if len(at):
        k, half = 1.0 / np.maximum(process[at], 1e-6), np.where(whole[at], 1.0, 0.5)
        x, up = events[at], z[at] > 0
        mean = np.where(
            up, np.maximum(expected_events[at], _FEWEST_EXPECTED), np.maximum(expected_events[at], 1e-9)
        )
        share = k / (k + mean)
        lower = betainc(k, x + half, share)
        upper = np.where(x <= 0, 1.0, betaincc(k, np.maximum(x - 1.0 + half, 1e-9), share))
        tail = np.clip(np.where(up, upper, lower), 1e-300, 0.5)
        exact = 2.0 * stdtr(freedom[at], ndtri(tail))
        found[at] = np.where(up, exact, np.maximum(found[at], 2.0 * tail))
    return np.minimum(found, 1.0)


def pooled(values: Floats, weight: Floats, pool: npt.NDArray[np.int64]) -> Floats:
    """The weighted mean of each row's pool, per row."""
    whole = np.bincount(pool, weight)
    return (np.bincount(pool, weight * values) / np.maximum(whole, 1e-12))[pool]


def surprising(chance: Floats, tested: npt.NDArray[np.bool_], share: float) -> float:
    """The largest probability that is still a discovery among the tested ones (Benjamini and Hochberg 1995); 0 where none is."""
    ordered = np.sort(chance[tested])
    kept = np.flatnonzero(ordered <= share * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    return float(ordered[kept[-1]]) if len(kept) else 0.0
