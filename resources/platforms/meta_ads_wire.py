"""Mapping between Meta Marketing API objects and project tables: fields, statuses, error codes, insights.

All numbers arrive as text. One event is reported under several action types, so each metric uses one type and
never their sum.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from resources.platforms.account import Account
from resources.platforms.labels import as_json, meta_labels
from resources.platforms.money import meta_major, minor_units
from resources.tables.audiences import RAW_AUDIENCES
from resources.tables.meta_ads import DAYS, ENTITIES

LEVELS = {"account": "account", "campaign": "campaign", "ad_set": "adset", "ad": "ad"}
EDGES = {"campaign": "campaigns", "ad_set": "adsets", "ad": "ads"}
IDS: dict[str, tuple[str, ...]] = {
    "account": (),
    "campaign": ("campaign_id",),
    "ad_set": ("campaign_id", "adset_id"),
    "ad": ("campaign_id", "adset_id", "ad_id"),
}
_DELIVERY = (
    "impressions",
    "reach",
    "clicks",
    "inline_link_clicks",
    "spend",
    "actions",
    "action_values",
    "attribution_setting",
)
FIELDS = {level: [*ids, *_DELIVERY] for level, ids in IDS.items()}
ACCOUNT_FIELDS = "account_id,name,currency,timezone_name,account_status"
_SHARED = "id,name,status,effective_status,updated_time"
ENTITY_FIELDS = {
    "campaign": (
        f"{_SHARED},adlabels{{name}},objective,daily_budget,lifetime_budget,bid_strategy,start_time,stop_time,"
        "is_adset_budget_sharing_enabled"
    ),
    "ad_set": (
        f"{_SHARED},adlabels{{name}},campaign_id,daily_budget,lifetime_budget,bid_strategy,optimization_goal,learning_stage_info,"
        "targeting,start_time,end_time,daily_min_spend_target,daily_spend_cap"
    ),
    "ad": (
        f"{_SHARED},campaign_id,adset_id,creative{{id,title,body,link_url,object_story_spec,asset_feed_spec}}"
    ),
}
EVERY_STATUS = (
    "ACTIVE",
    "PAUSED",
    "DELETED",
    "ARCHIVED",
    "PENDING_REVIEW",
    "DISAPPROVED",
    "PREAPPROVED",
    "PENDING_BILLING_INFO",
    "CAMPAIGN_PAUSED",
    "ADSET_PAUSED",
    "IN_PROCESS",
    "WITH_ISSUES",
)
"""Archived and deleted things are hidden unless asked for by name, and they did spend."""
_OURS = {"ACTIVE": "active", "PAUSED": "paused", "ARCHIVED": "removed", "DELETED": "removed"}
PURCHASES, LEADS, VISITS = ("omni_purchase", "purchase"), ("lead",), ("landing_page_view",)


def insights_parameters(
    level: str, *, start: date, end: date, campaigns: Sequence[str] | None = None
) -> dict[str, str]:
    """Insights request for a date range: one row per entity and day, of every delivery status."""
    theirs = LEVELS[level]
    filters: list[dict[str, Any]] = (
        []  # an account's total has everything in it
        if level == "account"
        else [{"field": f"{theirs}.effective_status", "operator": "IN", "value": list(EVERY_STATUS)}]
    )
    if campaigns is not None:
        filters.append({"field": "campaign.id", "operator": "IN", "value": list(campaigns)})
    return {
        "level": theirs,
        "fields": ",".join(FIELDS[level]),
        "time_range": json.dumps({"since": start.isoformat(), "until": end.isoformat()}),
        "time_increment": "1",
        "filtering": json.dumps(filters),
        # Said explicitly: left to defaults, totals differ from Ads Manager's and the setting may read empty.
        "use_unified_attribution_setting": "true",
        "action_report_time": "mixed",
        "action_breakdowns": '["action_type"]',
    }


Node = dict[str, Any]
"""An account, campaign, ad set or ad with the fields asked for."""


class Action(msgspec.Struct, gc=False):
    """Count or value of one action type."""

    action_type: str
    value: str


class Insight(msgspec.Struct, gc=False):
    """An insights row. Absent metrics and actions are 0."""

    date_start: str
    campaign_id: str = ""
    adset_id: str = ""
    ad_id: str = ""
    impressions: str = "0"
    reach: str = "0"
    clicks: str = "0"
    inline_link_clicks: str = "0"
    spend: str = "0"
    actions: tuple[Action, ...] = ()
    action_values: tuple[Action, ...] = ()
    attribution_setting: str | None = None


def day_rows(level: str, account: Account, rows: Sequence[Insight], pulled_at: datetime) -> pa.RecordBatch:
    """Rows of `DAYS[level]` from insights rows."""
    schema, n = DAYS[level].schema, len(rows)
    columns: dict[str, Any] = {
        "account_id": pa.repeat(account.account_id, n),
        "currency": pa.repeat(account.currency, n),
        "time_zone": pa.repeat(account.time_zone, n),
        "pulled_at": pa.repeat(pa.scalar(pulled_at, schema.field("pulled_at").type), n),
        "day": texts(map(attrgetter("date_start"), rows)),
        "campaign_id": texts(map(attrgetter("campaign_id"), rows)),
        "ad_set_id": texts(map(attrgetter("adset_id"), rows)),
        "ad_id": texts(map(attrgetter("ad_id"), rows)),
        "impressions": texts(map(attrgetter("impressions"), rows)),
        "reach": texts(map(attrgetter("reach"), rows)),
        "clicks": texts(map(attrgetter("clicks"), rows)),
        "link_clicks": texts(map(attrgetter("inline_link_clicks"), rows)),
        "spend": texts(map(attrgetter("spend"), rows)),
        **claims(rows),
        "attribution": texts(map(attrgetter("attribution_setting"), rows)),
    }
    return pa.RecordBatch.from_pydict({f.name: columns[f.name].cast(f.type) for f in schema}, schema=schema)


def claims(rows: Sequence[Any]) -> dict[str, pa.Array]:
    """What rows with `actions` and `action_values` claim, as text by our column."""
    actions = [{action.action_type: action.value for action in row.actions} for row in rows]
    values = [{action.action_type: action.value for action in row.action_values} for row in rows]
    return {
        "purchases": _first_of(actions, PURCHASES),
        "purchase_value": _first_of(values, PURCHASES),
        "leads": _first_of(actions, LEADS),
        "landing_page_views": _first_of(actions, VISITS),
    }


def texts(values: Iterable[str | None]) -> pa.Array:
    """Texts as one array."""
    return pa.array(list(values), pa.string())


def _first_of(entries: Sequence[dict[str, str]], types: tuple[str, ...]) -> pa.Array:
    """Per row, the value of the first of these action types that is present, as text; "0" if none is."""
    wanted, *others = types
    taken = [actions.get(wanted) for actions in entries]
    for other in others:
        taken = [
            actions.get(other) if value is None else value
            for actions, value in zip(entries, taken, strict=True)
        ]
    return texts("0" if value is None else value for value in taken)


def account_record(node: dict[str, Any]) -> Account:
    status = "active" if node.get("account_status") == 1 else "other"
    return Account(
        "meta_ads", node["account_id"], node["name"], node["currency"], node["timezone_name"], status
    )


AUDIENCE_FIELDS = "id,name,subtype,approximate_count_lower_bound,approximate_count_upper_bound,operation_status,delivery_status"


def audience_rows(account: Account, nodes: Sequence[dict[str, Any]], pulled_at: datetime) -> pa.Table:
    """Custom audiences as rows of their table. A size of -1 is one that Meta does not tell."""
    rows = [
        {
            "account_id": account.account_id,
            "audience_id": node["id"],
            "name": node["name"],
            "kind": node.get("subtype"),
            "status": (
                (node.get("delivery_status") or {}).get("description")
                or (node.get("operation_status") or {}).get("description")
            ),
            "size_low": _told(node.get("approximate_count_lower_bound")),
            "size_high": _told(node.get("approximate_count_upper_bound")),
            "pulled_at": pulled_at,
        }
        for node in nodes
    ]
    return pa.Table.from_pylist(rows, schema=RAW_AUDIENCES["meta_ads"].schema)


def _told(people: int | None) -> int | None:
    return people if people is not None and people >= 0 else None


def entity_rows(
    account: Account, nodes_by_level: dict[str, list[dict[str, Any]]], pulled_at: datetime
) -> pa.Table:
    """Rows of the entity table for the account, campaigns, ad sets and ads; money in major units."""
    minor_units(account.currency)  # refuses a currency whose units are not known, also where no budget is set
    owners = {node["id"] for node in nodes_by_level["campaign"] if _has_budget(node)}
    sharing = {node["id"]: node.get("is_adset_budget_sharing_enabled") for node in nodes_by_level["campaign"]}
    rows: list[dict[str, Any]] = [
        {
            "level": "account",
            "entity_id": account.account_id,
            "name": account.name,
            "native_level": "ad account",
            "status": account.status,
        }
    ]
    for level, nodes in nodes_by_level.items():
        rows += [_entity_row(level, node, account.currency, owners, sharing) for node in nodes]
    shared = {
        "platform": "meta_ads",
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
    }
    blank = dict.fromkeys(ENTITIES.schema.names)
    return pa.Table.from_pylist([blank | shared | row for row in rows], schema=ENTITIES.schema)


def _has_budget(node: dict[str, Any]) -> bool:
    return any(node.get(field) not in {None, "", "0"} for field in ("daily_budget", "lifetime_budget"))


def _entity_row(
    level: str,
    node: dict[str, Any],
    currency: str,
    owners: set[str],
    sharing: dict[str, bool | None],
) -> dict[str, Any]:
    campaign = node["id"] if level == "campaign" else node["campaign_id"]
    ad_set = {"campaign": None, "ad_set": node["id"], "ad": node.get("adset_id")}[level]
    row = {
        "level": level,
        "entity_id": node["id"],
        "campaign_id": campaign,
        "ad_set_id": ad_set,
        "name": node["name"],
        "native_level": level.replace("_", " "),
        "status": _OURS.get(node.get("status", ""), "other"),
        "native_status": node.get("effective_status"),
        "daily_budget": meta_major(node.get("daily_budget"), currency),
        "lifetime_budget": meta_major(node.get("lifetime_budget"), currency),
        "bid_strategy": node.get("bid_strategy"),
        "objective": node.get("objective") or node.get("optimization_goal"),
        "learning_state": (node.get("learning_stage_info") or {}).get("status"),
        "targeting": _json(node.get("targeting")),
        "creative": _json(node.get("creative")),
        "start_day": _day(node.get("start_time")),
        "end_day": _day(node.get("stop_time") or node.get("end_time")),
        "updated_at": _instant(node.get("updated_time")),
    }
    if level != "ad":
        above = campaign in owners
        row |= {
            "budget_owner": "campaign" if above else "ad_set",
            "budget_id": campaign if above else ad_set,
            "labels": as_json(meta_labels(node)),
            "shares_budget": None if above else sharing.get(campaign),
            "daily_spend_least": meta_major(node.get("daily_min_spend_target"), currency),
            "daily_spend_most": meta_major(node.get("daily_spend_cap"), currency),
        }
    return row


def _json(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else None


def _instant(stamp: str | None) -> datetime | None:
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC) if stamp else None


def _day(stamp: str | None) -> date | None:
    """Calendar day of a timestamp in the account's time zone, whose offset it carries."""
    return date.fromisoformat(stamp[:10]) if stamp else None
