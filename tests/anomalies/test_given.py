"""What strangers hand in: types, orders, gaps and frequencies of every kind give flags or one clear sentence,
never a warning."""

from datetime import UTC, date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assets.signals.anomalies import detect
from assets.signals.anomalies.detect import COLUMNS
from tests.anomalies.series import AMOUNTS, FIRST, RATIOS, healthy, multiplied, places

PLAIN = multiplied(healthy(81, series=4, days=80), AMOUNTS, 3.0, first=60, days=2)
FOUND = detect(PLAIN)


def cents(values: pd.Series) -> list[Decimal]:
    return [Decimal(f"{value:.2f}") for value in values]


SAME: dict[str, Any] = {
    "ISO texts": PLAIN.assign(day=PLAIN["day"].dt.strftime("%Y-%m-%d")),
    "dates": PLAIN.assign(day=PLAIN["day"].dt.date),
    "a time zone": PLAIN.assign(day=PLAIN["day"].dt.tz_localize("America/New_York")),
    "noon": PLAIN.assign(day=PLAIN["day"] + pd.Timedelta(hours=12)),
    "periods": PLAIN.assign(day=PLAIN["day"].dt.to_period("D")),
    "seconds": PLAIN.assign(day=PLAIN["day"].dt.as_unit("s")),
    "categories": PLAIN.astype({"series_id": "category"}),
    "nullable numbers": PLAIN.convert_dtypes(),
    "Arrow": PLAIN.convert_dtypes(dtype_backend="pyarrow"),
    "texts of numbers": PLAIN.assign(clicks=PLAIN["clicks"].astype(str)),
    "objects": PLAIN.assign(spend=PLAIN["spend"].astype(object)),
    "one index for all": PLAIN.set_index(np.zeros(len(PLAIN), int)),
    "columns that are no numbers": PLAIN.assign(
        name="Brand", active=True, note=None, began=FIRST, campaign_id=7
    ),
    "rows of nobody and of no day": pd.concat(
        [PLAIN, PLAIN.head(1).assign(series_id=None), PLAIN.head(1).assign(day=pd.NaT)]
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_types_make_no_difference(name: str) -> None:
    pd.testing.assert_frame_equal(detect(SAME[name]), FOUND)


def test_money_may_be_decimal_with_empty_cells() -> None:
    frame = PLAIN.assign(spend=cents(PLAIN["spend"]), conversion_value=cents(PLAIN["conversion_value"]))
    frame.loc[5, "spend"] = None
    result = detect(frame)
    assert set(result["metric"].astype(str)) == {*AMOUNTS, *RATIOS}
    assert len(result) == len(FOUND) - 3, "spend, cpc and roas of that day are unknown"
    assert result["is_anomaly"].sum() == FOUND["is_anomaly"].sum() > 0


def test_numbers_as_series_ids_come_back_as_text() -> None:
    frame = PLAIN.assign(series_id=PLAIN["series_id"].str[1:].astype(int))
    assert set(detect(frame)["series_id"]) == {"0", "1", "2", "3"}


def test_the_output_has_one_shape_whatever_goes_in() -> None:
    kinds = {"day": "datetime64[us]", "is_anomaly": "bool"} | dict.fromkeys(
        ("expected", "low", "high", "value", "p_value"), "float64"
    )
    weekly = PLAIN[PLAIN["series_id"] == "s000"]
    mixed = pd.concat([PLAIN, weekly.assign(series_id="w", day=FIRST + (weekly["day"] - FIRST) * 7)])
    for result in (
        FOUND,
        detect(PLAIN.head(0)),
        detect(PLAIN, as_of="2020-01-01"),
        detect(mixed),
        detect(PLAIN[["series_id", "day", "spend"]]),
    ):
        assert list(result.columns) == list(COLUMNS)
        assert {name: str(result[name].dtype) for name in kinds} == kinds
        assert all(
            str(result[name].dtype) == "category" for name in ("series_id", "metric", "severity", "cause")
        )
        assert list(result["severity"].cat.categories) == ["none", "low", "medium", "high"]
    assert FOUND["p_value"].dropna().between(0, 1).all()
    assert (FOUND["low"].dropna() <= FOUND["expected"].dropna()).all()
    assert ((FOUND["cause"] != "") == FOUND["is_anomaly"]).all()
    assert ((FOUND["severity"] != "none") == FOUND["is_anomaly"]).all()


def test_values_are_told_as_they_were_given_and_ratios_of_sums() -> None:
    wide = FOUND.astype({"metric": str, "series_id": str}).pivot_table(
        index=["series_id", "day"], columns="metric", values="value"
    )
    given = PLAIN.set_index(["series_id", "day"])
    for name in AMOUNTS:
        np.testing.assert_allclose(wide[name], given[name])
    np.testing.assert_allclose(wide["cpc"], given["spend"] / given["clicks"])


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 20])
@pytest.mark.parametrize("series", [1, 4])
def test_a_short_history_is_told_of_and_not_judged(rows: int, series: int) -> None:
    result = detect(PLAIN[(PLAIN["series_id"] < f"s{series:03d}") & (places(PLAIN) < rows)])
    assert len(result) == rows * series * 9
    assert result["p_value"].isna().all()
    assert not result["is_anomaly"].any()


@pytest.mark.parametrize("value", [0.0, 1.0, 7.5, -5.0, 1e-12, 1e12, np.nan, np.inf])
def test_constant_series_give_no_flag(value: float) -> None:
    for columns in (AMOUNTS, ["value"]):
        assert not detect(PLAIN[["series_id", "day"]].assign(**dict.fromkeys(columns, value)))[
            "is_anomaly"
        ].any()


def test_refunds_are_told_as_they_are_and_judged_as_nothing() -> None:
    frame = PLAIN.copy()
    frame.loc[30, "conversion_value"] = -40.0
    result = detect(frame)
    day_rows = result[(result["day"] == frame["day"][30]) & (result["series_id"] == "s000")].set_index(
        "metric"
    )
    assert day_rows.loc["conversion_value", "value"] == -40.0
    assert day_rows.loc["roas", "value"] == pytest.approx(-40.0 / frame["spend"][30])
    assert day_rows.loc["roas", "p_value"] > 0


def test_gaps_infinite_and_empty_numbers_are_unknown() -> None:
    frame = PLAIN.sample(frac=0.8, random_state=1)
    frame.loc[frame.index[::9], "clicks"] = np.inf
    frame.loc[frame.index[::7], "spend"] = np.nan
    result = detect(frame)
    assert np.isfinite(result["value"]).all()
    finite = np.isfinite(frame["clicks"])
    assert len(result[result["metric"] == "spend"]) == (finite & frame["spend"].notna()).sum()
    assert len(result[result["metric"] == "clicks"]) == finite.sum()


@pytest.mark.parametrize(
    ("freq", "rows", "judged_from"),
    [
        ("5min", 288 * 3, 288 * 2),
        ("30min", 48 * 5, 48 * 2),
        ("h", 24 * 6, 48),
        ("D", 60, 21),
        ("W", 60, 21),
        ("MS", 40, 21),
    ],
)
def test_any_frequency_is_judged_from_when_it_has_been_seen_long_enough(
    freq: str, rows: int, judged_from: int
) -> None:
    stamps = pd.date_range("2026-01-04", periods=rows, freq=freq)
    rng = np.random.default_rng(82)
    spend = rng.lognormal(4, 0.1, 3 * rows)
    frame = pd.DataFrame(
        {
            "series_id": np.repeat(["a", "b", "c"], rows),
            "day": np.tile(stamps, 3),
            "spend": spend,
            "clicks": rng.poisson(spend),
        }
    )
    result = detect(frame)
    assert set(result["metric"]) == {"spend", "clicks", "cpc"}
    assert result[result["p_value"].notna()]["day"].min() == stamps[judged_from]
    assert set(result["day"]) == set(stamps)
    assert result["is_anomaly"].mean() <= 0.002


def test_timestamps_that_are_not_quite_on_time_are_kept() -> None:
    stamps = pd.date_range("2026-01-05", periods=200, freq="h") + pd.to_timedelta(
        np.random.default_rng(83).integers(0, 300, 200), "s"
    )
    result = detect(pd.DataFrame({"series_id": "x", "day": stamps, "value": 5.0}))
    assert list(result["day"]) == list(stamps)


@pytest.mark.parametrize(
    "newest",
    ["2026-02-10", date(2026, 2, 10), pd.Timestamp("2026-02-10"), pd.Timestamp("2026-02-10", tz=UTC)],
)
def test_nothing_later_than_as_of_is_looked_at(newest: object) -> None:
    assert detect(PLAIN, as_of=newest)["day"].max() == pd.Timestamp("2026-02-10")


def test_a_date_as_of_means_all_of_its_hours() -> None:
    hours = PLAIN.assign(day=FIRST + (PLAIN["day"] - FIRST) / 24)
    assert detect(hours, as_of=date(2026, 1, 6))["day"].max() == pd.Timestamp("2026-01-06 23:00")
    assert detect(hours, as_of="2026-01-06 05:00")["day"].max() == pd.Timestamp("2026-01-06 05:00")


@pytest.mark.parametrize(
    ("frame", "more", "words"),
    [
        (PLAIN.drop(columns="day"), {}, "no column day"),
        (PLAIN.drop(columns="series_id"), {"as_of": "2026-02-01"}, "no column series_id"),
        (PLAIN[["series_id", "day"]].assign(name="x"), {}, "at least one column of numbers"),
        (PLAIN.assign(spend="a lot"), {}, "days.spend holds 'a lot' in 320 rows"),
        (PLAIN.assign(day="someday"), {}, "days.day holds 'someday' in 320 rows"),
        (PLAIN.assign(day="31/01/2026"), {}, "31/01/2026"),
        (PLAIN.assign(day=20260101), {}, "day holds numbers such as 20260101"),
        (PLAIN, {"as_of": "yesterday"}, "as_of holds 'yesterday'"),
        (PLAIN, {"calendar": pd.DataFrame({"date": ["2026-02-01"]})}, "no column day"),
        (PLAIN, {"changes": pd.DataFrame({"day": ["2026-02-01"]})}, "no column series_id"),
        (
            PLAIN,
            {"changes": pd.DataFrame({"series_id": ["s000"], "day": ["2026-02-01"], "factor": [0.0]})},
            "factor of a change is above 0",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    frame: pd.DataFrame, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        detect(frame, **more)
