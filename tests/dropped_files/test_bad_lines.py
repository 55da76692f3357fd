"""Damaged lines and files: one bad line costs one line, one bad file costs one file, and a sentence says
which.
"""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from tests.dropped_files.exports import dropped, read
from tests.dropped_files.test_line_meaning import GOOGLE, only_outcome, spend, workbook

BAD_LINES = {
    "a year of two digits in another century": "1926-11-13,Bad,EUR,1,1,1.00",
    "a mistyped year": "2019-11-13,Bad,EUR,1,1,1.00",
    "a day in the future": "2062-11-13,Bad,EUR,1,1,1.00",
    "two months ahead": "2027-01-20,Bad,EUR,1,1,1.00",
    "a count of 20 digits": "2026-11-13,Bad,EUR,99999999999999999999,1,1.00",
    "an absurd cost": "2026-11-13,Bad,EUR,1,1,99999999999999999999999999999999.50",
    "a field of 140 kB": f"2026-11-13,{'x' * 140_000},EUR,1,1,1.00",
    "a quotation mark that is not closed": '2026-11-13,"Screens 27 inch,EUR,1,1,1.00',
    "a cell too many": "2026-11-13,Bad,EUR,1,1,12,50",
    "zero bytes": "2026-11-13,B\x00ad,EUR,1,1,1.00",
    "a negative count": "2026-11-13,Bad,EUR,-3,1,1.00",
    "infinity": "2026-11-13,Bad,EUR,1,1,∞",
}


@pytest.mark.parametrize("bad", BAD_LINES)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_line_costs_one_line(bad: str, place: int) -> None:
    good = [f"2026-11-{day},Brand,EUR,100,10,12.50" for day in (12, 14)]
    lines = [*good[:place], BAD_LINES[bad], *good[place:]]
    folder = read(
        dropped(GOOGLE + "\n".join(lines) + "\n"),
        dropped(GOOGLE + "2026-11-12,Good,EUR,1,1,0.50\n", name="good.csv"),
    )
    assert spend(folder) == Decimal("25.50")
    outcome = folder.outcomes[0]
    assert (outcome.status, outcome.rejected) == ("partly read", 1), outcome.message
    assert folder.rejects.to_pylist()[0]["line"] == place + 2


def test_inner_quotation_marks_belong_to_the_name() -> None:
    rows = '2026-11-13,Screens 27" wide,EUR,100,10,12.50\n2026-11-14,"Screens 27" wide",EUR,100,10,12.50\n2026-11-15,"27" screens, cheap",EUR,1,1,1.50\n'
    folder = read(dropped(GOOGLE + rows))
    assert {row["name"] for row in folder.entities.to_pylist() if row["level"] == "campaign"} == {'Screens 27" wide', '27" screens, cheap'}  # fmt: skip
    assert spend(folder) == Decimal("26.50")


def test_a_line_break_inside_a_quoted_name_is_part_of_the_name() -> None:
    folder = read(
        dropped(GOOGLE + '2026-11-13,"Line\nbreak",EUR,100,10,12.50\n2026-11-14,Brand,EUR,1,1,1.50\n')
    )
    assert (spend(folder), folder.outcomes[0].rejected) == (Decimal("14.00"), 0)


def test_a_file_that_was_cut_off_loses_its_last_line() -> None:
    folder = read(dropped(GOOGLE + "2026-11-13,Brand,EUR,100,10,12.50\n2026-11-14,Brand,EUR,100,1"))
    assert spend(folder) == Decimal("12.50")
    assert "ends in the middle" in folder.outcomes[0].message


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "e.csv", "is empty"),
        (b"\xef\xbb\xbf\r\n", "e.csv", "is empty"),
        (GOOGLE.encode(), "e.csv", "a header and no line"),
        (b"<html><table><tr><td>Day</td></tr></table></html>", "e.xls", "a web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "e.xls", "old Excel workbook"),
        (b"PK\x03\x04 broken", "e.xlsx", "cannot be opened"),
        (b"not a workbook", "e.xlsx", "cannot be opened"),
    ],
)
def test_a_file_that_holds_nothing_says_so_in_a_sentence(content: bytes, name: str, words: str) -> None:
    outcome = only_outcome(content, name=name)
    assert (outcome.status, words in outcome.message) == ("refused", True), outcome.message


def test_an_archive_says_what_to_do() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("report.csv", GOOGLE)
    assert "unpack it" in only_outcome(packed.getvalue(), name="e.zip").message


def test_every_sheet_of_a_workbook_is_read_and_a_cover_is_named() -> None:
    header = ["Day", "Campaign", "Currency code", "Cost"]
    months = {
        "Cover": [["Monthly report"], ["made by hand"]],
        "October": [header, [date(2026, 10, 13), "Brand", "EUR", 12.5]],
        "November": [header, [date(2026, 11, 13), "Brand", "EUR", 1.234]],
    }
    folder = read(dropped(workbook(**months), name="Report.csv"))  # type: ignore[arg-type]
    assert spend(folder) == Decimal("13.734")
    assert "sheet Cover is no export" in folder.outcomes[0].message


def test_a_header_below_a_long_preamble_is_found() -> None:
    preamble = "".join(f'Filter {n}: campaign contains "x{n}"\n' for n in range(45))
    assert spend(read(dropped(preamble + GOOGLE + "2026-11-13,Brand,EUR,1,1,12.50\n"))) == Decimal("12.50")


def test_a_csv_that_was_saved_as_a_csv_once_more_is_read() -> None:
    text = '"Day,Campaign,Currency code,Impr.,Clicks,Cost"\n"2026-11-13,Brand,EUR,1000,10,12.50"\n'
    assert spend(read(dropped(text))) == Decimal("12.50")
