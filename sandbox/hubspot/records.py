"""Records as HubSpot gives them: lists, searches, batches, single ones, associations, owners and properties."""

from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams

from sandbox.hubspot import search
from sandbox.hubspot.objects import Holdings
from sandbox.hubspot.parameters import listed, require_body, require_query, whole_number
from sandbox.hubspot.properties import PROPERTIES, described
from sandbox.hubspot.refusals import Refused, bad

PAGE, PAGE_WITH_HISTORY, BATCH, ASSOCIATED, LISTED_OWNERS = 100, 50, 100, 1_000, 500
_TYPES = {("contacts", "companies"): 1, ("deals", "contacts"): 3, ("deals", "companies"): 5}


def objects(
    holdings: Holdings, kind: str, call: tuple[str, str], query: QueryParams, body: dict[str, Any]
) -> dict[str, Any]:
    method, rest = call
    if call == ("POST", "search"):
        require_query(query, ())
        total, places, after = search.found(holdings, kind, body)
        records = [_record(holdings, kind, int(at), body.get("properties"), []) for at in places]
        return {"total": total, "results": records} | _paging(after)
    if call == ("POST", "batch/read"):
        require_query(query, ("archived",))
        return _batch(holdings, kind, body)
    if call == ("GET", ""):
        return _listed(holdings, kind, query)
    if method == "GET" and rest.isdecimal():
        return _single(holdings, kind, int(rest), query)
    raise nowhere(f"crm/v3/objects/{kind}/{rest}")


def nowhere(path: str) -> Refused:
    return Refused(404, f"No resource found for /{path}", category="OBJECT_NOT_FOUND")


def _owner(number: int) -> dict[str, Any]:
    return {
        "id": str(number),
        "email": f"owner{number}@shop.example",
        "firstName": "Sam",
        "lastName": f"Seller {number}",
        "userId": number,
        "archived": False,
        "createdAt": "2024-01-01T00:00:00Z",
        "updatedAt": "2024-01-01T00:00:00Z",
    }


def owners(own_id: str | None, query: QueryParams) -> dict[str, Any]:
    """One owner, or a page of them."""
    numbers = list(range(500, 506))
    if own_id is not None:
        require_query(query, ())
        if int(own_id) not in numbers:
            raise Refused(404, "resource not found", category="OBJECT_NOT_FOUND")
        return _owner(int(own_id))
    require_query(query, ("limit", "after", "archived", "email"))
    limit, after = whole_number(query, "limit", 100), whole_number(query, "after", 0)
    if not 1 <= limit <= LISTED_OWNERS:
        raise bad(f"limit must be between 1 and {LISTED_OWNERS}")
    if query.get("archived") == "true":
        return {"results": []}
    results = [_owner(number) for number in numbers if number > after]
    results = [owner for owner in results if query.get("email") in (None, owner["email"])]
    return {"results": results[:limit]} | _paging(results[limit - 1]["id"] if len(results) > limit else None)


def properties(kind: str, name: str | None, query: QueryParams) -> dict[str, Any]:
    """One property of an object, or all of them."""
    require_query(query, ("archived",))
    if name is None:
        held = [] if query.get("archived") == "true" else list(PROPERTIES[kind])
        return {"results": [described(kind, each) for each in held]}
    if name not in PROPERTIES[kind]:
        raise Refused(404, f"Property {name} does not exist", category="OBJECT_NOT_FOUND")
    return described(kind, name)


def _record(
    holdings: Holdings,
    kind: str,
    at: int,
    properties: list[str] | None,
    history: list[str],
    others: list[str] | None = None,
) -> dict[str, Any]:
    """One record, with the properties that were asked for; those that are empty are null."""
    shelf, past = holdings.shelf(kind), holdings.histories(kind, at)
    modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    shown = dict.fromkeys([*(properties or []), "hs_object_id", "createdate", modified])
    newest: dict[str, Any] = {name: past[name][-1][1] if name in past else None for name in shown}
    is_archived = bool(shelf.archived[at] <= holdings.now)
    record: dict[str, Any] = {
        "id": str(shelf.id[at]),
        "properties": newest,
        "createdAt": newest["createdate"],
        "updatedAt": newest[modified],
        "archived": is_archived,
    }
    if is_archived:
        record["archivedAt"] = iso(float(shelf.archived[at]))
    if others:
        record["associations"] = {
            to: {"results": [{"id": str(other), "type": f"{_ONE[kind]}_to_{_ONE[to]}"} for other in ids]}
            for to in others
            if (ids := holdings.associated(kind, to, int(shelf.id[at])))
        }
    if history:
        record["propertiesWithHistory"] = {name: _versions(past.get(name, [])) for name in history}
    return record


def _versions(past: list[tuple[float, str]]) -> list[dict[str, str]]:
    """Newest first, as HubSpot tells them."""
    return [{"value": value, "timestamp": iso(at), "sourceType": "CRM_UI"} for at, value in reversed(past)]


def _listed(holdings: Holdings, kind: str, query: QueryParams) -> dict[str, Any]:
    require_query(query, {"limit", "after", "archived", *SHOWN})
    history = listed(query, "propertiesWithHistory")
    limit, most = whole_number(query, "limit", 10), PAGE_WITH_HISTORY if history else PAGE
    if not 1 <= limit <= most:
        raise bad(f"limit must be between 1 and {most}")
    shelf = holdings.shelf(kind)
    archived = query.get("archived") == "true"
    shown = (
        (shelf.created <= holdings.now) & (shelf.archived <= holdings.now)
        if archived
        else shelf.seen(holdings.now)
    )
    places = shown.nonzero()[0]
    places = places[shelf.id[places] > whole_number(query, "after", 0)]
    page, others = places[:limit], _others(query)
    records = [_record(holdings, kind, int(at), listed(query, "properties"), history, others) for at in page]
    return {"results": records} | _paging(records[-1]["id"] if len(places) > limit else None)


SHOWN = ("properties", "propertiesWithHistory", "associations")
_ONE = {"contacts": "contact", "companies": "company", "deals": "deal"}


def _others(query: QueryParams) -> list[str]:
    """The objects whose associations are shown with a record."""
    plural = {entry: many for many, entry in _ONE.items()}
    names = [plural.get(name, name) for name in listed(query, "associations")]
    if unknown := [name for name in names if name not in _ONE]:
        raise bad(f"associations: {unknown[0]} is not honoured by the sandbox")
    return names


def _single(holdings: Holdings, kind: str, id_: int, query: QueryParams) -> dict[str, Any]:
    require_query(query, {"archived", *SHOWN})
    at = holdings.place(kind, id_)
    is_there = at is not None and holdings.shelf(kind).seen(holdings.now)[at]
    if query.get("archived") == "true":
        is_there = at is not None and holdings.shelf(kind).archived[at] <= holdings.now
    if at is None or not is_there:
        raise Refused(404, "resource not found", category="OBJECT_NOT_FOUND")
    return _record(
        holdings,
        kind,
        at,
        listed(query, "properties"),
        listed(query, "propertiesWithHistory"),
        _others(query),
    )


def associated(holdings: Holdings, kind: str, id_: int, to: str) -> dict[str, Any]:
    """What belongs to one record."""
    others = holdings.associated(kind, to, id_)
    types = [{"category": "HUBSPOT_DEFINED", "typeId": _TYPES.get((kind, to), 279), "label": None}]
    return {"results": [{"toObjectId": other, "associationTypes": types} for other in others]}


def _batch(holdings: Holdings, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Records by id; merged ids come back as their winner, ids that are not there as an error beside the
    results.
    """
    require_body(body, {"inputs", "properties", "propertiesWithHistory"})
    history = body.get("propertiesWithHistory") or []
    ids = _ids(body)
    most = PAGE_WITH_HISTORY if history else BATCH
    if len(ids) > most:
        raise bad(f"The maximum number of inputs is {most}")
    places = {id_: holdings.place(kind, id_) for id_ in ids}
    seen = holdings.shelf(kind).seen(holdings.now)
    there = list(dict.fromkeys(at for at in places.values() if at is not None and seen[at]))
    missing = [str(id_) for id_, at in places.items() if at is None or not seen[at]]
    now = iso(holdings.now)
    results = [_record(holdings, kind, at, body.get("properties"), history) for at in there]
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if missing:
        message = (
            f"Could not get some {kind.upper()} objects, they may be deleted or not exist. Check that ids are"
            " valid."
        )
        error = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": message,
            "context": {"ids": missing},
        }
        answer |= {"numErrors": 1, "errors": [error]}
    return answer


def associations(holdings: Holdings, kind: str, to: str, body: dict[str, Any]) -> dict[str, Any]:
    require_body(body, {"inputs"})
    ids = [str(own_id) for own_id in _ids(body)]
    if len(ids) > ASSOCIATED:
        raise bad(f"The maximum number of inputs is {ASSOCIATED}")
    types = [{"category": "HUBSPOT_DEFINED", "typeId": _TYPES.get((kind, to), 279), "label": None}]
    matches = {id_: holdings.associated(kind, to, int(id_)) for id_ in ids}
    results = [
        {"from": {"id": id_}, "to": [{"toObjectId": other, "associationTypes": types} for other in others]}
        for id_, others in matches.items()
        if others
    ]
    return {"status": "COMPLETE", "results": results}


def _paging(after: str | None) -> dict[str, Any]:
    return {"paging": {"next": {"after": after}}} if after else {}


def _ids(body: dict[str, Any]) -> list[int]:
    """The ids of a batch's inputs."""
    try:
        return [int(given["id"]) for given in body["inputs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise bad("inputs must be a list of records with an id") from error


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
