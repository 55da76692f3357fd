"""Writes: budgets and statuses, each operation checked before any is applied."""

from collections.abc import Callable
from typing import Any

from sandbox.google import user_lists
from sandbox.google.entities import budget_id
from sandbox.google.failures import Path, error
from sandbox.stage import Stage
from sandbox.world import Account

STATUSES = {2: ("ENABLED", True), 3: ("PAUSED", False), 4: ("REMOVED", False)}
_LEVELS = {"campaign": "campaign", "ad_group": "ad_set", "ad_group_ad": "ad"}
_AUDIENCES = {"user_list": user_lists.made, "campaign_criterion": user_lists.criterion}

Apply = Callable[[], None]
"""Puts a checked operation into effect."""


def checked(stage: Stage, account: Account, kind: str, operation: Any, path: Path) -> tuple[str, Apply] | Any:
    """The resource name and the deed of an operation, or the GoogleAdsError that refuses it."""
    if kind in _AUDIENCES:
        return _AUDIENCES[kind](stage, account, operation, path)
    if operation.WhichOneof("operation") != "update":
        said = "The sandbox takes updates of budgets and statuses."
        return error("mutate_error", "MUTATE_NOT_ALLOWED", said, path=path)
    if not operation.update_mask.paths:
        said = "The field mask must be provided for update operations."
        return error("field_mask_error", "FIELD_MASK_MISSING", said, path=[*path, "update_mask"])
    if kind == "campaign_budget":
        return _budget(stage, account, operation, path)
    if kind in _LEVELS:
        return _status(stage, account, _LEVELS[kind], operation, path)
    return error("mutate_error", "MUTATE_NOT_ALLOWED", f"The sandbox takes no {kind} operations.", path=path)


def _budget(stage: Stage, account: Account, operation: Any, path: Path) -> tuple[str, Apply] | Any:
    update, where = operation.update, [*path, "update", "amount_micros"]
    known = stage.market.catalog(account).campaigns
    campaigns = {
        budget_id(int(known.id[row])): int(known.id[row]) for row in set(known.budget_owner.tolist())
    }
    owner = campaigns.get(_number(update.resource_name, account, "campaignBudgets") or 0)
    if owner is None:
        return _not_found(path)
    if other := set(operation.update_mask.paths) - {"amount_micros", "resource_name"}:
        return error(
            "field_error",
            "IMMUTABLE_FIELD",
            f"{min(other)} cannot be changed here.",
            path=[*path, "update", min(other)],
        )
    amount = int(update.amount_micros)
    if amount % account.unit_micros:
        said = "The budget amount must be a multiple of the minimum currency unit."
        return error(
            "campaign_budget_error",
            "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT",
            said,
            path=where,
            trigger=str(amount),
        )
    if amount < 100 * account.unit_micros:
        return error(
            "campaign_budget_error",
            "BUDGET_BELOW_PER_DAY_MINIMUM",
            "The budget is below the daily minimum.",
            path=where,
        )

    def apply() -> None:
        stage.market.change(account, "campaign", owner, "budget_micros", amount)

    return update.resource_name, apply


def _status(
    stage: Stage, account: Account, level: str, operation: Any, path: Path
) -> tuple[str, Apply] | Any:
    update = operation.update
    collection = {"campaign": "campaigns", "ad_set": "adGroups", "ad": "adGroupAds"}[level]
    entity_id = _number(update.resource_name, account, collection)
    if entity_id not in stage.market.catalog(account).index[level]:
        return _not_found(path)
    if other := set(operation.update_mask.paths) - {"status", "resource_name"}:
        return error(
            "field_error",
            "IMMUTABLE_FIELD",
            f"{min(other)} cannot be changed here.",
            path=[*path, "update", min(other)],
        )
    if update.status not in STATUSES:
        said = "The status must be ENABLED, PAUSED or REMOVED."
        return error("field_error", "INVALID_VALUE", said, path=[*path, "update", "status"])
    name, is_on = STATUSES[update.status]

    def apply() -> None:
        stage.market.change(account, level, int(entity_id or 0), "status", name)
        stage.market.change(account, level, int(entity_id or 0), "active", is_on)

    return update.resource_name, apply


def _number(resource_name: str, account: Account, collection: str) -> int | None:
    parts = resource_name.split("/")
    if len(parts) != 4 or parts[:3] != ["customers", account.id, collection]:
        return None
    last = parts[3].rsplit("~", 1)[-1]
    return int(last) if last.isdigit() else None


def _not_found(path: Path) -> Any:
    return error(
        "mutate_error",
        "RESOURCE_NOT_FOUND",
        "Resource was not found.",
        path=[*path, "update", "resource_name"],
    )
