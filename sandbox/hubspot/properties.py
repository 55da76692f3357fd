"""Which properties each object has, as `/crm/v3/properties/{object}` lists them, and what filters may say of
them.
"""

from typing import Any

_TEXT, _NUMBER, _INSTANT, _CHOICE, _TRUTH = "string", "number", "datetime", "enumeration", "bool"
PROPERTIES: dict[str, dict[str, str]] = {
    "contacts": {
        "hs_object_id": _NUMBER,
        "createdate": _INSTANT,
        "lastmodifieddate": _INSTANT,
        "email": _TEXT,
        "phone": _TEXT,
        "firstname": _TEXT,
        "lastname": _TEXT,
        "country": _TEXT,
        "state": _TEXT,
        "hs_language": _CHOICE,
        "use_case": _TEXT,
        "pain_point": _TEXT,
        "hs_legal_basis": _CHOICE,
        "hs_email_optout": _TRUTH,
        "associatedcompanyid": _NUMBER,
        "hubspot_owner_id": _CHOICE,
        "hs_merged_object_ids": _TEXT,
        "hs_calculated_merged_vids": _TEXT,
        "lifecyclestage": _CHOICE,
        "hs_latest_source": _CHOICE,
        "hs_analytics_last_url": _TEXT,
        "hs_google_click_id": _TEXT,
        "hs_facebook_click_id": _TEXT,
    },
    "companies": {
        "hs_object_id": _NUMBER,
        "createdate": _INSTANT,
        "hs_lastmodifieddate": _INSTANT,
        "name": _TEXT,
        "domain": _TEXT,
        "industry": _CHOICE,
        "numberofemployees": _NUMBER,
        "hs_ideal_customer_profile": _CHOICE,
        "web_technologies": _CHOICE,
        "country": _TEXT,
    },
    "deals": {
        "hs_object_id": _NUMBER,
        "createdate": _INSTANT,
        "hs_lastmodifieddate": _INSTANT,
        "dealname": _TEXT,
        "amount": _NUMBER,
        "deal_currency_code": _CHOICE,
        "pipeline": _CHOICE,
        "dealstage": _CHOICE,
        "closedate": _INSTANT,
        "hubspot_owner_id": _CHOICE,
    },
}
"""Name and type of every property, by object."""
SEARCHED = {
    "contacts": ("email", "firstname", "lastname", "phone"),
    "companies": ("name", "domain"),
    "deals": ("dealname",),
}
"""What the `query` of a search looks in."""


def described(kind: str, name: str) -> dict[str, Any]:
    """A property as HubSpot describes it."""
    type_ = PROPERTIES[kind][name]
    fields = {_NUMBER: "number", _INSTANT: "date", _CHOICE: "select", _TRUTH: "booleancheckbox"}
    return {
        "name": name,
        "label": name.replace("_", " ").title(),
        "type": type_,
        "fieldType": fields.get(type_, "text"),
        "groupName": f"{kind}information",
        "hubspotDefined": True,
        "hidden": False,
        "archived": False,
        "calculated": False,
        "options": [],
        "createdAt": "2024-01-01T00:00:00Z",
        "updatedAt": "2024-01-01T00:00:00Z",
    }


def is_number(kind: str, name: str) -> bool:
    return PROPERTIES[kind].get(name) == _NUMBER


def is_instant(kind: str, name: str) -> bool:
    return PROPERTIES[kind].get(name) == _INSTANT
