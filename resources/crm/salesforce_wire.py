"""Converts Salesforce records to rows of raw/crm_*. Whatever names a person is hashed or left out."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from resources.crm.interests import interests
from resources.crm.landing_url import landing
from resources.crm.reader import Row
from resources.crm.values import amount, instant
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
        "Id",
        "IsDeleted",
        "AccountId",
        "StageName",
        "Amount",
        "CurrencyIsoCode",
        "IsClosed",
        "IsWon",
        "Type",
        "OwnerId",
        "CloseDate",
        "CreatedDate",
        "SystemModstamp",
    ),
    "OpportunityStage": ("MasterLabel", "SortOrder", "DefaultProbability", "IsClosed", "IsWon"),
    "OpportunityHistory": ("OpportunityId", "StageName", "CreatedDate"),
    "OpportunityContactRole": ("OpportunityId", "ContactId", "IsPrimary", "IsDeleted"),
}


_WHERE = {"Lead": "", "Contact": "Mailing"}
"""What stands before the standard fields of an address."""


def fields(name: str, mapping: CrmMapping) -> tuple[str, ...]:
    """The fields of an object that are asked for."""
    trait_fields, names = mapping.traits.fields, _FIELDS[name]
    if name in {"Lead", "Contact"}:
        names = (*names, mapping.touch_url_field, *asked_of_contacts(trait_fields))
        names += tuple(f"{_WHERE[name]}{part}" for part in ("Country", "State"))
    if name == "Account":
        names = (*names, "BillingCountry", *asked_of_companies(trait_fields))
    return tuple(dict.fromkeys(names))


class People:
    """Leads and contacts as rows: one per person as far as Salesforce itself knows."""

    def __init__(self, mapping: CrmMapping, *, leads: list[Record], contacts: list[Record]) -> None:
        self._mapping = mapping
        everybody = [*leads, *contacts]
        self.gone: set[str] = {record["Id"] for record in everybody if record["IsDeleted"]}
        self.merged = sum(1 for record in everybody if record["MasterRecordId"])
        rows_by_id: dict[str, Row] = {}
        visits: dict[str, list[Row]] = {}
        for record in contacts:
            if not record["IsDeleted"]:
                rows_by_id[record["Id"]] = self._row(record, record["Id"], record.get("AccountId"))
                visits[record["Id"]] = self._touch(record, record["Id"])
        for record in leads:
            if record["IsDeleted"]:
                continue
            contact_id = record.get("ConvertedContactId") or record["Id"]
            row = self._row(record, contact_id, record.get("ConvertedAccountId"))
            qualified = instant(record.get("ConvertedDate")) if record.get("IsConverted") else None
            if qualified is None and record.get("Status") in mapping.qualified_statuses:
                qualified = row["updated_at"]
            rows_by_id[contact_id] = row | {
                "lead_at": row["created_at"],
                "qualified_at": qualified,
                "stage": record.get("Status"),
            }
            visits[contact_id] = self._touch(record, contact_id)
            if contact_id != record["Id"]:
                self.gone.add(record["Id"])
        losers: dict[str, list[str]] = {}
        for record in everybody:
            if record["MasterRecordId"]:
                losers.setdefault(record["MasterRecordId"], []).append(record["Id"])
        self.rows = [
            row | {"merged_ids": " ".join(losers.get(contact_id, [])) or None}
            for contact_id, row in rows_by_id.items()
        ]
        self.touches = [row for rows in visits.values() for row in rows]

    def _row(self, record: Record, contact_id: str, company: str | None) -> Row:
        return {
            "contact_id": contact_id,
            "company_id": company,
            **asdict(identity(record.get("Email"), record.get("Phone"), region=self._mapping.phone_region)),
            **_place(record, contact_traits(record, self._mapping.traits.fields, self._mapping.traits)),
            "stage": None,
            "lead_at": None,
            "qualified_at": None,
            "is_test": is_like(record.get("Email"), self._mapping.test_emails),
            "owner_id": record.get("OwnerId"),
            "merged_ids": None,
            "created_at": instant(record.get("CreatedDate")),
            "updated_at": instant(record.get("SystemModstamp")),
        }

    def _touch(self, record: Record, contact_id: str) -> list[Row]:
        url, at = record.get(self._mapping.touch_url_field), instant(record.get("CreatedDate"))
        visit = landing(url)
        page_interests = interests(url, self._mapping.traits)
        return (
            [{"contact_id": contact_id, "touch_at": at, **asdict(visit), **page_interests}]
            if visit and at
            else []
        )


def _place(record: Record, traits: Row) -> Row:
    """The traits with country and state of the standard address, where the policy names no other fields."""
    usual = {
        ours: category(record.get(theirs) or record.get(f"Mailing{theirs}"))
        for ours, theirs in (("country", "Country"), ("region", "State"))
    }
    return traits | {ours: traits[ours] or default for ours, default in usual.items()}


def company_row(record: Record, mapping: CrmMapping) -> Row:
    """A row of raw/crm_companies."""
    return {
        "company_id": record["Id"],
        **company_traits(record, mapping.traits.fields),
        "employees": record.get("NumberOfEmployees"),
        "country": category(record.get("BillingCountry")),
        "created_at": instant(record.get("CreatedDate")),
        "updated_at": instant(record.get("SystemModstamp")),
    }


def primary(roles: Iterable[Record]) -> dict[str, str]:
    """Whose each opportunity is: its primary contact, else the first."""
    contacts: dict[str, str] = {}
    for role in roles:
        if not role["IsDeleted"] and (role["IsPrimary"] or role["OpportunityId"] not in contacts):
            contacts[role["OpportunityId"]] = role["ContactId"]
    return contacts


def deal_row(record: Record, mapping: CrmMapping, contacts: dict[str, str]) -> Row:
    """A row of raw/crm_deals."""
    is_order = record.get("Type") in mapping.order_types
    closed = instant(record.get("CloseDate")) if record["IsClosed"] else None
    return {
        "deal_id": record["Id"],
        "contact_id": contacts.get(record["Id"]),
        "company_id": record.get("AccountId"),
        "pipeline": "orders" if is_order else "opportunities",
        "stage": record.get("StageName"),
        "amount": amount(record.get("Amount")),
        "currency": record.get("CurrencyIsoCode"),
        "is_order": is_order,
        "is_closed": bool(record["IsClosed"]),
        "is_won": bool(record["IsWon"]),
        "is_refunded": is_order and bool(record["IsClosed"]) and not record["IsWon"],
        "owner_id": record.get("OwnerId"),
        "created_at": instant(record.get("CreatedDate")),
        "closed_at": closed,
        "updated_at": instant(record.get("SystemModstamp")),
    }


def deal_stage_rows(history: Iterable[Record], *, among: set[str]) -> list[Row]:
    """Rows of raw/crm_deal_stages of these opportunities."""
    entries = {
        (record["OpportunityId"], record["StageName"], _at(record))
        for record in history
        if record["OpportunityId"] in among
    }
    return [{"deal_id": deal_id, "stage": stage, "entered_at": at} for deal_id, stage, at in entries]


def stage_rows(stages: Iterable[Record]) -> list[Row]:
    """Rows of raw/crm_stages."""
    return [
        {
            "pipeline": "opportunities",
            "stage": record["MasterLabel"],
            "label": record["MasterLabel"],
            "position": int(record["SortOrder"]),
            "win_share": float(record["DefaultProbability"]) / 100,
            "is_closed": bool(record["IsClosed"]),
        }
        for record in stages
    ]


def _at(record: Record) -> datetime:
    return instant(record["CreatedDate"]) or datetime.fromtimestamp(0, UTC)
