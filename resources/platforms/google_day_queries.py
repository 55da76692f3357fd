"""Google's tables of days: which query reads each, and its answer as our rows.

A metric that is not set is zero where it counts things and unknown where it is a share. Google leaves
Performance Max out of whatever is below a campaign, and out of every query that selects a keyword's segment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from resources.lake.constant_columns import repeated
from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.tables.breakdowns import RAW_BREAKDOWNS
from resources.tables.creatives import AD_TEXT_DAY
from resources.tables.google_ads import CONVERSION_ACTION_DAY, DAYS, SEARCH_TERM_DAY
from resources.tables.search_terms import KEYWORD_TERM_DAY, PERFORMANCE_MAX_TERM_DAY

Arrays = dict[str, pa.Array]
RESOURCES = {"account": "customer", "campaign": "campaign", "ad_set": "ad_group", "ad": "ad_group_ad"}
BREAKDOWN_DAY = RAW_BREAKDOWNS["google_ads"]
_IDS = {"campaign_id": "campaign.id", "ad_set_id": "ad_group.id", "ad_id": "ad_group_ad.ad.id"}
_DELIVERY = {
    "impressions": "metrics.impressions",
    "clicks": "metrics.clicks",
    "cost_micros": "metrics.cost_micros",
    "conversions": "metrics.conversions",
    "conversions_value": "metrics.conversions_value",
    "all_conversions": "metrics.all_conversions",
    "view_through_conversions": "metrics.view_through_conversions",
    "search_impression_share": "metrics.search_impression_share",
    "search_budget_lost_impression_share": "metrics.search_budget_lost_impression_share",
}
_LAST_PART = {"segments.conversion_action"}
"""Paths that hold a resource name of which the number at the end is kept."""


@dataclass(frozen=True)
class DayQuery:
    """A query for days: the table it fills, GAQL paths by our column, and what is the same in every row."""

    table: Table
    resource: str
    paths: Mapping[str, str]
    condition: str = ""
    constants: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """What is selected, each path once."""
        return tuple(dict.fromkeys(self.paths.values()))

    def text(self, *, start: date, end: date) -> str:
        """The query in GAQL, `start` and `end` included."""
        within = f"segments.date BETWEEN '{start}' AND '{end}'{self.condition}"
        return f"SELECT {', '.join(self.fields)} FROM {self.resource} WHERE {within}"


def _query(
    table: Table,
    resource: str,
    special: Mapping[str, str] | None = None,
    condition: str = "",
    **constants: str | int,
) -> DayQuery:
    known = {"day": "segments.date", **_IDS, **_DELIVERY, **(special or {})}
    paths = {name: known[name] for name in table.schema.names if name in known and name not in constants}
    return DayQuery(table, resource, paths, condition, constants)


_TERM = {"search_term": "search_term_view.search_term", "status": "search_term_view.status"}
_ACTION = {
    "conversion_action_id": "segments.conversion_action",
    "conversion_action_name": "segments.conversion_action_name",
    "category": "segments.conversion_action_category",
}
_KEYWORD = _TERM | {
    "criterion_id": "segments.keyword.ad_group_criterion",
    "keyword": "segments.keyword.info.text",
    "match_type": "segments.keyword.info.match_type",
    "matched_as": "segments.search_term_match_type",
}
_CAMPAIGN_TERM = {
    "search_term": "campaign_search_term_view.search_term",
    "status": "segments.search_term_targeting_status",
}
_TEXT = {"asset_id": "asset.id", "field_type": "ad_group_ad_asset_view.field_type"}
QUERIES: dict[str, tuple[DayQuery, ...]] = {
    **{table.name: (_query(table, RESOURCES[level]),) for level, table in DAYS.items()},
    SEARCH_TERM_DAY.name: (_query(SEARCH_TERM_DAY, "search_term_view", _TERM),),
    CONVERSION_ACTION_DAY.name: (_query(CONVERSION_ACTION_DAY, "ad_group", _ACTION),),
    KEYWORD_TERM_DAY.name: (_query(KEYWORD_TERM_DAY, "search_term_view", _KEYWORD),),
    PERFORMANCE_MAX_TERM_DAY.name: (
        _query(
            PERFORMANCE_MAX_TERM_DAY,
            "campaign_search_term_view",
            _CAMPAIGN_TERM,
            " AND campaign.advertising_channel_type = 'PERFORMANCE_MAX'",
        ),
    ),
    AD_TEXT_DAY.name: (_query(AD_TEXT_DAY, "ad_group_ad_asset_view", _TEXT),),
    BREAKDOWN_DAY.name: (
        *(
            _query(
                BREAKDOWN_DAY,
                f"{view}_view",
                {"entity_id": "ad_group.id", "value": f"ad_group_criterion.{view}.type"},
                level="ad_set",
                dimension=dimension,
                period_days=1,
            )
            for dimension, view in (("age", "age_range"), ("gender", "gender"))
        ),
        _query(
            BREAKDOWN_DAY,
            "campaign",
            {"entity_id": "campaign.id", "value": "segments.device"},
            dimension="device",
            level="campaign",
            period_days=1,
        ),
    ),
}
"""The queries that fill each table of days."""


def day_rows(
    query: DayQuery, account: Account, columns: Arrays, enums: dict[str, dict[int, str]], pulled_at: datetime
) -> pa.RecordBatch:
    """Columns of an answer as rows of the query's table."""
    shared = {
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
        **query.constants,
    }
    schema, n = query.table.schema, len(columns["segments.date"])
    arrays = {name: repeated(value, schema.field(name).type, n) for name, value in shared.items()}
    for name, path in query.paths.items():
        arrays[name] = _column(schema.field(name), path, columns[path], enums)
    return pa.RecordBatch.from_pydict(arrays, schema=schema)


def _column(column: pa.Field, path: str, values: pa.Array, enums: dict[str, dict[int, str]]) -> pa.Array:
    if path in enums:
        values = _names(values, enums[path])
    elif path in _LAST_PART:
        values = pc.replace_substring_regex(values, "^.*/", "")
    elif not column.nullable and values.null_count and not pa.types.is_string(column.type):
        values = values.fill_null(0)
    return values.cast(column.type)


def _names(numbers: pa.Array, names: dict[int, str]) -> pa.Array:
    """Enum numbers by name; one that the client does not know yet keeps its number."""
    coded = numbers.fill_null(0).dictionary_encode()
    spoken = [names.get(number, f"UNKNOWN_{number}") for number in coded.dictionary.to_pylist()]
    return pa.array(spoken, pa.string()).take(coded.indices)
