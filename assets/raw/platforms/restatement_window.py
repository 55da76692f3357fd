"""Restatement window: which past days are read again, and how many of them the API quota of the day allows.

Platforms restate conversions until their window closes (docs/platforms.md): the usual window is read every
day, the long one once a week. Defaults: Google Ads 30 and 90 days, Meta Ads 28 and 37 (its longest window is
28 days after the click, and corrections come late), LinkedIn Ads 30 and 90. An account whose conversion
actions count for longer is read for longer.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

import pandas as pd

USUAL_DAYS = {"google_ads": 30, "meta_ads": 28, "linkedin_ads": 30}
LONG_DAYS = {"google_ads": 90, "meta_ads": 37, "linkedin_ads": 90}
SETTLES_DAYS = 3
"""Days after the end of a conversion window until late corrections are in."""
LONG_WEEKDAY = 6
"""Sunday: the quietest morning."""
RESERVE = 0.2
"""Share of a day's calls that pulls leave alone, for reading entities back and for approved changes."""
DAYS_A_CALL = 31
FRESH = pd.Timedelta(hours=20)
"""Days read less long ago than this are not read again by a backfill that is started again."""


def window_days(
    platform: str, *, is_long: bool, usual_days: int | None = None, counted_days: Iterable[int] = ()
) -> int:
    """How many days up to yesterday are read.

    Args:
        platform: google_ads, meta_ads or linkedin_ads.
        is_long: The weekly reading.
        usual_days: What the settings say instead of the platform's usual window.
        counted_days: How long each active conversion action counts after a click or view.
    """
    usual = usual_days or USUAL_DAYS[platform]
    if not is_long:
        return usual
    return max(usual, LONG_DAYS[platform], *(days + SETTLES_DAYS for days in counted_days))


def first_day(last: date, days: int, *, read_through: date | None) -> date:
    """The first day of a window of `days` up to `last`, earlier by the mornings that were missed.

    `read_through` is the last day of the last reading that was accepted of every account, None where there
    was none. A day that leaves the window on a morning that failed would otherwise never get its last
    reading.
    """
    first = last - timedelta(days=days - 1)
    if read_through is None or read_through >= last:
        return first
    return max(read_through - timedelta(days=days - 2), first - timedelta(days=max(LONG_DAYS.values())))


def is_settled(
    readings: pd.DataFrame,
    accounts: Collection[str],
    *,
    start: date,
    end: date,
    now: datetime,
    final_days: int,
) -> bool:
    """Whether nothing new is to be had of these days: each was read for every account after it had become
    final, or just now.

    Args:
        readings: account_id, start_day, end_day, pulled_at, read_on (the account's own day of the reading):
            accepted pulls.
        accounts: Accounts there are.
        start: First day, included.
        end: Last day, included.
        now: The instant that "just now" is counted from: 20 hours.
        final_days: Days after which a platform restates nothing any more.
    """
    days = pd.date_range(start, end)
    for account in accounts:
        account_readings = readings[readings["account_id"] == account]
        done = pd.Series(data=False, index=days)
        for row in account_readings.itertuples():
            first, last = pd.Timestamp(row.start_day), pd.Timestamp(row.end_day)
            is_fresh = pd.Timestamp(now) - row.pulled_at < FRESH
            final = last if is_fresh else min(last, pd.Timestamp(row.read_on) - pd.Timedelta(days=final_days))
            done |= (days >= first) & (days <= final)
        if not done.all():
            return False
    return bool(accounts)


@dataclass(frozen=True)
class Share:
    """The part of a range that the calls left allow: the newest `days` of it, and why not all."""

    days: int
    reason: str | None = None


def calls_needed(days: int, *, tables: int, accounts: int) -> int:
    """About how many calls a pull takes: one per table and month, and a few for lists."""
    return accounts * (tables * ceil(days / DAYS_A_CALL) + 4)


def affordable(days: int, *, tables: int, accounts: int, used: int, allowed: int | None) -> Share:
    """How many of the newest days may be read now without using up the platform's day.

    Args:
        days: Days wanted.
        tables: Tables read per account.
        accounts: Accounts read.
        used: Calls made in the last 24 hours.
        allowed: Calls a day, None where the platform does not count them so.
    """
    if allowed is None:
        return Share(days)
    left = int(allowed * (1 - RESERVE)) - used
    for fewer in sorted({days, *(n for n in (366, 186, 93, 62, 31, 7, 1) if n < days)}, reverse=True):
        if calls_needed(fewer, tables=tables, accounts=accounts) <= left:
            if fewer == days:
                return Share(days)
            return Share(fewer, _why(days - fewer, used, allowed))
    return Share(0, _why(days, used, allowed))


def _why(days: int, used: int, allowed: int) -> str:
    return (
        f"{days} day(s) postponed: {used:,} of {allowed:,} calls of the last 24 hours are used, and"
        f" {RESERVE:.0%} are kept for approved changes. Run it again tomorrow, or raise the limit if the"
        " platform allows more (docs/configuration.md)."
    )


def newest(start: date, end: date, days: int) -> date:
    """The first of the newest `days` days of a range."""
    return max(start, end - timedelta(days=days - 1))
