"""How far two ways of grouping the same people agree."""

import numpy as np
import pandas as pd

from assets.segments.discovery.rules import Rule

NOBODYS = -1
"""Somebody that no rule takes."""


def apply(rules: tuple[Rule, ...], rows: pd.DataFrame) -> np.ndarray:
    """Per person the place of the first rule that holds, `NOBODYS` where none does."""
    found = np.full(len(rows), NOBODYS)
    for place in reversed(range(len(rules))):
        found[rules[place].mask(rows)] = place
    return found


def table(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """People by group of one and group of the other."""
    a, b = (np.unique(groups, return_inverse=True)[1] for groups in (one, other))
    return np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(
        a.max() + 1, -1
    )


def adjusted_rand(one: np.ndarray, other: np.ndarray) -> float:
    """Agreement of two groupings: 1 the same, about 0 by chance."""
    if not len(one):
        return 0.0
    counts = table(one, other).astype(float)
    pairs = counts * (counts - 1) / 2
    rows, columns, n = counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    by_row, by_column = (rows * (rows - 1) / 2).sum(), (columns * (columns - 1) / 2).sum()
    chance = by_row * by_column / max(n * (n - 1) / 2, 1e-12)
    most = (by_row + by_column) / 2
    return 1.0 if most == chance else float((pairs.sum() - chance) / (most - chance))


def overlaps(groups: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
    """Per group of the first `count` its largest Jaccard overlap with any group of the others."""
    found = np.zeros(count)
    for group in range(count):
        own = groups == group
        for other in np.unique(others[others != NOBODYS]):
            theirs = others == other
            found[group] = max(found[group], (own & theirs).sum() / max((own | theirs).sum(), 1))
    return found
