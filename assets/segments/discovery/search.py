"""The search for segments: those of the week before while they hold, else the best candidate that passes; written ones beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assets.segments.discovery.acceptance import closest, difference, least_people
from assets.segments.discovery.agreement import apply
from assets.segments.discovery.binning import same_shares
from assets.segments.discovery.candidate_tests import (
    MOST_TESTED,
    Ground,
    Trial,
    View,
    difference_test,
    proposals,
    put_to_test,
    test_of,
    today_of,
    view_of,
    with_different_actions,
    worth_testing,
)
from assets.segments.discovery.candidates import TIERS, Proposal
from assets.segments.discovery.cards import ACTIVE, DISCOVERED, EXPIRED, REFUSED, WRITTEN, Entry, why
from assets.segments.discovery.naming import names
from assets.segments.discovery.rules import Rule, slug
from assets.segments.discovery.stability import halves, resampled
from assets.segments.discovery.train_test_periods import EXPECTED

REPORT = ["step", "way", "k", "segments", "in_common", "fidelity", "verdict", "why"]
Line = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """A segment found in an earlier week."""

    segment_id: str
    segment: str
    rule: Rule
    way: str
    k: int
    fidelity: float = 1.0


def search(ground: Ground, kept: Sequence[Kept]) -> tuple[list[Entry], list[Line]]:
    """Entries of discovered segments, and what was tried."""
    view = view_of(ground)
    if view is None:
        return [], [_line("search", "none", "there is no trait to form segments of")]
    entries: list[Entry] = []
    lines: list[Line] = []
    if kept and (kept[0].way == TIERS) != (TIERS in view.ways):
        said = "what is known of customers has changed: tiers are for customers of whom nothing but purchases is known"
        lines.append(_line("again", "not tested", said))
    elif kept:
        entries, line = _again(view, ground, kept)
        lines.append(line)
        if sum(one.state == ACTIVE for one in entries) >= min(2, len(kept)):
            return entries, lines
    found, tried = _anew(view, ground, taken={one.segment_id for one in entries})
    return [*entries, *found], [*lines, *tried]


def _again(view: View, ground: Ground, kept: Sequence[Kept]) -> tuple[list[Entry], Line]:
    """The rules of the week before, tested as they are."""
    today, first = tuple(one.rule for one in kept), kept[0]
    rules = same_shares(today, ground.now, ground.rows, EXPECTED) if first.way == TIERS else today
    groups = np.maximum(apply(rules, view.whole.rows), 0)
    proposal = Proposal(first.way, first.k, rules, groups, min(one.fidelity for one in kept), 0.0)
    trial = _tested(
        proposal, view, ground, tried=1, stability=_stability(proposal, view, ground), today=today
    )
    entries = []
    for place, one in enumerate(kept):
        state = ACTIVE if all(test["passed"] for test in trial.tests[place].values()) else EXPIRED
        entries.append(_entry(trial, place, one.segment_id, one.segment, state))
    held = sum(one.state == ACTIVE for one in entries)
    return entries, _line("again", f"{held} of {len(kept)} hold", why_of(trial), proposal)


def _anew(view: View, ground: Ground, *, taken: set[str]) -> tuple[list[Entry], list[Line]]:
    """The first candidate of which every group passes, else the one that leaves the fewest customers out; where none passes, one refused."""
    found = proposals(view, ground.policy, seed=ground.seed)
    chosen, refused = worth_testing(found, ground.policy)
    lines = [_line("candidate", "not tested", refused[id(one)], one) for one in found if id(one) in refused]
    lines += (
        []
        if found
        else [
            _line(
                "candidate", "none", "no way of looking at customers gives two groups that bought differently"
            )
        ]
    )
    best: Trial | None = None
    tested = 0
    for one in chosen:
        stability = _stability(one, view, ground)
        if stability < ground.policy.acceptance.stability and (best is not None or one is not chosen[-1]):
            lines.append(_line("candidate", "not tested", _unlike(stability, ground), one))
            continue
        tested += 1
        candidate = with_different_actions(one, ground)
        today = today_of(candidate, ground)
        trial = _tested(candidate, view, ground, tried=MOST_TESTED, stability=stability, today=today)
        count = len(trial.kept)
        lines.append(
            _line("tested", f"{count} kept" if count >= 2 else "refused", why_of(trial), trial.proposal)
        )
        if best is None or _covered(trial, ground) > _covered(best, ground):
            best = trial
        if count == len(trial.tests) >= 2 or tested == MOST_TESTED:
            break
    if best is None:
        return [], lines
    keeps = best.kept if len(best.kept) >= 2 else ()
    titles = names(best.now)
    entries = [
        _entry(
            best,
            place,
            _free(titles[place][0], taken),
            titles[place][1],
            ACTIVE if place in keeps else REFUSED,
        )
        for place in _by_value(best)
    ]
    return entries, lines


def _covered(trial: Trial, ground: Ground) -> float:
    """Share of customers that would be in a segment; of those below two segments nobody is."""
    if len(trial.kept) < 2:
        return 0.0
    return float(np.isin(apply(trial.now, ground.now), trial.kept).mean())


def _tested(
    proposal: Proposal, view: View, ground: Ground, *, tried: int, stability: float, today: tuple[Rule, ...]
) -> Trial:
    seed, ratio = ground.seed, ground.policy.acceptance.action_ratio
    jaccard, mean, least = resampled(view.whole, proposal, seed=seed, ratio=ratio)
    return put_to_test(
        proposal, ground, tried=tried, jaccard=jaccard, stability=stability, resampled=(mean, least), today=today,
    )  # fmt: skip


def _stability(proposal: Proposal, view: View, ground: Ground) -> float:
    return halves(*view.halves, view.rows_of_halves, proposal, seed=ground.seed, ratio=ground.policy.acceptance.action_ratio)  # fmt: skip


def _unlike(stability: float, ground: Ground) -> str:
    needs = ground.policy.acceptance.stability
    return f"two halves of time divide customers differently (agreement {stability:.2f}, asked {needs:.2f})"


def _entry(trial: Trial, place: int, segment_id: str, title: str, state: str) -> Entry:
    means = trial.means.loc[place].to_dict()
    proposal = trial.proposal
    return Entry(
        segment_id, title, DISCOVERED, trial.now[place], trial.tests[place], state, proposal.way, proposal.k, means=means,
    )  # fmt: skip


def _by_value(trial: Trial) -> list[int]:
    """Places of the rules, those worth the most first: they are the first to choose their people."""
    return [int(place) for place in np.argsort(-trial.means["value"].fillna(-1).to_numpy(), kind="stable")]


def _free(segment_id: str, taken: set[str]) -> str:
    number = 2
    free = segment_id
    while free in taken:
        free, number = f"{segment_id}-{number}", number + 1
    return free


def why_of(trial: Trial) -> str:
    """What the tests of a candidate said against it, each thing once."""
    said = [part for tests in trial.tests for part in why(tests).split("; ") if part]
    return "; ".join(dict.fromkeys(said)) or "all six tests passed"


def written_entries(rules: Mapping[str, Rule], ground: Ground) -> list[Entry]:
    """Segments that people wrote, each tested against everybody else. Nothing is fitted, so it is found again by definition."""
    limits, given = ground.policy.acceptance, {one.name: one for one in ground.policy.rules}
    entries = []
    for name, rule in rules.items():
        groups = np.where(rule.mask(ground.rows), 0, 1)
        differing = difference(
            groups, ground.outcomes, tried=len(rules), seed=ground.seed, confidence=limits.confidence
        )
        apart = closest(groups, ground.outcomes)
        size = int(rule.mask(ground.now).sum())
        tests = {
            "jaccard": test_of(1.0, limits.jaccard),
            "stability": test_of(1.0, limits.stability),
            "difference": difference_test(differing, limits),
            "fidelity": test_of(1.0, limits.fidelity),
            "size": test_of(size, least_people(len(ground.now), ground.policy)),
            "action": test_of(0.0 if apart is None else apart[0], limits.action_ratio),
        }
        inside = groups == 0
        means = {} if not inside.any() else ground.outcomes[inside].mean().to_dict()
        state = ACTIVE if all(one["passed"] for one in tests.values()) else REFUSED
        entries.append(
            Entry(slug(name), name, WRITTEN, rule, tests, state, WRITTEN, 1, given[name].action, means)
        )
    return entries


def _line(step: str, verdict: str, said: str, proposal: Proposal | None = None) -> Line:
    line: Line = {"step": step, "verdict": verdict, "why": said}
    if proposal is not None:
        line |= {"way": proposal.way, "k": proposal.k, "segments": len(proposal.rules), "in_common": round(proposal.shared, 1), "fidelity": round(proposal.fidelity, 3)}  # fmt: skip
    return line
