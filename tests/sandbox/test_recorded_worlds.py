"""Worlds whose file switches on no effect deliver the bytes they delivered before the effects existed
(recorded digests).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime

import numpy as np
import pytest

from sandbox.clock import Clock
from sandbox.customers.customer_records import Bookkeeper
from sandbox.market import Market
from sandbox.report import METRICS
from sandbox.search_terms import term_days
from sandbox.world import Account, load_world

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
DELIVERY = {
    "kind": "c1a4239a31de190ac9390a0497a41ecc",
    "large": "9188d5544ec81a2aacf0383f071f00d4",
    "stress": "46d3937b510973792d474609f2a29315",
}
"""Every account of the world, ads by day: 40 days of `kind`, 4 of `large`, 1 of `stress`."""
DAYS = {"kind": date(2026, 10, 15), "large": date(2026, 11, 20), "stress": date(2026, 11, 22)}
SEARCH_TERMS = "f4c1b0c4f2dfad3304d8a1d0a0e2e5f2"
CUSTOMERS = "e625a2f7569542e0b9e2ab1b93d6efda"
TEXTS = "44f391fd762ce5e15e7bcb701eb5a1f7"


def _market(world: str) -> Market:
    return Market(load_world(world), Clock(NOW))


def _digest(parts: Iterator[bytes]) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.hexdigest()[:32]


def _delivery(market: Market, first_day: date) -> Iterator[bytes]:
    for account in market.world.accounts:
        for report in market.report(account, "ad", first_day, NOW.date()):
            for column in ("day", "campaign", "ad_set", "ad", *METRICS):
                yield getattr(report, column).tobytes()


def _search_terms(market: Market) -> Iterator[bytes]:
    for account in market.world.of("google_ads"):
        catalog = market.catalog(account)
        for report in market.report(account, "ad_set", date(2026, 11, 1), NOW.date()):
            rows = term_days(catalog, report)
            yield from (getattr(rows, field.name).tobytes() for field in fields(rows))


def _customers(market: Market) -> Iterator[bytes]:
    books = Bookkeeper(market).books()
    for table in (books.people, books.touches, books.funnel, books.repeats):
        for field in fields(table):
            yield np.ascontiguousarray(getattr(table, field.name)).tobytes()
    yield books.segment.tobytes()


def _texts(market: Market) -> Iterator[bytes]:
    def of_account(account: Account) -> Iterator[object]:
        catalog = market.catalog(account)
        yield catalog.campaigns.name
        yield catalog.ad_sets.name
        yield [catalog.texts(row) for row in range(len(catalog.ads.id))]
        yield [catalog.targeting(row) for row in range(len(catalog.ad_sets.id))]
        yield [catalog.searches(row) for row in range(len(catalog.ad_sets.id))]

    for account in market.world.accounts:
        yield from (repr(part).encode() for part in of_account(account))


@pytest.mark.parametrize("world", DELIVERY)
def test_delivery_without_new_effects_keeps_its_recorded_bytes(world: str) -> None:
    assert _digest(_delivery(_market(world), DAYS[world])) == DELIVERY[world]


def test_search_terms_without_new_effects_keep_their_recorded_bytes() -> None:
    assert _digest(_search_terms(_market("kind"))) == SEARCH_TERMS


def test_customers_without_new_effects_keep_their_recorded_bytes() -> None:
    assert _digest(_customers(_market("kind"))) == CUSTOMERS


def test_names_texts_and_targeting_without_new_effects_keep_their_recorded_bytes() -> None:
    assert _digest(_texts(_market("kind"))) == TEXTS
