"""Conditions of a query: which operators a field's type has, and whether a value meets a condition."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sandbox.google.failures import refused

OPERATORS = (
    "=", "!=", ">", ">=", "<", "<=", "IN", "NOT IN", "LIKE", "NOT LIKE", "CONTAINS ANY", "CONTAINS ALL", "CONTAINS NONE",
    "IS NULL", "IS NOT NULL", "DURING", "BETWEEN", "REGEXP_MATCH", "NOT REGEXP_MATCH",
)  # fmt: skip
LISTS = ("IN", "NOT IN", "CONTAINS ANY", "CONTAINS ALL", "CONTAINS NONE")
_ORDERED = (">", ">=", "<", "<=", "BETWEEN")


@dataclass(frozen=True)
class Condition:
    """`field operator values`, with values as text."""

    field: str
    operator: str
    values: tuple[str, ...]

    def holds(self, value: Any) -> bool:
        """Whether a value (text, number, truth value, an enum's name, or a list of texts) meets it; None is a
        field that is not set.
        """
        if self.operator in ("IS NULL", "IS NOT NULL"):
            return (value is None or value in ([], "")) is (self.operator == "IS NULL")
        if value is None:
            return self.operator in ("!=", "NOT IN", "NOT LIKE", "NOT REGEXP_MATCH", "CONTAINS NONE")
        if isinstance(value, list):
            return self._contains(set(value))
        if self.operator in _ORDERED:
            return self._is_in_order(value)
        positive = self.operator in ("=", "IN", "LIKE", "REGEXP_MATCH")
        return any(self._is_like(value, given) for given in self.values) is positive

    def _is_like(self, value: Any, given: str) -> bool:
        if self.operator.endswith("LIKE"):
            return _like(given).fullmatch(str(value)) is not None
        if self.operator.endswith("REGEXP_MATCH"):
            return re.fullmatch(given, str(value)) is not None
        return _equal(value, given)

    def _contains(self, held: set[str]) -> bool:
        given = set(self.values)
        if self.operator == "CONTAINS ALL":
            return given <= held
        return bool(given & held) is (self.operator == "CONTAINS ANY")

    def _is_in_order(self, value: Any) -> bool:
        low = self.values[0]
        is_number = not isinstance(value, str)
        here, there = (float(value), float(low)) if is_number else (value, low)  # days sort as text
        if self.operator == "BETWEEN":
            high = float(self.values[1]) if is_number else self.values[1]
            return bool(there <= here <= high)  # type: ignore[operator]  # all are numbers or all are text
        compared = {
            ">": here > there, ">=": here >= there, "<": here < there, "<=": here <= there,  # type: ignore[operator]
        }  # fmt: skip
        return compared[self.operator]


def check_types(condition: Condition, field: Any) -> None:
    """Refuse an operator that the field's type does not have, and a value that is none of the type.

    Raises:
        Refused: As Google would.
    """
    name, operator = condition.field, condition.operator
    if field.message_type is not None and operator not in ("IS NULL", "IS NOT NULL"):
        raise refused(
            "query_error", "PROHIBITED_FIELD_IN_WHERE_CLAUSE", f"Cannot filter on '{name}'.", trigger=name
        )
    is_text = field.cpp_type == field.CPPTYPE_STRING
    fits = {
        "CONTAINS ANY": field.is_repeated, "CONTAINS ALL": field.is_repeated, "CONTAINS NONE": field.is_repeated,
        "LIKE": is_text, "NOT LIKE": is_text, "REGEXP_MATCH": is_text, "NOT REGEXP_MATCH": is_text,
        "DURING": is_text and name.rsplit(".", 1)[-1].endswith(("date", "date_time")),
    }  # fmt: skip
    if operator in _ORDERED and (field.enum_type is not None or field.cpp_type == field.CPPTYPE_BOOL):
        fits[operator] = False
    if field.is_repeated and operator not in (*LISTS[2:], "IS NULL", "IS NOT NULL"):
        fits[operator] = False
    if not fits.get(operator, True):
        message = f"The operator {operator} cannot be used with '{name}'."
        raise refused("query_error", "OPERATOR_FIELD_MISMATCH", message, trigger=operator)
    if operator.endswith("REGEXP_MATCH"):
        try:
            re.compile(condition.values[0])
        except re.error as wrong:
            raise refused(
                "query_error", "INVALID_STRING_VALUE", "Invalid expression.", trigger=str(wrong)
            ) from wrong
    for value in condition.values:
        _check_value(name, field, value)


def _check_value(name: str, field: Any, value: str) -> None:
    if field.enum_type is not None and value not in field.enum_type.values_by_name:
        message = f"'{value}' is no value of '{name}'."
        raise refused("query_error", "BAD_ENUM_CONSTANT", message, trigger=value)
    if field.cpp_type == field.CPPTYPE_BOOL and value.lower() not in ("true", "false"):
        raise refused("query_error", "BAD_VALUE", f"'{name}' is TRUE or FALSE.", trigger=value)
    numbers = (field.CPPTYPE_INT64, field.CPPTYPE_INT32, field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT)
    if field.cpp_type in numbers and not _is_number(value):
        raise refused("query_error", "BAD_NUMBER", f"'{name}' is compared with a number.", trigger=value)


@lru_cache(maxsize=256)
def _like(pattern: str) -> re.Pattern[str]:
    """LIKE's pattern: % is anything, _ one character, and [%] and [_] are themselves.

    Case does not matter.
    """
    parts = re.split(r"(\[%\]|\[_\]|\[\[\]|%|_)", pattern)
    available = {"%": ".*", "_": ".", "[%]": "%", "[_]": "_", "[[]": r"\["}
    return re.compile(
        "".join(available.get(part, re.escape(part)) for part in parts), re.IGNORECASE | re.DOTALL
    )


def _equal(value: Any, given: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == given.lower()
    return str(value) == given if isinstance(value, str) else float(value) == float(given)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text) is not None
