"""Identifiers in text. Spreadsheets round long ids and write them as floats: such a column is not used for
identity.
"""

import re
from collections.abc import Iterable

from resources.readers.numbers import without_marks

EXACT_DIGITS = 15
"""Significant digits that a spreadsheet keeps of a number."""


def clean_id(cell: object) -> str:
    """The id without what programs put around it: quotes, a formula's equals sign, a float's `.0`, spaces."""
    if isinstance(cell, float):
        cell = str(int(cell)) if cell.is_integer() else str(cell)
    text = without_marks(str(cell)).strip()
    if match := re.fullmatch(r'="?([^"]*)"?', text):
        text = match[1]
    text = text.strip("'\"").strip()
    if match := re.fullmatch(r"(\d+)[.,]0+", text):
        text = match[1]
    return text


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet wrote the id in scientific notation, which loses its last digits."""
    return re.fullmatch(r"\d+([.,]\d+)?[eE]\+?\d+", text) is not None


def unreliable(ids: Iterable[str]) -> str | None:
    """Why ids of a column cannot be used, None where they can: scientific notation, or all rounded to 15
    digits.
    """
    distinct = set(ids) - {""}
    if any(is_scientific(text) for text in distinct):
        return "a spreadsheet wrote the ids in scientific notation and their last digits are lost"
    long = [text for text in distinct if text.isdigit() and len(text) >= EXACT_DIGITS + 2]
    if long and all(set(text[EXACT_DIGITS:]) == {"0"} for text in long):
        return "a spreadsheet rounded the ids to 15 digits"
    return None
