"""Rules for customers of whom much is not known: the first trait that tells somebody's group decides, the next where it does not.

A tree of three questions loses whoever has no answer to one of them. Here each trait sorts those whom the traits before left open,
all its levels at once: "use case is payroll; or use case not known and pain is paperwork". Numbers decide nothing here: a tree does.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from assets.segments.discovery.rules import Clause, Rule
from assets.segments.discovery.traits import TEXT, Trait
from assets.segments.discovery.tree import MOST_NAMED

MOST_TRAITS = 3
SURE, FEWEST = 0.7, 5
"""Share of a level's people that one group must have for the level to decide, and people it must have."""
GAIN = 0.02
"""Share of all people that a further trait must put right, less those it puts wrong."""


class _Sorting(NamedTuple):
    """What one trait decides: group by level (missing is None), and what it leaves open."""

    trait: Trait
    decides: dict[str | None, int]
    open_levels: tuple[str, ...]
    gain: float


def cascade(rows: pd.DataFrame, traits: tuple[Trait, ...], labels: np.ndarray) -> tuple[Rule, ...]:
    """A rule per label; none where no trait decides. Whoever is left open in the end is with most of those left open."""
    count = int(labels.max(initial=-1)) + 1
    branches: list[list[tuple[Clause, ...]]] = [[] for _ in range(count)]
    before: tuple[Clause, ...] = ()
    is_open = np.ones(len(rows), dtype=bool)
    left = [trait for trait in traits if trait.kind == TEXT]
    for _ in range(MOST_TRAITS):
        found = [_sorting(rows[trait.name], trait, labels, is_open, count) for trait in left]
        best = max(found, key=lambda one: one.gain, default=None)
        if best is None or best.gain < GAIN * len(rows):
            break
        left.remove(best.trait)
        for group, clause in _deciding(best):
            branches[group].append((*before, clause))
            is_open &= ~clause.mask(rows)
        rest = _open(best, rows[best.trait.name])
        if rest is None:
            return tuple(Rule(tuple(one)) for one in branches)
        before = (*before, rest)
    if not before:
        return ()
    most = np.bincount(labels[is_open], minlength=count)
    branches[int(most.argmax())].append(before)
    return tuple(Rule(tuple(one)) for one in branches)


def _sorting(
    values: pd.Series, trait: Trait, labels: np.ndarray, is_open: np.ndarray, count: int
) -> _Sorting:
    codes, levels = pd.factorize(values, sort=True)
    codes = np.where(codes < 0, len(levels), codes)[is_open]
    table = np.bincount(codes * count + labels[is_open], minlength=(len(levels) + 1) * count)
    table = table.reshape(len(levels) + 1, count)
    people, top = table.sum(axis=1), table.max(axis=1)
    is_sure = (people >= FEWEST) & (top >= SURE * people)
    names = [*(str(level) for level in levels), None]
    decides = {names[place]: int(table[place].argmax()) for place in np.flatnonzero(is_sure)}
    opened = tuple(str(levels[place]) for place in range(len(levels)) if not is_sure[place])
    return _Sorting(trait, decides, opened, float((2 * top - people)[is_sure].sum()))


def _deciding(one: _Sorting) -> Iterator[tuple[int, Clause]]:
    for group in sorted(set(one.decides.values())):
        levels = [level for level, of in one.decides.items() if of == group]
        named = tuple(level for level in levels if level is not None)
        yield group, Clause(one.trait, named, is_missing_in=None in levels)


def _open(one: _Sorting, values: pd.Series) -> Clause | None:
    """Those that the trait leaves open, None where it leaves nobody."""
    missing = None not in one.decides and bool(values.isna().any())
    if len(one.open_levels) > MOST_NAMED:
        named = tuple(level for level in one.decides if level is not None)
        return Clause(one.trait, named, is_not=True, is_missing_in=missing)
    if not one.open_levels and not missing:
        return None
    return Clause(one.trait, one.open_levels, is_missing_in=missing)
