"""Traits and consent as Salesforce's fields: its standard ones, and those with __c, which an organisation
defines itself.
"""

from typing import Any

from sandbox.hubspot.objects import Holdings


def contact_card(holdings: Holdings, row: int, prefix: str) -> dict[str, Any]:
    """Fields of a lead or contact that say what kind of customer it is."""
    traits, where = holdings.books.traits, "" if prefix == "00Q" else "Mailing"
    of, requested = traits.of_person, traits.ask_consent
    return {
        f"{where}Country": of("country", row),
        f"{where}State": of("region", row),
        "Language__c": of("language", row),
        "Use_Case__c": of("use_case", row),
        "Pain__c": of("pain", row),
        "Consent__c": bool(traits.agreed[row]) if requested else None,
        "HasOptedOutOfEmail": bool(traits.unsubscribed_at[row] <= holdings.now),
    }


def company_card(holdings: Holdings, row: int) -> dict[str, Any]:
    """Fields of an account, without its name."""
    traits = holdings.books.traits
    available = (
        {"Industry": traits.of_company("industry", row), "NumberOfEmployees": traits.employees(row)}
        if traits.are_known
        else {"Industry": "Technology", "NumberOfEmployees": 50}
    )
    return available | {
        "BillingCountry": None,
        "Tier__c": traits.of_company("account_tier", row),
        "Technology__c": traits.of_company("technology", row),
    }
