"""Converts HubSpot records to rows of raw/crm_*. Whatever names a person is hashed or left out."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
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
SOURCE = "hubspot"
CONTACT_PROPERTIES = [
    "email",
    "phone",
    "associatedcompanyid",
    "hubspot_owner_id",
    "lifecyclestage",
    "hs_merged_object_ids",
]


def contact_properties(mapping: CrmMapping) -> list[str]:
    return [*CONTACT_PROPERTIES, *asked_of_contacts(mapping.traits.properties)]


def contact_histories(mapping: CrmMapping) -> list[str]:
    return ["lifecyclestage", mapping.touch_url_property, mapping.touch_source_property]


def deal_properties(mapping: CrmMapping) -> list[str]:
    return [
        "pipeline",
        "dealstage",
        mapping.amount_field,
        "deal_currency_code",
        "closedate",
        "hubspot_owner_id",
    ]


def company_properties(mapping: CrmMapping) -> list[str]:
    return ["numberofemployees", "country", *asked_of_companies(mapping.traits.properties)]


def contact_row(record: Record, mapping: CrmMapping) -> Row:
    """A row of raw/crm_contacts."""
    held = record["properties"]
    email = held.get("email")
    return {
        "contact_id": str(record["id"]),
        "company_id": held.get("associatedcompanyid"),
        **asdict(identity(email, held.get("phone"), region=mapping.phone_region)),
        **contact_traits(held, mapping.traits.properties, mapping.traits),
        "stage": held.get("lifecyclestage"),
        "lead_at": _entered(record, (*mapping.lead_stages, *mapping.qualified_stages)),
        "qualified_at": _entered(record, mapping.qualified_stages),
        "is_test": is_like(email, mapping.test_emails),
        "owner_id": held.get("hubspot_owner_id"),
        "merged_ids": " ".join(merged_ids(record)) or None,
        "created_at": instant(record.get("createdAt")),
        "updated_at": instant(record.get("updatedAt")),
    }


def merged_ids(record: Record) -> list[str]:
    """Ids of contacts that went into this one."""
    held = record["properties"].get("hs_merged_object_ids") or ""
    return [part.strip() for part in held.split(";") if part.strip() and part.strip() != str(record["id"])]


def touch_rows(record: Record, mapping: CrmMapping) -> list[Row]:
    """Rows of raw/crm_touches, from the histories of the landing page and of the source."""
    urls = {version["timestamp"]: version["value"] for version in _past(record, mapping.touch_url_property)}
    sources = {
        version["timestamp"]: version["value"] for version in _past(record, mapping.touch_source_property)
    }
    rows: dict[tuple[datetime, str], Row] = {}
    for stamp in sorted({*urls, *sources}):
        visit, at = landing(urls.get(stamp), sources.get(stamp)), instant(stamp)
        if visit is not None and at is not None:
            touch_row = asdict(visit) | interests(urls.get(stamp), mapping.traits)
            rows[at, visit.channel] = {"contact_id": str(record["id"]), "touch_at": at, **touch_row}
    return list(rows.values())


def company_row(record: Record, mapping: CrmMapping) -> Row:
    """A row of raw/crm_companies."""
    held = record["properties"]
    size = held.get("numberofemployees")
    return {
        "company_id": str(record["id"]),
        **company_traits(held, mapping.traits.properties),
        "country": category(held.get("country")),
        "employees": int(float(size)) if size and _is_number(size) else None,
        "created_at": instant(record.get("createdAt")),
        "updated_at": instant(record.get("updatedAt")),
    }


def deal_row(
    record: Record,
    mapping: CrmMapping,
    *,
    contact: str | None,
    company: str | None,
    stages: dict[tuple[str, str], Row],
    currency: str | None,
) -> Row:
    """A row of raw/crm_deals; `currency` is the company's own, for deals that say none."""
    held = record["properties"]
    pipeline, stage = held.get("pipeline") or "", held.get("dealstage") or ""
    now = stages.get((pipeline, stage), {})
    is_closed, is_won = bool(now.get("is_closed")), _is_won(now)
    was_won = any(
        _is_won(stages.get((pipeline, version["value"]), {})) for version in _past(record, "dealstage")
    )
    is_refunded = stage in mapping.refunded_stages or (was_won and is_closed and not is_won)
    return {
        "deal_id": str(record["id"]),
        "contact_id": contact,
        "company_id": company,
        "pipeline": pipeline or None,
        "stage": stage or None,
        "amount": amount(held.get(mapping.amount_field)),
        "currency": held.get("deal_currency_code") or currency,
        "is_order": pipeline in mapping.order_pipelines,
        "is_closed": is_closed,
        "is_won": is_won,
        "is_refunded": is_refunded,
        "owner_id": held.get("hubspot_owner_id"),
        "created_at": instant(record.get("createdAt")),
        "closed_at": instant(held.get("closedate")) if is_closed else None,
        "updated_at": instant(record.get("updatedAt")),
    }


def stage_rows(pipelines: Iterable[Record]) -> list[Row]:
    """Rows of raw/crm_stages."""
    return [
        {
            "pipeline": pipeline["id"],
            "stage": stage["id"],
            "label": stage.get("label"),
            "position": int(stage.get("displayOrder", 0)),
            "win_share": (
                float(chance)
                if _is_number(chance := stage.get("metadata", {}).get("probability", ""))
                else None
            ),
            "is_closed": str(stage.get("metadata", {}).get("isClosed")).lower() == "true",
        }
        for pipeline in pipelines
        for stage in pipeline.get("stages", [])
    ]


def deal_stage_rows(record: Record) -> list[Row]:
    """Rows of raw/crm_deal_stages."""
    entries = {
        (version["value"], instant(version["timestamp"]))
        for version in _past(record, "dealstage")
        if version["value"]
    }
    return [{"deal_id": str(record["id"]), "stage": stage, "entered_at": at} for stage, at in entries if at]


def _past(record: Record, name: str) -> list[dict[str, str]]:
    return (record.get("propertiesWithHistory") or {}).get(name) or []


def _entered(record: Record, stages: Iterable[str]) -> datetime | None:
    wanted = set(stages)
    entries = [
        instant(version["timestamp"])
        for version in _past(record, "lifecyclestage")
        if version["value"] in wanted
    ]
    return min((at for at in entries if at), default=None)


def _is_won(stage: Row) -> bool:
    return bool(stage.get("is_closed")) and stage.get("win_share") == 1.0


def _is_number(text: Any) -> bool:
    return amount(text) is not None
