"""Google Ads Query Language: read token by token, every name checked against the messages of the version that
was called.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import import_module
from typing import Any

from sandbox.google.conditions import LISTS, OPERATORS, Condition, check_types
from sandbox.google.dates import day_range
from sandbox.google.failures import BASE, VERSION, Refused, refused

ROW = import_module(f"{BASE}.services.types.google_ads_service").GoogleAdsRow.pb()
PARAMETERS = {"include_drafts": ("true", "false"), "omit_unselected_resource_names": ("true", "false")}
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")|(?P<sign>!=|>=|<=|=|>|<|\(|\)|,)|(?P<word>[\w.:+-]+))"
)


@dataclass(frozen=True)
class Query:
    """A query whose names exist."""

    fields: tuple[str, ...]
    resource: str
    conditions: tuple[Condition, ...] = ()
    days: tuple[date, date] | None = None
    limit: int | None = None
    order: tuple[tuple[str, bool], ...] = ()
    """Paths with whether the largest comes first."""
    shows_resource_names: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Every path of the query, each once."""
        others = (*(c.field for c in self.conditions), *(path for path, _ in self.order))
        return tuple(dict.fromkeys((*self.fields, *others)))

    @property
    def metrics(self) -> list[str]:
        """Metrics that are selected, filtered on or sorted by."""
        return [name for name in self.names if name.startswith("metrics.")]

    @property
    def segments(self) -> list[str]:
        return [name for name in self.names if name.startswith("segments.")]

    @property
    def metric_conditions(self) -> tuple[Condition, ...]:
        return tuple(c for c in self.conditions if c.field.startswith("metrics."))


def parse(text: str, *, today: date, version: str = VERSION) -> Query:
    """The query in `text`.

    Raises:
        Refused: It is malformed, names something that does not exist, or asks for days that make no sense.
    """
    reader = Reader(text)
    fields = reader.after("SELECT", "EXPECTED_SELECT", reader.names)
    resource = reader.after("FROM", "EXPECTED_FROM", reader.word).lower()
    if resource not in _row(version).DESCRIPTOR.fields_by_name or resource in ("metrics", "segments"):
        message = f"Error in query: '{resource}' is not valid."
        raise refused("query_error", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", message, trigger=resource)
    conditions = tuple(reader.conditions()) if reader.take("WHERE") else ()
    order = tuple(reader.order()) if reader.take("ORDER") else ()
    limit = reader.limit() if reader.take("LIMIT") else None
    parameters = dict(reader.parameters()) if reader.take("PARAMETERS") else {}
    reader.finish()
    for name in (*fields, *(path for path, _ in order)):
        descriptor_of(name, version)
    for condition in conditions:
        check_types(condition, descriptor_of(condition.field, version))
    days = day_range([(c.operator, c.values) for c in conditions if c.field == "segments.date"], today=today)
    others = tuple(_dated(c, today=today) for c in conditions if c.field != "segments.date")
    shows_names = parameters.get("omit_unselected_resource_names") != "true"
    return Query(tuple(fields), resource, others, days, limit, order, shows_names)


@lru_cache(maxsize=8)
def _row(version: str) -> Any:
    module = f"google.ads.googleads.{version}.services.types.google_ads_service"
    return import_module(module).GoogleAdsRow.pb()


@lru_cache(maxsize=4096)
def descriptor_of(path: str, version: str = VERSION) -> Any:
    """The field descriptor at the end of a path such as campaign.name.

    Raises:
        Refused: There is no such field.
    """
    message, descriptor = _row(version).DESCRIPTOR, None
    for part in path.split("."):
        # proto-plus renames Python's reserved words: type is type_
        fields = message.fields_by_name if message else {}
        descriptor = fields.get(part) or fields.get(part + "_")
        if descriptor is None:
            explanation = f"Unrecognized field in the query: '{path}'."
            raise refused("query_error", "UNRECOGNIZED_FIELD", explanation, trigger=path)
        message = descriptor.message_type
    return descriptor


class Reader:
    """A query's tokens, consumed from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at, text = 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                quoted = text[at:].lstrip()[:1] in ("'", '"')
                code = "STRING_NOT_TERMINATED" if quoted else "BAD_SYMBOL"
                raise refused(
                    "query_error", code, "Error in query: unexpected input.", trigger=text[at:][:40]
                )
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind]))
            at = match.end()
        self._at = 0

    def after(self, keyword: str, code: str, read: Any) -> Any:
        if not self.take(keyword):
            raise self._unexpected(code)
        return read()

    def take(self, *keywords: str) -> bool:
        """Consume these keywords if they come next, all of them or none."""
        here = self._tokens[self._at : self._at + len(keywords)]
        if [value.upper() for kind, value in here if kind != "text"] != list(keywords):
            return False
        self._at += len(keywords)
        return True

    def word(self) -> str:
        return self._next("word")

    def names(self) -> list[str]:
        names = [self.word()]
        while self.take(","):
            names.append(self.word())
        return names

    def conditions(self) -> Iterator[Condition]:
        while True:
            yield self._condition()
            if not self.take("AND"):
                return

    def _condition(self) -> Condition:
        field = self.word()
        operators = sorted(OPERATORS, key=len, reverse=True)
        operator = next((available for available in operators if self.take(*available.split())), None)
        if operator is None:
            raise self._unexpected("BAD_OPERATOR")
        if operator in LISTS:
            return Condition(field, operator, tuple(self._list()))
        if operator in ("IS NULL", "IS NOT NULL"):
            return Condition(field, operator, ())
        if operator == "BETWEEN":
            low = self._value()
            if not self.take("AND"):
                raise self._unexpected("EXPECTED_VALUE_WITH_BETWEEN_OPERATOR")
            return Condition(field, operator, (low, self._value()))
        return Condition(field, operator, (self._value(),))

    def _list(self) -> list[str]:
        if not self.take("("):
            raise self._unexpected("EXPECTED_LIST")
        if self.take(")"):
            message = "A list must not be empty."
            raise refused("query_error", "PROHIBITED_EMPTY_LIST_IN_CONDITION", message, trigger="()")
        values = [self._value()]
        while self.take(","):
            values.append(self._value())
        if not self.take(")"):
            raise self._unexpected("EXPECTED_LIST")
        return values

    def _value(self) -> str:
        kind, value = self._peek()
        if kind not in ("text", "word"):
            raise self._unexpected("BAD_VALUE")
        self._at += 1
        return re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "text" else value

    def order(self) -> Iterator[tuple[str, bool]]:
        if not self.take("BY"):
            raise self._unexpected("EXPECTED_BY")
        while True:
            name = self.word()
            descending = self.take("DESC")
            if not descending:
                self.take("ASC")
            yield name, descending
            if not self.take(","):
                return

    def limit(self) -> int:
        given = self.word()
        if not given.isdigit():
            raise refused("query_error", "BAD_LIMIT_VALUE", "The LIMIT value is not a number.", trigger=given)
        if int(given) < 1:
            raise refused(
                "query_error", "LIMIT_VALUE_TOO_LOW", "The LIMIT value must be positive.", trigger=given
            )
        return int(given)

    def parameters(self) -> Iterator[tuple[str, str]]:
        while True:
            name = self.word().lower()
            if name not in PARAMETERS:
                raise refused("query_error", "BAD_PARAMETER_NAME", "The parameter is unknown.", trigger=name)
            if not self.take("="):
                raise self._unexpected("UNEXPECTED_INPUT")
            value = self._value().lower()
            if value not in PARAMETERS[name]:
                raise refused("query_error", "BAD_PARAMETER_VALUE", "The value does not fit.", trigger=value)
            yield name, value
            if not self.take(","):
                return

    def finish(self) -> None:
        if self._at < len(self._tokens):
            raise self._unexpected("UNEXPECTED_INPUT")

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self, kind: str) -> str:
        if self._peek()[0] != kind:
            raise self._unexpected("UNEXPECTED_INPUT")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _unexpected(self, code: str) -> Refused:
        kind, value = self._peek()
        code = "UNEXPECTED_END_OF_QUERY" if kind == "end" else code
        return refused("query_error", code, f"Error in query: unexpected input '{value}'.", trigger=value)


def _dated(condition: Condition, *, today: date) -> Condition:
    """DURING on an instant, as the days it stands for."""
    if condition.operator != "DURING":
        return condition
    days = day_range([("DURING", condition.values)], today=today)
    assert days is not None  # noqa: S101 — one condition gives one range
    return Condition(condition.field, "BETWEEN", (f"{days[0]} 00:00:00", f"{days[1]} 23:59:59.999999"))
