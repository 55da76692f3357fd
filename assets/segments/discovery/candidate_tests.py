"""Candidates put to the six tests: which are tried, in which order, and what each test found."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from assets.segments.discovery.acceptance import Difference, closest, difference, least_people
from assets.segments.discovery.agreement import NOBODYS, adjusted_rand, apply
from assets.segments.discovery.binning import same_shares
from assets.segments.discovery.candidates import (
    CASCADE,
    CLASSES,
    RESPONSE,
    TIERS,
    Material,
    Proposal,
    propose,
)
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.train_test_periods import (
    EXPECTED,
    TENURE,
    Periods,
    material,
    relevant,
    tier_material,
)
from assets.segments.discovery.traits import Trait
from resources.policy.segments import Segments

MOST_TESTED, MOST_LOOKED = 3, 8
"""Candidates that are put to all tests, and those of which is asked whether two halves of time teach them."""
MARGIN = 1.03
"""Tiers are made a little larger than they must be: they keep their shares of customers but for the rounding of bounds."""
KS = range(2, 8)
Test = dict[str, Any]


@dataclass(frozen=True, eq=False)
class View:
    """One way to look at customers: what candidates are made from, whole and by halves of time, and how they are made."""

    ways: tuple[str, ...]
    whole: Material
    halves: tuple[Material, Material]
    rows_of_halves: pd.DataFrame
    traits: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Ground:
    """What all candidates are tested on."""

    periods: Periods
    policy: Segments
    seed: int
    there: np.ndarray
    rows: pd.DataFrame
    outcomes: pd.DataFrame
    now: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Trial:
    """A candidate with its tests: per rule, and whether the candidate as a whole holds."""

    proposal: Proposal
    tests: tuple[dict[str, Test], ...]
    holds: bool
    difference: Difference
    means: pd.DataFrame
    """Mean outcomes in the time of the tests, by rule."""
    now: tuple[Rule, ...]
    """The rules as they are today: tiers keep their shares of customers."""

    @property
    def kept(self) -> tuple[int, ...]:
        """Places of the rules that are segments; none where fewer than two would be left."""
        if not self.holds:
            return ()
        return tuple(
            place for place, tests in enumerate(self.tests) if all(one["passed"] for one in tests.values())
        )


def ground_of(periods: Periods, policy: Segments, *, seed: int, foretold: bool = False) -> Ground:
    """`foretold`: a rule asks for the value that is expected of customers. Without any trait there is nothing else to ask for."""
    foretold = foretold or not _usable(periods)
    there = periods.there_by(periods.split)
    rows = periods.rows(periods.split, foretold=foretold)
    return Ground(
        periods,
        policy,
        seed,
        there,
        rows.loc[there],
        periods.outcomes().loc[there].reset_index(drop=True),
        periods.rows(periods.as_of, foretold=foretold),
    )


def _usable(periods: Periods) -> tuple[Trait, ...]:
    """Traits that may form segments: how long somebody is known only says who was there."""
    return tuple(trait for trait in periods.known.traits if trait.name != TENURE)


def view_of(ground: Ground) -> View | None:
    """The view to search for segments in: traits that have to do with purchases; without any trait, purchases alone."""
    periods, policy = ground.periods, ground.policy
    usable = _usable(periods)
    chosen = _sample(ground)
    rows = ground.rows.iloc[chosen]
    if not usable:
        return _tiers(ground, chosen) if policy.tiers_by_value else None
    traits = relevant(rows, usable)
    people = np.flatnonzero(ground.there)[chosen]
    early = people[periods.there_by(periods.middle)[people]]
    late_rows = periods.rows(periods.split, since=periods.middle).iloc[people]
    return View(
        (CLASSES, CASCADE, RESPONSE) if traits else (CLASSES,),
        material(rows, traits),
        (material(periods.rows(periods.middle).iloc[early], traits), material(late_rows, traits)),
        late_rows,
        tuple(trait.name for trait in traits),
    )


def _tiers(ground: Ground, chosen: np.ndarray) -> View | None:
    """Breaks of expected value as they were half-way and at the end of the training period."""
    periods = ground.periods
    people = np.flatnonzero(ground.there)[chosen]
    early = people[periods.there_by(periods.middle)[people]]
    if len(early) < ground.policy.least_customers / 2:
        return None
    least = _least_tier(ground)
    whole = tier_material(ground.rows.iloc[chosen], least=least)
    first = tier_material(periods.rows(periods.middle, foretold=True).iloc[early], least=least)
    return View((TIERS,), whole, (first, whole), ground.rows.iloc[chosen], ("expected_value",))


def _least_tier(ground: Ground) -> float:
    return least_people(len(ground.now), ground.policy) / max(len(ground.now), 1) * MARGIN


def today_of(proposal: Proposal, ground: Ground) -> tuple[Rule, ...]:
    """The rules as of today. Tiers are cut anew by what is expected now, where that still divides customers as it was tested; else they
    keep their shares of customers.
    """
    if proposal.way != TIERS:
        return proposal.rules
    kept = same_shares(proposal.rules, ground.rows, ground.now, EXPECTED)
    anew = propose(tier_material(ground.now, least=_least_tier(ground)), way=TIERS, k=proposal.k, seed=ground.seed, ratio=1.0)  # fmt: skip
    if anew is None or len(anew.rules) != len(kept):
        return kept
    one, other = apply(anew.rules, ground.now), apply(kept, ground.now)
    return anew.rules if adjusted_rand(one, other) >= ground.policy.acceptance.stability else kept


def _sample(ground: Ground) -> np.ndarray:
    people = np.arange(len(ground.rows))
    if len(people) <= ground.policy.sample:
        return people
    return np.sort(np.random.default_rng(ground.seed).choice(people, ground.policy.sample, replace=False))


def proposals(view: View, policy: Segments, *, seed: int) -> list[Proposal]:
    """Candidates of every way and k, the best first: by what their groups have in common, tiers by their number."""
    found = []
    for way in view.ways:
        for k in KS:
            if way == TIERS and k > policy.most:
                continue
            made = propose(view.whole, way=way, k=k, seed=seed, ratio=policy.acceptance.action_ratio)
            found += [] if made is None else [made]
    if view.ways == (TIERS,):
        return sorted(found, key=lambda one: -len(one.rules))
    return sorted(found, key=lambda one: -one.shared)


def worth_testing(found: Iterable[Proposal], policy: Segments) -> tuple[list[Proposal], dict[int, str]]:
    """The few that may be tested, and why the others (by id) are not."""
    chosen: list[Proposal] = []
    why: dict[int, str] = {}
    for one in found:
        if one.way != TIERS and one.shared <= 0:
            why[id(one)] = "its groups have no more in common than chance gives"
        elif len(one.rules) > policy.most:
            why[id(one)] = f"{len(one.rules)} groups are more than anybody operates"
        elif one.fidelity < policy.acceptance.fidelity:
            why[id(one)] = f"no short rule tells its groups apart ({one.fidelity:.0%} of labels)"
        elif any(adjusted_rand(one.groups, other.groups) > 0.95 for other in chosen):
            why[id(one)] = "the same groups as a candidate before it"
        elif len(chosen) >= MOST_LOOKED:
            why[id(one)] = f"{MOST_LOOKED} candidates had more in common"
        else:
            chosen.append(one)
    return chosen, why


def put_to_test(
    proposal: Proposal,
    ground: Ground,
    *,
    tried: int,
    jaccard: np.ndarray,
    stability: float,
    resampled: tuple[float, float],
    today: tuple[Rule, ...],
) -> Trial:
    """The six tests of one candidate, given how well it is found again and what its rules are today."""
    limits = ground.policy.acceptance
    groups = apply(proposal.rules, ground.rows)
    differing = difference(
        groups, ground.outcomes, tried=tried, seed=ground.seed, confidence=limits.confidence
    )
    now = apply(today, ground.now)
    needed = least_people(len(ground.now), ground.policy)
    shared_tests = {
        "stability": test_of(stability, limits.stability),
        "difference": difference_test(differing, limits),
        "fidelity": test_of(proposal.fidelity, limits.fidelity),
    }
    apart = _nearest(groups, ground.outcomes)
    tests = tuple(
        {
            "jaccard": test_of(float(jaccard[place]), limits.jaccard)
            | {"agreement": round(resampled[0], 4), "agreement_least": round(resampled[1], 4)},
            **shared_tests,
            "size": test_of(int((now == place).sum()), needed),
            "action": test_of(apart.get(place, 0.0), limits.action_ratio),
        }
        for place in range(len(proposal.rules))
    )
    means = ground.outcomes.groupby(groups).mean().reindex(range(len(proposal.rules)))
    holds = all(one["passed"] for one in shared_tests.values())
    return Trial(proposal, tests, holds, differing, means, today)


def test_of(value: float, needs: float) -> Test:
    rounded = value if isinstance(value, int) else round(min(value, 1e6), 4)
    return {"value": rounded, "needs": needs, "passed": bool(value >= needs)}


def difference_test(found: Difference, limits: Any) -> Test:
    ratio = found.ratio
    is_large = ratio is not None and ratio.value >= limits.ratio and ratio.least > 1
    return {
        "value": round(1 - found.chance, 4), "needs": limits.confidence,
        "ratio": None if ratio is None else round(ratio.value, 3), "ratio_needs": limits.ratio,
        "ratio_low": None if ratio is None else round(ratio.least, 3), "ratio_high": None if ratio is None else round(min(ratio.most, 1e6), 3),
        "outcome": None if ratio is None else ratio.outcome,
        "explained": {name: round(share, 4) for name, share in found.explained.items()},
        "passed": bool(found.chance <= 1 - limits.confidence and is_large),
    }  # fmt: skip


def with_different_actions(proposal: Proposal, ground: Ground) -> Proposal:
    """Groups closer than policy's action_ratio in every outcome of the later time put together, the closest first."""
    ratio = ground.policy.acceptance.action_ratio
    while len(proposal.rules) > 2:
        found = closest(apply(proposal.rules, ground.rows), ground.outcomes)
        if found is None or found[0] >= ratio:
            break
        _, a, b = found
        number = np.array([place - (place > b) for place in range(len(proposal.rules))])
        number[b] = number[a]
        rules = [rule for place, rule in enumerate(proposal.rules) if place != b]
        rules[a] = Rule((*proposal.rules[a].branches, *proposal.rules[b].branches))
        proposal = replace(proposal, rules=tuple(rules), groups=number[proposal.groups])
    return proposal


def _nearest(groups: np.ndarray, outcomes: pd.DataFrame) -> dict[int, float]:
    """Per group the largest ratio of an outcome to the group it is closest to."""
    used = [int(group) for group in np.unique(groups) if group != NOBODYS]
    found = {}
    for group in used:
        pairs = [
            closest(np.where(np.isin(groups, [group, other]), groups, NOBODYS), outcomes)
            for other in used
            if other != group
        ]
        found[group] = min((pair[0] for pair in pairs if pair is not None), default=0.0)
    return found
