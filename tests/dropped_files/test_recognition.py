"""Exports are known by their headers, in every language, whatever stands around the table and however it is
written.
"""

import io
from decimal import Decimal

import openpyxl
import pytest

from tests.dropped_files.exports import COMMAS, HEADERS, LINES, cells, csv_of, dropped, meant, read, said

EVERY = sorted(HEADERS)
EURO = "platform: {}\ncurrency: EUR\n"


def table(platform: str, language: str) -> list[list[str]]:
    comma = language in COMMAS
    return [list(HEADERS[platform, language]), *(cells(line, comma=comma) for line in LINES)]


@pytest.mark.parametrize(("platform", "language"), EVERY)
def test_every_language_says_the_same(platform: str, language: str) -> None:
    text = csv_of(table(platform, language), delimiter=";" if language in COMMAS else ",")
    mapping = None if platform == "meta_ads" else EURO.format(platform)
    folder = read(dropped(text, mapping=mapping))
    assert [(o.status, o.rows, o.rejected) for o in folder.outcomes] == [("read", 3, 0)], folder.outcomes
    assert said(folder) == meant(LINES)
    found = folder.days["ad_set"].to_pylist()
    assert {(r["platform"], r["currency"]) for r in found} == {(platform, "EUR")}


@pytest.mark.parametrize(("platform", "language"), EVERY)
def test_a_platform_is_told_from_the_others_by_its_words_alone(platform: str, language: str) -> None:
    rows = [[*HEADERS[platform, language], "Currency code"]]
    rows += [[*cells(line, comma=language in COMMAS), "EUR"] for line in LINES]
    folder = read(dropped(csv_of(rows, delimiter="\t")))
    assert folder.outcomes[0].status == "read", folder.outcomes[0].message
    assert {r["platform"] for r in folder.days["ad_set"].to_pylist()} == {platform}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    text = csv_of(table("meta_ads", "de"), delimiter=delimiter)
    assert said(read(dropped(text.encode(encoding)))) == meant(LINES)


def test_a_workbook_with_days_as_days_and_numbers_as_numbers() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADERS["meta_ads", "en"]))
    for line in LINES:
        money, value = float(line.spend), float(line.value)
        sheet.append([line.day, line.campaign, line.ad_set, line.impressions, line.clicks, money, 0, value])
    saved = io.BytesIO()
    book.save(saved)
    folder = read(dropped(saved.getvalue(), name="Report.xlsx"))
    assert folder.outcomes[0].status == "read", folder.outcomes[0].message
    assert {row[5] for row in said(folder)} == {line.spend for line in LINES}


def test_preambles_totals_and_blank_lines_are_left_out_and_counted() -> None:
    header, *body = table("google_ads", "en")
    around = [["Ad group report"], ["November 13, 2026 - November 14, 2026"], [], [*header, "Currency code"]]
    around += [[*row, "EUR"] for row in body]
    around += [["Total: Campaigns", "", "", "22,765", "1,186", "2,277.31", "21", "3,845.67", "EUR"], []]
    folder = read(dropped(csv_of(around)))
    assert said(folder) == meant(LINES)
    assert "1 total lines left out" in folder.outcomes[0].message


def test_subtotals_of_a_pivot_are_not_counted_beside_their_parts() -> None:
    header, *body = table("meta_ads", "en")
    pivot = [header, *body, ["All", "All", "All", "22765", "1186", "2,277.31", "21", "3,845.67"]]
    pivot.insert(2, ["2026-11-13", "Brand", "All", "12345", "678", "1,234.56", "12", "2,345.67"])
    assert said(read(dropped(csv_of(pivot)))) == meant(LINES)


def test_things_that_are_called_like_a_total_are_things() -> None:
    header, *_ = table("meta_ads", "en")
    rows = [
        ["2026-11-13", name, "All", "10", "1", "5.00", "0", "0"] for name in ("Total Recall", "Totals", "All")
    ]
    folder = read(dropped(csv_of([header, *rows])))
    assert {row[1] for row in said(folder)} == {"Total Recall", "Totals", "All"}
    first = ["Campaign name", "Day", "Impressions", "Clicks (all)", "Amount spent (EUR)"]
    lines = [["Total Recall", "2026-11-13", "10", "1", "5.00"], ["Total", "", "10", "1", "5.00"]]
    assert [o.rows for o in read(dropped(csv_of([first, *lines]))).outcomes] == [1]


def test_missing_cells_are_null_and_counted_never_zero() -> None:
    header, *body = table("meta_ads", "en")
    body[0][5], body[1][3] = "--", " "
    folder = read(dropped(csv_of([header, *body])))
    first, second = (r for r in folder.days["ad_set"].to_pylist() if r["spend"] != Decimal("55.10"))
    assert first["spend"] is None
    assert second["impressions"] is None
    assert "2 empty cells" in folder.outcomes[0].message


def test_one_line_that_cannot_be_read_is_kept_aside_and_the_rest_is_read() -> None:
    header, *body = table("meta_ads", "en")
    body[1][5] = "a lot"
    folder = read(dropped(csv_of([header, *body])))
    assert [(o.status, o.rows, o.rejected) for o in folder.outcomes] == [("partly read", 2, 1)]
    bad = folder.rejects.to_pylist()[0]
    assert (bad["line"], bad["column"], bad["value"]) == (3, "Amount spent (EUR)", "a lot")
    assert bad["reason"] == "not a number"


def test_a_currency_that_stands_nowhere_is_asked_for() -> None:
    folder = read(dropped(csv_of(table("google_ads", "en"))))
    assert folder.outcomes[0].status == "refused"
    assert "says nowhere in which currency" in folder.outcomes[0].message
    assert "export.mapping.yaml" in folder.outcomes[0].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no table"),
        (b"a,b\n1,2\n", "it will be read"),
        (bytes(range(256)), "not text"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(text: bytes, words: str) -> None:
    outcome = read(dropped(text)).outcomes[0]
    assert outcome.status == "refused"
    assert outcome.message


def test_an_unknown_file_gets_a_mapping_to_complete_and_reads_with_it() -> None:
    text = "When,Which,Part,Shown,Tapped,Total cost\n2026-11-13,Brand,Core,100,5,12.50\n"
    refused = read(dropped(text)).outcomes[0]
    _, _, proposal = refused.message.partition("it will be read:\n")
    assert "columns:" in proposal
    assert "spend: Total cost" in proposal
    mapping = (
        "platform: meta_ads\ncurrency: USD\ncolumns: {day: When, campaign_name: Which, ad_set_name: Part, "
        "impressions: Shown, clicks: Tapped, spend: Total cost}\n"
    )
    folder = read(dropped(text, mapping=mapping))
    assert folder.outcomes[0].status == "read", folder.outcomes[0].message
    assert folder.days["ad_set"].to_pylist()[0]["spend"] == Decimal("12.50")
    assert folder.days["ad_set"].to_pylist()[0]["conversions"] is None


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("platform: bing\n", "platform"),
        ("platform: meta_ads\ncurrency: euro\n", "currency"),
        ("platform: meta_ads\ncolumns: {cost: Spend}\n", "cost is none of"),
        ("platform: [", "not YAML"),
    ],
)
def test_a_mapping_that_makes_no_sense_says_where(mapping: str, words: str) -> None:
    outcome = read(dropped(csv_of(table("meta_ads", "en")), mapping=mapping)).outcomes[0]
    assert outcome.status == "refused"
    assert words in outcome.message
