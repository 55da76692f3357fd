"""An account's change history as the activities edge tells it: who changed which status or budget, newest
first.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.changes import Change
from sandbox.meta.entities import minor_micros
from sandbox.meta.parameters import chosen, require_known
from sandbox.meta.refusals import bad
from sandbox.running_world import Stage
from sandbox.world import Account

DEFAULT_DAYS = 7
CATEGORIES = {
    "ACCOUNT",
    "AD",
    "AD_KEYWORDS",
    "AD_SET",
    "AUDIENCE",
    "BID",
    "BUDGET",
    "CAMPAIGN",
    "DATE",
    "STATUS",
    "TARGETING",
}
PARAMETERS = {"fields", "category", "since", "until", "limit", "after"}
FIELDS: dict[str, frozenset[str]] = dict.fromkeys(
    (
        "event_time",
        "event_type",
        "object_id",
        "object_type",
        "actor_name",
        "application_name",
        "extra_data",
        "translated_event_type",
    ),
    frozenset(),
)
"""Fields of an entry that are honoured."""
_TYPES = {"campaign": "CAMPAIGN", "ad_set": "ADGROUP", "ad": "AD", "account": "ACCOUNT"}
_EVENTS = {
    ("ad_set", "budget_micros"): ("update_ad_set_budget", "BUDGET"),
    ("campaign", "budget_micros"): ("update_campaign_budget", "BUDGET"),
    ("ad_set", "status"): ("update_ad_set_run_status", "STATUS"),
    ("campaign", "status"): ("update_campaign_run_status", "STATUS"),
    ("ad", "status"): ("update_ad_run_status", "STATUS"),
    ("ad_set", "targeting"): ("update_ad_set_target_spec", "TARGETING"),
    ("ad", "creative"): ("update_ad_creative", "AD"),
}


def activities(stage: Stage, account: Account, parameters: dict[str, str]) -> list[dict[str, Any]]:
    """The entries of the time asked for, by default the last week.

    Raises:
        Refused: A parameter that the edge does not take, a category that is none, or a time that is none.
    """
    require_known(parameters, PARAMETERS, edge="activities")
    category = parameters.get("category")
    if category is not None and category not in CATEGORIES:
        raise bad(f"category must be one of {', '.join(sorted(CATEGORIES))}", blame="category")
    now = stage.clock.now()
    since = _instant(parameters, "since", now - timedelta(days=DEFAULT_DAYS))
    until = _instant(parameters, "until", now)
    entries = []
    for change in reversed(stage.market.changes.all_of("meta_ads", account.id)):
        event, kind = _EVENTS.get((change.level, change.field), ("", ""))
        if event and category in {None, kind} and since <= change.at.replace(microsecond=0) <= until:
            entries.append(chosen(_entry(account, change, event), parameters, FIELDS, kind="AdActivity"))
    return entries


def _entry(account: Account, change: Change, event: str) -> dict[str, Any]:
    by_person = change.by == "person"
    value = int(change.value) // minor_micros(account) if change.field == "budget_micros" else change.value
    return {
        "event_time": change.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "event_type": event,
        "object_id": str(change.entity_id),
        "object_type": _TYPES[change.level],
        "translated_event_type": event.replace("_", " "),
        "actor_name": "Sandbox Person" if by_person else "Sandbox System User",
        "application_name": "Ads Manager" if by_person else "Sandbox App",
        "extra_data": json.dumps({"new_value": value}),
    }


def _instant(parameters: dict[str, str], name: str, otherwise: datetime) -> datetime:
    """A time as seconds since 1970 or in ISO's writing."""
    given = parameters.get(name)
    if given is None:
        return otherwise
    try:
        at = datetime.fromtimestamp(int(given), UTC) if given.isdigit() else datetime.fromisoformat(given)
    except (ValueError, OverflowError) as error:
        raise bad(f"{name} must be a time", blame=name) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
