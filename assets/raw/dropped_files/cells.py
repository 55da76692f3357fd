"""Bytes of a CSV or XLSX file as rows of text, whatever its encoding and delimiter."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime

import openpyxl

from resources.errors import DataUnusable

Rows = list[list[str]]
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def rows_of(name: str, content: bytes) -> Rows:
    """Every line of the file as cells, without surrounding white space; line n of the file is row n - 1.

    Raises:
        DataUnusable: The file is neither text nor a workbook that can be opened.
    """
    if name.lower().endswith((".xlsx", ".xlsm")):
        return _workbook(name, content)
    text = _decoded(name, content)
    return [
        [cell.strip() for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    ]


def _workbook(name: str, content: bytes) -> Rows:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises many kinds for a broken workbook
        raise DataUnusable(f"{name} cannot be opened as a workbook: save it again as XLSX or CSV.") from error
    try:
        sheet = book.worksheets[0]
        return [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    finally:
        book.close()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value) if value != int(value) else str(int(value))
    return str(value).strip()


def _decoded(name: str, content: bytes) -> str:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="strict")
    if b"\x00" in content[:200]:
        return content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be")
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataUnusable(
        f"{name} is not text in UTF-8, UTF-16 or Windows-1252: export it again as CSV (UTF-8)."
    )


def _delimiter(text: str) -> str:
    """The delimiter that cuts most lines into the same number of cells, and that into several."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common), common) if common > 1 else (0, 0)

    return max(_DELIMITERS, key=evenness)


def as_text_cell(value: object) -> str:
    """A cell for a CSV of ours: a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    text = "" if value is None else str(value)
    return (
        f"'{text}"
        if text.lstrip(" ").startswith(("=", "+", "-", "@")) or text.startswith(("\t", "\r", "\n"))
        else text
    )


def csv_text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV with defused cells and a byte order mark, as spreadsheets expect."""
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(header)
    lines.writerows([as_text_cell(cell) for cell in row] for row in rows)
    return "\ufeff" + written.getvalue()
