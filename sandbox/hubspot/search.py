"""`/search`: filter groups, sorts and pages over a shelf, with HubSpot's cap of 10,000 results a query."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.draws import Floats, Whole
from sandbox.hubspot.objects import Holdings
from sandbox.hubspot.refusals import bad

CAP, PAGE = 10_000, 200
_COMPARES: dict[str, Callable[[Floats, float], npt.NDArray[np.bool_]]] = {
    "EQ": np.equal,
    "NEQ": np.not_equal,
    "LT": np.less,
    "LTE": np.less_equal,
    "GT": np.greater,
    "GTE": np.greater_equal,
}


def found(holdings: Holdings, kind: str, body: dict[str, Any]) -> tuple[int, Whole, str | None]:
    """How many records match, the places of those on the page asked for, and where the next page begins."""
    limit, after = _number(body.get("limit", 10), "limit"), _number(body.get("after") or 0, "after")
    if not 1 <= limit <= PAGE:
        raise bad(f"limit must be between 1 and {PAGE}")
    if after + limit > CAP:
        raise bad(
            "Request is not valid. There is a limit of 10000 total results: paging beyond it is not possible."
        )
    shelf = holdings.shelf(kind)
    groups = body.get("filterGroups", [])
    if len(groups) > 5 or any(len(group.get("filters", [])) > 6 for group in groups):
        raise bad("There are too many filterGroups or filters")
    matches = shelf.seen(holdings.now)
    if groups:
        matches &= np.logical_or.reduce([_all_of(holdings, kind, group["filters"]) for group in groups])
    places = np.flatnonzero(matches)
    for sort in reversed(body.get("sorts", [])):
        values = _values(holdings, kind, sort["propertyName"])[places]
        places = places[
            np.argsort(-values if sort.get("direction") == "DESCENDING" else values, kind="stable")
        ]
    following = str(after + limit) if after + limit < len(places) else None
    return len(places), places[after : after + limit], following


def _all_of(holdings: Holdings, kind: str, filters: list[dict[str, Any]]) -> npt.NDArray[np.bool_]:
    return np.logical_and.reduce([_one(holdings, kind, one) for one in filters])


def _one(holdings: Holdings, kind: str, one: dict[str, Any]) -> npt.NDArray[np.bool_]:
    values, operator = _values(holdings, kind, one.get("propertyName", "")), one.get("operator")
    if operator == "BETWEEN":
        return (values >= _asked(one["value"])) & (values <= _asked(one["highValue"]))
    if operator not in _COMPARES:
        raise bad(f"operator {operator} is not one of {', '.join(_COMPARES)}, BETWEEN")
    return _COMPARES[operator](values, _asked(one["value"]))


def _values(holdings: Holdings, kind: str, name: str) -> Floats:
    shelf = holdings.shelf(kind)
    modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    # Instants are compared in whole milliseconds, as they are told.
    known = {
        "hs_object_id": shelf.id.astype(float),
        "createdate": np.floor(shelf.created * 1_000),
        modified: np.floor(shelf.modified * 1_000),
    }
    if name not in known:
        raise bad(f"There was a problem with the request: property {name} cannot be searched for in {kind}.")
    return known[name]


def _asked(value: Any) -> float:
    text = str(value)
    if text.isdecimal():
        return float(text)
    try:
        return np.floor(datetime.fromisoformat(text).timestamp() * 1_000)
    except ValueError as error:
        raise bad(f"{text} is neither a number nor an instant") from error


def _number(value: Any, name: str) -> int:
    if not str(value).isdecimal():
        raise bad(f"{name} must be a number")
    return int(value)
