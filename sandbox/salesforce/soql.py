"""SOQL, as far as it is spoken here:

SELECT fields or COUNT() FROM one object, WHERE with AND, OR, NOT, ORDER BY, LIMIT, OFFSET.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sandbox.salesforce.literals import Malformed, literal_span

Row = dict[str, Any]
Test = Callable[[Row], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<sign><>|!=|>=|<=|=|>|<|\(|\)|,)|(?P<word>[\w.:+-]+))"
)
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "!=": ne,
    "<>": ne,
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST_OFFSET = 2_000


@dataclass(frozen=True)
class Query:
    """A query in parts. Without fields it counts."""

    fields: tuple[str, ...]
    object: str
    names: frozenset[str]
    """Every field in WHERE and ORDER BY."""
    test: Callable[[dict[str, Any], datetime], bool]
    order: tuple[tuple[str, bool, bool], ...]
    """Fields with whether the largest comes first and whether the empty ones do."""
    limit: int | None
    offset: int

    def answer(self, rows: list[Row], columns: tuple[str, ...], *, now: datetime) -> list[Row]:
        """The rows that match, in order, with the fields asked for.

        Raises:
            Malformed: A field is not one of the object's, or a value does not fit it.
        """
        if strange := ({*self.fields} | self.names) - set(columns):
            raise Malformed(f"No such column '{min(strange)}' on entity '{self.object}'.", "INVALID_FIELD")
        results = [row for row in rows if self.test(row, now)]
        for name, descending, empty_first in reversed(self.order):
            held = sorted(
                (r for r in results if r[name] is not None), key=lambda row: row[name], reverse=descending
            )
            empty = [row for row in results if row[name] is None]
            results = empty + held if empty_first else held + empty
        end = None if self.limit is None else self.offset + self.limit
        return [{name: row[name] for name in self.fields} for row in results[self.offset : end]]


def parsed(text: str) -> Query:
    """The query in that text.

    Raises:
        Malformed: It is none of those spoken here.
    """
    reader = _Reader(text)
    reader.expect("SELECT")
    fields = reader.fields()
    reader.expect("FROM")
    name = reader.word()
    test: Callable[[Row, datetime], bool] = (
        reader.condition() if reader.take("WHERE") else (lambda _, __: True)
    )
    order = reader.order() if reader.take("ORDER") else ()
    limit = reader.number("LIMIT") if reader.take("LIMIT") else None
    offset = reader.number("OFFSET") if reader.take("OFFSET") else 0
    if offset > MOST_OFFSET:
        raise Malformed(f"Maximum SOQL offset allowed is {MOST_OFFSET}", "NUMBER_OUTSIDE_VALID_RANGE")
    reader.finish()
    names = frozenset({*reader.named, *(field for field, _, _ in order)})
    return Query(fields, name, names, test, order, limit, offset)


class _Reader:
    """A query's tokens, consumed from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self.named: list[str] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Malformed(f"unexpected token: '{text[at:].strip()[:40]}'")
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind]))
            at = match.end()
        self._at = 0

    def take(self, word: str) -> bool:
        kind, value = self._peek()
        if kind == "text" or value.upper() != word:
            return False
        self._at += 1
        return True

    def expect(self, word: str) -> None:
        if not self.take(word):
            raise self._unexpected()

    def word(self) -> str:
        kind, value = self._peek()
        if kind != "word":
            raise self._unexpected()
        self._at += 1
        return value

    def fields(self) -> tuple[str, ...]:
        """The selected fields; none for COUNT()."""
        if self._tokens[self._at : self._at + 3] and self._peek()[1].upper() == "COUNT":
            self._at += 1
            self.expect("(")
            self.expect(")")
            return ()
        names = [self.word()]
        while self.take(","):
            names.append(self.word())
        return tuple(names)

    def condition(self) -> Callable[[Row, datetime], bool]:
        """Conditions joined by AND or by OR; both need parentheses, as in SOQL."""
        tests, joined = [self._negation()], ""
        while True:
            word = "AND" if self.take("AND") else "OR" if self.take("OR") else ""
            if not word:
                break
            if joined not in ("", word):
                raise Malformed("AND and OR together need parentheses")
            joined = word
            tests.append(self._negation())
        several = any if joined == "OR" else all
        return lambda row, now: several(test(row, now) for test in tests)

    def _negation(self) -> Callable[[Row, datetime], bool]:
        if self.take("NOT"):
            inner = self._negation()
            return lambda row, now: not inner(row, now)
        if self.take("("):
            inner = self.condition()
            self.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Callable[[Row, datetime], bool]:
        name = self.word()
        self.named.append(name)
        negative = self.take("NOT")
        if self.take("IN"):
            values = self._list()
            return lambda row, now: (
                any(_holds(row[name], "=", value, now) for value in values) is not negative
            )
        if negative:
            raise self._unexpected()
        if self.take("LIKE"):
            pattern = _like(self._value()[1])
            return lambda row, _: pattern.fullmatch(str(row[name] or "")) is not None
        kind, sign = self._peek()
        if kind != "sign" or sign not in _COMPARES:
            raise self._unexpected()
        self._at += 1
        value = self._value()
        return lambda row, now: _holds(row[name], sign, value, now)

    def _list(self) -> list[tuple[str, str]]:
        self.expect("(")
        values = [self._value()]
        while self.take(","):
            values.append(self._value())
        self.expect(")")
        return values

    def _value(self) -> tuple[str, str]:
        """Kind (text or word) and value."""
        kind, value = self._peek()
        if kind not in ("text", "word"):
            raise self._unexpected()
        self._at += 1
        return kind, re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "text" else value

    def order(self) -> tuple[tuple[str, bool, bool], ...]:
        self.expect("BY")
        results = []
        while True:
            name = self.word()
            descending = self.take("DESC")
            if not descending:
                self.take("ASC")
            empty_first = True
            if self.take("NULLS"):
                empty_first = self.take("FIRST")
                if not empty_first:
                    self.expect("LAST")
            results.append((name, descending, empty_first))
            if not self.take(","):
                return tuple(results)

    def number(self, clause: str) -> int:
        given = self.word()
        if not given.isdecimal():
            raise Malformed(f"unexpected token: '{given}' after {clause}")
        return int(given)

    def finish(self) -> None:
        if self._at < len(self._tokens):
            raise self._unexpected()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "<EOF>")

    def _unexpected(self) -> Malformed:
        return Malformed(f"unexpected token: '{self._peek()[1]}'")


def _holds(held: Any, sign: str, value: tuple[str, str], now: datetime) -> bool:
    kind, text = value
    if kind == "word" and text.lower() == "null":
        return (held is None) is (sign == "=")
    if kind == "word" and (span := literal_span(text.upper(), now.date())) is not None:
        return _in_span(held, sign, span)
    given = _typed(kind, text, held)
    if held is None:
        return sign in ("!=", "<>")
    if isinstance(given, datetime):
        held = datetime.fromisoformat(str(held))
    return _COMPARES[sign](held, given)


def _typed(kind: str, text: str, held: Any) -> Any:
    """A value as the type that the field holds.

    Raises:
        Malformed: It does not fit.
    """
    if kind == "text":
        if held is not None and not isinstance(held, str):
            raise Malformed(
                f"value of filter criterion must not be enclosed in quotes: '{text}'",
                "INVALID_QUERY_FILTER_OPERATOR",
            )
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _INSTANT.fullmatch(text):
        return datetime.fromisoformat(text)
    if _DAY.fullmatch(text):
        return text
    try:
        given = float(text)
    except ValueError as error:
        raise Malformed(f"unexpected token: '{text}'") from error
    if held is not None and (isinstance(held, bool) or not isinstance(held, int | float)):
        raise Malformed(
            f"value of filter criterion does not fit the field: {text}", "INVALID_QUERY_FILTER_OPERATOR"
        )
    return given


def _in_span(held: Any, sign: str, span: tuple[date, date]) -> bool:
    if held is None:
        return sign in ("!=", "<>")
    first, last = span
    text = str(held)
    day = (
        date.fromisoformat(text)
        if _DAY.fullmatch(text)
        else datetime.fromisoformat(text).astimezone(UTC).date()
    )
    inside = first <= day <= last
    answers = {
        "=": inside,
        "!=": not inside,
        "<>": not inside,
        ">": day > last,
        ">=": day >= first,
        "<": day < first,
        "<=": day <= last,
    }
    return answers[sign]


def _like(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(%|_)", pattern)
    available = {"%": ".*", "_": "."}
    return re.compile(
        "".join(available.get(part, re.escape(part)) for part in parts), re.IGNORECASE | re.DOTALL
    )
