"""Customers and orders from a database or from files, for every other CRM and shop: five tables with columns
of known names.

Everything is read each time. Addresses and numbers are hashed as soon as a row is seen. A column that is
missing is empty, but for the ids and instants without which a row says nothing; docs/crm.md lists them all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from resources.crm.interests import interests
from resources.crm.landing_url import Landing, landing
from resources.crm.reader import CrmReading, Row
from resources.crm.table_cells import CellReader, reader_of, table_of
from resources.errors import DataUnusable, PlatformRefused, PlatformUnreachable
from resources.policy.crm import CrmMapping
from resources.policy.crm_traits import (
    OF_COMPANIES,
    OF_CONTACTS,
    Traits,
    category,
    company_traits,
    contact_traits,
)
from resources.readers.ids import clean_id
from resources.readers.numbers import currency_in
from resources.security.pii_hashing import identity, is_like

NEEDED = {
    "contacts": ("contact_id",),
    "touches": ("contact_id", "touch_at"),
    "companies": ("company_id",),
    "deals": ("deal_id", "created_at"),
    "stages": ("deal_id", "stage", "entered_at"),
}
OURS = Traits(**{name: name for name in (*OF_CONTACTS, *OF_COMPANIES, "consent", "opted_out")})
"""Traits stand in columns of their own names here."""
_TRUE = {"true", "t", "yes", "y", "1", "1.0"}
Tables = Mapping[str, pd.DataFrame]


class Files:
    """A folder of CSV or Parquet files."""

    source = "files"

    def __init__(self, folder: Path, mapping: CrmMapping) -> None:
        self._folder, self._mapping = folder, mapping

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> CrmReading:
        """Everything in the folder.

        Raises:
            DataUnusable: A file cannot be read, or lacks a column that is needed.
        """
        del since
        return rows_of(self._tables(), self._mapping, source=self.source, at=now())

    def spoken(self) -> str:
        """What was found; errors as of `read`."""
        return ", ".join(f"{name}: {len(table):,} rows" for name, table in self._tables().items())

    def _tables(self) -> Tables:
        paths = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        found = {
            path.stem.lower(): path
            for path in paths
            if path.stem.lower() in NEEDED and path.suffix.lower() in {".csv", ".parquet"}
        }
        if not found:
            raise DataUnusable(
                f"CRM_FILES names {self._folder}, which has no contacts, touches, companies, deals or stages"
                " as .csv or .parquet."
            )
        return {name: table_of(path) for name, path in found.items()}


class Sql:
    """A database, by the queries of the policy."""

    source = "sql"

    def __init__(self, url: str, mapping: CrmMapping) -> None:
        self._url, self._mapping = url, mapping

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> CrmReading:
        """What the queries answer.

        Raises:
            PlatformUnreachable: The database does not answer.
            PlatformRefused: A query was refused.
            DataUnusable: A column is missing that is needed.
        """
        del since
        return rows_of(self._tables(), self._mapping, source=self.source, at=now())

    def spoken(self) -> str:
        """What was found; errors as of `read`."""
        return ", ".join(f"{name}: {len(table):,} rows" for name, table in self._tables().items())

    def _tables(self) -> Tables:
        from sqlalchemy import create_engine, text  # noqa: PLC0415 — costs time: never at load
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        if not self._mapping.queries:
            raise DataUnusable(
                "CRM_SQL_URL is set and policy.yaml has no crm.queries: docs/crm.md has an example."
            )
        found: dict[str, pd.DataFrame] = {}
        context, connected = "Connecting", False
        try:
            with create_engine(self._url, hide_parameters=True).connect() as connection:
                connected = True
                for name, query in self._mapping.queries.items():
                    context = f"Asking for {name}"
                    answer = connection.execute(text(query))
                    found[name] = pd.DataFrame(answer.fetchall(), columns=list(answer.keys()), dtype=object)
        except (SQLAlchemyError, ImportError, ValueError):
            kind = PlatformRefused if connected else PlatformUnreachable
        else:
            return found
        # Outside the except clause: the driver's words hold the query, the URL and sometimes values.
        said = "the query was refused" if connected else "the database does not answer"
        raise kind(
            context, platform="sql", said=said, todo="Check CRM_SQL_URL, and crm.queries in policy.yaml."
        )


def rows_of(tables: Tables, mapping: CrmMapping, *, source: str, at: datetime) -> CrmReading:
    """The tables as a reading of everything. Cells that cannot be read are counted, and an order without its
    money is left out.

    Raises:
        DataUnusable: A column is missing that is needed.
    """
    reading = CrmReading(source, at, None)
    named = {name: _named(name, table, mapping) for name, table in tables.items()}
    readers = {name: reader_of(name, named.get(name), amount_field=mapping.amount_field) for name in NEEDED}
    contacts = _with_ids(named.get("contacts"), "contact_id", readers["contacts"])
    reading.add("contacts", [_contact(row, mapping, readers["contacts"]) for row in contacts])
    contact_ids = {row["contact_id"] for row in reading.rows["contacts"]}
    by_email = {
        row["email_sha256"]: row["contact_id"] for row in reading.rows["contacts"] if row["email_sha256"]
    }
    touches = [
        _touch(row, mapping, readers["touches"])
        for row in _with_ids(named.get("touches"), "contact_id", readers["touches"])
    ]
    reading.add("touches", [touch for touch in touches if touch])
    companies = _with_ids(named.get("companies"), "company_id", readers["companies"])
    reading.add("companies", [_company(row, readers["companies"]) for row in companies])
    deal_rows = _with_ids(named.get("deals"), "deal_id", readers["deals"])
    deals = [deal for row in deal_rows if (deal := _deal(row, mapping, by_email, readers["deals"]))]
    # Buyers that only an order's address tells of are people too.
    buyers = {
        row["contact_id"]: row["contact"]
        for row in deals
        if row["contact"] and row["contact_id"] not in contact_ids
    }
    reading.add("contacts", list(buyers.values()))
    reading.add("deals", [{name: value for name, value in row.items() if name != "contact"} for row in deals])
    stages = _with_ids(named.get("stages"), "deal_id", readers["stages"])
    entered = [
        {
            "deal_id": _id(r["deal_id"]),
            "stage": _text(r["stage"]),
            "entered_at": readers["stages"].at(r, "entered_at"),
        }
        for r in stages
    ]
    reading.add("deal_stages", [row for row in entered if all(row.values())])
    for name, rows in reading.rows.items():
        reading.rows[name] = list({tuple(row[key] for key in _KEYS[name]): row for row in rows}.values())
    for reader in readers.values():
        reading.unread |= reader.problems
    return reading


def _with_ids(table: pd.DataFrame | None, column: str, reader: CellReader) -> Iterator[Row]:
    """Rows that have the id they are known by; the others are counted."""
    for row in _each(table):
        if _id(row.get(column)) is None:
            reader.count(column, "empty")
        else:
            yield row


_KEYS = {
    "contacts": ("contact_id",),
    "touches": ("contact_id", "touch_at", "channel"),
    "companies": ("company_id",),
    "deals": ("deal_id",),
    "deal_stages": ("deal_id", "stage", "entered_at"),
}


_EXPORTED = {
    "contacts": {
        "record id": "contact_id",
        "contact id": "contact_id",
        "lifecycle stage": "stage",
        "create date": "created_at",
        "last modified date": "updated_at",
        "phone number": "phone",
        "country/region": "country",
        "associated company ids": "company_id",
    },
    "companies": {
        "record id": "company_id",
        "company id": "company_id",
        "create date": "created_at",
        "number of employees": "employees",
        "country/region": "country",
        "last modified date": "updated_at",
    },
    "deals": {
        "record id": "deal_id",
        "deal id": "deal_id",
        "deal stage": "stage",
        "create date": "created_at",
        "close date": "closed_at",
        "associated contact ids": "contact_id",
        "associated company ids": "company_id",
    },
    "touches": {"record id": "contact_id"},
    "stages": {"record id": "deal_id"},
}
"""Headers of HubSpot's own exports, for which nobody needs to write a mapping."""


def _named(name: str, table: pd.DataFrame, mapping: CrmMapping) -> pd.DataFrame:
    theirs = {theirs.lower(): ours for ours, theirs in mapping.columns.items()}
    headers = {column: str(column).strip().strip("\ufeff").lower() for column in table.columns}
    present = set(headers.values())
    ours = {
        column: (
            theirs.get(header)
            or (exported if (exported := _EXPORTED[name].get(header)) not in present else None)
            or header
        )
        for column, header in headers.items()
    }
    named = table.rename(columns=ours)
    if missing := [column for column in NEEDED[name] if column not in named]:
        raise DataUnusable(
            f"CRM {name} have no column {missing[0]}: name it so, or map it under crm.columns in policy.yaml,"
            f" such as {missing[0]}: '{next(iter(table.columns), '...')}'. There are:"
            f" {', '.join(map(str, table.columns))}."
        )
    return named


def _each(table: pd.DataFrame | None) -> Iterator[Row]:
    for row in [] if table is None else table.to_dict("records"):
        yield {
            name: None if value is None or (not isinstance(value, str) and pd.isna(value)) else value
            for name, value in row.items()
        }


def _contact(row: Row, mapping: CrmMapping, reader: CellReader) -> Row:
    created, qualified = reader.at(row, "created_at"), reader.at(row, "qualified_at")
    email = _text(row.get("email"))
    return {
        "contact_id": _id(row["contact_id"]) or "",
        "company_id": _id(row.get("company_id")),
        **asdict(identity(email, _text(row.get("phone")), region=mapping.phone_region)),
        **contact_traits(row, OURS, mapping.traits),
        "stage": _text(row.get("stage")),
        "lead_at": reader.at(row, "lead_at") or qualified,
        "qualified_at": qualified,
        "is_test": is_like(email, mapping.test_emails),
        "owner_id": None,
        "merged_ids": None,
        "created_at": created,
        "updated_at": reader.at(row, "updated_at") or created,
    }


def _company(row: Row, reader: CellReader) -> Row:
    size, created = reader.amount(row, "employees"), reader.at(row, "created_at")
    return {
        "company_id": _id(row["company_id"]),
        **company_traits(row, OURS),
        "country": category(row.get("country")),
        "employees": None if size is None else int(size),
        "created_at": created,
        "updated_at": reader.at(row, "updated_at") or created,
    }


def _touch(row: Row, mapping: CrmMapping, reader: CellReader) -> Row | None:
    at, channel = reader.at(row, "touch_at"), _text(row.get("channel"))
    seen = interests(_text(row.get("url")), mapping.traits)
    seen |= {name: value for name in seen if (value := category(row.get(name)))}
    visit = landing(_text(row.get("url"))) or (Landing(channel) if channel else None)
    if visit is None or at is None:
        return None
    given_ids = {name: value for name in ("campaign_id", "ad_set_id") if (value := _id(row.get(name)))}
    return {"contact_id": _id(row["contact_id"]), "touch_at": at, **asdict(visit), **seen} | given_ids


def _deal(row: Row, mapping: CrmMapping, by_email: Mapping[str, str], reader: CellReader) -> Row | None:
    """A row of raw/crm_deals, and under `contact` the person where only the order tells of them.

    None where an instant or an amount is given and cannot be read: an order is never counted without its
    money.
    """
    before = sum(reader.problems.values())
    currency = _currency(row, mapping)
    money = reader.amount(row, mapping.amount_field, currency=currency)
    created, closed = reader.at(row, "created_at"), reader.at(row, "closed_at")
    if created is None and not _text(row.get("created_at")):
        reader.count("created_at", "empty")
    if sum(reader.problems.values()) > before:
        return None
    person = _contact(
        {"contact_id": "", **{k: row.get(k) for k in ("email", "phone", "country", "created_at")}},
        mapping,
        reader,
    )
    hashed = person["email_sha256"]
    contact_id = (
        _id(row.get("contact_id"))
        or by_email.get(hashed or "")
        or (f"email:{hashed[:32]}" if hashed else None)
    )
    is_order = _flag(row.get("is_order"), default="stage" not in row)
    is_won = _flag(row.get("is_won"), default=is_order)
    refunded = _flag(row.get("is_refunded"), default=_text(row.get("stage")) in mapping.refunded_stages)
    is_closed = is_won or _flag(row.get("is_closed"), default=is_order)
    return {
        "deal_id": _id(row["deal_id"]),
        "contact_id": contact_id,
        "company_id": _id(row.get("company_id")),
        "pipeline": _text(row.get("pipeline")),
        "stage": _text(row.get("stage")),
        "amount": money,
        "currency": currency,
        "is_order": is_order,
        "is_closed": is_closed,
        "is_won": is_won and not refunded,
        "is_refunded": refunded,
        "owner_id": None,
        "created_at": created,
        "closed_at": (closed or created) if is_closed else None,
        "updated_at": created,
        "contact": person | {"contact_id": contact_id} if hashed and contact_id else None,
    }


def _text(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _flag(value: Any, *, default: bool) -> bool:
    return default if value is None else str(value).strip().lower() in _TRUE


def _id(value: Any) -> str | None:
    """An id as text, whatever program wrote it: 1.0 of a Parquet file with gaps is 1."""
    return None if value is None else clean_id(value) or None


def _currency(row: Row, mapping: CrmMapping) -> str | None:
    """The currency of an amount: its column, or the amount's own sign."""
    text = _text(row.get("currency"))
    if text:
        return text.upper()
    value = row.get(mapping.amount_field)
    return currency_in([value]) if isinstance(value, str) else None
