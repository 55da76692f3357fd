"""How alarms are scored against known events, the same for every method.

An event is found if any metric of its series alarms from its start to `grace` periods after its end. Alarms
outside of all events are counted as points, and as pages: an alarm says the same thing for `page` periods,
then the next one counts again. Precision is found events over found events and false pages.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.anomaly_sets import LabelledSet

Flags = dict[str, npt.NDArray[np.bool_]]
"""Per series: metrics x periods."""


@dataclass(frozen=True)
class Score:
    """Events and alarms counted. `false_per_100`: alarms outside of events per 100 scored points of one
    metric.
    """

    found: int
    events: int
    false_pages: int
    false_points: int
    points: int
    delay: float
    by_kind: dict[str, tuple[int, int]]

    @property
    def figures(self) -> dict[str, float]:
        precision = self.found / max(self.found + self.false_pages, 1)
        recall = self.found / max(self.events, 1)
        f1 = 2 * precision * recall / (precision + recall) if self.found else 0.0
        return {
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "delay_days": self.delay,
            "false_per_100": 100 * self.false_points / max(self.points, 1),
        }


def score(flags: Flags, labelled: LabelledSet) -> Score:
    """The flags held against the set's events, from each series' first scored period on."""
    alarms = {
        name: _scored(np.asarray(matrix.any(axis=0), np.bool_), labelled.scored_from[name])
        for name, matrix in flags.items()
    }
    inside = {name: np.zeros(len(series_alarms), np.bool_) for name, series_alarms in alarms.items()}
    delays: list[float] = []
    by_kind: dict[str, list[int]] = {}
    for event in labelled.events:
        until = event.end + labelled.grace
        names = [name for name in (event.series, *event.also) if name in alarms]
        for name in names:
            inside[name][event.start : until + event.lasts + 1] = True
        first = [
            hit[0] for name in names if len(hit := np.flatnonzero(alarms[name][event.start : until + 1]))
        ]
        counted = by_kind.setdefault(event.kind, [0, 0])
        counted[0], counted[1] = counted[0] + bool(first), counted[1] + 1
        if first:
            delays.append(min(first) / labelled.periods_a_day)
    points = sum(
        int((m[:, labelled.scored_from[n] :] & ~inside[n][labelled.scored_from[n] :]).sum())
        for n, m in flags.items()
    )
    whole = sum(m[:, labelled.scored_from[n] :].size for n, m in flags.items())
    return Score(
        len(delays),
        len(labelled.events),
        _pages(alarms, inside, labelled),
        points,
        whole,
        float(np.mean(delays)) if delays else np.nan,
        {str(kind): (a, b) for kind, (a, b) in sorted(by_kind.items())},
    )


def best_in_hindsight(
    scores: dict[str, npt.NDArray[np.float64]], labelled: LabelledSet, steps: int = 40
) -> tuple[float, Score]:
    """The threshold that nobody could have known: of `steps` quantiles of the scores the one with the best
    F1, and its score.
    """
    whole = np.concatenate(
        [series_scores[:, labelled.scored_from[name] :].ravel() for name, series_scores in scores.items()]
    )
    tried = np.unique(np.quantile(whole[np.isfinite(whole)], 1.0 - np.geomspace(0.2, 2e-5, steps)))
    candidates = [
        (
            threshold,
            score({name: series_scores > threshold for name, series_scores in scores.items()}, labelled),
        )
        for threshold in tried
    ]
    return max(candidates, key=lambda pair: pair[1].figures["f1"])


def _scored(alarms: npt.NDArray[np.bool_], first: int) -> npt.NDArray[np.bool_]:
    kept_alarms = alarms.copy()
    kept_alarms[:first] = False
    return kept_alarms


def _pages(alarms: Flags, inside: Flags, labelled: LabelledSet) -> int:
    by_scope: dict[str, set[int]] = {}
    for name, series_alarms in alarms.items():
        by_scope.setdefault(labelled.scope.get(name, name), set()).update(
            np.flatnonzero(series_alarms & ~inside[name]).tolist()
        )
    pages = 0
    for times in by_scope.values():
        last = -labelled.page
        for at in sorted(times):
            if at >= last + labelled.page:
                pages, last = pages + 1, at
    return pages
