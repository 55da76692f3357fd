"""The Graph API's wire: versions, tokens and their proof, nodes, edges with cursors, report jobs, batches,
usage headers.
"""

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from time import sleep
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.meta import entities
from sandbox.meta.edges import Edges
from sandbox.meta.insight_query import IDS, InsightQuery, parse
from sandbox.meta.insights import Insights
from sandbox.meta.parameters import PAGING, cursor, encoded, require_known
from sandbox.meta.refusals import Refused, bad, reduce_data
from sandbox.meta.write_answers import WriteAnswered, batch_item, write_response
from sandbox.running_world import Stage
from sandbox.world import Account

VERSIONS = ("v26.0", "v25.0")
MOST_IN_A_BATCH, CALLS_AN_HOUR = 50, 60_000
_VERSION: ContextVar[str] = ContextVar("version", default=VERSIONS[0])
"""The version that the call at hand names."""


def routes(stage: Stage, base_url: Callable[[], str]) -> list[Route]:
    """The Graph API, to be mounted where `base_url` says it is."""
    return [Route("/{path:path}", _Wire(stage, base_url).graph, methods=["GET", "POST", "DELETE"])]


@dataclass
class _Job:
    account: Account
    query: InsightQuery
    polls: int = 0
    ends: str = "Job Completed"


class _Wire:
    def __init__(self, stage: Stage, base_url: Callable[[], str]) -> None:
        self._stage, self._base_url = stage, base_url
        self._insights = Insights(stage)
        self._edges = Edges(stage, self._paged)
        self._jobs: dict[str, _Job] = {}
        self._calls: deque[datetime] = deque()
        self._lock = Lock()

    async def graph(self, request: Request) -> Response:
        parameters = dict(request.query_params)
        if request.method != "GET":
            form = (await request.body()).decode()
            parameters |= dict(parse_qsl(form, keep_blank_values=True))
        return await run_in_threadpool(self._graph, request.method, request.path_params["path"], parameters)

    def _graph(self, method: str, path: str, parameters: dict[str, str]) -> Response:
        headers = self._usage()
        try:
            if (slow := self._stage.faults.take("meta_ads", "slow")) is not None:
                sleep(float(slow.get("seconds", 1)))
            version, _, rest = path.partition("/")
            if version not in VERSIONS:
                message = (
                    "(#2635) You are calling a deprecated version of the Ads API. Please update to the"
                    f" latest version: {VERSIONS[0]}."
                )
                raise Refused(2635, message)  # noqa: TRY301 — answered below like every refusal
            self._let_in(parameters, headers)
            if method == "POST" and not rest and "batch" in parameters:
                return _json(self._batch(parameters["batch"]), headers)
            _VERSION.set(version)
            return _json(self._node(method, rest.strip("/"), parameters), headers)
        except Refused as refused:
            return refused.response(headers)
        except WriteAnswered as answered:
            return write_response(answered.fault, headers)

    def _let_in(self, parameters: dict[str, str], headers: dict[str, str]) -> None:
        take, available = self._stage.faults.take, self._stage.credentials
        self._stage.late_changes.land()
        if take("meta_ads", "unavailable") is not None:
            raise Refused(2, "Service temporarily unavailable", subcode=1504044, http=503, is_transient=True)
        if (throttle := take("meta_ads", "throttled")) is not None:
            headers |= self._usage(percent=100, minutes=throttle.get("minutes", 5))
            raise Refused(
                80000,
                "There have been too many calls from this ad-account. Wait a bit and try again.",
                subcode=2446079,
            )
        if take("meta_ads", "token_expired") is not None:
            raise Refused(190, "Error validating access token: Session has expired", subcode=463, http=401)
        token = parameters.get("access_token", "")
        if not token:
            raise Refused(
                2500, "An active access token must be used to query information about the current user."
            )
        if token != available.meta_access_token:
            raise Refused(190, "Invalid OAuth access token - Cannot parse access token", http=401)
        proof = hmac.new(available.meta_app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if parameters.get("appsecret_proof", proof) != proof:
            raise Refused(
                100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException"
            )

    def _usage(self, *, percent: float | None = None, minutes: int = 0) -> dict[str, str]:
        """Usage of the last hour by the clock, in Meta's four headers."""
        now = self._stage.clock.now()
        with self._lock:
            self._calls.append(now)
            while now - self._calls[0] > timedelta(hours=1):
                self._calls.popleft()
            used = percent if percent is not None else 100 * len(self._calls) / CALLS_AN_HOUR
        row = {
            "type": "ads_insights",
            "call_count": int(used),
            "total_cputime": 0,
            "total_time": 0,
            "estimated_time_to_regain_access": minutes,
            "ads_api_access_tier": "standard_access",
        }
        share = round(used, 2)
        throttle = {"app_id_util_pct": share, "acc_id_util_pct": share, "ads_api_access_tier": "standard"}
        return {
            "x-app-usage": json.dumps({"call_count": int(used), "total_cputime": 0, "total_time": 0}),
            "x-business-use-case-usage": json.dumps({"77001": [row]}),
            "x-fb-ads-insights-throttle": json.dumps(throttle),
            "x-ad-account-usage": json.dumps({"acc_id_util_pct": share}),
            "facebook-api-version": VERSIONS[0],
        }

    def _batch(self, given: str) -> list[dict[str, Any] | None]:
        calls = json.loads(given)
        if len(calls) > MOST_IN_A_BATCH:
            raise bad(f"Too many requests in batch message. Maximum batch size is {MOST_IN_A_BATCH}")
        answers: list[dict[str, Any] | None] = []
        for call in calls:
            url = urlsplit(call["relative_url"])
            path = url.path.strip("/")
            path = path.partition("/")[2] if path.startswith("v") and path.split("/")[0] in VERSIONS else path
            parameters = dict(parse_qsl(url.query)) | dict(parse_qsl(call.get("body", "")))
            try:
                code, body = 200, self._node(call.get("method", "GET"), path, parameters)
            except Refused as refused:
                code, body = refused.http, {"error": refused.error}
            except WriteAnswered as answered:
                item = batch_item(answered.fault)
                if item is None:
                    answers.append(None)
                    continue
                code, body = item["code"], {"error": item["error"]}
            answers.append({"code": code, "headers": [], "body": msgspec.json.encode(body).decode()})
        return answers

    def _node(self, method: str, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        name, _, edge = path.partition("/")
        if name == "me" and edge == "adaccounts" and method == "GET":
            return self._edges.accounts(parameters)
        if name == "debug_token" and method == "GET":
            require_known(parameters, {"input_token"}, edge="debug_token")
            self._stage.note("meta_ads", "GET debug_token")
            return {"data": self._token_facts()}
        if name in self._jobs:
            return self._job(name, edge, parameters)
        if name.startswith("act_"):
            return self._of_account(method, name, edge, parameters, path)
        if (
            edge == "insights"
            and name.isdigit()
            and (results := entities.find(self._stage, int(name))) is not None
        ):
            account, level, _ = results
            self._stage.note("meta_ads", f"{method} {level}/insights", account.id)
            return self._insight(method, account, parameters, path, node=(level, int(name)))
        return self._edges.of_object(method, name, edge, parameters)

    def _of_account(
        self, method: str, name: str, edge: str, parameters: dict[str, str], path: str
    ) -> dict[str, Any]:
        account = self._stage.world.account("meta_ads", name.removeprefix("act_"))
        if account is None:
            message = "(#200) Ad account owner has NOT grant ads_management or ads_read permission"
            raise Refused(200, message, http=403)
        if edge == "insights":
            self._stage.note("meta_ads", f"{method} act/insights", account.id, level=parameters.get("level"))
            return self._insight(method, account, parameters, path)
        return self._edges.of_account(method, account, edge, parameters)

    def _insight(
        self,
        method: str,
        account: Account,
        parameters: dict[str, str],
        path: str,
        *,
        node: tuple[str, int] | None = None,
    ) -> dict[str, Any]:
        level = {"campaign": "campaign", "ad_set": "adset", "ad": "ad"}[node[0]] if node else "account"
        query = parse(parameters, today=self._stage.today(account), level=level)
        if node is not None:
            if node[0] not in IDS[query.level]:
                raise bad(f"level {parameters['level']} is above the object that was asked", blame="level")
            query = query.of_node(*node)
        if method == "POST":
            return self._start(account, query)
        if (
            self._insights.is_too_much(account, query)
            or self._stage.faults.take("meta_ads", "too_much") is not None
        ):
            raise reduce_data()
        return self._answer(account, query, parameters, path)

    def _token_facts(self) -> dict[str, Any]:
        """A system user's token does not end, unless a test wants one that does."""
        ends = self._stage.faults.take("meta_ads", "token_ends_soon")
        at = (
            self._stage.clock.now() + timedelta(days=float(ends.get("days", 3))) if ends is not None else None
        )
        return {"is_valid": True, "expires_at": int(at.timestamp()) if at else 0, "data_access_expires_at": 0}

    def _start(self, account: Account, query: InsightQuery) -> dict[str, Any]:
        ends = "Job Completed"
        if self._stage.faults.take("meta_ads", "job_failed") is not None:
            ends = "Job Failed"
        elif self._stage.faults.take("meta_ads", "job_stuck") is not None:
            ends = "Job Running"
        with self._lock:
            name = str(6_000_000_000 + len(self._jobs))
            self._jobs[name] = _Job(account, query, ends=ends)
        return {"report_run_id": name}

    def _job(self, name: str, edge: str, parameters: dict[str, str]) -> dict[str, Any]:
        job = self._jobs[name]
        if edge == "insights":
            require_known(parameters, {"fields", *PAGING}, edge="report run")
            if job.polls < 2 or job.ends != "Job Completed":
                raise bad("The report is not ready", subcode=1815000)
            return self._answer(job.account, job.query, parameters, f"{name}/insights")
        job.polls += 1
        status, percent = ("Job Running", 50) if job.polls < 2 else (job.ends, 100)
        results = {
            "id": name,
            "account_id": job.account.id,
            "async_status": status,
            "async_percent_completion": percent,
            "date_start": str(job.query.since),
            "date_stop": str(job.query.until),
        }
        if status == "Job Failed":
            results |= {
                "error_code": 2,
                "error_subcode": 1504044,
                "error_message": "Service temporarily unavailable",
            }
        return results

    def _answer(
        self, account: Account, query: InsightQuery, parameters: dict[str, str], path: str
    ) -> dict[str, Any]:
        start, limit = cursor(parameters)
        empty = (
            bool(parameters.get("after")) and self._stage.faults.take("meta_ads", "empty_page") is not None
        )
        rows, total = self._insights.page(account, query, start=start, limit=0 if empty else limit)
        if rows and self._stage.faults.take("meta_ads", "truncated") is not None:
            rows, total = rows[: len(rows) // 2], start + len(rows) // 2
        return self._paged(
            rows, path, parameters, start=start, after=start + len(rows), total=total, limit=limit
        )

    def _paged(
        self,
        rows: list[dict[str, Any]],
        path: str,
        parameters: dict[str, str],
        *,
        start: int,
        after: int,
        total: int,
        limit: int,
    ) -> dict[str, Any]:
        """A page; its `next` is the same call with the next cursor, in the version that was called."""
        page: dict[str, Any] = {"data": rows}
        if total:
            page["paging"] = {"cursors": {"before": encoded(start), "after": encoded(after)}}
        if parameters.get("summary") == "true":
            page["summary"] = {"total_count": total}
        if after < total:
            again = urlencode(parameters | {"limit": str(limit), "after": encoded(after)})
            page["paging"]["next"] = f"{self._base_url()}/{_VERSION.get()}/{path}?{again}"
        return page


def _json(content: Any, headers: dict[str, str]) -> Response:
    body = msgspec.json.encode(content)
    return Response(body, media_type="application/json; charset=UTF-8", headers=headers)
