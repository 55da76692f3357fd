"""What a buyer does not want to hear of: what people did, what happened to all, what is late, what is
missing, what went on for long."""

import numpy as np
import pandas as pd
import pytest

from assets.signals.anomalies import detect
from tests.anomalies.series import AMOUNTS, FIRST, flagged, healthy, multiplied, places

SEEDS = [41, 42]
CONVERSIONS = ["conversions", "conversion_value"]


def between(result: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    return result[result["place"].between(first, last)]


def amounts(result: pd.DataFrame) -> pd.DataFrame:
    return result[result["metric"].isin(AMOUNTS)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_promotion_that_all_series_share(seed: int) -> None:
    frame = multiplied(healthy(seed), AMOUNTS, 1.9, first=80, days=2, of=None)
    frame = multiplied(frame, CONVERSIONS, 1.4, first=80, days=2, of=None)
    result = between(flagged(frame, of=None), 80, 81)
    assert result[result["value"] > result["expected"]].empty
    assert (result["metric"] == "spend").sum() == 0
    alone = frame.assign(group=frame["series_id"])
    assert not between(flagged(alone, of=None), 80, 81).empty, (
        "among series that share nothing it is a spike of each"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_of_the_budget(seed: int) -> None:
    frame = multiplied(healthy(seed), AMOUNTS, 2.5, first=80, days=40)
    visible = frame.assign(
        budget=np.where((frame["series_id"] == "s000") & (places(frame) >= 80), 250.0, 100.0)
    )
    assert amounts(between(flagged(visible), 80, 119)).empty
    assert not between(flagged(frame), 80, 80).empty, "without the budget nobody knows why"


@pytest.mark.parametrize("factor", [2.5, np.nan, None])
def test_a_change_that_people_made_known_in_size_or_not(factor: float | None) -> None:
    frame = multiplied(healthy(44), AMOUNTS, 2.5, first=80, days=40)
    change = pd.DataFrame({"series_id": ["s000", "unknown"], "day": [FIRST + pd.Timedelta(days=80)] * 2})
    change = change if factor is None else change.assign(factor=factor)
    assert amounts(between(flagged(frame, changes=change), 80, 119)).empty


def test_after_a_change_of_unknown_size_the_series_is_judged_again() -> None:
    frame = multiplied(healthy(45), AMOUNTS, 2.5, first=80, days=40)
    frame = multiplied(frame, AMOUNTS, 3.0, first=95, days=2)
    change = pd.DataFrame({"series_id": ["s000"], "day": [FIRST + pd.Timedelta(days=80)]})
    assert set(flagged(frame, changes=change)["place"]) & {95, 96}


@pytest.mark.parametrize("as_frame", [True, False])
def test_a_day_on_the_calendar_is_not_judged_and_teaches_nothing(as_frame: bool) -> None:
    frame = multiplied(healthy(46), AMOUNTS, 4.0, first=80, days=2)
    days = [str((FIRST + pd.Timedelta(days=n)).date()) for n in (80, 81)]
    result = detect(frame, calendar=pd.DataFrame({"day": days}) if as_frame else days)
    assert result[result["day"].isin(pd.to_datetime(days))]["p_value"].isna().all()
    series_rows = result[(result["series_id"] == "s000") & (places(result) >= 80)]
    assert not series_rows["is_anomaly"].any()


def test_a_calendar_of_a_group_is_of_that_group_alone() -> None:
    frame = healthy(47)
    frame["group"] = np.where(frame["series_id"] < "s006", "one", "two")
    day = FIRST + pd.Timedelta(days=80)
    result = detect(frame, calendar=pd.DataFrame({"day": [day], "group": ["one"]}))
    empty = result[(result["day"] == day) & result["p_value"].isna()]["series_id"].astype(str)
    assert set(empty) == {f"s{n:03d}" for n in range(6)}


@pytest.mark.parametrize("seed", SEEDS)
def test_days_of_which_not_all_can_be_seen_yet(seed: int) -> None:
    frame = healthy(seed)
    rng, age = np.random.default_rng(seed), 119 - places(frame)
    matured = np.minimum(0.45 + 0.1 * age, 1.0)
    seen = rng.binomial(frame["conversions"].astype(int), matured)
    share = seen / frame["conversions"].clip(lower=1)
    late = frame.assign(conversions=seen.astype(float), conversion_value=frame["conversion_value"] * share)
    for day in (119, 117):
        visible = late[places(late) <= day]
        assert between(flagged(visible.assign(matured=matured), of=None), 112, 119).empty
    assert not between(
        flagged(multiplied(late.assign(matured=matured), CONVERSIONS, 0.0, first=112, days=8)), 112, 119
    ).empty


def test_a_missing_day_is_unknown_and_not_zero() -> None:
    frame = healthy(48)
    gone = (frame["series_id"] == "s000") & places(frame).between(80, 86)
    result = detect(frame[~gone])
    series_rows = result[result["series_id"] == "s000"]
    assert not series_rows[places(series_rows).between(78, 100)]["is_anomaly"].any()
    assert set(range(120)) - set(places(series_rows)) == set(range(80, 87))


def test_a_ratio_of_which_nothing_is_known_has_no_row() -> None:
    frame = healthy(49)
    frame.loc[(frame["series_id"] == "s000") & (places(frame) == 80), "clicks"] = np.nan
    result = detect(frame)
    series_rows = result[(result["series_id"] == "s000") & (places(result) == 80)]
    assert set(series_rows["metric"].astype(str)) == {
        "spend",
        "impressions",
        "conversions",
        "conversion_value",
        "roas",
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_little_good_news(seed: int) -> None:
    frame = multiplied(healthy(seed), CONVERSIONS, 1.25, first=80, days=10)
    assert between(flagged(frame), 80, 90)["metric"].isin(["cvr", "roas"]).sum() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_return_from_a_long_low(seed: int) -> None:
    frame = multiplied(healthy(seed), ["clicks", *CONVERSIONS], 0.45, first=60, days=25)
    result = flagged(frame)
    assert not between(result, 60, 63).empty
    assert between(result[result["metric"] == "ctr"], 86, 119).empty


@pytest.mark.parametrize(("stop", "longest"), [(21, 21), (45, 26)])
def test_a_stop_is_told_for_three_weeks_and_is_then_the_new_level(stop: int, longest: int) -> None:
    frame = multiplied(healthy(50), AMOUNTS, 0.0, first=60, days=stop)
    result = flagged(frame)
    assert {60, 61, 62} <= set(result["place"])
    assert between(result, 60 + longest, 119).empty, "the restart is no news either: it is learned anew"


def test_a_new_level_is_told_for_some_days_alone() -> None:
    result = flagged(multiplied(healthy(51), AMOUNTS, 3.0, first=60, days=60))
    assert 60 in set(result["place"])
    assert amounts(between(result, 65, 119)).empty


def test_a_series_that_was_never_anything_until_its_launch() -> None:
    frame = multiplied(healthy(52), AMOUNTS, 0.0, first=0, days=60)
    result = detect(frame)
    series_rows = result[result["series_id"] == "s000"]
    assert not series_rows["is_anomaly"].any()
    judged = series_rows[series_rows["p_value"].notna() & (series_rows["metric"] == "spend")]
    assert places(judged).min() == 60 + 21


def test_a_second_fault_is_found_as_the_first_did_not_become_usual() -> None:
    frame = multiplied(healthy(53), AMOUNTS, 4.0, first=60, days=3)
    before = detect(healthy(53))
    after = detect(multiplied(frame, AMOUNTS, 3.0, first=90, days=2))
    hit = (after["series_id"] == "s000") & (after["metric"] == "spend")
    assert {60, 61, 62, 90, 91} <= set(places(after[hit & after["is_anomaly"]]))
    expected = (after[hit]["expected"] / before[hit]["expected"])[places(after[hit]).between(70, 89)]
    assert expected.between(0.85, 1.15).all(), "the level did not learn from the fault"
