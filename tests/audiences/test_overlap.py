"""What audiences share: exact for lists, a range for reaches, and nothing claimed where the range does not
say.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.signals.overlap import overlap
from resources.errors import DataUnusable


def one(found: pd.DataFrame) -> dict:
    assert len(found) == 1
    return dict(found.iloc[0])


def lists(**sizes: range) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, n) for name, ids in sizes.items() for n in ids], columns=["audience", "member"]
    )


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (range(1000, 11000), "apart"),
        (range(700, 1700), "exclude"),
        (range(100, 1050), "merge"),
        (range(5), "too small"),
    ],
)
def test_lists_are_counted_exactly(other: range, verdict: str) -> None:
    found = one(overlap(lists(a=range(1000), b=other), least=100))
    shared = len(set(range(1000)) & set(other))
    assert (found["overlap"], found["low"], found["high"], found["verdict"]) == (
        shared,
        shared,
        shared,
        verdict,
    )
    assert found["share_of_smaller"] == pytest.approx(shared / min(1000, len(other)))


@given(st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(0, 30), max_size=40), min_size=2))
def test_lists_agree_with_sets_whatever_their_order_and_repetitions(
    given_lists: dict[str, list[int]],
) -> None:
    found = overlap(given_lists).set_index(["audience", "other"])
    assert len(found) == len(given_lists) * (len(given_lists) - 1) / 2
    for (a, b), row in found.iterrows():
        assert row["overlap"] == len(set(given_lists[a]) & set(given_lists[b]))
        assert row["overlap"] <= min(row["people"], row["other_people"])


def reach(**other: float | None) -> pd.DataFrame:
    known = {
        "audience": "a", "other": "b", "low": 100_000, "high": 110_000, "other_low": 50_000, "other_high": 55_000,
        "union_low": 120_000, "union_high": 125_000,
    }  # fmt: skip
    return pd.DataFrame([known | other])


def test_reaches_give_a_range_that_holds_what_is_true() -> None:
    found = one(overlap(reach()))
    assert (found["low"], found["high"], found["verdict"]) == (25_000, 45_000, "exclude")


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ({"union_low": 150_000, "union_high": 165_000}, "inconclusive"),
        ({"union_low": 162_000, "union_high": 165_000}, "apart"),
        ({"union_low": -1}, "inconclusive"),
        ({"other_low": None, "other_high": None}, "inconclusive"),
        ({"other_low": 900, "other_high": 1000}, "too small"),
        ({"other_low": 100_000, "other_high": 105_000, "union_low": 112_000, "union_high": 115_000}, "merge"),
    ],
)
def test_nothing_is_claimed_where_the_range_spans_the_threshold(ends: dict, verdict: str) -> None:
    assert one(overlap(reach(**ends)))["verdict"] == verdict


def test_odd_frames_are_answered_or_refused_clearly() -> None:
    assert overlap(lists()).empty
    assert overlap({"a": [], "b": []}).loc[0, "verdict"] == "too small"
    assert np.isnan(overlap({"a": [], "b": []}).loc[0, "share_of_smaller"])
    assert overlap(lists(a=range(3))).empty
    missing = pd.DataFrame({"audience": ["a", "b", None], "member": [1, np.nan, 3]})
    assert overlap(missing).empty
    with pytest.raises(DataUnusable, match="it was given x"):
        overlap(pd.DataFrame({"x": [1]}))
