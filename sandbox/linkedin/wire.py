"""LinkedIn's REST wire: headers, tokens, Rest.li queries (also tunnelled), finders, partial updates."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from time import sleep
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.linkedin import creation, entities, lead_forms, segments, targeting
from sandbox.linkedin.analytics import Analytics
from sandbox.linkedin.collections import PATH, Collections, accounts, as_json
from sandbox.linkedin.parameters import require_known
from sandbox.linkedin.refusals import Refused, bad
from sandbox.linkedin.restli import NotRestli, decode_query, decode_query_1
from sandbox.running_world import Stage

LONGEST_URL = 4_000
LIVES_MONTHS = 12


def routes(stage: Stage) -> list[Route]:
    """LinkedIn's REST API below /rest and its token endpoint."""
    wire = _Wire(stage)
    return [
        Route("/rest/{path:path}", wire.rest, methods=["GET", "POST", "DELETE"]),
        Route("/oauth/v2/accessToken", wire.token, methods=["POST"]),
        Route("/oauth/v2/introspectToken", wire.introspect, methods=["POST"]),
    ]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._analytics = Analytics(stage)
        self._collections = Collections(stage)
        self._expired_in: int | None = None  # the faults' round in which the token expired

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        given, available = form.get("refresh_token"), self._stage.credentials
        self._stage.note("linkedin_ads", "POST accessToken")
        if form.get("grant_type") != "refresh_token" or given != available.linkedin_refresh_token:
            message = {
                "error": "invalid_grant",
                "error_description": "The provided refresh token is invalid or expired",
            }
            return JSONResponse(message, status_code=400)
        if (form.get("client_id"), form.get("client_secret")) != (
            available.linkedin_client_id,
            available.linkedin_client_secret,
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        self._expired_in = None
        return JSONResponse(
            {
                "access_token": available.linkedin_access_token,
                "expires_in": 5_184_000,
                "refresh_token": given,
                "refresh_token_expires_in": 31_536_000,
            }
        )

    async def introspect(self, request: Request) -> Response:
        """An access token lasts sixty days from the morning, unless a test wants one that ends sooner."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        available = self._stage.credentials
        self._stage.note("linkedin_ads", "POST introspectToken")
        if (form.get("client_id"), form.get("client_secret")) != (
            available.linkedin_client_id,
            available.linkedin_client_secret,
        ):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if form.get("token") != available.linkedin_access_token:
            return JSONResponse({"active": False, "status": "revoked"})
        soon = self._stage.faults.take("linkedin_ads", "token_ends_soon")
        days = float(soon.get("days", 3)) if soon is not None else 60.0
        ends = int((self._stage.clock.now() + timedelta(days=days)).timestamp())
        begun = ends - 5_184_000
        return JSONResponse(
            {
                "active": True,
                "status": "active",
                "expires_at": ends,
                "created_at": begun,
                "authorized_at": begun,
                "client_id": available.linkedin_client_id,
                "auth_type": "3L",
                "scope": "r_ads,rw_ads,r_ads_reporting,rw_dmp_segments,w_organization_social",
            }
        )

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
            is_old = "x-restli-protocol-version" not in request.headers
            decode = decode_query_1 if is_old else decode_query
            path, query = unquote(request.path_params["path"]), decode(raw)
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
            message = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
            raise Refused(429, "TOO_MANY_REQUESTS", message, service=101)
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
        if request.headers.get("x-restli-protocol-version", "2.0.0") != "2.0.0":
            raise bad("X-RestLi-Protocol-Version is 2.0.0, or absent for 1.0")

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
        if match := PATH.fullmatch(path):
            return self._collections.answer(request, method, match, query, body)
        reads: dict[str, Callable[[dict[str, Any]], Response]] = {
            "adAnalytics": self._read_analytics,
            "adAccounts": lambda given: accounts(self._stage, given),
            "conversions": self._conversions,
            "leadFormResponses": self._lead_forms,
            "adTargetingFacets": lambda given: _elements(targeting.facets(given)),
            "adTargetingEntities": lambda given: _elements(targeting.entities(given)),
            "audienceCounts": lambda given: _elements(targeting.audience_counts(self._stage, given)),
        }
        if method == "GET" and path in reads:
            self._stage.note("linkedin_ads", f"GET {path}", pivot=str(query.get("pivot")))
            return reads[path](query)
        if method == "GET" and path.startswith("posts/"):
            require_known(query, set(), resource="posts")
            self._stage.note("linkedin_ads", "GET posts")
            return as_json(creation.post(self._stage, path.removeprefix("posts/")))
        raise Refused(404, "RESOURCE_NOT_FOUND", f"No virtual resource found for /{path}")

    def _read_analytics(self, query: dict[str, Any]) -> Response:
        paging = {"start": 0, "count": 10, "links": []}
        return as_json({"paging": paging, "elements": self._analytics.answer(query)})

    def _lead_forms(self, query: dict[str, Any]) -> Response:
        return as_json(lead_forms.responses(self._stage, query))

    def _conversions(self, query: dict[str, Any]) -> Response:
        """The conversion rules of an account: one, whose window people may change."""
        require_known(query, {"q", "account", "start", "count"}, resource="conversions")
        own_id = str(query.get("account", "")).rsplit(":", 1)[-1]
        account = self._stage.world.account("linkedin_ads", own_id)
        if query.get("q") != "account" or account is None:
            raise bad("finder q=account with an account expected", field="q")
        start, count = int(query.get("start", 0)), int(query.get("count", 10))
        rules = [entities.conversion_rule(self._stage, account)][start : start + count]
        return as_json(
            {"elements": rules, "paging": {"start": start, "count": count, "links": []}, "metadata": {}}
        )


def _elements(results: list[dict[str, Any]]) -> Response:
    return as_json({"elements": results, "paging": {"start": 0, "count": len(results), "links": []}})


def _months(day: date) -> int:
    return day.year * 12 + day.month
