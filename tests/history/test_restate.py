"""Which days are read again: windows, mornings that were missed, calls that are left."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.raw.platforms.restatement_window import (
    RESERVE,
    affordable,
    calls_needed,
    first_day,
    is_settled,
    window_days,
)

LAST = date(2026, 11, 22)
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("platform", "is_long", "counted", "days"),
    [
        ("google_ads", False, [90], 30),
        ("google_ads", True, [], 90),
        ("google_ads", True, [30, 120], 123),
        ("meta_ads", True, [], 37),
        ("meta_ads", False, [], 28),
    ],
)
def test_windows(platform: str, is_long: bool, counted: list[int], days: int) -> None:
    assert window_days(platform, is_long=is_long, counted_days=counted) == days


def test_a_morning_that_was_missed_makes_the_next_window_longer() -> None:
    usual = LAST - timedelta(days=29)
    assert first_day(LAST, 30, read_through=None) == usual
    assert first_day(LAST, 30, read_through=LAST - timedelta(days=1)) == usual
    assert first_day(LAST, 30, read_through=LAST - timedelta(days=3)) == usual - timedelta(days=2)
    assert first_day(LAST, 30, read_through=LAST - timedelta(days=400)) == usual - timedelta(days=90)


@given(
    st.integers(1, 730), st.integers(1, 8), st.integers(1, 30), st.integers(0, 20_000), st.integers(1, 20_000)
)
def test_what_is_read_never_takes_more_calls_than_are_left(
    days: int, tables: int, accounts: int, used: int, allowed: int
) -> None:
    share = affordable(days, tables=tables, accounts=accounts, used=used, allowed=allowed)
    assert 0 <= share.days <= days
    assert (share.reason is None) == (share.days == days)
    if share.days:
        assert calls_needed(share.days, tables=tables, accounts=accounts) <= allowed * (1 - RESERVE) - used


def test_without_a_known_limit_everything_is_read() -> None:
    assert affordable(730, tables=6, accounts=9, used=10**6, allowed=None).days == 730


def readings(*rows: tuple[str, date, date, datetime]) -> pd.DataFrame:
    readings_frame = pd.DataFrame(rows, columns=["account_id", "start_day", "end_day", "pulled_at"])
    return readings_frame.assign(read_on=pd.to_datetime(readings_frame["pulled_at"]).dt.date)


def test_days_are_settled_once_read_late_enough_or_just_now_for_every_account() -> None:
    start, end = date(2026, 5, 1), date(2026, 5, 31)
    late = datetime(2026, 10, 1, tzinfo=UTC)
    parameters = {"start": start, "end": end, "now": NOW, "final_days": 90}
    assert is_settled(readings(("a", start, end, late)), ["a"], **parameters)
    assert not is_settled(readings(("a", start, end, late)), ["a", "b"], **parameters)
    assert not is_settled(readings(("a", start, end, datetime(2026, 6, 10, tzinfo=UTC))), ["a"], **parameters)
    assert not is_settled(readings(("a", start, end - timedelta(days=1), late)), ["a"], **parameters)
    fresh = readings(("a", LAST, LAST, NOW - timedelta(hours=3)))
    assert is_settled(fresh, ["a"], start=LAST, end=LAST, now=NOW, final_days=90)
    assert not is_settled(fresh, ["a"], start=LAST, end=LAST, now=NOW + timedelta(days=1), final_days=90)
    assert not is_settled(fresh, [], start=LAST, end=LAST, now=NOW, final_days=90)
