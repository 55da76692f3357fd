"""The controls of the pages by keyboard: what a term means, handing a proposal on, from a platform down to a
campaign and back.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from assets.reports.pages.archive import INDEX, render_index
from assets.reports.pages.atomic_write import write
from assets.reports.pages.glossary import TERMS
from assets.reports.pages.publish import publish
from tests.reports.frames import AS_OF
from tests.reports.pictures import written
from tests.reports.states import NOW, made

REACHABLE = "a[href], button, input:not([type=radio]), input:checked, summary, textarea, [tabindex='0']"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of a day with proposals; a day before it lies beside it."""
    folder, state = tmp_path_factory.mktemp("controls"), made("kill_switch_on")
    browser = written(folder, state)
    name = f"daily_dashboard_{AS_OF - timedelta(days=1)}"
    for ending in ("html", "json"):
        write(folder / f"{name}.{ending}", (folder / f"daily_dashboard_{AS_OF}.{ending}").read_text("utf-8"))
    publish(folder, state.view, state.campaigns)
    write(folder / INDEX, render_index(folder, profile="sandbox", generated_at=NOW))
    return browser


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Iterator[Callable[..., Page]]:
    contexts = []

    def opened(kind: str, *, clipboard: bool = True) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        if clipboard:
            context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.clock.set_fixed_time(NOW + timedelta(hours=1))
        page.goto(pages[kind].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("kind", ["dashboard", "campaign", "index", "weekly"])
def test_every_control_can_be_reached_by_keyboard(opened: Callable[..., Page], kind: str) -> None:
    page = opened(kind)
    count = page.evaluate(
        f"[...document.querySelectorAll(`{REACHABLE}`)].filter((e) => e.checkVisibility()).length"
    )
    for _ in range(count):
        page.keyboard.press("Tab")
        page.evaluate("document.activeElement.dataset.reached = 1")
    missed = f"[...document.querySelectorAll(`{REACHABLE}`)].filter((e) => e.checkVisibility() && !e.dataset.reached).map((e) => e.outerHTML.slice(0, 90))"
    assert page.evaluate(missed) == []
    assert count > 5


def test_a_term_says_what_it_means_by_keyboard_and_is_quiet_again(opened: Callable[..., Page]) -> None:
    page = opened("dashboard")
    for key in ("roas", "share", "plan", "limits"):
        button = page.locator(f"button.tip[popovertarget=means-{key}]").first
        means = page.locator(f"#means-{key}")
        assert means.is_hidden()
        assert button.get_attribute("aria-label") == f"What {TERMS[key][0]} means"
        button.press("Enter")
        assert means.is_visible()
        assert means.text_content() == " ".join(TERMS[key])
        box = means.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1440
        page.keyboard.press("Escape")
        assert means.is_hidden()


def test_the_text_for_an_approver_is_copied_and_said_aloud(opened: Callable[..., Page]) -> None:
    page = opened("dashboard")
    page.locator("button.copy").first.press("Enter")
    page.wait_for_function("document.getElementById('said').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("textarea").first.input_value()


def test_where_nothing_may_be_copied_the_text_is_shown_and_selected(opened: Callable[..., Page]) -> None:
    page = opened("dashboard", clipboard=False)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.locator("button.copy").nth(1).press("Enter")
    page.wait_for_function("document.activeElement.matches('textarea')")
    text = page.locator("textarea").nth(1)
    assert text.is_visible()
    assert page.evaluate("document.activeElement.selectionEnd") == len(text.input_value())


def test_from_a_platform_to_its_campaigns_to_one_of_them_and_back(opened: Callable[..., Page]) -> None:
    page = opened("dashboard")
    page.locator("#platforms tbody.day a", has_text="Meta Ads").press("Enter")
    rows = page.locator("#campaigns tbody tr:visible")
    assert 0 < rows.count() < page.locator("#campaigns tbody tr").count()
    assert all("Meta" in text for text in rows.all_text_contents())
    assert page.locator("#campaigns input[type=search]").input_value() == "Meta"
    name = rows.first.locator(".name").text_content()
    rows.first.locator("a").press("Enter")
    page.wait_for_url("**/daily_dashboard_*/meta_ads.*.html")
    assert page.locator("h1").text_content() == name
    page.locator(".crumbs a").press("Enter")
    page.wait_for_url(f"**/daily_dashboard_{AS_OF}.html")


def test_from_a_day_to_the_one_before_and_to_all_of_them(opened: Callable[..., Page]) -> None:
    page = opened("dashboard")
    page.locator("nav.days a[rel=prev]").press("Enter")
    page.wait_for_url(f"**/daily_dashboard_{AS_OF - timedelta(days=1)}.html")
    page.locator("nav.days a", has_text="All days").press("Enter")
    page.wait_for_url("**/index.html")
    days = page.locator("#days tbody tr")
    assert [days.nth(n).get_attribute("data-id") for n in range(2)] == [
        str(AS_OF),
        str(AS_OF - timedelta(days=1)),
    ]
    page.locator("#days th[data-metric=day] button").press("Enter")
    assert page.locator("#days th[data-metric=day]").get_attribute("aria-sort") == "ascending"
    assert days.first.get_attribute("data-id") == str(AS_OF - timedelta(days=1))
    page.get_by_role("searchbox", name="Filter days").fill("saturday nothing")
    assert page.locator("#days [aria-live]").text_content() == "Nothing fits this filter"
    page.get_by_role("searchbox", name="Filter days").fill("sun 22")
    assert page.locator("#days tbody tr:visible").count() == 1
