"""Pictures of every designed state, to be looked at: `python -m tests.reports.pictures FOLDER [STATE ...]`.

Each is taken of the page that the state's frames make, in a real browser: nothing of a picture is made by
hand. `--docs` takes those that the documentation shows instead.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from assets.reports.pages.archive import INDEX, page_name
from assets.reports.pages.atomic_write import write
from assets.reports.pages.publish import folder_name, publish
from assets.reports.pages.weekly import render_weekly
from tests.browser import find_browser
from tests.reports.frames import AS_OF
from tests.reports.states import NOW, STATES, State, made, weekly

DOCS = Path(__file__).resolve().parents[2] / "docs" / "images"
SHOTS = (("1440", 1440, "light"), ("1440-dark", 1440, "dark"), ("360", 360, "light"))
MOST_HEIGHT = 6_000


def written(folder: Path, state: State) -> dict[str, Path]:
    """The state's pages on disk, as the asset leaves them: dashboard, the first campaign, all days, and the
    weekly report.
    """
    published = publish(folder, state.view, state.campaigns)
    pages = {"dashboard": folder / page_name(AS_OF), "index": folder / INDEX}
    if published.campaigns:
        pages["campaign"] = folder / folder_name(AS_OF) / busiest(state)
    write(folder / "weekly_pacing.html", render_weekly(weekly()))
    return pages | {"weekly": folder / "weekly_pacing.html"}


def busiest(state: State) -> str:
    """File of the campaign with most to show."""

    def much(n: int) -> tuple[bool, bool, int]:
        campaign = state.campaigns[n]
        return bool(campaign.approvals and campaign.approvals.rows), campaign.incidents is not None, -n

    return state.campaigns[max(range(len(state.campaigns)), key=much)].file


@contextmanager
def chromium() -> Iterator[Browser]:
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_browser(), args=flags)
        yield running
        running.close()


def take(
    browser: Browser, page: Path, to: Path, *, width: int, theme: str, height: int = MOST_HEIGHT
) -> None:
    """The page from its top, as tall as it is and no taller than `height`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    opened = context.new_page()
    opened.clock.set_fixed_time(NOW + timedelta(hours=1))
    opened.goto(page.as_uri())
    tall = min(int(opened.evaluate("document.documentElement.scrollHeight")), height)
    opened.set_viewport_size({"width": width, "height": tall})
    opened.screenshot(path=to)
    context.close()


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, TemporaryDirectory() as made_in:
        for name in names:
            for kind, page in written(Path(made_in) / name, made(name)).items():
                if kind in {"dashboard", "campaign"} or name == names[0]:
                    for ending, width, theme in SHOTS:
                        take(browser, page, folder / f"{name}-{kind}-{ending}.png", width=width, theme=theme)


def for_docs() -> None:
    """The pictures of docs/dashboard.md, in so few colours that they stay small."""
    shots = (
        ("dashboard", "dashboard.png", 1280, "light", 1_500), ("dashboard", "dashboard_dark.png", 1280, "dark", 1_500),
        ("dashboard", "dashboard_phone.png", 360, "light", 1_600), ("campaign", "campaign.png", 1280, "light", 2_100),
    )  # fmt: skip
    with chromium() as browser, TemporaryDirectory() as made_in:
        pages = written(Path(made_in) / "bad", made("bad_day"))
        pages["campaign"] = written(Path(made_in) / "stale", made("stale_platform"))["campaign"]
        for kind, name, width, theme, height in shots:
            take(browser, pages[kind], DOCS / name, width=width, theme=theme, height=height)
            Image.open(DOCS / name).convert("RGB").quantize(160, method=Image.Quantize.MAXCOVERAGE).save(
                DOCS / name, optimize=True
            )


if __name__ == "__main__":
    if sys.argv[1:] == ["--docs"]:
        for_docs()
    elif len(sys.argv) < 2:
        sys.exit("Say where to: python -m tests.reports.pictures FOLDER [STATE ...]")
    else:
        main(Path(sys.argv[1]), sys.argv[2:] or list(STATES))
