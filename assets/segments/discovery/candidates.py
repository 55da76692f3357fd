"""Candidates: groups as rules, made from the training period alone.

Four ways. *classes*: latent classes over traits and purchases, told by a tree. *cascade*: the same, told by the first trait that is known. *response*: a tree over traits that tells apart what
people bought, its leaves put together. *tiers*: where nothing but purchases is known, ranges of the value expected of customers, cut where they tell most of what is to come. Groups that bought alike in the training period would be treated alike and are put together.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.segments.discovery.agreement import apply
from assets.segments.discovery.binning import tiers
from assets.segments.discovery.cascade import cascade
from assets.segments.discovery.latent import NOT_ASKED, Coded, classes, shared, steps
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.splits import questions
from assets.segments.discovery.traits import Trait
from assets.segments.discovery.tree import grow, leaf_of, rule_of_leaves

CLASSES, CASCADE, RESPONSE, TIERS = "classes", "cascade", "response", "tiers"
LEAF_SHARE = 0.02
CLEAR = 2.6
"""Standard errors by which two groups differ in one of their outcomes to be two: about one in a hundred by chance."""


@dataclass(frozen=True, eq=False)
class Material:
    """What a candidate is made from: people with traits as they were at the end of some time, and what they bought in it.

    `rows` have what rules may ask; `together` what groups should have in common; `bought` (people x outcomes, NaN where an
    outcome does not apply) what they must differ in. `least` is the share of people that a tier must have, `telling` what tiers tell.
    """

    rows: pd.DataFrame
    traits: tuple[Trait, ...]
    together: Coded
    bought: np.ndarray
    least: float = 0.0
    telling: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def people(self, chosen: np.ndarray) -> "Material":
        return Material(
            self.rows.iloc[chosen],
            self.traits,
            self.together.rows(chosen),
            self.bought[chosen],
            self.least,
            None if self.telling is None else self.telling[chosen],
        )


@dataclass(frozen=True, eq=False)
class Proposal:
    """Groups that rules tell apart. `fidelity`: share of the model's labels that the rules give back."""

    way: str
    k: int
    rules: tuple[Rule, ...]
    groups: np.ndarray
    fidelity: float
    shared: float


def propose(
    material: Material, *, way: str, k: int, seed: int, ratio: float, starts: int = 4
) -> Proposal | None:
    """The candidate of one way and one k, None where fewer than two groups are left of it."""
    if way == CLASSES:
        labels, _ = classes(material.together, k, seed=seed, starts=starts)
        options: list[Proposal] = []
        for with_purchases in (False, True):
            made = _told(material, labels, k=k, ratio=ratio, with_purchases=with_purchases)
            if made is not None and made.fidelity >= 0.9:
                return made
            options += [made] if made is not None else []
        return max(options, key=lambda one: one.fidelity, default=None)
    if way == CASCADE:
        return _cascaded(material, k=k, seed=seed, ratio=ratio, starts=starts)
    if way == TIERS:
        return _tiered(material, k)
    targets = _response(material)
    asked, answers = _asked(material, targets, with_purchases=False)
    leaves = grow(answers, targets, least=_least(material))
    at = leaf_of(leaves, answers)
    means = np.stack([targets[at == leaf].mean(axis=0) for leaf in range(len(leaves))])
    group_of = _ward(means, np.bincount(at, minlength=len(leaves)), k)
    group_of = _alike_together(group_of[at], material.bought, ratio)[group_of]
    return _proposal(material, way, k, asked, leaves, group_of, at, fidelity=1.0)


def _tiered(material: Material, k: int) -> Proposal | None:
    rules = tiers(material.rows, material.traits[0], k, least=material.least, telling=material.telling)
    if len(rules) < 2:
        return None
    groups = np.maximum(apply(rules, material.rows), 0)
    return Proposal(TIERS, k, rules, groups, 1.0, shared(material.together, groups))


def _told(
    material: Material, labels: np.ndarray, *, k: int, ratio: float, with_purchases: bool
) -> Proposal | None:
    """Labels of a model, told by a tree; groups that bought alike are put together."""
    merged = _alike_together(labels, material.bought, ratio)[labels]
    targets = np.eye(int(merged.max()) + 1)[merged]
    if targets.shape[1] < 2:
        return None
    asked, answers = _asked(material, targets, with_purchases=with_purchases)
    leaves = grow(answers, targets, least=_least(material))
    at = leaf_of(leaves, answers)
    group_of = np.array([targets[at == leaf].sum(axis=0).argmax() for leaf in range(len(leaves))])
    fidelity = float((group_of[at] == merged).mean())
    return _proposal(material, CLASSES, k, asked, leaves, group_of, at, fidelity=fidelity)


def _cascaded(material: Material, *, k: int, seed: int, ratio: float, starts: int) -> Proposal | None:
    """Labels of a model, told by the first trait that knows; None where some group is never told."""
    labels, _ = classes(material.together, k, seed=seed, starts=starts)
    merged = _alike_together(labels, material.bought, ratio)[labels]
    traits = tuple(trait for trait in material.traits if not trait.is_purchase)
    rules = cascade(material.rows, traits, merged)
    if len(rules) < 2 or not all(rule.branches for rule in rules):
        return None
    groups = np.maximum(apply(rules, material.rows), 0)
    fidelity = float((groups == merged).mean())
    return Proposal(CASCADE, k, rules, groups, fidelity, shared(material.together, groups))


def _proposal(
    material: Material,
    way: str,
    k: int,
    asked: list,
    leaves: list,
    group_of: np.ndarray,
    at: np.ndarray,
    *,
    fidelity: float,
) -> Proposal | None:
    used, group_of = np.unique(group_of, return_inverse=True)
    if len(used) < 2:
        return None
    groups = group_of[at]
    rules = tuple(
        rule_of_leaves(
            [leaf for leaf, of in zip(leaves, group_of, strict=True) if of == group], asked, material.rows
        )
        for group in range(len(used))
    )
    return Proposal(way, k, rules, groups, fidelity, shared(material.together, groups))


def _asked(material: Material, targets: np.ndarray, *, with_purchases: bool) -> tuple[list, np.ndarray]:
    traits = tuple(trait for trait in material.traits if with_purchases or not trait.is_purchase)
    return questions(material.rows, traits, targets)


def _least(material: Material) -> int:
    return max(20, int(LEAF_SHARE * len(material)))


def _response(material: Material) -> np.ndarray:
    """What people bought, each outcome in levels: whichever way groups differ in it, a tree can tell."""
    blocks = []
    for outcome in material.bought.T:
        level = steps(outcome, missing_is_a_level=False)
        indicators = np.eye(max(int(level.max()) + 1, 1))[np.where(level == NOT_ASKED, 0, level)]
        mean = indicators[level != NOT_ASKED].mean(axis=0) if (level != NOT_ASKED).any() else 0.0
        blocks.append(np.where((level == NOT_ASKED)[:, None], mean, indicators))
    return np.hstack(blocks)


def _ward(means: np.ndarray, sizes: np.ndarray, k: int) -> np.ndarray:
    """Leaves put together into k groups, each time the two that cost the least."""
    groups = [[place] for place in range(len(means))]
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
    found = np.zeros(len(means), dtype=int)
    for number, members in enumerate(groups):
        found[members] = number
    return found


def _alike_together(groups: np.ndarray, bought: np.ndarray, ratio: float) -> np.ndarray:
    """Per group its new number: those that bought alike share one."""
    count = int(groups.max()) + 1
    number = np.arange(count)
    while len(np.unique(number)) > 1:
        current = number[groups]
        used = np.unique(number)
        closest = min(
            ((_apart(bought, current == a, current == b, ratio), a, b) for a in used for b in used if a < b),
            key=lambda one: one[0],
        )
        if closest[0] > CLEAR:
            break
        number[number == closest[2]] = closest[1]
    return np.searchsorted(np.unique(number), number)


def _apart(bought: np.ndarray, one: np.ndarray, other: np.ndarray, ratio: float) -> float:
    """Standard errors by which two groups differ, in the outcome where they differ most; 0 where no ratio is large enough."""
    found = 0.0
    for outcome in bought.T:
        a, b = outcome[one], outcome[other]
        a, b = a[~np.isnan(a)], b[~np.isnan(b)]
        if len(a) < 5 or len(b) < 5:
            continue
        means = a.mean(), b.mean()
        low, high = min(means), max(means)
        if high <= 0 or (low > 0 and high / low < ratio):
            continue
        error = np.sqrt(a.var() / len(a) + b.var() / len(b))
        found = max(found, (high - low) / error if error > 0 else np.inf)
    return found
