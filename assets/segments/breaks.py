"""Tiers: numbers cut where they leave the least spread within each part (natural breaks), at round places."""

from itertools import pairwise

import numpy as np
import pandas as pd

from assets.segments.rules import Clause, Rule
from assets.segments.splits import rounded
from assets.segments.traits import Trait

ROUNDS = 200
NEAR = 0.01
"""Share of people that a cut may move on either side to become a round number."""


def tiers(rows: pd.DataFrame, trait: Trait, k: int, *, least: float) -> tuple[Rule, ...]:
    """Up to k rules over one number, from the lowest; parts with less than the share `least` go with their neighbour."""
    values = rows[trait.name].to_numpy(dtype=float, na_value=np.nan)
    present = np.sort(values[~np.isnan(values)])
    if not len(present):
        return ()
    cuts = _round_cuts(np.expm1(_breaks(np.log1p(present.clip(min=0)), k)), present)
    while cuts:
        sizes = np.diff([0, *np.searchsorted(present, cuts), len(present)]) / len(rows)
        small = int(np.argmin(sizes))
        if sizes[small] >= least:
            break
        # The smaller neighbour takes it: the cut between them goes.
        neighbours = [place for place in (small - 1, small + 1) if 0 <= place < len(sizes)]
        cuts.pop(min(small, min(neighbours, key=lambda place: sizes[place])))
    bounds: list[float | None] = [None, *cuts, None]
    return tuple(
        Rule(((Clause(trait, low=low, high=high),),))
        for low, high in pairwise(bounds)
        if low is not None or high is not None
    )


def _breaks(ordered: np.ndarray, k: int) -> np.ndarray:
    centres = np.quantile(ordered, (np.arange(k) + 0.5) / k)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    for _ in range(ROUNDS):
        ends = np.concatenate(
            [[0], np.searchsorted(ordered, (centres[1:] + centres[:-1]) / 2), [len(ordered)]]
        )
        counts = np.diff(ends)
        means = np.where(counts > 0, np.diff(sums[ends]) / np.maximum(counts, 1), centres)
        if np.allclose(means, centres):
            break
        centres = means
    return (centres[1:] + centres[:-1]) / 2


def _round_cuts(breaks: np.ndarray, present: np.ndarray) -> list[float]:
    step = max(1, int(NEAR * len(present)))
    found = []
    for cut in breaks:
        at = int(np.searchsorted(present, cut))
        low, high = present[max(0, at - step)], present[min(len(present) - 1, at + step)]
        if low < high:
            found.append(rounded(float(low), float(high)))
    return sorted(set(found))
