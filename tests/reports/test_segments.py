"""Customer segments on the page: those that hold, those that expired, and nothing without cards."""

import json
from datetime import date
from typing import Any

import pandas as pd

from assets.reports.pages.page import render_dashboard
from assets.reports.pages.segments import segments_of
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import AS_OF, frames
from tests.reports.reading import parsed


def cards(as_of: date, **columns: object) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "day": pd.Timestamp(as_of), "segment_id": ["de-repeat", "rest", "odd"], "segment": ["Repeat buyers in <DE>", "Others", "Odd"], "priority": [1, 2, 3],
            "rule": "orders from 2", "people": [1200, 300, 20], "share": [0.6, 0.15, 0.01], "value_mean": [410.5, None, 3.0], "about": "", "channels": ["google_ads 60%", None, None],
            "action": "Bid more.", "state": ["active", "expired", "refused"], "why": [None, "it drifted", "too few"],
            "tests": json.dumps({"jaccard": {"value": 0.91, "needs": 0.75, "passed": True}, "drift": {"value": 0.3, "needs": 0.2, "passed": False}}), "drift": [0.01, 0.3, None],
        }
    )  # fmt: skip
    return rows.assign(**columns)


def page_of(given: pd.DataFrame) -> Any:
    view = dashboard_view(DashboardInputs(**frames(days=10), segments=segments_of(given, as_of=AS_OF)))
    return parsed(render_dashboard(view))


def test_segments_that_hold_and_that_expired_are_shown_and_refused_ones_counted() -> None:
    section = page_of(cards(AS_OF)).one("section", id="segments")
    rows = section.all("tbody")[0].all("tr")
    assert [row.attributes["data-segment"] for row in rows] == ["de-repeat", "rest"]
    assert "Repeat buyers in <DE>" in rows[0].text
    assert "Stop aiming at it: it drifted" in rows[1].text
    assert "1 group failed a test" in section.text
    assert "60% of customers" in section.text
    tests = section.one("details").one("tbody").all("tr")
    assert [row.all("td")[0].text.split() for row in tests] == [
        ["✓", "holds", "0.91", "asked", "0.75"],
        ["✗", "fails", "0.3", "asked", "0.2"],
        ["0.01"],
    ]


def test_no_segment_is_said_and_no_cards_are_absent() -> None:
    assert (
        "No group of customers" in page_of(cards(AS_OF, state="refused")).one("section", id="segments").text
    )
    assert not page_of(pd.DataFrame()).all("section", id="segments")
