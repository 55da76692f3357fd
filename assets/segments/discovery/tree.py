"""Decision tree of depth three or less, grown with look-ahead: the best pair of questions, not the best next
one.

A greedy tree misses groups that only two questions together reveal. Below each of the most promising first
questions all pairs of further ones are tried, which matrix products over people make cheap.
"""

from dataclasses import dataclass

import numpy as np

from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.rules import Clause, Rule
from assets.segments.discovery.splits import Question
from assets.segments.discovery.traits import TEXT, Trait

FIRST_TRIED = 8
MOST_NAMED = 6
"""Levels that a rule lists; beyond that it lists those that are excluded."""
GAIN = 0.004
"""Share of the total sum of squares that a question must explain: it keeps rules short."""


@dataclass(frozen=True)
class Leaf:
    """A path of answers: question and whether it is yes."""

    path: tuple[tuple[int, bool], ...]


def grow(answers: np.ndarray, targets: np.ndarray, *, least: int) -> list[Leaf]:
    """Leaves of the best tree.

    Args:
        answers: People x questions.
        targets: People x columns; the tree explains their between-group sum of squares. Labels as indicators.
        least: Least people in a leaf.
    """
    yes_indicators = answers.astype(np.float32)
    mean = targets.mean(axis=0)
    wanted = (targets - mean).astype(np.float32)
    labels = _labels(targets)
    whole = max(float((wanted**2).sum()), 1e-12)
    if not yes_indicators.shape[1]:
        return [Leaf(())]
    single = _explained(yes_indicators, wanted, least)
    everybody = _sums(yes_indicators, wanted, labels, mean)
    best: tuple[float, list[Leaf]] = (0.0, [Leaf(())])
    for first in np.argsort(-single, kind="stable")[:FIRST_TRIED]:
        if single[first] <= 0:
            break
        leaves, total = [], 0.0
        for answer, side in _sides(
            everybody, answers[:, first], yes_indicators, wanted, labels, mean
        ).items():
            explained, paths = _two_more(side, least, whole)
            total += explained
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


def _explained(yes_indicators: np.ndarray, wanted: np.ndarray, least: int) -> np.ndarray:
    """Sum of squares between the two sides of each question, -1 where a side is too small."""
    yes = yes_indicators.sum(axis=0)
    sums = yes_indicators.T @ wanted
    no, rest = len(yes_indicators) - yes, wanted.sum(axis=0) - sums
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = (sums**2).sum(axis=1) / yes + (rest**2).sum(axis=1) / no
    return np.where((yes >= least) & (no >= least), explained, -1.0)


@dataclass(frozen=True)
class _Sums:
    """Sufficient statistics of some people: counts of yes per question and pair of questions, and sums of the
    targets.
    """

    people: int
    total: np.ndarray
    yes: np.ndarray
    sums: np.ndarray
    pairs: np.ndarray
    both: np.ndarray

    def __sub__(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.people - other.people,
            self.total - other.total,
            self.yes - other.yes,
            self.sums - other.sums,
            self.pairs - other.pairs,
            self.both - other.both,
        )


def _sums(
    yes_indicators: np.ndarray, wanted: np.ndarray, labels: np.ndarray | None, mean: np.ndarray
) -> _Sums:
    pairs = yes_indicators.T @ yes_indicators
    both = _sums_of_pairs(yes_indicators, wanted, pairs, labels, mean)
    return _Sums(
        len(yes_indicators),
        wanted.sum(axis=0),
        yes_indicators.sum(axis=0),
        yes_indicators.T @ wanted,
        pairs,
        both,
    )


def _sides(
    everybody: _Sums,
    answer: np.ndarray,
    yes_indicators: np.ndarray,
    wanted: np.ndarray,
    labels: np.ndarray | None,
    mean: np.ndarray,
) -> dict[bool, _Sums]:
    """Sums of the people who answer yes and of the others: the smaller side is computed, the other is the
    difference.
    """
    fewer = bool(answer.mean() <= 0.5)
    inside = answer == fewer
    smaller_side = _sums(
        yes_indicators[inside], wanted[inside], None if labels is None else labels[inside], mean
    )
    return (
        {True: smaller_side, False: everybody - smaller_side}
        if fewer
        else {True: everybody - smaller_side, False: smaller_side}
    )


def _two_more(of: _Sums, least: int, whole: float) -> tuple[float, list[tuple[tuple[int, bool], ...]]]:
    """The best two levels below a first answer: what they explain, and their paths. Fewer where more is not
    worth it.
    """
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
            for answer, third in ((True, left_place[second]), (False, right_place[second])):
                start = ((second, answer),)
                paths += (
                    [start] if third < 0 else [(*start, (int(third), True)), (*start, (int(third), False))]
                )
            gained = float(value[second]) + GAIN * whole * sum(
                third >= 0 for third in (left_place[second], right_place[second])
            )
            options.append((gained, paths))
    return max(options, key=lambda option: option[0] - GAIN * whole * (len(option[1]) - 1))


def _sums_of_pairs(
    yes_indicators: np.ndarray,
    wanted: np.ndarray,
    pairs: np.ndarray,
    labels: np.ndarray | None,
    mean: np.ndarray,
) -> np.ndarray:
    """Sums of `wanted` over the people who answer yes to both of two questions: questions x questions x
    columns.

    For centred indicators of labels, each person contributes to one column's product alone.
    """
    if labels is None:
        return np.stack(
            [(yes_indicators * column[:, None]).T @ yes_indicators for column in wanted.T], axis=2
        )
    parts = (yes_indicators[labels == label] for label in range(wanted.shape[1]))
    return np.stack(
        [part.T @ part - np.float32(of) * pairs for part, of in zip(parts, mean, strict=True)], axis=2
    )


def _best_below(
    count: np.ndarray, side: np.ndarray, inner: np.ndarray, inner_sums: np.ndarray, least: int, price: float
) -> tuple[np.ndarray, np.ndarray]:
    """Per second question the best third one on one of its sides, less its price; -1 where none is worth
    it.
    """
    rest, rest_sums = count[:, None] - inner, side[:, None, :] - inner_sums
    with np.errstate(divide="ignore", invalid="ignore"):
        explained = _squares(inner_sums) / inner + _squares(rest_sums) / rest
        alone = (side**2).sum(axis=1) / count
    explained = np.where((inner >= least) & (rest >= least), explained - price, -np.inf)
    third = np.argmax(explained, axis=1)
    best = explained[np.arange(len(explained)), third]
    is_worth_it = best > alone
    return np.where(is_worth_it, best, np.nan_to_num(alone)), np.where(is_worth_it, third, -1)


def _squares(sums: np.ndarray) -> np.ndarray:
    """Sums of squares over the columns."""
    return np.asarray(np.einsum("ijc,ijc->ij", sums, sums))


def leaf_of(leaves: list[Leaf], answers: np.ndarray) -> np.ndarray:
    """Per person the number of its leaf."""
    leaf_numbers = np.zeros(len(answers), dtype=int)
    for number, leaf in enumerate(leaves):
        inside = np.ones(len(answers), dtype=bool)
        for question, answer in leaf.path:
            inside &= answers[:, question] == answer
        leaf_numbers[inside] = number
    return leaf_numbers


def rule_of_leaves(leaves: list[Leaf], questions_asked: list[Question], rows: EncodedRows) -> Rule:
    """The rule of everybody in these leaves; `rows` supply the levels and which traits have missing
    values.
    """
    paths = _without_redundant_answers([leaf.path for leaf in leaves])
    return Rule(tuple(_branch(path, questions_asked, rows) for path in paths))


def _without_redundant_answers(
    paths: list[tuple[tuple[int, bool], ...]],
) -> list[tuple[tuple[int, bool], ...]]:
    """Merges paths that differ in one answer alone into one path without that question."""
    remaining = list(paths)
    for i, path in enumerate(remaining):
        for j in range(i + 1, len(remaining)):
            differing = set(path) ^ set(remaining[j])
            if len(differing) == 2 and len({question for question, _ in differing}) == 1:
                joined = tuple(step for step in path if step not in differing)
                rest = [other_path for number, other_path in enumerate(remaining) if number not in {i, j}]
                return _without_redundant_answers([*rest, joined])
    return sorted(remaining)


def _branch(
    path: tuple[tuple[int, bool], ...], questions_asked: list[Question], rows: EncodedRows
) -> tuple[Clause, ...]:
    by_trait: dict[Trait, list[tuple[Clause, bool]]] = {}
    for question, answer in path:
        clause = questions_asked[question].yes
        by_trait.setdefault(clause.trait, []).append((clause, answer))
    joined = {TEXT: _texts_joined}
    return tuple(
        joined.get(trait.kind, _numbers_joined)(trait, answers, rows) for trait, answers in by_trait.items()
    )


def _is_bare(clause: Clause) -> bool:
    return not clause.levels and clause.low is None


def _texts_joined(trait: Trait, answers: list[tuple[Clause, bool]], rows: EncodedRows) -> Clause:
    """A path's answers about a text, as the levels that remain: platforms target what is, not what is not."""
    missing = rows.has_missing(trait.name)
    left = set(rows.text(trait.name)[1].tolist())
    for clause, answer in answers:
        if _is_bare(clause):
            left, missing = (set(), missing) if answer else (left, False)
        elif answer:
            left, missing = left & set(clause.levels), False
        else:
            left -= set(clause.levels)
    without = {level for clause, answer in answers if not answer for level in clause.levels}
    if len(left) > MOST_NAMED and len(without) < len(left):
        return Clause(trait, tuple(sorted(without)), is_not=True, is_missing_in=missing)
    return Clause(trait, tuple(sorted(left)), is_missing_in=missing)


def _numbers_joined(trait: Trait, answers: list[tuple[Clause, bool]], rows: EncodedRows) -> Clause:
    """A path's answers about a number, as one range."""
    missing = rows.has_missing(trait.name)
    low, high = -np.inf, np.inf
    for clause, answer in answers:
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
