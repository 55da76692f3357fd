"""What is watched: zeros where nothing happened, nothing where nothing is known, and only days that are
over."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from assets.signals.anomalies.series import closed_through, place_of, watch_frame

DAY = pd.Timestamp("2026-11-20")


def core(days: list[int], *, ad_set: str | None = None, **more: object) -> pd.DataFrame:
    row = {
        "platform": "meta_ads",
        "account_id": "1",
        "campaign_id": "10",
        "spend": 20.0,
        "impressions": 1000,
        "clicks": 40,
        "conversions": 3.0,
        "conversion_value": 90.0,
        "spend_reporting": 18.0,
        "matured": 0.5,
        "conversions_projected": 6.0,
    }
    series_days = {} if ad_set is None else {"ad_set_id": ad_set}
    return pd.DataFrame([row | series_days | {"day": DAY + pd.Timedelta(days=n)} | more for n in days])


def through(last: pd.Timestamp = DAY) -> pd.DataFrame:
    return pd.DataFrame([{"platform": "meta_ads", "account_id": "1", "through": last}])


def test_a_day_without_a_row_is_zero_between_the_first_and_the_last_closed_day_and_unknown_after_it() -> None:
    frame = watch_frame(core([-4, -3, -1], ad_set="100"), core([-4, -3, -2, -1, 0, 1]), through())
    series_days = frame[frame["series_id"] == "meta_ads|1|10|100"].set_index("day")["spend"]
    assert series_days.tolist() == [20.0, 20.0, 0.0, 20.0, 0.0]
    assert frame["day"].max() == DAY
    assert set(frame["series_id"]) == {"meta_ads|1", "meta_ads|1|10", "meta_ads|1|10|100"}
    assert set(frame.loc[frame["series_id"] == "meta_ads|1", "group"]) == {""}
    assert set(frame.loc[frame["series_id"] != "meta_ads|1", "group"]) == {"meta_ads|1"}


def test_accounts_are_the_sum_of_their_campaigns_and_ripe_as_their_conversions_are() -> None:
    both = pd.concat(
        [core([0]), core([0], campaign_id="11", conversions=9.0, conversions_projected=10.0, matured=0.9)]
    )
    frame = watch_frame(core([0], ad_set="100"), both, through()).set_index("series_id")
    account = frame.loc["meta_ads|1"]
    assert (account["spend"], account["clicks"], account["conversions"]) == (40.0, 80, 12.0)
    assert account["matured"] == 12 / 16
    assert account["rate"] == 0.9


def test_unknown_maturity_stays_unknown_for_young_days_and_is_whole_for_old_ones() -> None:
    days = core([-60, 0], matured=np.nan, conversions_projected=np.nan)
    frame = watch_frame(days.assign(ad_set_id="100"), days, through())
    series_days = frame[frame["series_id"] == "meta_ads|1"].set_index("day")["matured"]
    assert series_days[DAY - pd.Timedelta(days=60)] == 1.0
    assert np.isnan(series_days[DAY])


def test_a_day_is_closed_three_hours_after_its_midnight_in_the_accounts_own_zone() -> None:
    def last(zone: str, hour: int) -> date:
        at = pd.Timestamp(datetime(2026, 11, 21, hour, tzinfo=UTC))
        pulls = pd.DataFrame(
            [{"platform": "meta_ads", "account_id": "1", "time_zone": zone, "pulled_at": at, "end_day": DAY}]
        )
        return closed_through(pulls, core([0]), as_of=DAY.date())["through"].iloc[0].date()

    assert last("UTC", 5) == date(2026, 11, 20)
    assert last("UTC", 2) == date(2026, 11, 19)
    assert last("America/Los_Angeles", 5) == date(2026, 11, 19)  # nine in the evening of the 20th
    assert last("Pacific/Auckland", 0) == date(2026, 11, 20)


def test_accounts_from_files_are_closed_through_their_newest_row() -> None:
    nothing = pd.DataFrame(columns=["platform", "account_id", "time_zone", "pulled_at", "end_day"])
    assert closed_through(nothing, core([-3]), as_of=DAY.date())["through"].tolist() == [
        DAY - pd.Timedelta(days=3)
    ]


def test_a_series_tells_its_place() -> None:
    assert place_of("meta_ads|1|10|100") == {
        "platform": "meta_ads",
        "account_id": "1",
        "level": "ad_set",
        "campaign_id": "10",
        "ad_set_id": "100",
    }
    assert place_of("meta_ads|1")["level"] == "account"
