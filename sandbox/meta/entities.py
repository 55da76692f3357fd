"""Meta's entities as the Graph API describes them, and what may be written to them. Budgets are whole minor units."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np

from sandbox.catalog import Catalog
from sandbox.diary import strategies
from sandbox.labels import UNREADABLE, labels, number
from sandbox.meta.audiences import new_targeting
from sandbox.meta.refusals import Refused, bad
from sandbox.stage import Stage
from sandbox.world import Account

WITHOUT_MINOR = {"CLP", "COP", "CRC", "HUF", "ISK", "IDR", "JPY", "KRW", "PYG", "TWD", "VND"}
"""Currencies that Meta counts without a fraction: its own table, not ISO's."""
EDGES = {"campaigns": "campaign", "adsets": "ad_set", "ads": "ad"}
STATUSES = {"ACTIVE", "PAUSED", "ARCHIVED", "DELETED"}
HIDDEN = {"ARCHIVED", "DELETED"}
EFFECTIVE = STATUSES | {"CAMPAIGN_PAUSED", "ADSET_PAUSED", "DISAPPROVED"}
BUDGET_CHANGES_AN_HOUR = 4
LEAST_BUDGET_MINOR = 100
WRITABLE = {
    "status",
    "daily_budget",
    "name",
    "targeting",
    "execution_options",
    "access_token",
    "appsecret_proof",
}


def minor_micros(account: Account) -> int:
    """Micros in one minor unit as Meta counts them."""
    return 1_000_000 if account.currency in WITHOUT_MINOR else 10_000


def account_node(stage: Stage, account: Account) -> dict[str, Any]:
    zone = stage.clock.now().astimezone(account.zone).utcoffset() or timedelta()
    return {
        "id": f"act_{account.id}", "account_id": account.id, "name": account.name, "currency": account.currency,
        "timezone_name": account.time_zone, "timezone_offset_hours_utc": zone.total_seconds() / 3600,
        "account_status": 1, "min_daily_budget": LEAST_BUDGET_MINOR,
    }  # fmt: skip


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
    status = status_of(stage, account, catalog, level, row)
    changes = stage.market.changes.of("meta_ads", account.id, level, entity_id)
    begun = datetime.combine(stage.world.begins, time(), UTC)
    edited = max((change.at for change in changes), default=begun)
    found = {
        "id": str(entity_id), "account_id": account.id, "status": status, "configured_status": status,
        "effective_status": _effective(stage, account, catalog, level, row), "created_time": _stamp(begun),
        "updated_time": _stamp(edited),
    }  # fmt: skip
    extra = {"campaign": _campaign, "ad_set": _ad_set, "ad": _ad}[level]
    return found | _ad_labels(stage, account, level, row) | extra(stage, account, catalog, row)


def _ad_labels(stage: Stage, account: Account, level: str, row: int) -> dict[str, Any]:
    """`adlabels` as Meta gives it: absent where there are none, each with id and name; a name that may not be read is left out."""
    names = labels(stage, account, level, row) if level != "ad" else []
    told = [
        {"id": str(number(name))} | ({"name": name} if number(name) != UNREADABLE else {}) for name in names
    ]
    return {"adlabels": told} if told else {}


def status_of(stage: Stage, account: Account, catalog: Catalog, level: str, row: int) -> str:
    things = getattr(catalog, level + "s")
    first = "PAUSED" if things.paused[row] else "ACTIVE"
    return str(stage.market.current(account, level, int(things.id[row]), "status", first))


def _effective(stage: Stage, account: Account, catalog: Catalog, level: str, row: int) -> str:
    """The status after those above: a paused campaign pauses what is in it."""
    above: list[tuple[str, int]] = []
    if level == "ad":
        above.append(("ad_set", int(catalog.ads.ad_set[row])))
    if level != "campaign":
        ad_set = above[0][1] if above else row
        above.append(("campaign", int(catalog.ad_sets.campaign[ad_set])))
    own = status_of(stage, account, catalog, level, row)
    if own != "ACTIVE":
        return own
    for over, at in reversed(above):
        if status_of(stage, account, catalog, over, at) != "ACTIVE":
            return "CAMPAIGN_PAUSED" if over == "campaign" else "ADSET_PAUSED"
    return "DISAPPROVED" if level == "ad" and _is_rejected(stage, account, catalog, row) else own


def effective_statuses(stage: Stage, account: Account, level: str) -> list[str]:
    """The effective status of every entity of a level, by row: for all at once what `_effective` says of each."""
    catalog, market = stage.market.catalog(account), stage.market

    def own(of: str) -> np.ndarray:
        statuses = np.where(getattr(catalog, of + "s").paused, "PAUSED", "ACTIVE").astype(object)
        for change in market.changes.on("meta_ads", account.id, of, "status"):
            if change.entity_id in catalog.index[of]:
                statuses[catalog.index[of][change.entity_id]] = change.value
        return statuses

    statuses = own(level)
    ad_set = catalog.ads.ad_set if level == "ad" else np.arange(len(catalog.ad_sets.id))
    if level == "ad":
        statuses[(statuses == "ACTIVE") & (own("ad_set") != "ACTIVE")[ad_set]] = "ADSET_PAUSED"
    if level != "campaign":
        stopped = (own("campaign") != "ACTIVE")[catalog.ad_sets.campaign[ad_set]]
        statuses[np.isin(statuses, ["ACTIVE", "ADSET_PAUSED"]) & stopped & (own(level) == "ACTIVE")] = (
            "CAMPAIGN_PAUSED"
        )
    if level == "ad" and any(one.kind == "disapproved_ads" for one in market.diary.of(catalog)):
        for row in np.flatnonzero(statuses == "ACTIVE").tolist():
            if _is_rejected(stage, account, catalog, row):
                statuses[row] = "DISAPPROVED"
    return statuses.tolist()


def _is_rejected(stage: Stage, account: Account, catalog: Catalog, ad: int) -> bool:
    return stage.market.diary.is_disapproved(catalog, ad, stage.today(account))


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
    found = {
        "name": stage.market.current(account, "campaign", entity_id, "name", campaigns.name[row]),
        "objective": "OUTCOME_SALES" if campaigns.sells[row] else "OUTCOME_LEADS",
        "special_ad_categories": stage.market.current(account, "campaign", entity_id, "special_ad_categories", []),
        "buying_type": "AUCTION", "start_time": _stamp_of_day(account, int(campaigns.start_day[row])),
    }  # fmt: skip
    if campaigns.holds_budget[row]:
        found |= {
            "daily_budget": _budget(stage, account, "campaign", entity_id, int(campaigns.budget_micros[row])),
            "bid_strategy": _strategy(stage, account, "campaign", row),
        }
    return found


def _ad_set(stage: Stage, account: Account, catalog: Catalog, row: int) -> dict[str, Any]:
    sets, entity_id = catalog.ad_sets, int(catalog.ad_sets.id[row])
    campaign, target = int(sets.campaign[row]), catalog.targeting(row)
    learns = (
        stage.market.diary.is_learning(catalog, "ad_set", row, stage.today(account)) or entity_id % 7 == 0
    )
    found = {
        "name": stage.market.current(account, "ad_set", entity_id, "name", sets.name[row]),
        "campaign_id": str(catalog.campaigns.id[campaign]), "optimization_goal": "OFFSITE_CONVERSIONS",
        "billing_event": "IMPRESSIONS", "bid_strategy": _strategy(stage, account, "ad_set", row),
        "attribution_spec": [{"event_type": "CLICK_THROUGH", "window_days": 7}, {"event_type": "VIEW_THROUGH", "window_days": 1}],
        "learning_stage_info": {"status": "LEARNING" if learns else "SUCCESS", "conversions": 50},
        "start_time": _stamp_of_day(account, int(sets.first_day[row])),
        "targeting": stage.market.current(account, "ad_set", entity_id, "targeting", {
            "geo_locations": {"countries": [target["country"]]}, "age_min": target["age_min"], "age_max": target["age_max"],
            "flexible_spec": [{"interests": [{"name": target["audience"]}]}],
        }),
    }  # fmt: skip
    if not catalog.campaigns.holds_budget[campaign]:
        found["daily_budget"] = _budget(stage, account, "ad_set", entity_id, int(sets.budget_micros[row]))
    return found


def _ad(stage: Stage, account: Account, catalog: Catalog, row: int) -> dict[str, Any]:
    ad_set, text = int(catalog.ads.ad_set[row]), stage.market.ad_text(account, row)
    entity_id = int(catalog.ads.id[row])
    found = {
        "name": stage.market.current(account, "ad", entity_id, "name", catalog.ads.name[row]),
        "adset_id": str(catalog.ad_sets.id[ad_set]),
        "campaign_id": str(catalog.campaigns.id[int(catalog.ad_sets.campaign[ad_set])]),
        "creative": {
            "id": str(entity_id + 500_000), "title": text.headlines[0], "body": text.descriptions[0],
            "link_url": text.landing_page,
        },
    }  # fmt: skip
    if _is_rejected(stage, account, catalog, row):
        found["ad_review_feedback"] = {
            "global": {"Misleading claims": "The ad does not follow our policy on claims."}
        }
    return found


def write(
    stage: Stage,
    account: Account,
    level: str,
    row: int,
    parameters: dict[str, str],
    *,
    rehearse: bool = False,
) -> bool:
    """Apply a write whole or refuse it whole; False where it was only to be validated. `rehearse` applies nothing."""
    entity_id = int(getattr(stage.market.catalog(account), level + "s").id[row])
    if unknown := set(parameters) - WRITABLE:
        raise bad(f"{min(unknown)} cannot be written here", blame=min(unknown))
    changes: list[tuple[str, Any]] = []
    if "status" in parameters:
        if parameters["status"] not in STATUSES:
            raise bad(f"status must be one of {', '.join(sorted(STATUSES))}", blame="status")
        changes += [("status", parameters["status"]), ("active", parameters["status"] == "ACTIVE")]
    if "daily_budget" in parameters:
        changes.append(("budget_micros", _new_budget(stage, account, level, row, parameters["daily_budget"])))
    if "name" in parameters:
        changes.append(("name", parameters["name"]))
    if "targeting" in parameters:
        if level != "ad_set":
            raise bad("Targeting is set on ad sets", blame="targeting")
        changes.append(("targeting", new_targeting(stage, account, parameters["targeting"])))
    if "validate_only" in parameters.get("execution_options", ""):
        return False
    for field, value in [] if rehearse else changes:
        stage.market.change(account, level, entity_id, field, value)
    return True


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
            100, "Invalid parameter", subcode=1885272, blame="daily_budget", error_user_title="Budget is too low",
            error_user_msg=f"The minimum daily budget is {LEAST_BUDGET_MINOR} minor units of {account.currency}",
        )  # fmt: skip
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


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _stamp_of_day(account: Account, day: int) -> str:
    at = datetime.combine(np.datetime64(day, "D").astype(object), time(), account.zone)
    return at.strftime("%Y-%m-%dT%H:%M:%S%z")
