"""Whether a candidate is found again: on resampled customers, and in two halves of time."""

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import adjusted_rand, apply, overlaps
from assets.segments.discovery.candidates import TIERS, Material, Proposal, propose
from assets.segments.discovery.train_test_periods import EXPECTED

RESAMPLED, PEOPLE = 20, 5000


def resampled(
    material: Material, proposal: Proposal, *, seed: int, ratio: float
) -> tuple[np.ndarray, float, float]:
    """Mean Jaccard overlap of each group with itself on resampled people; mean and least agreement of the whole.

    Everything is made again each time: the model, the tree and what is put together.
    """
    rng = np.random.default_rng(seed)
    count = len(proposal.rules)
    found, agreements = np.zeros((RESAMPLED, count)), np.zeros(RESAMPLED)
    own = apply(proposal.rules, material.rows)
    for turn in range(RESAMPLED):
        people = rng.integers(len(material), size=min(len(material), PEOPLE))
        again = propose(
            material.people(people), way=proposal.way, k=proposal.k, seed=seed + turn, ratio=ratio, starts=3
        )
        others = np.zeros(len(own), dtype=int) if again is None else apply(again.rules, material.rows)
        found[turn], agreements[turn] = overlaps(own, others, count), adjusted_rand(own, others)
    return found.mean(axis=0), float(agreements.mean()), float(agreements.min())


def halves(
    first: Material,
    second: Material,
    rows: pd.DataFrame,
    proposal: Proposal,
    *,
    seed: int,
    ratio: float,
) -> float:
    """Agreement, on `rows`, of what each half of the training period teaches.

    Tiers are compared by rank: money grows and shrinks with trade, and the same share of customers is the same tier.
    """
    one, other = (
        propose(half, way=proposal.way, k=proposal.k, seed=seed, ratio=ratio) for half in (first, second)
    )
    if one is None or other is None:
        return 0.0
    if proposal.way == TIERS:
        return adjusted_rand(_by_rank(one, rows), _by_rank(other, rows))
    return adjusted_rand(apply(one.rules, rows), apply(other.rules, rows))


def _by_rank(tiers: Proposal, rows: pd.DataFrame) -> np.ndarray:
    """Tiers of the same shares of these people."""
    shares = np.cumsum(np.bincount(tiers.groups)) / len(tiers.groups)
    return np.searchsorted(shares[:-1], rows[EXPECTED.name].rank(pct=True).to_numpy())
