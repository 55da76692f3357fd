"""Agreement between two groupings of the same customers."""

import numpy as np
import pandas as pd

from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.rules import Rule

NOBODYS = -1
"""Group of a customer that no rule takes."""


def apply(rules: tuple[Rule, ...], rows: pd.DataFrame | EncodedRows) -> np.ndarray:
    """Per customer the number of the first rule that holds, `NOBODYS` where none does."""
    groups = np.full(len(rows), NOBODYS)
    for number in reversed(range(len(rules))):
        groups[rules[number].mask(rows)] = number
    return groups


def table(groups: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Contingency table of two groupings."""
    a, b = (np.unique(labels, return_inverse=True)[1] for labels in (groups, others))
    return np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(
        a.max() + 1, -1
    )


def adjusted_rand(groups: np.ndarray, others: np.ndarray) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985): 1 for the same grouping, about 0 by chance."""
    if not len(groups):
        return 0.0
    counts = table(groups, others).astype(float)
    pairs = counts * (counts - 1) / 2
    rows, columns, n = counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    by_row, by_column = (rows * (rows - 1) / 2).sum(), (columns * (columns - 1) / 2).sum()
    chance = by_row * by_column / max(n * (n - 1) / 2, 1e-12)
    most = (by_row + by_column) / 2
    return 1.0 if most == chance else float((pairs.sum() - chance) / (most - chance))


def overlaps(groups: np.ndarray, others: np.ndarray, count: int) -> np.ndarray:
    """Per group of the first `count` its largest Jaccard overlap with any group of the other grouping."""
    largest = np.zeros(count)
    for group in range(count):
        members = groups == group
        for other in np.unique(others[others != NOBODYS]):
            other_members = others == other
            largest[group] = max(
                largest[group], (members & other_members).sum() / max((members | other_members).sum(), 1)
            )
    return largest
