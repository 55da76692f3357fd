"""Which days a query asks for: comparisons of segments.date and the names that DURING knows."""

from collections.abc import Sequence
from datetime import date, timedelta

from sandbox.google.failures import Refused, refused

KEPT_MONTHS = 37
_LAST_DAYS = {"LAST_7_DAYS": 7, "LAST_14_DAYS": 14, "LAST_30_DAYS": 30}
DURING = (
    "TODAY",
    "YESTERDAY",
    *_LAST_DAYS,
    "LAST_BUSINESS_WEEK",
    "THIS_MONTH",
    "LAST_MONTH",
    "THIS_WEEK_SUN_TODAY",
    "THIS_WEEK_MON_TODAY",
    "LAST_WEEK_SUN_SAT",
    "LAST_WEEK_MON_SUN",
)


def day_range(comparisons: Sequence[tuple[str, tuple[str, ...]]], *, today: date) -> tuple[date, date] | None:
    """First and last day that meet every comparison (operator, values); None without any.

    Raises:
        Refused: A day is none, the range has no end, ends before it begins, or begins before data is kept.
    """
    if not comparisons:
        return None
    low, high = date.min, date.max
    for operator, values in comparisons:
        first, last = _bounds(operator, values, today=today)
        low, high = max(low, first), min(high, last)
    if low == date.min or high == date.max:
        message = "Expected filters on the following field to limit a valid date range: 'segments.date'"
        raise refused("query_error", "EXPECTED_FILTERS_ON_DATE_RANGE", message)
    if low > high:
        message = "The start date must not be after the end date."
        raise _bad_range("INVALID_VALUE_WITH_BETWEEN_OPERATOR", message)
    if (today.year - low.year) * 12 + today.month - low.month > KEPT_MONTHS:
        raise _bad_range("DATE_RANGE_TOO_WIDE", f"Daily data is kept for {KEPT_MONTHS} months.")
    return low, high


def _bounds(operator: str, values: tuple[str, ...], *, today: date) -> tuple[date, date]:
    if operator == "DURING":
        return _during(values[0], today)
    try:
        days = [date.fromisoformat(value) for value in values]
    except ValueError as wrong:
        message = "Invalid date: dates are written as 'YYYY-MM-DD'."
        raise refused("query_error", "INVALID_DATE_FORMAT", message, trigger=values[0]) from wrong
    one_day = timedelta(days=1)
    ranges = {
        "=": (days[0], days[0]),
        "BETWEEN": (days[0], days[-1]),
        ">=": (days[0], date.max),
        "<=": (date.min, days[0]),
        ">": (days[0] + one_day, date.max),
        "<": (date.min, days[0] - one_day),
    }
    if operator == "IN" and len(days) == 1:
        return days[0], days[0]
    if operator not in ranges:
        message = f"The operator {operator} cannot be used with 'segments.date'."
        raise refused("query_error", "OPERATOR_FIELD_MISMATCH", message, trigger=operator)
    return ranges[operator]


def _during(name: str, today: date) -> tuple[date, date]:
    yesterday, monday = today - timedelta(days=1), today - timedelta(days=today.weekday())
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    month = today.replace(day=1)
    ranges = {
        "TODAY": (today, today),
        "YESTERDAY": (yesterday, yesterday),
        "THIS_MONTH": (month, today),
        "LAST_MONTH": ((month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)),
        "LAST_BUSINESS_WEEK": (monday - timedelta(days=7), monday - timedelta(days=3)),
        "THIS_WEEK_SUN_TODAY": (sunday, today),
        "THIS_WEEK_MON_TODAY": (monday, today),
        "LAST_WEEK_SUN_SAT": (sunday - timedelta(days=7), sunday - timedelta(days=1)),
        "LAST_WEEK_MON_SUN": (monday - timedelta(days=7), monday - timedelta(days=1)),
        **{available: (today - timedelta(days=back), yesterday) for available, back in _LAST_DAYS.items()},
    }
    if name.upper() not in ranges:
        raise refused(
            "query_error", "INVALID_VALUE_WITH_DURING_OPERATOR", "Invalid date literal.", trigger=name
        )
    return ranges[name.upper()]


def _bad_range(name: str, said: str) -> Refused:
    return refused("query_error", name, said, trigger="segments.date")
