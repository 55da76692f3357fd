"""A small CRM in a lake: people with hashes by each platform's rules, what they say to advertising, and their
segments.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pandas as pd
import pyarrow as pa

from assets.actions.consent.membership import IDENTIFIERS
from resources.lake.lake import Lake
from resources.lake.schema import Table
from resources.ledger.proposal import Target
from resources.security.pii_hashing import identity
from resources.tables.crm import CONTACTS
from resources.tables.crm_core import OUTCOMES, TOUCHPOINTS
from resources.tables.segments import CUSTOMERS

SUNDAY = date(2026, 11, 22)
READ_AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def person_id(n: int) -> str:
    return "p:" + str(identity(mail(n), None).email_sha256)[:32]


def mail(n: int) -> str:
    return f"Person.{n}+shop@gmail.com" if n % 2 else f"person{n}@shop.example"


def phone(n: int) -> str:
    return f"+49 30 {1000000 + n}"


def record(n: int, agrees: bool | None = True, **other: Any) -> dict[str, Any]:
    """One person's record, hashed as the CRM's readers do."""
    who = identity(mail(n), phone(n) if n % 3 == 0 else None)
    given = {
        "source": "hubspot", "contact_id": str(n), "email_sha256": who.email_sha256, "email_google_sha256": who.email_google_sha256,
        "phone_sha256": who.phone_sha256, "phone_meta_sha256": who.phone_meta_sha256, "is_test": False, "may_advertise": agrees,
    }  # fmt: skip
    return given | other


def write_people(lake: Lake, records: list[dict[str, Any]], *, at: datetime = READ_AT) -> None:
    """What the CRM says at that instant, whole: who is missing was deleted."""
    rows = [dict.fromkeys(CONTACTS.schema.names) | one | {"pulled_at": at} for one in records]
    lake.record(CONTACTS, _table(CONTACTS, rows), at=at)


def write_segments(lake: Lake, people: Mapping[str, range | list[int]], *, sunday: date = SUNDAY) -> None:
    rows = [
        {
            "day": sunday, "customer_id": person_id(n), "segment_id": own, "segment": own.title(), "origin": "discovered",
            "pulled_at": READ_AT,
        }
        for own, members in people.items()
        for n in members
    ]  # fmt: skip
    lake.replace(CUSTOMERS, _table(CUSTOMERS, rows), where={"day": (sunday, sunday)})


def _table(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    frame = pd.DataFrame(rows, columns=table.schema.names)
    return pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False)


def conversions(
    target: Target, *, of_customers: int, of_strangers: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Visits by a place's ads and orders after them, in the last weeks; customers had ordered long before."""
    touches, outcomes = [], []
    people = [(person_id(n), True) for n in range(of_customers)]
    people += [(f"p:stranger{n}", False) for n in range(of_strangers)]
    campaign, ad_set = (target.entity_id, None) if target.level == "campaign" else (None, target.entity_id)
    for n, (person, is_customer) in enumerate(people):
        at = datetime(2026, 11, 10, 12, tzinfo=UTC) + timedelta(hours=n)
        touches.append(
            {
                "person_id": person, "touch_at": at, "day": at.date(), "channel": target.platform, "campaign_id": campaign,
                "ad_set_id": ad_set, "click_id_kind": None, "funnel": "shop", "source": "hubspot", "pulled_at": READ_AT,
            }
        )  # fmt: skip
        ordered = [at + timedelta(days=1), *([at - timedelta(days=200)] if is_customer else [])]
        outcomes += [
            {
                "kind": "order", "outcome_id": f"{person}.{when:%Y%m%d}", "person_id": person, "account": None, "at": when,
                "day": when.date(), "is_shop": "order", "value": None, "value_currency": None, "value_reporting": None,
                "pulled_at": READ_AT,
            }
            for when in ordered
        ]  # fmt: skip
    return touches, outcomes


def write_conversions(lake: Lake, target: Target, *, of_customers: int, of_strangers: int) -> None:
    touches, outcomes = conversions(target, of_customers=of_customers, of_strangers=of_strangers)
    lake.replace(TOUCHPOINTS, _table(TOUCHPOINTS, touches))
    lake.replace(OUTCOMES, _table(OUTCOMES, outcomes))


def expected(platform: str, people: range | list[int]) -> set[str]:
    """What a platform should hold of these, by its published rules, worked out here once more."""
    found = set()
    for n in people:
        address = mail(n).strip().lower()
        if platform == "google_ads" and address.endswith("@gmail.com"):
            address = f"{address.split('@')[0].split('+')[0].replace('.', '')}@gmail.com"
        found.add(f"email:{_sha(address)}")
        if n % 3 == 0 and "phone" in IDENTIFIERS[platform]:
            digits = phone(n).replace(" ", "")
            found.add(f"phone:{_sha(digits if platform == 'google_ads' else digits.removeprefix('+'))}")
    return found


def _sha(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def later(hours: float) -> datetime:
    return READ_AT + timedelta(hours=hours)
