"""A mail as a person gets it: both bodies, the table attached, and how it looks in a narrow window."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from assets.reports.notifications.notice import Link
from assets.reports.notifications.rendering import message_of
from tests.notifications.conftest import Post
from tests.notifications.made import notice

DECIDE = "http://ui.example/locations/paid_media/jobs/decide/playground/setup?config=" + "x" * 200


@pytest.fixture
def mail(post: Post) -> dict:
    post.rewrite(channels={"mail": {"address": "PAID_MEDIA_NOTIFY_MAIL"}})
    approvals = [
        notice(
            topic=f"p{n}", kind="approval", short="1 approval", entity=f"set_daily_budget 100.00 -> 120.00 EUR a day: Spring sale {n} (12020000200110000{n}) #0123456789ab",
            seen="It earns 3.2 for 1 spent and its budget binds.", money="€84.00 more value a week (€20.00 to €150.00)", cause="", todo="decide until 2026-11-17 08:00 UTC",
            links=(Link("decide", DECIDE), Link("read", f"http://ui.example/p?partition={n}")), rows=({"proposal": f"p{n}", "now": "100.00"},),
        )
        for n in range(3)
    ]  # fmt: skip
    pacing = notice(
        topic="pacing", kind="pacing", short="landing 104%", entity="Pacing · EMEA (November)",
        seen="ends near €104,000 (€98,000 to €110,000) of €100,000: over plan", money="€4,000 too much", cause="driven by Spring sale",
        todo="Set daily budgets from €4,000 to €3,200.", links=(Link("weekly pacing", "http://ui.example/assets/reports/weekly_pacing"),),
    )  # fmt: skip
    message = message_of([*approvals, pacing], company="Acme")
    assert [address.tell(message) for address in post.services.addresses()] == [None]
    (caught,) = post.sandbox.stage.caught.all("mail")
    return caught


def test_it_has_a_text_a_page_and_the_proposals_as_a_table(mail: dict) -> None:
    assert mail["content_type"] == "multipart/mixed"
    assert mail["subject"] == "[P2][Acme] 3 approvals, landing 104%"
    assert mail["recipients"] == ["team@ops.example"]
    assert "Spring sale 1" in mail["plain"]
    assert "http://ui.example/p?partition=1" in mail["plain"]
    assert "<style" not in mail["html"]
    assert "http" not in mail["html"].replace("http://ui.example", "")  # nothing is fetched from anywhere
    rows = list(
        csv.DictReader(
            io.StringIO(mail["attachments"]["proposals.csv"].lstrip("\N{ZERO WIDTH NO-BREAK SPACE}"))
        )
    )
    assert [row["proposal"] for row in rows] == ["p0", "p1", "p2"]


@pytest.mark.parametrize("width", [600, 360])
def test_it_fits_its_window_and_asks_for_nothing(
    mail: dict, browser: Browser, width: int, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 1400})
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_content(mail["html"])
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert requests == []
    sizes = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getBoundingClientRect().height)")
    assert min(sizes) >= 12
    page.screenshot(path=tmp_path / f"mail_{width}.png", full_page=True)
    assert (tmp_path / f"mail_{width}.png").stat().st_size > 10_000
    page.close()
