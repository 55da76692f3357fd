"""Google's user lists for Customer Match: made by mutates, read by GAQL, excluded from campaigns as negative
criteria.

Whom they hold comes in through the Data Manager API (`sandbox.google.data_manager`).
"""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.audiences import FIRST_ID
from sandbox.google.failures import Path, error
from sandbox.running_world import Stage
from sandbox.world import Account

CONTACT_INFO, EXCLUDED = 2, "excluded_user_lists"
LEAST_SHOWN = 100
Apply = Callable[[], None]


def list_name(account: Account, audience_id: int) -> str:
    return f"customers/{account.id}/userLists/{audience_id}"


def attributes(stage: Stage, account: Account) -> Iterator[dict[str, Any]]:
    """The account's user lists by GAQL path.

    Sizes are rounded to two digits, and nothing is told of fewer than a hundred.
    """
    for entry in stage.audiences_of(account):
        size = _rounded(entry.matched)
        rate = entry.match_rate
        yield {
            "user_list.resource_name": list_name(account, entry.audience_id),
            "user_list.id": entry.audience_id,
            "user_list.name": entry.name,
            "user_list.type": "CRM_BASED" if entry.is_uploaded else "RULE_BASED",
            "user_list.membership_status": "OPEN",
            "user_list.size_for_search": size,
            "user_list.size_for_display": size,
            "user_list.eligible_for_search": size > 0,
            "user_list.eligible_for_display": size > 0,
            "user_list.match_rate_percentage": round(100 * rate) if rate is not None and size else None,
        }


def _rounded(matched: int) -> int:
    step = 10 ** max(len(str(matched)) - 2, 0)
    return matched // step * step if matched >= LEAST_SHOWN else 0


def excluded(stage: Stage, account: Account, campaign_id: int) -> tuple[int, ...]:
    """The user lists that a campaign keeps out."""
    return tuple(stage.market.current(account, "campaign", campaign_id, EXCLUDED, ()))


def made(stage: Stage, account: Account, operation: Any, path: Path) -> tuple[str, Apply] | Any:
    """The name and the deed of an operation on user lists, or the error that refuses it."""
    if operation.WhichOneof("operation") != "create":
        return error("mutate_error", "MUTATE_NOT_ALLOWED", "The sandbox only makes user lists.", path=path)
    given, where = operation.create, [*path, "create"]
    if not given.name:
        return error("user_list_error", "NAME_ALREADY_USED", "A user list needs a name.", path=where)
    mine = stage.audiences.of("google_ads", account.id)
    if any(entry.name == given.name for entry in mine):
        return error("user_list_error", "NAME_ALREADY_USED", "Name is already being used.", path=where)
    if given.crm_based_user_list.upload_key_type != CONTACT_INFO:
        message = "The sandbox takes user lists by contact information."
        return error(
            "field_error", "REQUIRED", message, path=[*where, "crm_based_user_list", "upload_key_type"]
        )
    own_id = FIRST_ID["google_ads"] + len(stage.audiences.truth("google_ads"))

    def apply() -> None:
        stage.audiences.make("google_ads", account.id, given.name, at=stage.stopwatch())

    return list_name(account, own_id), apply


def criterion(stage: Stage, account: Account, operation: Any, path: Path) -> tuple[str, Apply] | Any:
    """Keeping a user list out of a campaign, and letting it in again."""
    kind = operation.WhichOneof("operation")
    if kind == "create":
        given = operation.create
        campaign, own_id = _last(given.campaign), _last(given.user_list.user_list)
        if not given.negative or not given.user_list.user_list:
            message = "The sandbox takes negative user lists as campaign criteria."
            return error("mutate_error", "MUTATE_NOT_ALLOWED", message, path=path)
    elif kind == "remove":
        campaign, _, own_id = operation.remove.rsplit("/", 1)[-1].partition("~")
    else:
        return error("mutate_error", "MUTATE_NOT_ALLOWED", "Criteria are made and removed.", path=path)
    is_listed = any(str(entry.audience_id) == own_id for entry in stage.audiences_of(account))
    ids = stage.market.catalog(account).index["campaign"]
    if not is_listed or not campaign.isdigit() or int(campaign) not in ids:
        return error("mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found.", path=path)
    now = excluded(stage, account, int(campaign))
    if (kind == "create") == (int(own_id) in now):
        name = "ALREADY_EXISTS" if kind == "create" else "RESOURCE_NOT_FOUND"
        field = "criterion_error" if kind == "create" else "mutate_error"
        enum = "INVALID_USER_LIST" if kind == "create" else name
        return error(field, enum, "The criterion is there already, or is not there.", path=path)
    after = sorted({*now, int(own_id)} if kind == "create" else set(now) - {int(own_id)})

    def apply() -> None:
        stage.market.change(account, "campaign", int(campaign), EXCLUDED, tuple(after))

    return f"customers/{account.id}/campaignCriteria/{campaign}~{own_id}", apply


def negative_rows(stage: Stage, account: Account, campaign: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The user lists that a campaign (by GAQL path) keeps out, as criteria."""
    own_id = int(campaign["campaign.id"])
    for audience_id in excluded(stage, account, own_id):
        yield campaign | {
            "campaign_criterion.resource_name": (
                f"customers/{account.id}/campaignCriteria/{own_id}~{audience_id}"
            ),
            "campaign_criterion.criterion_id": audience_id,
            "campaign_criterion.negative": True,
            "campaign_criterion.type": "USER_LIST",
            "campaign_criterion.status": "ENABLED",
            "campaign_criterion.user_list.user_list": list_name(account, audience_id),
        }


def _last(resource_name: str) -> str:
    return resource_name.rsplit("/", 1)[-1]
