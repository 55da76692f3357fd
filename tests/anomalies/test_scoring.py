"""The scorer and the sets that flags are measured by, held against examples that can be counted by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.anomaly_scores import best_in_hindsight, score
from benchmarks.anomaly_sets import SCORED_FROM, Event, LabelledSet, generated, labelled, labelled_sets


def two_series(**more: object) -> LabelledSet:
    """Ten periods each, scored from the second on; a fault of a at 3 and 4, one of b at 6."""
    return LabelledSet(
        "by hand",
        pd.DataFrame(),
        ("x",),
        (Event("a", 3, 4, "spike"), Event("b", 6, 6, "stop")),
        {"a": 1, "b": 1},
        **{"grace": 1, "page": 3} | more,
    )


def alarms(a: set[int], b: set[int], metrics: int = 1) -> dict[str, np.ndarray]:
    result = {name: np.zeros((metrics, 10), bool) for name in "ab"}
    result["a"][0, list(a)], result["b"][-1, list(b)] = True, True
    return result


def test_an_event_is_found_from_its_start_until_the_grace_is_over() -> None:
    assert score(alarms({3}, set()), two_series()).by_kind == {"spike": (1, 1), "stop": (0, 1)}
    assert score(alarms({5}, {7}), two_series()).found == 2
    assert score(alarms({6}, {8}), two_series()).found == 0


def test_precision_counts_pages_and_false_alarms_count_points() -> None:
    result = score(alarms({1, 2, 4, 7, 8, 9}, {0, 6}), two_series())
    assert (result.found, result.events, result.false_pages, result.false_points) == (2, 2, 2, 5)
    assert result.figures["precision"] == 2 / 4
    assert result.figures["recall"] == 1.0
    assert result.figures["f1"] == pytest.approx(2 / 3)
    assert result.figures["false_per_100"] == pytest.approx(100 * 5 / 18)
    assert result.figures["delay_days"] == 0.5


def test_series_that_are_told_of_together_page_once() -> None:
    both = two_series(scope={"a": "account", "b": "account"})
    assert score(alarms({8}, {2, 9}), both).false_pages == 2
    assert score(alarms({8}, {2, 9}), two_series()).false_pages == 3


def test_any_metric_finds_an_event_and_each_counts_where_it_is_false() -> None:
    flags = alarms({1}, {6}, metrics=2)
    flags["a"][1, 1] = True
    result = score(flags, two_series())
    assert (result.found, result.false_points, result.points, result.false_pages) == (1, 2, 36, 1)


def test_no_alarm_scores_nothing() -> None:
    figures = score(alarms(set(), set()), two_series()).figures
    assert (figures["f1"], figures["recall"], figures["false_per_100"]) == (0.0, 0.0, 0.0)


def test_the_best_threshold_in_hindsight_is_found() -> None:
    scores = {
        name: series_scores.astype(float) * 5 + np.linspace(0, 1, 10)
        for name, series_scores in alarms({3}, {6}).items()
    }
    threshold, best = best_in_hindsight(scores, two_series())
    assert 1 <= threshold < 5
    assert best.figures["f1"] == 1.0


def test_generated_sets_differ_by_seed_alone_and_hold_three_faults_a_campaign() -> None:
    first_set, again, other = (
        generated(5, campaigns=4, days=120),
        generated(5, campaigns=4, days=120),
        generated(6, campaigns=4, days=120),
    )
    pd.testing.assert_frame_equal(first_set.days, again.days)
    assert first_set.events == again.events != other.events
    assert len(first_set.events) == 12
    assert all(event.start >= SCORED_FROM for event in first_set.events)
    assert (first_set.days["clicks"] <= first_set.days["impressions"]).all()
    assert (first_set.days["conversions"] <= first_set.days["clicks"]).all()


def test_labelled_and_keyword_files_are_told_apart_by_their_columns(tmp_path: Path) -> None:
    hours = pd.date_range("2026-01-01", periods=100, freq="h")
    label = ((np.arange(100) >= 40) & (np.arange(100) < 45)) | (np.arange(100) == 3)
    pd.DataFrame({"series": "x", "timestamp": hours, "value": 1.0, "label": label.astype(int)}).to_csv(
        tmp_path / "a.csv", index=False
    )
    days = pd.date_range("2025-01-01", periods=365)
    pd.DataFrame({"id": 1, "date": days, "impressions": 100, "clicks": 5}).to_parquet(tmp_path / "b.parquet")
    pd.DataFrame({"other": [1]}).to_csv(tmp_path / "c.csv", index=False)
    first, second = labelled_sets(tmp_path, seed=1)
    assert first.events == (Event("x", 40, 44, "labelled"),), (
        "the one at 3 lies in the part in which a detector may learn"
    )
    assert (first.periods_a_day, first.season, first.page) == (24.0, 24, 24)
    assert (second.name, len(second.events), second.days["series_id"].nunique()) == ("keywords", 7, 1)
    assert labelled(tmp_path / "a.csv").scored_from == {"x": 15}
