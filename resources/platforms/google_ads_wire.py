"""Google's wire words and ours: queries, statuses, and columns of an answer turned into our rows.

Google's ad group is our ad set. Money is in micros. A metric that is not set is zero where it counts things
and unknown where it is a share.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from resources.lake.constant_columns import repeated
from resources.lake.schema import Table
from resources.platforms.account import Account
from resources.platforms.labels import as_json, google_labels
from resources.tables.google_ads import (
    CONVERSION_ACTION_DAY,
    DAYS,
    ENTITIES,
    KEYWORDS,
    SEARCH_TERM_DAY,
)

Columns = dict[str, list[Any]]
Arrays = dict[str, pa.Array]
RESOURCES = {"account": "customer", "campaign": "campaign", "ad_set": "ad_group", "ad": "ad_group_ad"}
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
_TERM = {"search_term": "search_term_view.search_term", "status": "search_term_view.status"}
_ACTION = {
    "conversion_action_id": "segments.conversion_action",
    "conversion_action_name": "segments.conversion_action_name",
    "category": "segments.conversion_action_category",
}
OUR_STATUS = {"ENABLED": "active", "PAUSED": "paused", "REMOVED": "removed"}


def paths(table: Table) -> dict[str, str]:
    """GAQL paths by our column, for a table of days."""
    fields = {"day": "segments.date", **_IDS, **_DELIVERY, **_TERM, **_ACTION}
    return {name: fields[name] for name in table.schema.names if name in fields}


def days_query(table: Table, *, start: date, end: date) -> str:
    """The query for a table of days, `start` and `end` included."""
    special = {SEARCH_TERM_DAY.name: "search_term_view", CONVERSION_ACTION_DAY.name: "ad_group"}
    levels = {day_table.name: RESOURCES[level] for level, day_table in DAYS.items()}
    resource = (special | levels)[table.name]
    return f"SELECT {', '.join(paths(table).values())} FROM {resource} WHERE segments.date BETWEEN '{start}' AND '{end}'"


def day_rows(
    table: Table, account: Account, columns: Arrays, enums: dict[str, dict[int, str]], pulled_at: datetime
) -> pa.RecordBatch:
    """Columns of an answer as rows of a table of days."""
    shared = {
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
    }
    n = len(columns["segments.date"])
    arrays = {name: repeated(value, table.schema.field(name).type, n) for name, value in shared.items()}
    for name, path in paths(table).items():
        arrays[name] = _column(table.schema.field(name), path, columns[path], enums)
    return pa.RecordBatch.from_pydict(arrays, schema=table.schema)


def _column(field: pa.Field, path: str, values: pa.Array, enums: dict[str, dict[int, str]]) -> pa.Array:
    if path in enums:
        values = _names(values, enums[path])
    elif path == "segments.conversion_action":
        values = pc.replace_substring_regex(values, "^.*/", "")
    elif not field.nullable and values.null_count and not pa.types.is_string(field.type):
        values = values.fill_null(0)
    return values.cast(field.type)


def _names(numbers: pa.Array, names: dict[int, str]) -> pa.Array:
    """Enum numbers by name; one that the client does not know yet keeps its number."""
    coded = numbers.fill_null(0).dictionary_encode()
    spoken = [names.get(number, f"UNKNOWN_{number}") for number in coded.dictionary.to_pylist()]
    return pa.array(spoken, pa.string()).take(coded.indices)


CLIENTS = (
    "customer_client.id",
    "customer_client.descriptive_name",
    "customer_client.currency_code",
    "customer_client.time_zone",
    "customer_client.manager",
    "customer_client.status",
)
CAMPAIGNS = (
    "campaign.id",
    "campaign.name",
    "campaign.status",
    "campaign.advertising_channel_type",
    "campaign.bidding_strategy_type",
    "campaign.bidding_strategy_system_status",
    "campaign.start_date_time",
    "campaign.end_date_time",
    "campaign_budget.id",
    "campaign_budget.amount_micros",
    "campaign_budget.total_amount_micros",
    "campaign_budget.explicitly_shared",
    "campaign.labels",
)
AD_GROUPS = (
    "campaign.id",
    "campaign_budget.id",
    "campaign_budget.explicitly_shared",
    "ad_group.id",
    "ad_group.name",
    "ad_group.status",
    "ad_group.type",
    "ad_group.labels",
)
LABELS = ("label.resource_name", "label.name")
ADS = (
    "campaign.id",
    "ad_group.id",
    "ad_group_ad.ad.id",
    "ad_group_ad.ad.name",
    "ad_group_ad.ad.type",
    "ad_group_ad.status",
    "ad_group_ad.policy_summary.approval_status",
    "ad_group_ad.ad.final_urls",
    "ad_group_ad.ad.responsive_search_ad.headlines",
    "ad_group_ad.ad.responsive_search_ad.descriptions",
)
KEYWORD_QUERIES = {
    "ad_group_criterion": (
        "campaign.id",
        "ad_group.id",
        "ad_group_criterion.negative",
        "ad_group_criterion.status",
    ),
    "campaign_criterion": ("campaign.id", "campaign_criterion.negative", "campaign_criterion.status"),
    "shared_criterion": ("shared_set.id",),
}


def keyword_fields(resource: str) -> tuple[str, ...]:
    """What is selected from a criterion resource."""
    common = tuple(
        f"{resource}.{word}" for word in ("resource_name", "type", "keyword.text", "keyword.match_type")
    )
    return (*KEYWORD_QUERIES[resource], *common)


Rows = list[dict[str, Any]]


def rows_of(columns: Columns, enums: dict[str, dict[int, str]]) -> Rows:
    """Columns as one dict per row, enums by name. For snapshots, which are small."""
    named = {
        path: [enums[path].get(value, f"UNKNOWN_{value}") for value in values] if path in enums else values
        for path, values in columns.items()
    }
    return [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)]


def account_record(row: dict[str, Any], prefix: str) -> Account:
    status = "active" if row[f"{prefix}.status"] == "ENABLED" else "other"
    entity_id = str(row[f"{prefix}.id"])
    name = row[f"{prefix}.descriptive_name"] or entity_id
    return Account(
        "google_ads", entity_id, name, row[f"{prefix}.currency_code"], row[f"{prefix}.time_zone"], status
    )


def entity_rows(
    account: Account,
    *,
    campaigns: Rows,
    ad_groups: Rows,
    ads: Rows,
    labels: Rows,
    pulled_at: datetime,
    version: str,
) -> pa.Table:
    """The account and its campaigns, ad groups and ads as rows of the entity table; `version` is the API's."""
    names = {row["label.resource_name"]: row["label.name"] for row in labels}
    entity = {
        "level": "account",
        "entity_id": account.account_id,
        "name": account.name,
        "native_level": "customer",
        "status": account.status,
    }
    rows = [
        entity,
        *(_campaign(row, names) for row in campaigns),
        *(_ad_group(row, names) for row in ad_groups),
        *(_ad(row, version) for row in ads),
    ]
    shared = {
        "platform": "google_ads",
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
    }
    blank = dict.fromkeys(ENTITIES.schema.names)
    return pa.Table.from_pylist([blank | shared | row for row in rows], schema=ENTITIES.schema)


def _campaign(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    campaign_id, system = str(row["campaign.id"]), row["campaign.bidding_strategy_system_status"]
    return _named("campaign", "campaign", campaign_id, row) | {
        "campaign_id": campaign_id,
        "daily_budget": _money(row["campaign_budget.amount_micros"]),
        "lifetime_budget": _money(row["campaign_budget.total_amount_micros"]),
        "budget_owner": _budget_owner(row),
        "budget_id": str(row["campaign_budget.id"]),
        "bid_strategy": row["campaign.bidding_strategy_type"],
        "objective": row["campaign.advertising_channel_type"],
        "learning_state": system if system.startswith("LEARNING") else "NOT_LEARNING",
        "start_day": _day(row["campaign.start_date_time"]),
        "end_day": _day(row["campaign.end_date_time"]),
        "labels": as_json(google_labels(row["campaign.labels"], names)),
    }


def _ad_group(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    ad_group_id = str(row["ad_group.id"])
    return _named("ad_set", "ad_group", ad_group_id, row) | {
        "campaign_id": str(row["campaign.id"]),
        "ad_set_id": ad_group_id,
        "budget_owner": _budget_owner(row),
        "budget_id": str(row["campaign_budget.id"]),
        "objective": row["ad_group.type"],
        "labels": as_json(google_labels(row["ad_group.labels"], names)),
    }


def _ad(row: dict[str, Any], version: str) -> dict[str, Any]:
    ad_id = str(row["ad_group_ad.ad.id"])
    texts = {
        kind: [_asset_text(item, version) for item in row[f"ad_group_ad.ad.responsive_search_ad.{kind}"]]
        for kind in ("headlines", "descriptions")
    }
    creative = texts | {"final_urls": row["ad_group_ad.ad.final_urls"], "type": row["ad_group_ad.ad.type"]}
    status, approval = row["ad_group_ad.status"], row["ad_group_ad.policy_summary.approval_status"]
    return {
        "level": "ad",
        "entity_id": ad_id,
        "campaign_id": str(row["campaign.id"]),
        "ad_set_id": str(row["ad_group.id"]),
        "name": row["ad_group_ad.ad.name"] or ad_id,
        "native_level": "ad group ad",
        # An enabled ad that was rejected runs no more than a paused one does.
        "status": OUR_STATUS.get(status, "other"),
        "native_status": approval if approval == "DISAPPROVED" else status,
        "creative": json.dumps(creative, ensure_ascii=False, sort_keys=True),
    }


def _named(level: str, theirs: str, entity_id: str, row: dict[str, Any]) -> dict[str, Any]:
    status = row[f"{theirs}.status"]
    return {
        "level": level,
        "entity_id": entity_id,
        "name": row[f"{theirs}.name"],
        "native_level": theirs.replace("_", " "),
        "status": OUR_STATUS.get(status, "other"),
        "native_status": status,
    }


def _budget_owner(row: dict[str, Any]) -> str:
    return "shared_budget" if row["campaign_budget.explicitly_shared"] else "campaign"


def _money(micros: int | None) -> Decimal | None:
    return Decimal(micros) / 1_000_000 if micros else None


def _day(stamp: str | None) -> date | None:
    return date.fromisoformat(stamp[:10]) if stamp else None


def _asset_text(serialised: bytes, version: str) -> str:
    """The text of an AdTextAsset that was left serialised."""
    types = import_module(f"google.ads.googleads.{version}.common.types.ad_asset")
    return str(types.AdTextAsset.pb().FromString(serialised).text)


def keyword_rows(
    account: Account, resource: str, rows: Sequence[dict[str, Any]], pulled_at: datetime
) -> pa.Table:
    """Keywords and negatives of one criterion resource as rows of the keyword table."""
    dicts = [
        {
            "account_id": account.account_id,
            "criterion_id": row[f"{resource}.resource_name"],
            "campaign_id": _id(row.get("campaign.id")),
            "ad_set_id": _id(row.get("ad_group.id")),
            "shared_set_id": _id(row.get("shared_set.id")),
            "text": row[f"{resource}.keyword.text"],
            "match_type": row[f"{resource}.keyword.match_type"],
            "is_negative": bool(row.get(f"{resource}.negative", resource == "shared_criterion")),
            "status": row.get(f"{resource}.status", "ENABLED"),
            "pulled_at": pulled_at,
        }
        for row in rows
        if row[f"{resource}.type"] == "KEYWORD"
    ]
    return pa.Table.from_pylist(dicts, schema=KEYWORDS.schema)


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
