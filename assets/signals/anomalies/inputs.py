"""Inputs of the anomaly asset, read from the lake point in time, and the incidents of a day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from assets.core.performance.point_in_time import core_days, entities
from assets.signals.anomalies.advice import recommended_action
from assets.signals.anomalies.causes import broken_tracking, recorded_changes
from assets.signals.anomalies.detect import detect
from assets.signals.anomalies.incidents import effect, incidents
from assets.signals.anomalies.series import closed_through, watch_frame
from resources.lake.lake import Lake
from resources.lake.layout import frame
from resources.policy.policy import Policy
from resources.tables.pulls import PULLS

HISTORY_DAYS = 84
"""Twelve weeks: three to learn from, five to compare levels with, and the rest for weekday factors."""
CHANGES_DAYS = (7, 3, 1, 0)
"""Ages in days of the entity snapshots that are compared."""
_READINGS = """
    select platform, account_id, time_zone, pulled_at, end_day from raw.pulls
    where verdict = 'accepted' and end_day is not null order by pulled_at
"""


@dataclass(frozen=True)
class DayIncidents:
    """Incidents of a day, and per platform the number of series and tests."""

    incidents: list[dict[str, Any]]
    watched: list[dict[str, Any]]


def incidents_on(
    lake: Lake, day: date, *, at: datetime, policy: Policy, ours: Iterable[tuple[str, str]] = ()
) -> DayIncidents | None:
    """Incidents of `day` from the data known at `at`; None if there was none.

    Args:
        lake: The tables.
        day: The day.
        at: Data read later is ignored.
        policy: Thresholds and the calendar.
        ours: Platform and entity id of our own changes in the week before.
    """
    first = day - timedelta(days=HISTORY_DAYS - 1)
    campaigns = core_days(lake, "campaign", start=first, end=day, as_of=at)
    if campaigns.empty:
        return None
    ad_sets = core_days(lake, "ad_set", start=first, end=day, as_of=at)
    through = closed_through(frame(lake.arrow(_READINGS, PULLS, as_of=at)), campaigns, as_of=day)
    day_incidents, watched, accounts = [], [], []
    names, calendar = _Names(lake, day, at, set(ours)), _calendar(policy)
    for platform in sorted(campaigns["platform"].unique()):
        days = watch_frame(_of(ad_sets, platform), _of(campaigns, platform), through)
        flags = detect(days, as_of=day, policy=policy.watching, calendar=calendar)
        watched.append(_watched(flags, days, platform, day, policy))
        accounts.append(_account_flags(flags, platform, day))
        day_incidents += incidents(flags, days, as_of=day, policy=policy.watching)
    tracking = broken_tracking(pd.concat(accounts, ignore_index=True))
    named_incidents = [
        names.filled(incident, tracking.get(incident["platform"])) for incident in day_incidents
    ]
    return DayIncidents(sorted(named_incidents, key=lambda incident: -incident["stake"]), watched)


def _of(days: pd.DataFrame, platform: str) -> pd.DataFrame:
    return days[days["platform"] == platform]


def _calendar(policy: Policy) -> pd.DataFrame:
    rows = [
        {"day": day, "group": entry.account.replace(" ", "|") if entry.account else ""}
        for entry in policy.calendar
        for day in entry.days
    ]
    return pd.DataFrame(rows, columns=["day", "group"])


def _watched(
    flags: pd.DataFrame, days: pd.DataFrame, platform: str, day: date, policy: Policy
) -> dict[str, Any]:
    today = flags[flags["day"] == pd.Timestamp(day)]
    tested = today[today["p_value"].notna()]
    series = tested["series_id"].nunique()
    return {
        "day": day,
        "platform": platform,
        "series": int(series),
        "tests": len(tested),
        "flags": int(tested["is_anomaly"].sum()),
        "by_chance": policy.watching.alpha * len(tested),
        "young": int(days["series_id"].nunique() - series),
    }


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
    """Entity names and recorded changes, read lazily at the first incident."""

    def __init__(self, lake: Lake, day: date, at: datetime, ours: set[tuple[str, str]]) -> None:
        self._lake, self._day, self._at, self._ours = lake, day, at, ours
        self._entities: pd.DataFrame | None = None
        self._changes: list[tuple[int, pd.DataFrame]] = []

    def filled(self, incident: dict[str, Any], tracking: str | None) -> dict[str, Any]:
        """The incident with entity name, data-quality note, nearest recorded change and recommended
        action.
        """
        if self._entities is None:
            self._read()
        assert self._entities is not None  # noqa: S101 — just read
        listed = self._entities
        entity = incident["ad_set_id"] or incident["campaign_id"] or incident["account_id"]
        entity_rows = listed[
            (listed["platform"] == incident["platform"])
            & (listed["level"] == incident["level"])
            & (listed["entity_id"] == entity)
        ]
        is_about_conversions = (
            incident["metric"] in {"cvr", "roas", "conversions", "conversion_value"}
            and not incident["is_good"]
        )
        details = {
            "name": entity_rows["name"].iloc[0] if len(entity_rows) else None,
            "currency": entity_rows["currency"].iloc[0] if len(entity_rows) else None,
            "change": self._nearest(incident),
            "cause": re.sub(r"\d{6,}", lambda digits: self._called(incident, digits[0]), incident["cause"]),
            "data": tracking if tracking and is_about_conversions else None,
        }
        return incident | details | {"action": recommended_action(incident | details)}

    def _called(self, incident: dict[str, Any], entity_id: str) -> str:
        """Name of an entity in the incident's account, or its id."""
        assert self._entities is not None  # noqa: S101 — just read
        listed = self._entities
        entity_rows = listed[
            (listed["platform"] == incident["platform"])
            & (listed["account_id"] == incident["account_id"])
            & (listed["entity_id"] == entity_id)
        ]
        return str(entity_rows["name"].iloc[0]) if len(entity_rows) else entity_id

    def _read(self) -> None:
        listed = [entities(self._lake, as_of=self._at - timedelta(days=back)) for back in CHANGES_DAYS]
        self._entities = listed[-1]
        for (older, before), (newer, after) in pairwise(zip(CHANGES_DAYS, listed, strict=True)):
            if len(before):
                self._changes.append(
                    (older, recorded_changes(before, after).assign(since=older, until=newer))
                )

    def _nearest(self, incident: dict[str, Any]) -> str | None:
        """The recorded change nearest to the start of the incident, of the entity, its parents or its
        children.
        """
        candidates = []
        for _, changes in self._changes:
            same = changes[
                (changes["platform"] == incident["platform"])
                & (changes["account_id"] == incident["account_id"])
            ]
            if incident["ad_set_id"]:
                same = same[
                    (same["ad_set_id"] == incident["ad_set_id"])
                    | ((same["level"] == "campaign") & (same["campaign_id"] == incident["campaign_id"]))
                ]
            elif incident["campaign_id"]:
                same = same[same["campaign_id"] == incident["campaign_id"]]
            candidates.append(same)
        some = pd.concat(candidates) if candidates else pd.DataFrame()
        if some.empty:
            return None
        began = (self._day - incident["began"]).days
        some = some.assign(far=np.abs(some["since"] - 0.5 - began)).sort_values(["far", "level"])
        row = some.iloc[0]
        who = "we changed" if (row["platform"], row["entity_id"]) in self._ours else _who(row["words"])
        more = f" (and {len(some) - 1} more changes)" if len(some) > 1 else ""
        return (
            f"{who} {row['level'].replace('_', ' ')} {row['entity_id']} between {row['since']} "
            f"and {row['until']} days before this morning: {row['words']}{more}"
        )


def _who(words: str) -> str:
    by_platform = "DISAPPROVED" in words or "REJECTED" in words or words.startswith("learning state")
    return "the platform changed" if by_platform else "somebody changed"
