"""Sheets of a workbook as lines of text cells that can be read in one way only."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time

import openpyxl

from assets.raw.dropped_files.sheets import BLOCK_LINES, SEARCHED_LINES, Block, Sheet
from resources.errors import DataUnusable
from resources.readers.numbers import without_marks


def sheets_of_workbook(name: str, content: bytes) -> list[Sheet]:
    """Every sheet of a workbook.

    Raises:
        DataUnusable: It is another archive, or cannot be opened.
    """
    with (
        zipfile.ZipFile(io.BytesIO(content)) if zipfile.is_zipfile(io.BytesIO(content)) else _broken(name)
    ) as packed:
        if "xl/workbook.xml" not in packed.namelist():
            inside = ", ".join(packed.namelist()[:3])
            raise DataUnusable(f"{name} is a ZIP archive ({inside}): unpack it and drop the files inside.")
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        tables = [
            (sheet.title, [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)])
            for sheet in book.worksheets
        ]
        book.close()
    except Exception as error:  # openpyxl raises many kinds for a broken workbook
        raise DataUnusable(f"{name} cannot be opened as a workbook: save it again as XLSX or CSV.") from error
    return [_sheet(title, rows) for title, rows in tables]


def _broken(name: str) -> zipfile.ZipFile:
    raise DataUnusable(f"{name} cannot be opened as a workbook: save it again as XLSX or CSV.")


def _sheet(title: str, rows: list[list[str]]) -> Sheet:
    def blocks(width: int) -> Iterator[Block]:
        for start in range(0, len(rows), BLOCK_LINES):
            block = Block()
            for at, row in enumerate(rows[start : start + BLOCK_LINES], start + 1):
                if any(row):
                    block.lines.append(at)
                    block.digests.append(hash(tuple(row)))
                    block.rows.append([*row, *([""] * (width - len(row)))][: width or None])
            yield block

    head = tuple(tuple(row) for row in rows[:SEARCHED_LINES] if any(row))
    return Sheet(title, head, blocks)


def _text(value: object) -> str:
    """A workbook's cell as text that can be read in one way only: its numbers have no marks that could mean
    thousands.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return _number_text(value)
    return without_marks(str(value)).strip()


def _number_text(value: float) -> str:
    if abs(value) >= 1e15:  # a workbook keeps fifteen digits: ids that long are rounded
        return format(float(value), ".14e").replace("e+", "E+")
    if value == int(value):
        return str(int(value))
    text = repr(float(value))
    return f"{text}e0" if re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text) else text
