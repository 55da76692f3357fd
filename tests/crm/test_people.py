"""Who is who: records of one address and merged records are one person, tests are nobody, amounts are
worth what their day says.
"""

from datetime import UTC, datetime

import pandas as pd
import pytest

from assets.core.crm.funnel_day import PLATFORMS, credit, funnel_days, lead_clicks, shares
from assets.core.crm.people import outcomes, people, touchpoints

AT = datetime(2026, 11, 5, 12, tzinfo=UTC)
CONTACTS = pd.DataFrame(
    [
        {
            "contact_id": "1",
            "email_sha256": "a" * 64,
            "merged_ids": "8 9",
            "is_test": False,
            "lead_at": AT,
            "qualified_at": None,
        },
        {
            "contact_id": "2",
            "email_sha256": "a" * 64,
            "merged_ids": None,
            "is_test": False,
            "lead_at": AT.replace(day=3),
            "qualified_at": AT,
        },
        {
            "contact_id": "3",
            "email_sha256": None,
            "merged_ids": None,
            "is_test": False,
            "lead_at": None,
            "qualified_at": None,
        },
        {
            "contact_id": "4",
            "email_sha256": "t" * 64,
            "merged_ids": None,
            "is_test": True,
            "lead_at": AT,
            "qualified_at": AT,
        },
    ]
).assign(source="hubspot", company_id="c1")
DEALS = pd.DataFrame(
    [
        {
            "deal_id": "d1",
            "contact_id": "9",
            "amount": 100.0,
            "currency": "USD",
            "is_order": True,
            "is_won": True,
            "is_refunded": False,
        },
        {
            "deal_id": "d2",
            "contact_id": "3",
            "amount": 50.0,
            "currency": "EUR",
            "is_order": True,
            "is_won": False,
            "is_refunded": True,
        },
        {
            "deal_id": "d3",
            "contact_id": "4",
            "amount": 70.0,
            "currency": "EUR",
            "is_order": True,
            "is_won": True,
            "is_refunded": False,
        },
        {
            "deal_id": "d4",
            "contact_id": None,
            "amount": 30.0,
            "currency": "GBP",
            "is_order": False,
            "is_won": True,
            "is_refunded": False,
        },
    ]
).assign(source="hubspot", company_id=None, created_at=AT, closed_at=AT)
RATES = pd.DataFrame({"currency": ["USD", "USD"], "day": ["2026-11-05", "2026-11-06"], "rate": [0.9, 5.0]})
TOUCHES = pd.DataFrame(
    [
        {
            "contact_id": "1",
            "touch_at": AT.replace(day=1),
            "channel": "meta_ads",
            "campaign_id": "m",
            "ad_set_id": None,
        },
        {
            "contact_id": "8",
            "touch_at": AT.replace(day=2),
            "channel": "google_ads",
            "campaign_id": "g",
            "ad_set_id": "s",
        },
        {
            "contact_id": "2",
            "touch_at": AT.replace(day=2, hour=13),
            "channel": "direct",
            "campaign_id": None,
            "ad_set_id": None,
        },
        {"contact_id": "4", "touch_at": AT, "channel": "google_ads", "campaign_id": "g", "ad_set_id": "s"},
        {"contact_id": "gone", "touch_at": AT, "channel": "google_ads", "campaign_id": "g", "ad_set_id": "s"},
    ]
).assign(source="hubspot", click_id_kind=None)


def every() -> tuple[pd.DataFrame, pd.DataFrame]:
    who = people(CONTACTS)
    return touchpoints(who, TOUCHES), outcomes(who, DEALS, RATES, currency="EUR")


def test_records_of_one_address_and_merged_ones_are_one_person_and_one_lead() -> None:
    _, ends = every()
    leads = ends[ends["kind"] == "lead"]
    assert leads["person_id"].tolist() == ["p:" + "a" * 32]
    assert leads["at"].tolist() == [AT.replace(day=3)]
    assert (ends["kind"] == "qualified").sum() == 1


def test_refunds_and_tests_are_no_orders_and_an_order_of_nobody_is_one() -> None:
    _, ends = every()
    orders = ends[ends["kind"] == "order"].set_index("outcome_id")
    assert set(orders.index) == {"hubspot:d1", "hubspot:d4"}
    assert orders.loc["hubspot:d1", "person_id"] == "p:" + "a" * 32
    assert pd.isna(orders.loc["hubspot:d4", "person_id"])


def test_amounts_are_worth_the_rate_of_their_day_and_nothing_without_one() -> None:
    _, ends = every()
    worth = ends[ends["kind"] == "order"].set_index("outcome_id")["value_reporting"]
    assert worth["hubspot:d1"] == pytest.approx(90.0)
    assert pd.isna(worth["hubspot:d4"])


def test_touches_follow_the_person_and_those_of_nobody_and_of_tests_are_left_out() -> None:
    visits, _ = every()
    assert sorted(visits["channel"]) == ["direct", "google_ads", "meta_ads"]
    assert set(visits["person_id"]) == {"p:" + "a" * 32}
    assert set(visits["funnel"]) == {"lead"}


def test_a_lead_costs_the_last_paid_click_before_it() -> None:
    (lead,) = lead_clicks(*every()).to_dict("records")
    assert (lead["channel"], lead["click_at"]) == ("google_ads", AT.replace(day=2))
    assert lead["qualified_at"] == AT


def test_claims_of_platforms_are_in_no_sum_and_books_are() -> None:
    visits, ends = every()
    credited = credit(shares(visits, ends, model="linear", window_days=90))
    kpi = pd.DataFrame(
        [
            {"platform": name, "day": AT.date(), "spend": 10.0, "conversions": 7.0, "conversion_value": 70.0}
            for name in (*PLATFORMS, "all")
        ]
    )
    rows = funnel_days(
        credited, kpi, model="linear", start=AT.date().replace(day=1), end=AT.date(), currency="EUR"
    )
    rows = rows[rows["day"] == AT.date()].set_index("channel")
    assert rows.loc[list(PLATFORMS), "claimed_conversions"].tolist() == [7.0] * 3
    assert rows.loc[["paid", "all"], ["claimed_conversions", "claimed_value"]].isna().all().all()
    assert rows.loc["all", "orders"] == 2
    assert rows.loc["google_ads", "revenue"] == pytest.approx(30.0)
    assert rows.loc["paid", "revenue_low"] == pytest.approx(60.0)
    assert rows.loc["unattributed", "orders"] == 1


def test_an_order_is_a_repeat_where_nobody_came_since_the_one_before() -> None:
    days = {"first": 5, "again": 9, "after a visit": 15}
    visits = pd.DataFrame(
        [{"person_id": "a", "touch_at": AT.replace(day=day), "channel": "meta_ads"} for day in (2, 12)]
    )
    ends = pd.DataFrame(
        [
            {
                "kind": "order",
                "outcome_id": name,
                "person_id": "a",
                "at": AT.replace(day=day),
                "value_reporting": 10.0,
                "is_shop": "order",
            }
            for name, day in days.items()
        ]
    )
    shares_of_orders = shares(
        visits.assign(campaign_id=None, ad_set_id=None), ends, model="linear", window_days=90
    )
    shares_of_orders = (
        shares_of_orders[shares_of_orders["model"] == "linear"]
        .drop_duplicates("outcome_id")
        .set_index("outcome_id")["is_shop"]
    )
    assert shares_of_orders.to_dict() == {"first": "order", "again": "repeat", "after a visit": "order"}
