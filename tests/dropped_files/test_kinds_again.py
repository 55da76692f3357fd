"""Every kind of faulty export once more, in another language, on another platform and in another format than
where it was first met: the kind is understood, not the file.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.dropped_files.exports import csv_of, dropped, read
from tests.dropped_files.test_line_meaning import spend, workbook

KLICKS = ["Tag", "Kampagne", "Währungscode", "Impr.", "Klicks", "Kosten"]
CLIQUES = ["Dia", "Nome da campanha", "Impressões", "Cliques (todos)", "Valor usado (BRL)"]
LINKEDIN_FR = ["Date de début (UTC)", "Nom du groupe de campagnes", "Devise", "Impressions", "Clics", "Total dépensé"]  # fmt: skip
Rows = Sequence[Sequence[Any]]


def german(*lines: Sequence[str]) -> str:
    return csv_of([KLICKS, *lines], delimiter=";")


def sheet(*lines: Sequence[Any], header: Sequence[str] = CLIQUES, **more: Rows) -> bytes:
    """A workbook with these lines on its first sheet, and more sheets."""
    return workbook(
        Relatório=[list(header), *map(list, lines)], **{name: [*rows] for name, rows in more.items()}
    )  # type: ignore[arg-type]


BRAND = ["13.11.2026", "Marke", "EUR", "1000", "10", "12,50"]
READ: dict[str, tuple[Sequence[str | bytes], str, str]] = {
    "days beside the range they lie in": (
        [
            sheet(
                *(["2026-11-01", "2026-11-02", date(2026, 11, day), "Outono", 1000, 10, 20.5] for day in (1, 2)),
                header=["Início dos relatórios", "Término dos relatórios", *CLIQUES],
            )
        ],
        "41.00",
        "meta_ads by campaign",
    ),
    "overall lines beside the days": (
        [german(["", "Marke", "EUR", "2000", "20", "25,00"], BRAND, ["14.11.2026", *BRAND[1:]])],
        "25.00",
        "1 total lines left out",
    ),
    "a whole beside its parts": (
        [
            csv_of(
                [
                    ["Dag", "Campagne", "Valutacode", "Apparaat", "Kosten"],
                    ["2026-11-13", "Merk", "EUR", "Alle apparaten", "100,50"],
                    ["2026-11-13", "Merk", "EUR", "Mobiel", "60,25"],
                    ["2026-11-13", "Merk", "EUR", "Computers", "40,25"],
                ],
                delimiter="\t",
            )
        ],
        "100.50",
        "2 parts left out",
    ),
    "a report by conversion action": (
        [
            german(BRAND),
            csv_of(
                [["Tag", "Kampagne", "Conversion-Aktion", "Währungscode", "Kosten", "Conversions"], ["13.11.2026", "Marke", "Kauf", "EUR", "--", "4,00"]],
                delimiter=";",
            ),
        ],
        "12.50",
        "stands for no total",
    ),
    "a report by keyword": (
        [
            csv_of([["Jour", "Campagne", "Code de devise", "Coût"], ["2026-11-13", "Marque", "EUR", "100,50"]], delimiter=";"),
            csv_of([["Jour", "Mot clé", "Campagne", "Code de devise", "Coût"], ["2026-11-13", "chaussures", "Marque", "EUR", "10,50"]], delimiter=";"),
        ],
        "100.50",
        "stands for no total",
    ),
    "two files that differ about one name": (
        [german(BRAND), german([*BRAND[:5], "200,50"])],
        "200.50",
        "12.50 here, 200.50 there",
    ),
    "a campaign with and without its id": (
        [
            csv_of([[*KLICKS, "Kampagnen-ID"], [*BRAND, "19876543210"]], delimiter=";"),
            german(BRAND, ["14.11.2026", *BRAND[1:]]),
        ],
        "25.00",
        "another file counts",
    ),
    "money without an ad group": (
        [
            csv_of(
                [["Tag", "Kampagne", "Anzeigengruppe", "Währungscode", "Kosten"], ["13.11.2026", "Suche", "Stiefel", "EUR", "100,50"], ["13.11.2026", "Maximale Leistung", "--", "EUR", "500,50"]],
                delimiter=";",
            )
        ],
        "601.00",
        "google_ads",
    ),
    "ids that a workbook rounded": (
        [sheet(["2026-11-13", "Alfa", 120210123456789012, 40.25], ["2026-11-13", "Beta", 120210123456789012, 60.25], header=["Dia", "Nome da campanha", "Identificação da campanha", "Valor usado (BRL)"])],
        "100.50",
        "is not used",
    ),
    "a number with three decimals in a workbook": (
        [sheet(["2026-11-13", "Marca", 1000, 10, 1.234])],
        "1.234",
        "meta_ads",
    ),
    "data on another sheet": (
        [workbook(Titelblatt=[["Monatsbericht"]], Daten=[KLICKS, [date(2026, 11, 13), "Marke", "EUR", 1000, 10, 12.5]])],
        "12.50",
        "sheet Titelblatt is no export",
    ),
    "a day that a spreadsheet shows": (
        [csv_of([LINKEDIN_FR, ["13-nov-26", "Groupe", "EUR", "1000", "10", "12,50"]], delimiter=";")],
        "12.50",
        "linkedin_ads",
    ),
    "a day of another century and one ahead": (
        [german(BRAND, ["13.11.1926", *BRAND[1:]], ["20.01.2027", *BRAND[1:]])],
        "12.50",
        "line 3, Tag '13.11.1926'",
    ),
    "a cell too many and an open quotation mark": (
        [german(BRAND, ["14.11.2026", *BRAND[1:], "7"]) + '15.11.2026;"Marke;EUR;1;1;1,00\r\n16.11.2026;Marke;EUR;1;1;1,00\r\n'],
        "13.50",
        "line 3",
    ),
    "figures that no day can hold": (
        [german(BRAND, ["14.11.2026", "Marke", "EUR", "9" * 20, "1", "1,00"], ["15.11.2026", "Marke", "EUR", "1", "1", "9" * 30 + ",00"])],
        "12.50",
        "more than any line of a day can hold",
    ),
    "a preamble of 50 lines": (
        ["".join(f"Filter {n};Kampagne\r\n" for n in range(50)) + german(BRAND)],
        "12.50",
        "google_ads",
    ),
    "a converted column before the plain one": (
        [csv_of([["Tag", "Kampagne", "Währungscode", "Kosten (umgerechnete Währung)", "Kosten"], ["13.11.2026", "Marke", "EUR", "15,50", "12,50"]], delimiter=";")],
        "12.50",
        "google_ads",
    ),
    "names that are words for nothing": (
        [german(BRAND, *(["13.11.2026", name, "EUR", "1", "1", "1,00"] for name in ("NA", "null", "Alle", "Gesamt")))],
        "16.50",
        "google_ads",
    ),
}  # fmt: skip
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "hours of a month": (
        csv_of(
            [["Nome da campanha", "Hora do dia (fuso horário da conta de anúncios)", "Valor usado (BRL)", "Início dos relatórios", "Término dos relatórios"], ["Marca", "00:00:00 - 00:59:59", "1,50", "2026-11-01", "2026-11-30"]],
            delimiter=";",
        ),
        "export it by day",
    ),
    "weeks as ranges in a workbook": (
        sheet(["2026-11-02 - 2026-11-08", "Marca", 1000, 10, 12.5]),
        "a line is a week",
    ),
    "two currencies of one account": (
        csv_of([["Tag", "Kundennummer", "Kampagne", "Währungscode", "Kosten"], ["13.11.2026", "123-456-7890", "A", "EUR", "1,50"], ["13.11.2026", "123-456-7890", "A", "USD", "2,50"]], delimiter=";"),
        "an account has one currency",
    ),
    "days that may be months": (
        csv_of([["Gregorian date", "Account number", "Currency code", "Campaign", "Ad group", "Impressions", "Clicks", "Spend"], ["03/11/2026", "X1", "GBP", "A", "B", "1", "1", "1.00"]]),
        "date_format",
    ),
    "a header alone in a workbook": (sheet(), "a header and no line below it"),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_each_kind_is_read_right_in_another_language_and_format(kind: str) -> None:
    contents, right, words = READ[kind]
    names = [
        f"{number}.{'xlsx' if isinstance(content, bytes) else 'csv'}"
        for number, content in enumerate(contents)
    ]
    folder = read(*(dropped(content, name=name) for name, content in zip(names, contents, strict=True)))
    assert spend(folder) == Decimal(right), [outcome.message for outcome in folder.outcomes]
    assert words in " | ".join(outcome.message for outcome in folder.outcomes)


@pytest.mark.parametrize("kind", REFUSED)
def test_each_kind_is_refused_with_what_to_do_in_another_language_and_format(kind: str) -> None:
    content, words = REFUSED[kind]
    outcome = read(dropped(content, name="e.xlsx" if isinstance(content, bytes) else "e.csv")).outcomes[0]
    assert (outcome.status, words in outcome.message) == ("refused", True), outcome.message
