"""Rules for customers with many unknown traits: the first known trait that decides a customer's group.

A tree of three questions loses customers without an answer to one of them. Here each trait sorts those
whom the earlier traits left open, all its levels at once: "use case is payroll; or use case not known and
pain is paperwork". Numbers are left to the tree.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from assets.segments.discovery.encoded_rows import EncodedRows, encode
from assets.segments.discovery.rules import Clause, Rule
from assets.segments.discovery.traits import TEXT, Trait
from assets.segments.discovery.tree import MOST_NAMED

MOST_TRAITS = 3
SURE, FEWEST = 0.7, 5
"""Share of a level's customers that one group must have for the level to decide, and customers it must
have.
"""
GAIN = 0.02
"""Share of all customers that a further trait must put right, less those it puts wrong."""


class _Sorting(NamedTuple):
    """What one trait decides: group by level (missing is None), and the levels it leaves open."""

    trait: Trait
    decides: dict[str | None, int]
    open_levels: tuple[str, ...]
    gain: float


def cascade(
    rows: pd.DataFrame | EncodedRows, traits: tuple[Trait, ...], labels: np.ndarray
) -> tuple[Rule, ...]:
    """A rule per label; none where no trait decides. Customers left open join the largest group among
    them.
    """
    rows = encode(rows, traits)
    count = int(labels.max(initial=-1)) + 1
    branches: list[list[tuple[Clause, ...]]] = [[] for _ in range(count)]
    before: tuple[Clause, ...] = ()
    is_open = np.ones(len(rows), dtype=bool)
    left = [trait for trait in traits if trait.kind == TEXT]
    for _ in range(MOST_TRAITS):
        sortings = [_sorting(rows, trait, labels, is_open, count) for trait in left]
        best = max(sortings, key=lambda sorting: sorting.gain, default=None)
        if best is None or best.gain < GAIN * len(rows):
            break
        left.remove(best.trait)
        for group, clause in _deciding(best):
            branches[group].append((*before, clause))
            is_open &= ~clause.mask(rows)
        rest = _open(best, rows)
        if rest is None:
            return tuple(Rule(tuple(group_branches)) for group_branches in branches)
        before = (*before, rest)
    if not before:
        return ()
    most = np.bincount(labels[is_open], minlength=count)
    branches[int(most.argmax())].append(before)
    return tuple(Rule(tuple(group_branches)) for group_branches in branches)


def _sorting(
    rows: EncodedRows, trait: Trait, labels: np.ndarray, is_open: np.ndarray, count: int
) -> _Sorting:
    codes, levels = rows.text(trait.name)
    codes = np.where(codes < 0, len(levels), codes)[is_open]
    table = np.bincount(codes * count + labels[is_open], minlength=(len(levels) + 1) * count)
    table = table.reshape(len(levels) + 1, count)
    people, top = table.sum(axis=1), table.max(axis=1)
    is_sure = (people >= FEWEST) & (top >= SURE * people)
    names = [*(str(level) for level in levels), None]
    decides = {names[number]: int(table[number].argmax()) for number in np.flatnonzero(is_sure)}
    opened = tuple(str(levels[number]) for number in range(len(levels)) if not is_sure[number])
    return _Sorting(trait, decides, opened, float((2 * top - people)[is_sure].sum()))


def _deciding(sorting: _Sorting) -> Iterator[tuple[int, Clause]]:
    for group in sorted(set(sorting.decides.values())):
        levels = [level for level, of in sorting.decides.items() if of == group]
        named = tuple(level for level in levels if level is not None)
        yield group, Clause(sorting.trait, named, is_missing_in=None in levels)


def _open(sorting: _Sorting, rows: EncodedRows) -> Clause | None:
    """Clause of the customers that the trait leaves open, None where there are none."""
    missing = None not in sorting.decides and rows.has_missing(sorting.trait.name)
    if len(sorting.open_levels) > MOST_NAMED:
        named = tuple(level for level in sorting.decides if level is not None)
        return Clause(sorting.trait, named, is_not=True, is_missing_in=missing)
    if not sorting.open_levels and not missing:
        return None
    return Clause(sorting.trait, sorting.open_levels, is_missing_in=missing)
