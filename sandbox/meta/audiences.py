"""Meta's custom audiences: made, filled and emptied by hashed identifiers, read back as a rounded size,
excluded in targeting.
"""

import json
from typing import Any

from sandbox.audiences import EMAIL, PHONE, Audience, Entry, is_hash
from sandbox.meta.parameters import PAGING, chosen, require_known
from sandbox.meta.refusals import Refused, bad, unknown_object
from sandbox.meta.write_answers import WriteAnswered
from sandbox.running_world import Stage
from sandbox.world import Account
from sandbox.write_faults import NO_ANSWER, WriteFault

MOST_AT_ONCE, LEAST_SHOWN = 10_000, 100
KINDS = {"EMAIL": EMAIL, "EMAIL_SHA256": EMAIL, "PHONE": PHONE, "PHONE_SHA256": PHONE}
SOURCES = {"USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY", "BOTH_USER_AND_PARTNER_PROVIDED"}
BLOCKED = {"code": 471, "description": "Audience Flagged"}


def node(audience: Audience) -> dict[str, Any]:
    """An audience with every field the sandbox knows. A size below a hundred is not told."""
    matched = audience.matched
    step = 10 ** max(len(str(matched)) - 2, 0)
    low = matched // step * step if matched >= LEAST_SHOWN else -1
    return {
        "id": str(audience.audience_id),
        "account_id": audience.account_id,
        "name": audience.name,
        "subtype": "CUSTOM" if audience.is_uploaded else "WEBSITE",
        "approximate_count_lower_bound": low,
        "approximate_count_upper_bound": low + step if low >= 0 else -1,
        "operation_status": BLOCKED if audience.is_flagged else {"code": 200, "description": "Normal"},
        "delivery_status": {
            "code": 200 if low >= 0 else 300,
            "description": "" if low >= 0 else "Audience Too Small",
        },
    }


FIELDS: dict[str, frozenset[str]] = dict.fromkeys(
    (
        "id",
        "account_id",
        "name",
        "subtype",
        "approximate_count_lower_bound",
        "approximate_count_upper_bound",
        "operation_status",
        "delivery_status",
    ),
    frozenset(),
)
"""Fields of an audience that are honoured."""


def listed(stage: Stage, account: Account, parameters: dict[str, str]) -> list[dict[str, Any]]:
    """An account's audiences, with the fields asked for."""
    require_known(parameters, {"fields", "summary", *PAGING}, edge="customaudiences")
    stage.note("meta_ads", "GET customaudiences", account.id)
    mine = stage.audiences_of(account)
    return [chosen(node(audience), parameters, FIELDS, kind="CustomAudience") for audience in mine]


def made(stage: Stage, account: Account, parameters: dict[str, str]) -> dict[str, Any]:
    """A new, empty audience."""
    require_known(
        parameters, {"name", "description", "subtype", "customer_file_source"}, edge="customaudiences"
    )
    if parameters.get("subtype") != "CUSTOM":
        raise bad("subtype must be CUSTOM here", blame="subtype")
    if parameters.get("customer_file_source") not in SOURCES:
        raise bad(
            f"customer_file_source must be one of {', '.join(sorted(SOURCES))}", blame="customer_file_source"
        )
    if not parameters.get("name"):
        raise bad("An audience needs a name", blame="name")
    made_audiences: list[Audience] = []

    def apply() -> None:
        made_audiences.append(
            stage.audiences.make("meta_ads", account.id, parameters["name"], at=stage.stopwatch())
        )

    fault = stage.carry_out("meta_ads", apply)
    stage.note("meta_ads", "POST customaudiences", account.id, wrote=True, fault=fault and fault.label)
    if fault is not None and (fault.answer is not None or not made_audiences):
        raise WriteAnswered(
            fault if fault.answer is not None else WriteFault(fault.kind, "before", NO_ANSWER)
        )
    return {"id": str(made_audiences[0].audience_id)}


def answered(
    stage: Stage, audience: Audience, method: str, edge: str, parameters: dict[str, str]
) -> dict[str, Any]:
    """The answer to a call about an audience."""
    if method == "GET" and not edge:
        require_known(parameters, {"fields"}, edge="customaudience")
        stage.note("meta_ads", "GET customaudience", audience.account_id)
        return chosen(node(audience), parameters, FIELDS, kind="CustomAudience")
    if edge != "users" or method not in {"POST", "DELETE"}:
        raise unknown_object(f"{audience.audience_id}/{edge}", method)
    require_known(parameters, {"payload", "session"}, edge="users")
    if not audience.is_uploaded:
        raise bad("Members can be uploaded to customer lists alone", blame="payload")
    if audience.is_flagged:
        raise Refused(
            100,
            "Invalid parameter",
            subcode=1713230,
            error_user_title="Audience Upload Blocked",
            error_user_msg=(
                "Before updating user memberships, you must resolve integrity restrictions on this audience."
            ),
        )
    return _members(stage, audience, method, parameters)


def _members(stage: Stage, audience: Audience, method: str, parameters: dict[str, str]) -> dict[str, Any]:
    kind, rows = _payload(parameters.get("payload", ""))
    session = json.loads(parameters.get("session") or "{}")
    good: list[Entry] = [(kind, row) for row in rows if is_hash(row)]
    bad_ones = len(rows) - len(good)
    change = audience.put if method == "POST" else audience.take

    def apply(*, half: bool) -> None:
        change(good[: len(good) // 2] if half else good)

    fault = stage.carry_out_upload("meta_ads", apply)
    if fault is not None and fault.kind == "invalid_entries":
        bad_ones += len(good) - len(good) // 2
    stage.note(
        "meta_ads",
        f"{method} users",
        audience.account_id,
        wrote=True,
        audience=str(audience.audience_id),
        received=len(rows),
        fault=fault and fault.label,
    )
    if fault is not None and fault.answer is not None:
        raise WriteAnswered(fault)
    return {
        "audience_id": str(audience.audience_id),
        "session_id": str(session.get("session_id", "1")),
        "num_received": len(rows),
        "num_invalid_entries": bad_ones,
        "invalid_entry_samples": {},
    }


def _payload(text: str) -> tuple[str, list[Any]]:
    """The kind of identifier and the values of an upload."""
    try:
        payload = json.loads(text)
        schema, data = payload["schema"], payload["data"]
        keys = [schema] if isinstance(schema, str) else list(schema)
        rows = [row if isinstance(row, list) else [row] for row in data]
    except (ValueError, KeyError, TypeError) as error:
        raise bad("payload must hold a schema and data", blame="payload") from error
    if len(keys) != 1 or keys[0] not in KINDS:
        raise bad("The sandbox takes one key at a time: EMAIL or PHONE", blame="payload")
    if len(rows) > MOST_AT_ONCE:
        raise bad(f"At most {MOST_AT_ONCE} users can be sent at once", blame="payload")
    if any(len(row) != 1 for row in rows):
        raise bad("Each row of data needs a value for each key of the schema", blame="payload")
    return KINDS[keys[0]], [row[0] for row in rows]


TARGETED = {
    "geo_locations",
    "age_min",
    "age_max",
    "genders",
    "flexible_spec",
    "custom_audiences",
    "excluded_custom_audiences",
    "publisher_platforms",
    "facebook_positions",
    "instagram_positions",
    "device_platforms",
    "targeting_automation",
}
"""Members of a targeting that are honoured: read back as they were written.

Members that begin with effective_ are read-only.
"""
_SPECS = {"interests", "behaviors", "custom_audiences"}


def new_targeting(stage: Stage, account: Account, given: str) -> dict[str, Any]:
    """A whole targeting, checked: it takes the place of the one before."""
    try:
        targeting = dict(json.loads(given))
        countries = list(targeting["geo_locations"]["countries"])
        groups = [dict(group) for group in targeting.get("flexible_spec", ())]
        named = {
            key: [str(audience["id"]) for audience in targeting.get(key, ())]
            for key in ("custom_audiences", "excluded_custom_audiences")
        }
        inner = [str(audience["id"]) for group in groups for audience in group.get("custom_audiences", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad("Invalid targeting: locations are required", blame="targeting") from error
    strange = (set(targeting) - TARGETED) | {key for group in groups for key in group if key not in _SPECS}
    if strange | (set(targeting["geo_locations"]) - {"countries"}):
        name = min(strange | (set(targeting["geo_locations"]) - {"countries"}))
        raise bad(f"Invalid targeting: {name} is not honoured by the sandbox", blame="targeting")
    audiences = {str(audience.audience_id): audience for audience in stage.audiences_of(account)}
    every = {own_id for ids in named.values() for own_id in ids} | set(inner)
    if unknown := every - set(audiences):
        raise bad(f"Custom audience {min(unknown)} cannot be used by this account", blame="targeting")
    if not countries or any(audiences[own_id].is_flagged for own_id in every):
        raise bad("Invalid targeting", blame="targeting")
    for key, ids in named.items():
        if ids:
            targeting[key] = [{"id": own_id, "name": audiences[own_id].name} for own_id in ids]
    return targeting
