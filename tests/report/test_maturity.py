"""What the page says of days that are still growing, and of accounts that were kept out."""

import pytest

from assets.report.page import render_dashboard
from assets.report.view import dashboard_view
from tests.report.frames import frames

EVIL = "Shop <b>: refused. Ad sets add up to 1 & their campaigns say 2"


def given(**more: object) -> dict:
    """Frames whose days are half visible."""
    found = frames(days=12)
    kpi = found["kpi_days"].assign(
        matured=0.5, conversions_projected=found["kpi_days"]["conversions"] * 2, conversions_low=1.0, conversions_high=900.0,
        conversion_value_projected=found["kpi_days"]["conversion_value"] * 2, conversion_value_low=2.0,
        conversion_value_high=9000.0,
    )  # fmt: skip
    return found | {"kpi_days": kpi} | more


def test_a_day_says_how_much_of_it_is_visible_and_where_it_will_end() -> None:
    view = dashboard_view(**given())
    tiles = {tile.metric.key: tile for tile in view.tiles}
    assert {key for key, tile in tiles.items() if tile.outlook} == {"conversions", "conversion_value", "roas"}
    for key in ("conversions", "conversion_value", "roas"):
        outlook, value = tiles[key].outlook, tiles[key].value
        assert outlook is not None
        assert value is not None
        assert (outlook.matured, outlook.projected) == (0.5, pytest.approx(2 * value))
    page = render_dashboard(view)
    assert page.count("50% matured: ends near") == 3
    assert "still growing" not in page.split('id="platforms"')[0]


def test_without_a_curve_the_page_says_only_that_it_still_grows() -> None:
    view = dashboard_view(**frames())
    assert all(tile.outlook is None for tile in view.tiles)
    page = render_dashboard(view)
    assert "matured: ends near" not in page
    assert "still growing" in page


def test_an_account_that_was_kept_out_is_named_with_what_to_do_and_cannot_run_anything() -> None:
    page = render_dashboard(dashboard_view(**given(kept_out=[EVIL], calls=["Google Ads 24 of 15,000"])))
    assert "Kept out: figures below are those read before." in page
    assert "Shop &lt;b&gt;: refused." in page
    assert "Shop <b>" not in page
    assert "Calls of the last 24 hours: Google Ads 24 of 15,000." in page
    assert "kept-out" not in render_dashboard(dashboard_view(**given()))
