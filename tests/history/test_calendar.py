"""Days of 23 and 25 hours, and what was deleted after it had spent: the lake has what the platform has."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from assets.core.conversion_lag.assets import keep, learned
from assets.core.performance.point_in_time import core_days
from benchmarks.days import Days
from sandbox.control import edit_by_hand
from tests.history.test_as_of import known, served

GONE = {"google_ads": "REMOVED", "meta_ads": "DELETED", "linkedin_ads": "REMOVED"}


@pytest.mark.parametrize(
    "midnight",
    [datetime(2026, 9, 27, 11, tzinfo=UTC), datetime(2026, 4, 5, 12, tzinfo=UTC)],
    ids=["a day of 23 hours in Auckland", "a day of 25 hours"],
)
def test_a_day_ends_at_its_own_midnight(days: Days, midnight: datetime) -> None:
    ending = midnight.date()
    keep(
        days.lake, learned(days.lake, until=midnight), at=midnight - timedelta(days=1)
    )  # nothing read: what is stated
    seen, ages = {}, {}
    for minutes in (-30, 59):
        days.stage.clock.set(midnight + timedelta(minutes=minutes))
        pulls = days.pull_now(
            ending + timedelta(days=1), first=ending - timedelta(days=2), platforms=("google_ads",)
        )
        assert [(pull.verdict, pull.reason) for pull in pulls] == [("accepted", None)]
        rows = core_days(
            days.lake, "campaign", start=ending - timedelta(days=2), end=ending + timedelta(days=1)
        )
        seen[minutes] = rows.groupby("day")["clicks"].sum()
        ages[minutes] = rows.groupby("day")["matured"].first()
    before, after = pd.Timestamp(ending), pd.Timestamp(ending + timedelta(days=1))
    assert before in seen[-30].index
    assert after not in seen[-30].index
    assert seen[59][before] > seen[-30][before]  # its last half hour, whatever the clocks did that night
    assert ages[59][before] > ages[-30][before]  # and from then on it is a day old


def test_what_was_deleted_after_it_had_spent_is_still_counted_and_still_grows(days: Days) -> None:
    start = days.first - timedelta(days=6)
    days.run(days.first, first=start)
    gone = {}
    for account in days.stage.world.accounts:
        catalog = days.stage.market.catalog(account)
        row = next(n for n in range(len(catalog.ad_sets.id)) if not catalog.ad_sets.hidden[n])
        gone[account.platform] = str(catalog.ad_sets.id[row])
        edit_by_hand(
            days.stage, account, "ad_set", int(catalog.ad_sets.id[row]), "status", GONE[account.platform]
        )
    first = core_days(days.lake, "ad_set", start=start, end=days.first)
    for n in (1, 2, 3):
        assert {pull.verdict for pull in days.run(days.first + timedelta(days=n), first=start)} == {
            "accepted"
        }
    now, last = days.stage.clock.now(), days.first + timedelta(days=3)
    pd.testing.assert_frame_equal(known(days, now, start, last), served(days, now, start, last))
    later = core_days(days.lake, "ad_set", start=start, end=last)
    for platform, ad_set in gone.items():
        reader = days.platforms.reader(platform)
        listed = reader.entities(next(iter(reader.accounts()))).to_pylist()
        assert next(entity["status"] for entity in listed if entity["entity_id"] == ad_set) == "removed"
        then, since = (rows[rows["ad_set_id"] == ad_set] for rows in (first, later))
        was, still = (rows[rows["day"] <= pd.Timestamp(days.first)] for rows in (then, since))
        assert was["spend"].sum() > 0
        assert len(still) >= len(was)
        assert still["conversions"].sum() >= was["conversions"].sum()
        assert since[since["day"] > pd.Timestamp(days.first + timedelta(days=1))]["spend"].sum() == 0
    grown = later[later["ad_set_id"].isin(gone.values()) & (later["day"] <= pd.Timestamp(days.first))]
    assert grown["conversions"].sum() > first[first["ad_set_id"].isin(gone.values())]["conversions"].sum()
