"""A folder of exports: the same file twice, overlaps, any order, people's own files, and what is given back."""

import csv
import os
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.core.fx import assets as fx
from assets.core.performance import assets as performance
from assets.raw.dropped_files import assets as dropped_assets
from assets.raw.dropped_files.folder import DroppedFolder, read_folder
from assets.raw.dropped_files.outcomes import unused_in_words
from orchestration.schedules import day_range_tags
from resources.config.settings import load_settings
from resources.drop_folder import DroppedFiles
from resources.lake.lake import Lake
from resources.tables import core
from resources.tables.dropped import REJECTS
from sensors.dropped_files import dropped_files_changed
from tests.dropped_files.exports import HEADERS, LINES, NOON, Line, cells, csv_of, dropped, meant, read, said
from tests.examples import examples

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
    conversions=st.integers(0, 50).map(Decimal),
    value=st.decimals(0, 10_000, places=2),
)


def one_per_thing(lines: list[Line]) -> list[Line]:
    return list({(line.day, line.campaign, line.ad_set): line for line in lines}.values())


FILES = st.lists(st.lists(LINE, min_size=1, max_size=8).map(one_per_thing), min_size=1, max_size=4)


@settings(max_examples=examples(15))
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


def test_dropped_files_reach_the_key_figures_and_what_is_not_used_is_given_back(
    folder: Path, lake: Lake, tmp_path: Path
) -> None:
    evil = '=HYPERLINK("http://evil.example";"x")'
    bad = csv_of([HEADER, ["2026-11-13", evil, "@SUM(1)", "100", "5", "much", "0", "0"]])
    (folder / "meta.csv").write_text(export(LINES))
    (folder / "bad.csv").write_text(bad)
    (folder / "unknown.csv").write_text("When,What\n1,2\n3,4\n")
    result = refresh(folder, lake, tmp_path)
    total = lake.read(core.KPI_DAY, where={"platform": "all"})
    assert total["spend"].sum() == pytest.approx(float(sum(line.spend for line in LINES)))
    text = (folder / "rejected" / "bad.csv.rejected.csv").read_text(encoding="utf-8-sig")
    given_back = list(csv.reader(text.splitlines()))
    assert given_back[1][:3] == ["2", "Amount spent (EUR)", "not a number"]
    assert f"'{evil}" in given_back[1]
    assert "'@SUM(1)" in given_back[1]
    assert (folder / "rejected" / "unknown.mapping.yaml").read_text().startswith("platform: ???")
    in_words = "1 line of dropped files is not used: not a number (1). 1 dropped file refused: unknown.csv."
    assert unused_in_words(lake.read(REJECTS)) == in_words
    (materialization,) = result.asset_materializations_for_node("read_dropped_files")[:1]
    assert materialization.metadata["not used"].value == in_words
    for name in ("meta.csv", "bad.csv", "unknown.csv"):
        (folder / name).unlink()
    refresh(folder, lake, tmp_path)
    assert lake.read(core.KPI_DAY).empty
    assert unused_in_words(lake.read(REJECTS)) == ""
    assert not (folder / "rejected" / "bad.csv.rejected.csv").exists()


def test_an_unchanged_file_is_not_read_again_and_says_the_same(folder: Path, tmp_path: Path) -> None:
    drop = DroppedFiles(folder, readings=tmp_path / "readings")

    def read_again() -> tuple[DroppedFolder, dict[str, bool]]:
        result = read_folder(drop.files(), pulled_at=NOON, cache=drop.cache())
        return result, {outcome.file: outcome.is_unchanged for outcome in result.outcomes}

    (folder / "meta.csv").write_text(export(LINES))
    (folder / "broken.csv").write_text(export(LINES).replace("1,234.56", "lots").replace("Brand", "Other"))
    terms = "Search term,Day,Campaign,Currency code,Impr.,Clicks,Cost\nboots,2026-11-13,Brand,EUR,9,1,0.50\n"
    (folder / "terms.csv").write_text(terms)
    first, is_unchanged = read_again()
    assert set(is_unchanged.values()) == {False}
    second, is_unchanged = read_again()
    assert set(is_unchanged.values()) == {True}
    for name in ("parts", "entities", "rejects"):
        assert getattr(second, name) == getattr(first, name)
    assert second.days == first.days
    assert [replace(outcome, is_unchanged=False) for outcome in second.outcomes] == first.outcomes

    (folder / "meta.csv").write_text(export(LINES[:1]))
    (folder / "terms.mapping.yaml").write_text("platform: google_ads\naccount_name: Client\n")
    third, is_unchanged = read_again()
    assert is_unchanged == {"broken.csv": True, "meta.csv": False, "terms.csv": False}
    assert said(third) != said(first)
    (folder / "meta.csv").unlink()
    for stored in (tmp_path / "readings").iterdir():
        stored.write_bytes(b"damaged")
    fourth, is_unchanged = read_again()
    assert set(is_unchanged.values()) == {False}
    assert len(fourth.parts) == 1
    assert len(list((tmp_path / "readings").iterdir())) == 2


def test_a_long_file_says_how_far_it_is() -> None:
    line = "2026-11-13,Brand {},Core,100,5,1.25,0,0\n"
    content = csv_of([HEADER]) + "".join(line.format(n % 900) for n in range(120_000))
    messages: list[str] = []
    read_folder([dropped(content)], pulled_at=NOON, progress=messages.append)
    assert messages == ["Reading export.csv (5 MB)", "export.csv: 100,000 lines"]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig", "utf-16"])
def test_a_mapping_is_read_in_the_encoding_that_notepad_saved_it_in(folder: Path, encoding: str) -> None:
    (folder / "export.csv").write_text("Wann,Was,Wieviel\n2026-11-13,Marke,12.50\n")
    mapping = "platform: meta_ads\ncurrency: EUR\naccount_name: Müller\ncolumns: {day: Wann, campaign_name: Was, spend: Wieviel}\n"
    (folder / "export.mapping.yaml").write_bytes(mapping.encode(encoding))
    result = read_folder(DroppedFiles(folder).files(), pulled_at=NOON)
    assert result.outcomes[0].status == "read", result.outcomes[0].message
    assert "Müller" in result.entities.column("name").to_pylist()


def test_the_sensor_asks_for_a_run_when_the_folder_changes_and_only_then(folder: Path) -> None:
    files = DroppedFiles(folder)

    def asked(cursor: str | None) -> tuple[int, str | None]:
        with dg.build_sensor_context(cursor=cursor, resources={"dropped_files": files}) as context:
            found = dropped_files_changed(context)
            return int(isinstance(found, dg.RunRequest)), context.cursor

    (folder / "meta.csv").write_text(export(LINES))
    runs, cursor = asked(None)
    assert runs == 1
    assert asked(cursor)[0] == 0
    os.utime(folder / "meta.csv", (1, 1))
    runs, cursor = asked(cursor)
    assert runs == 1
    (folder / "meta.csv").unlink()
    assert asked(cursor)[0] == 1


FACEBOOK = """
platform: meta_ads
currency: USD
day: 2017-08-30
columns: {campaign_id: xyz_campaign_id, ad_set_id: fb_campaign_id, ad_id: ad_id, impressions: Impressions, clicks: Clicks,
  spend: Spent, conversions: Approved_Conversion}
"""
DIRTY = """
platform: google_ads
currency: INR
columns: {day: Ad_Date, campaign_name: Campaign_Name, ad_id: Ad_ID, impressions: Impressions, clicks: Clicks, spend: Cost,
  conversions: Conversions, conversion_value: Sale_Amount}
"""
FEBRUARY = """
platform: google_ads
currency: INR
date_format: "%d-%m-%Y"
columns: {day: c_date, campaign_name: campaign_name, campaign_id: campaign_id, impressions: impressions, spend: mark_spent,
  clicks: clicks, conversions: orders, conversion_value: revenue}
"""


# Other people's files lie beside the repository, where it was handed over together with them; CI has none.
@pytest.mark.parametrize(
    ("name", "mapping", "spend"),
    [
        ("kag_facebook_conversion.csv", FACEBOOK, "Spent"),
        ("google_ads_dirty_export.csv", DIRTY, "Cost"),
        ("campaigns_feb2021_daily.csv", FEBRUARY, "mark_spent"),
    ],
)
def test_other_peoples_files_load_whole_with_a_mapping(name: str, mapping: str, spend: str) -> None:
    content = (SHARED / name).read_bytes() if SHARED.is_dir() else sample_of(name)
    lines = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    folder = read(dropped(content, name=name, mapping=mapping))
    outcome = folder.outcomes[0]
    assert (outcome.status, outcome.rows, outcome.rejected) == ("read", len(lines), 0), outcome.message
    wanted = sum(Decimal(line[spend].strip("$")) for line in lines if line[spend].strip("$"))
    found = sum(r["spend"] or 0 for r in folder.days["campaign"].to_pylist())
    assert float(found) == pytest.approx(float(wanted), abs=0.01)


def sample_of(name: str) -> bytes:
    """A few lines of the same shape and the same dirt, made up here."""
    return {
        "kag_facebook_conversion.csv": (
            b"ad_id,xyz_campaign_id,fb_campaign_id,age,gender,interest,Impressions,Clicks,Spent,Total_Conversion,"
            b"Approved_Conversion\n708001,916,103001,30-34,M,15,7000,1,1.429999948,2,1\n708002,916,103002,35-39,F,16,1700,2,0,2,0\n"
        ),
        "google_ads_dirty_export.csv": (
            b"Ad_ID,Campaign_Name,Clicks,Impressions,Cost,Leads,Conversions,Conversion Rate,Sale_Amount,Ad_Date,Location,Device,Keyword\n"
            b"A1,DataCourse,104.0,4498.0,$231.88,14.0,7.0,0.058,$1892,2024-11-16,town,desktop,learn\n"
            b"A2,Data Corse,,4480.0,,17.0,5.0,0.043,,06-11-2024,town,TABLET,learn\n"
            b"A3,Data Corse,9,40.0,$1.10,17.0,5.0,,$40,2024/11/20,town,tablet,learn\nA4,x,1,2,$1,1,1,,$1,26-11-2024,t,d,k\n"
        ),
        "campaigns_feb2021_daily.csv": (
            b"id,c_date,campaign_name,category,campaign_id,impressions,mark_spent,clicks,leads,orders,revenue\n"
            b"1,01-02-2021,facebook_tier1,social,349043,148263,7307.37,1210,13,1,4981\n"
            b"2,13-02-2021,facebOOK_tier1,social,349043,1000,16300.2,164,4,3,149\n"
        ),
    }[name]
