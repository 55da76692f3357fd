"""Whether a candidate is found again: on resampled customers, and in two halves of time."""

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import adjusted_rand, apply, overlaps
from assets.segments.discovery.candidates import TIERS, Candidate, TraitTrainingSet, build_candidate
from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.train_test_periods import EXPECTED

RESAMPLED, PEOPLE = 20, 5000


def bootstrap_stability(
    training: TraitTrainingSet, candidate: Candidate, *, seed: int, ratio: float
) -> tuple[np.ndarray, float, float]:
    """Mean Jaccard overlap of each group on bootstrap samples; mean and least adjusted Rand index of the
    whole.

    Model, tree and merging are repeated on every sample.
    """
    rng = np.random.default_rng(seed)
    count = len(candidate.rules)
    overlap, agreements = np.zeros((RESAMPLED, count)), np.zeros(RESAMPLED)
    groups = apply(candidate.rules, training.rows)
    for turn in range(RESAMPLED):
        people = rng.integers(len(training), size=min(len(training), PEOPLE))
        refitted = build_candidate(
            training.people(people), way=candidate.way, k=candidate.k, seed=seed + turn, ratio=ratio, starts=3
        )
        refitted_groups = (
            np.zeros(len(groups), dtype=int) if refitted is None else apply(refitted.rules, training.rows)
        )
        overlap[turn], agreements[turn] = (
            overlaps(groups, refitted_groups, count),
            adjusted_rand(groups, refitted_groups),
        )
    return overlap.mean(axis=0), float(agreements.mean()), float(agreements.min())


def time_half_agreement(
    first: TraitTrainingSet,
    second: TraitTrainingSet,
    rows: EncodedRows,
    candidate: Candidate,
    *,
    seed: int,
    ratio: float,
) -> float:
    """Adjusted Rand index, on `rows`, between the candidates built from each half of the training period.

    Tiers are compared by rank: amounts grow and shrink with trade, and the same share of customers is the
    same tier.
    """
    from_first, from_second = (
        build_candidate(half, way=candidate.way, k=candidate.k, seed=seed, ratio=ratio)
        for half in (first, second)
    )
    if from_first is None or from_second is None:
        return 0.0
    if candidate.way == TIERS:
        return adjusted_rand(_by_rank(from_first, rows), _by_rank(from_second, rows))
    return adjusted_rand(apply(from_first.rules, rows), apply(from_second.rules, rows))


def _by_rank(tiers: Candidate, rows: EncodedRows) -> np.ndarray:
    """Tiers of the same shares of these customers."""
    shares = np.cumsum(np.bincount(tiers.groups)) / len(tiers.groups)
    return np.searchsorted(shares[:-1], pd.Series(rows.numbers[EXPECTED.name]).rank(pct=True).to_numpy())
