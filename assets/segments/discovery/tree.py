"""A tree of depth three or less that tells groups apart, grown with look-ahead: the best pair of questions, not the best next one.

A greedy tree misses groups that only two questions together show. Under each of the most promising first questions all pairs of
further ones are tried, which sums over people make cheap.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.rules import Clause, Rule
from assets.segments.discovery.splits import Question
from assets.segments.discovery.traits import TEXT, Trait

FIRST_TRIED = 8
MOST_NAMED = 6
"""Levels that a rule names; of more it names those that are out."""
GAIN = 0.004
"""Share of the whole that a question must explain to be asked: rules stay short."""


@dataclass(frozen=True)
class Leaf:
    """A path of answers: question and whether it is yes."""

    path: tuple[tuple[int, bool], ...]


def grow(answers: np.ndarray, targets: np.ndarray, *, least: int) -> list[Leaf]:
    """Leaves of the best tree found.

    Args:
        answers: People x questions.
        targets: People x columns; between-group sum of squares is what a tree is to explain. Labels as indicators.
        least: People that every leaf has.
    """
    asked = answers.astype(np.float32)
    mean = targets.mean(axis=0)
    wanted = (targets - mean).astype(np.float32)
    labels = _labels(targets)
    whole = max(float((wanted**2).sum()), 1e-12)
    if not asked.shape[1]:
        return [Leaf(())]
    single = _explained(asked, wanted, least)
    everybody = _sums(asked, wanted, labels, mean)
    best: tuple[float, list[Leaf]] = (0.0, [Leaf(())])
    for first in np.argsort(-single, kind="stable")[:FIRST_TRIED]:
        if single[first] <= 0:
            break
        leaves, total = [], 0.0
        for answer, side in _sides(everybody, answers[:, first], asked, wanted, labels, mean).items():
            found, paths = _two_more(side, least, whole)
            total += found
            leaves += [Leaf(((int(first), answer), *path)) for path in paths]
        total -= GAIN * whole * (len(leaves) - 1)
        if total > best[0]:
            best = total, leaves
    return best[1]


def _labels(targets: np.ndarray) -> np.ndarray | None:
    """The column of each person where targets are indicators of labels, else None."""
    is_one = targets == 1
    return (
        targets.argmax(axis=1)
        if (is_one.sum(axis=1) == 1).all() and ((targets == 0) | is_one).all()
        else None
    )


def _explained(asked: np.ndarray, wanted: np.ndarray, least: int) -> np.ndarray:
    """Sum of squares between the two sides of each question, -1 where a side is too small."""
    yes = asked.sum(axis=0)
    sums = asked.T @ wanted
    no, rest = len(asked) - yes, wanted.sum(axis=0) - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (sums**2).sum(axis=1) / yes + (rest**2).sum(axis=1) / no
    return np.where((yes >= least) & (no >= least), found, -1.0)


@dataclass(frozen=True)
class _Sums:
    """What a tree needs to know of some people: how many say yes to each question and to each two, and what is to be told of these."""

    people: int
    total: np.ndarray
    yes: np.ndarray
    sums: np.ndarray
    pairs: np.ndarray
    both: np.ndarray

    def __sub__(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.people - other.people, self.total - other.total, self.yes - other.yes, self.sums - other.sums,
            self.pairs - other.pairs, self.both - other.both,
        )  # fmt: skip


def _sums(asked: np.ndarray, wanted: np.ndarray, labels: np.ndarray | None, mean: np.ndarray) -> _Sums:
    pairs = asked.T @ asked
    both = _sums_of_pairs(asked, wanted, pairs, labels, mean)
    return _Sums(len(asked), wanted.sum(axis=0), asked.sum(axis=0), asked.T @ wanted, pairs, both)


def _sides(
    everybody: _Sums, answer: np.ndarray, asked: np.ndarray, wanted: np.ndarray, labels: np.ndarray | None, mean: np.ndarray
) -> dict[bool, _Sums]:  # fmt: skip
    """The sums of those who say yes to a question and of the others: those of the fewer are made, the rest is what is left."""
    fewer = bool(answer.mean() <= 0.5)
    inside = answer == fewer
    own = _sums(asked[inside], wanted[inside], None if labels is None else labels[inside], mean)
    return {True: own, False: everybody - own} if fewer else {True: everybody - own, False: own}


def _two_more(of: _Sums, least: int, whole: float) -> tuple[float, list[tuple[tuple[int, bool], ...]]]:
    """The best two levels below a first answer: what they explain, and their paths. Fewer where more is not worth it."""
    people, total, yes, sums, pairs, both = of.people, of.total, of.yes, of.sums, of.pairs, of.both
    alone = float((total**2).sum()) / max(people, 1)
    options: list[tuple[float, list[tuple[tuple[int, bool], ...]]]] = [(alone, [()])]
    if people >= 2 * least:
        sides = {}
        for answer in (True, False):
            count = yes if answer else people - yes
            side = sums if answer else total - sums
            inner = pairs if answer else yes[None, :] - pairs
            inner_sums = both if answer else sums[None, :, :] - both
            sides[answer] = _best_below(count, side, inner, inner_sums, least, GAIN * whole)
        (left, left_place), (right, right_place) = sides[True], sides[False]
        value = np.where((yes >= least) & (people - yes >= least), left + right, -np.inf)
        second = int(np.argmax(value))
        if np.isfinite(value[second]):
            paths: list[tuple[tuple[int, bool], ...]] = []
            for answer, place in ((True, left_place[second]), (False, right_place[second])):
                start = ((second, answer),)
                paths += (
                    [start] if place < 0 else [(*start, (int(place), True)), (*start, (int(place), False))]
                )
            gained = float(value[second]) + GAIN * whole * sum(
                place >= 0 for place in (left_place[second], right_place[second])
            )
            options.append((gained, paths))
    return max(options, key=lambda one: one[0] - GAIN * whole * (len(one[1]) - 1))


def _sums_of_pairs(
    asked: np.ndarray, wanted: np.ndarray, pairs: np.ndarray, labels: np.ndarray | None, mean: np.ndarray
) -> np.ndarray:
    """Sums of `wanted` over the people who say yes to both of two questions: questions x questions x columns.

    Where it is indicators less their mean, each person is in one column's product alone.
    """
    if labels is None:
        return np.stack([(asked * column[:, None]).T @ asked for column in wanted.T], axis=2)
    parts = (asked[labels == place] for place in range(wanted.shape[1]))
    return np.stack(
        [part.T @ part - np.float32(of) * pairs for part, of in zip(parts, mean, strict=True)], axis=2
    )


def _best_below(
    count: np.ndarray, side: np.ndarray, inner: np.ndarray, inner_sums: np.ndarray, least: int, price: float
) -> tuple[np.ndarray, np.ndarray]:
    """Per second question the best third one on one of its sides, less its price; -1 where none is worth it."""
    rest, rest_sums = count[:, None] - inner, side[:, None, :] - inner_sums
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _squares(inner_sums) / inner + _squares(rest_sums) / rest
        alone = (side**2).sum(axis=1) / count
    found = np.where((inner >= least) & (rest >= least), found - price, -np.inf)
    place = np.argmax(found, axis=1)
    best = found[np.arange(len(found)), place]
    is_worth_it = best > alone
    return np.where(is_worth_it, best, np.nan_to_num(alone)), np.where(is_worth_it, place, -1)


def _squares(sums: np.ndarray) -> np.ndarray:
    """Sums of squares over the columns."""
    return np.asarray(np.einsum("ijc,ijc->ij", sums, sums))


def leaf_of(leaves: list[Leaf], answers: np.ndarray) -> np.ndarray:
    """Per person the place of its leaf."""
    found = np.zeros(len(answers), dtype=int)
    for place, leaf in enumerate(leaves):
        inside = np.ones(len(answers), dtype=bool)
        for question, answer in leaf.path:
            inside &= answers[:, question] == answer
        found[inside] = place
    return found


def rule_of_leaves(leaves: list[Leaf], asked: list[Question], rows: pd.DataFrame) -> Rule:
    """The rule of everybody in these leaves; `rows` tell which levels there are, and of which traits nothing is missing."""
    paths = _without_answers_that_do_not_matter([leaf.path for leaf in leaves])
    return Rule(tuple(_branch(path, asked, rows) for path in paths))


def _without_answers_that_do_not_matter(
    paths: list[tuple[tuple[int, bool], ...]],
) -> list[tuple[tuple[int, bool], ...]]:
    """Two paths that differ in one answer alone are one path without that question."""
    found = list(paths)
    for i, one in enumerate(found):
        for j in range(i + 1, len(found)):
            differing = set(one) ^ set(found[j])
            if len(differing) == 2 and len({question for question, _ in differing}) == 1:
                joined = tuple(step for step in one if step not in differing)
                rest = [path for place, path in enumerate(found) if place not in {i, j}]
                return _without_answers_that_do_not_matter([*rest, joined])
    return sorted(found)


def _branch(
    path: tuple[tuple[int, bool], ...], asked: list[Question], rows: pd.DataFrame
) -> tuple[Clause, ...]:
    by_trait: dict[Trait, list[tuple[Clause, bool]]] = {}
    for question, answer in path:
        clause = asked[question].yes
        by_trait.setdefault(clause.trait, []).append((clause, answer))
    joined = {TEXT: _texts_joined}
    return tuple(
        joined.get(trait.kind, _numbers_joined)(trait, said, rows[trait.name])
        for trait, said in by_trait.items()
    )


def _is_bare(clause: Clause) -> bool:
    return not clause.levels and clause.low is None


def _texts_joined(trait: Trait, said: list[tuple[Clause, bool]], values: pd.Series) -> Clause:
    """Everything that a path says of a text, as the levels that are left: a platform targets what is, not what is not."""
    missing = bool(values.isna().any())
    left = {str(level) for level in values.dropna().unique()}
    for clause, answer in said:
        if _is_bare(clause):
            left, missing = (set(), missing) if answer else (left, False)
        elif answer:
            left, missing = left & set(clause.levels), False
        else:
            left -= set(clause.levels)
    without = {level for clause, answer in said if not answer for level in clause.levels}
    if len(left) > MOST_NAMED and len(without) < len(left):
        return Clause(trait, tuple(sorted(without)), is_not=True, is_missing_in=missing)
    return Clause(trait, tuple(sorted(left)), is_missing_in=missing)


def _numbers_joined(trait: Trait, said: list[tuple[Clause, bool]], values: pd.Series) -> Clause:
    """Everything that a path says of a number, as one range."""
    missing = bool(values.isna().any())
    low, high = -np.inf, np.inf
    for clause, answer in said:
        if _is_bare(clause):
            if answer:
                return Clause(trait, is_missing_in=True)
            missing = False
        elif answer:
            low, missing = max(low, clause.low or 0.0), False
        else:
            high = min(high, clause.low or 0.0)
    is_open = bool(np.isinf(low))
    return Clause(
        trait,
        low=None if is_open else float(low),
        high=None if np.isinf(high) else float(high),
        is_missing_in=missing and is_open,
    )
