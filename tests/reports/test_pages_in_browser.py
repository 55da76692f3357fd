"""Every designed state of every page in a real browser: quiet, no wider than the screen, readable in both
themes, clean by axe.

One browser for the module and one loading for each page: widths and themes are changed on the page that is
open.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.reports.page_script import CUT_OFF, LOW_CONTRAST, REPEATED_IDS, WITHOUT_A_NAME
from tests.reports.pictures import written
from tests.reports.states import NOW, STATES, made

WIDTHS = (360, 768, 1440)
PAGES = [("dashboard", name) for name in STATES] + [
    ("campaign", "bad_day"), ("campaign", "right_to_left_names"), ("campaign", "very_long_names"), ("campaign", "zero_spend"),
    ("index", "kill_switch_on"), ("weekly", "bad_day"),
]  # fmt: skip
WHOLE = {
    ("dashboard", "partial_data"),
    ("campaign", "bad_day"),
    ("index", "kill_switch_on"),
    ("weekly", "bad_day"),
    ("dashboard", "first_day"),
}
"""Looked at with everything unfolded, in every theme at every width; the others folded, and in each theme at
one of the widths.
"""
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
BROKEN = "async (rules) => (await axe.run(document, rules)).violations.map((v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))])"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Path]]:
    """The pages of a state on disk, written once."""
    folder = tmp_path_factory.mktemp("states")
    return cache(lambda name: written(folder / name, made(name)))


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One page for all of them, with a clock an hour after they were written. axe is our own doing, so the
    policy lets it in.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    opened = context.new_page()
    opened.clock.set_fixed_time(NOW + timedelta(hours=1))
    yield opened
    context.close()


@pytest.fixture
def heard(page: Page) -> Iterator[dict[str, list[str]]]:
    """What the page says to the console and asks of anyone while a test looks at it."""
    messages: dict[str, list[str]] = {"complaints": [], "requests": []}
    listeners: dict[str, Any] = {
        "console": lambda said: messages["complaints"].append(said.text) if said.type == "error" else None,
        "pageerror": lambda error: messages["complaints"].append(str(error)),
        "request": lambda request: messages["requests"].append(request.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]
    yield messages
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


@pytest.mark.parametrize(("kind", "name"), PAGES)
def test_a_page_is_quiet_fits_can_be_read_and_is_clean_by_axe(
    page: Page, pages: Callable[[str], dict[str, Path]], heard: dict[str, list[str]], kind: str, name: str
) -> None:
    address = pages(name)[kind].as_uri()
    is_whole = (kind, name) in WHOLE
    page.goto(address)
    if is_whole:
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    for theme, widest in (("light", 1440), ("dark", 360)):
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if theme == "light":
                assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), width
                assert page.evaluate(CUT_OFF) == [], width
                assert page.evaluate(WITHOUT_A_NAME) == [], width
            if is_whole or width == widest:
                texts = page.evaluate(LOW_CONTRAST)
                assert len(texts) > 15
                assert {text["said"]: text["ratio"] for text in texts if text["ratio"] < 4.5} == {}, (
                    theme,
                    width,
                )
    assert page.evaluate(REPEATED_IDS) == []
    page.evaluate(AXE)
    for width in (1440, 360) if is_whole else (1440,):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(BROKEN, RULES) == [], width
    assert heard == {"complaints": [], "requests": [address]}


def test_axe_would_find_a_button_without_a_name(page: Page, pages: Callable[[str], dict[str, Path]]) -> None:
    page.goto(pages("first_day")["dashboard"].as_uri())
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    page.evaluate(AXE)
    assert [rule for rule, _ in page.evaluate(BROKEN, RULES)] == ["button-name"]
