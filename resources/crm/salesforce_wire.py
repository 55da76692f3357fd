"""Salesforce's records as our rows. What names a person is hashed here or left behind."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from resources.crm.hubspot_wire import amount, instant
from resources.crm.interests import interests
from resources.crm.landing_url import landing
from resources.crm.reader import Row
from resources.policy.crm import CrmMapping
from resources.policy.crm_traits import (
    asked_of_companies,
    asked_of_contacts,
    category,
    company_traits,
    contact_traits,
)
from resources.security.pii_hashing import identity, is_like

Record = dict[str, Any]
SOURCE = "salesforce"
_PERSON = ("Id", "IsDeleted", "MasterRecordId", "Email", "Phone", "OwnerId", "CreatedDate", "SystemModstamp")
_FIELDS = {
    "Lead": (*_PERSON, "Status", "IsConverted", "ConvertedDate", "ConvertedContactId", "ConvertedAccountId"),
    "Contact": (*_PERSON, "AccountId"),
    "Account": ("Id", "IsDeleted", "NumberOfEmployees", "CreatedDate", "SystemModstamp"),
    "Opportunity": (
        "Id", "IsDeleted", "AccountId", "StageName", "Amount", "CurrencyIsoCode", "IsClosed", "IsWon", "Type", "OwnerId", "CloseDate",
        "CreatedDate", "SystemModstamp",
    ),
    "OpportunityStage": ("MasterLabel", "SortOrder", "DefaultProbability", "IsClosed", "IsWon"),
    "OpportunityHistory": ("OpportunityId", "StageName", "CreatedDate"),
    "OpportunityContactRole": ("OpportunityId", "ContactId", "IsPrimary", "IsDeleted"),
}  # fmt: skip


_WHERE = {"Lead": "", "Contact": "Mailing"}
"""What stands before the standard fields of an address."""


def fields(name: str, mapping: CrmMapping) -> tuple[str, ...]:
    """The fields of an object that are asked for."""
    theirs, own = mapping.traits.fields, _FIELDS[name]
    if name in {"Lead", "Contact"}:
        own = (*own, mapping.touch_url_field, *asked_of_contacts(theirs))
        own += tuple(f"{_WHERE[name]}{part}" for part in ("Country", "State"))
    if name == "Account":
        own = (*own, "BillingCountry", *asked_of_companies(theirs))
    return tuple(dict.fromkeys(own))


class People:
    """Leads and contacts as rows: one per person as far as Salesforce itself knows."""

    def __init__(self, mapping: CrmMapping, *, leads: list[Record], contacts: list[Record]) -> None:
        self._mapping = mapping
        everybody = [*leads, *contacts]
        self.gone: set[str] = {one["Id"] for one in everybody if one["IsDeleted"]}
        self.merged = sum(1 for one in everybody if one["MasterRecordId"])
        found: dict[str, Row] = {}
        visits: dict[str, list[Row]] = {}
        for one in contacts:
            if not one["IsDeleted"]:
                found[one["Id"]] = self._row(one, one["Id"], one.get("AccountId"))
                visits[one["Id"]] = self._touch(one, one["Id"])
        for one in leads:
            if one["IsDeleted"]:
                continue
            own = one.get("ConvertedContactId") or one["Id"]
            row = self._row(one, own, one.get("ConvertedAccountId"))
            qualified = instant(one.get("ConvertedDate")) if one.get("IsConverted") else None
            if qualified is None and one.get("Status") in mapping.qualified_statuses:
                qualified = row["updated_at"]
            found[own] = row | {
                "lead_at": row["created_at"],
                "qualified_at": qualified,
                "stage": one.get("Status"),
            }
            visits[own] = self._touch(one, own)
            if own != one["Id"]:
                self.gone.add(one["Id"])
        losers: dict[str, list[str]] = {}
        for one in everybody:
            if one["MasterRecordId"]:
                losers.setdefault(one["MasterRecordId"], []).append(one["Id"])
        self.rows = [
            row | {"merged_ids": " ".join(losers.get(own, [])) or None} for own, row in found.items()
        ]
        self.touches = [row for rows in visits.values() for row in rows]

    def _row(self, one: Record, own: str, company: str | None) -> Row:
        return {
            "contact_id": own, "company_id": company,
            **asdict(identity(one.get("Email"), one.get("Phone"), region=self._mapping.phone_region)),
            **_place(one, contact_traits(one, self._mapping.traits.fields, self._mapping.traits)), "stage": None, "lead_at": None, "qualified_at": None, "is_test": is_like(one.get("Email"), self._mapping.test_emails),
            "owner_id": one.get("OwnerId"), "merged_ids": None,
            "created_at": instant(one.get("CreatedDate")), "updated_at": instant(one.get("SystemModstamp")),
        }  # fmt: skip

    def _touch(self, one: Record, own: str) -> list[Row]:
        url, at = one.get(self._mapping.touch_url_field), instant(one.get("CreatedDate"))
        visit = landing(url)
        told = interests(url, self._mapping.traits)
        return [{"contact_id": own, "touch_at": at, **asdict(visit), **told}] if visit and at else []


def _place(one: Record, told: Row) -> Row:
    """The traits with country and state of the standard address, where the policy names no other fields."""
    usual = {
        ours: category(one.get(theirs) or one.get(f"Mailing{theirs}"))
        for ours, theirs in (("country", "Country"), ("region", "State"))
    }
    return told | {ours: told[ours] or found for ours, found in usual.items()}


def company_row(one: Record, mapping: CrmMapping) -> Row:
    """A row of raw/crm_companies."""
    return {
        "company_id": one["Id"], **company_traits(one, mapping.traits.fields), "employees": one.get("NumberOfEmployees"),
        "country": category(one.get("BillingCountry")),
        "created_at": instant(one.get("CreatedDate")), "updated_at": instant(one.get("SystemModstamp")),
    }  # fmt: skip


def primary(roles: Iterable[Record]) -> dict[str, str]:
    """Whose each opportunity is: its primary contact, else the first."""
    found: dict[str, str] = {}
    for role in roles:
        if not role["IsDeleted"] and (role["IsPrimary"] or role["OpportunityId"] not in found):
            found[role["OpportunityId"]] = role["ContactId"]
    return found


def deal_row(one: Record, mapping: CrmMapping, contacts: dict[str, str]) -> Row:
    """A row of raw/crm_deals."""
    is_order = one.get("Type") in mapping.order_types
    closed = instant(one.get("CloseDate")) if one["IsClosed"] else None
    return {
        "deal_id": one["Id"], "contact_id": contacts.get(one["Id"]), "company_id": one.get("AccountId"),
        "pipeline": "orders" if is_order else "opportunities", "stage": one.get("StageName"), "amount": amount(one.get("Amount")),
        "currency": one.get("CurrencyIsoCode"), "is_order": is_order, "is_closed": bool(one["IsClosed"]), "is_won": bool(one["IsWon"]),
        "is_refunded": is_order and bool(one["IsClosed"]) and not one["IsWon"], "owner_id": one.get("OwnerId"),
        "created_at": instant(one.get("CreatedDate")), "closed_at": closed, "updated_at": instant(one.get("SystemModstamp")),
    }  # fmt: skip


def deal_stage_rows(history: Iterable[Record], *, among: set[str]) -> list[Row]:
    """Rows of raw/crm_deal_stages of these opportunities."""
    found = {
        (one["OpportunityId"], one["StageName"], _at(one)) for one in history if one["OpportunityId"] in among
    }
    return [{"deal_id": own, "stage": stage, "entered_at": at} for own, stage, at in found]


def stage_rows(stages: Iterable[Record]) -> list[Row]:
    """Rows of raw/crm_stages."""
    return [
        {
            "pipeline": "opportunities", "stage": one["MasterLabel"], "label": one["MasterLabel"], "position": int(one["SortOrder"]),
            "win_share": float(one["DefaultProbability"]) / 100, "is_closed": bool(one["IsClosed"]),
        }
        for one in stages
    ]  # fmt: skip


def _at(one: Record) -> datetime:
    return instant(one["CreatedDate"]) or datetime.fromtimestamp(0, UTC)
