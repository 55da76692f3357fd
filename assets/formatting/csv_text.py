"""CSV files of ours, safe to open in a spreadsheet: a text that would be run as a formula gets an apostrophe
in front (OWASP, CSV injection). Every CSV that the project writes passes here.
"""

import csv
import io
import re
from collections.abc import Iterable
from numbers import Number
from typing import TextIO

import pandas as pd

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Stands first in a file, so that spreadsheets read it as UTF-8."""
_INVISIBLE = "\\s\u200b-\u200f\u2060\ufeff\x00"
_FORMULA = re.compile(f"^[{_INVISIBLE}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")
"""Signs that begin a formula, also as full-width signs and after blanks or signs that are not seen; a tab or
a line break in front moves the rest into a cell of its own.
"""


def as_csv_cell(value: object) -> str:
    """The cell of a value: texts defused, numbers as numbers, what is missing empty."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.10g}"
    text = str(value)
    is_formula = not isinstance(value, Number) and _FORMULA.match(text)
    return f"'{text}" if is_formula else text


def write_csv(stream: TextIO, header: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Write a header and its rows with defused cells; lines end as spreadsheets expect."""
    lines = csv.writer(stream, lineterminator="\r\n")
    lines.writerow([as_csv_cell(name) for name in header])
    lines.writerows([as_csv_cell(value) for value in row] for row in rows)


def csv_text(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """The same as a text with a byte order mark in front."""
    written = io.StringIO()
    write_csv(written, header, rows)
    return BOM + written.getvalue()
