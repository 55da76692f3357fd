"""The weekly report: three forms with the asset's own numbers, and the page in a real browser."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from assets.formatting import numbers
from assets.reports.pages.pacing import PacingView, pacing_view
from assets.reports.pages.weekly import render_weekly, weekly_csv, weekly_text
from assets.signals.pacing.month import month
from assets.signals.pacing.verdicts import pacing_rows
from resources.policy.budgets import Budgets
from resources.policy.pacing import Pacing
from tests.pacing.conftest import campaign_days, entities
from tests.reports.page_script import CUT_OFF, LOW_CONTRAST, REPEATED_IDS, WITHOUT_A_NAME

SUNDAY = date(2026, 5, 17)
DAYS = campaign_days(end=SUNDAY)
BUDGETS = [
    {
        "name": "=Search & <b>more</b>",
        "covers": ["google_ads 11"],
        "amount": 3_000,
        "currency": "EUR",
        "hard_cap": True,
    },
    {"name": "Client", "covers": ["meta_ads", "linkedin_ads"], "amount": 1_700, "currency": "EUR"},
]
SHOWN = ("spent", "p50", "p10", "p90", "budget", "required_daily", "advised_daily")


def rows_of(day: date, budgets: list[dict[str, Any]]) -> pd.DataFrame:
    month_state = month(
        DAYS[DAYS["day"] <= pd.Timestamp(day)],
        entities(),
        Budgets.model_validate({"budgets": budgets}),
        as_of=day,
        policy=Pacing(),
        reporting_currency="EUR",
    )
    return pacing_rows(month_state, as_of=day, policy=Pacing())


def view_of(budgets: list[dict[str, Any]] | None = None, *, day: date = SUNDAY) -> PacingView:
    budget_file = BUDGETS if budgets is None else budgets
    return pacing_view(
        rows_of(day, budget_file),
        rows_of(day - timedelta(days=7), budget_file),
        as_of=day,
        week=(day - timedelta(days=6), day),
        generated_at=datetime(2026, 5, 18, 6, tzinfo=UTC),
        profile="sandbox",
    )


@pytest.fixture(scope="module")
def view() -> PacingView:
    return view_of()


def test_the_page_and_the_csv_show_every_number_of_the_signal(view: PacingView) -> None:
    page = render_weekly(view)
    table = list(csv.DictReader(io.StringIO(weekly_csv(view).lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))))
    assert len(table) == len(view.everything) == 13
    for row, line in zip(view.everything.to_dict("records"), table, strict=True):
        (shown,) = re.findall(
            rf'<tr data-series="{re.escape(_escaped(row["series_id"]))}".*?(?=<tr data-series|</tbody>)',
            page,
            re.DOTALL,
        )
        for key in SHOWN:
            if pd.isna(row[key]):
                assert line[key] == ""
                continue
            assert float(line[key]) == pytest.approx(row[key], rel=1e-9)
            (value, text) = re.search(rf'data-key="{key}" data-value="([^"]*)">([^<\n]*)', shown).groups()
            assert float(value) == pytest.approx(row[key], rel=1e-8)
            assert text.strip() == numbers.money(row[key], row["currency"])
        assert row["verdict"] in shown


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_the_text_is_short_and_says_what_the_signal_says(view: PacingView) -> None:
    text, rows = weekly_text(view), view.everything.set_index("series_id")
    assert len(text.splitlines()) <= 6
    total = rows.loc["all"]
    for key in ("spent", "p50", "p10", "p90"):
        assert numbers.money(total[key], "EUR") in text
    search = rows.loc["budget: =Search & <b>more</b>"]
    line = next(text_line for text_line in text.splitlines() if "Search" in text_line)
    assert "will overspend" in line
    assert numbers.money(search["budget"], "EUR") in line
    assert (
        numbers.money(search["advised_daily"], "EUR") in line
        if pd.notna(search["advised_daily"])
        else "It needs" in line
    )


def test_names_cannot_become_markup_or_formulas(view: PacingView) -> None:
    assert "<b>more</b>" not in render_weekly(view)
    assert "'=Search & <b>more</b>" in weekly_csv(view)


def test_what_changed_in_the_week_is_the_difference_of_two_signals(view: PacingView) -> None:
    before = rows_of(SUNDAY - timedelta(days=7), BUDGETS).set_index("series_id")
    now = view.everything.set_index("series_id")
    line = next(entry for entry in view.lines if entry.series_id == "google_ads 11 1")
    assert line.moved == pytest.approx(
        now.loc["google_ads 11 1", "p50"] - before.loc["google_ads 11 1", "p50"]
    )
    first = view_of(day=date(2026, 5, 3))
    assert all(
        entry.moved is None and not entry.was for entry in first.lines
    )  # a week before was another month


def test_all_quiet_is_one_line_and_a_month_without_a_file_says_so() -> None:
    quiet = view_of([{"name": "Search", "covers": ["google_ads 11"], "amount": 4_020, "currency": "EUR"}])
    assert weekly_text(quiet).splitlines()[-1] == "Everything is on plan."
    assert "There is no budgets file" in weekly_text(view_of([]))
    early = view_of([BUDGETS[0]], day=date(2026, 5, 2))
    assert weekly_text(early).splitlines()[-1] == "Too early in the month to judge."


def test_nothing_known_is_said_and_the_page_still_stands() -> None:
    nothing = pd.DataFrame(columns=rows_of(SUNDAY, []).columns)
    view = pacing_view(
        nothing,
        nothing,
        as_of=SUNDAY,
        week=(SUNDAY, SUNDAY),
        generated_at=datetime(2026, 5, 18, tzinfo=UTC),
        profile="live",
    )
    assert "nothing known" in weekly_text(view)
    assert "Nothing was known of this month by then" in render_weekly(view)


def test_bars_are_drawn_to_scale(view: PacingView) -> None:
    for line in view.lines:
        bar, figures = line.bullet, line.figures
        assert bar.middle is not None
        assert bar.spent / bar.middle == pytest.approx(figures["spent"] / figures["p50"], rel=0.01)
        assert 0 <= bar.low <= bar.middle <= bar.high <= 1_000
        if bar.budget is not None:
            assert bar.budget / bar.middle == pytest.approx(figures["budget"] / figures["p50"], rel=0.01)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, view: PacingView) -> str:
    path = tmp_path_factory.mktemp("weekly") / "weekly.html"
    path.write_text(render_weekly(view), "utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Any]:
    contexts = []

    def open_at(width: int, theme: str) -> tuple[Page, list[str]]:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        page, messages = context.new_page(), []
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on(
            "request",
            lambda request: messages.append(request.url) if not request.url.startswith("file:") else None,
        )
        page.goto(address)
        return page, [message for message in messages if not message.startswith("data:")]

    yield open_at
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_quiet_fits_and_can_be_read(opened: Any, theme: str) -> None:
    for width in (360, 768, 1440):
        page, messages = opened(width, theme)
        assert messages == []
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), width
        texts = page.evaluate(LOW_CONTRAST)
        assert len(texts) > 20
        assert {element["said"]: element["ratio"] for element in texts if element["ratio"] < 4.5} == {}, width
        for wrong in (CUT_OFF, WITHOUT_A_NAME, REPEATED_IDS):
            assert page.evaluate(wrong) == [], width
        assert page.locator("svg.bullet").count() > 13
        assert page.locator(".verdict.red").first.inner_text().endswith("spend")
