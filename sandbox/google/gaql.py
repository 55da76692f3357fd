"""Google Ads Query Language, as far as reports and snapshots need it: parsed, and every name checked against the shipped messages."""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from typing import Any

from sandbox.google.failures import BASE, Refused, refused

ROW = import_module(f"{BASE}.services.types.google_ads_service").GoogleAdsRow.pb()
KEPT_MONTHS = 37
_QUERY = re.compile(
    r"^\s*SELECT\s+(?P<fields>.+?)\s+FROM\s+(?P<resource>\w+)(?:\s+WHERE\s+(?P<where>.+?))?(?:\s+ORDER\s+BY\s+(?P<order>.+?))?"
    r"(?:\s+LIMIT\s+(?P<limit>\d+))?(?:\s+PARAMETERS\s+(?P<parameters>.+))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"^\s*(?P<field>[\w.]+)\s*(?P<operator>!=|>=|<=|=|>|<|NOT\s+IN|IN|BETWEEN|DURING|IS\s+NOT\s+NULL|IS\s+NULL)\s*(?P<value>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_DURING = {
    "TODAY": (0, 0),
    "YESTERDAY": (1, 1),
    "LAST_7_DAYS": (7, 1),
    "LAST_14_DAYS": (14, 1),
    "LAST_30_DAYS": (30, 1),
}


@dataclass(frozen=True)
class Condition:
    """`field operator values`, with values as text."""

    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, value: Any) -> bool:
        """Whether an attribute (text, number, truth value, or an enum's name) meets it."""
        text = (
            {True: "TRUE", False: "FALSE"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        )
        if self.operator in ("IN", "="):
            return text in self.values
        if self.operator in ("NOT IN", "!="):
            return text not in self.values
        try:
            here, there = [float(text)], [float(self.values[0])]
        except ValueError:
            here, there = [text], [self.values[0]]  # type: ignore[list-item]  # days and instants sort as text
        return {">": here > there, "<": here < there, ">=": here >= there, "<=": here <= there}[self.operator]


@dataclass(frozen=True)
class Query:
    """A query whose names exist."""

    fields: tuple[str, ...]
    resource: str
    conditions: tuple[Condition, ...] = ()
    days: tuple[date, date] | None = None
    limit: int | None = None
    order: str | None = field(default=None)

    @property
    def metrics(self) -> list[str]:
        return [name for name in self.fields if name.startswith("metrics.")]

    @property
    def segments(self) -> list[str]:
        return [name for name in self.fields if name.startswith("segments.")]


def parse(text: str, *, today: date) -> Query:
    """The query in `text`.

    Raises:
        Refused: It is malformed, names something that does not exist, or asks for days that make no sense.
    """
    match = _QUERY.match(text)
    if not match:
        raise refused(
            "query_error", "UNEXPECTED_INPUT", "Error in query: unexpected input.", trigger=text[:40]
        )
    fields = tuple(name.strip() for name in match["fields"].split(","))
    resource = match["resource"].lower()
    if resource not in ROW.DESCRIPTOR.fields_by_name:
        raise refused(
            "query_error",
            "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE",
            f"Error in query: '{resource}' is not valid.",
            trigger=resource,
        )
    conditions = tuple(_condition(part) for part in _split(match["where"] or ""))
    for name in (*fields, *(condition.field for condition in conditions)):
        descriptor_of(name)
    days = _days([c for c in conditions if c.field == "segments.date"], today=today)
    if days is None and any(name.startswith("segments.date") for name in fields):
        raise refused(
            "query_error", "EXPECTED_FILTERS_ON_DATE_RANGE",
            "Expected filters on the following field to limit a valid date range: 'segments.date'",
        )  # fmt: skip
    others = tuple(c for c in conditions if c.field != "segments.date")
    return Query(
        fields, resource, others, days, int(match["limit"]) if match["limit"] else None, match["order"]
    )


def descriptor_of(path: str) -> Any:
    """The field descriptor at the end of a path such as campaign.name.

    Raises:
        Refused: There is no such field.
    """
    message, found = ROW.DESCRIPTOR, None
    for part in path.split("."):
        # proto-plus renames Python's reserved words: type is type_
        found = (
            (message.fields_by_name.get(part) or message.fields_by_name.get(part + "_")) if message else None
        )
        if found is None:
            raise refused(
                "query_error",
                "UNRECOGNIZED_FIELD",
                f"Unrecognized field in the query: '{path}'.",
                trigger=path,
            )
        message = found.message_type
    return found


def _split(where: str) -> list[str]:
    """Conditions between ANDs; the AND that belongs to a BETWEEN stays with it."""
    words = re.split(r"\s+AND\s+", where, flags=re.IGNORECASE) if where.strip() else []
    joined: list[str] = []
    for word in words:
        if joined and re.search(r"\bBETWEEN\s+'[^']*'$", joined[-1], re.IGNORECASE):
            joined[-1] += f" AND {word}"
        else:
            joined.append(word)
    return joined


def _condition(text: str) -> Condition:
    match = _CONDITION.match(text)
    if not match:
        raise refused("query_error", "UNEXPECTED_INPUT", f"Error in WHERE clause: '{text}'.", trigger=text)
    operator = re.sub(r"\s+", " ", match["operator"].upper())
    value = match["value"].strip()
    if operator == "BETWEEN":
        values = re.split(r"\s+AND\s+", value, flags=re.IGNORECASE)
    elif operator in ("IN", "NOT IN"):
        values = value.strip("()").split(",")
    else:
        values = [value]
    return Condition(match["field"], operator, tuple(v.strip().strip("'\"") for v in values))


def _days(conditions: list[Condition], *, today: date) -> tuple[date, date] | None:
    if not conditions:
        return None
    low, high = date.min, date.max
    for condition in conditions:
        first, last = _bounds(condition, today=today)
        low, high = max(low, first), min(high, last)
    if low == date.min or high == date.max:
        said = "Expected filters on the following field to limit a valid date range: 'segments.date'"
        raise refused("query_error", "EXPECTED_FILTERS_ON_DATE_RANGE", said)
    if low > high:
        raise _bad_range(
            "INVALID_VALUE_WITH_BETWEEN_OPERATOR", "The start date must not be after the end date."
        )
    months = (today.year - low.year) * 12 + today.month - low.month
    if months > KEPT_MONTHS:
        raise _bad_range("DATE_RANGE_TOO_WIDE", f"Daily data is kept for {KEPT_MONTHS} months.")
    return low, high


def _bounds(condition: Condition, *, today: date) -> tuple[date, date]:
    if condition.operator == "DURING":
        if condition.values[0] not in _DURING:
            said = "Invalid date literal."
            raise refused(
                "query_error", "INVALID_VALUE_WITH_DURING_OPERATOR", said, trigger=condition.values[0]
            )
        back, until = _DURING[condition.values[0]]
        return today - timedelta(days=back), today - timedelta(days=until)
    try:
        given = [date.fromisoformat(value) for value in condition.values]
    except ValueError as wrong:
        said = "Invalid date: dates are written as 'YYYY-MM-DD'."
        raise refused("query_error", "INVALID_DATE_FORMAT", said, trigger=condition.values[0]) from wrong
    low = given[0] if condition.operator in ("=", "BETWEEN", ">=") else date.min
    return low, given[-1] if condition.operator in ("=", "BETWEEN", "<=") else date.max


def _bad_range(name: str, said: str) -> Refused:
    return refused("query_error", name, said, trigger="segments.date")
