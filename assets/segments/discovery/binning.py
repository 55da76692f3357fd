"""Tiers: ranges of one number, cut where they explain most of another, at round values."""

from itertools import pairwise

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import apply
from assets.segments.discovery.encoded_rows import EncodedRows, encode
from assets.segments.discovery.rules import Clause, Rule
from assets.segments.discovery.splits import rounded
from assets.segments.discovery.traits import Trait

STEPS = 100
"""Quantiles between which cuts are chosen."""
NEAR = 0.01
"""Share of customers by which a cut may move on either side to become a round number."""


def tiers(
    rows: pd.DataFrame | EncodedRows, trait: Trait, k: int, *, least: float, telling: np.ndarray | None = None
) -> tuple[Rule, ...]:
    """Rules over the k ranges of one number that explain most of `telling` (by default its own logarithm),
    lowest first.

    Each range has at least the share `least` of all customers; there are fewer ranges where k of that size
    do not exist.
    """
    values = encode(rows, (trait,)).numbers[trait.name]
    present = ~np.isnan(values)
    if not present.any():
        return ()
    target = np.log1p(values[present].clip(min=0)) if telling is None else telling[present]
    ordered = np.sort(values[present])
    cuts = _round_cuts(_breaks(values[present], target, k, (least + 2 * NEAR) * len(rows)), ordered)
    while cuts:
        sizes = np.diff([0, *np.searchsorted(ordered, cuts), len(ordered)]) / len(rows)
        small = int(np.argmin(sizes))
        if sizes[small] >= least:
            break
        # The smaller neighbour takes it: the cut between them goes.
        neighbours = [neighbour for neighbour in (small - 1, small + 1) if 0 <= neighbour < len(sizes)]
        cuts.pop(min(small, min(neighbours, key=lambda neighbour: sizes[neighbour])))
    return _ranges(trait, cuts)


def same_shares(
    rules: tuple[Rule, ...], source: pd.DataFrame, target: pd.DataFrame, trait: Trait
) -> tuple[Rule, ...]:
    """The rules moved so that each takes the same share of `target` as of `source`; unchanged where they are
    not tiers.

    Amounts grow and shrink with trade, and expected values with tenure: a tier is a share of customers.
    """
    values = source[trait.name].to_numpy(dtype=float, na_value=np.nan)
    at = apply(rules, source)[np.argsort(values, kind="stable")][: int((~np.isnan(values)).sum())]
    order = list(dict.fromkeys(at.tolist()))
    rank = {group: number for number, group in enumerate(order)}
    places = np.array([rank[group] for group in at.tolist()])
    ordered = np.sort(target[trait.name].dropna().to_numpy(dtype=float))
    if sorted(order) != list(range(len(rules))) or (np.diff(places) < 0).any() or not len(ordered):
        return rules
    shares = np.bincount(places).cumsum()[:-1] / len(places)
    moved = _ranges(trait, _round_cuts(np.quantile(ordered, shares).tolist(), ordered))
    return tuple(moved[rank[group]] for group in range(len(rules))) if len(moved) == len(rules) else rules


def _ranges(trait: Trait, cuts: list[float]) -> tuple[Rule, ...]:
    bounds: list[float | None] = [None, *cuts, None]
    return tuple(
        Rule(((Clause(trait, low=low, high=high),),))
        for low, high in pairwise(bounds)
        if low is not None or high is not None
    )


def _breaks(values: np.ndarray, target: np.ndarray, k: int, least: float) -> list[float]:
    """Lower bounds of all ranges but the first, of the best division into at most k (optimal 1-D partition,
    Fisher 1958).
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, STEPS + 1)[1:-1]))
    at = np.searchsorted(edges, values, side="right")
    people = np.concatenate([[0.0], np.bincount(at, minlength=len(edges) + 1).cumsum()])
    sums = np.concatenate([[0.0], np.bincount(at, weights=target, minlength=len(edges) + 1).cumsum()])
    count = len(people)
    size = people[None, :] - people[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(size >= max(least, 1), (sums[None, :] - sums[:, None]) ** 2 / size, -np.inf)
    best = np.full(count, -np.inf)
    best[0] = 0.0
    paths: list[np.ndarray] = []
    ends: list[float] = []
    for _ in range(k):
        whole = best[:, None] + part
        paths.append(whole.argmax(axis=0))
        best = whole.max(axis=0)
        ends.append(float(best[-1]))
    parts, end, cut_numbers = int(np.argmax(ends)), count - 1, []
    for path in reversed(paths[: parts + 1]):
        end = int(path[end])
        cut_numbers.append(end)
    return [float(edges[number - 1]) for number in reversed(cut_numbers) if number > 0]


def _round_cuts(breaks: list[float], present: np.ndarray) -> list[float]:
    step = max(1, int(NEAR * len(present)))
    round_cuts = []
    for cut in breaks:
        at = int(np.searchsorted(present, cut))
        low, high = present[max(0, at - step)], present[min(len(present) - 1, at + step)]
        if low < high:
            round_cuts.append(rounded(float(low), float(high)))
    return sorted(set(round_cuts))
