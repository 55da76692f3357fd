"""How old each platform's figures are, in one word with a reason: fresh, incomplete, stale or no data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import pandas as pd

from assets.formatting.platform_names import SPOKEN, short, spoken


class FreshnessState(StrEnum):
    FRESH = "fresh"
    INCOMPLETE = "incomplete"
    STALE = "stale"
    NO_DATA = "no data"


@dataclass(frozen=True)
class Freshness:
    """One platform's state.

    `why` is a sentence; `pulled_at` is when its newest figures were read, if ever.
    """

    platform: str
    label: str
    state: FreshnessState
    why: str
    pulled_at: datetime | None


def freshness(
    kpi_days: pd.DataFrame,
    campaign_days: pd.DataFrame,
    *,
    as_of: date,
    pulled_at: Mapping[str, datetime],
) -> tuple[Freshness, ...]:
    """The state of every platform we know and of any other that has figures."""
    newest = kpi_days.groupby("platform")["day"].max()
    early = _read_too_early(campaign_days, as_of=as_of)
    others = sorted({str(name) for name in newest.index} - SPOKEN.keys() - {"all"})
    states = []
    for platform in [*SPOKEN, *others]:
        last = newest.get(platform)
        state, why = _judged(None if last is None else last.date(), as_of=as_of, is_early=platform in early)
        states.append(Freshness(platform, spoken(platform), state, why, pulled_at.get(platform)))
    return tuple(states)


def _judged(last: date | None, *, as_of: date, is_early: bool) -> tuple[FreshnessState, str]:
    if last is None:
        return FreshnessState.NO_DATA, "Not set up, or never pulled: no figures on this page."
    behind = (as_of - last).days
    if behind:
        days = "1 day" if behind == 1 else f"{behind} days"
        return (
            FreshnessState.STALE,
            f"Last figures are of {short(last)}, {days} behind: not pulled since, or no ad ran.",
        )
    if is_early:
        return FreshnessState.INCOMPLETE, "Some accounts were read before their day was over."
    return FreshnessState.FRESH, f"Complete through {short(as_of)}."


def _read_too_early(campaign_days: pd.DataFrame, *, as_of: date) -> set[str]:
    """Platforms with an account whose figures for `as_of` were read before that day ended in the account's
    time zone.
    """
    if not {"time_zone", "read_at"} <= set(campaign_days.columns):
        return set()
    today = campaign_days[campaign_days["day"] == pd.Timestamp(as_of)]
    read = today.assign(read_at=pd.to_datetime(today["read_at"], utc=True))
    first = read.groupby(["platform", "time_zone"])["read_at"].min()
    midnight = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    return {platform for (platform, zone), at in first.items() if at < midnight.tz_localize(ZoneInfo(zone))}
