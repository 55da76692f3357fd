"""Search for segments: those of the previous week while they hold, else the best candidate that passes the
tests.

Rules written by people are tested beside them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assets.segments.discovery.acceptance import closest, difference, least_people
from assets.segments.discovery.agreement import apply
from assets.segments.discovery.binning import same_shares
from assets.segments.discovery.candidate_tests import (
    MOST_TESTED,
    CandidateInputs,
    CandidateResult,
    EvaluationData,
    build_candidates,
    candidate_inputs,
    difference_test,
    merge_similar_groups,
    rules_today,
    run_tests,
    select_for_testing,
    threshold_test,
)
from assets.segments.discovery.candidates import TIERS, Candidate
from assets.segments.discovery.cards import ACTIVE, DISCOVERED, EXPIRED, REFUSED, WRITTEN, TestedSegment, why
from assets.segments.discovery.naming import names
from assets.segments.discovery.rules import Rule, slug
from assets.segments.discovery.stability import bootstrap_stability, time_half_agreement
from assets.segments.discovery.train_test_periods import EXPECTED

REPORT = ["step", "way", "k", "segments", "in_common", "fidelity", "verdict", "why"]
Line = dict[str, Any]


@dataclass(frozen=True)
class PreviousSegment:
    """A discovered segment that was active in the previous week."""

    segment_id: str
    segment: str
    rule: Rule
    way: str
    k: int
    fidelity: float = 1.0


def search(
    evaluation: EvaluationData, previous: Sequence[PreviousSegment]
) -> tuple[list[TestedSegment], list[Line]]:
    """Discovered segments with their tests, and the report of what was tried."""
    inputs = candidate_inputs(evaluation)
    if inputs is None:
        return [], [_line("search", "none", "there is no trait to form segments of")]
    entries: list[TestedSegment] = []
    lines: list[Line] = []
    if previous and (previous[0].way == TIERS) != (TIERS in inputs.ways):
        reason = (
            "what is known of customers has changed: tiers are for customers of whom nothing but "
            "purchases is known"
        )
        lines.append(_line("again", "not tested", reason))
    elif previous:
        entries, line = _again(inputs, evaluation, previous)
        lines.append(line)
        if sum(entry.state == ACTIVE for entry in entries) >= min(2, len(previous)):
            return entries, lines
    new_entries, tried = _anew(inputs, evaluation, taken={entry.segment_id for entry in entries})
    return [*entries, *new_entries], [*lines, *tried]


def _again(
    inputs: CandidateInputs, evaluation: EvaluationData, previous: Sequence[PreviousSegment]
) -> tuple[list[TestedSegment], Line]:
    """The rules of the previous week, tested as they are."""
    today, first = tuple(earlier.rule for earlier in previous), previous[0]
    rules = same_shares(today, evaluation.now, evaluation.rows, EXPECTED) if first.way == TIERS else today
    groups = np.maximum(apply(rules, inputs.whole.rows), 0)
    candidate = Candidate(
        first.way, first.k, rules, groups, min(earlier.fidelity for earlier in previous), 0.0
    )
    result = _tested(
        candidate,
        inputs,
        evaluation,
        tried=1,
        stability=_stability(candidate, inputs, evaluation),
        today=today,
    )
    entries = []
    for number, earlier in enumerate(previous):
        state = ACTIVE if all(test["passed"] for test in result.tests[number].values()) else EXPIRED
        entries.append(_entry(result, number, earlier.segment_id, earlier.segment, state))
    held = sum(entry.state == ACTIVE for entry in entries)
    return entries, _line("again", f"{held} of {len(previous)} hold", failure_summary(result), candidate)


def _anew(
    inputs: CandidateInputs, evaluation: EvaluationData, *, taken: set[str]
) -> tuple[list[TestedSegment], list[Line]]:
    """The first candidate all of whose groups pass, else the one that covers most customers; if none passes,
    one refused.
    """
    candidates = build_candidates(inputs, evaluation.policy, seed=evaluation.seed)
    chosen, refused = select_for_testing(candidates, evaluation.policy)
    lines = [
        _line("candidate", "not tested", refused[id(candidate)], candidate)
        for candidate in candidates
        if id(candidate) in refused
    ]
    lines += (
        []
        if candidates
        else [
            _line(
                "candidate", "none", "no way of looking at customers gives two groups that bought differently"
            )
        ]
    )
    best: CandidateResult | None = None
    tested = 0
    for candidate in chosen:
        stability = _stability(candidate, inputs, evaluation)
        if stability < evaluation.policy.acceptance.stability and (
            best is not None or candidate is not chosen[-1]
        ):
            lines.append(_line("candidate", "not tested", _unlike(stability, evaluation), candidate))
            continue
        tested += 1
        merged = merge_similar_groups(candidate, evaluation)
        today = rules_today(merged, evaluation)
        result = _tested(merged, inputs, evaluation, tried=MOST_TESTED, stability=stability, today=today)
        count = len(result.kept)
        lines.append(
            _line(
                "tested",
                f"{count} kept" if count >= 2 else "refused",
                failure_summary(result),
                result.candidate,
            )
        )
        if best is None or _covered(result, evaluation) > _covered(best, evaluation):
            best = result
        if count == len(result.tests) >= 2 or tested == MOST_TESTED:
            break
    if best is None:
        return [], lines
    keeps = best.kept if len(best.kept) >= 2 else ()
    titles = names(best.now)
    entries = [
        _entry(
            best,
            number,
            _free(titles[number][0], taken),
            titles[number][1],
            ACTIVE if number in keeps else REFUSED,
        )
        for number in _by_value(best)
    ]
    return entries, lines


def _covered(result: CandidateResult, evaluation: EvaluationData) -> float:
    """Share of customers that would be in a segment; 0 below two segments."""
    if len(result.kept) < 2:
        return 0.0
    return float(np.isin(apply(result.now, evaluation.now), result.kept).mean())


def _tested(
    candidate: Candidate,
    inputs: CandidateInputs,
    evaluation: EvaluationData,
    *,
    tried: int,
    stability: float,
    today: tuple[Rule, ...],
) -> CandidateResult:
    seed, ratio = evaluation.seed, evaluation.policy.acceptance.action_ratio
    jaccard, mean, least = bootstrap_stability(inputs.whole, candidate, seed=seed, ratio=ratio)
    return run_tests(
        candidate,
        evaluation,
        tried=tried,
        jaccard=jaccard,
        stability=stability,
        agreement=(mean, least),
        today=today,
    )


def _stability(candidate: Candidate, inputs: CandidateInputs, evaluation: EvaluationData) -> float:
    return time_half_agreement(
        *inputs.halves,
        inputs.rows_of_halves,
        candidate,
        seed=evaluation.seed,
        ratio=evaluation.policy.acceptance.action_ratio,
    )


def _unlike(stability: float, evaluation: EvaluationData) -> str:
    needs = evaluation.policy.acceptance.stability
    return f"two halves of time divide customers differently (agreement {stability:.2f}, asked {needs:.2f})"


def _entry(result: CandidateResult, number: int, segment_id: str, title: str, state: str) -> TestedSegment:
    means = result.means.loc[number].to_dict()
    candidate = result.candidate
    return TestedSegment(
        segment_id,
        title,
        DISCOVERED,
        result.now[number],
        result.tests[number],
        state,
        candidate.way,
        candidate.k,
        means=means,
    )


def _by_value(result: CandidateResult) -> list[int]:
    """Numbers of the rules, highest value first: a customer in two rules belongs to the first."""
    return [int(number) for number in np.argsort(-result.means["value"].fillna(-1).to_numpy(), kind="stable")]


def _free(segment_id: str, taken: set[str]) -> str:
    number = 2
    free = segment_id
    while free in taken:
        free, number = f"{segment_id}-{number}", number + 1
    return free


def failure_summary(result: CandidateResult) -> str:
    """Why tests of a candidate failed, each reason once."""
    reasons = [part for tests in result.tests for part in why(tests).split("; ") if part]
    return "; ".join(dict.fromkeys(reasons)) or "all six tests passed"


def written_entries(rules: Mapping[str, Rule], evaluation: EvaluationData) -> list[TestedSegment]:
    """Segments written by people, each tested against all other customers. Nothing is fitted, so stability is
    1.
    """
    limits, given = (
        evaluation.policy.acceptance,
        {rule_policy.name: rule_policy for rule_policy in evaluation.policy.rules},
    )
    entries = []
    for name, rule in rules.items():
        groups = np.where(rule.mask(evaluation.rows), 0, 1)
        differing = difference(
            groups, evaluation.outcomes, tried=len(rules), seed=evaluation.seed, confidence=limits.confidence
        )
        apart = closest(groups, evaluation.outcomes)
        size = int(rule.mask(evaluation.now).sum())
        tests = {
            "jaccard": threshold_test(1.0, limits.jaccard),
            "stability": threshold_test(1.0, limits.stability),
            "difference": difference_test(differing, limits),
            "fidelity": threshold_test(1.0, limits.fidelity),
            "size": threshold_test(size, least_people(len(evaluation.now), evaluation.policy)),
            "action": threshold_test(0.0 if apart is None else apart[0], limits.action_ratio),
        }
        inside = groups == 0
        means = {} if not inside.any() else evaluation.outcomes[inside].mean().to_dict()
        state = ACTIVE if all(test["passed"] for test in tests.values()) else REFUSED
        entries.append(
            TestedSegment(
                slug(name), name, WRITTEN, rule, tests, state, WRITTEN, 1, given[name].action, means
            )
        )
    return entries


def _line(step: str, verdict: str, reason: str, candidate: Candidate | None = None) -> Line:
    line: Line = {"step": step, "verdict": verdict, "why": reason}
    if candidate is not None:
        line |= {
            "way": candidate.way,
            "k": candidate.k,
            "segments": len(candidate.rules),
            "in_common": round(candidate.shared_information, 1),
            "fidelity": round(candidate.fidelity, 3),
        }
    return line
