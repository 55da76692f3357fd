"""What a day's incidents are made of, read from the lake as it was known by then."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from assets.core.performance.point_in_time import core_days, entities
from assets.signals.anomalies.advice import advised
from assets.signals.anomalies.causes import broken_tracking, recorded_changes
from assets.signals.anomalies.detect import detect
from assets.signals.anomalies.incidents import effect, incidents
from assets.signals.anomalies.series import closed_through, watch_frame
from resources.lake.lake import Lake
from resources.lake.layout import frame
from resources.policy.policy import Policy
from resources.tables.pulls import PULLS

HISTORY_DAYS = 84
"""Twelve weeks: the level of five weeks ago, three weeks to learn from before it, and weekdays."""
CHANGES_DAYS = (7, 3, 1, 0)
"""Entities are compared as they were known so many days ago."""
_READINGS = """
    select platform, account_id, time_zone, pulled_at, end_day from raw.pulls
    where verdict = 'accepted' and end_day is not null order by pulled_at
"""


@dataclass(frozen=True)
class Told:
    """A day: its incidents, and what was watched per platform."""

    incidents: list[dict[str, Any]]
    watched: list[dict[str, Any]]


def told_on(
    lake: Lake, day: date, *, at: datetime, policy: Policy, ours: Iterable[tuple[str, str]] = ()
) -> Told | None:
    """What stood out on `day` by what was known at `at`; None where nothing was.

    Args:
        lake: The tables.
        day: The day.
        at: Nothing read later is looked at.
        policy: Thresholds and the calendar.
        ours: Platform and entity id of what we changed in the week before.
    """
    first = day - timedelta(days=HISTORY_DAYS - 1)
    campaigns = core_days(lake, "campaign", start=first, end=day, as_of=at)
    if campaigns.empty:
        return None
    ad_sets = core_days(lake, "ad_set", start=first, end=day, as_of=at)
    through = closed_through(frame(lake.arrow(_READINGS, PULLS, as_of=at)), campaigns, as_of=day)
    found, watched, accounts = [], [], []
    names, calendar = _Names(lake, day, at, set(ours)), _calendar(policy)
    for platform in sorted(campaigns["platform"].unique()):
        days = watch_frame(_of(ad_sets, platform), _of(campaigns, platform), through)
        flags = detect(days, as_of=day, policy=policy.watching, calendar=calendar)
        watched.append(_watched(flags, days, platform, day, policy))
        accounts.append(_account_flags(flags, platform, day))
        found += incidents(flags, days, as_of=day, policy=policy.watching)
    tracking = broken_tracking(pd.concat(accounts, ignore_index=True))
    told = [names.filled(one, tracking.get(one["platform"])) for one in found]
    return Told(sorted(told, key=lambda one: -one["stake"]), watched)


def _of(days: pd.DataFrame, platform: str) -> pd.DataFrame:
    return days[days["platform"] == platform]


def _calendar(policy: Policy) -> pd.DataFrame:
    rows = [
        {"day": day, "group": one.account.replace(" ", "|") if one.account else ""}
        for one in policy.calendar
        for day in one.days
    ]
    return pd.DataFrame(rows, columns=["day", "group"])


def _watched(
    flags: pd.DataFrame, days: pd.DataFrame, platform: str, day: date, policy: Policy
) -> dict[str, Any]:
    today = flags[flags["day"] == pd.Timestamp(day)]
    tested = today[today["p_value"].notna()]
    series = tested["series_id"].nunique()
    return {
        "day": day, "platform": platform, "series": int(series), "tests": len(tested), "flags": int(tested["is_anomaly"].sum()),
        "by_chance": policy.watching.alpha * len(tested), "young": int(days["series_id"].nunique() - series),
    }  # fmt: skip


def _account_flags(flags: pd.DataFrame, platform: str, day: date) -> pd.DataFrame:
    today = flags[
        (flags["day"] == pd.Timestamp(day)) & (flags["series_id"].astype(str).str.count(r"\|") == 1)
    ]
    return today.assign(
        platform=platform,
        series_id=today["series_id"].astype(str),
        metric=today["metric"].astype(str),
        effect=effect(today),
    )


class _Names:
    """Names of entities and their recorded changes, read when the first incident asks."""

    def __init__(self, lake: Lake, day: date, at: datetime, ours: set[tuple[str, str]]) -> None:
        self._lake, self._day, self._at, self._ours = lake, day, at, ours
        self._entities: pd.DataFrame | None = None
        self._changes: list[tuple[int, pd.DataFrame]] = []

    def filled(self, one: dict[str, Any], tracking: str | None) -> dict[str, Any]:
        """The incident with its name, the verdict on its data, the nearest change and what to do."""
        if self._entities is None:
            self._read()
        assert self._entities is not None  # noqa: S101 — just read
        known = self._entities
        entity = one["ad_set_id"] or one["campaign_id"] or one["account_id"]
        own = known[
            (known["platform"] == one["platform"])
            & (known["level"] == one["level"])
            & (known["entity_id"] == entity)
        ]
        is_about_conversions = (
            one["metric"] in {"cvr", "roas", "conversions", "conversion_value"} and not one["is_good"]
        )
        told = {
            "name": own["name"].iloc[0] if len(own) else None, "currency": own["currency"].iloc[0] if len(own) else None, "change": self._nearest(one),
            "cause": re.sub(r"\d{6,}", lambda found: self._called(one, found[0]), one["cause"]), "data": tracking if tracking and is_about_conversions else None,
        }  # fmt: skip
        return one | told | {"action": advised(one | told)}

    def _called(self, one: dict[str, Any], entity_id: str) -> str:
        """The name of an entity of the incident's account; its id where it has none."""
        assert self._entities is not None  # noqa: S101 — just read
        known = self._entities
        own = known[
            (known["platform"] == one["platform"])
            & (known["account_id"] == one["account_id"])
            & (known["entity_id"] == entity_id)
        ]
        return str(own["name"].iloc[0]) if len(own) else entity_id

    def _read(self) -> None:
        listed = [entities(self._lake, as_of=self._at - timedelta(days=back)) for back in CHANGES_DAYS]
        self._entities = listed[-1]
        for (older, before), (newer, after) in pairwise(zip(CHANGES_DAYS, listed, strict=True)):
            if len(before):
                self._changes.append(
                    (older, recorded_changes(before, after).assign(since=older, until=newer))
                )

    def _nearest(self, one: dict[str, Any]) -> str | None:
        """The change nearest to the incident's beginning, of the entity itself, what it is in, or what is in it."""
        candidates = []
        for _, changes in self._changes:
            same = changes[
                (changes["platform"] == one["platform"]) & (changes["account_id"] == one["account_id"])
            ]
            if one["ad_set_id"]:
                same = same[
                    (same["ad_set_id"] == one["ad_set_id"])
                    | ((same["level"] == "campaign") & (same["campaign_id"] == one["campaign_id"]))
                ]
            elif one["campaign_id"]:
                same = same[same["campaign_id"] == one["campaign_id"]]
            candidates.append(same)
        some = pd.concat(candidates) if candidates else pd.DataFrame()
        if some.empty:
            return None
        began = (self._day - one["began"]).days
        some = some.assign(far=np.abs(some["since"] - 0.5 - began)).sort_values(["far", "level"])
        row = some.iloc[0]
        who = "we changed" if (row["platform"], row["entity_id"]) in self._ours else _who(row["words"])
        more = f" (and {len(some) - 1} more changes)" if len(some) > 1 else ""
        return f"{who} {row['level'].replace('_', ' ')} {row['entity_id']} between {row['since']} and {row['until']} days before this morning: {row['words']}{more}"


def _who(words: str) -> str:
    by_platform = "DISAPPROVED" in words or "REJECTED" in words or words.startswith("learning state")
    return "the platform changed" if by_platform else "somebody changed"
