"""The questions a rule may ask of customers, each with yes or no: which a tree is then grown from.

Numbers are cut at few, round places; texts by one level or by levels that go together; missing is asked for by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from assets.segments.discovery.rules import Clause
from assets.segments.discovery.traits import FLAG, TEXT, Trait

CUTS, LEAST_SHARE, MOST_SUBSETS = 12, 0.02, 12


@dataclass(frozen=True)
class Question:
    """`yes` is the clause of those who say yes: levels of a text, at least `low` of a number, or not known."""

    yes: Clause

    @property
    def trait(self) -> Trait:
        return self.yes.trait


def questions(
    rows: pd.DataFrame, traits: tuple[Trait, ...], targets: np.ndarray
) -> tuple[list[Question], np.ndarray]:
    """The questions worth asking, and who says yes (people x questions).

    Args:
        rows: Traits by person.
        traits: What may be asked of.
        targets: What a tree is to tell apart, people x columns; says which levels of a text go together.
    """
    found = [
        one
        for trait in traits
        for one in (
            _of_text(rows[trait.name], trait, targets)
            if trait.kind == TEXT
            else ((question, question.yes.mask(rows)) for question in _of_number(rows[trait.name], trait))
        )
    ]
    asked = [question for question, _ in found]
    answers = np.column_stack([mask for _, mask in found]) if found else np.zeros((len(rows), 0), dtype=bool)
    share = answers.mean(axis=0) if len(rows) else np.zeros(len(asked))
    kept, seen = [], set()
    for place in np.flatnonzero((share >= LEAST_SHARE) & (share <= 1 - LEAST_SHARE)):
        mark = np.packbits(answers[:, place] != answers[0, place]).tobytes()
        if mark not in seen:
            seen.add(mark)
            kept.append(place)
    return [asked[place] for place in kept], answers[:, kept]


def _of_number(values: pd.Series, trait: Trait) -> Iterator[Question]:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    present = numbers[~np.isnan(numbers)]
    if len(present) < len(numbers):
        yield Question(Clause(trait, is_missing_in=True))
    if not len(present):
        return
    if trait.kind == FLAG:
        yield Question(Clause(trait, low=1.0))
        return
    for cut in cuts(present):
        yield Question(Clause(trait, low=cut))


def cuts(present: np.ndarray) -> list[float]:
    """Few places to cut these numbers, as round as they can be without moving many people."""
    different = np.unique(present)
    if len(different) <= CUTS + 1:
        return [rounded(low, high) for low, high in pairwise(different.tolist())]
    places = np.unique(np.quantile(present, np.linspace(0, 1, CUTS + 2)[1:-1]))
    above = np.searchsorted(different, places, side="right").clip(max=len(different) - 1)
    step = len(present) // (4 * CUTS)
    ordered = np.sort(present)
    found = []
    for place, nxt in zip(places, different[above], strict=True):
        at = np.searchsorted(ordered, place, side="right")
        low = ordered[max(0, at - step)] if step else place
        high = ordered[min(len(ordered) - 1, at + step)]
        found.append(rounded(low, high) if low < high else rounded(place, nxt))
    return sorted(set(found))


def rounded(low: float, high: float) -> float:
    """The roundest number above `low` and at most `high`."""
    for digits in range(-int(np.floor(np.log10(max(abs(high), 1e-12)))), 16):
        middle = (low + high) / 2
        for number in (round(middle, digits), np.ceil(middle * 10.0**digits) / 10.0**digits):
            if low < number <= high:
                return float(number)
    return float(high)


def _of_text(values: pd.Series, trait: Trait, targets: np.ndarray) -> Iterator[tuple[Question, np.ndarray]]:
    """Questions of a text with who says yes, told by the levels' numbers: comparing texts again and again is slow."""
    codes, levels = pd.factorize(values, sort=True)
    if (codes < 0).any():
        yield Question(Clause(trait, is_missing_in=True)), codes < 0
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    frequent = np.flatnonzero(counts >= max(5, LEAST_SHARE / 2 * len(values)))
    for level in frequent:
        yield Question(Clause(trait, (str(levels[level]),))), codes == level
    if len(frequent) < 3:
        return
    sums = [
        np.bincount(codes[codes >= 0], weights=target[codes >= 0], minlength=len(levels))
        for target in targets.T
    ]
    means = np.stack(sums)[:, frequent] / counts[frequent]
    seen = set()
    for ordered in _orders(means):
        for size in range(2, min(len(frequent) - 1, MOST_SUBSETS) + 1):
            chosen = frozenset(frequent[ordered[:size]].tolist())
            if len(chosen) < len(frequent) and chosen not in seen:
                seen.add(chosen)
                is_in = np.append(np.isin(np.arange(len(levels)), list(chosen)), False)
                yield Question(Clause(trait, tuple(sorted(str(levels[one]) for one in chosen)))), is_in[codes]


def _orders(means: np.ndarray) -> Iterator[np.ndarray]:
    """Levels by how much they have of each target, the most first."""
    spread = np.argsort(-means.std(axis=1), kind="stable")[:7]
    for place in spread:
        yield np.argsort(-means[place], kind="stable")
