"""The part of SOQL that is spoken here: SELECT fields FROM one object WHERE comparisons joined by AND, ORDER BY, LIMIT."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Row = dict[str, Any]
_QUERY = re.compile(
    r"select\s+(?P<fields>[\w\s,.]+?)\s+from\s+(?P<object>\w+)(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s+by\s+(?P<order>[\w\s,]+?))?(?:\s+limit\s+(?P<limit>\d+))?\s*",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(\w+)\s*(>=|<=|!=|=|>|<)\s*('[^']*'|[\w:.+-]+)")
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "!=": ne, ">": gt, ">=": ge, "<": lt, "<=": le}


class Malformed(Exception):
    """The query cannot be read, or names what is not there."""


@dataclass(frozen=True)
class Query:
    """A query in parts."""

    fields: tuple[str, ...]
    object: str
    conditions: tuple[tuple[str, str, str], ...]
    order: tuple[str, ...]
    limit: int | None

    def answer(self, rows: list[Row]) -> list[Row]:
        """The rows that match, in order, with the fields asked for.

        Raises:
            Malformed: A field is not one of the object's.
        """
        if rows and (strange := {*self.fields, *(name for name, _, _ in self.conditions)} - set(rows[0])):
            raise Malformed(f"No such column '{min(strange)}' on entity '{self.object}'.")
        found = [
            row
            for row in rows
            if all(_holds(row[name], sign, value) for name, sign, value in self.conditions)
        ]
        for name in reversed(self.order):
            found.sort(key=lambda row: str(row[name]))
        return [{name: row[name] for name in self.fields} for row in found[: self.limit]]


def parsed(text: str) -> Query:
    """The query in that text.

    Raises:
        Malformed: It is none of those spoken here.
    """
    match = _QUERY.fullmatch(text.strip())
    if match is None:
        raise Malformed(f"unexpected token: '{text[:40]}'")
    parts = re.split(r"\s+and\s+", match["where"], flags=re.IGNORECASE) if match["where"] else []
    conditions = []
    for part in parts:
        condition = _CONDITION.fullmatch(part.strip())
        if condition is None:
            raise Malformed(f"unexpected token: '{part}'")
        conditions.append((condition[1], condition[2], condition[3]))
    order = [name.split()[0] for name in (match["order"] or "").split(",") if name.strip()]
    fields = tuple(name.strip() for name in match["fields"].split(","))
    return Query(
        fields,
        match["object"],
        tuple(conditions),
        tuple(order),
        int(match["limit"]) if match["limit"] else None,
    )


def _holds(held: Any, sign: str, asked: str) -> bool:
    value: Any = asked.strip("'")
    if asked.lower() in {"true", "false"}:
        value = asked.lower() == "true"
    elif asked.lower() == "null":
        return (held is None) is (sign == "=")
    elif not asked.startswith("'") and re.match(r"\d{4}-\d\d-\d\dT", asked):
        if held is None:
            return False
        held, value = datetime.fromisoformat(held), datetime.fromisoformat(asked)
    return _COMPARES[sign](held, value)
