"""Salesforce's wire: the client-credentials login, `query` and `queryAll` in pages of 2,000, its error lists and limit header."""

from itertools import count
from typing import Any
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.hubspot.objects import Holdings
from sandbox.salesforce.objects import rows
from sandbox.salesforce.soql import Malformed, Row, parsed
from sandbox.stage import Stage

PAGE, LIMIT = 2_000, 100_000


def routes(stage: Stage) -> list[Route]:
    """Salesforce below /salesforce: its login and its data are at one address."""
    wire = _Wire(stage)
    return [
        Route("/salesforce/services/oauth2/token", wire.token, methods=["POST"]),
        Route("/salesforce/services/data/v{version}/{verb:str}/{cursor:path}", wire.data, methods=["GET"]),
    ]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cursors: dict[str, list[Row]] = {}
        self._numbers, self._calls = count(1), count(1)
        self._expired_in: int | None = None

    async def token(self, request: Request) -> Response:
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        known = self._stage.credentials
        self._stage.note("salesforce", "POST token")
        if given.get("grant_type") != "client_credentials":
            return JSONResponse(
                {"error": "unsupported_grant_type", "error_description": "grant type not supported"},
                status_code=400,
            )
        if (given.get("client_id"), given.get("client_secret")) != (
            known.salesforce_client_id,
            known.salesforce_client_secret,
        ):
            return JSONResponse(
                {"error": "invalid_client", "error_description": "invalid client credentials"},
                status_code=401,
            )
        self._expired_in = None
        instance = str(request.url).removesuffix("/services/oauth2/token")
        return JSONResponse(
            {
                "access_token": known.salesforce_access_token,
                "instance_url": instance,
                "token_type": "Bearer",
                "issued_at": "0",
            }
        )

    async def data(self, request: Request) -> Response:
        return await run_in_threadpool(self._data, request)

    def _data(self, request: Request) -> Response:
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
        verb, cursor = request.path_params["verb"], request.path_params["cursor"]
        self._stage.note("salesforce", f"GET {verb}")
        headers = {"Sforce-Limit-Info": f"api-usage={next(self._calls)}/{LIMIT}"}
        if verb not in {"query", "queryAll"}:
            return _refused(404, "NOT_FOUND", "The requested resource does not exist")
        try:
            found, start = (
                self._more(cursor) if cursor else (self._asked(request, all_rows=verb == "queryAll"), 0)
            )
        except Malformed as error:
            return _refused(400, "MALFORMED_QUERY", str(error))
        return JSONResponse(self._page(found, start, verb, request.path_params["version"]), headers=headers)

    def _asked(self, request: Request, *, all_rows: bool) -> list[Row]:
        query = parsed(request.query_params.get("q", ""))
        books = self._stage.keeper.books()
        held = rows(
            Holdings(self._stage.world, books, float(int(self._stage.clock.now().timestamp()))), query.object
        )
        if held is None:
            raise Malformed(f"sObject type '{query.object}' is not supported.")
        shown = query.answer(held if all_rows else [row for row in held if not row["IsDeleted"]])
        return [{"attributes": {"type": query.object}} | row for row in shown]

    def _more(self, cursor: str) -> tuple[list[Row], int]:
        name, _, start = cursor.rpartition("-")
        if name not in self._cursors:
            raise Malformed("invalid query locator")
        return self._cursors[name], int(start)

    def _page(self, found: list[Row], start: int, verb: str, version: str) -> dict[str, Any]:
        page: dict[str, Any] = {
            "totalSize": len(found),
            "done": start + PAGE >= len(found),
            "records": found[start : start + PAGE],
        }
        if not page["done"]:
            name = (
                next((name for name, held in self._cursors.items() if held is found), None)
                or f"01g{next(self._numbers):012d}"
            )
            self._cursors[name] = found
            page["nextRecordsUrl"] = f"/services/data/v{version}/{verb}/{name}-{start + PAGE}"
        return page


def _refused(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse([{"message": message, "errorCode": code}], status_code=status)
