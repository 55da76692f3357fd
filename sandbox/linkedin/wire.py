"""LinkedIn's REST wire: headers, tokens, Rest.li queries (also tunnelled), finders, partial updates."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from time import sleep
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.linkedin import entities, lead_forms, segments
from sandbox.linkedin.analytics import Analytics
from sandbox.linkedin.refusals import Refused, bad, not_found
from sandbox.linkedin.restli import NotRestli, decode_query
from sandbox.linkedin.write_answers import write_response
from sandbox.stage import Stage
from sandbox.world import Account

LONGEST_URL = 4_000
LIVES_MONTHS = 12
_COLLECTION = re.compile(r"adAccounts/(\d+)/(adCampaignGroups|adCampaigns|creatives)(?:/([^/]+))?")


def routes(stage: Stage) -> list[Route]:
    """LinkedIn's REST API below /rest and its token endpoint."""
    wire = _Wire(stage)
    return [
        Route("/rest/{path:path}", wire.rest, methods=["GET", "POST"]),
        Route("/oauth/v2/accessToken", wire.token, methods=["POST"]),
        Route("/oauth/v2/introspectToken", wire.introspect, methods=["POST"]),
    ]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._analytics = Analytics(stage)
        self._expired_in: int | None = None  # the faults' round in which the token expired

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        given, known = form.get("refresh_token"), self._stage.credentials
        self._stage.note("linkedin_ads", "POST accessToken")
        if form.get("grant_type") != "refresh_token" or given != known.linkedin_refresh_token:
            said = {
                "error": "invalid_grant",
                "error_description": "The provided refresh token is invalid or expired",
            }
            return JSONResponse(said, status_code=400)
        if (form.get("client_id"), form.get("client_secret")) != (
            known.linkedin_client_id,
            known.linkedin_client_secret,
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        self._expired_in = None
        return JSONResponse(
            {
                "access_token": known.linkedin_access_token, "expires_in": 5_184_000,
                "refresh_token": given, "refresh_token_expires_in": 31_536_000,
            }
        )  # fmt: skip

    async def introspect(self, request: Request) -> Response:
        """An access token lasts sixty days from the morning, unless a test wants one that ends sooner."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        known = self._stage.credentials
        self._stage.note("linkedin_ads", "POST introspectToken")
        if (form.get("client_id"), form.get("client_secret")) != (
            known.linkedin_client_id,
            known.linkedin_client_secret,
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if form.get("token") != known.linkedin_access_token:
            return JSONResponse({"active": False, "status": "revoked"})
        soon = self._stage.faults.take("linkedin_ads", "token_ends_soon")
        days = float(soon.get("days", 3)) if soon is not None else 60.0
        ends = int((self._stage.clock.now() + timedelta(days=days)).timestamp())
        return JSONResponse({"active": True, "status": "active", "expires_at": ends})

    async def rest(self, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(self._rest, request, body)

    def _rest(self, request: Request, body: bytes) -> Response:
        try:
            if (slow := self._stage.faults.take("linkedin_ads", "slow")) is not None:
                sleep(float(slow.get("seconds", 1)))
            self._stage.late_changes.land()
            self._let_in(request)
            raw, method = request.scope["query_string"].decode(), request.method
            if method == "POST" and request.headers.get("x-http-method-override", "").upper() == "GET":
                method, raw, body = "GET", body.decode(), b""
            path, query = unquote(request.path_params["path"]), decode_query(raw)
            if path.startswith("dmpSegments"):
                return segments.answered(self._stage, request, method, path, query, body)
            return self._route(request, method, path, query, body)
        except NotRestli as error:
            return bad(str(error), code="ILLEGAL_ARGUMENT").response()
        except Refused as refused:
            return refused.response()

    def _let_in(self, request: Request) -> None:
        if len(str(request.url)) > LONGEST_URL:
            raise Refused(414, "URI_TOO_LONG", "Request-URI Too Long")
        faults = self._stage.faults
        if faults.take("linkedin_ads", "unavailable") is not None:
            raise Refused(503, "SERVICE_UNAVAILABLE", "Service Unavailable")
        if faults.take("linkedin_ads", "throttled") is not None:
            raise Refused(
                429,
                "TOO_MANY_REQUESTS",
                "Resource level throttle APPLICATION MINUTE limit is reached.",
                service=101,
            )
        if faults.take("linkedin_ads", "day_limit") is not None:
            said = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
            raise Refused(429, "TOO_MANY_REQUESTS", said, service=101)
        if faults.take("linkedin_ads", "token_revoked") is not None:
            raise Refused(
                401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked", service=65601
            )
        if faults.take("linkedin_ads", "token_expired") is not None:
            self._expired_in = faults.rounds
        bearer = request.headers.get("authorization", "")
        if bearer != f"Bearer {self._stage.credentials.linkedin_access_token}":
            raise Refused(401, "INVALID_ACCESS_TOKEN", "Invalid access token", service=65600)
        if self._expired_in == faults.rounds:
            raise Refused(
                401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", service=65602
            )
        self._check_version(request.headers.get("linkedin-version", ""))
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise bad("X-RestLi-Protocol-Version 2.0.0 is required")

    def _check_version(self, version: str) -> None:
        if not version:
            raise Refused(
                400,
                "VERSION_MISSING",
                "A version must be present. Specify a version by adding the LinkedIn-Version header.",
            )
        today = self._stage.clock.now().date()
        age = (
            _months(today) - (int(version[:4]) * 12 + int(version[4:]))
            if re.fullmatch(r"20\d{4}", version)
            else -1
        )
        if not 0 <= age <= LIVES_MONTHS:
            raise Refused(426, "NONEXISTENT_VERSION", f"Requested version {version} is not active")

    def _route(
        self, request: Request, method: str, path: str, query: dict[str, Any], body: bytes
    ) -> Response:
        if path == "adAnalytics" and method == "GET":
            self._stage.note("linkedin_ads", "GET adAnalytics", pivot=str(query.get("pivot")))
            return _json(
                {"paging": {"start": 0, "count": 10, "links": []}, "elements": self._analytics.answer(query)}
            )
        if path == "adAccounts" and method == "GET":
            self._stage.note("linkedin_ads", "GET adAccounts")
            found = [entities.account_element(a) for a in self._stage.world.of("linkedin_ads")]
            return _page(
                query,
                list(range(len(found))),
                lambda rows: [found[row] for row in rows],
                finder="search",
                most=1_000,
            )
        finders = {"conversions": self._conversions, "leadFormResponses": self._lead_forms}
        if method == "GET" and path in finders:
            return finders[path](query)
        if match := _COLLECTION.fullmatch(path):
            account = self._stage.world.account("linkedin_ads", match[1])
            if account is None:
                raise Refused(
                    403, "ACCESS_DENIED", f"Not enough permissions to access account {match[1]}", service=100
                )
            self._stage.note("linkedin_ads", f"{method} {match[2]}", account.id)
            if method == "POST":
                return self._update(request, account, match[2], match[3], body)
            if match[3]:
                return _json(entities.element(self._stage, account, match[2], _number(match[3])))
            return self._list(request, account, match[2], query)
        raise Refused(404, "RESOURCE_NOT_FOUND", f"No virtual resource found for /{path}")

    def _lead_forms(self, query: dict[str, Any]) -> Response:
        self._stage.note("linkedin_ads", "GET leadFormResponses")
        return _json(lead_forms.responses(self._stage, query))

    def _conversions(self, query: dict[str, Any]) -> Response:
        """The conversion rules of an account: one, whose window people may change."""
        self._stage.note("linkedin_ads", "GET conversions")
        own = str(query.get("account", "")).rsplit(":", 1)[-1]
        account = self._stage.world.account("linkedin_ads", own)
        if query.get("q") != "account" or account is None:
            raise bad("finder q=account with an account expected", field="q")
        return _json({"elements": [entities.conversion_rule(self._stage, account)], "metadata": {}})

    def _list(self, request: Request, account: Account, collection: str, query: dict[str, Any]) -> Response:
        is_creatives = collection == "creatives"
        if is_creatives and request.headers.get("x-restli-method", "").upper() != "FINDER":
            raise bad("creatives needs the header X-RestLi-Method: FINDER")
        asked = query.get("intendedStatuses") if is_creatives else _statuses(query)
        if unknown := [status for status in asked or [] if status not in entities.STATUSES]:
            raise bad(f"Invalid status {unknown[0]}", field="status")
        return _page(
            query,
            entities.listed(self._stage, account, collection, asked),
            lambda rows: entities.elements(self._stage, account, collection, rows),
            finder="criteria" if is_creatives else "search",
            most=100 if is_creatives else 1_000,
        )

    def _update(
        self, request: Request, account: Account, collection: str, entity: str | None, body: bytes
    ) -> Response:
        if not entity or request.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
            raise bad("POST on an entity needs the header X-RestLi-Method: PARTIAL_UPDATE")
        try:
            patch = msgspec.json.decode(body)["patch"]["$set"]
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            raise bad('The body must be {"patch": {"$set": {…}}}') from error
        apply = entities.update(self._stage, account, collection, _number(entity), patch)
        fault = self._stage.carry_out("linkedin_ads", apply)
        self._stage.note(
            "linkedin_ads",
            f"PARTIAL_UPDATE {collection}",
            account.id,
            wrote=True,
            entity=entity,
            patch=patch,
            fault=fault and fault.label,
        )
        if fault is not None and fault.answer is not None:
            return write_response(fault)
        return Response(status_code=204)


def _page(
    query: dict[str, Any], rows: list[int], made: Callable[[list[int]], list[dict[str, Any]]], *, finder: str,
    most: int,
) -> Response:  # fmt: skip
    """One page of what stands in `rows`; only that page is made."""
    if query.get("q") != finder:
        raise bad(f"finder q={finder} expected", field="q")
    try:
        size, at = int(query.get("pageSize", 100)), int(query.get("pageToken") or "0", 36)
    except (ValueError, TypeError) as error:
        raise bad("pageSize or pageToken is invalid", field="pageToken") from error
    if not 1 <= size <= most:
        raise bad(f"pageSize must be between 1 and {most}", field="pageSize")
    following = {"nextPageToken": _base36(at + size)} if at + size < len(rows) else {}
    return _json({"elements": made(rows[at : at + size]), "metadata": following})


def _statuses(query: dict[str, Any]) -> list[str] | None:
    """The statuses of `search=(status:(values:List(…)))`, None where none are named."""
    try:
        return query["search"]["status"]["values"] if "search" in query else None
    except (KeyError, TypeError) as error:
        raise bad("search must be (status:(values:List(…)))", field="search") from error


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[last] + digits
    return digits or "0"


def _number(entity: str) -> int:
    last = unquote(entity).rsplit(":", 1)[-1]
    if not last.isdigit():
        raise not_found(entity)
    return int(last)


def _months(day: date) -> int:
    return day.year * 12 + day.month


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
