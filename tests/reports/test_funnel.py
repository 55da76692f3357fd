"""The CRM's part of the page: the numbers, platforms beside the books, and nothing of it without a CRM."""

import re
from datetime import timedelta

import pandas as pd
import pytest

from assets.reports.pages.funnel import FunnelSection, funnel_of
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import AS_OF, frames


def days() -> pd.DataFrame:
    """Two days: one in the 28 days, one long before."""
    line = {"currency": "EUR", "leads": 4.0, "opportunities": 1.0, "orders": 12.0}
    rows = [
        {"channel": "google_ads", "spend": 100.0, "claimed_conversions": 20.0, "claimed_value": 400.0, "qualified": 2.0, "shop_orders": 6.0, "revenue": 250.0},
        {"channel": "meta_ads", "spend": 50.0, "claimed_conversions": 9.0, "claimed_value": 90.0, "qualified": 1.0, "shop_orders": 2.0, "revenue": 50.0},
        {"channel": "unattributed", "spend": None, "qualified": 1.0, "shop_orders": 1.0, "revenue": 50.0},
        {"channel": "paid", "spend": 150.0, "qualified": 3.5, "shop_orders": 9.0, "revenue": 340.0},
        {"channel": "all", "spend": 150.0, "qualified": 5.0, "shop_orders": 12.0, "revenue": 400.0},
    ]  # fmt: skip
    table = pd.DataFrame([line | row for row in rows]).assign(day=pd.Timestamp(AS_OF))
    table["qualified_low"] = table["qualified"].where(table["channel"] != "paid", 3.0)
    table["qualified_high"] = table["qualified"].where(table["channel"] != "paid", 4.0)
    table["revenue_low"] = table["revenue"].where(table["channel"] != "paid", 300.0)
    table["revenue_high"] = table["revenue"].where(table["channel"] != "paid", 350.0)
    return pd.concat(
        [table, table.assign(day=pd.Timestamp(AS_OF) - timedelta(days=28), revenue=1e9)], ignore_index=True
    )


def acquisition() -> pd.DataFrame:
    """28 and 90 days of all paid, one platform and two campaigns."""
    row = {
        "window_days": 28, "day": pd.Timestamp(AS_OF), "level": "platform", "channel": "google_ads", "campaign_id": None, "ad_set_id": None,
        "spend": 100.0, "claimed_conversions": 20.0, "booked": 10.0, "claim_inflation": 2.0, "claimed_roas": 4.0, "roas": 2.5,
        "roas_low": 2.0, "roas_high": 3.0, "qualified": 2.0, "cpql": 28.0, "cpql_low": 20.0, "cpql_high": 44.0, "matured": 0.5, "pipeline": 15.0,
        "pipeline_low": 9.0, "pipeline_high": 21.0, "payback_days": 12.0, "returned": 1.4, "payback_of": "margin",
    }  # fmt: skip
    campaign = row | {"level": "campaign", "campaign_id": "7", "payback_days": None, "returned": 0.4}
    paid = row | {
        "level": "paid",
        "channel": "paid",
        "cpql": 30.0,
        "cpql_low": 25.0,
        "cpql_high": 40.0,
        "pipeline": 22.0,
    }
    return pd.DataFrame(
        [
            paid,
            paid | {"window_days": 90, "cpql": 999.0},
            row,
            campaign,
            campaign | {"campaign_id": "8", "spend": 400.0},
        ]
    )


NAMES = pd.DataFrame(
    [{"platform": "google_ads", "level": "campaign", "entity_id": "7", "name": "Brand <DE>"}]
)


def found() -> FunnelSection:
    section = funnel_of(days(), acquisition(), NAMES, as_of=AS_OF)
    assert section is not None
    return section


def test_the_numbers_are_those_of_the_28_days() -> None:
    tiles = {tile.key: tile for tile in found().tiles}
    assert (
        tiles["blended_roas"].value,
        tiles["blended_roas"].low,
        tiles["blended_roas"].high,
    ) == pytest.approx((340 / 150, 2.0, 350 / 150))
    assert (tiles["cpql"].value, tiles["cpql"].low, tiles["cpql"].high) == (30.0, 25.0, 40.0)
    assert (tiles["qualified"].value, tiles["qualified"].low, tiles["qualified"].high) == (3.5, 3.0, 4.0)
    assert (tiles["pipeline"].value, tiles["pipeline"].low, tiles["pipeline"].high) == (22.0, 9.0, 21.0)
    assert found().unattributed == 0.125


def test_a_platforms_claims_stand_beside_its_books_and_all_together_claim_nothing() -> None:
    rows = {row.channel: row for row in found().rows}
    google = rows["google_ads"]
    assert (google.claimed_roas, google.booked_roas, google.inflation, google.pipeline) == (
        4.0,
        2.5,
        2.0,
        15.0,
    )
    assert rows["paid"].claimed_conversions is None
    assert rows["paid"].claimed_roas is None
    assert rows["paid"].inflation is None
    assert rows["meta_ads"].cpql is None


def test_campaigns_are_shown_by_what_they_cost_and_with_how_soon_it_is_back() -> None:
    assert [(row.label, row.spend, row.payback_days) for row in found().campaigns] == [
        ("8", 400.0, None),
        ("Brand <DE>", 100.0, None),
    ]
    page = render_dashboard(dashboard_view(DashboardInputs(**frames(), funnel=found())))
    part = page[page.index('id="funnel"') :]
    assert part.count("data-funnel-campaign") == 2
    assert "Brand &lt;DE&gt;" in part
    assert "12 days" in part
    assert "not in 90 days<small>40%" in part
    assert all(f"means-{key}" in page for key in ("cpql", "payback", "roas_booked", "blended_roas"))


def test_a_page_of_another_day_shows_no_cohorts_of_today() -> None:
    section = funnel_of(
        days(), acquisition().assign(day=pd.Timestamp(AS_OF) + timedelta(days=1)), NAMES, as_of=AS_OF
    )
    assert section is not None
    assert section.campaigns == ()
    assert {tile.key: tile.value is None for tile in section.tiles} == {
        "blended_roas": False,
        "cpql": True,
        "qualified": False,
        "pipeline": True,
    }


def test_the_page_shows_them_and_is_without_them_where_there_is_no_crm() -> None:
    page = render_dashboard(dashboard_view(DashboardInputs(**frames(), funnel=found())))
    assert re.findall(r'data-funnel="(\w+)"', page) == ["blended_roas", "cpql", "qualified", "pipeline"]
    assert re.findall(r'data-funnel-row="(\w+)"', page) == ["google_ads", "meta_ads", "paid"]
    assert "From clicks to pipeline" in page
    assert 'href="#funnel"' in page
    bare = render_dashboard(dashboard_view(DashboardInputs(**frames())))
    assert "funnel" not in bare
    assert funnel_of(days().iloc[:0], acquisition(), NAMES, as_of=AS_OF) is None


def test_a_crm_that_knows_only_spend_leaves_the_rest_empty() -> None:
    section = funnel_of(days(), acquisition().iloc[:0], NAMES, as_of=AS_OF)
    assert section is not None
    assert {tile.key: tile.value for tile in section.tiles}["cpql"] is None
    assert {tile.key: tile.value for tile in section.tiles}["pipeline"] is None
