"""HubSpot's REST wire: tokens, limits, lists with cursors, searches, batches of a hundred, associations, pipelines, owners."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from time import sleep
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.customers.people import TooManyPeople
from sandbox.hubspot import search
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.objects import Holdings
from sandbox.hubspot.pipelines import pipelines
from sandbox.hubspot.refusals import Refused, bad, expired, unknown_token
from sandbox.stage import Stage

PAGE, PAGE_WITH_HISTORY, BATCH, ASSOCIATED = 100, 50, 100, 1_000
_OBJECTS = re.compile(r"crm/v3/objects/(contacts|companies|deals)(?:/(search|batch/read|\d+))?")
_ASSOCIATIONS = re.compile(
    r"crm/v4/associations/(contacts|companies|deals)/(contacts|companies|deals)/batch/read"
)
_ACCOUNT = {
    "portalId": 4_711,
    "accountType": "STANDARD",
    "timeZone": "Europe/Berlin",
    "companyCurrency": "EUR",
}
_TYPES = {("contacts", "companies"): 1, ("deals", "contacts"): 3, ("deals", "companies"): 5}


def routes(stage: Stage) -> list[Route]:
    """HubSpot's CRM below /hubspot."""
    return [Route("/hubspot/{path:path}", _Wire(stage).answer, methods=["GET", "POST"])]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._stage, self._limits = stage, Limits(stage)
        self._expired_in: int | None = None
        self._at = lru_cache(maxsize=2)(self._made)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(self._answer, request, body)

    def _answer(self, request: Request, body: bytes) -> Response:
        path = request.path_params["path"]
        try:
            self._let_in(request)
            headers = self._limits.count(is_search=path.endswith("/search"))
            self._stage.note("hubspot", f"{request.method} {path}")
            answer = self._route(request, path, msgspec.json.decode(body) if body else {})
            return Response(msgspec.json.encode(answer), media_type="application/json", headers=headers)
        except Refused as refused:
            return refused.response()
        except msgspec.DecodeError:
            return bad("Invalid input JSON").response()
        except TooManyPeople as error:
            return Refused(500, str(error), category="INTERNAL_ERROR").response()

    def _let_in(self, request: Request) -> None:
        faults = self._stage.faults
        if (slow := faults.take("hubspot", "slow")) is not None:
            sleep(float(slow.get("seconds", 1)))
        if faults.take("hubspot", "unavailable") is not None:
            raise Refused(503, "Service Unavailable", category="SERVICE_UNAVAILABLE")
        if (throttle := faults.take("hubspot", "throttled")) is not None:
            headers = {"Retry-After": str(throttle["seconds"])} if "seconds" in throttle else None
            raise Refused(
                429,
                "You have reached your ten_secondly_rolling limit.",
                headers=headers,
                errorType="RATE_LIMIT",
                policyName="TEN_SECONDLY_ROLLING",
            )
        if faults.take("hubspot", "day_limit") is not None:
            raise Refused(
                429, "You have reached your daily limit.", errorType="RATE_LIMIT", policyName="DAILY"
            )
        if faults.take("hubspot", "token_expired") is not None:
            self._expired_in = faults.rounds
        if request.headers.get("authorization") != f"Bearer {self._stage.credentials.hubspot_access_token}":
            raise unknown_token()
        if self._expired_in == faults.rounds:
            raise expired()

    def _route(self, request: Request, path: str, body: dict[str, Any]) -> dict[str, Any]:
        asked = (request.method, path)
        if asked == ("GET", "account-info/v3/details"):
            return _ACCOUNT
        if asked == ("GET", "crm/v3/pipelines/deals"):
            begun = datetime.combine(self._stage.world.begins, datetime.min.time(), UTC)
            return {"results": list(pipelines(_iso(begun.timestamp())))}
        if asked == ("GET", "crm/v3/owners"):
            return {"results": [_owner(number) for number in range(500, 506)]}
        if request.method == "POST" and (match := _ASSOCIATIONS.fullmatch(path)):
            return _associations(self._holdings(), match[1], match[2], body)
        if match := _OBJECTS.fullmatch(path):
            return _objects(
                self._holdings(), match[1], (request.method, match[2] or ""), dict(request.query_params), body
            )
        raise _nowhere(path)

    def _holdings(self) -> Holdings:
        # By the second: a page and the next one of a running clock should be of one state.
        return self._at(int(self._stage.clock.now().timestamp()), id(self._stage.keeper.books()))

    def _made(self, second: int, books: int) -> Holdings:
        del books  # it is asked again below; its place in the key lets new books be seen
        return Holdings(self._stage.world, self._stage.keeper.books(), float(second))


def _objects(
    holdings: Holdings, kind: str, asked: tuple[str, str], query: dict[str, str], body: dict[str, Any]
) -> dict[str, Any]:
    method, rest = asked
    if asked == ("POST", "search"):
        total, places, after = search.found(holdings, kind, body)
        records = [_record(holdings, kind, int(at), body.get("properties"), []) for at in places]
        return {"total": total, "results": records} | _paging(after)
    if asked == ("POST", "batch/read"):
        return _batch(holdings, kind, body)
    if asked == ("GET", ""):
        return _listed(holdings, kind, query)
    if method == "GET" and rest.isdecimal():
        return _single(holdings, kind, int(rest), query)
    raise _nowhere(f"crm/v3/objects/{kind}/{rest}")


def _nowhere(path: str) -> Refused:
    return Refused(404, f"No resource found for /{path}", category="OBJECT_NOT_FOUND")


def _owner(number: int) -> dict[str, Any]:
    return {
        "id": str(number), "email": f"owner{number}@shop.example", "firstName": "Sam", "lastName": f"Seller {number}", "userId": number,
        "archived": False, "createdAt": "2024-01-01T00:00:00Z", "updatedAt": "2024-01-01T00:00:00Z",
    }  # fmt: skip


def _record(
    holdings: Holdings, kind: str, at: int, properties: list[str] | None, history: list[str]
) -> dict[str, Any]:
    """One record, with the properties that were asked for; those that are empty are null."""
    shelf, past = holdings.shelf(kind), holdings.histories(kind, at)
    modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    shown = dict.fromkeys([*(properties or []), "hs_object_id", "createdate", modified])
    newest: dict[str, Any] = {name: past[name][-1][1] if name in past else None for name in shown}
    is_archived = bool(shelf.archived[at] <= holdings.now)
    record: dict[str, Any] = {
        "id": str(shelf.id[at]), "properties": newest, "createdAt": newest["createdate"], "updatedAt": newest[modified], "archived": is_archived,
    }  # fmt: skip
    if is_archived:
        record["archivedAt"] = _iso(float(shelf.archived[at]))
    if history:
        record["propertiesWithHistory"] = {name: _versions(past.get(name, [])) for name in history}
    return record


def _versions(past: list[tuple[float, str]]) -> list[dict[str, str]]:
    """Newest first, as HubSpot tells them."""
    return [{"value": value, "timestamp": _iso(at), "sourceType": "CRM_UI"} for at, value in reversed(past)]


def _listed(holdings: Holdings, kind: str, query: dict[str, str]) -> dict[str, Any]:
    history = _names(query.get("propertiesWithHistory"))
    limit, most = int(query.get("limit", "10")), PAGE_WITH_HISTORY if history else PAGE
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
    places = places[shelf.id[places] > int(query.get("after") or 0)]
    page = places[:limit]
    records = [_record(holdings, kind, int(at), _names(query.get("properties")), history) for at in page]
    return {"results": records} | _paging(records[-1]["id"] if len(places) > limit else None)


def _single(holdings: Holdings, kind: str, id_: int, query: dict[str, str]) -> dict[str, Any]:
    at = holdings.place(kind, id_)
    if at is None or not holdings.shelf(kind).seen(holdings.now)[at]:
        raise Refused(404, "resource not found", category="OBJECT_NOT_FOUND")
    return _record(
        holdings, kind, at, _names(query.get("properties")), _names(query.get("propertiesWithHistory"))
    )


def _batch(holdings: Holdings, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Records by id; merged ids come back as their winner, ids that are not there as an error beside the results."""
    history = body.get("propertiesWithHistory") or []
    ids = [int(one["id"]) for one in body.get("inputs", [])]
    most = PAGE_WITH_HISTORY if history else BATCH
    if len(ids) > most:
        raise bad(f"The maximum number of inputs is {most}")
    places = {id_: holdings.place(kind, id_) for id_ in ids}
    seen = holdings.shelf(kind).seen(holdings.now)
    there = list(dict.fromkeys(at for at in places.values() if at is not None and seen[at]))
    missing = [str(id_) for id_, at in places.items() if at is None or not seen[at]]
    now = _iso(holdings.now)
    results = [_record(holdings, kind, at, body.get("properties"), history) for at in there]
    answer: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if missing:
        said = f"Could not get some {kind.upper()} objects, they may be deleted or not exist. Check that ids are valid."
        error = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": said,
            "context": {"ids": missing},
        }
        answer |= {"numErrors": 1, "errors": [error]}
    return answer


def _associations(holdings: Holdings, kind: str, to: str, body: dict[str, Any]) -> dict[str, Any]:
    ids = [one["id"] for one in body.get("inputs", [])]
    if len(ids) > ASSOCIATED:
        raise bad(f"The maximum number of inputs is {ASSOCIATED}")
    types = [{"category": "HUBSPOT_DEFINED", "typeId": _TYPES.get((kind, to), 279), "label": None}]
    found = {id_: holdings.associated(kind, to, int(id_)) for id_ in ids}
    results = [
        {"from": {"id": id_}, "to": [{"toObjectId": other, "associationTypes": types} for other in others]}
        for id_, others in found.items()
        if others
    ]
    return {"status": "COMPLETE", "results": results}


def _paging(after: str | None) -> dict[str, Any]:
    return {"paging": {"next": {"after": after}}} if after else {}


def _names(listed: str | None) -> list[str]:
    return [name for name in (listed or "").split(",") if name]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
