"""LinkedIn's entities: accounts, campaign groups, campaigns and creatives, as its REST API describes them,
and what may be written.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

from sandbox import text_catalog
from sandbox.incident_log import strategies
from sandbox.linkedin import creation
from sandbox.linkedin.bids import changed_bid
from sandbox.linkedin.refusals import bad, not_found
from sandbox.linkedin.targeting import require_criteria
from sandbox.running_world import Stage
from sandbox.world import Account

LEAST_BUDGET = Decimal(10)
COLLECTIONS = {"adCampaignGroups": "campaign", "adCampaigns": "ad_set", "creatives": "ad"}
STATUSES = {"ACTIVE", "PAUSED", "ARCHIVED", "COMPLETED", "CANCELED", "DRAFT", "PENDING_DELETION", "REMOVED"}


def account_element(account: Account) -> dict[str, Any]:
    return {
        "id": int(account.id),
        "name": account.name,
        "currency": account.currency,
        "status": "ACTIVE",
        "type": "BUSINESS",
        "servingStatuses": ["RUNNABLE"],
    }


def conversion_rule(stage: Stage, account: Account) -> dict[str, Any]:
    """What the account counts as a conversion, with its windows as people last set them."""
    now = stage.clock.now()
    edits = stage.market.changes.of("linkedin_ads", account.id, "account", int(account.id))
    edited = max((c.at for c in edits if c.field == "lookback_days"), default=None)
    limit = stage.market.lookback_days(account, now)
    created = datetime.combine(stage.world.begins, time(), UTC)
    return {
        "id": 104_001,
        "name": "Website conversion",
        "type": "PURCHASE",
        "enabled": True,
        "postClickAttributionWindowSize": int(limit) if limit is not None else 30,
        "viewThroughAttributionWindowSize": 7,
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "created": int(created.timestamp() * 1000),
        "lastModified": int((edited or created).timestamp() * 1000),
    }


def listed(stage: Stage, account: Account, collection: str, statuses: list[str] | None) -> list[int]:
    """Row numbers of a collection's entities, of these statuses or of all."""
    level = COLLECTIONS[collection]
    things = getattr(stage.market.catalog(account), level + "s")
    rows = range(len(things.id))
    if not statuses:
        return list(rows)
    changed = {
        c.entity_id: c.value for c in stage.market.changes.on("linkedin_ads", account.id, level, "status")
    }
    first = ["PAUSED" if paused else "ACTIVE" for paused in things.paused.tolist()]
    return [
        row for row, own_id in enumerate(things.id.tolist()) if changed.get(own_id, first[row]) in statuses
    ]


def elements(stage: Stage, account: Account, collection: str, rows: list[int]) -> list[dict[str, Any]]:
    """The entities in these rows of a collection."""
    ids = getattr(stage.market.catalog(account), COLLECTIONS[collection] + "s").id
    make = {"adCampaignGroups": _group, "adCampaigns": _campaign, "creatives": _creative}[collection]
    return [make(stage, account, row, int(ids[row])) for row in rows]


def element(stage: Stage, account: Account, collection: str, entity_id: int) -> dict[str, Any]:
    """One entity.

    Raises:
        Refused: There is none of that id.
    """
    row = stage.market.catalog(account).index[COLLECTIONS[collection]].get(entity_id)
    if row is None:
        raise not_found(f"{collection} {entity_id}")
    make = {"adCampaignGroups": _group, "adCampaigns": _campaign, "creatives": _creative}[collection]
    return make(stage, account, row, entity_id)


def update(
    stage: Stage, account: Account, collection: str, entity_id: int, patch: dict[str, Any]
) -> Callable[[], None]:
    """A partial update, checked whole; what comes back puts it into effect."""
    level = COLLECTIONS[collection]
    now = element(stage, account, collection, entity_id)
    status = "intendedStatus" if collection == "creatives" else "status"
    changes: list[tuple[str, Any]] = []
    checks: dict[str, Callable[[Any], list[tuple[str, Any]]]] = {
        status: lambda value: _statuses(status, value)
    }
    if creation.find(stage, account, entity_id) is not None:
        checks["name"] = lambda value: [("name", str(value))]
    if collection != "creatives":
        checks["dailyBudget"] = lambda value: [("budget_micros", _budget(account, now, value))]
        checks["name"] = lambda value: [("name", str(value))]
    if collection == "adCampaigns":
        checks["targetingCriteria"] = lambda value: _criteria_of(stage, account, value)
        for field in ("unitCost", "optimizationTargetType"):
            checks[field] = lambda value, field=field: [changed_bid(account, patch, field, value)]  # type: ignore[misc]
    for field, value in patch.items():
        if field not in checks:
            raise bad(f"Field {field} cannot be updated here", field=field, code="FIELD_NOT_UPDATABLE")
        changes += checks[field](value)
    if not changes:
        raise bad("The patch changes nothing", field="patch")

    def apply() -> None:
        for field, value in changes:
            stage.market.change(account, level, entity_id, field, value)

    return apply


def _statuses(field: str, value: Any) -> list[tuple[str, Any]]:
    if value not in STATUSES:
        raise bad(f"{value} is not a valid status", field=field, code="INVALID_VALUE_FOR_FIELD")
    return [("status", value), ("active", value == "ACTIVE")]


def _criteria_of(stage: Stage, account: Account, value: Any) -> list[tuple[str, Any]]:
    require_criteria(stage, value, account_id=account.id)
    return [("targetingCriteria", dict(value))]


def _budget(account: Account, now: dict[str, Any], value: Any) -> int:
    if "dailyBudget" not in now:
        raise bad("The budget is kept on another level", field="dailyBudget", code="FIELD_NOT_UPDATABLE")
    try:
        amount, currency = value["amount"], value["currencyCode"]
        micros = Decimal(amount) * 1_000_000 if isinstance(amount, str) else None
    except (KeyError, TypeError, InvalidOperation):
        micros = currency = None
    if micros is None or not micros.is_finite():
        raise bad(
            "amount must be a decimal string", field="dailyBudget/amount", code="INVALID_VALUE_FOR_FIELD"
        )
    if currency != account.currency:
        raise bad(
            "dailyBudget currency does not match the account's",
            field="dailyBudget/currencyCode",
            code="INVALID_VALUE_FOR_FIELD",
        )
    if micros < LEAST_BUDGET * 1_000_000:
        raise bad(
            f"Daily budget is below the minimum of {LEAST_BUDGET}", field="dailyBudget/amount", code="TOO_LOW"
        )
    if micros % account.unit_micros:
        raise bad("amount has too many decimals", field="dailyBudget/amount", code="INVALID_VALUE_FOR_FIELD")
    return int(micros)


def _common(stage: Stage, account: Account, level: str, entity_id: int, *, paused: bool) -> dict[str, Any]:
    current = stage.market.changes.of("linkedin_ads", account.id, level, entity_id)
    held = creation.find(stage, account, entity_id) if level == "ad" else None
    created = held.created_at if held else datetime.combine(stage.world.begins, time(), UTC)
    edited = max((change.at for change in current), default=created)
    return {
        "status": stage.market.current(account, level, entity_id, "status", "PAUSED" if paused else "ACTIVE"),
        "version": {"versionTag": str(1 + len(current))},
        "changeAuditStamps": {
            "created": {"time": _millis(created)},
            "lastModified": {"time": _millis(edited)},
        },
    }


def _group(stage: Stage, account: Account, row: int, entity_id: int) -> dict[str, Any]:
    groups = stage.market.catalog(account).campaigns
    results = {
        "id": entity_id,
        "name": stage.market.current(account, "campaign", entity_id, "name", groups.name[row]),
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "runSchedule": {"start": _millis_of_day(int(groups.start_day[row]))},
        "objectiveType": "WEBSITE_CONVERSION" if groups.sells[row] else "LEAD_GENERATION",
        "dynamicBudgetOptimization": bool(groups.holds_budget[row]),
        **_common(stage, account, "campaign", entity_id, paused=bool(groups.paused[row])),
    }
    if groups.holds_budget[row]:
        results["dailyBudget"] = _amount(
            stage, account, "campaign", entity_id, int(groups.budget_micros[row])
        )
    return results


def _campaign(stage: Stage, account: Account, row: int, entity_id: int) -> dict[str, Any]:
    catalog = stage.market.catalog(account)
    sets, group = catalog.ad_sets, int(catalog.ad_sets.campaign[row])
    target = catalog.targeting(row)
    results = {
        "id": entity_id,
        "name": stage.market.current(account, "ad_set", entity_id, "name", sets.name[row]),
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "campaignGroup": f"urn:li:sponsoredCampaignGroup:{catalog.campaigns.id[group]}",
        "type": "SPONSORED_UPDATES",
        "costType": "CPM",
        "objectiveType": "WEBSITE_CONVERSION" if catalog.campaigns.sells[group] else "LEAD_GENERATION",
        "optimizationTargetType": stage.market.current(
            account, "ad_set", entity_id, "bid_strategy", strategies(catalog, "ad_set", row)[0]
        ),
        "runSchedule": {"start": _millis_of_day(int(sets.first_day[row]))},
        "servingStatuses": ["RUNNABLE"],
        "targetingCriteria": stage.market.current(
            account, "ad_set", entity_id, "targetingCriteria", _criteria(target)
        ),
        "theme": text_catalog.THEMES[int(sets.theme[row])],
        "unitCost": stage.market.current(
            account, "ad_set", entity_id, "unitCost", {"amount": "0", "currencyCode": account.currency}
        ),
        "offsiteDeliveryEnabled": False,
        "politicalIntent": "NOT_POLITICAL",
        **_common(stage, account, "ad_set", entity_id, paused=bool(sets.paused[row])),
    }
    if not catalog.campaigns.holds_budget[group]:
        results["dailyBudget"] = _amount(stage, account, "ad_set", entity_id, int(sets.budget_micros[row]))
    return results


def _criteria(target: dict[str, Any]) -> dict[str, Any]:
    """Whom a campaign is for before anybody changed it."""
    return {
        "include": {
            "and": [
                {"or": {"urn:li:adTargetingFacet:locations": [f"urn:li:geo:{target['country']}"]}},
                {"or": {"urn:li:adTargetingFacet:titles": [f"urn:li:title:{target['audience']}"]}},
            ]
        }
    }


def _creative(stage: Stage, account: Account, row: int, entity_id: int) -> dict[str, Any]:
    catalog = stage.market.catalog(account)
    common = _common(stage, account, "ad", entity_id, paused=bool(catalog.ads.paused[row]))
    rejected = stage.market.diary.is_disapproved(catalog, row, stage.today(account))
    waits = stage.market.is_in_review(account, row)
    hold_reasons = ["REJECTED"] if rejected else ["UNDER_REVIEW"] if waits else []
    return ({"servingHoldReasons": hold_reasons} if hold_reasons else {}) | {
        "id": f"urn:li:sponsoredCreative:{entity_id}",
        "name": stage.market.current(account, "ad", entity_id, "name", _creative_name(stage, account, row)),
        "account": f"urn:li:sponsoredAccount:{account.id}",
        "campaign": f"urn:li:sponsoredCampaign:{catalog.ad_sets.id[int(catalog.ads.ad_set[row])]}",
        "intendedStatus": common["status"],
        "isServing": common["status"] == "ACTIVE" and not hold_reasons,
        "review": {"status": "REJECTED" if rejected else "PENDING" if waits else "APPROVED"},
        "createdAt": common["changeAuditStamps"]["created"]["time"],
        "lastModifiedAt": common["changeAuditStamps"]["lastModified"]["time"],
        "content": _content(stage, account, row),
    }


def _creative_name(stage: Stage, account: Account, row: int) -> str:
    name = stage.market.catalog(account).ads.name[row]
    return name if stage.market.created_ad(account, row) else name.replace("Ad ", "Creative ", 1)


def _content(stage: Stage, account: Account, row: int) -> dict[str, Any]:
    """The words of a creative; of one that was made the post that it refers to."""
    if (created := stage.market.created_ad(account, row)) is not None and (
        held := creation.find(stage, account, created.id)
    ) is not None:
        return dict(held.fields["content"])
    text = stage.market.ad_text(account, row)
    return {
        "textAd": {
            "headline": text.headlines[0],
            "description": text.descriptions[0],
            "landingPage": text.landing_page,
        }
    }


def _amount(stage: Stage, account: Account, level: str, entity_id: int, first: int) -> dict[str, str]:
    micros = stage.market.current(account, level, entity_id, "budget_micros", first)
    return {"amount": f"{Decimal(int(micros)) / 1_000_000:.2f}", "currencyCode": account.currency}


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _millis_of_day(day: int) -> int:
    return int(np.int64(day) * 86_400_000)
