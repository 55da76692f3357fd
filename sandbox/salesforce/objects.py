"""The books as Salesforce objects: leads and contacts, accounts, opportunities with their history, as they
stand at an instant.

Leads that qualify are converted: the contact they become carries the opportunity. Buyers are contacts from
the start. A merged or deleted record stays to be seen by `queryAll`, marked as deleted.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sandbox.customer_settings import STAGES
from sandbox.hubspot.objects import Holdings
from sandbox.salesforce.soql import Row
from sandbox.salesforce.traits import company_card, contact_card

LABELS = (
    "Prospecting",
    "Qualification",
    "Needs Analysis",
    "Proposal/Price Quote",
    "Negotiation/Review",
    "Closed Won",
    "Closed Lost",
)


_PERSON = (
    "Id",
    "IsDeleted",
    "MasterRecordId",
    "CreatedDate",
    "SystemModstamp",
    "FirstName",
    "LastName",
    "Email",
    "Phone",
    "LeadSource",
    "Landing_Page__c",
    "OwnerId",
    "Language__c",
    "Use_Case__c",
    "Pain__c",
    "Consent__c",
    "HasOptedOutOfEmail",
)
FIELDS: dict[str, tuple[str, ...]] = {
    "Lead": (
        *_PERSON,
        "Country",
        "State",
        "Company",
        "Status",
        "IsConverted",
        "ConvertedDate",
        "ConvertedContactId",
        "ConvertedAccountId",
    ),
    "Contact": (*_PERSON, "MailingCountry", "MailingState", "AccountId"),
    "Account": (
        "Id",
        "IsDeleted",
        "MasterRecordId",
        "CreatedDate",
        "SystemModstamp",
        "Name",
        "Industry",
        "NumberOfEmployees",
        "BillingCountry",
        "Tier__c",
        "Technology__c",
    ),
    "Opportunity": (
        "Id",
        "IsDeleted",
        "Name",
        "StageName",
        "Amount",
        "CurrencyIsoCode",
        "CloseDate",
        "IsClosed",
        "IsWon",
        "AccountId",
        "OwnerId",
        "CreatedDate",
        "SystemModstamp",
        "Type",
    ),
    "OpportunityHistory": ("Id", "OpportunityId", "StageName", "IsDeleted", "CreatedDate", "SystemModstamp"),
    "OpportunityContactRole": (
        "Id",
        "OpportunityId",
        "ContactId",
        "IsPrimary",
        "IsDeleted",
        "CreatedDate",
        "SystemModstamp",
    ),
    "OpportunityStage": (
        "Id",
        "IsDeleted",
        "MasterLabel",
        "SortOrder",
        "DefaultProbability",
        "IsClosed",
        "IsWon",
    ),
}
"""Fields of every object that is served."""


def rows(holdings: Holdings, name: str) -> list[Row] | None:
    """Every row of an object, deleted ones included; None where there is no such object."""
    created: dict[str, Callable[[Holdings], Iterator[Row]]] = {
        "Lead": _leads,
        "Contact": _contacts,
        "Account": _accounts,
        "Opportunity": _opportunities,
        "OpportunityHistory": _history,
        "OpportunityContactRole": _roles,
        "OpportunityStage": _stage_list,
    }
    return list(created[name](holdings)) if name in created else None


def sf_id(prefix: str, number: int) -> str:
    """An id of fifteen characters: three for the kind, twelve for the record."""
    digits = ""
    for _ in range(12):
        number, last = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[last] + digits
    return prefix + digits


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _people(holdings: Holdings, prefix: str, *, sells: bool) -> Iterator[tuple[int, bool, Row]]:
    shelf, cards, now = holdings.contacts, holdings.cards, holdings.now
    for at in np.flatnonzero(shelf.created <= now):
        row, second = int(shelf.row[at]), bool(shelf.is_second[at])
        if bool(holdings.books.people.sells[row]) is not sells:
            continue
        first, last = cards.name(row)
        merged, gone = bool(shelf.merged[at] <= now), bool(min(shelf.merged[at], shelf.archived[at]) <= now)
        touches = [
            n
            for n in holdings.books.touches_of(row)
            if not (holdings.books.touches.is_lost[n] or holdings.books.touches.is_form[n])
            and holdings.books.touches.at[n] <= now
        ]
        modified = min(shelf.merged[at], shelf.archived[at]) if gone else shelf.modified[at]
        yield (
            row,
            second,
            {
                "Id": sf_id(prefix, int(shelf.id[at])),
                "IsDeleted": gone,
                "MasterRecordId": sf_id(prefix, int(cards.contact_id[row])) if merged else None,
                "CreatedDate": _instant(float(shelf.created[at])),
                "SystemModstamp": _instant(float(modified)),
                "FirstName": first,
                "LastName": last,
                "Email": cards.email(row, second=second),
                "Phone": cards.phone(row),
                "LeadSource": "Web" if touches else "Other",
                "Landing_Page__c": cards.url(touches[-1]) if touches else None,
                "OwnerId": sf_id("005", int(cards.owner[row])),
                **contact_card(holdings, row, prefix),
            },
        )


def _leads(holdings: Holdings) -> Iterator[Row]:
    f, now = holdings.books.funnel, holdings.now
    for row, second, shown in _people(holdings, "00Q", sells=False):
        qualified = bool(f.qualified_at[row] <= now) and not second
        contact = sf_id("003", int(holdings.cards.contact_id[row])) if qualified else None
        company = holdings.cards.company_id(row)
        yield shown | {
            "Company": f"Company {company}",
            "Status": "Qualified" if qualified else "Open - Not Contacted",
            "IsConverted": qualified,
            "ConvertedDate": _day(float(f.qualified_at[row])) if qualified else None,
            "ConvertedContactId": contact,
            "ConvertedAccountId": sf_id("001", company) if qualified and company else None,
        }


def _contacts(holdings: Holdings) -> Iterator[Row]:
    for row, _, shown in _people(holdings, "003", sells=True):
        yield shown | {"AccountId": _account(holdings, row)}
    for row, second, shown in _people(holdings, "003", sells=False):
        at = holdings.books.funnel.qualified_at[row]
        if at <= holdings.now and not second:
            yield shown | {"AccountId": _account(holdings, row), "CreatedDate": _instant(float(at))}


def _account(holdings: Holdings, row: int) -> str | None:
    company = holdings.cards.company_id(row)
    return sf_id("001", company) if company else None


def _accounts(holdings: Holdings) -> Iterator[Row]:
    shelf = holdings.companies
    for id_, row, created in zip(shelf.id, shelf.row, shelf.created, strict=True):
        at = _instant(float(created))
        yield {
            "Id": sf_id("001", int(id_)),
            "IsDeleted": False,
            "MasterRecordId": None,
            "CreatedDate": at,
            "SystemModstamp": at,
            "Name": f"Company {id_}",
            **company_card(holdings, int(row)),
        }


def _stages(holdings: Holdings, row: int) -> list[tuple[float, str]]:
    """Instants at which an opportunity entered its stages, oldest first."""
    f, again = holdings.books.funnel, holdings.repeat(row)
    if again is not None:
        return [(float(holdings.books.repeats.at[again]), "Closed Won")]
    if holdings.books.people.sells[row]:
        past = [(float(f.order_at[row]), "Closed Won"), (float(f.refunded_at[row]), "Closed Lost")]
    else:
        past = sorted(zip(map(float, f.stage_at[row]), LABELS, strict=True))
    return [(at, stage) for at, stage in past if at <= holdings.now]


def _each_deal(holdings: Holdings) -> Iterator[tuple[int, int, str, Any]]:
    shelf = holdings.deals
    for at in np.flatnonzero(shelf.created <= holdings.now):
        yield int(at), int(shelf.row[at]), sf_id("006", int(shelf.id[at])), shelf


def _opportunities(holdings: Holdings) -> Iterator[Row]:
    people, cards = holdings.books.people, holdings.cards
    for at, deal, own_id, shelf in _each_deal(holdings):
        stage_at, stage = _stages(holdings, deal)[-1]
        row, amount = holdings.owner_of_deal(deal), holdings.worth(deal)
        gone = bool(shelf.archived[at] <= holdings.now)
        yield {
            "Id": own_id,
            "IsDeleted": gone,
            "Name": f"Deal {at}",
            "StageName": stage,
            "Amount": amount,
            "CurrencyIsoCode": holdings.world.accounts[int(people.account[row])].currency,
            "CloseDate": _day(stage_at),
            "IsClosed": stage.startswith("Closed"),
            "IsWon": stage == "Closed Won",
            "AccountId": _account(holdings, row),
            "OwnerId": sf_id("005", int(cards.owner[row])),
            "CreatedDate": _instant(float(shelf.created[at])),
            "SystemModstamp": _instant(float((shelf.archived if gone else shelf.modified)[at])),
            "Type": "Order" if people.sells[row] else "New Business",
        }


def _history(holdings: Holdings) -> Iterator[Row]:
    for at, row, own_id, _ in _each_deal(holdings):
        for nth, (when, stage) in enumerate(_stages(holdings, row)):
            yield {
                "Id": sf_id("008", at * (len(STAGES) + 2) + nth),
                "OpportunityId": own_id,
                "StageName": stage,
                "IsDeleted": False,
                "CreatedDate": _instant(when),
                "SystemModstamp": _instant(when),
            }


def _roles(holdings: Holdings) -> Iterator[Row]:
    for at, deal, own_id, shelf in _each_deal(holdings):
        when, row = _instant(float(shelf.created[at])), holdings.owner_of_deal(deal)
        yield {
            "Id": sf_id("00K", at),
            "OpportunityId": own_id,
            "ContactId": sf_id("003", int(holdings.cards.contact_id[row])),
            "IsPrimary": True,
            "IsDeleted": False,
            "CreatedDate": when,
            "SystemModstamp": when,
        }


def _stage_list(_: Holdings) -> Iterator[Row]:
    for number, label in enumerate(LABELS):
        yield {
            "Id": sf_id("01J", number),
            "IsDeleted": False,
            "MasterLabel": label,
            "SortOrder": number + 1,
            "DefaultProbability": (10, 20, 40, 60, 90, 100, 0)[number],
            "IsClosed": label.startswith("Closed"),
            "IsWon": label == "Closed Won",
        }
