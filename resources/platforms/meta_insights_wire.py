"""Meta's insights beyond plain days: the same report divided by age, gender, placement or device, and reach over a
window of days.

Meta's rule for both: parts of reach, and reach of several windows, are never added up. `platform_position` is only
given together with `publisher_platform` (insights breakdowns in the Marketing API's documentation).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from resources.platforms import meta_ads_wire as wire
from resources.platforms.account import Account
from resources.tables.audiences import REACH_WINDOWS
from resources.tables.breakdowns import RAW_BREAKDOWNS

BREAKDOWN_DAY = RAW_BREAKDOWNS["meta_ads"]
BREAKDOWNS = {
    "age": ("age",),
    "gender": ("gender",),
    "placement": ("publisher_platform", "platform_position"),
    "device": ("device_platform",),
}
"""Meta's breakdowns by our dimension."""
WINDOWS = (7, 28)
_METRICS = "impressions,reach,clicks,spend,actions,action_values"


@dataclass(frozen=True)
class InsightsQuestion:
    """One kind of insights report: its level, what its rows look like, and how they become ours."""

    what: str
    level: str
    shape: type
    rows: Callable[[Account, Sequence[Any], datetime], pa.RecordBatch]
    more: Mapping[str, str] = field(default_factory=dict)
    """Parameters beside those of `meta_ads_wire.insights_parameters`, or in their place."""
    is_divisible: bool = True
    """Whether the days may be read apart: not for reach over a window."""

    def parameters(self, *, start: date, end: date, campaigns: Sequence[str] | None) -> dict[str, str]:
        """What is sent for these days (and campaigns)."""
        given = wire.insights_parameters(self.level, start=start, end=end, campaigns=campaigns)
        return given | dict(self.more)


def days_of(level: str) -> InsightsQuestion:
    """The plain days of a level."""

    def rows(account: Account, insights: Sequence[Any], pulled_at: datetime) -> pa.RecordBatch:
        return wire.day_rows(level, account, insights, pulled_at)

    return InsightsQuestion(f"Reading {wire.LEVELS[level]} days", level, wire.Insight, rows)


class PartInsight(msgspec.Struct, gc=False):
    """A row of a report that is divided; which of the parts are there follows from the breakdown."""

    date_start: str
    campaign_id: str
    adset_id: str
    age: str = ""
    gender: str = ""
    publisher_platform: str = ""
    platform_position: str = ""
    device_platform: str = ""
    impressions: str = "0"
    reach: str = "0"
    clicks: str = "0"
    spend: str = "0"
    actions: tuple[wire.Action, ...] = ()
    action_values: tuple[wire.Action, ...] = ()


def breakdown_of(dimension: str) -> InsightsQuestion:
    """Days of ad sets divided by a dimension."""
    names = BREAKDOWNS[dimension]
    more = {"breakdowns": ",".join(names), "fields": f"campaign_id,adset_id,{_METRICS}"}
    rows = partial(_part_rows, dimension)
    return InsightsQuestion(f"Reading ad set days by {dimension}", "ad_set", PartInsight, rows, more)


def _part_rows(
    dimension: str, account: Account, insights: Sequence[PartInsight], pulled_at: datetime
) -> pa.RecordBatch:
    names, n, schema = BREAKDOWNS[dimension], len(insights), BREAKDOWN_DAY.schema
    shared: dict[str, Any] = {
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
        "level": "ad_set",
        "dimension": dimension,
        "period_days": 1,
    }
    columns = {
        name: pa.repeat(pa.scalar(value, schema.field(name).type), n) for name, value in shared.items()
    }
    for name, of in {"day": "date_start", "entity_id": "adset_id", "campaign_id": "campaign_id"}.items():
        columns[name] = wire.texts(map(attrgetter(of), insights))
    columns["value"] = wire.texts(" ".join(getattr(row, name) for name in names) for row in insights)
    columns |= {
        name: wire.texts(map(attrgetter(name), insights))
        for name in ("impressions", "reach", "clicks", "spend")
    }
    columns |= wire.claims(insights)
    return pa.RecordBatch.from_pydict({f.name: columns[f.name].cast(f.type) for f in schema}, schema=schema)


class WindowInsight(msgspec.Struct, gc=False):
    """A row over a whole window of days."""

    date_stop: str
    campaign_id: str = ""
    adset_id: str = ""
    reach: str = "0"
    impressions: str = "0"
    spend: str = "0"


def reach_of(level: str, window_days: int) -> InsightsQuestion:
    """Reach of a level over a window as a whole."""
    ids = ",".join(wire.IDS[level])
    more = {"time_increment": "all_days", "fields": f"{ids},reach,impressions,spend".lstrip(",")}
    rows = partial(_window_rows, level, window_days)
    what = f"Reading reach of {window_days} days"
    return InsightsQuestion(what, level, WindowInsight, rows, more, is_divisible=False)


def _window_rows(
    level: str, window_days: int, account: Account, insights: Sequence[WindowInsight], pulled_at: datetime
) -> pa.RecordBatch:
    own_id = {"account": None, "campaign": "campaign_id", "ad_set": "adset_id"}[level]
    schema, n = REACH_WINDOWS.schema, len(insights)
    shared: dict[str, Any] = {
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
        "level": level,
        "window_days": window_days,
    }
    columns = {
        name: pa.repeat(pa.scalar(value, schema.field(name).type), n) for name, value in shared.items()
    }
    columns["day"] = wire.texts(row.date_stop for row in insights)
    columns["entity_id"] = wire.texts(
        getattr(row, own_id) if own_id else account.account_id for row in insights
    )
    columns |= {
        name: wire.texts(map(attrgetter(name), insights)) for name in ("reach", "impressions", "spend")
    }
    return pa.RecordBatch.from_pydict({f.name: columns[f.name].cast(f.type) for f in schema}, schema=schema)
