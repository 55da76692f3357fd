"""A folder of exports: the same file twice, overlaps, any order, people's own files, and what is given back."""

import csv
import os
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.dropped_files import assets as dropped_assets
from assets.fx import assets as fx
from assets.performance import assets as performance
from orchestration.schedules import day_range_tags
from resources.dropped_files import DroppedFiles
from resources.lake import Lake
from resources.settings import load_settings
from resources.tables import core
from sensors.dropped_files import dropped_files_changed
from tests.dropped_files.exports import HEADERS, LINES, NOON, Line, cells, csv_of, dropped, meant, read, said

HEADER = list(HEADERS["meta_ads", "en"])
SHARED = Path(__file__).parents[3] / "shared" / "data"


def export(lines: list[Line] | tuple[Line, ...]) -> str:
    return csv_of([HEADER, *(cells(line, comma=False) for line in lines)])


LINE = st.builds(
    Line,
    day=st.dates(date(2026, 11, 1), date(2026, 11, 5)),
    campaign=st.sampled_from(["Brand", "Generic"]),
    ad_set=st.sampled_from(["One", "Two", "Three"]),
    impressions=st.integers(0, 10**6),
    clicks=st.integers(0, 1000),
    spend=st.decimals(0, 10_000, places=2),
    conversions=st.integers(0, 50).map(lambda n: pd.NA if n < 0 else __import__("decimal").Decimal(n)),
    value=st.decimals(0, 10_000, places=2),
)


def one_per_thing(lines: list[Line]) -> list[Line]:
    return list({(line.day, line.campaign, line.ad_set): line for line in lines}.values())


FILES = st.lists(st.lists(LINE, min_size=1, max_size=8).map(one_per_thing), min_size=1, max_size=4)


@given(files=FILES, order=st.randoms(use_true_random=False), doubled=st.integers(0, 3))
def test_overlapping_files_never_add_up_and_their_order_does_not_matter(
    files: list[list[Line]], order: object, doubled: int
) -> None:
    named = [
        dropped(export(lines), name=f"{n}.csv", at=NOON + timedelta(minutes=n))
        for n, lines in enumerate(files)
    ]
    newest: dict[tuple[object, ...], Line] = {}
    for lines in files:  # the newest file's word counts
        newest |= {(line.day, line.campaign, line.ad_set): line for line in lines}
    wanted = meant(list(newest.values()))
    assert said(read(*named)) == wanted
    again = [
        *named,
        dropped(named[doubled % len(named)].content, name="copy.csv", at=NOON - timedelta(days=1)),
    ]
    order.shuffle(again)  # type: ignore[attr-defined]
    assert said(read(*again)) == wanted


def test_a_campaigns_own_export_outranks_the_sum_of_its_ad_sets() -> None:
    whole = [["Day", "Campaign name", "Impressions", "Clicks (all)", "Amount spent (EUR)"]]
    whole.append(["2026-11-13", "Brand", "20000", "900", "2,000.00"])
    by_campaign = dropped(csv_of(whole), name="a_campaigns.csv", at=NOON - timedelta(days=3))
    folder = read(by_campaign, dropped(export(LINES), name="b_ad_sets.csv"))
    spends = {r["day"]: r["spend"] for r in folder.days["campaign"].to_pylist() if r["impressions"] != 400}
    assert spends == {date(2026, 11, 13): 2000, date(2026, 11, 14): LINES[1].spend}
    assert said(folder) == meant(LINES)


def test_names_give_ids_that_stay_whatever_the_case_and_the_file() -> None:
    shouted = export(LINES).replace("Brand", "  BRAND ")
    first, second = (
        read(dropped(text)).days["ad_set"].column("campaign_id").to_pylist()
        for text in (export(LINES), shouted)
    )
    assert first == second
    assert all(own.startswith("name:") for own in first)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


def refresh(folder: Path, lake: Lake, tmp_path: Path) -> dg.ExecuteInProcessResult:
    rates = tmp_path / "rates.csv"
    rates.write_text("day,currency,base,rate\n2026-11-01,USD,EUR,0.9\n")
    settings = load_settings(
        {"PAID_MEDIA_VAR": str(tmp_path), "PAID_MEDIA_FX_RATES": str(rates)}, with_platforms=False
    )
    return dg.materialize(
        dg.load_assets_from_modules([dropped_assets, fx, performance]),
        resources={"lake": lake, "settings": settings, "dropped_files": DroppedFiles(folder)},
        tags=day_range_tags("2026-11-10", "2026-11-20"),
    )


def test_a_dropped_file_reaches_the_key_figures_and_leaves_them_when_it_is_taken_away(
    folder: Path, lake: Lake, tmp_path: Path
) -> None:
    (folder / "meta.csv").write_text(export(LINES))
    assert refresh(folder, lake, tmp_path).success
    total = lake.read(core.KPI_DAY, where={"platform": "all"})
    assert total["spend"].sum() == pytest.approx(float(sum(line.spend for line in LINES)))
    (folder / "meta.csv").unlink()
    assert refresh(folder, lake, tmp_path).success
    assert lake.read(core.KPI_DAY).empty


def test_rejected_rows_are_given_back_without_formulas(folder: Path, lake: Lake, tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://evil.example";"x")'
    bad = csv_of([HEADER, ["2026-11-13", evil, "@SUM(1)", "100", "5", "much", "0", "0"]])
    (folder / "bad.csv").write_text(bad)
    (folder / "unknown.csv").write_text("When,What\n1,2\n3,4\n")
    assert refresh(folder, lake, tmp_path).success
    text = (folder / "rejected" / "bad.csv.rejected.csv").read_text(encoding="utf-8-sig")
    given_back = list(csv.reader(text.splitlines()))
    assert given_back[1][:3] == ["2", "Amount spent (EUR)", "not a number"]
    assert f"'{evil}" in given_back[1]
    assert "'@SUM(1)" in given_back[1]
    assert (folder / "rejected" / "unknown.mapping.yaml").read_text().startswith("platform: ???")
    (folder / "bad.csv").unlink()
    assert refresh(folder, lake, tmp_path).success
    assert not (folder / "rejected" / "bad.csv.rejected.csv").exists()


def test_the_sensor_asks_for_a_run_when_the_folder_changes_and_only_then(folder: Path) -> None:
    files = DroppedFiles(folder)

    def asked(cursor: str | None) -> tuple[int, str | None]:
        with dg.build_sensor_context(cursor=cursor, resources={"dropped_files": files}) as context:
            found = dropped_files_changed(context)
        runs = found.run_requests if isinstance(found, dg.SensorResult) else []
        return len(runs or []), found.cursor if isinstance(found, dg.SensorResult) else cursor

    (folder / "meta.csv").write_text(export(LINES))
    runs, cursor = asked(None)
    assert runs == 1
    assert asked(cursor)[0] == 0
    os.utime(folder / "meta.csv", (1, 1))
    runs, cursor = asked(cursor)
    assert runs == 1
    (folder / "meta.csv").unlink()
    assert asked(cursor)[0] == 1


PEOPLES_FILES = {
    "google_ads_dirty_export.csv": 1298,
    "campaigns_feb2021_daily.csv": 308,
    "kag_facebook_conversion.csv": 1143,
}
