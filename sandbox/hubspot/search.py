"""`/search`: words, filter groups, sorts and pages over a shelf, with HubSpot's cap of 10,000 results a
query.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.hubspot.objects import Holdings
from sandbox.hubspot.parameters import require_body
from sandbox.hubspot.properties import PROPERTIES, SEARCHED, is_instant, is_number
from sandbox.hubspot.refusals import bad
from sandbox.random_draws import Whole

CAP, PAGE, MOST_GROUPS, MOST_FILTERS = 10_000, 200, 5, 6
BODY = {"filterGroups", "sorts", "query", "properties", "limit", "after"}
FILTER = {"propertyName", "operator", "value", "highValue", "values"}
_COMPARES: dict[str, Callable[[Any, Any], Any]] = {
    "EQ": np.equal,
    "NEQ": np.not_equal,
    "LT": np.less,
    "LTE": np.less_equal,
    "GT": np.greater,
    "GTE": np.greater_equal,
}
OPERATORS = (
    *_COMPARES,
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
)
Mask = npt.NDArray[np.bool_]


def found(holdings: Holdings, kind: str, body: dict[str, Any]) -> tuple[int, Whole, str | None]:
    """How many records match, the places of those on the page asked for, and where the next page begins."""
    require_body(body, BODY)
    limit, after = _number(body.get("limit", 10), "limit"), _number(body.get("after") or 0, "after")
    if not 1 <= limit <= PAGE:
        raise bad(f"limit must be between 1 and {PAGE}")
    if after + limit > CAP:
        raise bad(
            "Request is not valid. There is a limit of 10000 total results: paging beyond it is not possible."
        )
    shelf = holdings.shelf(kind)
    matches = shelf.seen(holdings.now)
    if groups := _groups(body):
        matches &= np.logical_or.reduce(
            [np.logical_and.reduce([_one(holdings, kind, rule) for rule in group]) for group in groups]
        )
    if words := str(body.get("query") or "").casefold():
        held = [holdings.newest_of(kind, name) for name in SEARCHED[kind]]
        matches &= np.logical_or.reduce([_contains(values, words) for values in held])
    places = np.flatnonzero(matches)
    for name, descending in reversed(_sorts(body)):
        keys = _sortable(holdings, kind, name)[places]
        places = places[np.argsort(-keys if descending else keys, kind="stable")]
    following = str(after + limit) if after + limit < len(places) else None
    return len(places), places[after : after + limit], following


def _groups(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    groups = body.get("filterGroups") or []
    try:
        held = [list(group["filters"]) for group in groups]
    except (KeyError, TypeError) as error:
        raise bad("filterGroups must be a list of groups with filters") from error
    for group in groups:
        require_body(group, {"filters"})
    if len(held) > MOST_GROUPS or any(not 1 <= len(group) <= MOST_FILTERS for group in held):
        raise bad("There are too many filterGroups or filters, or a group has none")
    return held


def _sorts(body: dict[str, Any]) -> list[tuple[str, bool]]:
    """Properties to sort by with whether the largest comes first: records, or names of which one with a minus
    sorts downward.
    """
    found_sorts = []
    for given in body.get("sorts") or []:
        if isinstance(given, str):
            found_sorts.append((given.removeprefix("-"), given.startswith("-")))
            continue
        if not isinstance(given, dict) or not given.get("propertyName"):
            raise bad("a sort needs a propertyName")
        require_body(given, {"propertyName", "direction"})
        if given.get("direction", "ASCENDING") not in ("ASCENDING", "DESCENDING"):
            raise bad("direction is ASCENDING or DESCENDING")
        found_sorts.append((str(given["propertyName"]), given.get("direction") == "DESCENDING"))
    if len(found_sorts) > 1:
        raise bad("Only one sort can be applied")
    return found_sorts


def _one(holdings: Holdings, kind: str, rule: dict[str, Any]) -> Mask:
    if not isinstance(rule, dict):
        raise bad("a filter is a record")
    require_body(rule, FILTER)
    name, operator = str(rule.get("propertyName", "")), rule.get("operator")
    if name not in PROPERTIES[kind]:
        raise bad(f"There was a problem with the request: property {name} cannot be searched for in {kind}.")
    if operator not in OPERATORS:
        raise bad(f"operator {operator} is not one of {', '.join(OPERATORS)}")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        held = _texts(holdings, kind, name)
        return np.array([(value is not None) is (operator == "HAS_PROPERTY") for value in held], bool)
    if operator in ("IN", "NOT_IN"):
        wanted = {str(value).casefold() for value in _given(rule, "values", list)}
        held = _texts(holdings, kind, name)
        return np.array([((value or "").casefold() in wanted) is (operator == "IN") for value in held], bool)
    if operator.endswith("CONTAINS_TOKEN"):
        tokens = str(_given(rule, "value")).casefold().strip("*")
        mask = _contains(_texts(holdings, kind, name), tokens)
        return mask if operator == "CONTAINS_TOKEN" else ~mask
    return _compared(holdings, kind, name, rule)


def _compared(holdings: Holdings, kind: str, name: str, rule: dict[str, Any]) -> Mask:
    operator = rule["operator"]
    if not is_number(kind, name) and not is_instant(kind, name):
        if operator not in ("EQ", "NEQ"):
            raise bad(f"operator {operator} cannot be used with {name}")
        wanted = str(_given(rule, "value")).casefold()
        held = _texts(holdings, kind, name)
        return np.array([((value or "").casefold() == wanted) is (operator == "EQ") for value in held], bool)
    values = _numbers(holdings, kind, name)
    if operator == "BETWEEN":
        low, high = _asked(_given(rule, "value")), _asked(_given(rule, "highValue"))
        return (values >= low) & (values <= high)
    with np.errstate(invalid="ignore"):
        return np.asarray(_COMPARES[operator](values, _asked(_given(rule, "value"))), bool)


def _given(rule: dict[str, Any], name: str, kind: type = object) -> Any:
    value = rule.get(name)
    if value is None or not isinstance(value, kind):
        raise bad(f"operator {rule['operator']} requires {name}")
    return value


def _contains(values: list[str | None], words: str) -> Mask:
    return np.array([value is not None and words in value.casefold() for value in values], bool)


def _texts(holdings: Holdings, kind: str, name: str) -> list[str | None]:
    return holdings.newest_of(kind, name)


def _numbers(holdings: Holdings, kind: str, name: str) -> npt.NDArray[np.float64]:
    """Numbers as they are, instants in whole milliseconds as they are told; not a number where there is none."""
    shelf = holdings.shelf(kind)
    modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    quick = {
        "hs_object_id": shelf.id.astype(float),
        "createdate": shelf.created * 1_000,
        modified: shelf.modified * 1_000,
    }
    if name in quick:
        return np.floor(quick[name])
    return np.array(
        [np.nan if value is None else _asked(value) for value in holdings.newest_of(kind, name)], float
    )


def _sortable(holdings: Holdings, kind: str, name: str) -> npt.NDArray[Any]:
    """What records are sorted by: numbers, or the places of their texts in alphabetical order; empty ones
    first.
    """
    if name not in PROPERTIES[kind]:
        raise bad(f"property {name} cannot be sorted by in {kind}")
    if is_number(kind, name) or is_instant(kind, name):
        return np.nan_to_num(_numbers(holdings, kind, name), nan=-np.inf)
    held = [value or "" for value in holdings.newest_of(kind, name)]
    return np.unique(held, return_inverse=True)[1].astype(float)


def _asked(value: Any) -> float:
    text = str(value)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(np.floor(datetime.fromisoformat(text).timestamp() * 1_000))
    except ValueError as error:
        raise bad(f"{text} is neither a number nor an instant") from error


def _number(value: Any, name: str) -> int:
    if not str(value).isdecimal():
        raise bad(f"{name} must be a number")
    return int(value)
