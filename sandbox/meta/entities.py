"""Meta's entities as the Graph API describes them, and what may be written to them.

Budgets are whole minor units.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np

from sandbox.catalog import AdText, Catalog
from sandbox.incident_log import strategies
from sandbox.labels import UNREADABLE, labels, number
from sandbox.meta.audiences import new_targeting
from sandbox.meta.fields import WRITABLE
from sandbox.meta.parameters import listed, require_known
from sandbox.meta.refusals import Refused, bad
from sandbox.meta.statuses import STATUSES, effective_status, is_rejected, status_of
from sandbox.running_world import Stage
from sandbox.world import Account

WITHOUT_MINOR = {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"}
"""Currencies that Meta counts without a fraction: its own table, not ISO's."""
BUDGET_CHANGES_AN_HOUR = 4
FIRST_CREATIVE = 500_000
"""How far the creative's id is from its ad's."""
PAGE_ID = "880000000000001"
LEAST_BUDGET_MINOR = 100


def minor_micros(account: Account) -> int:
    """Micros in one minor unit as Meta counts them."""
    return 1_000_000 if account.currency in WITHOUT_MINOR else 10_000


def account_node(stage: Stage, account: Account) -> dict[str, Any]:
    zone = stage.clock.now().astimezone(account.zone).utcoffset() or timedelta()
    return {
        "id": f"act_{account.id}",
        "account_id": account.id,
        "name": account.name,
        "currency": account.currency,
        "timezone_name": account.time_zone,
        "timezone_offset_hours_utc": zone.total_seconds() / 3600,
        "account_status": 1,
        "min_daily_budget": LEAST_BUDGET_MINOR,
    }


def find(stage: Stage, entity_id: int) -> tuple[Account, str, int] | None:
    """Account, level and row of an id, whichever account it is in."""
    for account in stage.world.of("meta_ads"):
        for level, index in stage.market.catalog(account).index.items():
            if entity_id in index:
                return account, level, index[entity_id]
    return None


def node(stage: Stage, account: Account, level: str, row: int) -> dict[str, Any]:
    """One campaign, ad set or ad with every field the sandbox knows."""
    catalog = stage.market.catalog(account)
    things = getattr(catalog, level + "s")
    entity_id = int(things.id[row])
    status = status_of(stage, account, level, row)
    results = {
        "id": str(entity_id),
        "account_id": account.id,
        "status": status,
        "configured_status": status,
        "effective_status": effective_status(stage, account, level, row),
        "created_time": stamp(_begun(stage, account, level, entity_id)),
        "updated_time": updated_at(stage, account, level, row),
    }
    extra = {"campaign": _campaign, "ad_set": _ad_set, "ad": _ad}[level]
    return results | _ad_labels(stage, account, level, row) | extra(stage, account, catalog, row)


def updated_at(stage: Stage, account: Account, level: str, row: int) -> str:
    """When the entity in that row was last changed."""
    entity_id = int(getattr(stage.market.catalog(account), level + "s").id[row])
    changes = stage.market.changes.of("meta_ads", account.id, level, entity_id)
    begun = _begun(stage, account, level, entity_id)
    return stamp(max((change.at for change in changes), default=begun))


def _begun(stage: Stage, account: Account, level: str, entity_id: int) -> datetime:
    """When an entity was created: the world's first day, or the call that made it."""
    if level == "ad" and entity_id in stage.market.catalog(account).created_by_id:
        parent = stage.market.catalog(account).created_by_id[entity_id].ad_set
        ad_set = int(stage.market.catalog(account).ad_sets.id[parent])
        if (held := stage.objects.find(("meta_ads", account.id, "ad", ad_set, entity_id))) is not None:
            return held.created_at
    return datetime.combine(stage.world.begins, time(), UTC)


def _ad_labels(stage: Stage, account: Account, level: str, row: int) -> dict[str, Any]:
    """`adlabels` as Meta gives it: absent where there are none, each with id and name; a name that may not be
    read is left out.
    """
    names = labels(stage, account, level, row) if level != "ad" else []
    answer = [
        {"id": str(number(name))} | ({"name": name} if number(name) != UNREADABLE else {}) for name in names
    ]
    return {"adlabels": answer} if answer else {}


def _strategy(stage: Stage, account: Account, level: str, row: int) -> str:
    catalog = stage.market.catalog(account)
    entity_id = int(getattr(catalog, level + "s").id[row])
    first, _ = strategies(catalog, level, row)
    return str(stage.market.current(account, level, entity_id, "bid_strategy", first))


def _budget(stage: Stage, account: Account, level: str, entity_id: int, first: int) -> str:
    return str(
        int(stage.market.current(account, level, entity_id, "budget_micros", first)) // minor_micros(account)
    )


def _campaign(stage: Stage, account: Account, catalog: Catalog, row: int) -> dict[str, Any]:
    campaigns, entity_id = catalog.campaigns, int(catalog.campaigns.id[row])
    results = {
        "name": stage.market.current(account, "campaign", entity_id, "name", campaigns.name[row]),
        "objective": "OUTCOME_SALES" if campaigns.sells[row] else "OUTCOME_LEADS",
        "special_ad_categories": stage.market.current(
            account, "campaign", entity_id, "special_ad_categories", []
        ),
        "buying_type": "AUCTION",
        "start_time": _stamp_of_day(account, int(campaigns.start_day[row])),
    }
    if campaigns.holds_budget[row]:
        results |= {
            "daily_budget": _budget(stage, account, "campaign", entity_id, int(campaigns.budget_micros[row])),
            "bid_strategy": _strategy(stage, account, "campaign", row),
        }
    return results


def _ad_set(stage: Stage, account: Account, catalog: Catalog, row: int) -> dict[str, Any]:
    sets, entity_id = catalog.ad_sets, int(catalog.ad_sets.id[row])
    campaign, target = int(sets.campaign[row]), catalog.targeting(row)
    learns = (
        stage.market.diary.is_learning(catalog, "ad_set", row, stage.today(account)) or entity_id % 7 == 0
    )
    results = {
        "name": stage.market.current(account, "ad_set", entity_id, "name", sets.name[row]),
        "campaign_id": str(catalog.campaigns.id[campaign]),
        "optimization_goal": "OFFSITE_CONVERSIONS",
        "billing_event": "IMPRESSIONS",
        "bid_strategy": _strategy(stage, account, "ad_set", row),
        "attribution_spec": [
            {"event_type": "CLICK_THROUGH", "window_days": 7},
            {"event_type": "VIEW_THROUGH", "window_days": 1},
        ],
        "learning_stage_info": {"status": "LEARNING" if learns else "SUCCESS", "conversions": 50},
        "start_time": _stamp_of_day(account, int(sets.first_day[row])),
        "targeting": stage.market.current(
            account,
            "ad_set",
            entity_id,
            "targeting",
            {
                "geo_locations": {"countries": [target["country"]]},
                "age_min": target["age_min"],
                "age_max": target["age_max"],
                "flexible_spec": [{"interests": [{"name": target["audience"]}]}],
            },
        ),
    }
    if not catalog.campaigns.holds_budget[campaign]:
        results["daily_budget"] = _budget(stage, account, "ad_set", entity_id, int(sets.budget_micros[row]))
    return results


def _ad(stage: Stage, account: Account, catalog: Catalog, row: int) -> dict[str, Any]:
    ad_set = int(catalog.ads.ad_set[row])
    entity_id = int(catalog.ads.id[row])
    results = {
        "name": stage.market.current(account, "ad", entity_id, "name", catalog.ads.name[row]),
        "adset_id": str(catalog.ad_sets.id[ad_set]),
        "campaign_id": str(catalog.campaigns.id[int(catalog.ad_sets.campaign[ad_set])]),
        "creative": creative_of(stage, account, row),
    }
    if is_rejected(stage, account, row):
        results["ad_review_feedback"] = {
            "global": {"Misleading claims": "The ad does not follow our policy on claims."}
        }
    return results


def creative_of(stage: Stage, account: Account, row: int) -> dict[str, Any]:
    """The creative of a market's ad: the one that was put in its place, or the one it began with."""
    catalog = stage.market.catalog(account)
    entity_id = int(catalog.ads.id[row])
    other = stage.market.current(account, "ad", entity_id, "creative", None)
    if other is None:
        return first_creative(stage, account, row)
    if (created := stage.objects.find(("meta_ads", account.id, "creative", 0, int(other)))) is not None:
        return created.fields | {"account_id": account.id}
    return first_creative(stage, account, catalog.index["ad"][int(other) - FIRST_CREATIVE])


def first_creative(stage: Stage, account: Account, row: int) -> dict[str, Any]:
    """The creative that a market's ad began with."""
    catalog = stage.market.catalog(account)
    entity_id, text = int(catalog.ads.id[row]), stage.market.first_text(account, row)
    headline, description = text.headlines[0], text.descriptions[0]
    return {
        "id": str(entity_id + FIRST_CREATIVE),
        "account_id": account.id,
        "name": creative_name(catalog, row),
        "status": "ACTIVE",
        "title": headline,
        "body": description,
        "link_url": text.landing_page,
        "object_story_spec": {
            "page_id": PAGE_ID,
            "link_data": {"link": text.landing_page, "message": description, "name": headline},
        },
    }


def creative_name(catalog: Catalog, row: int) -> str:
    """The name of the creative that the ad in that row began with."""
    return catalog.ads.name[row].replace("Ad ", "Creative ", 1)


def words_of_creative(stage: Stage, account: Account, own_id: str) -> AdText:
    """The words of a creative of the account, made or one that an ad began with."""
    held = stage.objects.find(("meta_ads", account.id, "creative", 0, int(own_id)))
    if held is not None:
        return AdText((held.fields["title"],), (held.fields["body"],), held.fields["link_url"])
    row = stage.market.catalog(account).index["ad"][int(own_id) - FIRST_CREATIVE]
    return stage.market.first_text(account, row)


def write(
    stage: Stage,
    account: Account,
    level: str,
    row: int,
    parameters: dict[str, str],
    *,
    rehearse: bool = False,
) -> bool:
    """Apply a write whole or refuse it whole; False where it was only to be validated.

    `rehearse` applies nothing.
    """
    entity_id = int(getattr(stage.market.catalog(account), level + "s").id[row])
    require_known(parameters, WRITABLE[level], edge=level)
    changes = _written(stage, account, level, row, parameters)
    if is_rehearsal(parameters):
        return False
    for field, value in [] if rehearse else changes:
        stage.market.change(account, level, entity_id, field, value)
        if field == "creative":
            stage.market.edit_ad_text(account, entity_id, words_of_creative(stage, account, value))
    return True


def _written(
    stage: Stage, account: Account, level: str, row: int, parameters: dict[str, str]
) -> list[tuple[str, Any]]:
    """Fields and values that a write sets, checked."""
    changes: list[tuple[str, Any]] = []
    if "status" in parameters:
        if parameters["status"] not in STATUSES:
            raise bad(f"status must be one of {', '.join(sorted(STATUSES))}", blame="status")
        changes += [("status", parameters["status"]), ("active", parameters["status"] == "ACTIVE")]
    checks: dict[str, tuple[str, Callable[[], Any]]] = {
        "daily_budget": (
            "budget_micros",
            lambda: _new_budget(stage, account, level, row, parameters["daily_budget"]),
        ),
        "name": ("name", lambda: parameters["name"]),
        "targeting": ("targeting", lambda: new_targeting(stage, account, parameters["targeting"])),
        "special_ad_categories": ("special_ad_categories", lambda: special_categories(parameters)),
        "creative": ("creative", lambda: creative_id(stage, account, parameters["creative"])),
    }
    return changes + [(field, check()) for name, (field, check) in checks.items() if name in parameters]


def _new_budget(stage: Stage, account: Account, level: str, row: int, given: str) -> int:
    now = node(stage, account, level, row)
    if "daily_budget" not in now:
        raise bad(
            "The budget is set on another level of this campaign", blame="daily_budget", subcode=1885621
        )
    if not given.isdigit():
        raise bad("daily_budget must be a whole number of minor units", blame="daily_budget")
    if int(given) < LEAST_BUDGET_MINOR:
        raise Refused(
            100,
            "Invalid parameter",
            subcode=1885272,
            blame="daily_budget",
            error_user_title="Budget is too low",
            error_user_msg=(
                f"The minimum daily budget is {LEAST_BUDGET_MINOR} minor units of {account.currency}"
            ),
        )
    lately = stage.clock.now() - timedelta(hours=1)
    entity_id = int(now["id"])
    edits = [
        c
        for c in stage.market.changes.of("meta_ads", account.id, level, entity_id)
        if c.field == "budget_micros" and c.at > lately
    ]
    if level == "ad_set" and len(edits) >= BUDGET_CHANGES_AN_HOUR:
        raise Refused(
            613, "(#613) This ad set's budget was changed too many times in the last hour", subcode=1487632
        )
    return int(given) * minor_micros(account)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _stamp_of_day(account: Account, day: int) -> str:
    at = datetime.combine(np.datetime64(day, "D").astype(object), time(), account.zone)
    return at.strftime("%Y-%m-%dT%H:%M:%S%z")


CATEGORIES = {
    "NONE",
    "HOUSING",
    "EMPLOYMENT",
    "CREDIT",
    "FINANCIAL_PRODUCTS_SERVICES",
    "ISSUES_ELECTIONS_POLITICS",
    "ONLINE_GAMBLING_AND_GAMING",
}


def special_categories(parameters: dict[str, str]) -> list[str]:
    """The special ad categories of a campaign; NONE and nothing are the same."""
    names = listed(parameters["special_ad_categories"])
    if unknown := set(names) - CATEGORIES:
        raise bad(f"special_ad_categories: {min(unknown)} is not valid", blame="special_ad_categories")
    return [name for name in names if name != "NONE"]


def creative_id(stage: Stage, account: Account, given: str) -> str:
    """The id of a creative of the account that an ad names."""
    try:
        own_id = str(json.loads(given)["creative_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad("creative must hold a creative_id", blame="creative") from error
    number = int(own_id) if own_id.isdigit() else 0
    is_made = stage.objects.find(("meta_ads", account.id, "creative", 0, number)) is not None
    if not is_made and not is_first_creative(stage, account, number):
        raise bad(
            f"Creative {own_id} does not exist or belongs to another account",
            blame="creative",
            subcode=1487015,
        )
    return own_id


def is_first_creative(stage: Stage, account: Account, own_id: int) -> bool:
    """Whether an ad of the account began with that creative."""
    catalog, ad_id = stage.market.catalog(account), own_id - FIRST_CREATIVE
    return ad_id in catalog.index["ad"] and ad_id not in catalog.created_by_id


def is_rehearsal(parameters: dict[str, str]) -> bool:
    """Whether a write is only to be checked."""
    options = listed(parameters.get("execution_options", ""))
    if unknown := set(options) - {"validate_only"}:
        raise bad(
            f"execution_options: {min(unknown)} is not honoured by the sandbox", blame="execution_options"
        )
    return "validate_only" in options
