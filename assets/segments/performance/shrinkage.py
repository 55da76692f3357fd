"""Gamma-Poisson shrinkage of returns of small cells to their parent, with the prior strength learned from the
cells.

Revenue of a cell is counted in orders of usual size and modelled as Poisson around spend times return;
returns vary around that of their parent as a Gamma. The strength is learned (empirical Bayes, Robbins
1956): a fixed one is too much where cells differ and too little where they do not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln
from scipy.stats import gamma

Numbers = npt.NDArray[np.float64]
STRENGTHS = np.exp(np.linspace(np.log(0.05), np.log(5_000), 120))
"""Grid of prior strengths, in orders of usual size."""
RANGE = (0.1, 0.9)
FEWEST_CELLS = 3
ALIKE = 20.0
"""Strength where too few cells can tell."""


@dataclass(frozen=True)
class ShrunkReturns:
    """Return per cell with its 80 % interval and standard deviation, and the prior strength used."""

    mean: Numbers
    low: Numbers
    high: Numbers
    spread: Numbers
    strength: float


def usual_order(revenue: Numbers, squares: Numbers) -> float:
    """Weight of one order, such that sums of orders vary as counts do (sum of squares over sum). 0 without
    revenue.
    """
    whole = float(revenue.sum())
    return float(squares.sum()) / whole if whole > 0 else 0.0


def draw(
    revenue: Numbers, spend: Numbers, parent: Numbers, *, order: float, parent_spread: Numbers | None = None
) -> ShrunkReturns:
    """Returns of cells shrunk to that of each one's `parent`. Uncertainty of strength and parent widens the
    range.

    Args:
        revenue: Of each cell, 0 or more.
        spend: Of each cell. Without spend a cell has its parent's return, and a range as wide as cells
            differ.
        parent: Return of the parent, 0 or more.
        order: As from `usual_order`.
        parent_spread: Standard deviation of the parent's return; none where it is left out.
    """
    level = np.maximum(parent, 1e-9)
    if order <= 0:
        nothing = np.zeros(len(revenue))
        return ShrunkReturns(nothing, nothing, np.full(len(revenue), np.nan), nothing, ALIKE)
    counts, expected = revenue / order, spend * level / order
    belief = strength_beliefs(counts, expected)
    shape, rate = STRENGTHS + counts[:, None], (STRENGTHS + expected[:, None]) / level[:, None]
    means, variances = shape / rate, shape / rate**2
    mean = means @ belief
    leaning = (STRENGTHS / (STRENGTHS + expected[:, None])) @ belief
    noise = np.zeros(len(level)) if parent_spread is None else leaning * parent_spread
    variance = variances @ belief + ((means - mean[:, None]) ** 2) @ belief + noise**2
    low, high = (
        np.asarray(gamma.ppf(end, mean**2 / variance, scale=variance / mean), dtype=float) for end in RANGE
    )
    return ShrunkReturns(mean, low, high, np.sqrt(variance), float(np.exp(np.log(STRENGTHS) @ belief)))


def strength_beliefs(counts: Numbers, expected: Numbers) -> Numbers:
    """Posterior probability of each of STRENGTHS given the cells' counts; all on ALIKE where there are too
    few cells.
    """
    exposed = expected > 0
    if exposed.sum() < FEWEST_CELLS:
        return (np.arange(len(STRENGTHS)) == np.argmin(np.abs(STRENGTHS - ALIKE))).astype(float)
    count, mean, k = counts[exposed][:, None], expected[exposed][:, None], STRENGTHS[None, :]
    chance = gammaln(k + count) - gammaln(k) + k * np.log(k / (k + mean)) + count * np.log(mean / (k + mean))
    # Every relative spread of the cells (1 / sqrt(strength)) is as likely beforehand: a few alike cells are
    # no proof that all are.
    whole = chance.sum(axis=0) - 0.5 * np.log(STRENGTHS)
    belief = np.exp(whole - whole.max())
    return belief / belief.sum()
