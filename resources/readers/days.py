"""Calendar days and instants in text.

One order of day and month per column, proved by the column or asked for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from resources.readers.numbers import Unreadable, without_accents, without_marks

_MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar janv janvier ene enero janeiro gen gennaio januari sty stycznia styczen oca ocak",
            "feb february februar fev fevr fevrier febrero fevereiro febbraio februari lut lutego luty sub subat",
            "mar march mars marz mrz marzo marco maart mrt marca marzec",
            "apr april avr avril abr abril aprile kwi kwietnia kwiecien nis nisan",
            "may mai mayo maio mag maggio mei maj maja mayis",
            "jun june juni juin junio junho giu giugno cze czerwca czerwiec haz haziran",
            "jul july juli juil juillet julio julho lug luglio lip lipca lipiec tem temmuz",
            "aug august aout ago agosto augustus augusti sie sierpnia sierpien agu agustos",
            "sep sept september septembre septiembre set setembro settembre wrz wrzesnia wrzesien eyl eylul",
            "oct october okt oktober octobre octubre out outubro ott ottobre paz pazdziernika pazdziernik eki ekim",
            "nov november novembre noviembre novembro lis listopada listopad kas kasim",
            "dec december dez dezember decembre dic diciembre dezembro dicembre gru grudnia grudzien ara aralik",
        ),
        1,
    )
    for word in words.split()
}
_DIGITS = {
    **{ord("٠") + n: str(n) for n in range(10)},
    **{ord("۰") + n: str(n) for n in range(10)},
    **{ord("０") + n: str(n) for n in range(10)},
}
EXCEL_EPOCH = date(1899, 12, 30)
_TIME = r"(?:[T ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?\s?[Mm]\.?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.年])\s?(\d{{1,2}})[-/.月]\s?(\d{{1,2}})(?:日|\.)?{_TIME}")
_KOREAN = re.compile(rf"(\d{{4}})년\s?(\d{{1,2}})월\s?(\d{{1,2}})일{_TIME}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([/\-.])\s?(\d{{1,2}})\2\s?(\d{{4}}|\d{{2}}){_TIME}")
_RANGE = re.compile(r"(.{6,}?)(?:\s+(?:[-–—]|to|bis|au|al|tot|do|until)\s+|\s*[~～]\s*|\s*–\s*|\.\.)(.{6,})")


@dataclass(frozen=True)
class DayOrder:
    """Per separator, whether the day comes before the month; None where nothing in the column tells."""

    day_first: dict[str, bool | None]


UNKNOWN_ORDER = DayOrder({"/": None, "-": None, ".": True})


def day_order(cells: Iterable[str], *, default: bool | None) -> DayOrder:
    """What the whole column says of days like 3/11/2024; `default` decides where it says nothing.

    Raises:
        Unreadable: The column has both 13/11 and 11/13.
    """
    first_seen, second_seen = set(), set()
    for cell in cells:
        if match := _YEAR_LAST.match(_plain(cell)):
            if int(match[1]) > 12:
                first_seen.add(match[2])
            if int(match[3]) > 12:
                second_seen.add(match[2])
    order: dict[str, bool | None] = {}
    for separator in "/-.":
        first, second = separator in first_seen, separator in second_seen
        if first and second:
            raise Unreadable(
                f"the column has days both before and after months (with {separator}): say `date_format`"
            )
        order[separator] = True if first or separator == "." else False if second else default
    # One program writes one column: what it proves with one separator holds for the others.
    proved = {order[s] for s in "/-" if s in first_seen | second_seen}
    if len(proved) == 1:
        (is_first,) = proved
        order |= {s: is_first for s in "/-" if s not in first_seen | second_seen}
    return DayOrder(order)


def day(cell: str, *, order: DayOrder, form: str | None = None) -> date:
    """The day in a cell; a time of day behind it is left out.

    Args:
        cell: The cell's text.
        order: What the column says of days before months.
        form: The user's own strptime format, which then is the only one tried.

    Raises:
        Unreadable: It is no day, it is a range of days, or nothing tells its day from its month.
    """
    text = _plain(cell)
    if form:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 — a calendar day has no zone
        except ValueError:
            raise Unreadable(f"not a day of the form {form}") from None
    try:
        return _day(text, order)
    except (ValueError, OverflowError) as error:
        if span := _range_in(text, order):
            first, last = span
            if first == last:
                return first
            raise Unreadable(
                f"a line is {span_name(first, last)} ({first} to {last}): export it by day"
            ) from None
        raise Unreadable(
            str(error) if isinstance(error, Unreadable) else "not a day of the calendar"
        ) from None


def span_name(first: date, last: date) -> str:
    """What people call a range of days: a week, a month, or its number of days."""
    length = (last - first).days + 1
    if first.day == 1 and (last + timedelta(days=1)).day == 1 and length <= 31:
        return "a month"
    return "a week" if length == 7 else f"{length} days"


def _range_in(text: str, order: DayOrder) -> tuple[date, date] | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    try:
        return _day(match[1].strip(), order), _day(match[2].strip(), order)
    except (ValueError, OverflowError):
        return None


def _plain(cell: str) -> str:
    return without_marks(cell).translate(_DIGITS).strip().strip("\"'").strip()


def _day(text: str, order: DayOrder) -> date:
    if match := _YEAR_FIRST.fullmatch(text):
        return date(int(match[1]), int(match[3]), int(match[4]))
    if match := _KOREAN.fullmatch(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := re.fullmatch(r"(20\d{2})(\d{2})(\d{2})", text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(int(match[1]), int(match[3]), match[4], order.day_first[match[2]])
    if re.fullmatch(r"[34]\d{4}(\.0)?", text):
        return EXCEL_EPOCH + timedelta(days=int(float(text)))
    return _with_month_name(text)


def _year_last(first: int, second: int, year_text: str, is_day_first: bool | None) -> date:  # noqa: FBT001 — three-valued
    year = int(year_text) + (2000 if len(year_text) == 2 else 0)
    if is_day_first is None and first <= 12 and second <= 12 and first != second:
        raise Unreadable("nothing tells the day from the month: say `date_format` in the mapping")
    if is_day_first is None:
        is_day_first = first > 12
    return date(year, second, first) if is_day_first else date(year, first, second)


def _with_month_name(text: str) -> date:
    stripped = re.sub(rf"{_TIME}$", "", text, count=1)
    words = re.findall(r"[^\W\d_]+|\d+", without_accents(stripped).casefold())
    numbers = [int(word) for word in words if word.isdigit()]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    if len(months) != 1 or len(numbers) != 2:
        raise Unreadable("not a day")
    the_day, year = min(numbers), max(numbers)
    if year < 100:  # as spreadsheets show it: 13-Nov-26, the year last
        the_day, year = numbers[0], 2000 + numbers[1]
    return date(year, months[0], the_day)


def instant(cell: object, *, order: DayOrder) -> datetime | None:
    """An instant in UTC from a cell of a CRM: ISO text, milliseconds since 1970, or a day with or without a
    time.

    One without a zone is taken for UTC. None where the cell is empty.

    Raises:
        Unreadable: It is no instant, or nothing tells its day from its month.
    """
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC) if cell.tzinfo is None else cell.astimezone(UTC)
    text = "" if cell is None else _plain(str(cell))
    if not text:
        return None
    if re.fullmatch(r"\d{13}(\.0)?", text):
        return datetime.fromtimestamp(int(float(text)) / 1000, UTC)
    try:
        parsed = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        pass
    else:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return datetime.combine(day(text, order=order), _time_in(text), UTC)


def _time_in(text: str) -> time:
    match = re.search(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp])?", text)
    if match is None:
        return time()
    hour = int(match[1])
    if match[4] and hour <= 12:
        hour = hour % 12 + (12 if match[4] in "Pp" else 0)
    try:
        return time(hour, int(match[2]), int(match[3] or 0))
    except ValueError:
        raise Unreadable("not a time of day") from None
