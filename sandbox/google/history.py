"""An account's change history as change_event and change_status tell it: entries up to three minutes late,
none older than 30 days.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sandbox.account_objects import ObjectChange
from sandbox.google.failures import refused
from sandbox.google.gaql import Query
from sandbox.running_world import Stage
from sandbox.world import Account

KEPT_DAYS = 30
Attributes = dict[str, Any]
_COLLECTIONS = {"campaign": "campaigns", "ad_set": "adGroups", "ad": "adGroupAds"}
_TYPES = {"campaign": "CAMPAIGN", "ad_set": "AD_GROUP", "ad": "AD_GROUP_AD"}
_OBJECTS = {
    "ad_group_criterion": ("AD_GROUP_CRITERION", "adGroupCriteria"),
    "campaign_criterion": ("CAMPAIGN_CRITERION", "campaignCriteria"),
    "ad_group_ad": ("AD_GROUP_AD", "adGroupAds"),
}
"""Kinds that change_event has.

Lists, their words, their attachments and account-level negatives have no event.
"""
_STATUSES = {
    "shared_set": ("SHARED_SET", "sharedSets"),
    "campaign_shared_set": ("CAMPAIGN_SHARED_SET", "campaignSharedSets"),
}
"""Kinds that change_status has besides."""
_OPERATIONS = {"CREATE": "CREATE", "UPDATE": "UPDATE", "REMOVE": "REMOVE"}
_RESOURCE_STATUS = {"CREATE": "ADDED", "UPDATE": "CHANGED", "REMOVE": "REMOVED"}


def budget_id(campaign_id: int) -> int:
    return campaign_id + 900_000


def require_recent(stage: Stage, account: Account, query: Query) -> None:
    """Refuse a change history that begins before it is kept.

    Raises:
        Refused: The range begins more than 30 days ago.
    """
    name = {"change_event": "change_date_time", "change_status": "last_change_date_time"}[query.resource]
    oldest = (stage.today(account) - timedelta(days=KEPT_DAYS)).isoformat()
    for condition in query.conditions:
        starts = condition.operator in (">", ">=", "=", "BETWEEN")
        if condition.field == f"{query.resource}.{name}" and starts and condition.values[0][:10] < oldest:
            message = f"The requested start date is too old. It cannot be older than {KEPT_DAYS} days."
            raise refused(f"{query.resource}_error", "START_DATE_TOO_OLD", message)


def events(stage: Stage, account: Account) -> Iterator[Attributes]:
    """Every change that change_event knows, newest first."""
    entries = [*_entity_events(stage, account), *_object_events(stage, account)]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    for number, (at, attributes) in enumerate(entries):
        name = f"customers/{account.id}/changeEvents/{int(at.timestamp() * 1e6)}~{number}~0"
        yield {"change_event.resource_name": name} | attributes


def _entity_events(stage: Stage, account: Account) -> Iterator[tuple[datetime, Attributes]]:
    base = f"customers/{account.id}"
    for change in stage.market.changes.all_of("google_ads", account.id):
        if (
            change.field == "active"
            or change.level not in _COLLECTIONS
            or not isinstance(change.value, str | int)
        ):
            continue
        is_budget = change.field == "budget_micros"
        own_id = (
            str(budget_id(change.entity_id))
            if is_budget
            else _name(stage, account, change.level, change.entity_id)
        )
        field = {"budget_micros": "amount_micros", "status": "status", "name": "name"}.get(change.field)
        above = _above(stage, account, change.level, change.entity_id)
        yield (
            change.at,
            above
            | {
                "change_event.change_date_time": _local(account, change.at),
                "change_event.change_resource_type": "CAMPAIGN_BUDGET" if is_budget else _TYPES[change.level],
                "change_event.change_resource_name": (
                    f"{base}/{'campaignBudgets' if is_budget else _COLLECTIONS[change.level]}/{own_id}"
                ),
                "change_event.client_type": (
                    "GOOGLE_ADS_API" if change.by == "api" else "GOOGLE_ADS_WEB_CLIENT"
                ),
                "change_event.user_email": f"{change.by}@shop.example",
                "change_event.resource_change_operation": "UPDATE",
                "change_event.changed_fields": field,
            },
        )


def _object_events(stage: Stage, account: Account) -> Iterator[tuple[datetime, Attributes]]:
    base = f"customers/{account.id}"
    for entry in stage.objects.history("google_ads", account.id):
        held = entry.object
        if held.kind not in _OBJECTS:
            continue
        kind, collection = _OBJECTS[held.kind]
        is_text = held.kind == "ad_group_ad" and entry.operation == "UPDATE" and "status" not in entry.old
        name = (
            f"{base}/ads/{held.object_id}"
            if is_text
            else f"{base}/{collection}/{held.parent_id}~{held.object_id}"
        )
        level = "campaign" if held.kind == "campaign_criterion" else "ad_set"
        yield (
            entry.at,
            _above(stage, account, level, held.parent_id)
            | {
                "change_event.change_date_time": _local(account, entry.at),
                "change_event.change_resource_type": "AD" if is_text else kind,
                "change_event.change_resource_name": name,
                "change_event.client_type": "GOOGLE_ADS_API",
                "change_event.user_email": "api@shop.example",
                "change_event.resource_change_operation": _OPERATIONS[entry.operation],
                "change_event.changed_fields": ",".join(sorted(entry.old)) or None,
            },
        )


def statuses(stage: Stage, account: Account) -> Iterator[Attributes]:
    """The newest change of every resource that change_status knows."""
    newest: dict[str, Attributes] = {}
    for event in events(stage, account):
        name = str(event["change_event.change_resource_name"])
        kind = str(event["change_event.change_resource_type"])
        operation = str(event["change_event.resource_change_operation"])
        newest.setdefault(name, _status(account, name, kind, operation, event))
    yield from newest.values()
    yield from _list_statuses(stage, account)


def _status(account: Account, name: str, kind: str, operation: str, event: Attributes) -> Attributes:
    return {
        "change_status.resource_name": (
            f"customers/{account.id}/changeStatus/{name.rsplit('/', 2)[-2]}~{name.rsplit('/', 1)[-1]}"
        ),
        "change_status.last_change_date_time": event["change_event.change_date_time"],
        "change_status.resource_type": kind,
        "change_status.resource_status": _RESOURCE_STATUS[operation],
        "change_status.campaign": event["change_event.campaign"],
        "change_status.ad_group": event["change_event.ad_group"],
        "change_status.shared_set": None,
    }


def _list_statuses(stage: Stage, account: Account) -> Iterator[Attributes]:
    base, answer = f"customers/{account.id}", set()
    entry: ObjectChange
    for entry in stage.objects.history("google_ads", account.id):
        held = entry.object
        if held.kind not in _STATUSES or held.key in answer:
            continue
        answer.add(held.key)
        kind, collection = _STATUSES[held.kind]
        is_link = held.kind == "campaign_shared_set"
        yield {
            "change_status.resource_name": (
                f"{base}/changeStatus/{collection}~{held.parent_id}~{held.object_id}"
            ),
            "change_status.last_change_date_time": _local(account, entry.at),
            "change_status.resource_type": kind,
            "change_status.resource_status": _RESOURCE_STATUS[entry.operation],
            "change_status.campaign": f"{base}/campaigns/{held.parent_id}" if is_link else None,
            "change_status.ad_group": None,
            "change_status.shared_set": f"{base}/sharedSets/{held.object_id}",
        }


def _above(stage: Stage, account: Account, level: str, entity_id: int) -> Attributes:
    catalog, base = stage.market.catalog(account), f"customers/{account.id}"
    row = catalog.index[level].get(entity_id)
    campaign, ad_group = (entity_id if level == "campaign" else None), None
    if row is not None and level != "campaign":
        sets = row if level == "ad_set" else int(catalog.ads.ad_set[row])
        ad_group, campaign = (
            int(catalog.ad_sets.id[sets]),
            int(catalog.campaigns.id[catalog.ad_sets.campaign[sets]]),
        )
    return {
        "change_event.campaign": f"{base}/campaigns/{campaign}" if campaign else None,
        "change_event.ad_group": f"{base}/adGroups/{ad_group}" if ad_group else None,
    }


def _name(stage: Stage, account: Account, level: str, entity_id: int) -> str:
    if level != "ad":
        return str(entity_id)
    catalog = stage.market.catalog(account)
    row = catalog.index["ad"].get(entity_id)
    return str(entity_id) if row is None else f"{catalog.ad_sets.id[catalog.ads.ad_set[row]]}~{entity_id}"


def _local(account: Account, at: datetime) -> str:
    return at.astimezone(account.zone).strftime("%Y-%m-%d %H:%M:%S.%f")
