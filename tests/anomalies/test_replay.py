"""A day's flags rest on nothing later, and not on the order in which rows or series come: what a replay
relies on."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.frame_contract import FrameRefused
from assets.signals.anomalies import detect
from benchmarks.anomaly_sets import generated
from tests.anomalies.series import AMOUNTS, FIRST, flags, healthy, multiplied, places

JUDGED = ["series_id", "day", "metric", "p_value", "is_anomaly"]


def judged(result: pd.DataFrame) -> pd.DataFrame:
    tested = result.loc[result["p_value"].notna(), JUDGED].astype({"series_id": str, "metric": str})
    return tested.sort_values(JUDGED[:3], ignore_index=True)


def eventful(seed: int) -> pd.DataFrame:
    """Series that start late, end early, stop, have gaps and faults."""
    rng = np.random.default_rng(seed)
    frame = healthy(seed, days=100)
    frame = multiplied(frame, AMOUNTS, 0.0, first=40, days=30, of="s001")
    frame = multiplied(frame, ["conversions", "conversion_value"], 0.0, first=60, days=10, of="s002")
    frame = multiplied(frame, ["spend"], 2.5, first=int(rng.integers(30, 80)), days=3, of="s003")
    begins = {"s004": 33, "s005": 47, "s006": 60, "s007": 12, "s008": 25}
    late = places(frame) < frame["series_id"].map(begins).fillna(0)
    early = (frame["series_id"] == "s009") & (places(frame) > 55)
    return frame[~late & ~early & (rng.random(len(frame)) > 0.05)].reset_index(drop=True)


@settings(max_examples=4, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), last=st.integers(25, 98))
def test_days_are_judged_the_same_whether_the_frame_ends_there_or_goes_on(seed: int, last: int) -> None:
    frame = eventful(seed)
    whole, until = detect(frame), FIRST + pd.Timedelta(days=last)
    pd.testing.assert_frame_equal(judged(detect(frame, as_of=until)), judged(whole[whole["day"] <= until]))


def test_a_replayed_morning_gives_the_flags_of_the_whole_on_every_day() -> None:
    frame = generated(17, campaigns=8, days=80).days
    days, replayed = pd.date_range(FIRST + pd.Timedelta(days=60), periods=14), set()
    for day in days:
        replayed |= {flag for flag in flags(detect(frame, as_of=day)) if flag[2] == day}
    assert replayed == {flag for flag in flags(detect(frame)) if flag[2] in days}
    assert len(replayed) > 10


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    frame = eventful(seed)
    pd.testing.assert_frame_equal(detect(frame.sample(frac=1, random_state=seed)), detect(frame))


def test_equal_rows_count_once_and_differing_rows_of_a_day_are_refused() -> None:
    frame = healthy(3, series=3)
    pd.testing.assert_frame_equal(detect(pd.concat([frame, frame])), detect(frame))
    with pytest.raises(FrameRefused, match="differing rows of one series_id and day"):
        detect(pd.concat([frame.assign(spend=frame["spend"] * 9), frame]))


def test_the_frame_that_is_handed_in_stays_as_it_is() -> None:
    frame = eventful(4)
    before = frame.copy()
    detect(frame)
    pd.testing.assert_frame_equal(frame, before)
