"""One contract for all pure functions: hostile frames give the right answer, or a sentence with column, rows
and rule.
"""

import time
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.core.crm import attribute
from assets.frame_contract import (
    FrameRefused,
    day_stamps,
    figures,
    finite_rows,
    id_texts,
    numbers,
    once_per_key,
    require_columns,
)
from assets.signals.anomalies import detect
from assets.signals.overlap.audience_overlap import overlap
from assets.signals.pacing import project
from assets.signals.underperformers import judge

AS_OF = date(2026, 11, 19)


def ad_sets() -> pd.DataFrame:
    """A good and a bad ad set: returns of 3 and of 0.4."""
    days = pd.date_range("2026-10-20", periods=30)
    return pd.concat(
        [
            pd.DataFrame({
                "platform": "google_ads", "account_id": "1", "campaign_id": "c", "ad_set_id": name, "day": days, "spend": 50.0,
                "conversions": 2.0, "conversion_value": value,
            })
            for name, value in (("good", 150.0), ("bad", 20.0))
        ],
        ignore_index=True,
    )  # fmt: skip


def verdicts(frame: pd.DataFrame) -> dict[str, str]:
    judged = judge(frame, as_of=AS_OF, target_roas=2.0)
    return dict(zip(judged["ad_set_id"], judged["verdict"], strict=True))


def test_a_refund_makes_an_ad_set_worse_and_leaves_its_goal() -> None:
    frame = ad_sets()
    frame.loc[(frame["ad_set_id"] == "bad") & (frame["day"] == "2026-11-10"), "conversion_value"] = -6000.0
    judged = judge(frame, as_of=AS_OF, target_roas=2.0).set_index("ad_set_id")
    assert judged.loc["bad", "goal"] == "sales"
    assert judged.loc["bad", "verdict"] in {"reduce", "pause"}


def test_an_infinite_figure_costs_its_row() -> None:
    frame = ad_sets()
    frame.loc[(frame["ad_set_id"] == "good") & (frame["day"] == "2026-11-10"), "spend"] = np.inf
    assert verdicts(frame) == verdicts(ad_sets())
    assert verdicts(frame)["bad"] in {"reduce", "pause"}


def test_days_with_a_zone_are_days() -> None:
    frame = ad_sets()
    frame["day"] = frame["day"].dt.tz_localize("America/New_York")
    assert verdicts(frame) == verdicts(ad_sets())


@pytest.mark.parametrize("days", [["01/11/2026", "02/11/2026", "13/11/2026"], ["Nov 1", "Nov 2", "Nov 3"]])
def test_texts_of_days_that_are_not_iso_are_refused(days: list[str]) -> None:
    frame = pd.DataFrame({"series_id": "a", "day": days, "spend": 100.0})
    with pytest.raises(
        ValueError, match=r"days\.day holds .* in 3 rows \(the first is row 1\), which is no day in ISO form"
    ):
        project(frame, None, as_of="2026-11-19")
    with pytest.raises(ValueError, match="ISO"):
        judge(ad_sets().assign(day="03/11/2026"), as_of=AS_OF)


def test_an_id_is_one_series_as_a_number_and_as_a_float() -> None:
    days = pd.DataFrame(
        {"series_id": [11] * 19, "day": pd.date_range("2026-11-01", periods=19), "spend": 100.0}
    )
    budgets = pd.DataFrame(
        {"series_id": [11, np.nan], "month": ["2026-11-01"] * 2, "budget": [3000.0, 500.0]}
    )
    result = project(days, budgets, as_of="2026-11-19")
    assert (len(result), result["budget"].tolist()) == (1, [3000.0])


def test_a_month_that_is_none_is_refused() -> None:
    days = pd.DataFrame({"series_id": ["a"], "day": ["2026-11-01"], "spend": 100.0})
    with pytest.raises(ValueError, match=r"budgets\.month holds 'Nov'"):
        project(
            days, pd.DataFrame({"series_id": ["a"], "month": ["Nov"], "budget": [1.0]}), as_of="2026-11-19"
        )


def test_a_single_row_of_1970_costs_nothing() -> None:
    days = pd.date_range("2026-08-01", periods=60)
    frame = pd.DataFrame(
        {"series_id": "a", "day": days, "spend": 100 + np.random.default_rng(0).normal(0, 5, 60)}
    )
    clean = detect(frame.iloc[1:])
    frame.loc[0, "day"] = pd.Timestamp("1970-01-01")
    began = time.process_time()
    pd.testing.assert_frame_equal(detect(frame), clean)
    assert time.process_time() - began < 5


def test_instants_of_mixed_shapes_are_all_read() -> None:
    people = [f"p{n}" for n in range(4)]
    touches = pd.DataFrame({"person_id": people, "channel": "google", "touch_at": ["2026-11-01T10:00:00.883Z", "2026-11-01T16:50:06Z", "2026-11-01", "2026-11-01 09:00"]})  # fmt: skip
    outcomes = pd.DataFrame({"outcome_id": list("abcd"), "person_id": people, "value": [1.0, 2.0, 3.0, 4.0], "at": ["2026-11-05T10:00:00.000Z", "2026-11-05T10:00:00Z", "2026-11-05", "2026-11-05 10:00"]})  # fmt: skip
    credit = attribute(touches, outcomes, model="last")
    assert (len(credit), credit["value"].sum()) == (4, 10)
    assert not (credit["channel"] == "unattributed").any()


REACH = {
    "audience": ["a"],
    "other": ["b"],
    "low": [10000],
    "high": [12000],
    "other_low": [20000],
    "other_high": [25000],
}


@pytest.mark.parametrize("union", [(25000, -1), (25000, np.nan), (-1, -1), (5000, 6000), (60000, 70000)])
def test_a_reach_that_is_not_told_or_cannot_be_claims_nothing(union: tuple[float, float]) -> None:
    row = overlap(pd.DataFrame(REACH | {"union_low": [union[0]], "union_high": [union[1]]})).iloc[0]
    assert row["verdict"] == "inconclusive"
    assert not row["share_of_smaller"] > 1


@given(
    st.lists(
        st.one_of(st.integers(0, 10**12), st.integers(0, 10**12).map(float), st.just(None), st.just(" ")),
        max_size=8,
    )
)
def test_ids_are_text_whatever_they_came_as(values: list[object]) -> None:
    texts = id_texts(pd.Series(values, dtype=object))
    for value, text in zip(values, texts, strict=True):
        assert text == (None if value is None or value == " " else str(int(value)))  # type: ignore[call-overload]


@given(
    st.lists(st.dates(date(1990, 1, 1), date(2099, 12, 31)), min_size=1, max_size=8),
    st.sampled_from(["text", "date", "stamp", "zone"]),
)
def test_days_are_the_same_whatever_they_came_as(days: list[date], kind: str) -> None:
    wanted = pd.Series(pd.to_datetime(days)).dt.as_unit("us")
    given_days = {
        "text": pd.Series([day.isoformat() for day in days]), "date": pd.Series(days, dtype=object), "stamp": wanted,
        "zone": wanted.dt.tz_localize("Asia/Tokyo"),
    }[kind]  # fmt: skip
    assert day_stamps(given_days, name="day").tolist() == wanted.tolist()


def test_the_validator_names_column_rows_and_rule() -> None:
    doubled = pd.DataFrame([["a", "DE", "AT"]], columns=["customer_id", "country", "country"])
    with pytest.raises(FrameRefused, match="customers has the column country twice"):
        require_columns(doubled, ("customer_id",), what="customers")
    with pytest.raises(FrameRefused, match="no column day"):
        require_columns(doubled.iloc[:, :1], ("customer_id", "day"), what="customers")
    assert day_stamps(pd.Series(["1970-01-01", "2026-11-01", "3026-11-01"]), name="day").notna().tolist() == [
        False,
        True,
        False,
    ]
    rows = pd.DataFrame({"id": ["a", "a", "b"], "day": ["2026-11-01"] * 3, "spend": [1.0, 1.0, 2.0]})
    assert len(once_per_key(rows, ("id", "day"), what="days")) == 2
    with pytest.raises(
        FrameRefused, match="2 differing rows of one id and day, such as id a, day 2026-11-01"
    ):
        once_per_key(rows.assign(spend=[1.0, 3.0, 2.0]), ("id", "day"), what="days")
    odd = rows.assign(spend=[1.0, np.inf, np.nan], clicks=[1.0, 2.0, 3.0])
    assert len(finite_rows(odd, ("spend", "clicks"), what="days")) == 2
    unknown = figures(odd, ("spend", "clicks"), what="days")
    assert unknown["clicks"].isna().tolist() == [False, True, False]
    with pytest.raises(FrameRefused, match=r"days\.spend holds '1,50' in 1 rows \(the first is row 2\)"):
        numbers(pd.Series(["1", "1,50", None]), name="days.spend")
