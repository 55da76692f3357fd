"""The page itself: its numbers are the frames', its words are escaped, it is small, quick and asks nothing of
anyone.
"""

import re
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from assets.formatting.numbers import multiple
from assets.reports.pages.metrics import METRICS
from assets.reports.pages.page import render_dashboard
from assets.reports.pages.view import DashboardInputs, DashboardView, dashboard_view
from tests.reports.frames import AS_OF, SUMS, frames, nothing
from tests.reports.reading import Element, columns, number, parsed

NASTY = {
    0: "<script>alert(1)</script>",
    1: "=cmd|' /C calc'!A0",
    2: '"><img src=x onerror=alert(1)>',
    3: "' onmouseover='alert(1)",
    4: "{{ 7 * 7 }} {% raw %}",
    5: "حملة الخريف",
    6: "&lt;b&gt;",
}


def page_of(**given) -> str:
    return render_dashboard(dashboard_view(DashboardInputs(**frames(**given))))


@pytest.fixture(scope="module")
def view() -> DashboardView:
    return dashboard_view(DashboardInputs(**frames()))


@pytest.fixture(scope="module")
def page(view: DashboardView) -> Element:
    return parsed(render_dashboard(view))


def total_of(rows: pd.DataFrame) -> dict[str, float | None]:
    """Sums and ratios, independent of the code that the page is made with."""
    sums = {key: float(rows[key].sum()) for key in SUMS}
    over = {
        "cpc": ("spend", "clicks"),
        "ctr": ("clicks", "impressions"),
        "roas": ("conversion_value", "spend"),
    }
    return sums | {key: sums[top] / sums[low] if sums[low] else None for key, (top, low) in over.items()}


def test_every_tile_shows_the_frame_s_number(page: Element) -> None:
    kpis = frames()["kpi_days"]
    (total,) = kpis[(kpis["platform"] == "all") & (kpis["day"] == pd.Timestamp(AS_OF))].to_dict("records")
    tiles = {
        tile.attributes["data-metric"]: number(tile)
        for tile in page.one("dl", class_="tiles").all("dd")
        if "data-metric" in tile.attributes
    }
    assert tiles == pytest.approx({metric.key: total[metric.key] for metric in METRICS}, rel=1e-8)


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("week", 7)])
def test_every_cell_of_the_platform_table_shows_the_frame_s_number(
    page: Element, period: str, days: int
) -> None:
    kpis = frames()["kpi_days"]
    shown = kpis[kpis["day"] > pd.Timestamp(AS_OF - timedelta(days=days))]
    table = page.one("section", id="platforms")
    at = columns(table)
    rows = table.one("tbody", data_period=period).all("tr")
    assert {row.attributes["data-platform"] for row in rows} == {
        "google_ads",
        "meta_ads",
        "linkedin_ads",
        "all",
    }
    for row in rows:
        wanted = total_of(shown[shown["platform"] == row.attributes["data-platform"]])
        got = {metric.key: number(row.children[at[metric.key, ""]]) for metric in METRICS}
        assert got == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize("level", ["campaign", "ad_set"])
def test_every_cell_of_the_breakdowns_shows_the_frame_s_number(page: Element, level: str) -> None:
    table = page.one("section", id=f"{level}s").one("table")
    at, facts = columns(table), frames()[f"{level}_days"]
    rows = table.one("tbody").all("tr")
    assert len(rows) == facts[["platform", "account_id", f"{level}_id"]].drop_duplicates().shape[0]
    for row in rows:
        entity_days = facts[facts[f"{level}_id"] == row.attributes["data-id"]]
        for period, days in {"day": 1, "week": 7}.items():
            recent = entity_days[entity_days["day"] > pd.Timestamp(AS_OF - timedelta(days=days))]
            wanted = total_of(recent)
            reporting = float(recent["spend_reporting"].sum())
            wanted |= {
                "spend_reporting": reporting,
                "cpc": reporting / wanted["clicks"] if wanted["clicks"] else None,
            }
            got = {metric: number(row.children[i]) for (metric, of), i in at.items() if of == period}
            ends = recent["conversions_projected"].to_numpy()
            matured = np.average(recent["matured"], weights=ends if ends.sum() else None)
            assert got.pop("matured") == pytest.approx(matured, abs=6e-5)
            assert len(got) == 7
            assert got == pytest.approx({metric: wanted[metric] for metric in got}, rel=1e-8)


@pytest.mark.parametrize("metric", ["spend", "roas", "cpc", "ctr"])
def test_the_table_beside_a_chart_has_the_frame_s_numbers_newest_first(page: Element, metric: str) -> None:
    kpis = frames()["kpi_days"].pivot_table(index="day", columns="platform", values=metric, dropna=False)
    wanted = kpis[["google_ads", "meta_ads", "linkedin_ads", "all"]].sort_index(ascending=False)
    rows = page.one("table", data_chart=metric).one("tbody").all("tr")
    got = [[number(cell) for cell in row.all("td")] for row in rows]
    pd.testing.assert_frame_equal(pd.DataFrame(got, dtype=float), pd.DataFrame(wanted.to_numpy()), rtol=1e-8)


def test_the_range_of_a_day_s_roas_is_the_frame_s_and_ends_where_nothing_grows(page: Element) -> None:
    kpis = frames()["kpi_days"].query("platform == 'meta_ads'").sort_values("day", ascending=False)
    rows = page.one("table", data_chart="roas").one("tbody").all("tr")
    for row, line in zip(rows, kpis.to_dict("records"), strict=True):
        ends = [small.text for small in row.all("td")[1].all("small")]
        low, high = (line[f"conversion_value_{end}"] / line["spend"] for end in ("low", "high"))
        assert ends == ([f"{multiple(low)}–{multiple(high)}"] if line["matured"] < 0.995 else [])


def test_what_people_read_beside_a_number_is_that_number(page: Element) -> None:
    checked = 0
    for cell in page.all("td"):
        shown = (
            cell.parts[0] if cell.parts and isinstance(cell.parts[0], str) else cell.text
        )  # not the range below it
        digits = re.sub(r"[^\d.]", "", shown)
        value = number(cell) if "data-value" in cell.attributes else None
        if value is not None and not re.search("[<%]", cell.text):
            checked += 1
            assert float(digits) == pytest.approx(abs(value), abs=0.00501), cell.text
    assert checked > 300


def test_nothing_reads_as_not_a_number(page: Element) -> None:
    assert not re.search(r"\b(nan|inf|none|nat|undefined)\b", page.one("main").text, re.IGNORECASE)


def test_names_are_shown_as_they_are_and_never_run() -> None:
    text = page_of(ad_sets=12, names=NASTY)
    shown = {name.text for name in parsed(text).one("section", id="ad_sets").all("bdi", class_="name")}
    assert set(NASTY.values()) <= shown
    assert len(re.findall("<script", text)) == 2
    assert "<img" not in text
    assert "onmouseover='" not in text


def test_the_content_policy_lets_nothing_in_but_the_page_s_own_style_and_script(page: Element) -> None:
    policy = page.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert policy.count("sha256-") == 3


@pytest.mark.parametrize("given", [{}, {"names": NASTY, "ad_sets": 12}])
def test_the_page_refers_to_nothing_outside_itself(given: dict) -> None:
    page = parsed(page_of(**given))
    every = [
        page,
        *(
            element
            for tag in ("a", "link", "img", "script", "svg", "use", "image")
            for element in page.all(tag)
        ),
    ]
    links = [
        e.attributes[name] for e in every for name in ("href", "src", "xlink:href") if name in e.attributes
    ]
    assert [link for link in links if not link.startswith(("#", "data:,", "daily_dashboard_"))] == []
    css = page.one("style").text
    assert "url(" not in css
    assert "@import" not in css


def test_the_same_view_gives_the_same_page() -> None:
    assert page_of(ad_sets=6) == page_of(ad_sets=6)


def test_claims_are_called_claims_and_simulated_figures_simulated(page: Element) -> None:
    tiles = page.one("dl", class_="tiles").all("div", class_="tile")
    claimed = {tile.attributes["data-tile"] for tile in tiles if "platform-claimed" in tile.text}
    assert claimed == {"conversions", "conversion_value", "roas"}
    assert "two platforms may claim the same sale" in page.one("section", id="platforms").one("caption").text
    assert page.one("span", data_profile="sandbox").text == "Simulated data"
    live = parsed(page_of(ad_sets=6, days=1, profile="live"))
    assert live.all("span", data_profile="sandbox") == []
    assert "Simulated" not in live.one("body").text


def test_a_missing_and_a_late_platform_say_why() -> None:
    late = {"meta_ads": AS_OF - timedelta(days=2)}
    page = parsed(page_of(platforms=("google_ads", "meta_ads"), last_day=late))
    table = page.one("section", id="platforms").one("tbody", data_period="day")
    assert "no data Not set up, or never pulled" in table.one("tr", data_platform="linkedin_ads").text
    assert "2 days behind" in table.one("tr", data_platform="meta_ads").text
    states = {
        item.attributes["data-platform"]: item for item in page.all("li") if "data-state" in item.attributes
    }
    assert {platform: item.attributes["data-state"] for platform, item in states.items()} == {
        "google_ads": "fresh",
        "meta_ads": "stale",
        "linkedin_ads": "no data",
    }
    assert all(item.attributes["data-state"] in item.text for item in states.values())
    assert "Sun 22 Nov is without Meta Ads." in page.one("main").text


def test_the_first_day_says_what_to_do_next() -> None:
    page = parsed(render_dashboard(dashboard_view(DashboardInputs(**nothing()))))
    assert "No figures yet" in page.one("main").text
    assert "make demo" in page.one("main").text
    assert page.all("table") == []


def test_a_single_day_is_a_page_that_compares_nothing() -> None:
    page = parsed(page_of(ad_sets=6, days=1))
    assert page.one("dl", class_="tiles").text.count("no comparison yet") == len(METRICS)


def test_a_trend_without_a_value_says_so_instead_of_drawing_nothing() -> None:
    given = frames(ad_sets=6)
    kpis = given["kpi_days"].assign(spend=0.0, clicks=0, conversion_value=0.0)
    page = parsed(render_dashboard(dashboard_view(DashboardInputs(**(given | {"kpi_days": kpis})))))
    drawn = {figure.attributes["aria-labelledby"]: figure for figure in page.all("figure")}
    assert len(drawn) == 4
    assert all("Nothing to draw" in figure.text for figure in drawn.values())
    assert page.one("section", id="trends").all("svg", class_="marks") == []


def test_a_missing_day_breaks_the_line_and_a_day_alone_is_a_dot() -> None:
    given = frames(ad_sets=6, days=9, platforms=("google_ads",))
    kpis = given["kpi_days"]
    alone = kpis["day"].isin([pd.Timestamp(AS_OF - timedelta(days=back)) for back in (1, 3)])
    text = render_dashboard(dashboard_view(DashboardInputs(**(given | {"kpi_days": kpis[~alone]}))))
    lines = re.findall(r'<path d="([^"]*)" stroke="var\(--google_ads\)"', text)
    assert len(lines) == 6
    assert all(re.fullmatch(r"M[\d.,]+(L[\d.,]+)+(M[\d.,]+h\.1){2}", line) for line in lines), lines[0]


def test_a_tile_with_a_long_number_is_short_and_keeps_the_whole_one() -> None:
    given = frames(ad_sets=6)
    kpis = given["kpi_days"].assign(spend=given["kpi_days"]["spend"] * 0 + 123_456_789.5)
    page = parsed(
        render_dashboard(
            dashboard_view(DashboardInputs(**(given | {"kpi_days": kpis, "reporting_currency": "JPY"})))
        )
    )
    (spend,) = page.one("div", data_tile="spend").all("dd", class_="value")
    assert (spend.text, spend.attributes["title"], number(spend)) == ("¥123M", "¥123,456,790", 123456789.5)


def test_an_amount_stands_in_its_own_currency() -> None:
    page = parsed(page_of(ad_sets=9, days=8, currencies=("EUR", "USD", "JPY")))
    table = page.one("section", id="ad_sets").one("table")
    spent = [row.children[columns(table)["spend", "day"]].text for row in table.one("tbody").all("tr")]
    assert {text[0] for text in spent} == {"€", "$", "¥"}
    assert all("." not in text for text in spent if text.startswith("¥"))


def test_claims_of_all_platforms_that_nobody_added_have_no_tile() -> None:
    given = frames(ad_sets=12, days=10)
    kpis = given["kpi_days"]
    claimed = [name for name in kpis.columns if name.startswith(("conversion", "roas"))]
    bare = kpis.assign(**{name: kpis[name].where(kpis["platform"] != "all") for name in claimed})
    page = parsed(render_dashboard(dashboard_view(DashboardInputs(**(given | {"kpi_days": bare})))))
    tiles = [
        tile.attributes["data-tile"] for tile in page.one("dl", class_="tiles").all("div", class_="tile")
    ]
    assert tiles == ["spend", "impressions", "clicks", "cpc", "ctr"]
    assert page.one("dl", class_="tiles").attributes["data-count"] == "5"


def test_a_platform_nobody_has_heard_of_has_its_row_and_its_line() -> None:
    given = frames(platforms=("google_ads",), days=9)
    new = {"kpi_days": given["kpi_days"].replace({"platform": {"google_ads": "new ads"}})}
    text = render_dashboard(dashboard_view(DashboardInputs(**(given | new))))
    row = parsed(text).one("tbody", data_period="day").one("tr", data_platform="new ads")
    assert number(row.children[1])
    assert 'stroke="var(--other)"' in text


def test_the_script_stays_below_five_kilobytes(page: Element) -> None:
    assert sum(len(script.text.encode()) for script in page.all("script")) < 5_000
