"""The answer at the top of the page: what it says, what it adds up, and in which order findings stand."""

from dataclasses import replace
from typing import Any

import pytest

from assets.formatting import numbers
from assets.reports.pages.headline import SHOWN, WEEK, headline
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.pending_approvals import Approvals
from tests.reports.frames import frames
from tests.reports.reading import number, parsed
from tests.reports.states import incidents, made


@pytest.fixture(scope="module")
def bad_day() -> Any:
    return made("bad_day").view


def test_the_sentence_adds_up_what_the_sections_show(bad_day: Any) -> None:
    said = " ".join(headline(bad_day).sentences)
    given = incidents(frames(ad_sets=60, days=90), 40)
    open_losses = given[given["part_of"].isna() & (given["state"] == "open") & ~given["is_good"].astype(bool)]
    spend = next(tile.value for tile in bad_day.tiles if tile.metric.key == "spend")
    assert numbers.about(spend, "EUR") + " spent" in said
    stake = numbers.about(open_losses["stake"].sum(), "EUR")
    assert f"{len(open_losses)} incidents cost about {stake} a day." in said
    assert f"{bad_day.verdicts.acted_on} ad sets waste" in said
    assert f"{bad_day.approvals.waiting} proposals wait for your approval." in said


def test_losses_come_before_unspent_money_and_each_by_money(bad_day: Any) -> None:
    findings = headline(bad_day).findings
    kinds = [finding.kind for finding in findings]
    money = [finding.money for finding in findings if finding.kind == "Loss"]
    assert len(findings) == SHOWN
    assert kinds == sorted(kinds, key=("Loss", "Unspent").index)
    assert money == sorted(money, reverse=True)
    dearest = max(row.stake for row in bad_day.incidents.rows if not row.is_good)
    assert dearest * WEEK in money


def test_a_budget_in_another_currency_is_not_added_to_the_page_s_money(bad_day: Any) -> None:
    lines = tuple(replace(line, currency="JPY", status="red") for line in bad_day.pacing)
    foreign = headline(replace(bad_day, pacing=lines, incidents=None, verdicts=None)).findings
    assert foreign
    assert all(finding.money is None for finding in foreign)
    assert all("¥" in finding.money_text for finding in foreign)


def test_the_kill_switch_and_a_missing_platform_take_the_first_words(bad_day: Any) -> None:
    killed = replace(bad_day, approvals=Approvals(killed="by mara"), without=bad_day.freshness[1:2])
    sentences = headline(killed).sentences
    assert sentences[0] == "The kill switch is on."
    assert f"without {bad_day.freshness[1].label}" in sentences[1]


def test_every_finding_leads_to_a_section_of_the_page(bad_day: Any) -> None:
    page = parsed(render_dashboard(bad_day))
    items = page.one("section", id="headline").all("li")
    assert len(items) == SHOWN
    for item, finding in zip(items, headline(bad_day).findings, strict=True):
        assert page.all("section", id=item.one("a").attributes["href"].removeprefix("#"))
        assert number(item.one("span", class_="stake")) == pytest.approx(finding.money)


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (1184.4, "EUR", "€1,180"),
        (24_345.6, "EUR", "€24,300"),
        (9.236, "EUR", "€9.24"),
        (0.0, "EUR", "€0"),
        (-415.6, "USD", "−$416"),
        (1234.5, "JPY", "¥1,230"),
        (None, "EUR", "–"),
    ],
)
def test_an_estimate_reads_with_three_digits(value: float | None, currency: str, shown: str) -> None:
    assert numbers.about(value, currency) == shown
