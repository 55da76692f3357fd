"""The CSV files beside the page: every campaign and ad set, no formula in any cell, linked by their names."""

import csv
import io

import pytest

from assets.reports.pages.export import csv_files
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import frames
from tests.reports.reading import parsed
from tests.reports.test_page import NASTY


def test_the_csv_has_every_ad_set_and_no_formula() -> None:
    view = dashboard_view(
        DashboardInputs(
            **frames(
                ad_sets=400, days=8, names={1: NASTY[1], 2: "@SUM(A1)", 3: " -1+1", 4: 'a "quoted", name'}
            )
        )
    )
    text = csv_files(view)["daily_dashboard_2026-11-22_ad_sets.csv"]
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 400
    names = {row["name"] for row in rows}
    assert {"'" + NASTY[1], "'@SUM(A1)", "' -1+1", 'a "quoted", name'} <= names
    spent = view.ad_sets.everything["spend_reporting_week"]
    assert [float(row["spend_reporting_week"]) for row in rows] == pytest.approx(spent.tolist(), rel=1e-8)


def test_the_page_links_to_the_csv_files_by_their_names() -> None:
    view = dashboard_view(DashboardInputs(**frames(ad_sets=12, days=10)))
    page = parsed(render_dashboard(view))
    links = {link.attributes["href"] for link in page.all("a") if "download" in link.attributes}
    assert links == set(csv_files(view))
