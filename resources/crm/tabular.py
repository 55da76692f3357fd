"""Customers and orders from a database or from files, for every other CRM and shop: five tables with columns of known names.

Everything is read each time. Addresses and numbers are hashed as soon as a row is seen. A column that is missing is empty, but for
the ids and instants without which a row says nothing; docs/crm.md lists them all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from resources.crm.hubspot_wire import amount
from resources.crm.interests import interests
from resources.crm.landing_url import Landing, landing
from resources.crm.reader import Reading, Row
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

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> Reading:
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
        found = {
            name: path
            for name in NEEDED
            for path in sorted(self._folder.glob(f"{name}.*"))
            if path.suffix in {".csv", ".parquet"}
        }
        if not found:
            raise DataUnusable(
                f"CRM_FILES names {self._folder}, which has no contacts, touches, companies, deals or stages as .csv or .parquet."
            )
        return {name: _file(path) for name, path in found.items()}


class Sql:
    """A database, by the queries of the policy."""

    source = "sql"

    def __init__(self, url: str, mapping: CrmMapping) -> None:
        self._url, self._mapping = url, mapping

    def read(self, since: datetime | None, *, now: Callable[[], datetime]) -> Reading:
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
        doing, connected = "Connecting", False
        try:
            with create_engine(self._url, hide_parameters=True).connect() as connection:
                connected = True
                for name, query in self._mapping.queries.items():
                    doing = f"Asking for {name}"
                    answer = connection.execute(text(query))
                    found[name] = pd.DataFrame(answer.fetchall(), columns=list(answer.keys()), dtype=object)
        except (SQLAlchemyError, ImportError, ValueError):
            kind = PlatformRefused if connected else PlatformUnreachable
        else:
            return found
        # Outside the except clause: the driver's words hold the query, the URL and sometimes values.
        said = "the query was refused" if connected else "the database does not answer"
        raise kind(
            doing, platform="sql", said=said, todo="Check CRM_SQL_URL, and crm.queries in policy.yaml."
        )


def _file(path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=True)
    except (OSError, ValueError):
        problem = f"{path.name} cannot be read as {path.suffix[1:].upper()}"
    # Outside the except clause: a parser's words quote the line, which names people.
    raise DataUnusable(f"{problem}. Save it again with a header line, in UTF-8.")


def rows_of(tables: Tables, mapping: CrmMapping, *, source: str, at: datetime) -> Reading:
    """The tables as a reading of everything.

    Raises:
        DataUnusable: A column is missing that is needed.
    """
    reading = Reading(source, at, None)
    named = {name: _named(name, table, mapping) for name, table in tables.items()}
    reading.add("contacts", [_contact(row, mapping) for row in _each(named.get("contacts"))])
    known = {row["contact_id"] for row in reading.rows["contacts"]}
    by_email = {
        row["email_sha256"]: row["contact_id"] for row in reading.rows["contacts"] if row["email_sha256"]
    }
    reading.add("touches", [row for one in _each(named.get("touches")) if (row := _touch(one, mapping))])
    reading.add("companies", [_company(row) for row in _each(named.get("companies"))])
    deals = [_deal(row, mapping, by_email) for row in _each(named.get("deals"))]
    # Buyers that only an order's address tells of are people too.
    buyers = {
        row["contact_id"]: row["contact"]
        for row in deals
        if row["contact"] and row["contact_id"] not in known
    }
    reading.add("contacts", list(buyers.values()))
    reading.add("deals", [{name: value for name, value in row.items() if name != "contact"} for row in deals])
    entered = [
        {"deal_id": _text(r["deal_id"]), "stage": _text(r["stage"]), "entered_at": _at(r["entered_at"])}
        for r in _each(named.get("stages"))
    ]
    reading.add("deal_stages", [row for row in entered if all(row.values())])
    for name, rows in reading.rows.items():
        reading.rows[name] = list({tuple(row[key] for key in _KEYS[name]): row for row in rows}.values())
    return reading


_KEYS = {
    "contacts": ("contact_id",),
    "touches": ("contact_id", "touch_at", "channel"),
    "companies": ("company_id",),
    "deals": ("deal_id",),
    "deal_stages": ("deal_id", "stage", "entered_at"),
}


def _named(name: str, table: pd.DataFrame, mapping: CrmMapping) -> pd.DataFrame:
    theirs = {theirs.lower(): ours for ours, theirs in mapping.columns.items()}
    named = table.rename(
        columns={
            column: theirs.get(str(column).strip().lower(), str(column).strip().lower())
            for column in table.columns
        }
    )
    if missing := [column for column in NEEDED[name] if column not in named]:
        raise DataUnusable(
            f"CRM {name} have no column {missing[0]}: name it so, or map it under crm.columns in policy.yaml."
        )
    return named


def _each(table: pd.DataFrame | None) -> Iterator[Row]:
    for row in [] if table is None else table.to_dict("records"):
        yield {
            name: None if value is None or (not isinstance(value, str) and pd.isna(value)) else value
            for name, value in row.items()
        }


def _contact(row: Row, mapping: CrmMapping) -> Row:
    created, qualified = _at(row.get("created_at")), _at(row.get("qualified_at"))
    email = _text(row.get("email"))
    return {
        "contact_id": str(row["contact_id"]), "company_id": _text(row.get("company_id")),
        **asdict(identity(email, _text(row.get("phone")), region=mapping.phone_region)),
        **contact_traits(row, OURS, mapping.traits), "stage": _text(row.get("stage")), "lead_at": _at(row.get("lead_at")) or qualified,
        "qualified_at": qualified, "is_test": is_like(email, mapping.test_emails), "owner_id": None, "merged_ids": None,
        "created_at": created, "updated_at": _at(row.get("updated_at")) or created,
    }  # fmt: skip


def _company(row: Row) -> Row:
    size, created = amount(row.get("employees")), _at(row.get("created_at"))
    return {
        "company_id": str(row["company_id"]), **company_traits(row, OURS), "country": category(row.get("country")),
        "employees": None if size is None else int(size), "created_at": created, "updated_at": _at(row.get("updated_at")) or created,
    }  # fmt: skip


def _touch(row: Row, mapping: CrmMapping) -> Row | None:
    at, channel = _at(row["touch_at"]), _text(row.get("channel"))
    seen = interests(_text(row.get("url")), mapping.traits)
    seen |= {name: value for name in seen if (value := category(row.get(name)))}
    visit = landing(_text(row.get("url"))) or (Landing(channel) if channel else None)
    if visit is None or at is None:
        return None
    told = {name: value for name in ("campaign_id", "ad_set_id") if (value := _text(row.get(name)))}
    return {"contact_id": str(row["contact_id"]), "touch_at": at, **asdict(visit), **seen} | told


def _deal(row: Row, mapping: CrmMapping, by_email: Mapping[str, str]) -> Row:
    """A row of raw/crm_deals, and under `contact` the person where only the order tells of them."""
    person = _contact(
        {"contact_id": "", **{k: row.get(k) for k in ("email", "phone", "country", "created_at")}}, mapping
    )
    hashed = person["email_sha256"]
    own = (
        _text(row.get("contact_id"))
        or by_email.get(hashed or "")
        or (f"email:{hashed[:32]}" if hashed else None)
    )
    created = _at(row["created_at"])
    is_order = _flag(row.get("is_order"), default="stage" not in row)
    is_won = _flag(row.get("is_won"), default=is_order)
    refunded = _flag(row.get("is_refunded"), default=_text(row.get("stage")) in mapping.refunded_stages)
    is_closed = is_won or _flag(row.get("is_closed"), default=is_order)
    return {
        "deal_id": str(row["deal_id"]), "contact_id": own, "company_id": _text(row.get("company_id")), "pipeline": _text(row.get("pipeline")),
        "stage": _text(row.get("stage")), "amount": amount(row.get(mapping.amount_field)), "currency": _text(row.get("currency")),
        "is_order": is_order, "is_closed": is_closed, "is_won": is_won and not refunded, "is_refunded": refunded, "owner_id": None,
        "created_at": created, "closed_at": (_at(row.get("closed_at")) or created) if is_closed else None, "updated_at": created,
        "contact": person | {"contact_id": own} if hashed and own else None,
    }  # fmt: skip


def _text(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _flag(value: Any, *, default: bool) -> bool:
    return default if value is None else str(value).strip().lower() in _TRUE


def _at(value: Any) -> datetime | None:
    """An instant in UTC; one without a zone is taken for UTC."""
    if value is None or str(value).strip() == "":
        return None
    found = pd.to_datetime(value, utc=True, errors="coerce")
    return None if pd.isna(found) else found.to_pydatetime().astimezone(UTC)
