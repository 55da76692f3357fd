"""Traits and consent as HubSpot's properties: its standard ones, and `use_case` and `pain_point`, which an
account defines itself.
"""

from sandbox.customers.contact_cards import Cards
from sandbox.customers.customer_records import Books

AGREED, NOT_ASKED = "Freely given consent from contact", "Not applicable"


def contact_card(books: Books, cards: Cards, row: int) -> dict[str, str | None]:
    """A contact's properties that say what kind of customer it is."""
    of = books.traits.of_person
    return {
        "country": cards.country(row),
        "state": of("region", row),
        "hs_language": of("language", row),
        "use_case": of("use_case", row),
        "pain_point": of("pain", row),
        "hs_legal_basis": (
            (AGREED if books.traits.agreed[row] else NOT_ASKED) if books.traits.ask_consent else None
        ),
    }


def company_card(books: Books, row: int) -> dict[str, str | None]:
    """A company's properties, without its name."""
    traits = books.traits
    if not traits.are_known:
        industry = ("COMPUTER_SOFTWARE", "RETAIL", "BANKING")[row % 3]
        return {"industry": industry, "numberofemployees": str(10 * (1 + row % 50)), "country": "Germany"}
    size = traits.employees(row)
    return {
        "industry": traits.of_company("industry", row),
        "numberofemployees": None if size is None else str(size),
        "hs_ideal_customer_profile": traits.of_company("account_tier", row),
        "web_technologies": traits.of_company("technology", row),
    }
