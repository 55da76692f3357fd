"""Traits that a CRM would have of a sandbox world's customers on a morning, as columns of
segments/customer_features.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from sandbox.customers.contact_cards import Cards
from sandbox.customers.customer_records import Books
from sandbox.random_draws import Whole
from sandbox.segment_settings import OF_COMPANIES

OF_PEOPLE = ("region", "language", "use_case", "pain")
SEEN_BY_A_VISIT = ("content", "search_topic")


def traits(cards: Cards, books: Books, touches: pd.DataFrame, rows: Whole, *, now: float) -> pd.DataFrame:
    """A row per person of `rows`: customer_id, traits, first_channel, visits, may_advertise.

    Traits from a page or a search are known only of people with an observed tagged visit (a search: by
    Google).
    """
    of = books.traits
    person = rows.astype(str)
    frame = pd.DataFrame({"customer_id": person, "country": _each(rows, cards.country)})
    for name in OF_PEOPLE:
        frame[name] = _each(rows, lambda row, name=name: of.of_person(name, row))  # type: ignore[misc]
    company = [int(cards.company[row]) if cards.has_company[row] else None for row in rows]
    for name in OF_COMPANIES:
        frame[name] = [
            None if company_number is None else of.of_company(name, company_number)
            for company_number in company
        ]
    tagged = touches[touches["ad_set_id"].notna()]
    seen = {
        "content": set(tagged["person_id"]),
        "search_topic": set(tagged.loc[tagged["channel"] == "google_ads", "person_id"]),
    }
    for name in SEEN_BY_A_VISIT:
        levels = _each(rows, lambda row, name=name: of.of_person(name, row))  # type: ignore[misc]
        frame[name] = [
            level if who in seen[name] else None for level, who in zip(levels, person, strict=True)
        ]
    visits = touches.sort_values("touch_at").groupby("person_id")
    frame["first_channel"] = frame["customer_id"].map(visits["channel"].first())
    frame["visits"] = frame["customer_id"].map(visits.size()).astype(float)
    agreed = of.agreed[rows] & ~(of.unsubscribed_at[rows] <= now)
    frame["may_advertise"] = pd.array(agreed if of.ask_consent else [None] * len(rows), dtype="boolean")
    return frame


def _each(rows: Whole, ask: Callable[[int], str | None]) -> list[str | None]:
    return [ask(int(row)) for row in np.asarray(rows)]
