"""Returns of small cells, drawn to what they belong to by as much as the cells themselves say they are alike.

Revenue of a cell is counted in orders of the usual size and taken for a Poisson count around spend times return; returns of cells are spread
around that of their parent by a Gamma. How tightly is learned from the cells (empirical Bayes): a fixed strength is too much where they differ
and too little where they do not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln
from scipy.stats import gamma

Numbers = npt.NDArray[np.float64]
STRENGTHS = np.exp(np.linspace(np.log(0.05), np.log(5_000), 120))
"""Usual orders' worth of belief in the parent that are tried."""
RANGE = (0.1, 0.9)
FEWEST_CELLS = 3
ALIKE = 20.0
"""Strength where too few cells tell."""


@dataclass(frozen=True)
class Drawn:
    """Return per cell with its 80 % interval and standard deviation, and how strongly they were drawn."""

    mean: Numbers
    low: Numbers
    high: Numbers
    spread: Numbers
    strength: float


def usual_order(revenue: Numbers, squares: Numbers) -> float:
    """Value that one order is counted as: such that sums of orders vary as the counts do. 0 without revenue."""
    whole = float(revenue.sum())
    return float(squares.sum()) / whole if whole > 0 else 0.0


def draw(
    revenue: Numbers, spend: Numbers, parent: Numbers, *, order: float, parent_spread: Numbers | None = None
) -> Drawn:
    """Returns of cells around that of the `parent` of each. What is not known of the strength and of the parent widens the range.

    Args:
        revenue: Of each cell, 0 or more.
        spend: Of each cell. One without spend has no return of its own: it gets its parent's, and a range as wide as cells differ.
        parent: Return of what the cell belongs to, 0 or more.
        order: As `usual_order` tells it.
        parent_spread: Standard deviation of the parent's return; nothing where it is left out.
    """
    level = np.maximum(parent, 1e-9)
    if order <= 0:
        nothing = np.zeros(len(revenue))
        return Drawn(nothing, nothing, np.full(len(revenue), np.nan), nothing, ALIKE)
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
    return Drawn(mean, low, high, np.sqrt(variance), float(np.exp(np.log(STRENGTHS) @ belief)))


def strength_beliefs(counts: Numbers, expected: Numbers) -> Numbers:
    """How probable each of STRENGTHS is, given the cells' counts; all on ALIKE where too few cells tell."""
    told = expected > 0
    if told.sum() < FEWEST_CELLS:
        return (np.arange(len(STRENGTHS)) == np.argmin(np.abs(STRENGTHS - ALIKE))).astype(float)
    count, mean, k = counts[told][:, None], expected[told][:, None], STRENGTHS[None, :]
    chance = gammaln(k + count) - gammaln(k) + k * np.log(k / (k + mean)) + count * np.log(mean / (k + mean))
    # Every relative spread of the cells (1 / sqrt(strength)) is as likely beforehand: a few alike cells are no proof that all are.
    whole = chance.sum(axis=0) - 0.5 * np.log(STRENGTHS)
    belief = np.exp(whole - whole.max())
    return belief / belief.sum()
