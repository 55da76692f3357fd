"""The control API: clock, faults, truth and audit. Only tests, the demo and benchmarks speak to it."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import KNOWN, UnknownFault
from sandbox.fx import rates
from sandbox.incident import Incident
from sandbox.market import LEVELS, METRICS
from sandbox.stage import Stage
from sandbox.world import Account, WorldWrong
from sandbox.write_faults import AMBIGUOUS, DEFINITE, ImpossibleAnswer


def routes(stage: Stage) -> list[Route]:
    """The control API's routes, to be mounted under /control."""
    desk = _Desk(stage)
    return [
        Route("/world", desk.world, methods=["GET"]),
        Route("/clock", desk.clock, methods=["GET", "POST"]),
        Route("/faults", desk.faults, methods=["GET", "POST", "DELETE"]),
        Route("/audit", desk.audit, methods=["GET", "DELETE"]),
        Route("/messages", desk.messages, methods=["GET", "DELETE"]),
        Route("/truth", desk.truth, methods=["GET"]),
        Route("/truth/{what:str}", desk.true_customers, methods=["GET"]),
        Route("/audiences", desk.audiences, methods=["GET"]),
        Route("/fx", desk.fx, methods=["GET"]),
        Route("/edits", desk.edits, methods=["POST"]),
        Route("/incidents", desk.incidents, methods=["GET", "POST"]),
        Route("/reset", desk.reset, methods=["POST"]),
    ]


class _Desk:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def world(self, _: Request) -> Response:
        return _json(self._stage.world.model_dump(mode="json"))

    async def clock(self, request: Request) -> Response:
        clock = self._stage.clock
        if request.method == "POST":
            asked = await request.json()
            try:
                if "advance_hours" in asked:
                    clock.advance(timedelta(hours=float(asked["advance_hours"])))
                else:
                    clock.set(datetime.fromisoformat(asked["now"]) if asked.get("now") else None)
            except (ValueError, TypeError) as error:
                return _refused(str(error))
        return _json({"now": clock.now().isoformat()})

    async def faults(self, request: Request) -> Response:
        faults = self._stage.faults
        if request.method == "GET":
            return _json(KNOWN | {"write_answers": {"ambiguous": AMBIGUOUS, "definite": DEFINITE}})
        if request.method == "DELETE":
            faults.clear()
            return _json({})
        asked = await request.json()
        try:
            faults.arm(**asked)
        except (UnknownFault, ImpossibleAnswer, TypeError) as error:
            return _refused(str(error))
        return _json(asked)

    async def audit(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._stage.audit.clear()
        asked = request.query_params
        found = self._stage.audit.requests(
            platform=asked.get("platform"), writes_only=asked.get("writes") == "true"
        )
        return _json({"counts": self._stage.audit.counts(), "requests": found})

    async def messages(self, request: Request) -> Response:
        """What was caught, of one service or of all; DELETE forgets it."""
        if request.method == "DELETE":
            self._stage.caught.clear()
        return _json(self._stage.caught.all(request.query_params.get("service")))

    async def truth(self, request: Request) -> Response:
        """Totals per entity and day as the platforms would report them now or at `at`, straight from the market."""
        asked = request.query_params
        try:
            start, end = date.fromisoformat(asked["start"]), date.fromisoformat(asked["end"])
            level = asked["level"]
            at = datetime.fromisoformat(asked["at"]).astimezone(UTC) if "at" in asked else None
            if level not in ("account", *LEVELS):
                raise ValueError(f"level is one of account, {', '.join(LEVELS)}")  # noqa: TRY301 — one answer for all that is wrong
        except (KeyError, ValueError) as error:
            return _refused(f"truth needs level, start and end: {error}")
        accounts = asked.getlist("account_id")
        rows = await run_in_threadpool(
            _truth, self._stage, asked.get("platform"), accounts, level, (start, end), at
        )
        return _json(rows)

    async def true_customers(self, request: Request) -> Response:
        """Of the customers: `revenue` by order day and `qualified` by click day from `start` to `end`, the `pipeline` at an instant, or their `segments`."""
        asked, keeper, what = request.query_params, self._stage.keeper, request.path_params["what"]
        try:
            if what == "segments":
                return _json(await run_in_threadpool(keeper.segments))
            if what == "pipeline":
                at = datetime.fromisoformat(asked["at"]) if "at" in asked else self._stage.clock.now()
                return _json(await run_in_threadpool(keeper.pipeline, at))
            told = {"revenue": keeper.revenue, "qualified": keeper.qualified}[what]
            start, end = date.fromisoformat(asked["start"]), date.fromisoformat(asked["end"])
        except (KeyError, ValueError) as error:
            return _refused(
                f"truth is told of revenue and qualified (start, end), of the pipeline (at) and of segments: {error}"
            )
        return _json(await run_in_threadpool(told, start, end))

    async def audiences(self, request: Request) -> Response:
        """Every audience, of one platform or of all, with exactly the hashes it holds."""
        return _json(self._stage.audiences.truth(request.query_params.get("platform")))

    async def fx(self, request: Request) -> Response:
        asked = request.query_params
        try:
            start, end = date.fromisoformat(asked["start"]), date.fromisoformat(asked["end"])
            return _json(rates(self._stage.world, start=start, end=end))
        except (KeyError, ValueError) as error:
            return _refused(f"fx needs start and end: {error}")

    async def edits(self, request: Request) -> Response:
        """Somebody edits an entity at the platform's own screens: {platform, account_id, level, entity_id, field, value}."""
        asked = await request.json()
        try:
            account = self._stage.world.account(asked["platform"], asked["account_id"])
            entity_id = int(asked["entity_id"])
            if account is None or not _exists(self._stage, account, asked["level"], entity_id):
                raise ValueError("there is no such entity")  # noqa: TRY301 — one answer for all that is wrong
            edit_by_hand(self._stage, account, asked["level"], entity_id, asked["field"], asked["value"])
        except (KeyError, ValueError, TypeError) as error:
            return _refused(f"an edit needs platform, account_id, level, entity_id, field and value: {error}")
        return _json(asked)

    async def incidents(self, request: Request) -> Response:
        """The labels of all incidents; or more of them, one object or a list, all or none."""
        diary = self._stage.market.diary
        if request.method == "POST":
            try:
                asked = await request.json()
                given = [asked] if isinstance(asked, dict) else asked
                unlabelled = [{k: v for k, v in one.items() if k != "is_fault"} for one in given]
                diary.add([Incident.model_validate(one) for one in unlabelled])
            except ValidationError as error:
                first = error.errors()[0]
                return _refused(f"an incident: {'.'.join(map(str, first['loc']))}: {first['msg']}")
            except (WorldWrong, ValueError, TypeError, AttributeError) as error:
                return _refused(f"an incident: {error}")
        return _json([i.model_dump(mode="json") | {"is_fault": i.is_fault} for i in diary.all()])

    async def reset(self, _: Request) -> Response:
        """Forget every change, added incident, armed fault, request and message; real time again."""
        self._stage.forget()
        self._stage.clock.set(None)
        return _json({})


def _exists(stage: Stage, account: Account, level: str, entity_id: int) -> bool:
    if level == "account":
        return entity_id == int(account.id)
    return entity_id in stage.market.catalog(account).index[level]


def edit_by_hand(stage: Stage, account: Account, level: str, entity_id: int, field: str, value: Any) -> None:
    """A person's edit: `status` in the platform's own word, `budget_micros`, or of an account `lookback_days`."""
    stage.market.change(account, level, entity_id, field, value, by="person")
    if field == "status":
        stage.market.change(account, level, entity_id, "active", value in {"ENABLED", "ACTIVE"}, by="person")


def _truth(
    stage: Stage,
    platform: str | None,
    account_ids: list[str],
    level: str,
    days: tuple[date, date],
    at: datetime | None,
) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = defaultdict(list)
    for account in stage.world.accounts:
        if platform not in (None, account.platform) or (account_ids and account.id not in account_ids):
            continue
        catalog = stage.market.catalog(account)
        for report in stage.market.report(account, level, *days, at=at):
            columns["platform"] += [account.platform] * len(report)
            columns["account_id"] += [account.id] * len(report)
            columns["currency"] += [account.currency] * len(report)
            columns["day"] += np.datetime_as_string(report.day.astype("datetime64[D]")).tolist()
            if level == "account":
                columns["entity_id"] += [account.id] * len(report)
            else:
                ids = getattr(catalog, level + "s").id
                columns["entity_id"] += ids[getattr(report, level)].astype(str).tolist()
            for metric in METRICS:
                columns[metric] += getattr(report, metric).tolist()
    return columns


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")


def _refused(why: str) -> Response:
    return JSONResponse({"error": why}, status_code=400)
