"""HubSpot's REST wire: tokens, limits, lists with cursors, searches, batches of a hundred, associations,
pipelines, owners.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from time import sleep
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.customers.people import TooManyPeople
from sandbox.hubspot import records
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.objects import Holdings
from sandbox.hubspot.parameters import require_query
from sandbox.hubspot.pipelines import pipelines
from sandbox.hubspot.records import iso, nowhere
from sandbox.hubspot.refusals import Refused, bad, expired, unknown_token
from sandbox.running_world import Stage

_OBJECTS = re.compile(r"crm/v3/objects/(contacts|companies|deals)(?:/(search|batch/read|\d+))?")
_DETAILS = re.compile(r"account-info/v3/details")
_PIPELINES = re.compile(r"crm/v3/pipelines/deals")
_OWNERS = re.compile(r"crm/v3/owners(?:/(\d+))?")
_PROPERTIES = re.compile(r"crm/v3/properties/(contacts|companies|deals)(?:/(\w+))?")
_ASSOCIATED = re.compile(
    r"crm/v4/objects/(contacts|companies|deals)/(\d+)/associations/(contacts|companies|deals)"
)
_ASSOCIATIONS = re.compile(
    r"crm/v4/associations/(contacts|companies|deals)/(contacts|companies|deals)/batch/read"
)
_ACCOUNT = {
    "portalId": 4_711,
    "accountType": "STANDARD",
    "timeZone": "Europe/Berlin",
    "companyCurrency": "EUR",
}


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
            given = msgspec.json.decode(body) if body else {}
            if not isinstance(given, dict):
                raise bad("Invalid input JSON: the body is an object")
            answer = self._route(request, path, given)
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
        query, path = request.query_params, path.rstrip("/")
        answers: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], dict[str, Any]]], ...] = (
            ("GET", _DETAILS, lambda _: _checked(query, (), _ACCOUNT)),
            ("GET", _PIPELINES, lambda _: self._pipelines(query)),
            ("GET", _OWNERS, lambda match: records.owners(match[1], query)),
            ("GET", _PROPERTIES, lambda match: records.properties(match[1], match[2], query)),
            (
                "POST",
                _ASSOCIATIONS,
                lambda match: records.associations(self._holdings(), match[1], match[2], body),
            ),
            (
                "GET",
                _ASSOCIATED,
                lambda match: records.associated(self._holdings(), match[1], int(match[2]), match[3]),
            ),
            (
                request.method,
                _OBJECTS,
                lambda match: records.objects(
                    self._holdings(), match[1], (request.method, match[2] or ""), query, body
                ),
            ),
        )
        for method, pattern, answer in answers:
            if method == request.method and (match := pattern.fullmatch(path)):
                return answer(match)
        raise nowhere(path)

    def _pipelines(self, query: QueryParams) -> dict[str, Any]:
        begun = datetime.combine(self._stage.world.begins, datetime.min.time(), UTC)
        return _checked(query, ("limit",), {"results": list(pipelines(iso(begun.timestamp())))})

    def _holdings(self) -> Holdings:
        # By the second: a page and the next one of a running clock should be of one state.
        return self._at(int(self._stage.clock.now().timestamp()), id(self._stage.keeper.books()))

    def _made(self, second: int, books: int) -> Holdings:
        del books  # it is asked again below; its place in the key lets new books be seen
        return Holdings(self._stage.world, self._stage.keeper.books(), float(second))


def _checked(query: QueryParams, honoured: tuple[str, ...], answer: dict[str, Any]) -> dict[str, Any]:
    require_query(query, honoured)
    return answer
