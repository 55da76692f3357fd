"""The documentation's pictures, taken from the demo: `make pictures`.

Runs the demo into a folder of its own, opens the pages it wrote and the Dagster UI on its records in a real
browser, and writes docs/images. Nothing shown comes from a test's fixtures.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import requests
from PIL import Image
from playwright.sync_api import Browser, Page

from assets.actions.rendering import link
from resources.action_services import ActionServices
from resources.config.settings import PROJECT, Settings, load_settings
from resources.ledger.states import State
from resources.platforms.registry import Platforms
from tests.reports.pictures import DOCS, chromium

COLOURS = 160
"""As few as keep the pictures small."""
UI_WIDTH, UI_HEIGHT = 1440, 1000
SECONDS_TO_START = 180
PAGE_PICTURES = (
    ("dashboard", "dashboard.png", 1280, "light", 1_500),
    ("dashboard", "dashboard_dark.png", 1280, "dark", 1_500),
    ("dashboard", "dashboard_phone.png", 360, "light", 1_600),
    ("campaign", "campaign.png", 1280, "light", 2_100),
    ("weekly", "weekly.png", 1280, "light", 1_500),
)
"""Page, file, width in pixels, theme, and greatest height."""


def run_demo(environment: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "demo"], cwd=PROJECT, env=environment, check=True
    )


@contextmanager
def dagster_ui(environment: Mapping[str, str]) -> Iterator[str]:
    """Address of the Dagster UI on the demo's records, while it is served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "orchestration.cli", "dev", "--port", str(port)]
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as served:
        try:
            until = time.monotonic() + SECONDS_TO_START
            while time.monotonic() < until:
                try:
                    requests.get(f"{url}/server_info", timeout=2).raise_for_status()
                    break
                except requests.RequestException:
                    time.sleep(1)
            yield url
        finally:
            served.terminate()
            served.wait(timeout=60)


def newest_pages(settings: Settings) -> dict[str, Path]:
    """The newest dashboard, the campaign page with most to show (the first linked one), and the newest weekly
    report.
    """
    folder = Path(settings.reports_dir)
    dashboard = max(folder.glob("daily_dashboard_*.html"))
    day = date.fromisoformat(dashboard.stem.removeprefix("daily_dashboard_"))
    campaigns = sorted(folder.glob(f"*{day}*/*.html"), key=lambda page: -page.stat().st_size)
    return {
        "dashboard": dashboard,
        "campaign": campaigns[0],
        "weekly": max(folder.glob("weekly_pacing_*.html")),
    }


def photograph(browser: Browser, url: str, file: str, *, width: int, theme: str, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    tall = min(int(page.evaluate("document.documentElement.scrollHeight")), height)
    page.set_viewport_size({"width": width, "height": tall})
    save(page, file)
    context.close()


def photograph_ui(browser: Browser, url: str, settings: Settings) -> None:
    """The asset graph around core/ad_set_day, a proposal with its evidence, and its filled approval form."""
    services = ActionServices(settings, Platforms(lambda: settings))
    proposal = services.ledger.proposals.entries(states=[State.PROPOSED])[0].proposal
    pictures = {
        "asset_graph.png": f"{url}/assets/core/ad_set_day?view=lineage",
        "checks.png": f"{url}/assets/core/ad_set_day?view=checks",
        "approval_read.png": f"{url}/assets/actions/proposal?view=partitions&partition={quote(proposal.proposal_id)}",
        "approval_form.png": link(url, proposal.proposal_id, proposal.summary),
    }
    page = browser.new_page(viewport={"width": UI_WIDTH, "height": UI_HEIGHT})
    for file, address in pictures.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(4_000)
        save(page, file)


def save(page: Page, file: str) -> None:
    page.screenshot(path=DOCS / file)
    picture = Image.open(DOCS / file).convert("RGB")
    picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE).save(DOCS / file, optimize=True)


def main() -> None:
    with TemporaryDirectory() as folder:
        environment = os.environ | {"PAID_MEDIA_VAR": folder, "PAID_MEDIA_PROFILE": "sandbox"}
        run_demo(environment)
        settings = load_settings(environment, with_platforms=False)
        with chromium() as browser:
            pages = newest_pages(settings)
            for kind, file, width, theme, height in PAGE_PICTURES:
                photograph(browser, pages[kind].as_uri(), file, width=width, theme=theme, height=height)
            with dagster_ui(environment) as url:
                photograph_ui(browser, url, settings)


if __name__ == "__main__":
    main()
