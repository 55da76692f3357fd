"""Candidates: groups of customers written as rules, built from the training period alone.

Five methods. *classes*: latent classes over traits and purchases, described by a tree. *cascade*: the same
classes, described by the first trait that is known. *response*: a tree over traits fitted to purchases,
its leaves merged by Ward's criterion. *mixture*: where no trait is associated with purchases, a Gaussian
mixture of log orders and log order value. *tiers*: where only purchases are known, ranges of expected
value, cut where they explain most of future value. Groups that bought alike in the training period are
merged: they would be treated alike.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from assets.segments.discovery.agreement import apply
from assets.segments.discovery.binning import tiers
from assets.segments.discovery.cascade import cascade
from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.latent import (
    NOT_ASKED,
    CodedTraits,
    classes,
    quantile_levels,
    shared_information,
)
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.splits import questions
from assets.segments.discovery.traits import Trait
from assets.segments.discovery.tree import grow, leaf_of, rule_of_leaves

CLASSES, CASCADE, RESPONSE, MIXTURE, TIERS = "classes", "cascade", "response", "mixture", "tiers"
LEAF_SHARE = 0.02
LEAST_BUYERS = 20
"""Buyers per component of a mixture."""
FEWEST = 5
"""People of a group below which its outcomes are not compared."""
CLEAR = 2.6
"""Standard errors by which two groups must differ in some outcome: about one in a hundred by chance."""


@dataclass(frozen=True, eq=False)
class TraitTrainingSet:
    """Customers with their traits at the end of a period, and what they bought in it.

    `rows` has the traits that rules may use; `together` the coded traits that groups should share;
    `bought` (people x outcomes, NaN where an outcome does not apply) what groups must differ in. `least`
    is the share of customers that a tier must have, `telling` the score that tiers should explain.
    """

    rows: EncodedRows
    traits: tuple[Trait, ...]
    together: CodedTraits
    bought: np.ndarray
    least: float = 0.0
    telling: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def people(self, chosen: np.ndarray) -> "TraitTrainingSet":
        return TraitTrainingSet(
            self.rows.take(chosen),
            self.traits,
            self.together.rows(chosen),
            self.bought[chosen],
            self.least,
            None if self.telling is None else self.telling[chosen],
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """Groups described by rules. `fidelity`: share of the model's labels that the rules reproduce."""

    way: str
    k: int
    rules: tuple[Rule, ...]
    groups: np.ndarray
    fidelity: float
    shared_information: float


def build_candidate(
    training: TraitTrainingSet, *, way: str, k: int, seed: int, ratio: float, starts: int = 4
) -> Candidate | None:
    """The candidate of one method and k; None where fewer than two groups are left."""
    if way == CLASSES:
        labels, _ = classes(training.together, k, seed=seed, starts=starts)
        options: list[Candidate] = []
        for with_purchases in (False, True):
            candidate = _described_by_tree(training, labels, k=k, ratio=ratio, with_purchases=with_purchases)
            if candidate is not None and candidate.fidelity >= 0.9:
                return candidate
            options += [candidate] if candidate is not None else []
        return max(options, key=lambda option: option.fidelity, default=None)
    if way == CASCADE:
        return _cascaded(training, k=k, seed=seed, ratio=ratio, starts=starts)
    if way == MIXTURE:
        labels = _mixture(training, k, seed=seed)
        return _described_by_tree(training, labels, k=k, ratio=ratio, with_purchases=True, way=MIXTURE)
    if way == TIERS:
        return _tiered(training, k)
    targets = _response(training)
    questions_asked, answers = _asked(training, targets, with_purchases=False)
    leaves = grow(answers, targets, least=_least(training))
    at = leaf_of(leaves, answers)
    means = np.stack([targets[at == leaf].mean(axis=0) for leaf in range(len(leaves))])
    group_of = _ward(means, np.bincount(at, minlength=len(leaves)), k)
    group_of = _merge_alike(group_of[at], training.bought, ratio)[group_of]
    return _proposal(training, way, k, questions_asked, leaves, group_of, at, fidelity=1.0)


def _mixture(training: TraitTrainingSet, k: int, *, seed: int) -> np.ndarray:
    """Components of a Gaussian mixture over log orders and log order value; those who never bought join
    the rarest buyers.
    """
    from sklearn.mixture import GaussianMixture  # noqa: PLC0415 — a second that other methods need not wait for

    orders, value = training.rows.numbers["orders"], training.rows.numbers["average_order"]
    has_bought = (orders > 0) & (value > 0)
    if has_bought.sum() < LEAST_BUYERS * k:
        return np.zeros(len(training), dtype=int)
    purchases = np.log(np.column_stack([orders[has_bought] + 0.5, value[has_bought]]))
    model = GaussianMixture(k, random_state=seed, reg_covar=1e-3).fit(purchases)
    labels = np.full(len(training), int(np.argmin(model.means_[:, 0])))
    labels[has_bought] = model.predict(purchases)
    return np.unique(labels, return_inverse=True)[1]


def _tiered(training: TraitTrainingSet, k: int) -> Candidate | None:
    rules = tiers(training.rows, training.traits[0], k, least=training.least, telling=training.telling)
    if len(rules) < 2:
        return None
    groups = np.maximum(apply(rules, training.rows), 0)
    return Candidate(TIERS, k, rules, groups, 1.0, shared_information(training.together, groups))


def _described_by_tree(
    training: TraitTrainingSet,
    labels: np.ndarray,
    *,
    k: int,
    ratio: float,
    with_purchases: bool,
    way: str = CLASSES,
) -> Candidate | None:
    """Class labels described by a tree; groups that bought alike are merged first."""
    merged = _merge_alike(labels, training.bought, ratio)[labels]
    targets = np.eye(int(merged.max()) + 1)[merged]
    if targets.shape[1] < 2:
        return None
    questions_asked, answers = _asked(training, targets, with_purchases=with_purchases)
    leaves = grow(answers, targets, least=_least(training))
    at = leaf_of(leaves, answers)
    group_of = np.array([targets[at == leaf].sum(axis=0).argmax() for leaf in range(len(leaves))])
    fidelity = float((group_of[at] == merged).mean())
    return _proposal(training, way, k, questions_asked, leaves, group_of, at, fidelity=fidelity)


def _cascaded(
    training: TraitTrainingSet, *, k: int, seed: int, ratio: float, starts: int
) -> Candidate | None:
    """Class labels described by the first trait that is known; None where some group is never described."""
    labels, _ = classes(training.together, k, seed=seed, starts=starts)
    merged = _merge_alike(labels, training.bought, ratio)[labels]
    traits = tuple(trait for trait in training.traits if not trait.is_purchase)
    rules = cascade(training.rows, traits, merged)
    if len(rules) < 2 or not all(rule.branches for rule in rules):
        return None
    groups = np.maximum(apply(rules, training.rows), 0)
    fidelity = float((groups == merged).mean())
    return Candidate(CASCADE, k, rules, groups, fidelity, shared_information(training.together, groups))


def _proposal(
    training: TraitTrainingSet,
    way: str,
    k: int,
    questions_asked: list,
    leaves: list,
    group_of: np.ndarray,
    at: np.ndarray,
    *,
    fidelity: float,
) -> Candidate | None:
    used, group_of = np.unique(group_of, return_inverse=True)
    if len(used) < 2:
        return None
    groups = group_of[at]
    rules = tuple(
        rule_of_leaves(
            [leaf for leaf, of in zip(leaves, group_of, strict=True) if of == group],
            questions_asked,
            training.rows,
        )
        for group in range(len(used))
    )
    return Candidate(way, k, rules, groups, fidelity, shared_information(training.together, groups))


def _asked(
    training: TraitTrainingSet, targets: np.ndarray, *, with_purchases: bool
) -> tuple[list, np.ndarray]:
    traits = tuple(trait for trait in training.traits if with_purchases or not trait.is_purchase)
    return questions(training.rows, traits, targets)


def _least(training: TraitTrainingSet) -> int:
    return max(20, int(LEAF_SHARE * len(training)))


def _response(training: TraitTrainingSet) -> np.ndarray:
    """Purchases in levels, one indicator each: a tree can split on any difference in their distribution."""
    blocks = []
    for outcome in training.bought.T:
        level = quantile_levels(outcome, missing_is_a_level=False)
        indicators = np.eye(max(int(level.max()) + 1, 1))[np.where(level == NOT_ASKED, 0, level)]
        mean = indicators[level != NOT_ASKED].mean(axis=0) if (level != NOT_ASKED).any() else 0.0
        blocks.append(np.where((level == NOT_ASKED)[:, None], mean, indicators))
    return np.hstack(blocks)


def _ward(means: np.ndarray, sizes: np.ndarray, k: int) -> np.ndarray:
    """Leaves merged into k groups, each time the pair that costs the least within-group variance (Ward
    1963).
    """
    groups = [[leaf] for leaf in range(len(means))]
    centres, weights = list(means), list(sizes.astype(float))
    while len(groups) > k:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
        i, j = min(
            pairs,
            key=lambda p: (
                weights[p[0]]
                * weights[p[1]]
                / (weights[p[0]] + weights[p[1]])
                * ((centres[p[0]] - centres[p[1]]) ** 2).sum()
            ),
        )
        whole = weights[i] + weights[j]
        centres[i] = (weights[i] * centres[i] + weights[j] * centres[j]) / whole
        weights[i], groups[i] = whole, groups[i] + groups[j]
        del groups[j], centres[j], weights[j]
    group_of = np.zeros(len(means), dtype=int)
    for number, members in enumerate(groups):
        group_of[members] = number
    return group_of


@dataclass(frozen=True)
class _Moments:
    """Per outcome and group: people, sum and sum of squares of the outcome around its overall mean."""

    people: np.ndarray
    sums: np.ndarray
    squares: np.ndarray
    centre: np.ndarray

    def merged(self, number: np.ndarray) -> "_Moments":
        """The moments of groups put together: `number` is each group's new number."""
        into = np.eye(int(number.max()) + 1)[number]
        return _Moments(self.people @ into, self.sums @ into, self.squares @ into, self.centre)


def _moments(groups: np.ndarray, bought: np.ndarray) -> _Moments:
    count = int(groups.max()) + 1
    parts, centres = [], []
    for outcome in bought.T:
        applies = ~np.isnan(outcome)
        centre = float(outcome[applies].mean()) if applies.any() else 0.0
        of, values = groups[applies], outcome[applies] - centre
        parts.append(
            [
                np.bincount(of, minlength=count),
                np.bincount(of, values, count),
                np.bincount(of, values**2, count),
            ]
        )
        centres.append(centre)
    people, sums, squares = np.array(parts, dtype=float).transpose(1, 0, 2)
    return _Moments(people, sums, squares, np.array(centres))


def _merge_alike(groups: np.ndarray, bought: np.ndarray, ratio: float) -> np.ndarray:
    """Per group its new number: groups that bought alike share one."""
    single = _moments(groups, bought)
    number = np.arange(single.people.shape[1])
    while number.max() > 0:
        merged = single.merged(number)
        distances = {pair: _apart(merged, *pair, ratio) for pair in combinations(range(number.max() + 1), 2)}
        (first, second), distance = min(distances.items(), key=lambda item: item[1])
        if distance > CLEAR:
            break
        number = np.where(number == second, first, number - (number > second))
    return number


def _apart(moments: _Moments, first: int, second: int, ratio: float) -> float:
    """Standard errors between two groups in the outcome where they differ most; 0 where no ratio is large
    enough.
    """
    largest = 0.0
    pair = [first, second]
    for outcome, centre in enumerate(moments.centre):
        people = moments.people[outcome, pair]
        if people.min() < FEWEST:
            continue
        offset = moments.sums[outcome, pair] / people
        variance = np.maximum(moments.squares[outcome, pair] / people - offset**2, 0.0)
        low, high = sorted((offset + centre).tolist())
        if high <= 0 or (low > 0 and high / low < ratio):
            continue
        error = float(np.sqrt((variance / people).sum()))
        largest = max(largest, (high - low) / error if error > 0 else np.inf)
    return largest
