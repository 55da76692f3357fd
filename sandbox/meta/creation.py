"""Campaigns, ad sets, creatives and ads that are made through the API, their later changes and their end.

An ad in an ad set that the world began with is created in the market too and delivers from the next day on;
from then on it is read and changed as the market's other ads (`sandbox.meta.entities`). Campaigns and ad sets
that are made here, and the ads in them, deliver nothing.
"""

import json
from collections.abc import Callable
from typing import Any

from sandbox.account_objects import AccountObject
from sandbox.meta import entities
from sandbox.meta.audiences import new_targeting
from sandbox.meta.parameters import require_known
from sandbox.meta.refusals import Refused, bad
from sandbox.meta.statuses import STATUSES
from sandbox.running_world import Stage
from sandbox.world import Account

EDGES = {"campaigns": "campaign", "adsets": "ad_set", "ads": "ad", "adcreatives": "creative"}
HONOURED: dict[str, set[str]] = {
    "campaign": {
        "name",
        "objective",
        "status",
        "buying_type",
        "special_ad_categories",
        "bid_strategy",
        "daily_budget",
        "is_adset_budget_sharing_enabled",
        "execution_options",
    },
    "ad_set": {
        "name",
        "campaign_id",
        "status",
        "billing_event",
        "optimization_goal",
        "targeting",
        "daily_budget",
        "bid_amount",
        "bid_strategy",
        "start_time",
        "execution_options",
    },
    "creative": {"name", "object_story_spec", "execution_options"},
    "ad": {"name", "adset_id", "creative", "status", "execution_options"},
}
"""Parameters of a create that are honoured, by level."""
CHANGEABLE: dict[str, set[str]] = {
    "campaign": {"name", "status", "daily_budget", "execution_options"},
    "ad_set": {"name", "status", "daily_budget", "targeting", "execution_options"},
    "creative": {"name", "status", "execution_options"},
    "ad": {"name", "status", "creative", "execution_options"},
}
OBJECTIVES = {
    "OUTCOME_AWARENESS",
    "OUTCOME_TRAFFIC",
    "OUTCOME_ENGAGEMENT",
    "OUTCOME_LEADS",
    "OUTCOME_APP_PROMOTION",
    "OUTCOME_SALES",
}
STRATEGIES = {"LOWEST_COST_WITHOUT_CAP": False, "LOWEST_COST_WITH_BID_CAP": True, "COST_CAP": True}
"""Bid strategies that are honoured, and whether each needs a bid amount."""
LINK_FIELDS = {"link", "message", "name", "description", "image_hash", "call_to_action"}


def made(
    stage: Stage, account: Account, level: str, parameters: dict[str, str]
) -> tuple[str, Callable[[], None]] | None:
    """The id of a new object and what makes it; None where it was only to be checked.

    Raises:
        Refused: As Meta would.
    """
    require_known(parameters, HONOURED[level], edge=f"act/{level}")
    check = {"campaign": _campaign, "ad_set": _ad_set, "creative": _creative, "ad": _ad}[level]
    fields, parent = check(stage, account, parameters)
    if entities.is_rehearsal(parameters):
        return None
    own_id = stage.objects.reserve_id("meta_ads")

    def apply() -> None:
        stage.objects.create(
            "meta_ads", account.id, level, own_id, {"id": str(own_id)} | fields, parent_id=parent
        )
        if level == "ad" and parent in stage.market.catalog(account).index["ad_set"]:
            _deliver(stage, account, own_id, parent, fields)

    return str(own_id), apply


def _deliver(stage: Stage, account: Account, own_id: int, ad_set: int, fields: dict[str, Any]) -> None:
    """Create an ad in the market too."""
    creative = str(fields["creative"])
    text, active = entities.words_of_creative(stage, account, creative), fields["status"] == "ACTIVE"
    stage.market.create_ad(account, ad_set, text, name=fields["name"], active=active, ad_id=own_id)
    stage.market.change(account, "ad", own_id, "creative", creative)


def undelivered(stage: Stage, account: Account, level: str) -> list[AccountObject]:
    """Objects of a level that are in no market."""
    made_objects = stage.objects.of("meta_ads", account.id, level)
    if level == "creative":
        return made_objects
    index = stage.market.catalog(account).index[level]
    return [held for held in made_objects if held.object_id not in index]


def find(stage: Stage, own_id: str) -> tuple[Account, AccountObject] | None:
    """An object that was made, whichever account it is in."""
    for account in stage.world.of("meta_ads"):
        for level in EDGES.values():
            for entry in stage.objects.of("meta_ads", account.id, level):
                if str(entry.object_id) == own_id:
                    return account, entry
    return None


def node(stage: Stage, account: Account, held: AccountObject) -> dict[str, Any]:
    """An object as the Graph API describes it."""
    fields, status = held.fields, "DELETED" if held.removed_at else held.fields["status"]
    if held.kind == "creative":
        return fields | {"account_id": account.id, "status": status}
    edited = max([held.created_at, *(at for at, _ in held.edits)])
    results = fields | {
        "account_id": account.id,
        "status": status,
        "configured_status": status,
        "effective_status": _effective(stage, account, held, status),
        "created_time": entities.stamp(held.created_at),
        "updated_time": entities.stamp(edited),
    }
    if held.kind == "ad":
        results["creative"] = creative_node(stage, account, str(fields["creative"]))
    return results


def creative_node(stage: Stage, account: Account, own_id: str) -> dict[str, Any]:
    """A creative of the account, made or the market's."""
    held = stage.objects.find(("meta_ads", account.id, "creative", 0, int(own_id)))
    if held is not None:
        return node(stage, account, held)
    return entities.creative_of(
        stage, account, stage.market.catalog(account).index["ad"][int(own_id) - entities.FIRST_CREATIVE]
    )


def _effective(stage: Stage, account: Account, held: AccountObject, status: str) -> str:
    if status != "ACTIVE" or held.kind == "campaign":
        return status
    over = _node_of(stage, account, {"ad": "ad_set", "ad_set": "campaign"}[held.kind], str(held.parent_id))
    if over is not None and over["effective_status"] != "ACTIVE":
        return (
            "CAMPAIGN_PAUSED"
            if "CAMPAIGN" in over["effective_status"] or held.kind == "ad_set"
            else "ADSET_PAUSED"
        )
    return "PENDING_REVIEW" if held.kind == "ad" else status


def _node_of(stage: Stage, account: Account, level: str, own_id: str) -> dict[str, Any] | None:
    """A campaign or an ad set of the account by its id, the market's or one that was made."""
    row = stage.market.catalog(account).index[level].get(int(own_id)) if own_id.isdigit() else None
    if row is not None:
        return entities.node(stage, account, level, row)
    for entry in stage.objects.of("meta_ads", account.id, level):
        if str(entry.object_id) == own_id and entry.removed_at is None:
            return node(stage, account, entry)
    return None


def changed(
    stage: Stage, account: Account, held: AccountObject, parameters: dict[str, str]
) -> Callable[[], None] | None:
    """What an update of an object that was made does; None where it was only to be checked.

    Raises:
        Refused: As Meta would. A creative's words never change: make another one.
    """
    require_known(parameters, CHANGEABLE[held.kind], edge=held.kind)
    checks: dict[str, Callable[[], Any]] = {
        "status": lambda: _new_status(held, parameters),
        "name": lambda: _named(parameters),
        "daily_budget": lambda: _new_budget(account, held, parameters),
        "targeting": lambda: new_targeting(stage, account, parameters["targeting"]),
        "creative": lambda: entities.creative_id(stage, account, parameters["creative"]),
    }
    fields = {name: check() for name, check in checks.items() if name in parameters}
    if entities.is_rehearsal(parameters):
        return None

    def apply() -> None:
        stage.objects.change(held.key, fields)
        if fields.get("status") == "DELETED":
            stage.objects.remove(held.key)

    return apply


def _new_status(held: AccountObject, parameters: dict[str, str]) -> str:
    status = _status(parameters, STATUSES)
    if held.fields["status"] == "ARCHIVED" and status != "DELETED":
        raise bad("An archived object can only be deleted", blame="status")
    return status


def _new_budget(account: Account, held: AccountObject, parameters: dict[str, str]) -> str:
    if "daily_budget" not in held.fields:
        raise bad(
            "The budget is set on another level of this campaign", blame="daily_budget", subcode=1885621
        )
    return _budget(account, parameters)


def _campaign(stage: Stage, account: Account, parameters: dict[str, str]) -> tuple[dict[str, Any], int]:
    del stage
    if parameters.get("objective") not in OBJECTIVES:
        raise bad(f"objective must be one of {', '.join(sorted(OBJECTIVES))}", blame="objective")
    if "special_ad_categories" not in parameters:
        raise bad("The parameter special_ad_categories is required", blame="special_ad_categories")
    if parameters.get("buying_type", "AUCTION") != "AUCTION":
        raise bad("buying_type must be AUCTION here", blame="buying_type")
    fields: dict[str, Any] = {
        "name": _named(parameters),
        "objective": parameters["objective"],
        "buying_type": "AUCTION",
        "special_ad_categories": entities.special_categories(parameters),
        "status": _status(parameters, {"ACTIVE", "PAUSED"}),
    }
    if "daily_budget" in parameters:
        fields |= {"daily_budget": _budget(account, parameters), "bid_strategy": _strategy(parameters)}
    elif parameters.get("is_adset_budget_sharing_enabled") not in ("true", "false"):
        message = "is_adset_budget_sharing_enabled must be true or false for a campaign without a budget"
        raise bad(message, blame="is_adset_budget_sharing_enabled", subcode=4834011)
    else:
        fields["is_adset_budget_sharing_enabled"] = parameters["is_adset_budget_sharing_enabled"] == "true"
    return fields, 0


def _ad_set(stage: Stage, account: Account, parameters: dict[str, str]) -> tuple[dict[str, Any], int]:
    over = _node_of(stage, account, "campaign", parameters.get("campaign_id", ""))
    if over is None:
        raise bad("campaign_id must be a campaign of this account", blame="campaign_id")
    for name in ("billing_event", "optimization_goal", "targeting"):
        if name not in parameters:
            raise bad(f"The parameter {name} is required", blame=name)
    if parameters["billing_event"] not in ("IMPRESSIONS", "LINK_CLICKS"):
        raise bad("billing_event must be IMPRESSIONS or LINK_CLICKS", blame="billing_event")
    fields: dict[str, Any] = {
        "name": _named(parameters),
        "campaign_id": over["id"],
        "status": _status(parameters, {"ACTIVE", "PAUSED"}),
        "billing_event": parameters["billing_event"],
        "optimization_goal": parameters["optimization_goal"],
        "targeting": new_targeting(stage, account, parameters["targeting"]),
        "learning_stage_info": {"status": "LEARNING", "conversions": 0},
    } | ({"start_time": parameters["start_time"]} if "start_time" in parameters else {})
    if "daily_budget" in over and "daily_budget" in parameters:
        raise bad("The campaign holds the budget", blame="daily_budget", subcode=1885621)
    if "daily_budget" not in over:
        if "daily_budget" not in parameters:
            raise bad("A budget is required", blame="daily_budget")
        fields |= {"daily_budget": _budget(account, parameters), "bid_strategy": _strategy(parameters)}
        if "bid_amount" in parameters:
            fields["bid_amount"] = parameters["bid_amount"]
    elif {"bid_strategy", "bid_amount"} & set(parameters):
        raise bad("The campaign holds the bid strategy", blame="bid_strategy")
    return fields, int(over["id"])


def _creative(stage: Stage, account: Account, parameters: dict[str, str]) -> tuple[dict[str, Any], int]:
    del stage, account
    try:
        story = json.loads(parameters["object_story_spec"])
        page, link = str(story["page_id"]), dict(story["link_data"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad("object_story_spec must hold a page_id and link_data", blame="object_story_spec") from error
    if unknown := (set(story) - {"page_id", "link_data"}) | (set(link) - LINK_FIELDS):
        raise bad(
            f"object_story_spec: {min(unknown)} is not honoured by the sandbox", blame="object_story_spec"
        )
    if not page.isdigit() or not str(link.get("link", "")).startswith(("http://", "https://")):
        raise bad("object_story_spec needs a page and a link", blame="object_story_spec")
    if not link.get("message"):
        raise bad("link_data needs a message", blame="object_story_spec")
    fields = {
        "name": _named(parameters),
        "status": "ACTIVE",
        "object_story_spec": story,
        "title": link.get("name", ""),
        "body": link["message"],
        "link_url": link["link"],
    }
    return fields, 0


def _ad(stage: Stage, account: Account, parameters: dict[str, str]) -> tuple[dict[str, Any], int]:
    over = _node_of(stage, account, "ad_set", parameters.get("adset_id", ""))
    if over is None:
        raise bad("adset_id must be an ad set of this account", blame="adset_id")
    if "creative" not in parameters:
        raise bad("The parameter creative is required", blame="creative")
    fields = {
        "name": _named(parameters),
        "adset_id": over["id"],
        "campaign_id": over["campaign_id"],
        "creative": entities.creative_id(stage, account, parameters["creative"]),
        "status": _status(parameters, {"ACTIVE", "PAUSED"}),
    }
    return fields, int(over["id"])


def _named(parameters: dict[str, str]) -> str:
    name = parameters.get("name", "")
    if not 1 <= len(name) <= 400:
        raise bad("A name of 1 to 400 letters is required", blame="name")
    return name


def _status(parameters: dict[str, str], allowed: set[str]) -> str:
    status = parameters.get("status", "")
    if status not in allowed:
        raise bad(f"status must be one of {', '.join(sorted(allowed))}", blame="status")
    return status


def _strategy(parameters: dict[str, str]) -> str:
    strategy = parameters.get("bid_strategy", "LOWEST_COST_WITHOUT_CAP")
    if strategy not in STRATEGIES:
        raise bad(f"bid_strategy must be one of {', '.join(STRATEGIES)}", blame="bid_strategy")
    if STRATEGIES[strategy] != ("bid_amount" in parameters) and "adset_bid_amounts" not in parameters:
        raise bad("bid_amount goes with a bid cap or a cost cap, and with nothing else", blame="bid_amount")
    if "bid_amount" in parameters and not parameters["bid_amount"].isdigit():
        raise bad("bid_amount must be a whole number of minor units", blame="bid_amount")
    return strategy


def _budget(account: Account, parameters: dict[str, str]) -> str:
    given = parameters["daily_budget"]
    if not given.isdigit():
        raise bad("daily_budget must be a whole number of minor units", blame="daily_budget")
    if int(given) < entities.LEAST_BUDGET_MINOR:
        raise Refused(
            100,
            "Invalid parameter",
            subcode=1885272,
            blame="daily_budget",
            error_user_title="Budget is too low",
            error_user_msg=(
                f"The minimum daily budget is {entities.LEAST_BUDGET_MINOR} minor units of {account.currency}"
            ),
        )
    return str(int(given))
