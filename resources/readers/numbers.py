"""Numbers and currencies in text.

A column is interpreted as a whole; a cell that stays ambiguous is refused.
"""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

MISSING = {"", "-", "--", "---", "–", "—", "n/a", "na", "nan", "null", "none", "#n/a"}
INVISIBLE = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
"""Direction marks, zero-width spaces and soft hyphens, which programs add around text and nobody sees."""
SYMBOL_CURRENCIES = {
    "€": "EUR",
    "£": "GBP",
    "R$": "BRL",
    "₩": "KRW",
    "₹": "INR",
    "zł": "PLN",
    "₺": "TRY",
    "CHF": "CHF",
    "US$": "USD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "MX$": "MXN",
    "NT$": "TWD",
    "S/": "PEN",
    "Kč": "CZK",
    "₱": "PHP",
    "₪": "ILS",
    "₫": "VND",
    "฿": "THB",
    "₴": "UAH",
    "₦": "NGN",
    "₽": "RUB",
    "₸": "KZT",
    "Ft": "HUF",
    "RM": "MYR",
    "Rp": "IDR",
}
"""Signs that belong to one currency alone.

A plain $, ¥ or kr belongs to several, so the export or a mapping must say.
"""
_DIGITS = {
    **{ord("٠") + n: str(n) for n in range(10)},
    **{ord("۰") + n: str(n) for n in range(10)},
    **{ord("０") + n: str(n) for n in range(10)},
    ord("−"): "-",
    ord("－"): "-",
    ord("﹣"): "-",
    ord("＋"): "+",
    ord("．"): ".",
    ord("，"): ",",
    ord("％"): "%",
    ord("٪"): "%",
}
_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "đ": "d"})
_ARABIC_MARKS = str.maketrans({"٫": ".", "٬": None, "،": None})
_SIGNS = "$¢£¤¥֏؋৳฿៛﷼＄￠￡￥￦"
_CURRENCY = re.compile(
    rf"[A-Z]{{1,2}}\$|S/\.?|B/\.|Kč|kr\.?|zł|Ft|lei|лв\.?|руб\.?|RM(?=[\s\d])|Rp\.?|[A-Z]{{3}}|[{_SIGNS}\u20a0-\u20bf]"
)
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d{1,2}")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+\.\d+")
"""Numbers as most exports write them, which need no closer look: a long file has a million of them."""


class Unreadable(ValueError):
    """A cell that cannot be read; the message is the reason a person is told."""


def without_marks(text: str) -> str:
    """The text without invisible marks, which would make two of one name."""
    return text if text.isascii() else INVISIBLE.sub("", text)


def without_accents(text: str) -> str:
    """The text with plain letters where the alphabet has them: Wyświetlenia as Wyswietlenia."""
    if text.isascii():
        return text
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", plain).translate(_LETTERS)


def is_missing(cell: str) -> bool:
    """Whether a figure's cell says that there is none."""
    return cell.strip().strip("\"'").casefold() in MISSING


def decimal_mark(cells: Iterable[str], *, whole: bool = False) -> str | None:
    """What separates decimals in these cells: "." or ",", or None where nothing tells.

    Args:
        cells: The column.
        whole: Whether the figures are whole ones, so that a mark before three digits separates thousands.

    Raises:
        Unreadable: Some cells say one thing and some the other.
    """
    marks: set[str] = set()
    for cell in cells:
        if cell.isdigit() and cell.isascii():
            continue
        if _GROUPED.fullmatch(cell):
            marks.add(".")
        elif mark := _mark_in(cell if _PLAIN.fullmatch(cell) else _bare(cell)[0], whole=whole):
            marks.add(mark)
    if len(marks) > 1:
        raise Unreadable("the column mixes decimal points and decimal commas")
    return marks.pop() if marks else None


def _mark_in(text: str, *, whole: bool) -> str | None:
    """The mark that one number proves: the later of two kinds, or one that stands once and not before three
    digits.
    """
    if not _NUMBER.fullmatch(text):
        return None
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        return "." if text.rfind(".") > text.rfind(",") else ","
    for mark, count, other in ((".", dots, ","), (",", commas, ".")):
        if count > 1:
            return other
        if count == 1:
            is_group = re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}\{mark}\d{{3}}", text)
            if not is_group:
                return mark
            if whole:
                return other
    return None


def number(cell: str, *, mark: str | None, whole: bool = False) -> Decimal | None:
    """The number in a cell, a fraction for a percentage, or None where it is missing.

    Args:
        cell: The text.
        mark: The column's decimal mark, None where nothing tells it.
        whole: Whether the figures are whole ones, so that a mark before three digits separates thousands.

    Raises:
        Unreadable: It is no number, or only `mark` could tell which and nothing tells that.
    """
    if _PLAIN.fullmatch(cell) and not _needs_mark(cell, mark, whole=whole):
        return Decimal(cell)
    if mark == "." and _GROUPED.fullmatch(cell):
        return Decimal(cell.replace(",", ""))
    if is_missing(cell):
        return None
    if "٫" in cell:  # the Arabic decimal separator is one mark only
        mark = "."
    text, is_negative = _bare(cell)
    is_share = text.endswith("%")
    text = text.rstrip("%")
    if _SCIENTIFIC.fullmatch(text):
        value = Decimal(text.replace(",", "."))
        return -value if is_negative else value
    if not _NUMBER.fullmatch(text):
        raise Unreadable("not a number")
    value = _value(text, mark, whole=whole)
    return (-value if is_negative else value) / (100 if is_share else 1)


def _needs_mark(cell: str, mark: str | None, *, whole: bool) -> bool:
    """Whether a plain number with a point may mean another number than it looks like."""
    if "." not in cell:
        return False
    return mark != "." or (whole and len(cell) - cell.rfind(".") == 4)


def _value(text: str, mark: str | None, *, whole: bool) -> Decimal:
    if whole and (match := re.fullmatch(r"([+-]?[1-9]\d{0,2})([.,])(\d{3})", text)):
        if match[2] == mark and int(match[3]):
            raise Unreadable("a count must be a whole number")
        if match[2] == mark:
            raise Unreadable("1.000 may be a thousand or one: say `decimal` in the mapping")
        return Decimal(match[1] + match[3])
    if mark is None and ("." in text or "," in text):
        own = _mark_in(text, whole=whole)
        if own is None:
            raise Unreadable("1.234 or 1,234 may be thousands or decimals: say `decimal` in the mapping")
        mark = own
    grouped = "," if mark == "." else "."
    if (
        mark is not None
        and grouped in text
        and not re.fullmatch(rf"[+-]?\d{{1,3}}(\{grouped}\d{{2,3}})*\{grouped}\d{{3}}(\{mark}\d*)?", text)
    ):
        raise Unreadable("thousands separators in the wrong place")
    try:
        return Decimal(text.replace(grouped, "").replace(mark or ".", "."))
    except InvalidOperation:
        raise Unreadable("not a number") from None


def _bare(cell: str) -> tuple[str, bool]:
    """The cell's digits and marks without currency, spaces and sign, and whether it is negative."""
    text = without_marks(cell).translate(_DIGITS)
    if "٫" in text or "٬" in text:
        text = text.translate(_ARABIC_MARKS)
    text = _SPACES.sub("", text.strip().strip("<>≈~\"'"))
    if text.startswith("–") and text[1:2].isdigit():
        text = f"-{text[1:]}"
    text = _CURRENCY.sub("", text)
    is_negative = False
    if text.startswith("(") and text.endswith(")"):
        text, is_negative = text[1:-1], True
    if text.endswith("-"):
        text, is_negative = text[:-1], True
    if text.startswith("-"):
        text, is_negative = text[1:], True
    return text, is_negative


def currency_in(cells: Iterable[str]) -> str | None:
    """The currency that the cells' own signs or codes name, if they name exactly one."""
    codes: set[str] = set()
    for cell in cells:
        if code := re.search(r"(?<![A-Z])([A-Z]{3})(?![A-Z$])", cell):
            codes.add(code[1])
            continue
        for sign in re.findall(rf"[A-Z]{{1,2}}\$|S/|Kč|zł|Ft|RM|Rp|[{_SIGNS}\u20a0-\u20bf]", cell):
            if sign in SYMBOL_CURRENCIES:
                codes.add(SYMBOL_CURRENCIES[sign])
    return codes.pop() if len(codes) == 1 else None
