"""The projection's input as it comes: rows in any order and type, gaps, short histories, and what cannot be
read."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.signals.pacing import project
from assets.signals.pacing.projection import COLUMNS
from tests.pacing.test_projection import ENDS, at, pool, series, truth


def test_the_answer_does_not_hang_on_how_rows_come() -> None:
    days = pool(6)
    days = days[days["day"] <= "2026-05-14"]
    plain = project(days, as_of="2026-05-14")
    shuffled = days.sample(frac=1, random_state=1)
    for other in (
        shuffled,
        pd.concat([days, days.sample(40, random_state=2)]),
        days.assign(day=days["day"].dt.strftime("%Y-%m-%d")),
        days.assign(day=days["day"].dt.date),
        days.assign(day=days["day"].dt.tz_localize("UTC")),
        days.assign(spend=days["spend"].astype(object), more="x"),
    ):
        pd.testing.assert_frame_equal(project(other, as_of=date(2026, 5, 14)), plain)


def test_ids_come_back_as_they_came() -> None:
    days = pool(4)
    days = days[days["day"] <= "2026-05-14"]
    numbers = project(days.assign(series_id=days["series_id"].str[1:].astype(int)), as_of="2026-05-14")
    assert numbers["series_id"].tolist() == [0, 1, 2, 3]


def test_a_day_that_is_not_known_is_no_day_without_spend() -> None:
    days = pool()
    missing = (days["series_id"] == "s04") & days["day"].between("2026-05-04", "2026-05-06")
    unknown = at(days.assign(spend=days["spend"].mask(missing)), "2026-05-14")
    assert unknown.loc["s04", "unknown_days"] == 3
    assert abs(unknown.loc["s04", "p50"] / truth(days)["s04"] - 1) < 0.06
    gone = at(days[~missing], "2026-05-14")
    assert gone.loc["s04", "unknown_days"] == 0
    assert gone.loc["s04", "p50"] < unknown.loc["s04", "p50"]


@pytest.mark.parametrize("length", [1, 2, 5, 9, 20, 40])
@pytest.mark.parametrize("count", [1, 3])
def test_short_histories_still_give_an_ordered_range(length: int, count: int) -> None:
    days = pool(count)
    days = days[
        (days["day"] > pd.Timestamp("2026-05-14") - pd.Timedelta(days=length)) & (days["day"] <= "2026-05-14")
    ]
    result = project(days, as_of="2026-05-14")
    assert np.isfinite(result[["spent", *ENDS]].to_numpy(float)).all()
    assert (result["p10"] <= result["p50"]).all()
    assert (result["p50"] <= result["p90"]).all()
    assert (result["spent"] <= result["p10"] + 1e-9).all()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1e6), st.just(0.0)), min_size=1, max_size=70),
    st.integers(1, 31),
)
def test_whatever_was_spent_the_range_is_ordered_and_never_below_what_is_spent(
    spend: list[float | None], day: int
) -> None:
    as_of = pd.Timestamp(2026, 5, day)
    days = pd.DataFrame(
        {"series_id": "one", "day": pd.date_range(end=as_of, periods=len(spend)), "spend": spend}
    )
    row = project(days, as_of=as_of).iloc[0]
    if np.isfinite(row["p50"]):
        assert row["p10"] <= row["p50"] * (1 + 1e-9) + 1e-9
        assert row["p50"] <= row["p90"] * (1 + 1e-9) + 1e-9
        assert row["spent"] <= row["p10"] * (1 + 1e-9) + 1e-6
    else:
        assert not np.nansum([amount or 0.0 for amount in spend])


def test_nothing_gives_nothing_and_zero_spend_gives_no_projection() -> None:
    empty = project(pd.DataFrame({"series_id": [], "day": [], "spend": []}), as_of="2026-05-14")
    assert list(empty.columns) == list(COLUMNS)
    assert empty.empty
    zeros = project(series("z").assign(spend=0.0), as_of="2026-05-14")
    assert zeros["p50"].isna().all()
    assert zeros["spent"].eq(0).all()


@pytest.mark.parametrize(
    ("days", "more", "sentence"),
    [
        ({"series_id": ["a"], "day": ["2026-05-01"]}, {}, "no column spend"),
        ({"series_id": ["a"], "day": ["soon"], "spend": [1.0]}, {}, "no day"),
        ({"series_id": ["a"], "day": ["2026-05-01"], "spend": ["much"]}, {}, "no number"),
        (
            {"series_id": ["a", "a"], "day": ["2026-05-01"] * 2, "spend": [40.0, 60.0]},
            {},
            "2 differing rows of one series_id and day, such as series_id a, day 2026-05-01: add up parts",
        ),
        (
            {"series_id": ["a"], "day": ["2026-05-01"], "spend": [1.0]},
            {"as_of": "some day"},
            "as_of must be a day",
        ),
        (
            {"series_id": ["a"], "day": ["2026-05-01"], "spend": [1.0]},
            {"budgets": pd.DataFrame({"series_id": ["a"]})},
            "budgets has no column",
        ),
        (
            {"series_id": ["a"], "day": ["2026-05-01"], "spend": [1.0]},
            {"known": pd.DataFrame({"factor": [1.0]})},
            "known has no column",
        ),
    ],
)
def test_bad_input_is_one_sentence(days: dict[str, Any], more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        project(pd.DataFrame(days), **{"as_of": "2026-05-14", **more})
