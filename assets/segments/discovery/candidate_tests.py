"""Six acceptance tests of a candidate: which candidates are tested, in which order, and each test's
result.
"""

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
    MIXTURE,
    RESPONSE,
    TIERS,
    Candidate,
    TraitTrainingSet,
    build_candidate,
)
from assets.segments.discovery.encoded_rows import EncodedRows
from assets.segments.discovery.rules import Rule
from assets.segments.discovery.train_test_periods import (
    EXPECTED,
    TENURE,
    Periods,
    relevant_traits,
    tier_training_set,
    training_set,
)
from assets.segments.discovery.traits import Trait
from resources.policy.segments import Segments

MOST_TESTED, MOST_LOOKED = 3, 8
"""Candidates that get all six tests, and candidates whose stability over time is measured."""
MARGIN = 1.03
"""Factor on the least size of a tier: rounding its bounds may cost it a few customers."""
KS = range(2, 8)
Test = dict[str, Any]


@dataclass(frozen=True, eq=False)
class CandidateInputs:
    """What candidates are built from: the training set as a whole and by halves of time, and the methods to
    use.
    """

    ways: tuple[str, ...]
    whole: TraitTrainingSet
    halves: tuple[TraitTrainingSet, TraitTrainingSet]
    rows_of_halves: EncodedRows
    traits: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class EvaluationData:
    """What all candidates are tested on: customers present at the split, their later outcomes, and all
    customers today.
    """

    periods: Periods
    policy: Segments
    seed: int
    there: np.ndarray
    rows: pd.DataFrame
    outcomes: pd.DataFrame
    now: pd.DataFrame


@dataclass(frozen=True, eq=False)
class CandidateResult:
    """A candidate with its tests per rule, and whether the tests of the candidate as a whole passed."""

    candidate: Candidate
    tests: tuple[dict[str, Test], ...]
    holds: bool
    difference: Difference
    means: pd.DataFrame
    """Mean outcomes in the test period, by rule."""
    now: tuple[Rule, ...]
    """The rules as of today: tiers keep their shares of customers."""

    @property
    def kept(self) -> tuple[int, ...]:
        """Numbers of the rules that become segments; none where fewer than two would be left."""
        if not self.holds:
            return ()
        return tuple(
            number
            for number, tests in enumerate(self.tests)
            if all(test["passed"] for test in tests.values())
        )


def evaluation_data(
    periods: Periods, policy: Segments, *, seed: int, with_expected_value: bool = False
) -> EvaluationData:
    """Data that all candidates are tested on.

    `with_expected_value`: a rule uses the expected value of customers. Without any trait it is the only
    one to use.
    """
    with_expected_value = with_expected_value or not _usable(periods)
    there = periods.present_by(periods.split)
    rows = periods.rows(periods.split, with_expected_value=with_expected_value)
    return EvaluationData(
        periods,
        policy,
        seed,
        there,
        rows.loc[there],
        periods.outcomes().loc[there].reset_index(drop=True),
        periods.rows(periods.as_of, with_expected_value=with_expected_value),
    )


def _usable(periods: Periods) -> tuple[Trait, ...]:
    """Traits that may form segments. Tenure is excluded: it leaks who existed in the training period."""
    return tuple(trait for trait in periods.known.traits if trait.name != TENURE)


def candidate_inputs(evaluation: EvaluationData) -> CandidateInputs | None:
    """Inputs of the search: traits associated with purchases; without any trait, purchases alone."""
    periods, policy = evaluation.periods, evaluation.policy
    usable = _usable(periods)
    chosen = _sample(evaluation)
    rows = evaluation.rows.iloc[chosen]
    if not usable:
        return _tiers(evaluation, chosen) if policy.tiers_by_value else None
    traits = relevant_traits(rows, usable)
    people = np.flatnonzero(evaluation.there)[chosen]
    early = people[periods.present_by(periods.middle)[people]]
    late_rows = periods.rows(periods.split, since=periods.middle).iloc[people]
    every_trait = periods.known.traits
    late = training_set(late_rows, traits, every_trait)
    return CandidateInputs(
        (CLASSES, CASCADE, RESPONSE) if traits else (MIXTURE, CLASSES),
        training_set(rows, traits, every_trait),
        (training_set(periods.rows(periods.middle).iloc[early], traits, every_trait), late),
        late.rows,
        tuple(trait.name for trait in traits),
    )


def _tiers(evaluation: EvaluationData, chosen: np.ndarray) -> CandidateInputs | None:
    """Inputs for tiers of expected value: as of half-way through the training period, and as of its end."""
    periods = evaluation.periods
    people = np.flatnonzero(evaluation.there)[chosen]
    early = people[periods.present_by(periods.middle)[people]]
    if len(early) < evaluation.policy.least_customers / 2:
        return None
    least = _least_tier(evaluation)
    whole = tier_training_set(evaluation.rows.iloc[chosen], least=least)
    first = tier_training_set(periods.rows(periods.middle, with_expected_value=True).iloc[early], least=least)
    return CandidateInputs((TIERS,), whole, (first, whole), whole.rows, ("expected_value",))


def _least_tier(evaluation: EvaluationData) -> float:
    return least_people(len(evaluation.now), evaluation.policy) / max(len(evaluation.now), 1) * MARGIN


def rules_today(candidate: Candidate, evaluation: EvaluationData) -> tuple[Rule, ...]:
    """The rules as of today.

    Tiers are cut again from today's expected values if that agrees with the tested division, else they
    keep their shares.
    """
    if candidate.way != TIERS:
        return candidate.rules
    same_share_rules = same_shares(candidate.rules, evaluation.rows, evaluation.now, EXPECTED)
    recut = build_candidate(
        tier_training_set(evaluation.now, least=_least_tier(evaluation)),
        way=TIERS,
        k=candidate.k,
        seed=evaluation.seed,
        ratio=1.0,
    )
    if recut is None or len(recut.rules) != len(same_share_rules):
        return same_share_rules
    recut_groups, same_share_groups = (
        apply(recut.rules, evaluation.now),
        apply(same_share_rules, evaluation.now),
    )
    return (
        recut.rules
        if adjusted_rand(recut_groups, same_share_groups) >= evaluation.policy.acceptance.stability
        else same_share_rules
    )


def _sample(evaluation: EvaluationData) -> np.ndarray:
    people = np.arange(len(evaluation.rows))
    if len(people) <= evaluation.policy.sample:
        return people
    return np.sort(
        np.random.default_rng(evaluation.seed).choice(people, evaluation.policy.sample, replace=False)
    )


def build_candidates(inputs: CandidateInputs, policy: Segments, *, seed: int) -> list[Candidate]:
    """Candidates of every method and k, best first: by shared information, tiers by their number."""
    candidates = []
    for way in inputs.ways:
        for k in KS:
            if way == TIERS and k > policy.most:
                continue
            candidate = build_candidate(
                inputs.whole, way=way, k=k, seed=seed, ratio=policy.acceptance.action_ratio
            )
            candidates += [] if candidate is None else [candidate]
    if inputs.ways == (TIERS,):
        return sorted(candidates, key=lambda candidate: -len(candidate.rules))
    return sorted(candidates, key=lambda candidate: -candidate.shared_information)


def select_for_testing(
    candidates: Iterable[Candidate], policy: Segments
) -> tuple[list[Candidate], dict[int, str]]:
    """The few candidates worth testing, and by id why the others are not."""
    chosen: list[Candidate] = []
    why: dict[int, str] = {}
    for candidate in candidates:
        if candidate.way != TIERS and candidate.shared_information <= 0:
            why[id(candidate)] = "its groups have no more in common than chance gives"
        elif len(candidate.rules) > policy.most:
            why[id(candidate)] = f"{len(candidate.rules)} groups are more than anybody operates"
        elif candidate.fidelity < policy.acceptance.fidelity:
            why[id(candidate)] = f"no short rule tells its groups apart ({candidate.fidelity:.0%} of labels)"
        elif any(adjusted_rand(candidate.groups, other.groups) > 0.95 for other in chosen):
            why[id(candidate)] = "the same groups as a candidate before it"
        elif len(chosen) >= MOST_LOOKED:
            why[id(candidate)] = f"{MOST_LOOKED} candidates had more in common"
        else:
            chosen.append(candidate)
    return chosen, why


def run_tests(
    candidate: Candidate,
    evaluation: EvaluationData,
    *,
    tried: int,
    jaccard: np.ndarray,
    stability: float,
    agreement: tuple[float, float],
    today: tuple[Rule, ...],
) -> CandidateResult:
    """The six tests of one candidate, given its stability under resampling and over time and today's
    rules.
    """
    limits = evaluation.policy.acceptance
    groups = apply(candidate.rules, evaluation.rows)
    differing = difference(
        groups, evaluation.outcomes, tried=tried, seed=evaluation.seed, confidence=limits.confidence
    )
    now = apply(today, evaluation.now)
    needed = least_people(len(evaluation.now), evaluation.policy)
    shared_tests = {
        "stability": threshold_test(stability, limits.stability),
        "difference": difference_test(differing, limits),
        "fidelity": threshold_test(candidate.fidelity, limits.fidelity),
    }
    apart = _nearest(groups, evaluation.outcomes)
    tests = tuple(
        {
            "jaccard": (
                threshold_test(float(jaccard[number]), limits.jaccard)
                | {
                    "agreement": round(agreement[0], 4),
                    "agreement_least": round(agreement[1], 4),
                }
            ),
            **shared_tests,
            "size": threshold_test(int((now == number).sum()), needed),
            "action": threshold_test(apart.get(number, 0.0), limits.action_ratio),
        }
        for number in range(len(candidate.rules))
    )
    means = evaluation.outcomes.groupby(groups).mean().reindex(range(len(candidate.rules)))
    holds = all(test["passed"] for test in shared_tests.values())
    return CandidateResult(candidate, tests, holds, differing, means, today)


def threshold_test(value: float, needs: float) -> Test:
    rounded = value if isinstance(value, int) else round(min(value, 1e6), 4)
    return {"value": rounded, "needs": needs, "passed": bool(value >= needs)}


def difference_test(measured: Difference, limits: Any) -> Test:
    ratio = measured.ratio
    is_large = ratio is not None and ratio.value >= limits.ratio and ratio.least > 1
    return {
        "value": round(1 - measured.chance, 4),
        "needs": limits.confidence,
        "ratio": None if ratio is None else round(ratio.value, 3),
        "ratio_needs": limits.ratio,
        "ratio_low": None if ratio is None else round(ratio.least, 3),
        "ratio_high": None if ratio is None else round(min(ratio.most, 1e6), 3),
        "outcome": None if ratio is None else ratio.outcome,
        "explained": {name: round(share, 4) for name, share in measured.explained.items()},
        "passed": bool(measured.chance <= 1 - limits.confidence and is_large),
    }


def merge_similar_groups(candidate: Candidate, evaluation: EvaluationData) -> Candidate:
    """Merges groups that differ by less than the policy's action_ratio in every later outcome, closest pair
    first.
    """
    ratio = evaluation.policy.acceptance.action_ratio
    while len(candidate.rules) > 2:
        nearest = closest(apply(candidate.rules, evaluation.rows), evaluation.outcomes)
        if nearest is None or nearest[0] >= ratio:
            break
        _, a, b = nearest
        number = np.array([old_number - (old_number > b) for old_number in range(len(candidate.rules))])
        number[b] = number[a]
        rules = [rule for old_number, rule in enumerate(candidate.rules) if old_number != b]
        rules[a] = Rule((*candidate.rules[a].branches, *candidate.rules[b].branches))
        candidate = replace(candidate, rules=tuple(rules), groups=number[candidate.groups])
    return candidate


def _nearest(groups: np.ndarray, outcomes: pd.DataFrame) -> dict[int, float]:
    """Per group the largest outcome ratio to its nearest group."""
    used = [int(group) for group in np.unique(groups) if group != NOBODYS]
    ratio_to_nearest = {}
    for group in used:
        pairs = [
            closest(np.where(np.isin(groups, [group, other]), groups, NOBODYS), outcomes)
            for other in used
            if other != group
        ]
        ratio_to_nearest[group] = min((pair[0] for pair in pairs if pair is not None), default=0.0)
    return ratio_to_nearest
