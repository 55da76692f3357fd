"""Binary questions that a tree may ask about traits.

Numbers are cut at few, round values; texts by one level or by levels with similar outcomes; missing has a
question of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.rules import Clause
from assets.segments.discovery.traits import FLAG, TEXT, Trait

CUTS, LEAST_SHARE, MOST_SUBSETS = 12, 0.02, 12


@dataclass(frozen=True)
class Question:
    """`yes` is the clause of a positive answer: levels of a text, at least `low` of a number, or missing."""

    yes: Clause

    @property
    def trait(self) -> Trait:
        return self.yes.trait


def questions(
    rows: EncodedRows, traits: tuple[Trait, ...], targets: np.ndarray
) -> tuple[list[Question], np.ndarray]:
    """The questions worth asking, and who answers yes (people x questions).

    Args:
        rows: Traits by person.
        traits: Traits that may be asked about.
        targets: What the tree should separate, people x columns; decides which levels of a text are grouped.
    """
    questions_and_masks = [
        question_and_mask
        for trait in traits
        for question_and_mask in (
            _of_text(*rows.text(trait.name), trait, targets)
            if trait.kind == TEXT
            else (
                (question, question.yes.mask(rows))
                for question in _of_number(rows.numbers[trait.name], trait)
            )
        )
    ]
    candidates = [question for question, _ in questions_and_masks]
    answers = (
        np.column_stack([mask for _, mask in questions_and_masks])
        if questions_and_masks
        else np.zeros((len(rows), 0), dtype=bool)
    )
    share = answers.mean(axis=0) if len(rows) else np.zeros(len(candidates))
    columns, seen = [], set()
    for column in np.flatnonzero((share >= LEAST_SHARE) & (share <= 1 - LEAST_SHARE)):
        mark = np.packbits(answers[:, column] != answers[0, column]).tobytes()
        if mark not in seen:
            seen.add(mark)
            columns.append(column)
    return [candidates[column] for column in columns], answers[:, columns]


def _of_number(numbers: np.ndarray, trait: Trait) -> Iterator[Question]:
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
    """Few values to cut these numbers at, as round as possible without moving many people."""
    different = np.unique(present)
    if len(different) <= CUTS + 1:
        return [rounded(low, high) for low, high in pairwise(different.tolist())]
    places = np.unique(np.quantile(present, np.linspace(0, 1, CUTS + 2)[1:-1]))
    above = np.searchsorted(different, places, side="right").clip(max=len(different) - 1)
    step = len(present) // (4 * CUTS)
    ordered = np.sort(present)
    chosen = []
    for quantile, nxt in zip(places, different[above], strict=True):
        at = np.searchsorted(ordered, quantile, side="right")
        low = ordered[max(0, at - step)] if step else quantile
        high = ordered[min(len(ordered) - 1, at + step)]
        chosen.append(rounded(low, high) if low < high else rounded(quantile, nxt))
    return sorted(set(chosen))


def rounded(low: float, high: float) -> float:
    """The roundest number above `low` and at most `high`."""
    for digits in range(-int(np.floor(np.log10(max(abs(high), 1e-12)))), 16):
        middle = (low + high) / 2
        for number in (round(middle, digits), np.ceil(middle * 10.0**digits) / 10.0**digits):
            if low < number <= high:
                return float(number)
    return float(high)


def _of_text(
    codes: np.ndarray, levels: np.ndarray, trait: Trait, targets: np.ndarray
) -> Iterator[tuple[Question, np.ndarray]]:
    """Questions about a text with their answers."""
    if (codes < 0).any():
        yield Question(Clause(trait, is_missing_in=True)), codes < 0
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    frequent = np.flatnonzero(counts >= max(5, LEAST_SHARE / 2 * len(codes)))
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
                yield (
                    Question(
                        Clause(trait, tuple(sorted(str(levels[level_number]) for level_number in chosen)))
                    ),
                    is_in[codes],
                )


def _orders(means: np.ndarray) -> Iterator[np.ndarray]:
    """Orderings of the levels by each target, highest mean first (Breiman 1984: sorted levels suffice)."""
    spread = np.argsort(-means.std(axis=1), kind="stable")[:7]
    for target in spread:
        yield np.argsort(-means[target], kind="stable")
