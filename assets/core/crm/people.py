"""The CRM's records as people: one person however many records they have, their visits, and what came of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = ("lead", "qualified", "opportunity", "order")
ADDRESS_LETTERS = 32
"""Of the hashed address: enough to tell a person from any other."""


@dataclass(frozen=True)
class People:
    """`contacts` with a person_id each and without tests; `person_of` finds a person by source and record, merged ones included."""

    contacts: pd.DataFrame
    person_of: pd.Series
    tests: pd.Index


def people(contacts: pd.DataFrame) -> People:
    """Who is who: records with the same address are one person, and so are those that the CRM merged."""
    own = contacts["source"] + ":" + contacts["contact_id"]
    address = contacts["email_sha256"]
    person = ("p:" + address.str[:ADDRESS_LETTERS]).where(address.notna(), own)
    known = contacts.assign(person_id=person, record=own)
    merged = known.dropna(subset=["merged_ids"])
    losers = merged.assign(loser=merged["merged_ids"].str.split()).explode("loser")
    ids = pd.concat(
        [
            pd.Series(known["person_id"].to_numpy(), known["record"]),
            pd.Series(losers["person_id"].to_numpy(), losers["source"] + ":" + losers["loser"]),
        ]
    )
    is_test = known["is_test"].astype(bool)
    tests = pd.Index(known.loc[is_test, "person_id"].unique())
    return People(known[~known["person_id"].isin(tests)], ids[~ids.index.duplicated()], tests)


def touchpoints(found: People, touches: pd.DataFrame) -> pd.DataFrame:
    """Visits of people: person_id, touch_at, day, channel, campaign_id, ad_set_id, click_id_kind, funnel, source; each once."""
    person = (touches["source"] + ":" + touches["contact_id"]).map(found.person_of)
    kept = touches.assign(person_id=person)
    kept = kept[kept["person_id"].isin(found.contacts["person_id"])]
    leads = set(found.contacts.loc[found.contacts["lead_at"].notna(), "person_id"])
    kept = kept.assign(
        day=kept["touch_at"].dt.tz_convert("UTC").dt.date,
        funnel=np.where(kept["person_id"].isin(leads), "lead", "shop"),
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
        kept[columns]
        .drop_duplicates(subset=["person_id", "touch_at", "channel", "campaign_id", "ad_set_id"])
        .reset_index(drop=True)
    )


def outcomes(found: People, deals: pd.DataFrame, rates: pd.DataFrame, *, currency: str) -> pd.DataFrame:
    """Leads, qualified leads, opportunities and orders, without tests and refunds; a person is one lead, whose first time counts.

    Args:
        found: Who is who.
        deals: raw/crm_deals.
        rates: core/fx_rate: currency, day, rate. An amount without a rate has no value_reporting; it is never taken at one.
        currency: The reporting currency.
    """
    parts = [
        _first(found.contacts, "lead", "lead_at"),
        _first(found.contacts, "qualified", "qualified_at"),
        *_of_deals(found, deals),
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
            "kind": kind, "outcome_id": reached["person_id"], "person_id": reached["person_id"], "account": reached["company_id"],
            "at": reached[column], "is_shop": "deal", "value": np.nan, "value_currency": None,
        }
    )  # fmt: skip


def _of_deals(found: People, deals: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    own = deals.assign(
        person_id=(deals["source"] + ":" + deals["contact_id"].astype(object)).map(found.person_of)
    )
    own = own[~own["person_id"].isin(found.tests)]
    is_order, won = (
        own["is_order"].astype(bool),
        own["is_won"].astype(bool) & ~own["is_refunded"].astype(bool),
    )
    return _deal_rows(own[~is_order], "opportunity", "created_at"), _deal_rows(own[won], "order", "closed_at")


def _deal_rows(deals: pd.DataFrame, kind: str, column: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": kind, "outcome_id": deals["source"] + ":" + deals["deal_id"], "person_id": deals["person_id"], "account": deals["company_id"],
            "at": deals[column], "is_shop": np.where(deals["is_order"].astype(bool), "order", "deal"), "value": deals["amount"],
            "value_currency": deals["currency"],
        }
    )  # fmt: skip


def _in_reporting(rows: pd.DataFrame, rates: pd.DataFrame, *, currency: str) -> pd.Series:
    """Amounts at the rate of their own day; empty where there is none."""
    known = rates.assign(day=pd.to_datetime(rates["day"]).dt.date).set_index(["currency", "day"])["rate"]
    at = pd.MultiIndex.from_arrays([rows["value_currency"].astype(object), rows["day"]])
    rate = pd.Series(known[~known.index.duplicated()].reindex(at).to_numpy(dtype=float), rows.index)
    rate = rate.where(rows["value_currency"] != currency, 1.0)
    return rows["value"].astype(float) * rate
