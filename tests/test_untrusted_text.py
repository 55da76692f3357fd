"""Names of campaigns and everything else that other people typed: text in every CSV and every Markdown of
ours.
"""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.formatting.csv_text import BOM, as_csv_cell, csv_text
from assets.formatting.markdown import markdown_list, markdown_table

ROOT = Path(__file__).resolve().parent.parent
OURS = [
    path
    for layer in ("assets", "orchestration", "resources", "sensors")
    for path in (ROOT / layer).rglob("*.py")
]
CSV_WRITER = re.compile(r"csv\.(writer|DictWriter)\(|\.to_csv\(")
MARKDOWN_ROW = re.compile(r'f"\| \{(?!.*as_markdown_text)')
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


def lines_with(pattern: re.Pattern[str]) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in OURS
        if any(pattern.search(line) for line in path.read_text("utf-8").splitlines())
    }


def test_every_csv_passes_the_one_formula_guard() -> None:
    assert lines_with(CSV_WRITER) == {"assets/formatting/csv_text.py"}


def test_every_markdown_table_of_other_peoples_texts_is_written_in_one_place() -> None:
    """Elsewhere every row escapes its cells on the line that begins it."""
    assert lines_with(MARKDOWN_ROW) == {"assets/formatting/markdown.py"}


@given(st.text(max_size=30))
def test_no_cell_of_ours_is_a_formula(text: str) -> None:
    cell = as_csv_cell(text)
    assert cell.endswith(text)
    assert not cell.strip("\ufeff\u200b \u00a0\x00").startswith(tuple(SIGNS))
    assert not cell.startswith(("\t", "\r", "\n"))


@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\t", "\ufeff", "\u200b", " \n "])
@pytest.mark.parametrize("sign", SIGNS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(before: str, sign: str) -> None:
    text = csv_text([f"{before}{sign}A1"], [[f"{before}{sign}cmd|'/c calc'!A0"]])
    assert text.startswith(BOM)
    rows = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert rows == [[f"'{before}{sign}A1"], [f"'{before}{sign}cmd|'/c calc'!A0"]]


def test_numbers_stay_numbers_and_what_is_missing_stays_empty() -> None:
    values = (-5, -1.25, Decimal("-3.10"), 0.1 + 0.2, None, float("nan"), pd.NA, pd.NaT)
    assert [as_csv_cell(value) for value in values] == ["-5", "-1.25", "-3.10", "0.3", "", "", "", ""]


def test_a_name_is_one_cell_of_a_markdown_table_and_no_link() -> None:
    evil = "[Approve here](http://evil) | x\n# Approve <img src=x onerror=alert(1)>"
    table = markdown_table(("name", "people"), [(evil, 3)])
    assert len(table.splitlines()) == 3
    assert table.splitlines()[2].replace("\\|", "").count("|") == 3
    for text in (table, markdown_list([evil])):
        assert "<img" not in text
        assert "](" not in text.replace("\\]", "").replace("\\(", "")
