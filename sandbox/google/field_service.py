"""GoogleAdsFieldService: which fields there are and what they go with, from the table that queries are
checked against.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

import grpc

from sandbox.google import fields
from sandbox.google.conditions import Condition
from sandbox.google.failures import BASE, Refused, error, refused
from sandbox.google.gaql import Reader, descriptor_of

PAGE_SIZE = 10_000
FIELD = import_module(f"{BASE}.resources.types.google_ads_field").GoogleAdsField.pb()
_OWN = (
    "name",
    "category",
    "selectable",
    "filterable",
    "sortable",
    "selectable_with",
    "attribute_resources",
    "metrics",
    "segments",
    "enum_values",
    "data_type",
    "type_url",
    "is_repeated",
)
_FILTERS = ("name", "category", "selectable", "filterable", "sortable", "data_type", "is_repeated")
_TYPES = {
    "CPPTYPE_BOOL": "BOOLEAN",
    "CPPTYPE_DOUBLE": "DOUBLE",
    "CPPTYPE_FLOAT": "FLOAT",
    "CPPTYPE_INT32": "INT32",
    "CPPTYPE_INT64": "INT64",
    "CPPTYPE_STRING": "STRING",
    "CPPTYPE_ENUM": "ENUM",
    "CPPTYPE_MESSAGE": "MESSAGE",
}


def answer(request: Any, response: Any, *, version: str) -> bytes:
    """The serialised answer to GetGoogleAdsField and SearchGoogleAdsFields.

    Raises:
        Refused: There is no such field, or the query names one that fields do not have.
    """
    if response is None:
        name = request.resource_name.removeprefix("googleAdsFields/")
        row = rows(version).get(name)
        if row is None:
            wrong = error("mutate_error", "RESOURCE_NOT_FOUND", f"There is no field '{name}'.")
            raise Refused(grpc.StatusCode.NOT_FOUND, [wrong], "Requested entity was not found.")
        return bytes(_message(row, _OWN).SerializeToString())
    selected, matching = _searched(request.query, version)
    try:
        start, size = int(request.page_token or 0), request.page_size or PAGE_SIZE
    except ValueError:
        raise refused("request_error", "INVALID_PAGE_TOKEN", "Page token is invalid.") from None
    if not 0 < size <= PAGE_SIZE:
        raise refused("request_error", "INVALID_PAGE_SIZE", f"The page size is 1 to {PAGE_SIZE}.")
    created = response(total_results_count=len(matching))
    created.results.extend(_message(row, selected) for row in matching[start : start + size])
    if start + size < len(matching):
        created.next_page_token = str(start + size)
    return bytes(created.SerializeToString())


@lru_cache(maxsize=4)
def rows(version: str) -> dict[str, dict[str, Any]]:
    """Every resource and every field that is honoured, by name."""
    results: dict[str, dict[str, Any]] = {}
    for resource in fields.ATTRIBUTES:
        results[resource] = {
            "name": resource,
            "category": "RESOURCE",
            "selectable": False,
            "filterable": False,
            "sortable": False,
            "selectable_with": [],
            "attribute_resources": list(fields.ATTRIBUTED.get(resource, ())),
            "metrics": [f"metrics.{name}" for name in fields.METRICS.get(resource, ())],
            "segments": [f"segments.{name}" for name in fields.SEGMENTS.get(resource, ())],
            "enum_values": [],
            "data_type": "MESSAGE",
            "type_url": "",
            "is_repeated": False,
        }
        for name in sorted(fields.selectable(resource)):
            results.setdefault(name, _row(name, version))
            if not name.startswith(f"{resource}."):
                results[name]["selectable_with"].append(resource)
    return results


def _row(name: str, version: str) -> dict[str, Any]:
    descriptor = descriptor_of(name, version)
    types = {value: key for key, value in vars(type(descriptor)).items() if key.startswith("CPPTYPE_")}
    data_type = _TYPES.get(types.get(descriptor.cpp_type, ""), "UNKNOWN")
    if name in ("segments.date", "segments.week", "segments.month", "segments.quarter"):
        data_type = "DATE"
    category = {"metrics": "METRIC", "segments": "SEGMENT"}.get(name.split(".", 1)[0], "ATTRIBUTE")
    enum = descriptor.enum_type
    return {
        "name": name,
        "category": category,
        "selectable": True,
        "filterable": data_type != "MESSAGE",
        "sortable": data_type != "MESSAGE" and not descriptor.is_repeated,
        "selectable_with": [],
        "attribute_resources": [],
        "metrics": [],
        "segments": [],
        "enum_values": [value.name for value in enum.values] if enum else [],
        "data_type": data_type,
        "type_url": "",
        "is_repeated": bool(descriptor.is_repeated),
    }


def _searched(text: str, version: str) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """A query of fields has no FROM."""
    reader = Reader(text)
    selected = reader.after("SELECT", "EXPECTED_SELECT", reader.names)
    conditions = tuple(reader.conditions()) if reader.take("WHERE") else ()
    order = list(reader.order()) if reader.take("ORDER") else []
    limit = reader.limit() if reader.take("LIMIT") else None
    if reader.take("FROM"):
        raise refused("query_error", "UNEXPECTED_FROM_CLAUSE", "A query of fields has no FROM clause.")
    reader.finish()
    for name in (*selected, *(path for path, _ in order)):
        if name not in _OWN:
            raise refused("query_error", "UNRECOGNIZED_FIELD", f"Unrecognized field: '{name}'.", trigger=name)
    for condition in conditions:
        _check(condition)
    matching = [row for row in rows(version).values() if all(c.holds(row[c.field]) for c in conditions)]
    for path, descending in reversed(order):
        matching.sort(key=lambda row, path=path: str(row[path]), reverse=descending)  # type: ignore[misc]
    return tuple(selected), matching[:limit]


def _check(condition: Condition) -> None:
    if condition.field not in _FILTERS:
        message = f"Cannot filter on '{condition.field}'."
        raise refused("query_error", "PROHIBITEDFIELD_IN_WHERE_CLAUSE", message, trigger=condition.field)
    if condition.operator not in ("=", "!=", "IN", "NOT IN", "LIKE", "NOT LIKE"):
        raise refused(
            "query_error", "BAD_OPERATOR", "The operator cannot be used here.", trigger=condition.operator
        )


def _message(row: dict[str, Any], selected: tuple[str, ...]) -> Any:
    created = FIELD(resource_name=f"googleAdsFields/{row['name']}")
    for name in selected:
        value = row[name]
        field = FIELD.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated:
            getattr(created, name).extend(value)
        elif field.enum_type is not None:
            setattr(created, name, field.enum_type.values_by_name[value].number)
        else:
            setattr(created, name, value)
    return created
