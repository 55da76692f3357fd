"""The pages of campaigns: which get one, that their numbers are the frames', and that each shows its own and
nothing else.
"""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from assets.reports.pages import campaigns as module
from assets.reports.pages.campaign_page import COLUMNS, render_campaign
from assets.reports.pages.campaigns import CampaignView, campaign_views, chosen, file_name
from assets.reports.pages.comparison import same_weekday, same_weekday_each
from assets.reports.pages.day_frames import tidy
from assets.reports.pages.metrics import METRICS, SUMS
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardInputs, DashboardView, dashboard_view
from tests.reports.frames import AS_OF, frames
from tests.reports.reading import Element, columns, number, parsed
from tests.reports.states import gate, incidents

GIVEN = frames(ad_sets=48, days=35)
KEY = ["platform", "account_id", "campaign_id"]


def views(given: dict[str, Any] = GIVEN, **other: Any) -> tuple[DashboardView, tuple[CampaignView, ...]]:
    view = dashboard_view(DashboardInputs(**given))
    return view, campaign_views(view, campaign_days=given["campaign_days"], judged=given["judged"], **other)


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, str, str], tuple[CampaignView, Element]]:
    return {campaign.key: (campaign, parsed(page_of(campaign))) for campaign in views()[1]}


def page_of(campaign: CampaignView) -> str:
    return render_campaign(campaign, above="../", dashboard=f"daily_dashboard_{AS_OF}.html")


def in_euros(days: pd.DataFrame) -> pd.DataFrame:
    """Independent of the code that is tested: money of the row in the reporting currency."""
    return days.assign(spend=days["spend_reporting"], conversion_value=days["conversion_value_reporting"])


def test_every_campaign_has_a_page_where_there_are_few(pages: dict) -> None:
    assert set(pages) == set(GIVEN["campaign_days"][KEY].itertuples(index=False, name=None))


def test_every_tile_shows_the_campaign_s_own_number(pages: dict) -> None:
    today = in_euros(GIVEN["campaign_days"]).query("day == @AS_OF").set_index(KEY)
    for key, (_, page) in pages.items():
        campaign_days = today.loc[key]
        wanted = {name: campaign_days[name] for name in SUMS} | {
            "cpc": campaign_days["spend"] / campaign_days["clicks"] if campaign_days["clicks"] else None,
            "ctr": campaign_days["clicks"] / campaign_days["impressions"],
            "roas": campaign_days["conversion_value"] / campaign_days["spend"],
        }
        tiles = {
            tile.attributes["data-metric"]: number(tile)
            for tile in page.all("dd")
            if "data-metric" in tile.attributes
        }
        assert tiles == pytest.approx(wanted, rel=1e-8)


def test_the_table_beside_the_charts_has_every_day_and_range_of_the_frame(pages: dict) -> None:
    days = in_euros(GIVEN["campaign_days"])
    rate = GIVEN["campaign_days"]["spend_reporting"] / GIVEN["campaign_days"]["spend"]
    days["roas_high"] = days["conversion_value_high"] * rate / days["spend"]
    for key, (campaign, page) in pages.items():
        campaign_days = days.set_index(KEY).loc[key].set_index("day").sort_index(ascending=False)
        table = page.one("table", data_chart="all")
        at = columns(table)
        rows = table.one("tbody").all("tr")
        assert len(rows) == 28
        for metric in ("spend", "clicks", "conversions"):
            assert [number(row.children[at[metric, ""]]) for row in rows] == pytest.approx(
                campaign_days[metric].tolist(), rel=1e-8
            )
        assert campaign.trends["roas_high"].tolist()[::-1] == pytest.approx(
            campaign_days["roas_high"].tolist(), rel=1e-8
        )
        assert campaign.trends["conversions_low"].tolist()[::-1] == pytest.approx(
            campaign_days["conversions_low"].tolist(), rel=1e-8
        )


def test_the_ad_sets_of_a_page_are_the_campaign_s_and_their_numbers_the_dashboard_s(pages: dict) -> None:
    dashboard = parsed(render_dashboard(views()[0])).one("section", id="ad_sets")
    lines = {row.attributes["data-id"]: row for row in dashboard.one("tbody").all("tr")}
    seen = []
    for key, (_, page) in pages.items():
        rows = page.one("section", id="ad_sets").one("tbody").all("tr")
        ad_sets = GIVEN["ad_set_days"].set_index(KEY).loc[[key]]["ad_set_id"].unique()
        assert {row.attributes["data-id"] for row in rows} == set(ad_sets)
        for row in rows:
            assert [cell.text for cell in row.children] == [
                cell.text for cell in lines[row.attributes["data-id"]].children
            ]
        seen += [row.attributes["data-id"] for row in rows]
    assert sorted(seen) == sorted(lines)


def test_a_page_shows_its_own_incidents_proposals_and_verdicts_and_no_others() -> None:
    open_incidents, waiting = incidents(GIVEN, 10), gate(GIVEN, 8)
    _, campaigns = views(
        incidents=open_incidents,
        marks=pd.DataFrame(
            {
                "incident_id": ["i-0003"],
                "at": [pd.Timestamp(AS_OF, tz="UTC")],
                "mark": ["wrong"],
                "until": [None],
            }
        ),
        approvals=waiting,
    )
    shown: dict[str, set[tuple[str, str, str]]] = {}
    for campaign in campaigns:
        page = parsed(page_of(campaign))
        for row in page.all("tr") + page.all("li"):
            for kind in ("data-incident", "data-proposal", "data-verdict"):
                if kind in row.attributes:
                    shown.setdefault(row.attributes[kind], set()).add(campaign.key)
    for row in open_incidents.to_dict("records"):
        at = (
            None
            if row["incident_id"] == "i-0003"
            else {(row["platform"], row["account_id"], row["campaign_id"])}
        )
        assert shown.get(row["incident_id"]) == at
    for campaign in waiting.rows:
        assert shown[campaign.proposal_id] == {campaign.moves[0].campaign}
    for row in GIVEN["judged"].query("verdict == 'pause'").to_dict("records"):
        assert shown[row["ad_set_id"]] == {(row["platform"], row["account_id"], row["campaign_id"])}


def test_the_largest_get_a_page_and_those_somebody_has_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 3)
    monkeypatch.setattr(module, "MOST", 5)
    keys = [("google_ads", "a", f"c{n}") for n in range(9)]
    looked_at = {keys[1], keys[4], keys[6], keys[8], ("meta_ads", "gone", "c")}
    assert chosen(keys, looked_at) == [*keys[:3], keys[4], keys[6]]
    assert chosen(keys, set()) == keys[:3]


def test_the_dashboard_leads_to_the_pages_that_there_are() -> None:
    view, written = views()
    ways = {campaign.key: f"d/{campaign.file}" for campaign in written[:2]}
    page = parsed(render_dashboard(view, pages=ways)).one("section", id="campaigns").one("tbody")
    assert {link.attributes["href"] for link in page.all("a")} == set(ways.values())
    assert len(page.all("tr")) == len(written)


def test_a_platform_leads_to_its_own_campaigns() -> None:
    page = parsed(render_dashboard(views()[0])).one("section", id="platforms").one("tbody", data_period="day")
    ways = {a.attributes["data-filter"]: a.attributes["href"] for a in page.all("a")}
    assert ways == {"Google": "#campaigns", "Meta": "#campaigns", "LinkedIn": "#campaigns"}


@drawn(st.tuples(*[st.text(min_size=1, max_size=90)] * 3))
def test_a_file_s_name_is_one_that_any_disk_takes(key: tuple[str, str, str]) -> None:
    name = file_name(key)
    assert name.isascii()
    assert not set(name) & set('/\\:*?"<>| ')
    assert not name.startswith((".", "-."))
    assert len(name) < 220


def test_ids_that_had_to_be_changed_for_a_file_s_name_stay_apart() -> None:
    names = {file_name(("meta_ads", "act/1", campaign)) for campaign in ("urn:1", "urn/1", "urn-1")}
    assert len(names) == 3
    assert file_name(("google_ads", "123", "456")) == "google_ads.123.456.html"


def test_what_each_is_compared_with_is_what_it_would_be_alone() -> None:
    days = tidy(in_euros(GIVEN["campaign_days"]), columns=SUMS, as_of=AS_OF)
    days = days[
        ~(
            (days["campaign_id"] == days["campaign_id"].iloc[0])
            & (days["day"] < pd.Timestamp(AS_OF - timedelta(days=10)))
        )
    ]
    each = same_weekday_each(days, KEY, as_of=AS_OF)
    for key, campaign_days in days.groupby(KEY):
        alone = same_weekday(campaign_days, as_of=AS_OF)
        assert each[key].words == alone.words
        assert each[key].figures == pytest.approx(alone.figures)
    assert "no comparison yet" in {base.words for base in each.values()}


def test_the_ctr_band_holds_the_true_rate_four_times_out_of_five() -> None:
    rng = np.random.default_rng(11)
    shown, rate = rng.integers(200, 20_000, 4_000), rng.uniform(0.002, 0.05, 4_000)
    rows = pd.DataFrame(
        {
            "impressions": shown,
            "clicks": rng.binomial(shown, rate),
            "spend": 1.0,
            "conversions": 0.0,
            "conversion_value": 0.0,
        }
    )
    rows = rows.assign(**{f"conversion_value_{end}": 0.0 for end in ("projected", "low", "high")})
    ranges = module.with_ranges(rows)
    held = ((ranges["ctr_low"] <= rate) & (rate <= ranges["ctr_high"])).mean()
    assert 0.78 < held < 0.83  # 4,000 draws: a standard error of 0.006, and counts are whole
    assert (ranges["ctr_low"] <= ranges["ctr"]).all()


def test_a_day_without_figures_is_a_dash_and_a_gap() -> None:
    given = dict(GIVEN)
    gone = pd.Timestamp(AS_OF - timedelta(days=3))
    given["campaign_days"] = GIVEN["campaign_days"][GIVEN["campaign_days"]["day"] != gone]
    campaign = views(given)[1][0]
    page = parsed(page_of(campaign))
    row = page.one("table", data_chart="all").one("tbody").all("tr")[3]
    assert {cell.text for cell in row.all("td")} == {"–"}
    line = page.all("path", class_="line")[0].attributes["d"]
    assert line.count("M") == 2
    assert [metric.key for metric in METRICS] == list(COLUMNS)


def test_a_campaign_s_page_leads_back_and_asks_nothing_of_anyone(pages: dict) -> None:
    for _, page in pages.values():
        links = {a.attributes["href"] for a in page.all("a")}
        outside = {link for link in links if not link.startswith("#")}
        assert outside == {f"../daily_dashboard_{AS_OF}.html", f"../daily_dashboard_{AS_OF}_ad_sets.csv"}
        assert "unsafe" not in page.text


def test_nothing_written_yet_makes_no_page() -> None:
    from tests.reports.frames import nothing

    given = nothing()
    view = dashboard_view(DashboardInputs(**given))
    assert campaign_views(view, campaign_days=given["campaign_days"]) == ()
