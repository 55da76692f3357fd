"""A real browser for the pages' tests: an installed Chromium if there is one, else Playwright's own, else
Debian's package.

A test that asks for `browser` never skips: where no browser can be had, it fails with a sentence that says
what to install. One browser runs for the whole session. The driver that talks to it lives for one test module
at a time, because Playwright's leaves an event loop running in the main thread, in which other tests could
not start their own.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.together import one_process_at_a_time, shared_by_all

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
SECONDS_TO_START, SECONDS_TO_INSTALL = 30, 300
MISSING = (
    "No browser for the page tests. Install one with `apt-get install chromium`, "
    "or with `.venv/bin/python -m playwright install chromium`."
)


class NoBrowser(Exception):
    """Neither found nor installable; the message says what to install."""


def find_browser() -> str:
    """Path of a browser that runs here: one that is there, or one that can be installed without asking.

    Raises:
        NoBrowser: None of the ways worked.
    """
    ways = (_installed, _of_playwright, _downloaded, _of_debian)
    executable = next(filter(None, (way() for way in ways)), None)
    if executable is None:
        raise NoBrowser(MISSING)
    return executable


def _installed() -> str | None:
    return next((path for path in map(shutil.which, INSTALLED) if path and _runs(path)), None)


def _of_playwright() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _runs(path) else None


def _downloaded() -> str | None:
    return _of_playwright() if _succeeds(sys.executable, "-m", "playwright", "install", "chromium") else None


def _of_debian() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    _succeeds("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    return _installed()


def _runs(path: str) -> bool:
    """Whether it says its version: one without its libraries, or a stub that only names a store, does not."""
    return _succeeds(path, "--version")


def _succeeds(*command: str) -> bool:
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS_TO_INSTALL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@pytest.fixture(scope="session")
def browser_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where this session's browser listens on this machine, for Playwright to connect to."""
    profile = tmp_path_factory.mktemp("browser")
    # Chromium refuses to run its own sandbox as root, as which containers and CI run.
    unconfined = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with one_process_at_a_time(shared_by_all(tmp_path_factory)):  # nobody installs one beside another
        address = find_browser()
    command = (address, *FLAGS, *unconfined, f"--user-data-dir={profile}", "about:blank")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            yield address_of(running, announced=profile / "DevToolsActivePort")
        finally:
            running.terminate()


def address_of(running: subprocess.Popen, *, announced: Path) -> str:
    """The address that the browser writes into its profile once it listens.

    Raises:
        NoBrowser: It ended, or said nothing for half a minute.
    """
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and running.poll() is None:
        lines = announced.read_text("utf-8").splitlines() if announced.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    running.kill()
    raise NoBrowser(f"{running.args[0]} did not start within {SECONDS_TO_START} seconds. {MISSING}")


@pytest.fixture(scope="module")
def browser(browser_address: str) -> Iterator[Browser]:
    """The session's browser; pages opened in contexts of their own share nothing."""
    with sync_playwright() as playwright:
        connected = playwright.chromium.connect_over_cdp(browser_address)
        yield connected
        connected.close()
