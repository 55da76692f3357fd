"""What the page says of figures that are still growing, and of accounts that were kept out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from assets.reports.pages.metrics import reads
from assets.reports.pages.outlook import NEEDED, ProjectedFigure, outlooks
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import frames
from tests.reports.reading import columns, parsed

EVIL = "Shop <b>: refused. Ad sets add up to 1 & their campaigns say 2"
TABLES = ("kpi_days", "campaign_days", "ad_set_days")


def without_curve() -> dict[str, Any]:
    given = frames()
    return given | {name: given[name].drop(columns=list(NEEDED)) for name in TABLES}


def rows(**own: list[Any]) -> pd.DataFrame:
    """Rows of one thing: 10 conversions of 15, worth 100 of 150, give or take, unless `own` says otherwise."""
    plain = {
        "spend": 50.0, "conversions": 10.0, "conversion_value": 100.0, "matured": 2 / 3, "conversions_projected": 15.0,
        "conversions_low": 5.0, "conversions_high": 25.0, "conversion_value_projected": 150.0,
        "conversion_value_low": 50.0, "conversion_value_high": 250.0,
    }  # fmt: skip
    size = max((len(values) for values in own.values()), default=1)
    return pd.DataFrame({name: [value] * size for name, value in (plain | {"it": "it"}).items()} | own)


def said(outlook: ProjectedFigure, key: str) -> str:
    ends = (reads(value, key, "EUR") for value in (outlook.projected, outlook.low, outlook.high))
    return "→ {} ({}–{})".format(*ends)


def test_a_row_alone_keeps_its_range() -> None:
    (line,) = outlooks(rows(), ["it"]).to_dict("records")
    assert line["matured"] == pytest.approx(2 / 3)
    for name in ("conversions", "conversion_value"):
        assert [line[f"{name}_{end}"] for end in ("projected", "low", "high")] == pytest.approx(
            [rows()[f"{name}_{end}"][0] for end in ("projected", "low", "high")]
        )
    assert [line[f"roas_{end}"] for end in ("projected", "low", "high")] == pytest.approx([3.0, 1.0, 5.0])


def test_luck_evens_out_in_a_sum_and_a_shared_error_does_not() -> None:
    halves = [
        outlooks(rows(it=["it"] * n), ["it"]).eval("conversions_high - conversions_projected").item()
        for n in (1, 100)
    ]
    luck = 1.2816**2 * 5
    assert halves[1] == pytest.approx(np.sqrt(100 * luck + (100 * np.sqrt(10**2 - luck)) ** 2), rel=1e-4)
    assert 10 * halves[0] < halves[1] < 100 * halves[0]


def test_a_sum_of_which_a_part_has_no_projection_has_none() -> None:
    projected = outlooks(
        rows(it=["a", "a", "b"], conversions_projected=[15.0, np.nan, 15.0], conversions=[10.0, 10.0, 10.0]),
        ["it"],
    )
    assert projected.loc["a"].isna().all()
    assert projected.loc["b"].notna().all()


def test_a_week_is_matured_by_the_conversions_of_its_days() -> None:
    line = outlooks(rows(matured=[0.5, 1.0], conversions_projected=[30.0, 10.0]), ["it"]).iloc[0]
    assert line["matured"] == pytest.approx((0.5 * 30 + 1.0 * 10) / 40)


def test_nothing_spent_has_no_projected_roas_and_still_conversions() -> None:
    line = outlooks(rows(spend=[0.0]), ["it"]).iloc[0]
    assert np.isnan(line["roas_projected"])
    assert line["conversions_projected"] == 15.0


def test_every_claimed_figure_of_the_page_says_where_it_will_end() -> None:
    view = dashboard_view(DashboardInputs(**frames(days=12)))
    tiles = {tile.metric.key: tile for tile in view.tiles}
    assert {key for key, tile in tiles.items() if tile.outlook} == {"conversions", "conversion_value", "roas"}
    page = parsed(render_dashboard(view))
    assert page.text.count("28% matured: ends near") == 3
    for period in ("day", "week"):
        body = page.one("section", id="platforms").one("tbody", data_period=period)
        for row, rows in zip(body.all("tr"), view.platforms[period], strict=True):
            assert [small.text for small in row.all("small")] == [
                said(rows.outlooks[key], key) for key in ("conversions", "conversion_value", "roas")
            ]
    for figures_shown in (view.campaigns, view.ad_sets):
        section = page.one("section", id=f"{figures_shown.level}s")
        lines = section.one("tbody").all("tr")
        for line, row in zip(lines, figures_shown.rows, strict=True):
            assert [small.text for small in line.all("small")] == [
                said(row.outlooks[period][key], key)
                for period in ("day", "week")
                for key in ("conversions", "roas")
                if key in row.outlooks[period] and row.outlooks[period][key].high > 0
            ]
            matured = row.outlooks["day"].get("conversions")
            shown = line.children[columns(section.one("table"))["matured", "day"]].text
            assert shown == (f"{matured.matured:.0%}" if matured else "–")


def test_the_tables_agree_on_what_is_to_come() -> None:
    view = dashboard_view(DashboardInputs(**frames(days=12)))
    total = view.platforms["week"][-1].outlooks["conversions"].projected
    for projected in (view.campaigns, view.ad_sets):
        assert projected.everything["conversions_projected_week"].sum() == pytest.approx(total)


def test_without_a_curve_the_page_says_only_that_it_still_grows() -> None:
    view = dashboard_view(DashboardInputs(**without_curve()))
    assert all(tile.outlook is None for tile in view.tiles)
    page = render_dashboard(view)
    assert "matured: ends near" not in page
    assert "→ " not in page.split("<caption>")[0]
    assert "<small>→" not in page
    assert "still growing" in page


def test_an_account_that_was_kept_out_is_named_with_what_to_do_and_cannot_run_anything() -> None:
    page = render_dashboard(
        dashboard_view(DashboardInputs(**frames(days=12), kept_out=[EVIL], calls=["Google Ads 24 of 15,000"]))
    )
    assert "Kept out: figures below are those read before." in page
    assert "Shop &lt;b&gt;: refused." in page
    assert "Shop <b>" not in page
    assert "Calls of the last 24 hours: Google Ads 24 of 15,000." in page
    assert "kept-out" not in render_dashboard(dashboard_view(DashboardInputs(**frames(days=12))))
