"""Where months end: months whose end is known beside the projection, and what is known beforehand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from assets.signals.pacing import project

DAYS = pd.date_range("2026-01-01", "2026-05-31")
MAY = DAYS[DAYS.month == 5]
ENDS = ["p10", "p50", "p90"]


def series(name: str, *, level: float = 100.0, seed: int = 0, noise: float = 0.08) -> pd.DataFrame:
    """Five months at a level, with a weekly shape."""
    rng = np.random.default_rng(seed)
    shape = np.where(DAYS.day_of_week >= 5, 0.7, 1.1)
    return pd.DataFrame(
        {"series_id": name, "day": DAYS, "spend": level * shape * np.exp(rng.normal(0, noise, len(DAYS)))}
    )


def pool(count: int = 20, **more: Any) -> pd.DataFrame:
    return pd.concat(
        [series(f"s{n:02}", level=50.0 * (n + 1), seed=n, **more) for n in range(count)], ignore_index=True
    )


def at(days: pd.DataFrame, day: str, **more: Any) -> pd.DataFrame:
    return project(days[days["day"] <= day], as_of=day, **more).set_index("series_id")


def truth(days: pd.DataFrame) -> pd.Series:
    return days[days["day"].isin(MAY)].groupby("series_id")["spend"].sum()


def changed(days: pd.DataFrame, name: str, start: str, end: str, factor: float) -> pd.DataFrame:
    inside = (days["series_id"] == name) & (days["day"] >= start) & (days["day"] <= end)
    return days.assign(spend=days["spend"].where(~inside, days["spend"] * factor))


def known(name: str | None, start: str, end: str | None, factor: float) -> pd.DataFrame:
    return pd.DataFrame([{"series_id": name, "start": start, "end": end, "factor": factor}])


@pytest.mark.parametrize("day", ["2026-05-03", "2026-05-07", "2026-05-14", "2026-05-21"])
def test_steady_months_end_within_three_percent_of_the_truth(day: str) -> None:
    days = pool()
    error = (at(days, day)["p50"] / truth(days) - 1).abs()
    assert error.median() < 0.03
    assert error.max() < 0.08


@pytest.mark.parametrize(
    ("what", "start", "end", "factor"),
    [
        ("a budget change", "2026-05-18", "2026-05-31", 1.6),
        ("a pause", "2026-05-20", "2026-05-25", 0.0),
        ("a stop for good", "2026-05-22", "2026-05-31", 0.0),
        ("a holiday", "2026-05-25", "2026-05-26", 0.3),
    ],
)
def test_what_is_known_beforehand_moves_the_projection_to_the_truth(
    what: str, start: str, end: str, factor: float
) -> None:
    days = changed(pool(), "s03", start, end, factor)
    informed, blind = at(days, "2026-05-12", known=known("s03", start, end, factor)), at(days, "2026-05-12")
    true = truth(days)["s03"]
    assert abs(informed.loc["s03", "p50"] / true - 1) < 0.05, what
    assert informed.loc["s03", "p10"] <= true <= informed.loc["s03", "p90"], what
    assert abs(blind.loc["s03", "p50"] / true - 1) > abs(informed.loc["s03", "p50"] / true - 1), what


def test_a_known_change_of_the_past_is_no_drift() -> None:
    days = changed(pool(), "s03", "2026-05-06", "2026-05-31", 2.0)
    informed = at(days, "2026-05-09", known=known("s03", "2026-05-06", None, 2.0))
    assert abs(informed.loc["s03", "p50"] / truth(days)["s03"] - 1) < 0.05


def test_a_daily_budget_on_the_days_says_as_much_where_it_limits() -> None:
    days = changed(pool(), "s03", "2026-05-06", "2026-05-31", 2.0)
    days["daily_budget"] = np.where(
        (days["series_id"] == "s03") & (days["day"] >= "2026-05-06"), 400.0, 200.0
    )
    days["daily_budget"] = days["daily_budget"].where(days["series_id"] == "s03")
    informed = at(days, "2026-05-08")
    assert abs(informed.loc["s03", "p50"] / truth(days)["s03"] - 1) < 0.06


def test_a_late_start_is_projected_from_its_own_days() -> None:
    days = pool()
    days = days[(days["series_id"] != "s05") | (days["day"] >= "2026-05-08")]
    late = at(days, "2026-05-17").loc["s05"]
    assert abs(late["p50"] / truth(days)["s05"] - 1) < 0.08
    early = at(
        days,
        "2026-05-07",
        budgets=pd.DataFrame({"series_id": ["s05"], "month": ["2026-05"], "budget": [100.0]}),
    )
    assert early.loc["s05", ENDS].isna().all()
    assert early.loc["s05", "spent"] == 0


def test_a_stopped_account_stays_where_it_is() -> None:
    days = pool()
    stopped = days[(days["series_id"] != "s07") | (days["day"] <= "2026-05-06")]
    row = at(stopped, "2026-05-16").loc["s07"]
    assert row["p50"] == pytest.approx(row["spent"], rel=0.03)


def test_a_budget_that_has_stopped_every_month_before_stops_this_one() -> None:
    days, budget = pool(), 1200.0
    is_series = days["series_id"] == "s00"
    months = days["day"].dt.to_period("M")
    before = days[is_series].groupby(months[is_series])["spend"].cumsum() - days.loc[is_series, "spend"]
    days.loc[is_series, "spend"] = np.clip(budget - before, 0, days.loc[is_series, "spend"])
    budgets = pd.DataFrame({"series_id": "s00", "month": months.unique().to_timestamp(), "budget": budget})
    assert (days[is_series].groupby(months[is_series])["spend"].sum().round(6) <= budget).all()
    row = at(days, "2026-05-10", budgets=budgets).loc["s00"]
    assert row["p50"] == pytest.approx(budget, rel=0.04)
    assert row["p90"] <= budget + 1e-6


def test_a_ceiling_is_never_exceeded_and_flight_dates_end_the_spend() -> None:
    days = pool()
    spent = at(days, "2026-05-20").loc["s01", "spent"]
    budgets = pd.DataFrame(
        {
            "series_id": ["s01", "s02"],
            "month": "2026-05-01",
            "budget": [9e9, 9e9],
            "ceiling": [spent + 10, None],
            "end_day": [None, "2026-05-20"],
        }
    )
    result = at(days, "2026-05-20", budgets=budgets)
    assert result.loc["s01", "p90"] == pytest.approx(spent + 10)
    assert result.loc["s02", "p90"] == result.loc["s02", "spent"]
    assert result.loc["s02", "days_left"] == 0
    assert np.isnan(result.loc["s02", "required_daily"])


def test_the_range_holds_the_truth_four_times_out_of_five() -> None:
    """300 series of noise and drift: a share has a standard error of 2 points, and series drift together by
    chance; seven points are allowed."""
    rng, parts = np.random.default_rng(11), []
    for n in range(300):
        drift = np.exp(np.cumsum(rng.normal(0, 0.03, len(DAYS))))
        noise = np.exp(rng.normal(0, 0.15, len(DAYS)))
        parts.append(pd.DataFrame({"series_id": f"d{n}", "day": DAYS, "spend": 50 * drift * noise}))
    days = pd.concat(parts, ignore_index=True)
    true, held = truth(days), []
    for day in ("2026-05-03", "2026-05-07", "2026-05-14", "2026-05-21"):
        result = at(days, day)
        held.append(((result["p10"] <= true) & (true <= result["p90"])).mean())
    assert 0.73 <= np.mean(held) <= 0.87
    assert min(held) > 0.65


def test_the_last_day_closes_the_range_and_the_first_days_are_too_early() -> None:
    days = pool()
    last = at(days, "2026-05-31")
    assert (last["p10"] == last["p90"]).all()
    assert last["p50"].round(6).equals(truth(days).round(6).rename("p50"))
    assert (last["days_left"] == 0).all()
    assert at(days, "2026-05-02")["too_early"].all()
    assert not at(days, "2026-05-03")["too_early"].any()
    assert (at(days, "2026-05-30")["days_left"] == 1).all()


def test_a_day_that_is_still_running_counts_by_its_hour() -> None:
    days = pool()
    closed, whole = at(days, "2026-05-13"), at(days, "2026-05-14")
    half = days[days["day"] <= "2026-05-14"]
    half = half.assign(spend=half["spend"].where(half["day"] < "2026-05-14", half["spend"] / 2))
    running = project(half, as_of="2026-05-14 12:00").set_index("series_id")
    assert (running["spent"] > closed["spent"]).all()
    assert (running["days_left"] == closed["days_left"]).all()
    assert (running["p50"] / whole["p50"] - 1).abs().max() < 0.03


def test_probabilities_and_what_a_day_needs_follow_the_budget() -> None:
    days = pool(3)
    middle = at(days, "2026-05-10")["p50"]
    budgets = pd.DataFrame(
        {"series_id": middle.index, "month": "2026-05-10", "budget": middle.to_numpy() * [0.7, 1.0, 1.4]}
    )
    result = at(days, "2026-05-10", budgets=budgets)
    assert result["p_over"].round(2).tolist()[0] == 1.0
    assert result["p_under"].tolist()[2] > 0.95
    assert result[["p_over", "p_under"]].max(axis=1).tolist()[1] < 0.6
    assert result.loc["s01", "p_beyond"] == pytest.approx(0.5, abs=0.02)
    needs = (result["budget"] - result["spent"]) / 21
    assert result["required_daily"].round(6).equals(needs.clip(lower=0).round(6).rename("required_daily"))
