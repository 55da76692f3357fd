"""The dashboard in a real browser: nothing asked of anyone, nothing too wide, nothing too pale, everything by
keyboard.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.reports.frames import AS_OF, PULLED, frames, nothing
from tests.reports.page_script import LOW_CONTRAST

LONG = {
    0: "no-space-in-a-very-long-name-" * 12,
    1: "حملة الخريف ٢٠٢٦ – جمهور جديد",
    2: "<script>alert(1)</script>",
}
STATES = {
    "full": lambda: frames(ad_sets=60, names=LONG, days=90),
    "late": lambda: frames(
        platforms=("google_ads", "meta_ads"), last_day={"meta_ads": AS_OF - timedelta(days=2)}, days=40
    ),
    "empty": nothing,
}


class Looked:
    """A page that was opened, with everything it said to the console and everything it asked for."""

    def __init__(self, page: Page) -> None:
        self.page, self.complaints, self.requests = page, [], []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Address of the page of each state, as a file on disk."""
    folder = tmp_path_factory.mktemp("pages")
    for name, given in STATES.items():
        (folder / f"{name}.html").write_text(
            render_dashboard(dashboard_view(DashboardInputs(**given()))), "utf-8"
        )
    return {name: (folder / f"{name}.html").as_uri() for name in STATES}


@pytest.fixture
def opened(browser: Browser, pages: dict[str, str]) -> Iterator:
    """Opens a state's page in a context of its own, at the hour after it was written."""
    contexts = []

    def opened(
        state: str = "full", *, width: int = 1440, theme: str = "light", days_later: int = 0, **options
    ) -> Looked:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **options)
        contexts.append(context)
        looked = Looked(context.new_page())
        looked.page.clock.set_fixed_time(PULLED + timedelta(hours=1, days=days_later))
        looked.page.goto(pages[state])
        return looked

    yield opened
    for context in contexts:
        context.close()


def test_a_pale_text_would_be_found(opened) -> None:
    page = opened("empty").page
    page.evaluate("document.querySelector('h2').style.setProperty('opacity', '0.4')")
    assert [text["said"] for text in page.evaluate(LOW_CONTRAST) if text["ratio"] < 4.5] == ["No figures yet"]


def test_the_theme_follows_the_system_and_then_the_button(opened) -> None:
    page = opened(theme="dark").page
    background = "getComputedStyle(document.body).backgroundColor"
    line = "getComputedStyle(document.querySelector('.wide path[stroke^=var]')).stroke"
    dark = page.evaluate(background), page.evaluate(line)
    page.get_by_role("button", name="Light theme").press("Enter")
    light = page.evaluate(background), page.evaluate(line)
    assert dark[0] != light[0]
    assert dark[1] != light[1]
    page.reload()
    assert page.evaluate(background) == light[0]


def shown(page: Page, section: str, column: int) -> list[float]:
    """The numbers of the rows that are shown, in their order; unknown ones left out."""
    script = f"""() => [...document.querySelectorAll('#{section} tbody tr')].filter((row) => !row.hidden)
        .map((row) => row.cells[{column}].dataset.value).filter((value) => value !== '').map(Number)"""
    return page.evaluate(script)


def test_a_table_is_sorted_by_keyboard(opened) -> None:
    page = opened().page
    table = page.locator("#ad_sets")
    spent = shown(page, "ad_sets", 3)
    assert spent == sorted(spent, reverse=True)
    for _ in range(60):
        if page.evaluate("document.activeElement.closest('#ad_sets th')?.dataset.metric") == "clicks":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    head = table.locator("th[data-metric=clicks][data-period=day]")
    assert head.get_attribute("aria-sort") == "descending"
    assert table.locator("th[aria-sort]").count() == 1
    clicks = shown(page, "ad_sets", 5)
    assert clicks == sorted(clicks, reverse=True)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "ascending"
    fewest = shown(page, "ad_sets", 5)
    assert fewest == sorted(fewest)
    assert fewest[0] < clicks[-1]


def test_names_sort_as_words_and_unknown_numbers_come_last(opened) -> None:
    page = opened("late").page
    for order in ("descending", "ascending"):
        page.locator("#campaigns th[data-metric=cpc][data-period=day] button").click()
        values = page.evaluate(
            "() => [...document.querySelectorAll('#campaigns tbody tr')].map((row) => row.cells[6].dataset.value)"
        )
        numbers_shown = [float(value) for value in values if value]
        assert numbers_shown == sorted(numbers_shown, reverse=order == "descending")
        assert "" in values
        assert values[len(numbers_shown) :] == [""] * (len(values) - len(numbers_shown))
    page.locator("#campaigns thead button").first.click()
    names = page.locator("#campaigns tbody .name").all_text_contents()
    assert names == sorted(names)


def test_a_table_is_filtered_by_keyboard_and_says_how_many_fit(opened) -> None:
    page = opened().page
    search = page.get_by_role("searchbox", name="Filter ad sets by name, platform or status")
    search.focus()
    page.keyboard.type("linkedin PROSPECTING")
    rows = page.locator("#ad_sets tbody tr:visible")
    status = page.locator("#ad_sets [aria-live]")
    assert status.text_content() == f"{status.text_content().split()[0]} of 60 fit, {rows.count()} shown"
    assert 0 < rows.count() < 60
    assert all("LinkedIn" in text for text in rows.all_text_contents())
    page.keyboard.type(" nothing-like-it")
    assert (rows.count(), status.text_content()) == (0, "Nothing fits this filter")
    search.fill("")
    assert status.text_content() == "12 of 60 shown"
    page.locator("#ad_sets").get_by_role("button", name="Show all 60").press("Enter")
    assert rows.count() == 60


def test_the_week_replaces_the_day_in_every_table_by_keyboard(opened) -> None:
    page = opened().page
    head = page.locator("#campaigns thead th:visible").all_text_contents()
    page.locator("#period-day").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#platforms tbody:visible").get_attribute("data-period") == "week"
    periods = page.evaluate(
        "() => [...document.querySelectorAll('#campaigns th[data-period]')].filter((th) => th.checkVisibility()).map((th) => th.dataset.period)"
    )
    assert periods == ["week"] * 8
    assert page.locator("#campaigns thead th:visible").all_text_contents() == head
    spent = shown(page, "campaigns", 11)
    assert spent == sorted(spent, reverse=True)
    assert page.locator("#campaigns th[aria-sort]").get_attribute("data-period") == "week"


def test_every_control_can_be_reached_by_keyboard(opened) -> None:
    page = opened(width=1440).page
    reachable = "a[href], button, input:not([type=radio]), input:checked, summary, [tabindex='0']"
    count = page.evaluate(
        f"[...document.querySelectorAll(`{reachable}`)].filter((e) => e.checkVisibility()).length"
    )
    reached = set()
    for _ in range(count):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const e = document.activeElement; e.dataset.reached = 1; return e.outerHTML.slice(0, 200); }"
            )
        )
    assert page.locator("[data-reached]").count() == count
    assert len(reached) > 20


def test_an_old_page_says_that_it_is_old(opened) -> None:
    assert opened().page.locator("#old").is_hidden()
    assert "written 3 days ago" in opened(days_later=3).page.locator("#old").text_content()


def test_the_page_is_whole_without_scripts(opened) -> None:
    page = opened(java_script_enabled=False).page
    assert page.locator("#ad_sets tbody tr:visible").count() == 60
    assert page.locator("input[type=search]:visible").count() == 0
    page.locator("label[for=period-week]").click()
    assert page.locator("#platforms tbody:visible").count() == 1


def test_the_printed_page_is_light_and_without_controls(opened) -> None:
    page = opened(theme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("input:visible, button#theme:visible, details:visible").count() == 0
    assert page.locator("#platforms tbody:visible").count() == 1
