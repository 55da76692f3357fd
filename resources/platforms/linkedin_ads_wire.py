"""Mapping between LinkedIn Marketing API objects and project tables: fields, statuses and errors.

LinkedIn's campaign group is a campaign here, its campaign an ad set, its creative an ad. Money is decimal
text.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from resources.lake.schema import MONEY
from resources.platforms.account import Account
from resources.platforms.labels import NONE, as_json
from resources.tables.linkedin_ads import CONVERSION_ACTIONS, DAYS, ENTITIES

PIVOTS = {"account": "ACCOUNT", "campaign": "CAMPAIGN_GROUP", "ad_set": "CAMPAIGN", "ad": "CREATIVE"}
FACETS = {"campaign": "campaignGroups", "ad_set": "campaigns", "ad": "creatives"}
URNS = {"campaign": "sponsoredCampaignGroup", "ad_set": "sponsoredCampaign", "ad": "sponsoredCreative"}
COLLECTIONS = {"campaign": "adCampaignGroups", "ad_set": "adCampaigns", "ad": "creatives"}
ABOVE: dict[str, tuple[str, ...]] = {
    "account": (),
    "campaign": (),
    "ad_set": ("campaign_id",),
    "ad": ("campaign_id", "ad_set_id"),
}
NATIVE = {"account": "ad account", "campaign": "campaign group", "ad_set": "campaign", "ad": "creative"}
MOST_ELEMENTS = 15_000
"""What adAnalytics answers at most. It cuts without a word, so an answer of this length is never believed."""

METRICS = {
    "impressions": "impressions",
    "clicks": "clicks",
    "landing_page_clicks": "landingPageClicks",
    "total_engagements": "totalEngagements",
    "spend": "costInLocalCurrency",
    "spend_usd": "costInUsd",
    "external_website_conversions": "externalWebsiteConversions",
    "post_click_conversions": "externalWebsitePostClickConversions",
    "post_view_conversions": "externalWebsitePostViewConversions",
    "conversion_value": "conversionValueInLocalCurrency",
    "one_click_leads": "oneClickLeads",
    "one_click_lead_form_opens": "oneClickLeadFormOpens",
    "qualified_leads": "qualifiedLeads",
    "video_views": "videoViews",
}
"""Our columns by LinkedIn's metrics.

With the two below this is under LinkedIn's limit of 20 fields a call.
"""


class Day(msgspec.Struct, frozen=True, gc=False):
    """A LinkedIn date object."""

    year: int
    month: int
    day: int


class DateRange(msgspec.Struct, gc=False):
    """Date range of an element; in a daily response it starts and ends on the same day."""

    start: Day


def _element_fields() -> list[tuple[str, type, Any]]:
    """Metrics by column name: counts as integers, money as decimal text, absent fields as 0."""
    kinds = {name: DAYS["campaign"].schema.field(name).type for name in METRICS}
    return [(name, str, "0") if pa.types.is_decimal(kind) else (name, int, 0) for name, kind in kinds.items()]


Element = msgspec.defstruct(
    "Element",
    [("pivot_values", tuple[str, ...]), ("date_range", DateRange), *_element_fields()],
    rename=METRICS | {"pivot_values": "pivotValues", "date_range": "dateRange"},
    gc=False,
)
"""An adAnalytics element. A metric that LinkedIn leaves out is one that did not happen."""


class Analytics(msgspec.Struct):
    """An adAnalytics response."""

    elements: list[Element]  # type: ignore[valid-type]


class RestliPage(msgspec.Struct):
    """One page of an entity list."""

    elements: list[dict[str, Any]]
    metadata: dict[str, Any] = {}


FIELDS = ",".join(["dateRange", "pivotValues", *METRICS.values()])
STATUSES = (
    "ACTIVE",
    "PAUSED",
    "ARCHIVED",
    "COMPLETED",
    "CANCELED",
    "DRAFT",
    "PENDING_DELETION",
    "REMOVED",
)
_OURS = {
    "ACTIVE": "active",
    "PAUSED": "paused",
    "ARCHIVED": "removed",
    "REMOVED": "removed",
    "PENDING_DELETION": "removed",
}

Above = Mapping[str, tuple[str, ...]]
"""By an entity's own id, the ids above it from the top down."""


def above(level: str, listed: Mapping[str, Sequence[dict[str, Any]]]) -> Above:
    """Parent ids of every entity of a level, from the lists of that level and of those above."""
    if level == "campaign":
        return {last(e["id"]): () for e in listed["campaign"]}
    groups = {last(e["id"]): (last(e["campaignGroup"]),) for e in listed["ad_set"]}
    if level == "ad_set":
        return groups
    sets = {last(e["id"]): last(e["campaign"]) for e in listed["ad"]}
    return {ad: (*groups[ad_set], ad_set) for ad, ad_set in sets.items() if ad_set in groups}


def runs(campaign: dict[str, Any], *, before: date) -> bool:
    """Whether a LinkedIn campaign is active, serving, and started before that day."""
    began = _day_of(campaign.get("runSchedule", {}).get("start"))
    served = "RUNNABLE" in campaign.get("servingStatuses", ["RUNNABLE"])
    return campaign.get("status") == "ACTIVE" and served and began is not None and began < before


def day_rows(
    level: str, account: Account, elements: Sequence[Any], above: Above, pulled_at: datetime
) -> pa.RecordBatch:
    """Rows of `DAYS[level]` from adAnalytics elements."""
    table, ids = DAYS[level], [own_id(element) for element in elements]
    columns: dict[str, Any] = {
        "account_id": pa.repeat(account.account_id, len(ids)),
        "currency": pa.repeat(account.currency, len(ids)),
        "time_zone": pa.repeat(account.time_zone, len(ids)),
        "pulled_at": pa.repeat(pa.scalar(pulled_at, table.schema.field("pulled_at").type), len(ids)),
        "day": pa.array(days_of(elements), pa.date32()),
        f"{level}_id": pa.array(ids, pa.string()),  # an account's own id is the same again
    }
    for position, name in enumerate(ABOVE[level]):
        columns[name] = pa.array([above[entity_id][position] for entity_id in ids], pa.string())
    for name in METRICS:
        values, kind = list(map(attrgetter(name), elements)), table.schema.field(name).type
        is_money = pa.types.is_decimal(kind)
        columns[name] = pa.array(values, pa.string()).cast(MONEY) if is_money else pa.array(values, kind)
    return pa.RecordBatch.from_pydict(columns, schema=table.schema)


def own_id(element: Any) -> str:
    """Id of the entity that an adAnalytics element describes."""
    return str(element.pivot_values[0].rpartition(":")[2])


def days_of(elements: Sequence[Any]) -> list[date]:
    """Day of each element in a DAILY response."""
    return [_day(element.date_range.start) for element in elements]


@lru_cache(maxsize=4096)
def _day(day: Day) -> date:
    return date(day.year, day.month, day.day)


def account_record(element: dict[str, Any]) -> Account:
    """Account from an adAccounts element. LinkedIn reports every account in UTC days."""
    status = _OURS.get(element.get("status", ""), "other")
    return Account(
        "linkedin_ads",
        str(element["id"]),
        element["name"],
        element["currency"],
        "UTC",
        "active" if status == "active" else "other",
    )


def entity_rows(account: Account, elements: dict[str, list[dict[str, Any]]], pulled_at: datetime) -> pa.Table:
    """Rows of the entity table for the account and its entities by level."""
    rows = [_account_row(account)]
    group_of = {str(e["id"]): last(e["campaignGroup"]) for e in elements["ad_set"]}
    owns_budget = {str(e["id"]): owns_budget_of_campaigns(e) for e in elements["campaign"]}
    rows += [_campaign_row(element) for element in elements["campaign"]]
    rows += [
        _ad_set_row(element, owned_above=owns_budget.get(group_of[str(element["id"])], False))
        for element in elements["ad_set"]
    ]
    rows += [_ad_row(element, group_of) for element in elements["ad"]]
    shared = {
        "platform": "linkedin_ads",
        "account_id": account.account_id,
        "currency": account.currency,
        "time_zone": account.time_zone,
        "pulled_at": pulled_at,
    }
    blank = dict.fromkeys(ENTITIES.schema.names)
    return pa.Table.from_pylist([blank | shared | row for row in rows], schema=ENTITIES.schema)


def _account_row(account: Account) -> dict[str, Any]:
    return {
        "level": "account",
        "entity_id": account.account_id,
        "name": account.name,
        "native_level": NATIVE["account"],
        "status": account.status,
    }


def owns_budget_of_campaigns(group: dict[str, Any]) -> bool:
    """Whether a campaign group holds the budget of its campaigns, as LinkedIn states it.

    `budgetOptimization` says so with the strategy DYNAMIC, and only then the group has a daily budget. A total
    budget alone is a limit above the campaigns' own budgets, which stay theirs.
    """
    stated = (group.get("budgetOptimization") or {}).get("budgetOptimizationStrategy")
    return stated == "DYNAMIC" if stated is not None else "dailyBudget" in group


def _campaign_row(element: dict[str, Any]) -> dict[str, Any]:
    group_id = str(element["id"])
    owned = owns_budget_of_campaigns(element)
    return _common("campaign", element, group_id) | {
        "campaign_id": group_id,
        "objective": element.get("objectiveType"),
        "budget_owner": "campaign" if owned else "ad_set",
        "budget_id": group_id if owned else None,
    }


def _ad_set_row(element: dict[str, Any], *, owned_above: bool) -> dict[str, Any]:
    campaign_id, group = str(element["id"]), last(element["campaignGroup"])
    return _common("ad_set", element, campaign_id) | {
        "campaign_id": group,
        "ad_set_id": campaign_id,
        "objective": element.get("objectiveType"),
        "bid_strategy": element.get("optimizationTargetType") or element.get("costType"),
        "budget_owner": "campaign" if owned_above else "ad_set",
        "budget_id": group if owned_above else campaign_id,
        "targeting": json.dumps(element.get("targetingCriteria", {}), ensure_ascii=False, sort_keys=True),
    }


def _ad_row(element: dict[str, Any], group_of: dict[str, str]) -> dict[str, Any]:
    creative_id, ad_set = last(element["id"]), last(element["campaign"])
    rejected = (element.get("review") or {}).get("status") == "REJECTED"
    return _common("ad", element, creative_id) | {
        "campaign_id": group_of.get(ad_set),
        "ad_set_id": ad_set,
        "native_status": "REJECTED" if rejected else element.get("intendedStatus") or "",
        "creative": json.dumps(element.get("content", {}), ensure_ascii=False, sort_keys=True),
    }


def _common(level: str, element: dict[str, Any], entity_id: str) -> dict[str, Any]:
    status = element.get("status") or element.get("intendedStatus") or ""
    schedule = element.get("runSchedule", {})
    edited = element.get("changeAuditStamps", {}).get("lastModified", {}).get("time") or element.get(
        "lastModifiedAt"
    )
    return {
        "level": level,
        "entity_id": entity_id,
        "name": element.get("name") or entity_id,
        "native_level": NATIVE[level],
        "status": _OURS.get(status, "other"),
        "native_status": status,
        "labels": as_json(NONE),
        "daily_budget": _amount(element.get("dailyBudget")),
        "lifetime_budget": _amount(element.get("totalBudget")),
        "start_day": _day_of(schedule.get("start")),
        "end_day": _day_of(schedule.get("end")),
        "version": element.get("version", {}).get("versionTag"),
        "updated_at": datetime.fromtimestamp(edited / 1000, UTC) if edited else None,
    }


def _amount(money: dict[str, str] | None) -> Decimal | None:
    return Decimal(money["amount"]) if money else None


def _day_of(millis: int | None) -> date | None:
    return datetime.fromtimestamp(millis / 1000, UTC).date() if millis else None


def conversion_action_rows(
    account: Account, elements: Sequence[dict[str, Any]], pulled_at: datetime
) -> pa.Table:
    """Rows of `CONVERSION_ACTIONS` from conversion rules."""
    rows = [
        {
            "account_id": account.account_id,
            "conversion_action_id": str(e["id"]),
            "name": e.get("name") or str(e["id"]),
            "category": e.get("type"),
            "status": "active" if e.get("enabled", True) else "other",
            "click_window_days": e.get("postClickAttributionWindowSize"),
            "view_window_days": e.get("viewThroughAttributionWindowSize"),
            "pulled_at": pulled_at,
        }
        for e in elements
    ]
    return pa.Table.from_pylist(rows, schema=CONVERSION_ACTIONS.schema)


def last(urn: str) -> str:
    """Id at the end of a URN."""
    return str(urn).rsplit(":", 1)[-1]
