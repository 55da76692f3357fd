"""What the dashboard's values are: sums over the right days, like compared with like, nothing made up where
rows are missing.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from assets.reports.pages.freshness import FreshnessState
from assets.reports.pages.metrics import METRICS
from assets.reports.pages.view import DashboardInputs, DashboardView, PlatformRow, Tile, dashboard_view
from resources.lake.lake import Lake
from tests.reports.frames import AS_OF, PULLED, SUMS, frames, kpi_days, nothing
from tests.reports.stored import TABLES, fill

TWO_DAYS_LATE = {"meta_ads": AS_OF - timedelta(days=2)}


def tile(view: DashboardView, key: str) -> Tile:
    return next(tile for tile in view.tiles if tile.metric.key == key)


def row(view: DashboardView, platform: str, period: str = "day") -> PlatformRow:
    return next(row for row in view.platforms[period] if row.platform == platform)


def spend_days(**spend: list[float | None]) -> pd.DataFrame:
    """Key figures of platforms with that spend on the last days, None where a day is missing; a click costs
    2.
    """
    rows = [
        {
            "platform": platform,
            "day": pd.Timestamp(AS_OF - timedelta(days=len(days) - 1 - i)),
            "spend_reporting": value,
        }
        for platform, days in spend.items()
        for i, value in enumerate(days)
        if value is not None
    ]
    facts = pd.DataFrame(rows)
    figures = {"impressions": facts["spend_reporting"] * 10, "clicks": facts["spend_reporting"] / 2}
    facts = facts.assign(**figures, conversions=1.0, conversion_value_reporting=facts["spend_reporting"] * 3)
    return kpi_days(facts.assign(spend=0.0, conversion_value=0.0))


def view_of(kpis: pd.DataFrame) -> DashboardView:
    return dashboard_view(DashboardInputs(**(nothing() | {"kpi_days": kpis})))


def test_every_tile_is_the_total_s_row_of_the_day() -> None:
    given = frames()
    kpis = given["kpi_days"]
    (total,) = kpis[(kpis["platform"] == "all") & (kpis["day"] == pd.Timestamp(AS_OF))].to_dict("records")
    view = dashboard_view(DashboardInputs(**given))
    assert {t.metric.key: t.value for t in view.tiles} == pytest.approx(
        {m.key: total[m.key] for m in METRICS}
    )


def test_a_tile_is_compared_with_the_average_of_the_same_weekday() -> None:
    sundays = {7: 10.0, 14: 20.0, 21: 30.0, 28: 40.0}
    spend = [sundays.get(days_ago, 1000.0) for days_ago in range(28, 0, -1)] + [50.0]
    view = view_of(spend_days(google_ads=spend))
    assert tile(view, "spend").change == pytest.approx(50 / 25 - 1)
    assert tile(view, "spend").compared_with == "vs average of 4 Sundays"
    assert tile(view, "cpc").change == pytest.approx(0)


@pytest.mark.parametrize(("days", "change"), [(8, None), (15, 0.0)])
def test_one_earlier_week_is_no_comparison_and_two_are(days: int, change: float | None) -> None:
    view = view_of(spend_days(google_ads=[5.0] * days))
    assert tile(view, "spend").change == change


def test_a_ratio_is_compared_by_its_sums_and_not_by_the_average_of_ratios() -> None:
    kpis = spend_days(google_ads=[100.0] * 29)
    uneven = (kpis["day"] == pd.Timestamp(AS_OF - timedelta(days=7))).to_numpy()
    kpis.loc[uneven, ["spend", "clicks"]] = [1000.0, 1000.0]
    assert tile(view_of(kpis), "cpc").base == pytest.approx((1000 + 300) / (1000 + 150))


def test_a_late_platform_does_not_look_like_a_fall_in_spend() -> None:
    view = view_of(spend_days(google_ads=[5.0] * 29, meta_ads=[95.0] * 27 + [None, None]))
    assert tile(view, "spend").value == 5
    assert tile(view, "spend").change == pytest.approx(0)
    assert [state.platform for state in view.without] == ["meta_ads"]


def test_seven_days_are_compared_with_the_seven_before_only_where_all_are_there() -> None:
    whole = view_of(spend_days(google_ads=[10.0] * 7 + [15.0] * 7))
    assert row(whole, "google_ads", "week").changes["spend"] == pytest.approx(0.5)
    holed = view_of(spend_days(google_ads=[10.0] * 3 + [None] + [10.0] * 3 + [15.0] * 7))
    assert row(holed, "google_ads", "week").changes["spend"] is None


def test_shares_add_up_and_the_total_comes_last() -> None:
    view = dashboard_view(DashboardInputs(**frames()))
    for rows in view.platforms.values():
        assert rows[-1].platform == "all"
        assert sum(each.share or 0 for each in rows[:-1]) == pytest.approx(1)
        spent = [each.figures["spend"] or 0 for each in rows[:-1]]
        assert spent == sorted(spent, reverse=True)


def test_nothing_over_nothing_is_unknown() -> None:
    kpis = spend_days(google_ads=[5.0] * 3).assign(spend=0.0, clicks=0, impressions=0)
    view = view_of(kpis)
    assert [tile(view, key).value for key in ("spend", "clicks", "cpc", "ctr", "roas")] == [
        0,
        0,
        None,
        None,
        None,
    ]


def test_a_sum_of_unknown_figures_is_unknown_rather_than_zero() -> None:
    view = view_of(spend_days(google_ads=[5.0] * 3).assign(conversions=np.nan))
    assert (tile(view, "conversions").value, tile(view, "clicks").value) == (None, 2.5)
    for period in ("day", "week"):
        assert row(view, "google_ads", period).figures["conversions"] is None


def test_days_after_the_page_s_own_are_not_on_it() -> None:
    given = frames()
    early = dashboard_view(DashboardInputs(**(given | {"as_of": AS_OF - timedelta(days=3)})))
    assert early.trends["day"].max() == pd.Timestamp(AS_OF - timedelta(days=3))
    cut = {
        name: value[value["day"] <= pd.Timestamp(AS_OF - timedelta(days=3))]
        for name, value in given.items()
        if name.endswith("_days")
    }
    assert (
        early.tiles
        == dashboard_view(DashboardInputs(**(given | cut | {"as_of": AS_OF - timedelta(days=3)}))).tiles
    )


def test_each_platform_says_how_fresh_it_is() -> None:
    view = dashboard_view(
        DashboardInputs(**frames(platforms=("google_ads", "meta_ads"), last_day=TWO_DAYS_LATE))
    )
    states = {
        freshness_states.platform: (freshness_states.state, freshness_states.why)
        for freshness_states in view.freshness
    }
    assert states["google_ads"] == (FreshnessState.FRESH, "Complete through Sun 22 Nov.")
    assert states["meta_ads"][0] is FreshnessState.STALE
    assert "Fri 20 Nov, 2 days behind" in states["meta_ads"][1]
    assert states["linkedin_ads"][0] is FreshnessState.NO_DATA


def test_a_day_read_before_it_was_over_where_the_account_is_counts_as_incomplete() -> None:
    given = frames(platforms=("google_ads", "meta_ads"))
    days = given["campaign_days"]
    in_new_york = days["time_zone"] == "America/New_York"
    evening = datetime(2026, 11, 23, 4, 59, tzinfo=UTC)  # 23:59 in New York, long past midnight in Berlin
    early = days.assign(
        read_at=days["read_at"].where(~in_new_york | (days["platform"] != "meta_ads"), evening)
    )
    states = {
        f.platform: f.state
        for f in dashboard_view(DashboardInputs(**(given | {"campaign_days": early}))).freshness
    }
    assert (states["google_ads"], states["meta_ads"]) == (FreshnessState.FRESH, FreshnessState.INCOMPLETE)
    midnight = early.assign(read_at=evening + timedelta(minutes=1))
    states = {
        f.platform: f.state
        for f in dashboard_view(DashboardInputs(**(given | {"campaign_days": midnight}))).freshness
    }
    assert states["meta_ads"] is FreshnessState.FRESH


def test_ad_sets_hold_their_week_and_their_day() -> None:
    given = frames(days=12)
    view = dashboard_view(DashboardInputs(**given))
    days = given["ad_set_days"]
    week = days[days["day"] > pd.Timestamp(AS_OF - timedelta(days=7))]
    assert len(view.ad_sets.rows) == 24
    spent = [rows_shown.figures["day"]["spend_reporting"] for rows_shown in view.ad_sets.rows]
    assert spent == sorted(spent, reverse=True)
    for rows_shown in view.ad_sets.rows:
        ad_set_rows = week[week["ad_set_id"] == rows_shown.entity_id]
        for period, rows in {
            "week": ad_set_rows,
            "day": ad_set_rows[ad_set_rows["day"] == pd.Timestamp(AS_OF)],
        }.items():
            sums = rows[[*SUMS, "spend_reporting"]].sum()
            assert {k: rows_shown.figures[period][k] for k in sums.index} == pytest.approx(sums.to_dict())
            assert rows_shown.figures[period]["cpc"] == pytest.approx(
                sums["spend_reporting"] / sums["clicks"]
            )
            assert rows_shown.figures[period]["roas"] == pytest.approx(
                sums["conversion_value"] / sums["spend"]
            )


def test_the_same_id_in_two_accounts_stays_two_ad_sets() -> None:
    given = frames(ad_sets=12)
    days = given["ad_set_days"].assign(ad_set_id="1", campaign_id="1")
    view = dashboard_view(DashboardInputs(**(given | {"ad_set_days": days})))
    accounts = days[["platform", "account_id"]].drop_duplicates()
    assert len(view.ad_sets.rows) == len(accounts) == 6


def test_an_ad_set_without_an_entry_goes_by_its_id() -> None:
    given = frames(ad_sets=6)
    view = dashboard_view(DashboardInputs(**(given | {"entities": given["entities"].iloc[:0]})))
    assert {(row.name, row.status) for row in view.ad_sets.rows} == {
        (row.entity_id, "unknown") for row in view.ad_sets.rows
    }


def test_the_largest_of_three_thousand_are_rows_and_all_are_kept() -> None:
    view = dashboard_view(DashboardInputs(**frames(ad_sets=3000, days=8)))
    assert (len(view.ad_sets.rows), view.ad_sets.left_out) == (100, 2900)
    everything = view.ad_sets.everything
    shown = everything["entity_id"].isin([row.entity_id for row in view.ad_sets.rows])
    assert everything[shown]["spend_reporting_week"].min() >= everything[~shown]["spend_reporting_week"].max()


def test_a_lake_without_tables_makes_an_empty_view() -> None:
    assert dashboard_view(DashboardInputs(**nothing())).is_empty
    bare = {name: pd.DataFrame() for name in ("kpi_days", "campaign_days", "ad_set_days", "entities")}
    assert dashboard_view(DashboardInputs(**(nothing() | bare))).is_empty
    assert not dashboard_view(DashboardInputs(**frames())).is_empty


def test_the_given_frames_are_left_as_they_are() -> None:
    given = frames()
    before = {name: value.copy() for name, value in given.items() if isinstance(value, pd.DataFrame)}
    dashboard_view(DashboardInputs(**given))
    for name, frame in before.items():
        pd.testing.assert_frame_equal(given[name], frame)


def test_a_day_as_a_date_is_the_same_as_a_day_at_midnight() -> None:
    given = frames()
    dates = {
        name: frame.assign(day=frame["day"].dt.date)
        for name, frame in given.items()
        if name.endswith("_days")
    }
    assert (
        dashboard_view(DashboardInputs(**(given | dates))).tiles
        == dashboard_view(DashboardInputs(**given)).tiles
    )
    assert isinstance(dates["kpi_days"]["day"].iloc[0], date)
    assert PULLED in given["pulled_at"].values()


def test_the_lake_s_own_frames_make_the_same_page(lake: Lake) -> None:
    given = frames(ad_sets=12)
    fill(lake, given)
    read = {name: lake.read(table) for name, table in TABLES.items()}
    ours, theirs = dashboard_view(DashboardInputs(**given)), dashboard_view(DashboardInputs(**(given | read)))
    assert [row.name for row in theirs.ad_sets.rows] == [row.name for row in ours.ad_sets.rows]
    assert {t.metric.key: t.value for t in theirs.tiles} == pytest.approx(
        {t.metric.key: t.value for t in ours.tiles}
    )
    assert [f.state for f in theirs.freshness] == [FreshnessState.FRESH] * 3
