"""Point-in-time core: the same SQL over what was known at an instant, and nothing read later.

Signals that are replayed over history read core here: `as_of` applies to every table underneath.
"""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

from assets.core.performance.entities import UNIFIED as ENTITIES_SQL
from assets.core.performance.entities import sources as entity_sources
from assets.core.performance.facts import sources, unified
from resources.lake.lake import Lake
from resources.lake.layout import frame
from resources.policy.policy import Policy
from resources.tables import core


def core_days(
    lake: Lake, level: str, *, start: date, end: date, as_of: datetime | None = None
) -> pd.DataFrame:
    """Core's rows of a level from `start` to `end`, both included, computed from raw as it was known at
    `as_of` (None: now).
    """
    parameters = {"start": start, "end": end}
    return frame(
        lake.arrow(unified(level), *dict.fromkeys(sources(level)), parameters=parameters, as_of=as_of)
    )


def entities(lake: Lake, *, as_of: datetime | None = None) -> pd.DataFrame:
    """Accounts, campaigns, ad sets and ads as they stood at `as_of` (None: now)."""
    return frame(lake.arrow(ENTITIES_SQL, *entity_sources(), as_of=as_of))


CORE_DEPS = [core.DAYS["ad_set"].asset_key, core.DAYS["campaign"].asset_key, core.ENTITIES.asset_key]


KNOWN_BY = time(12, 0, tzinfo=UTC)
"""Noon of the next day: after the morning's pull and before anybody has waited long."""


def known_by(day: date, *, now: datetime) -> datetime:
    """The instant up to which a day's signal may look: noon of the next day, and on that day itself whatever
    is known by now.
    """
    if now.astimezone(UTC).date() <= day + timedelta(days=1):
        return now
    return datetime.combine(day + timedelta(days=1), KNOWN_BY)


def known_on(
    lake: Lake, day: date, *, policy: Policy, now: datetime
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None:
    """Ad set days, campaign days and entities as they were known by the morning after `day`; None where
    nothing was.
    """
    at = known_by(day, now=now)
    window = max(policy.guardrails.evidence_days, policy.judging.window_days)
    first = day - timedelta(days=window - 1)
    ad_sets, campaigns = (
        core_days(lake, level, start=first, end=day, as_of=at) for level in ("ad_set", "campaign")
    )
    return None if campaigns.empty else (ad_sets, campaigns, entities(lake, as_of=at))
