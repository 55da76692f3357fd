"""reports/daily_dashboard on a real lake and ledger: the day's files, their links, and a page whatever the
ledger says.
"""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from assets.reports.pages.archive import days_in, past_day
from assets.reports.pages.assets import daily_dashboard
from assets.reports.pages.inputs import approvals_now
from assets.reports.pages.publish import folder_name
from resources.action_services import ActionServices
from resources.config.settings import load_settings
from resources.lake.lake import Lake
from resources.ledger.records import KILL
from resources.platforms.registry import Platforms
from tests.actions.made import pause, proposal, target
from tests.reports.frames import AS_OF, frames
from tests.reports.reading import Element, number, parsed
from tests.reports.states import proposals
from tests.reports.stored import fill


@pytest.fixture
def services(tmp_path: Path) -> ActionServices:
    settings = load_settings({"PAID_MEDIA_VAR": str(tmp_path / "var")}, with_platforms=False)
    return ActionServices(
        settings, Platforms(lambda: settings, now=lambda: datetime(2026, 11, 23, 7, 0, tzinfo=UTC))
    )


@pytest.fixture
def given(lake: Lake) -> dict[str, Any]:
    tables = frames(ad_sets=12, days=35)
    fill(lake, tables)
    return tables


def write(day: date, lake: Lake, services: ActionServices) -> dg.ExecuteInProcessResult:
    wired = {"lake": lake, "settings": services.settings, "services": services}
    return dg.materialize([daily_dashboard], resources=wired, partition_key=str(day))


def page_of(day: date, services: ActionServices) -> Element:
    return parsed((services.settings.reports_dir / f"daily_dashboard_{day}.html").read_text("utf-8"))


def test_a_day_is_written_with_its_campaigns_its_files_and_a_preview(
    lake: Lake, services: ActionServices, given: dict[str, Any]
) -> None:
    services.ledger.proposals.propose(
        proposals(given, 1)[0].model_copy(update={"expires_at": datetime.now(UTC) + timedelta(days=1)})
    )
    done = write(AS_OF, lake, services)
    folder = services.settings.reports_dir
    beside = folder / folder_name(AS_OF)
    assert {path.name for path in folder.iterdir()} == {
        "daily_dashboard.html", f"daily_dashboard_{AS_OF}.html", f"daily_dashboard_{AS_OF}.json", f"daily_dashboard_{AS_OF}_campaigns.csv",
        f"daily_dashboard_{AS_OF}_ad_sets.csv", "index.html", beside.name,
    }  # fmt: skip
    page = page_of(AS_OF, services)
    assert page.one("li", id="gate").text == "1 approval waiting"
    links = {a.attributes["href"] for a in page.one("section", id="campaigns").one("tbody").all("a")}
    assert links == {f"{beside.name}/{path.name}" for path in beside.iterdir()}
    assert len(links) == given["campaign_days"]["campaign_id"].nunique()
    (result,) = done.asset_materializations_for_node("reports__daily_dashboard")
    (spend,) = [tile for tile in page.all("dd") if tile.attributes.get("data-metric") == "spend"]
    preview = str(result.metadata["in short"].value)
    assert "approvals waiting: 1" in preview
    assert f"| Total | {spend.text} |" in preview


def test_a_past_day_written_later_links_both_ways_and_leaves_the_newest_page(
    lake: Lake, services: ActionServices, given: dict[str, Any]
) -> None:
    first, between = AS_OF - timedelta(days=2), AS_OF - timedelta(days=1)
    for day in (AS_OF, first, between):
        write(day, lake, services)
    folder = services.settings.reports_dir
    assert days_in(folder) == [first, between, AS_OF]
    assert (folder / "daily_dashboard.html").read_text("utf-8") == (
        folder / f"daily_dashboard_{AS_OF}.html"
    ).read_text("utf-8")
    ways = {day: {a.attributes.get("rel"): a.attributes["href"] for a in page_of(day, services).one("nav", class_="days").all("a")} for day in (first, between, AS_OF)}  # fmt: skip
    name = "daily_dashboard_{}.html".format
    assert ways[first] == {None: "index.html", "next": name(between)}
    assert ways[between] == {"prev": name(first), None: "index.html", "next": name(AS_OF)}
    assert ways[AS_OF] == {"prev": name(between), None: "index.html"}
    assert (
        page_of(between, services).all("li", id="gate") == []
    )  # what waits now is none of a past day's business
    assert page_of(AS_OF, services).all("li", id="gate") != []
    index = parsed((folder / "index.html").read_text("utf-8"))
    rows = index.one("section", id="days").one("tbody").all("tr")
    assert [row.attributes["data-id"] for row in rows] == [str(AS_OF), str(between), str(first)]
    tiles = {
        dd.attributes["data-metric"]: number(dd)
        for dd in page_of(between, services).all("dd")
        if "data-metric" in dd.attributes
    }
    shown = ("spend", "clicks", "cpc", "ctr", "conversions", "roas")
    assert [number(cell) for cell in rows[1].all("td")[2:8]] == [tiles[key] for key in shown]
    assert "complete" in rows[1].text


def test_a_line_that_cannot_be_read_leaves_the_page_reachable(
    lake: Lake, services: ActionServices, given: dict[str, Any]
) -> None:
    write(AS_OF - timedelta(days=1), lake, services)
    folder = services.settings.reports_dir
    (folder / f"daily_dashboard_{AS_OF - timedelta(days=1)}.json").write_text("{", "utf-8")
    (folder / "daily_dashboard_2026-01-01.html").write_text("an old page", "utf-8")
    write(AS_OF, lake, services)
    rows = parsed((folder / "index.html").read_text("utf-8")).one("section", id="days").one("tbody").all("tr")
    assert [("not told" in row.text, len(row.all("a"))) for row in rows] == [(False, 1), (True, 1), (True, 1)]
    assert (folder / "daily_dashboard_2026-01-01.html").read_text("utf-8") == "an old page"


def test_pages_of_campaigns_that_an_earlier_writing_had_are_taken_away(
    lake: Lake, services: ActionServices, given: dict[str, Any]
) -> None:
    gone = services.settings.reports_dir / folder_name(AS_OF) / "google_ads.x.y.html"
    gone.parent.mkdir(parents=True)
    gone.write_text("old", "utf-8")
    write(AS_OF, lake, services)
    assert not gone.exists()


def test_an_unreadable_ledger_is_said_and_writing_counts_as_stopped(
    lake: Lake, services: ActionServices, given: dict[str, Any]
) -> None:
    nowhere = services.settings.root / "a-folder.db"
    nowhere.mkdir(parents=True)
    broken = ActionServices(
        services.settings.model_copy(update={"ledger_url": SecretStr(f"sqlite:///{nowhere}")}),
        services.platforms,
    )
    write(AS_OF, lake, broken)
    page = page_of(AS_OF, broken)
    assert page.one("li", id="gate").text == "▲ approvals not known"
    assert "The ledger cannot be read (SettingsWrong)" in page.one("p", id="unreadable").text
    assert page.one("li", id="kill").attributes["data-killed"] == "yes"
    assert past_day(services.settings.reports_dir, AS_OF).waiting is None


def test_the_switch_and_what_waits_are_the_ledger_s(lake: Lake, services: ActionServices) -> None:
    now = services.platforms.now()
    waits, acts_alone = (
        proposal(created_at=now),
        proposal(pause(target("2")), created_at=now, level="auto_safe"),
    )
    for result in (acts_alone, waits):
        services.ledger.proposals.propose(result)
    services.ledger.switches.turn(KILL, on=True, person="mara", reason="a test")
    page_text = approvals_now(lake, services, services.settings, as_of=AS_OF, now=now)
    assert page_text is not None
    assert [row.proposal_id for row in page_text.rows] == [waits.proposal_id]
    assert page_text.killed is not None
    assert "mara: a test" in page_text.killed


def test_the_first_day_is_a_page_and_a_line_without_figures(lake: Lake, services: ActionServices) -> None:
    write(AS_OF, lake, services)
    assert "No figures yet" in page_of(AS_OF, services).text
    metadata = json.loads(
        (services.settings.reports_dir / f"daily_dashboard_{AS_OF}.json").read_text("utf-8")
    )
    assert set(metadata["figures"].values()) == {None}
    (row,) = (
        parsed((services.settings.reports_dir / "index.html").read_text("utf-8"))
        .one("section", id="days")
        .one("tbody")
        .all("tr")
    )
    assert "no data" in row.text


def test_the_link_leads_to_a_web_server_where_there_is_one(lake: Lake, services: ActionServices) -> None:
    def page(services: ActionServices) -> dg.MetadataValue:
        (result,) = write(AS_OF, lake, services).asset_materializations_for_node("reports__daily_dashboard")
        return result.metadata["page"]

    name = f"daily_dashboard_{AS_OF}.html"
    assert page(services) == dg.MetadataValue.path(str(services.settings.reports_dir / name))
    served = ActionServices(
        services.settings.model_copy(update={"reports_url": "https://ads.example.com/reports/"}),
        services.platforms,
    )
    assert page(served) == dg.MetadataValue.url(f"https://ads.example.com/reports/{name}")
