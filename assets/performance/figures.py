"""Core as it is, and as it would have been: the same SQL over what was known at an instant, and nothing read later.

A signal that is to be replayed over history reads here: `as_of` reaches every table underneath, so there is nothing to forget.
"""

from datetime import date, datetime

import pandas as pd

from assets.performance.entities import UNIFIED as ENTITIES_SQL
from assets.performance.entities import sources as entity_sources
from assets.performance.facts import sources, unified
from resources.lake import Lake
from resources.lake_layout import frame


def core_days(
    lake: Lake, level: str, *, start: date, end: date, as_of: datetime | None = None
) -> pd.DataFrame:
    """Core's rows of a level from `start` to `end`, both included, computed from raw as it was known at `as_of` (None: now)."""
    asked = {"start": start, "end": end}
    return frame(lake.arrow(unified(level), *dict.fromkeys(sources(level)), parameters=asked, as_of=as_of))


def entities(lake: Lake, *, as_of: datetime | None = None) -> pd.DataFrame:
    """Accounts, campaigns, ad sets and ads as they stood at `as_of` (None: now)."""
    return frame(lake.arrow(ENTITIES_SQL, *entity_sources(), as_of=as_of))
