"""Date literals of SOQL, and the error of a query that cannot be read."""

import re
from datetime import date, timedelta

_COUNTED = re.compile(r"(LAST|NEXT)_N_(DAYS|WEEKS|MONTHS|YEARS):(\d+)")
LITERALS = (
    "TODAY",
    "YESTERDAY",
    "TOMORROW",
    "THIS_WEEK",
    "LAST_WEEK",
    "THIS_MONTH",
    "LAST_MONTH",
    "THIS_YEAR",
    "LAST_YEAR",
    "LAST_90_DAYS",
    "LAST_N_DAYS:n",
    "NEXT_N_DAYS:n",
)
"""Date literals that are honoured."""


class Malformed(Exception):
    """The query cannot be read, or names what is not there. `code` is Salesforce's own."""

    def __init__(self, message: str, code: str = "MALFORMED_QUERY") -> None:
        super().__init__(message)
        self.code = code


def literal_span(name: str, today: date) -> tuple[date, date] | None:
    """First and last day of a date literal, None for what is none.

    Last days end today, as they do at Salesforce.
    """
    entry, sunday, month = (
        timedelta(days=1),
        today - timedelta(days=(today.weekday() + 1) % 7),
        today.replace(day=1),
    )
    year = today.replace(month=1, day=1)
    spans = {
        "TODAY": (today, today),
        "YESTERDAY": (today - entry, today - entry),
        "TOMORROW": (today + entry, today + entry),
        "THIS_WEEK": (sunday, sunday + 6 * entry),
        "LAST_WEEK": (sunday - 7 * entry, sunday - entry),
        "THIS_MONTH": (month, (month + 32 * entry).replace(day=1) - entry),
        "LAST_MONTH": ((month - entry).replace(day=1), month - entry),
        "THIS_YEAR": (year, year.replace(month=12, day=31)),
        "LAST_YEAR": ((year - entry).replace(month=1, day=1), year - entry),
        "LAST_90_DAYS": (today - 90 * entry, today),
    }
    match = _COUNTED.fullmatch(name)
    if match and match[2] == "DAYS":
        count = int(match[3]) * entry
        return (today - count, today) if match[1] == "LAST" else (today + entry, today + count)
    if match:
        raise Malformed(f"The sandbox does not honour the date literal {name}")
    return spans.get(name)
