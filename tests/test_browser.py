"""The browser of the page tests: there or a sentence that says what to install, and gone when a module is
done with it.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import NoBrowser, address_of, find_browser


def test_the_driver_leaves_no_event_loop_behind(browser_address: str) -> None:
    with sync_playwright() as playwright:
        connected = playwright.chromium.connect_over_cdp(browser_address)
        assert connected.version
        connected.close()
    assert asyncio.run(asyncio.sleep(0, "ran")) == "ran"


def test_two_modules_in_turn_use_the_same_browser(browser_address: str) -> None:
    for _ in range(2):
        with sync_playwright() as playwright:
            context = playwright.chromium.connect_over_cdp(browser_address).new_context()
            assert context.new_page().evaluate("1 + 1") == 2
            context.close()


def test_a_browser_that_does_not_start_is_an_error_that_says_what_to_install(tmp_path: Path) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", ""]) as running,
        pytest.raises(NoBrowser, match=r"did not start.*apt-get install chromium"),
    ):
        address_of(running, announced=tmp_path / "DevToolsActivePort")


def test_a_stub_on_the_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = find_browser()
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho install me from the store\nexit 1\n", "utf-8")
    stub.chmod(0o755)
    (tmp_path / "google-chrome").symlink_to(real)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_browser() == str(tmp_path / "google-chrome")
