"""Mapping between Google Ads API resources and project tables: queries, statuses and columns.

Google's ad group is an ad set here. Money is in micros. An unset metric is 0 for counts and null for shares.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pyarrow as pa

from resources.platforms.account import Account
from resources.platforms.labels import as_json, google_labels
from resources.tables.google_ads import ENTITIES

Columns = dict[str, list[Any]]
OUR_STATUS = {"ENABLED": "active", "PAUSED": "paused", "REMOVED": "removed"}


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
    """Rows of the entity table for the account, campaigns, ad groups and ads; `version` is the API version."""
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
    """Text of a serialised AdTextAsset."""
    types = import_module(f"google.ads.googleads.{version}.common.types.ad_asset")
    return str(types.AdTextAsset.pb().FromString(serialised).text)
