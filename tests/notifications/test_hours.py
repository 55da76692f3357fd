"""When: working hours, quiet hours, and nights in which the clock is put forward or back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.reports.notifications.quiet_hours import at, due_at, is_quiet, out_of_quiet, quiet_until
from resources.policy.notifications import Notifications, QuietHours, WorkingHours

RULES = Notifications()
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)


def local(zone: str, *clock: int) -> datetime:
    return datetime(*clock, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        ("Europe/Berlin", (2026, 11, 16, 10, 0), (2026, 11, 16, 10, 0)),  # at work
        ("Europe/Berlin", (2026, 11, 16, 7, 0), (2026, 11, 16, 9, 0)),
        ("Europe/Berlin", (2026, 11, 16, 18, 0), (2026, 11, 17, 9, 0)),  # the end is not part of it
        ("Europe/Berlin", (2026, 11, 20, 23, 0), (2026, 11, 23, 9, 0)),  # Friday night
        ("America/Los_Angeles", (2026, 11, 22, 12, 0), (2026, 11, 23, 9, 0)),
        ("Europe/Berlin", (2026, 3, 29, 1, 30), (2026, 3, 30, 9, 0)),  # the clock goes forward
        ("America/Los_Angeles", (2026, 10, 31, 23, 0), (2026, 11, 2, 9, 0)),  # and back
    ],
)
def test_what_can_wait_waits_for_working_hours(zone: str, now: tuple[int, ...], due: tuple[int, ...]) -> None:
    assert due_at(2, local(zone, *now), ZoneInfo(zone), RULES) == local(zone, *due)


def test_what_must_be_known_before_does_not_wait_for_monday_but_for_the_morning() -> None:
    saturday = local("Europe/Berlin", 2026, 11, 21, 1, 0)
    by = local("Europe/Berlin", 2026, 11, 21, 12, 0)
    assert due_at(2, saturday, ZoneInfo("Europe/Berlin"), RULES, by=by) == by
    assert due_at(2, saturday, ZoneInfo("Europe/Berlin"), RULES, by=saturday) == local(
        "Europe/Berlin", 2026, 11, 21, 8, 0
    )


@given(now=INSTANTS, zone=st.sampled_from(ZONES), priority=st.sampled_from([2, 3]), wait=st.integers(0, 96))
def test_quiet_hours_hold_everything_but_p1_and_lose_nothing(
    now: datetime, zone: str, priority: int, wait: int
) -> None:
    due = ZoneInfo(zone)
    due = due_at(priority, now, due, RULES, by=now + timedelta(hours=wait) if priority == 2 else None)
    assert now <= due <= now + timedelta(days=5)
    assert not is_quiet(due.astimezone(due).time(), RULES.quiet_hours)
    assert due_at(1, now, due, RULES) == now


@given(now=INSTANTS, zone=st.sampled_from(ZONES))
def test_a_night_is_never_longer_than_a_night_and_an_hour(now: datetime, zone: str) -> None:
    assert out_of_quiet(now, ZoneInfo(zone), RULES.quiet_hours) - now <= timedelta(hours=13)


def test_the_night_of_the_change_is_an_hour_shorter_or_longer() -> None:
    for day, hours in (((2026, 3, 28), 11), ((2026, 10, 24), 13), ((2026, 6, 1), 12)):
        evening = local("Europe/Berlin", *day, 20, 0)
        assert out_of_quiet(evening, ZoneInfo("Europe/Berlin"), RULES.quiet_hours) - evening == timedelta(
            hours=hours
        )


def test_a_digest_at_half_past_two_comes_also_when_there_is_no_half_past_two() -> None:
    instants = at(local("Europe/Berlin", 2026, 3, 29, 0).date(), time(2, 30), ZoneInfo("Europe/Berlin"))
    assert instants == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_equal_ends_mean_no_quiet_hours_and_day_hours_work_too() -> None:
    assert not is_quiet(time(3), QuietHours(start=time(8), end=time(8)))
    lunch = QuietHours(start=time(12), end=time(13))
    assert [is_quiet(time(hour), lunch) for hour in (11, 12, 13)] == [False, True, False]


def test_an_hour_before_the_night_it_is_known_when_the_night_ends() -> None:
    zone, hour = ZoneInfo("UTC"), timedelta(hours=1)
    before = datetime(2026, 11, 16, 19, 30, tzinfo=UTC)
    assert quiet_until(before, zone, RULES.quiet_hours, within=hour) == datetime(2026, 11, 17, 8, tzinfo=UTC)
    assert quiet_until(before - hour, zone, RULES.quiet_hours, within=hour) is None
    assert quiet_until(before + hour, zone, RULES.quiet_hours, within=hour) is None


def test_times_may_be_written_as_yaml_likes() -> None:
    rules = Notifications.model_validate(
        {"quiet_hours": {"start": 1200, "end": "08:00"}, "digest_at": "07:15"}  # 20:00 without quotes
    )
    assert (rules.quiet_hours.start, rules.digest_at) == (time(20), time(7, 15))
    with pytest.raises(ValueError, match="working hours end after they start"):
        WorkingHours(start=time(18), end=time(9))
