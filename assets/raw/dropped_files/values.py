"""Numbers, days and currencies as people's exports write them. A column is judged as a whole; what stays ambiguous is refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

MISSING = {"", "-", "--", "---", "–", "—", "n/a", "na", "nan", "null", "none", "#n/a"}
COMMA_LANGUAGES = {"de", "fr", "es", "pt"}
SYMBOLS = {"€": "EUR", "£": "GBP", "R$": "BRL", "₩": "KRW", "₹": "INR", "zł": "PLN", "₺": "TRY", "CHF": "CHF"}
"""Signs that belong to one currency alone. A plain $ or ¥ belongs to several, so the export or the mapping must say."""
_NUMBER = re.compile(r"^[+-]?\d[\d.,]*$")
_NOISE = re.compile(r"[\s\u00a0\u202f\u2009'’]|[A-Z]{3}|R\$|US\$|[$€£¥￥₩₹₺]|zł|kr\.?")
_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar janv janvier ene enero janeiro", "feb february februar fev fevr fevrier febrero fevereiro",
            "mar march mars marz mrz marzo marco", "apr april avr avril abr abril", "may mai mayo maio", "jun june juni juin junio junho",
            "jul july juli juil juillet julio julho", "aug august aout ago agosto", "sep sept september septembre septiembre set setembro",
            "oct october okt oktober octobre octubre out outubro", "nov november novembre noviembre novembro",
            "dec december dez dezember decembre dic diciembre dezembro",
        ),
        1,
    )
    for word in words.split()
}  # fmt: skip
_FOLD = str.maketrans("äáàâéèêíóôúûüç", "aaaaeeeioouuuc")
EXCEL_EPOCH = date(1899, 12, 30)


class Unreadable(ValueError):
    """A cell that cannot be read; the message is the reason a person is told."""


def is_missing(cell: str) -> bool:
    return cell.strip().strip("\"'").casefold() in MISSING


def decimal_mark(cells: Iterable[str]) -> str | None:
    """What separates decimals in these cells: "." or ",", or None where nothing tells.

    Raises:
        Unreadable: Some cells say one thing and some the other.
    """
    marks = {mark for cell in cells if (mark := _mark_in(_stripped(cell)))}
    if len(marks) > 1:
        raise Unreadable("the column mixes decimal points and decimal commas")
    return marks.pop() if marks else None


def _mark_in(text: str) -> str | None:
    """The mark that one number proves: the later of two kinds, one that stands once and not before three digits."""
    if not _NUMBER.match(text):
        return None
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        return "." if text.rfind(".") > text.rfind(",") else ","
    for mark, count in ((".", dots), (",", commas)):
        if count > 1:
            return "," if mark == "." else "."
        if count == 1 and not re.search(rf"^[+-]?[1-9]\d{{0,2}}\{mark}\d{{3}}$", text):
            return mark
    return None


def number(cell: str, *, mark: str | None) -> Decimal | None:
    """The number in a cell, a fraction for a percentage, or None where it is missing.

    Raises:
        Unreadable: It is no number, or only `mark` could tell which and nothing tells that.
    """
    if is_missing(cell):
        return None
    is_share = cell.strip().endswith(("%", "％"))
    text = _stripped(cell.strip().strip("<>≈"))
    is_negative = text.startswith("(") and text.endswith(")")
    text = text.strip("()")
    if not _NUMBER.match(text):
        raise Unreadable("not a number")
    if mark is None and ("." in text or "," in text):
        raise Unreadable("1.234 or 1,234 may be thousands or decimals: say `decimal` in the mapping")
    grouped = "," if mark == "." else "."
    if (
        mark is not None
        and grouped in text
        and not re.fullmatch(rf"[+-]?\d{{1,3}}(\{grouped}\d{{2,3}})*\{grouped}\d{{3}}(\{mark}\d*)?", text)
    ):
        raise Unreadable("thousands separators in the wrong place")
    try:
        value = Decimal(text.replace(grouped, "").replace(mark or ".", "."))
    except InvalidOperation:
        raise Unreadable("not a number") from None
    return (-value if is_negative else value) / (100 if is_share else 1)


def _stripped(cell: str) -> str:
    return _NOISE.sub("", cell).rstrip("%％")


def currency_in(cells: Iterable[str]) -> str | None:
    """The one currency that the cells' own signs or codes name, if they name one."""
    found = set()
    for cell in cells:
        if code := re.search(r"(?<![A-Z])([A-Z]{3})(?![A-Z])", cell):
            found.add(code[1])
        found |= {code for sign, code in SYMBOLS.items() if sign in cell}
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class DayOrder:
    """Per separator, whether the day comes before the month; None where nothing in the column tells."""

    day_first: dict[str, bool | None]


def day_order(cells: Iterable[str], *, default: bool | None) -> DayOrder:
    """What the whole column says of days like 3/11/2024; `default` decides where it says nothing.

    Raises:
        Unreadable: The column has both 13/11 and 11/13.
    """
    order: dict[str, bool | None] = {}
    for separator in "/-.":
        pairs = [
            (int(match[1]), int(match[2]))
            for cell in cells
            if (
                match := re.match(
                    rf"^(\d{{1,2}})\{separator}\s?(\d{{1,2}})\{separator}\s?\d{{2,4}}\b", cell.strip()
                )
            )
        ]
        first, second = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)
        if first and second:
            raise Unreadable(
                f"the column has days both before and after months (with {separator}): say `date_format`"
            )
        order[separator] = True if first or separator == "." else False if second else default
    return DayOrder(order)


def day(cell: str, *, order: DayOrder, form: str | None = None) -> date:
    """The day in a cell.

    Args:
        cell: The cell's text.
        order: What the column says of days before months.
        form: The user's own strptime format, which then is the only one tried.

    Raises:
        Unreadable: It is no day, or nothing tells its day from its month.
    """
    text = cell.strip()
    if form:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 — a calendar day has no zone
        except ValueError:
            raise Unreadable(f"not a day of the form {form}") from None
    try:
        return _day(text, order)
    except (ValueError, OverflowError) as error:
        raise Unreadable(
            str(error) if isinstance(error, Unreadable) else "not a day of the calendar"
        ) from None


def _day(text: str, order: DayOrder) -> date:
    if match := re.match(r"^(\d{4})[-/.年]\s?(\d{1,2})[-/.月]\s?(\d{1,2})(?:日|\.)?(?:[T ].*)?$", text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.match(r"^(\d{4})년\s?(\d{1,2})월\s?(\d{1,2})일$", text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(20\d{2})(\d{2})(\d{2})", text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.match(r"^(\d{1,2})([/\-.])\s?(\d{1,2})[/\-.]\s?(\d{2}|\d{4})$", text):
        first, second = int(match[1]), int(match[3])
        is_day_first = order.day_first[match[2]]
        if is_day_first is None and first != second:
            raise Unreadable("nothing tells the day from the month: say `date_format` in the mapping")
        year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
        return date(year, second, first) if is_day_first else date(year, first, second)
    if re.fullmatch(r"[34]\d{4}(\.0)?", text):
        return EXCEL_EPOCH + timedelta(days=int(float(text)))
    return _with_month_name(text)


def _with_month_name(text: str) -> date:
    words = re.findall(r"[^\W\d_]+|\d+", text.casefold().translate(_FOLD))
    numbers = [int(word) for word in words if word.isdigit()]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    if len(months) != 1 or len(numbers) != 2:
        raise Unreadable("not a day")
    year, the_day = max(numbers), min(numbers)
    return date(year, months[0], the_day)
