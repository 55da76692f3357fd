"""CRM records united into people, with their visits and outcomes."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = ("lead", "qualified", "opportunity", "order")
ADDRESS_LETTERS = 32
"""Of the hashed address: enough to identify a person."""


@dataclass(frozen=True)
class PersonIndex:
    """`contacts` with a person_id each and without tests; `person_of` maps source and record to people,
    merged ones included.
    """

    contacts: pd.DataFrame
    person_of: pd.Series
    tests: pd.Index


def people(contacts: pd.DataFrame) -> PersonIndex:
    """Identity resolution: records with the same address are one person, and so are those that the CRM
    merged.
    """
    record = contacts["source"] + ":" + contacts["contact_id"]
    address = contacts["email_sha256"]
    person = ("p:" + address.str[:ADDRESS_LETTERS]).where(address.notna(), record)
    contacts_of_people = contacts.assign(person_id=person, record=record)
    merged = contacts_of_people.dropna(subset=["merged_ids"])
    losers = merged.assign(loser=merged["merged_ids"].str.split()).explode("loser")
    ids = pd.concat(
        [
            pd.Series(contacts_of_people["person_id"].to_numpy(), contacts_of_people["record"]),
            pd.Series(losers["person_id"].to_numpy(), losers["source"] + ":" + losers["loser"]),
        ]
    )
    is_test = contacts_of_people["is_test"].astype(bool)
    tests = pd.Index(contacts_of_people.loc[is_test, "person_id"].unique())
    return PersonIndex(
        contacts_of_people[~contacts_of_people["person_id"].isin(tests)], ids[~ids.index.duplicated()], tests
    )


def touchpoints(index: PersonIndex, touches: pd.DataFrame) -> pd.DataFrame:
    """Visits of people: person_id, touch_at, day, channel, campaign_id, ad_set_id, click_id_kind, funnel,
    source; each once.
    """
    person = (touches["source"] + ":" + touches["contact_id"]).map(index.person_of)
    visits = touches.assign(person_id=person)
    visits = visits[visits["person_id"].isin(index.contacts["person_id"])]
    leads = set(index.contacts.loc[index.contacts["lead_at"].notna(), "person_id"])
    visits = visits.assign(
        day=visits["touch_at"].dt.tz_convert("UTC").dt.date,
        funnel=np.where(visits["person_id"].isin(leads), "lead", "shop"),
    )
    columns = [
        "person_id",
        "touch_at",
        "day",
        "channel",
        "campaign_id",
        "ad_set_id",
        "click_id_kind",
        "funnel",
        "source",
    ]
    return (
        visits[columns]
        .drop_duplicates(subset=["person_id", "touch_at", "channel", "campaign_id", "ad_set_id"])
        .reset_index(drop=True)
    )


def outcomes(index: PersonIndex, deals: pd.DataFrame, rates: pd.DataFrame, *, currency: str) -> pd.DataFrame:
    """Leads, qualified leads, opportunities and orders, without tests and refunds; a person is one lead, at
    its first time.

    Args:
        index: People and their records.
        deals: raw/crm_deals.
        rates: core/fx_rate: currency, day, rate. An amount without a rate has no value_reporting; it is never
            taken at 1.
        currency: The reporting currency.
    """
    parts = [
        _first(index.contacts, "lead", "lead_at"),
        _first(index.contacts, "qualified", "qualified_at"),
        *_of_deals(index, deals),
    ]
    every = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    every["at"] = pd.to_datetime(every["at"], utc=True)
    every = every.dropna(subset=["at"])
    every["day"] = every["at"].dt.date
    return every.assign(value_reporting=_in_reporting(every, rates, currency=currency)).reset_index(drop=True)


def _first(contacts: pd.DataFrame, kind: str, column: str) -> pd.DataFrame:
    reached = contacts.dropna(subset=[column]).sort_values(column).drop_duplicates("person_id")
    return pd.DataFrame(
        {
            "kind": kind,
            "outcome_id": reached["person_id"],
            "person_id": reached["person_id"],
            "account": reached["company_id"],
            "at": reached[column],
            "is_shop": "deal",
            "value": np.nan,
            "value_currency": None,
        }
    )


def _of_deals(index: PersonIndex, deals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    deals_of_people = deals.assign(
        person_id=(deals["source"] + ":" + deals["contact_id"].astype(object)).map(index.person_of)
    )
    deals_of_people = deals_of_people[~deals_of_people["person_id"].isin(index.tests)]
    is_order, won = (
        deals_of_people["is_order"].astype(bool),
        deals_of_people["is_won"].astype(bool) & ~deals_of_people["is_refunded"].astype(bool),
    )
    return _deal_rows(deals_of_people[~is_order], "opportunity", "created_at"), _deal_rows(
        deals_of_people[won], "order", "closed_at"
    )


def _deal_rows(deals: pd.DataFrame, kind: str, column: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": kind,
            "outcome_id": deals["source"] + ":" + deals["deal_id"],
            "person_id": deals["person_id"],
            "account": deals["company_id"],
            "at": deals[column],
            "is_shop": np.where(deals["is_order"].astype(bool), "order", "deal"),
            "value": deals["amount"],
            "value_currency": deals["currency"],
        }
    )


def _in_reporting(rows: pd.DataFrame, rates: pd.DataFrame, *, currency: str) -> pd.Series:
    """Amounts at the rate of their own day; empty where there is none."""
    rate_of_day = rates.assign(day=pd.to_datetime(rates["day"]).dt.date).set_index(["currency", "day"])[
        "rate"
    ]
    at = pd.MultiIndex.from_arrays([rows["value_currency"].astype(object), rows["day"]])
    rate = pd.Series(
        rate_of_day[~rate_of_day.index.duplicated()].reindex(at).to_numpy(dtype=float), rows.index
    )
    rate = rate.where(rows["value_currency"] != currency, 1.0)
    return rows["value"].astype(float) * rate
