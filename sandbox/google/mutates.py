"""Writes: every operation of a request is checked before any is applied, and new objects may be named by
negative numbers.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.google import ad_writes, criterion_writes, user_lists
from sandbox.google.criterion_checks import Pending
from sandbox.google.failures import OperationRefused, Path, operation_refused
from sandbox.google.history import budget_id
from sandbox.running_world import Stage
from sandbox.world import Account

STATUSES = {2: ("ENABLED", True), 3: ("PAUSED", False), 4: ("REMOVED", False)}
_LEVELS = {"campaign": "campaign", "ad_group": "ad_set"}
_TEMPORARY = re.compile(r"(customers/\d+/\w+)/(-\d+)\b")

Apply = Callable[[], None]
"""Puts a checked operation into effect."""
Outcome = tuple[str, Apply]
"""The resource name and the change of an operation."""


class Batch:
    """The operations of one request."""

    def __init__(self, stage: Stage, account: Account) -> None:
        self._stage, self._account = stage, account
        self._temporary: dict[str, str] = {}
        self._pending = Pending()
        self.results: list[tuple[str, str]] = []
        """Kind and resource name per operation; no name for one that is refused."""
        self.errors: list[Any] = []
        self.changes: list[Apply] = []

    def add(self, kind: str, operation: Any, path: Path) -> None:
        """Check an operation and keep what it would do."""
        names = _texts(operation)
        for name in sorted(set(names)):
            if (real := self._temporary.get(name)) is not None:
                _replace(operation, name, real)
        try:
            name, change = self._checked(kind, operation, path)
            self._require_single(operation, name, path)
        except OperationRefused as wrong:
            self.errors.append(wrong.error)
            self.results.append((kind, ""))
            return
        if operation.WhichOneof("operation") == "create":
            temporary = operation.create.resource_name
            if _TEMPORARY.fullmatch(temporary):
                self._temporary[temporary] = name
        self.results.append((kind, name))
        self.changes.append(change)

    def _require_single(self, operation: Any, name: str, path: Path) -> None:
        if operation.WhichOneof("operation") != "create" and name in {held for _, held in self.results}:
            message = "The request changes the same resource more than once."
            raise operation_refused("mutate_error", "ID_EXISTS_IN_MULTIPLE_MUTATES", message, path=path)

    def apply(self) -> None:
        for change in self.changes:
            change()

    def _checked(self, kind: str, operation: Any, path: Path) -> Outcome:
        stage, account = self._stage, self._account
        verb = operation.WhichOneof("operation")
        if verb is None:
            raise operation_refused(
                "request_error", "OPERATION_REQUIRED", "The operation is empty.", path=path
            )
        if verb == "update" and not operation.update_mask.paths:
            message = "The field mask must be provided for update operations."
            raise operation_refused(
                "field_mask_error", "FIELD_MASK_MISSING", message, path=[*path, "update_mask"]
            )
        if verb == "create":
            _require_known(kind, operation.create, path)
        if kind == "user_list":
            return _or_raise(user_lists.made(stage, account, operation, path))
        if kind in criterion_writes.KINDS:
            return criterion_writes.checked(stage, account, kind, operation, path, self._pending)
        if kind in ("ad_group_ad", "ad"):
            return ad_writes.checked(stage, account, kind, operation, path, self._pending)
        if verb != "update":
            message = f"The sandbox updates {kind}s and neither makes nor removes them."
            raise operation_refused("mutate_error", "MUTATE_NOT_ALLOWED", message, path=path)
        if kind == "campaign_budget":
            return _budget(stage, account, operation, path)
        if kind in _LEVELS:
            return _status(stage, account, _LEVELS[kind], operation, path)
        raise operation_refused(
            "mutate_error", "MUTATE_NOT_ALLOWED", f"The sandbox takes no {kind} operations.", path=path
        )


CREATED_FIELDS: dict[str, set[str]] = {
    "user_list": {"name", "description", "membership_life_span", "crm_based_user_list", "resource_name"},
    "ad_group_criterion": {"resource_name", "ad_group", "status", "negative", "keyword", "cpc_bid_micros"},
    "campaign_criterion": {"resource_name", "campaign", "negative", "keyword", "user_list"},
    "customer_negative_criterion": {"resource_name", "negative_keyword_list"},
    "shared_set": {"resource_name", "name", "type_"},
    "shared_criterion": {"resource_name", "shared_set", "keyword"},
    "campaign_shared_set": {"resource_name", "campaign", "shared_set"},
    "ad_group_ad": {"resource_name", "ad_group", "status", "ad"},
}
"""Fields of a create that are honoured; any other is refused."""


def _require_known(kind: str, created: Any, path: Path) -> None:
    honoured = CREATED_FIELDS.get(kind)
    given = [field.name for field, _ in created.ListFields()]
    wrong = [name for name in given if honoured is not None and name not in honoured]
    if wrong:
        message = f"The sandbox does not honour '{wrong[0]}' of a new {kind}."
        raise operation_refused(
            "field_error", "VALUE_MUST_BE_UNSET", message, path=[*path, "create", wrong[0]]
        )


def _texts(message: Any) -> list[str]:
    """Every text in a message that names an object by a negative number, where it refers to one."""
    results: list[str] = []
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for entry in values:
            if field.message_type is not None:
                results += _texts(entry)
            elif isinstance(entry, str) and _TEMPORARY.fullmatch(entry):
                results.append(entry)
    return results


def _replace(message: Any, name: str, real: str) -> None:
    for field, value in message.ListFields():
        if field.message_type is not None:
            for entry in value if field.is_repeated else [value]:
                _replace(entry, name, real)
        elif value == name and field.name != "resource_name":
            setattr(message, field.name, real)


def _budget(stage: Stage, account: Account, operation: Any, path: Path) -> Outcome:
    update, where = operation.update, [*path, "update", "amount_micros"]
    campaigns = stage.market.catalog(account).campaigns
    owners = {
        budget_id(int(campaigns.id[row])): int(campaigns.id[row])
        for row in set(campaigns.budget_owner.tolist())
    }
    owner = owners.get(_number(update.resource_name, account, "campaignBudgets") or 0)
    if owner is None:
        raise _not_found(path)
    _require_writable(operation, {"amount_micros"}, path)
    amount = int(update.amount_micros)
    if amount % account.unit_micros:
        message = "The budget amount must be a multiple of the minimum currency unit."
        name = "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
        raise operation_refused("campaign_budget_error", name, message, path=where, trigger=str(amount))
    if amount < 100 * account.unit_micros:
        message = "The budget is below the daily minimum."
        raise operation_refused("campaign_budget_error", "BUDGET_BELOW_PER_DAY_MINIMUM", message, path=where)

    def apply() -> None:
        stage.market.change(account, "campaign", owner, "budget_micros", amount)

    return update.resource_name, apply


def _status(stage: Stage, account: Account, level: str, operation: Any, path: Path) -> Outcome:
    update = operation.update
    collection = {"campaign": "campaigns", "ad_set": "adGroups"}[level]
    entity_id = _number(update.resource_name, account, collection)
    if entity_id not in stage.market.catalog(account).index[level]:
        raise _not_found(path)
    _require_writable(operation, {"status", "name"}, path)
    changed = set(operation.update_mask.paths)
    if "status" in changed and update.status not in STATUSES:
        message = "The status must be ENABLED, PAUSED or REMOVED."
        raise operation_refused("field_error", "INVALID_VALUE", message, path=[*path, "update", "status"])
    if "name" in changed and not update.name:
        raise operation_refused(
            "field_error", "REQUIRED", "A name is required.", path=[*path, "update", "name"]
        )

    def apply() -> None:
        if "status" in changed:
            name, is_on = STATUSES[update.status]
            stage.market.change(account, level, int(entity_id or 0), "status", name)
            stage.market.change(account, level, int(entity_id or 0), "active", is_on)
        if "name" in changed:
            stage.market.change(account, level, int(entity_id or 0), "name", update.name)

    return update.resource_name, apply


def _require_writable(operation: Any, writable: set[str], path: Path) -> None:
    other = set(operation.update_mask.paths) - writable - {"resource_name"}
    if other:
        message = f"{min(other)} cannot be changed here."
        raise operation_refused("field_error", "IMMUTABLE_FIELD", message, path=[*path, "update", min(other)])


def _number(resource_name: str, account: Account, collection: str) -> int | None:
    parts = resource_name.split("/")
    if len(parts) != 4 or parts[:3] != ["customers", account.id, collection]:
        return None
    return int(parts[3]) if parts[3].isdigit() else None


def _or_raise(outcome: Outcome | Any) -> Outcome:
    """What a check returned, or its error raised."""
    if isinstance(outcome, tuple):
        return outcome
    raise OperationRefused(outcome)


def _not_found(path: Path) -> OperationRefused:
    message = "Resource was not found."
    return operation_refused(
        "mutate_error", "RESOURCE_NOT_FOUND", message, path=[*path, "update", "resource_name"]
    )
