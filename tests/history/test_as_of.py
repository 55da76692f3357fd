"""What was known when: every reading can be read again as it was, to the last figure, and nothing read later
is seen.
"""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from assets.actions.policy_replay.assets import replayed
from assets.core.conversion_lag.assets import learned
from assets.core.performance.point_in_time import core_days, known_by
from assets.raw.platforms.assets import DAILY
from benchmarks.days import Days, tidied
from resources.config.settings import PROJECT
from resources.policy.policy import load_policy
from resources.tables import core, meta_ads
from resources.tables.pulls import PULLS

MORNINGS = 4


def served(days: Days, at: datetime, start: date, end: date) -> pd.DataFrame:
    """The market's own record of what it served at that instant: conversions and spend per campaign and day."""
    rows = []
    for account in days.stage.world.accounts:
        ids = days.stage.market.catalog(account).campaigns.id
        for block in days.stage.market.report(account, "campaign", start, end, at=at):
            rows += [
                (account.platform, str(ids[c]), date.fromordinal(int(d) + 719_163), int(s), float(n))
                for c, d, s, n in zip(block.campaign, block.day, block.spend_micros, block.purchases + block.leads, strict=True)
            ]  # fmt: skip
    core_rows = pd.DataFrame(rows, columns=["platform", "campaign_id", "day", "spend_micros", "conversions"])
    return core_rows.sort_values(["platform", "campaign_id", "day"]).reset_index(drop=True)


def known(days: Days, at: datetime, start: date, end: date) -> pd.DataFrame:
    """The same from the lake as it was known at that instant."""
    core_rows = core_days(days.lake, "campaign", start=start, end=end, as_of=at)
    core_rows = core_rows.assign(
        spend_micros=(core_rows["spend"] * 1e6).round().astype(int), day=core_rows["day"].dt.date
    )
    columns = ["platform", "campaign_id", "day", "spend_micros", "conversions"]
    return core_rows[columns].sort_values(columns[:3]).reset_index(drop=True)


def test_every_reading_reads_again_as_the_platform_served_it_also_after_tidying(days: Days) -> None:
    calendar = [days.first + timedelta(days=n) for n in range(MORNINGS)]
    start, instants = days.first - timedelta(days=9), []
    for day in calendar:
        assert {pull.verdict for pull in days.run(day, first=start)} == {"accepted"}
        instants.append(days.stage.clock.now())
    for _ in range(2):
        for at, day in zip(instants, calendar, strict=True):
            pd.testing.assert_frame_equal(known(days, at, start, day), served(days, at, start, day))
        assert known(days, instants[0] - timedelta(seconds=1), start, calendar[-1]).empty
        assert tidied(days.lake) >= 0
    first, last = (
        served(days, at, start, calendar[0])["conversions"].sum() for at in (instants[0], instants[-1])
    )
    assert last > first  # or the test would prove nothing


def test_reading_the_same_again_adds_nothing(days: Days) -> None:
    days.run(days.first)
    days.stage.clock.advance(timedelta(seconds=5))
    before = {t: len(days.lake.read(t)) for tables in DAILY.values() for t in tables}
    again = days.pull_now(days.first)
    assert {pull.verdict for pull in again} == {"accepted"}
    assert (
        sum(written.rows for pull in again for written in pull.written.values()) == sum(before.values()) > 0
    )
    assert sum(written.news for pull in again for written in pull.written.values()) == 0


def test_what_is_no_longer_reported_is_recorded_as_vanished_and_still_known_for_then(days: Days) -> None:
    days.run(days.first)
    at, table = days.stage.clock.now(), meta_ads.DAYS["ad"]
    rows = days.lake.arrow(f"select * from raw.{table.name}", table)
    later = at + timedelta(hours=1)
    written = days.lake.record(table, rows.slice(3), at=later)
    assert (written.added, written.changed, written.vanished) == (0, 0, 3)
    assert len(days.lake.read(table)) == len(rows) - 3
    assert len(days.lake.read(table, as_of=at)) == len(rows)
    assert days.lake.record(table, rows, at=later + timedelta(hours=1)).added == 3


def poison(days: Days, at: datetime) -> None:
    """A reading of a later instant that makes every figure absurd."""
    for tables in DAILY.values():
        for table in tables:
            rows = days.lake.arrow(f"select * from raw.{table.name}", table)
            for name in ("clicks", "impressions"):
                if name in rows.schema.names:
                    absurd = pa.array([987_654_321] * len(rows), pa.int64())
                    rows = rows.set_column(rows.schema.get_field_index(name), name, absurd)
            days.lake.record(table, rows, at=at)


def ad_sets(days: Days, day: date, at: datetime) -> pd.DataFrame:
    core_rows = core_days(days.lake, "ad_set", start=day, end=day, as_of=at)
    return core_rows.sort_values(["platform", "ad_set_id"]).reset_index(drop=True)


def test_a_replayed_day_sees_nothing_that_was_read_after_it(days: Days) -> None:
    policy = load_policy(PROJECT / "policy.yaml")
    for n in range(3):
        days.run(days.first + timedelta(days=n), first=days.first - timedelta(days=20))
    day, now = days.first, datetime(2027, 6, 1, tzinfo=UTC)
    at = known_by(day, now=now)
    then = replayed(days.lake, day, policy=policy, now=now)
    curve, figures = learned(days.lake, until=at), ad_sets(days, day, at)
    assert then is not None
    assert len(figures)
    poison(days, days.stage.clock.now() + timedelta(minutes=1))
    assert replayed(days.lake, day, policy=policy, now=now) == then
    pd.testing.assert_frame_equal(learned(days.lake, until=at), curve)
    pd.testing.assert_frame_equal(ad_sets(days, day, at), figures)
    assert (core_days(days.lake, "ad_set", start=day, end=day)["clicks"] == 987_654_321).all()


def test_of_a_day_before_the_first_reading_nothing_was_known(days: Days) -> None:
    days.run(days.first)
    policy = load_policy(PROJECT / "policy.yaml")
    assert (
        replayed(
            days.lake, days.first - timedelta(days=5), policy=policy, now=datetime(2027, 6, 1, tzinfo=UTC)
        )
        is None
    )


def test_a_table_without_history_is_not_read_as_of_anything(days: Days) -> None:
    with pytest.raises(ValueError, match="keeps no history"):
        days.lake.read(core.KPI_DAY, as_of=datetime(2026, 1, 1, tzinfo=UTC))
    assert days.lake.read(PULLS, as_of=datetime(2026, 1, 1, tzinfo=UTC)).empty
