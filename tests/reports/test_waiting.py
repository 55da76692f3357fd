"""Proposals on the page: the ledger's own words and numbers, the soonest to expire first, and honest where
the ledger cannot be read.
"""

from datetime import timedelta

from assets.actions.rendering import diff, invitation, link, sheet
from assets.reports.notifications.action_notices import APPROVAL, _waits
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.pending_approvals import SHOWN, Approvals, approvals_of
from assets.reports.pages.view import DashboardInputs, dashboard_view
from tests.actions.made import budget, proposal, target
from tests.reports.frames import frames
from tests.reports.reading import Element, parsed
from tests.reports.states import NOW, UI, proposals

GIVEN = frames(ad_sets=12, days=10)


def section(approvals: Approvals | None, **other: object) -> Element:
    return parsed(
        render_dashboard(dashboard_view(DashboardInputs(**(GIVEN | {"approvals": approvals} | other))))
    )


def test_what_waits_is_shown_with_the_proposal_s_own_words_and_numbers() -> None:
    pending = proposals(GIVEN, 3)
    page = section(approvals_of(pending, killed=None, now=NOW, ui_url=UI))
    for approval in pending:
        item = page.one("li", data_proposal=approval.proposal_id)
        (change,) = approval.changes
        assert approval.reason in item.text
        assert approval.effect.words in item.text
        assert change.image.name in item.one("h3").text
        assert item.one("a", class_="button").attributes["href"] == link(
            UI, approval.proposal_id, approval.summary
        )
        figures = [row.text for row in item.one("tbody").all("td")]
        assert figures == ["28", "12,345.67", "3", "12.1", "0.9731", "2", "–"]
        if change.field == "daily_budget":
            (now,) = [span for span in item.all("span") if "data-now" in span.attributes]
            (proposed,) = item.all("strong")
            assert float(now.attributes["data-now"]) == float(change.before)
            assert float(proposed.attributes["data-proposed"]) == float(change.after)
            assert (now.text[1:], proposed.text[1:]) == ("1,250.00", "1,000.00")


def test_the_text_to_copy_says_what_the_message_says() -> None:
    pending = proposals(GIVEN, 2)
    page = section(approvals_of(pending, killed=None, now=NOW, ui_url=UI))
    texts = [str(area.parts[0]) for area in page.all("textarea")]
    assert texts == [invitation(proposal, ui_url=UI) for proposal in pending]
    for text, listed in zip(texts, pending, strict=True):
        notice = _waits(listed, APPROVAL, ui_url=UI, labels=(), by=NOW)
        decide = next(each.url for each in notice.links if each.word == "decide")
        for part in (notice.entity, notice.seen, notice.money, notice.todo.removeprefix("decide "), decide):
            assert part in text


def test_the_soonest_to_expire_come_first_and_the_rest_is_counted() -> None:
    pending = proposals(GIVEN, 9)
    page = section(approvals_of(pending[::-1], killed=None, now=NOW, ui_url=UI))
    shown = [
        item.attributes["data-proposal"] for item in page.all("li") if "data-proposal" in item.attributes
    ]
    assert shown == [proposal.proposal_id for proposal in pending[:SHOWN]]
    assert "3 more by python -m orchestration.cli proposals list" in page.one("section", id="proposals").text
    assert page.one("li", id="gate").text == "9 approvals waiting"


def test_what_has_expired_does_not_wait() -> None:
    expired = proposal(created_at=NOW - timedelta(hours=30), hours=24)
    assert approvals_of([expired], killed=None, now=NOW, ui_url=UI) == Approvals()


def test_a_limit_that_does_not_hold_is_named() -> None:
    pending = proposals(GIVEN, 3)
    page = section(approvals_of(pending, killed=None, now=NOW, ui_url=UI))
    broken = page.one("li", data_proposal=pending[2].proposal_id).one("dl").text
    assert "1 of 12 do not hold cool-down: changed 31 hours ago; 72 are asked for" in broken
    assert "all 12 hold" in page.one("li", data_proposal=pending[0].proposal_id).one("dl").text


def test_a_bundle_shows_each_of_its_changes() -> None:
    bundle = proposal(
        budget("100.00", "80.00", at=target("1"), name="Giver", currency="JPY"), budget("50.00", "70.00", at=target("2"), name="Taker"),
        kind="reallocate_budget", created_at=NOW,
    )  # fmt: skip
    page = section(approvals_of([bundle], killed=None, now=NOW, ui_url=UI))
    moves = [move.text for move in page.one("ul", class_="moves").all("li")]
    assert moves == [
        "Meta Giver ad set, daily budget now ¥100 → proposed ¥80",
        "Meta Taker ad set, daily budget now €50.00 → proposed €70.00",
    ]
    assert (
        page.one("li", data_proposal=bundle.proposal_id).one("h3").text == "Shift budget, 2 changes together"
    )


def test_nothing_waiting_is_a_word_and_no_section() -> None:
    page = section(Approvals())
    assert page.one("li", id="gate").text == "No approvals waiting"
    assert page.one("li", id="kill").text == "Kill switch off"
    assert page.all("section", id="proposals") == []


def test_a_past_day_says_nothing_of_what_waits_now() -> None:
    page = section(None)
    assert page.all("li", id="gate") == []
    assert page.all("section", id="proposals") == []


def test_the_kill_switch_says_who_and_why() -> None:
    page = section(Approvals(killed="the kill switch is on since 2026-11-22 21:14 UTC (mara: doubled <b>)"))
    assert page.one("li", id="kill").text == "■ kill switch on"
    assert (
        "Nothing is written. The kill switch is on since 2026-11-22 21:14 UTC (mara: doubled <b>)"
        in page.text
    )


def test_the_sheet_writes_money_as_the_pages_do_and_a_bar_in_a_name_stays_in_its_cell() -> None:
    pending = proposal(
        budget("1250.00", "1000.50", name="A | B\nC", currency="USD"),
        evidence={"spend_a_day": 1234.5, "note": None, "kind": "x|y"},
    )
    (line,) = diff(pending).splitlines()[2:]
    assert line.startswith(
        r"| Meta Ads a1 | A \| B C (ad set 1) | daily budget | $1,250.00 | **$1,000.50** |"
    )
    assert line.count("|") - line.count(r"\|") == 7
    assert "| spend a day | 1,234.5 |\n| note | – |\n" in sheet(pending)
