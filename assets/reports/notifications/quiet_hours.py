"""Delivery times: P1 at once, P2 in working hours, nothing but P1 in quiet hours, each in the account's time
zone.

Wall-clock times are converted to instants before they are compared, so that changes to and from daylight
saving time are safe.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from assets.reports.notifications.notice import NOW, SOON
from resources.policy.notifications import Notifications, QuietHours, WorkingHours


def due_at(
    priority: int, now: datetime, zone: ZoneInfo, rules: Notifications, *, by: datetime | None = None
) -> datetime:
    """The earliest delivery time.

    Args:
        priority: 1 to 3.
        now: An instant.
        zone: The account's time zone.
        rules: Working and quiet hours.
        by: Latest useful delivery. It does not wait for working hours beyond that, but quiet hours still
            hold.
    """
    if priority == NOW:
        return now
    awake = out_of_quiet(now, zone, rules.quiet_hours)
    if priority != SOON:
        return awake
    at_work = out_of_quiet(at_working(now, zone, rules.working_hours), zone, rules.quiet_hours)
    if by is None:
        return at_work
    return max(awake, min(at_work, out_of_quiet(max(now, by), zone, rules.quiet_hours)))


def out_of_quiet(now: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """The first instant from `now` on that is not in quiet hours."""
    local = now.astimezone(zone)
    if not is_quiet(local.time(), quiet):
        return now
    ends = at(local.date(), quiet.end, zone)
    return ends if ends > now else at(local.date() + timedelta(days=1), quiet.end, zone)


def is_quiet(clock: time, quiet: QuietHours) -> bool:
    if quiet.start == quiet.end:
        return False
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def at_working(now: datetime, zone: ZoneInfo, working: WorkingHours) -> datetime:
    """The first instant from `now` on that is in working hours."""
    local = now.astimezone(zone)
    for ahead in range(8):
        day = local.date() + timedelta(days=ahead)
        if day.weekday() in working.days:
            begins, ends = at(day, working.start, zone), at(day, working.end, zone)
            if now < ends:
                return max(now, begins)
    raise ValueError("working hours have no day")


def quiet_until(now: datetime, zone: ZoneInfo, quiet: QuietHours, *, within: timedelta) -> datetime | None:
    """When the quiet hours that begin `within` that time will end; None where none begin."""
    later = now + within
    if is_quiet(now.astimezone(zone).time(), quiet) or not is_quiet(later.astimezone(zone).time(), quiet):
        return None
    return out_of_quiet(later, zone, quiet)


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """An instant (UTC) by its day and time on the clocks of a zone; one that the clocks jump over counts as
    by the old clock.
    """
    return datetime.combine(day, clock, zone).astimezone(UTC)
