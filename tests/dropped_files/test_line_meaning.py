"""What a line of an export means: days and ranges, wholes and parts, ids, currencies.

Each case as people exported it.
"""

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest

from assets.raw.dropped_files.folder import DroppedFolder
from assets.raw.dropped_files.outcomes import Outcome
from tests.dropped_files.exports import NOON, dropped, read

META = "Day,Campaign name,Impressions,Clicks (all),Amount spent (EUR)\n"
GOOGLE = "Day,Campaign,Currency code,Impr.,Clicks,Cost\n"


def spend(folder: DroppedFolder, level: str = "campaign") -> Decimal:
    """All that the table of a level says was spent."""
    return sum((row["spend"] or Decimal(0) for row in folder.days[level].to_pylist()), Decimal(0))


def figures(folder: DroppedFolder, metric: str, level: str = "campaign") -> float:
    return sum(float(row[metric] or 0) for row in folder.days[level].to_pylist())


def days(folder: DroppedFolder) -> list[str]:
    return sorted({str(row["day"]) for row in folder.days["campaign"].to_pylist()})


def only_outcome(text: str | bytes, **more: str) -> Outcome:
    return read(dropped(text, **more)).outcomes[0]  # type: ignore[arg-type]


def workbook(**sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


# Ranges of days


@pytest.mark.parametrize(
    ("text", "span"),
    [
        (
            (
                "Campaign name,Reporting starts,Reporting ends,Impressions,Amount spent (EUR)\n"
                "Herbst,2026-10-01,2026-10-31,250000,4500.75\n"
            ),
            "a month",
        ),
        (
            (
                "Kampagnenname,Auswertungsbeginn,Auswertungsende,Impressionen,Ausgegebener Betrag (EUR)\n"
                "Herbst,02.11.2026,08.11.2026,250000,4500.75\n"
            ),
            "a week",
        ),
        (
            (
                "Campaign name,Time of day (ad account time zone),Amount spent (USD),Reporting starts,Reporting ends\n"
                "Brand,00:00:00 - 00:59:59,1.50,2026-11-01,2026-11-30\n"
            ),
            "a month",
        ),
        (
            (
                "Start Date (in UTC),End Date (in UTC),Campaign Group Name,Currency,Total Spent\n"
                "2026-11-01,2026-11-14,G,GBP,10.00\n"
            ),
            "14 days",
        ),
        (
            "Date,Campaign name,Impressions,Amount spent (EUR)\n2026-11-02 - 2026-11-08,Brand,7000,87.50\n",
            "a week",
        ),
        (
            "Tag;Kampagne;Währungscode;Kosten\n02.11.2026 – 08.11.2026;Marke;EUR;87,50\n",
            "a week",
        ),
    ],
)
def test_a_range_of_days_is_never_a_day(text: str, span: str) -> None:
    outcome = only_outcome(text)
    assert outcome.status == "refused"
    assert f"a line is {span}" in outcome.message
    assert "by day" in outcome.message


@pytest.mark.parametrize(
    ("header", "grain"), [("Week", "week"), ("Month", "month"), ("Monat", "month"), ("Settimana", "week")]
)
def test_a_column_of_weeks_or_months_is_refused_with_what_to_do(header: str, grain: str) -> None:
    outcome = only_outcome(f"{header},Campaign,Currency code,Impr.,Cost\n2026-11-02,Brand,EUR,10,1.50\n")
    assert (outcome.status, f"a line is a {grain}" in outcome.message) == ("refused", True), outcome.message


def test_the_day_column_counts_and_not_the_range_before_it() -> None:
    folder = read(
        dropped(
            "Reporting starts,Reporting ends,Day,Campaign name,Amount spent (USD)\n"
            "2026-09-01,2026-09-30,2026-09-01,herbst,310.25\n2026-09-01,2026-09-30,2026-09-02,herbst,290.75\n"
        )
    )
    assert days(folder) == ["2026-09-01", "2026-09-02"]
    assert spend(folder) == Decimal("601.00")


def test_a_range_of_one_day_is_that_day() -> None:
    text = "Campaign name,Reporting starts,Reporting ends,Amount spent (EUR)\nA,2026-11-13,2026-11-13,1.50\n"
    assert days(read(dropped(text))) == ["2026-11-13"]


def test_a_mappings_day_counts_over_the_ranges_of_the_file() -> None:
    text = (
        "Campaign name,Reporting starts,Reporting ends,Amount spent (EUR)\nA,2026-10-01,2026-10-31,100.50\n"
    )
    folder = read(dropped(text, mapping="platform: meta_ads\nday: 2026-11-22\n"))
    assert (days(folder), spend(folder)) == (["2026-11-22"], Decimal("100.50"))


def test_a_time_zone_that_does_not_exist_is_refused() -> None:
    outcome = only_outcome(
        META + "2026-11-13,A,1,1,1.00\n", mapping="platform: meta_ads\ntime_zone: Mars/Base\n"
    )
    assert (outcome.status, "no time zone" in outcome.message) == ("refused", True)


# Wholes and their parts


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            (
                "Day,Campaign name,Ad set name,Age,Gender,Impressions,Amount spent (EUR)\n"
                "2026-11-13,Alpha,Core,,,3000,100.50\n2026-11-13,Alpha,Core,25-34,female,1000,40.25\n"
                "2026-11-13,Alpha,Core,25-34,male,2000,60.25\n2026-11-13,Alpha,Broad,,,1000,20.50\n"
                "2026-11-13,Alpha,Broad,25-34,female,1000,20.50\n"
            ),
            "121.00",
        ),
        (
            (
                "Day,Campaign,Device,Currency code,Impr.,Cost\n2026-11-13,Brand,All devices,EUR,3000,100.50\n"
                "2026-11-13,Brand,Mobile phones,EUR,2000,60.25\n2026-11-13,Brand,Computers,EUR,1000,40.25\n"
            ),
            "100.50",
        ),
        (
            (
                "Jour;Campagne;Appareil;Code de devise;Impr.;Coût\n2026-11-13;Marque;Tous les appareils;EUR;3000;100,50\n"
                "2026-11-13;Marque;Mobile;EUR;2000;60,25\n2026-11-13;Marque;Ordinateur;EUR;1000;40,25\n"
            ),
            "100.50",
        ),
        (  # age and gender apart, each of them adding up to the whole
            (
                "Day,Campaign name,Age,Gender,Amount spent (EUR)\n2026-11-13,A,25-34,All,60.00\n2026-11-13,A,35-44,All,40.00\n"
                "2026-11-13,A,All,female,30.00\n2026-11-13,A,All,male,70.00\n"
            ),
            "100.00",
        ),
        (  # no whole: the parts are all there is
            "Day,Campaign,Device,Currency code,Cost\n2026-11-13,Brand,Mobile,EUR,60.25\n2026-11-13,Brand,Computers,EUR,40.25\n",
            "100.50",
        ),
        (  # an empty region is a part of its own, because it does not equal the others together
            "Day,Campaign name,Region,Amount spent (EUR)\n2026-11-13,A,North,60.00\n2026-11-13,A,South,30.00\n2026-11-13,A,,10.00\n",
            "100.00",
        ),
    ],
)
def test_a_whole_is_never_added_to_its_parts(text: str, right: str) -> None:
    assert spend(read(dropped(text))) == Decimal(right)


def test_overall_lines_without_a_day_are_left_out_beside_the_days() -> None:
    folder = read(
        dropped(
            "Inicio del informe,Fin del informe,Día,Nombre de la campaña,Impresiones,Importe gastado (PEN)\n"
            "2026-11-01,2026-11-02,,Otoño,3000,250.25\n2026-11-01,2026-11-02,2026-11-01,Otoño,2000,150.50\n"
            "2026-11-01,2026-11-02,2026-11-02,Otoño,1000,99.75\n2026-11-01,2026-11-02,,,3000,250.25\n"
        )
    )
    assert (spend(folder), days(folder)) == (Decimal("250.25"), ["2026-11-01", "2026-11-02"])
    assert "2 total lines left out" in folder.outcomes[0].message


def test_parts_of_breakdowns_are_kept_apart_and_add_up_to_the_day() -> None:
    text = "Day,Campaign,Device,Currency code,Cost\n2026-11-13,Brand,Mobile,EUR,60.25\n2026-11-13,Brand,Computers,EUR,40.25\n"
    parts = read(dropped(text)).parts.to_pylist()
    assert {(row["kind"], row["part"], row["spend"]) for row in parts} == {
        ("device", "Mobile", Decimal("60.25")),
        ("device", "Computers", Decimal("40.25")),
    }


# Reports of a part

AD_GROUPS = "Day,Campaign,Ad group,Currency code,Impr.,Clicks,Cost,Conversions\n2026-11-13,Search DE,Boots,EUR,10000,500,1000.50,50\n"
PARTIAL = {
    "search_term": "Search term,Match type,Campaign,Ad group,Day,Currency code,Clicks,Impr.,Cost,Conversions\n"
    "boots,Exact match,Search DE,Boots,2026-11-13,EUR,100,1200,200.25,10\n"
    "Total: Search terms,--,--,--,--,EUR,250,3100,500.75,25\n",
    "keyword": "Day,Keyword,Match type,Campaign,Ad group,Currency code,Impr.,Clicks,Cost\n"
    "2026-11-13,shoes,Broad,Search DE,Boots,EUR,100,1,10.50\n",
    "conversion_action": "Day,Campaign,Ad group,Conversion action,Currency code,Impr.,Clicks,Cost,Conversions\n"
    "2026-11-13,Search DE,Boots,Purchase,EUR,--,--,--,40\n2026-11-13,Search DE,Boots,Lead,EUR,--,--,--,10\n",
    "asset": "Day,Campaign,Ad group,Asset,Currency code,Impr.,Clicks,Cost\n2026-11-13,Search DE,Boots,Headline 1,EUR,900,9,99.50\n",
}


@pytest.mark.parametrize("kind", PARTIAL)
@pytest.mark.parametrize("is_newer", [True, False])
def test_a_partial_report_is_kept_apart_and_replaces_nothing(kind: str, is_newer: bool) -> None:
    later = NOON + timedelta(hours=1 if is_newer else -1)
    folder = read(dropped(AD_GROUPS, name="whole.csv"), dropped(PARTIAL[kind], name="part.csv", at=later))
    assert spend(folder) == spend(folder, "ad_set") == Decimal("1000.50")
    assert (figures(folder, "conversions"), figures(folder, "clicks")) == (50, 500)
    assert {row["kind"] for row in folder.parts.to_pylist()} == {kind}
    assert next(outcome for outcome in folder.outcomes if outcome.file == "part.csv").kept_apart == kind


@pytest.mark.parametrize(
    "text",
    [
        "Suchbegriff;Kampagne;Tag;Währungscode;Klicks;Impr.;Kosten\nstiefel;Suche;13.11.2026;EUR;100;1200;200,25\n",
        "Terme de recherche;Campagne;Jour;Code de devise;Clics;Impr.;Coût\nbottes;R;2026-11-13;EUR;100;1200;200,25\n",
        "Start Date (in UTC),Campaign Name,Job Title,Currency,Impressions,Total Spent\n2026-11-13,C,Chef,EUR,10,5.50\n",
    ],
)
def test_a_part_alone_stands_for_no_total_in_any_language_or_platform(text: str) -> None:
    folder = read(dropped(text))
    assert spend(folder) == 0
    assert len(folder.parts) == 1
    assert "stands for no total" in folder.outcomes[0].message


def test_an_empty_figure_never_replaces_one() -> None:
    old = GOOGLE.replace("Cost\n", "Cost,Conversions\n") + "2026-11-13,Brand,EUR,1000,10,100.50,5\n"
    newer = GOOGLE.replace("Cost\n", "Cost,Conversions\n") + "2026-11-13,Brand,EUR,1000,10,100.50,--\n"
    folder = read(dropped(old, name="old.csv"), dropped(newer, name="new.csv", at=NOON + timedelta(hours=1)))
    assert figures(folder, "conversions") == 5


# Which column is meant


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            (
                "Day,Campaign,Currency code,Cost (Converted currency),Cost,Conversions,Conversions (by conv. time),"
                "Conv. value (by conv. time),Conv. value\n2026-11-13,Brand,EUR,15.50,12.50,3,9,90,30\n"
            ),
            (12.5, 3, 30),
        ),
        (
            (
                "Day,Campaign name,Amount spent (EUR),Purchases [1-day view],Purchases,Purchases conversion value [1-day view],"
                "Purchases conversion value\n2026-11-13,Brand,12.50,1,5,10.00,50.00\n"
            ),
            (12.5, 5, 50),
        ),
        (
            "Tag;Kampagnenname;Ausgegebener Betrag (EUR);Käufe [1 Tag nach Ansehen];Käufe\n2026-11-13;M;12,50;1;5\n",
            (12.5, 5, 0),
        ),
        (
            (
                "Day,Campaign name,Results,Result indicator,Amount spent (EUR),Purchases,Purchases conversion value\n"
                "2026-11-13,Traffic,420,actions:link_click,100.50,2,150.00\n2026-11-13,Sales,7,purchase,99.50,7,700.00\n"
            ),
            (200, 9, 850),
        ),
        (  # without a column of purchases: results that are purchases or leads
            (
                "Day,Campaign name,Results,Result indicator,Amount spent (EUR)\n2026-11-13,Traffic,420,actions:link_click,100.50\n"
                "2026-11-13,Sales,7,actions:offsite_conversion.fb_pixel_purchase,99.50\n"
            ),
            (200, 7, 0),
        ),
        (
            (
                "Day,Campaign name,Link clicks,Amount spent (EUR),Website purchases,Website purchases conversion value\n"
                "2026-11-13,Brand,10,12.50,2,50.00\n"
            ),
            (12.5, 2, 50),
        ),
    ],
)
def test_the_exact_column_wins(text: str, right: tuple[float, float, float]) -> None:
    folder = read(dropped(text))
    assert tuple(figures(folder, name) for name in ("spend", "conversions", "conversion_value")) == right


def test_a_column_that_stands_in_is_named() -> None:
    text = "Day,Campaign name,Link clicks,Amount spent (EUR)\n2026-11-13,Brand,10,12.50\n"
    assert "'Link clicks' stands for clicks" in only_outcome(text).message


def test_costs_in_two_currencies_are_asked_for() -> None:
    text = "Day,Campaign name,Amount spent (EUR),Amount spent (USD)\n2026-11-13,Brand,10,12.50\n"
    outcome = only_outcome(text)
    assert (outcome.status, "EUR and in USD" in outcome.message) == ("refused", True)
