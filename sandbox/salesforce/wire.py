"""Salesforce's wire: the client-credentials login, `query` and `queryAll` in pages of 2,000, bulk queries,
error lists and limit header.
"""

import json
from collections.abc import Iterable
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hubspot.objects import Holdings
from sandbox.running_world import Stage
from sandbox.salesforce.bulk import Job, Jobs, described, page
from sandbox.salesforce.literals import Malformed
from sandbox.salesforce.objects import FIELDS, rows
from sandbox.salesforce.soql import Query, Row, parsed

PAGE, LIMIT = 2_000, 100_000
_JOB_FIELDS = {"operation", "query", "contentType", "columnDelimiter", "lineEnding"}
BULK_PAGE = 1_000
"""Fewer than Salesforce allows, so that small worlds have pages too."""


def routes(stage: Stage) -> list[Route]:
    """Salesforce below /salesforce: its login and its data are at one address."""
    wire = _Wire(stage)
    return [
        Route("/salesforce/services/oauth2/token", wire.token, methods=["POST"]),
        Route("/salesforce/services/data/v{version}/jobs/query", wire.bulk, methods=["POST"]),
        Route("/salesforce/services/data/v{version}/jobs/query/{job}", wire.bulk, methods=["GET"]),
        Route("/salesforce/services/data/v{version}/jobs/query/{job}/{results}", wire.bulk, methods=["GET"]),
        Route("/salesforce/services/data/v{version}/{verb:str}/{cursor:path}", wire.data, methods=["GET"]),
    ]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._jobs = Jobs()
        self._cursors: dict[str, list[Row]] = {}
        self._numbers, self._calls = count(1), count(1)
        self._expired_in: int | None = None

    async def token(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        available = self._stage.credentials
        self._stage.note("salesforce", "POST token")
        if given.get("grant_type") != "client_credentials":
            return JSONResponse(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"},
                status_code=400,
            )
        if (given.get("client_id"), given.get("client_secret")) != (
            available.salesforce_client_id,
            available.salesforce_client_secret,
        ):
            return JSONResponse(
                {"error": "invalid_client", "error_description": "invalid client credentials"},
                status_code=401,
            )
        self._expired_in = None
        instance = str(request.url).removesuffix("/services/oauth2/token")
        return JSONResponse(
            {
                "access_token": available.salesforce_access_token,
                "instance_url": instance,
                "token_type": "Bearer",
                "issued_at": "0",
            }
        )

    async def data(self, request: Request) -> Response:
        return await run_in_threadpool(self._data, request)

    def _data(self, request: Request) -> Response:
        if (refused := self._not_now(request)) is not None:
            return refused
        verb, cursor = request.path_params["verb"], request.path_params["cursor"]
        self._stage.note("salesforce", f"GET {verb}")
        headers = {"Sforce-Limit-Info": f"api-usage={next(self._calls)}/{LIMIT}"}
        if verb not in {"query", "queryAll"}:
            return _refused(404, "NOT_FOUND", "The requested resource does not exist")
        try:
            _require_known(request.query_params, set() if cursor else {"q"})
            results, start = (
                self._more(cursor) if cursor else (self._asked(request, all_rows=verb == "queryAll"), 0)
            )
        except Malformed as error:
            return _refused(400, error.code, str(error))
        return JSONResponse(self._page(results, start, verb, request.path_params["version"]), headers=headers)

    def _not_now(self, request: Request) -> Response | None:
        """The refusal that a fault or the session calls for."""
        faults = self._stage.faults
        if faults.take("salesforce", "unavailable") is not None:
            return _refused(503, "SERVER_UNAVAILABLE", "Server unavailable")
        if faults.take("salesforce", "throttled") is not None:
            return _refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        if faults.take("salesforce", "session_expired") is not None:
            self._expired_in = faults.rounds
        bearer = f"Bearer {self._stage.credentials.salesforce_access_token}"
        if request.headers.get("authorization") != bearer or self._expired_in == faults.rounds:
            return _refused(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return None

    async def bulk(self, request: Request) -> Response:
        try:
            given = dict(json.loads(await request.body() or b"{}"))
        except (ValueError, TypeError):
            return _refused(400, "JSON_PARSER_ERROR", "The body is not a JSON object")
        return await run_in_threadpool(self._bulk, request, given)

    def _bulk(self, request: Request, given: dict[str, Any]) -> Response:
        if (refused := self._not_now(request)) is not None:
            return refused
        self._stage.note("salesforce", f"{request.method} jobs/query")
        headers = {"Sforce-Limit-Info": f"api-usage={next(self._calls)}/{LIMIT}"}
        own_id = request.path_params.get("job")
        try:
            if own_id is None:
                return JSONResponse(self._job(given), headers=headers)
            held = self._jobs.get(own_id)
            if held is None:
                return _refused(404, "NOT_FOUND", "The requested resource does not exist")
            if "results" in request.path_params:
                return _results(held, request, headers)
        except Malformed as error:
            return _refused(400, error.code if own_id is not None else "API_ERROR", str(error))
        return JSONResponse(described(own_id, held.state()), headers=headers)

    def _job(self, given: dict[str, Any]) -> dict[str, Any]:
        """A new job."""
        _require_known(given, _JOB_FIELDS)
        query, held = self._answered(
            str(given.get("query", "")), all_rows=given.get("operation") == "queryAll"
        )
        take = self._stage.faults.take
        slow, fails = take("salesforce", "job_slow"), take("salesforce", "job_failed")
        polls = 0 if slow is None else int(slow.get("polls", 3))
        return described(
            self._jobs.start(Job(held, query.fields, polls, fails is not None)), "UploadComplete"
        )

    def _asked(self, request: Request, *, all_rows: bool) -> list[Row]:
        return self._answered(request.query_params.get("q", ""), all_rows=all_rows)[1]

    def _answered(self, text: str, *, all_rows: bool) -> tuple[Query, list[Row]]:
        query = parsed(text)
        books = self._stage.keeper.books()
        held = rows(
            Holdings(self._stage.world, books, float(int(self._stage.clock.now().timestamp()))), query.object
        )
        if held is None:
            raise Malformed(f"sObject type '{query.object}' is not supported.", "INVALID_TYPE")
        seen = held if all_rows else [row for row in held if not row["IsDeleted"]]
        shown = query.answer(seen, FIELDS[query.object], now=self._stage.clock.now())
        return query, [{"attributes": {"type": query.object}} | row for row in shown]

    def _more(self, cursor: str) -> tuple[list[Row], int]:
        name, _, start = cursor.rpartition("-")
        if name not in self._cursors:
            raise Malformed("invalid query locator")
        return self._cursors[name], int(start)

    def _page(self, results: list[Row], start: int, verb: str, version: str) -> dict[str, Any]:
        if results and set(results[0]) == {"attributes"}:  # COUNT()
            return {"totalSize": len(results), "done": True, "records": []}
        page: dict[str, Any] = {
            "totalSize": len(results),
            "done": start + PAGE >= len(results),
            "records": results[start : start + PAGE],
        }
        if not page["done"]:
            name = (
                next((name for name, held in self._cursors.items() if held is results), None)
                or f"01g{next(self._numbers):012d}"
            )
            self._cursors[name] = results
            page["nextRecordsUrl"] = f"/services/data/v{version}/{verb}/{name}-{start + PAGE}"
        return page


def _refused(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse([{"message": message, "errorCode": code}], status_code=status)


def _require_known(given: Iterable[str], honoured: set[str]) -> None:
    if unknown := set(given) - honoured:
        raise Malformed(f"{min(unknown)} is not honoured by the sandbox", "INVALID_PARAMETER")


def _results(held: Job, request: Request, headers: dict[str, str]) -> Response:
    """A page of a job's results as CSV."""
    query = request.query_params
    _require_known(query, {"locator", "maxRecords"})
    locator, most = query.get("locator", "0"), query.get("maxRecords", str(BULK_PAGE))
    if not locator.isdecimal() or not most.isdecimal():
        raise Malformed("locator and maxRecords are whole numbers", "INVALID_PARAMETER")
    text, records, after = page(held, start=int(locator), size=min(int(most), BULK_PAGE))
    more = {"Sforce-Locator": after, "Sforce-NumberOfRecords": str(records)}
    return Response(text, media_type="text/csv", headers=headers | more)
