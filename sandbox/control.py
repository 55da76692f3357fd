"""The control API: clock, faults, truth and audit. Only tests, the demo and benchmarks speak to it."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import truths
from sandbox.faults import KNOWN, UnknownFault
from sandbox.fx import rates
from sandbox.incident import Incident
from sandbox.report import LEVELS, METRICS
from sandbox.running_world import Stage
from sandbox.world import Account, WorldWrong
from sandbox.write_faults import AMBIGUOUS, DEFINITE, ImpossibleAnswer

MARKET_TRUTHS = {"response", "creatives", "terms", "overlap"}
CUSTOMER_TRUTHS = {"revenue", "qualified", "pipeline", "segments"}


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
        Route("/truth/{what:str}", desk.truth_of, methods=["GET"]),
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
            body = await request.json()
            try:
                if "advance_hours" in body:
                    clock.advance(timedelta(hours=float(body["advance_hours"])))
                else:
                    clock.set(datetime.fromisoformat(body["now"]) if body.get("now") else None)
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
        body = await request.json()
        try:
            faults.arm(**body)
        except (UnknownFault, ImpossibleAnswer, TypeError) as error:
            return _refused(str(error))
        return _json(body)

    async def audit(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._stage.audit.clear()
        parameters = request.query_params
        recorded = self._stage.audit.requests(
            platform=parameters.get("platform"), writes_only=parameters.get("writes") == "true"
        )
        return _json({"counts": self._stage.audit.counts(), "requests": recorded})

    async def messages(self, request: Request) -> Response:
        """What was caught, of one service or of all; DELETE forgets it."""
        if request.method == "DELETE":
            self._stage.caught.clear()
        return _json(self._stage.caught.all(request.query_params.get("service")))

    async def truth(self, request: Request) -> Response:
        """Totals per entity and day as the platforms would report them now or at `at`, straight from the
        market.
        """
        parameters = request.query_params
        try:
            start, end = date.fromisoformat(parameters["start"]), date.fromisoformat(parameters["end"])
            level = parameters["level"]
            at = datetime.fromisoformat(parameters["at"]).astimezone(UTC) if "at" in parameters else None
            if level not in ("account", *LEVELS):
                raise ValueError(f"level is one of account, {', '.join(LEVELS)}")  # noqa: TRY301 — one answer for all that is wrong
        except (KeyError, ValueError) as error:
            return _refused(f"truth needs level, start and end: {error}")
        accounts = parameters.getlist("account_id")
        rows = await run_in_threadpool(
            _truth, self._stage, parameters.get("platform"), accounts, level, (start, end), at
        )
        return _json(rows)

    async def truth_of(self, request: Request) -> Response:
        """One of the truths by its name: of the market (`MARKET_TRUTHS`) or of its customers
        (`CUSTOMER_TRUTHS`).
        """
        name, parameters = request.path_params["what"], request.query_params
        if name not in MARKET_TRUTHS | CUSTOMER_TRUTHS:
            return _refused(
                f"there is no truth of '{name}': name one of {', '.join(sorted(MARKET_TRUTHS | CUSTOMER_TRUTHS))}"
            )
        of_ad_sets = name == "segments" and parameters.get("by") == "ad_set"
        answer = self._market_truth if name in MARKET_TRUTHS or of_ad_sets else self._customer_truth
        try:
            return _json(await run_in_threadpool(answer, name, parameters))
        except KeyError as error:
            return _refused(f"the truth of {name} needs {error.args[0]}; docs/sandbox.md lists what it takes")
        except ValueError as error:
            return _refused(f"the truth of {name}: {error}; docs/sandbox.md lists what it takes")

    def _customer_truth(self, name: str, parameters: QueryParams) -> Any:
        keeper = self._stage.keeper
        if name == "segments":
            return keeper.segments()
        if name == "pipeline":
            at = datetime.fromisoformat(parameters["at"]) if "at" in parameters else self._stage.clock.now()
            return keeper.pipeline(at)
        start, end = date.fromisoformat(parameters["start"]), date.fromisoformat(parameters["end"])
        return keeper.revenue(start, end) if name == "revenue" else keeper.qualified(start, end)

    def _market_truth(self, name: str, parameters: QueryParams) -> Any:
        market = self._stage.market
        platform, account_ids = parameters.get("platform"), parameters.getlist("account_id")
        accounts = [
            account
            for account in market.world.accounts
            if platform in (None, account.platform) and (not account_ids or account.id in account_ids)
        ]
        if name == "segments":
            return truths.segment_shares(market, accounts)
        if name == "creatives":
            return truths.creatives(market, accounts)
        start, end = date.fromisoformat(parameters["start"]), date.fromisoformat(parameters["end"])
        if start > end:
            raise ValueError("start is after end")
        if name == "overlap":
            return truths.overlap(market, accounts, start, end)
        if name == "terms":
            ad_set_id = int(parameters["ad_set_id"]) if "ad_set_id" in parameters else None
            return truths.terms(market, accounts, start, end, ad_set_id=ad_set_id)
        low, high = float(parameters.get("low", 0.8)), float(parameters.get("high", 1.2))
        if not 0 <= low <= 1 <= high <= 100:
            raise ValueError("low is from 0 to 1 and high from 1 to 100")
        return truths.response(market, accounts, start, end, low=low, high=high)

    async def audiences(self, request: Request) -> Response:
        """Every audience, of one platform or of all, with exactly the hashes it holds."""
        return _json(self._stage.audiences.truth(request.query_params.get("platform")))

    async def fx(self, request: Request) -> Response:
        parameters = request.query_params
        try:
            start, end = date.fromisoformat(parameters["start"]), date.fromisoformat(parameters["end"])
            return _json(rates(self._stage.world, start=start, end=end))
        except (KeyError, ValueError) as error:
            return _refused(f"fx needs start and end: {error}")

    async def edits(self, request: Request) -> Response:
        """Somebody edits an entity at the platform's own screens: {platform, account_id, level, entity_id,
        field, value}.
        """
        body = await request.json()
        try:
            account = self._stage.world.account(body["platform"], body["account_id"])
            entity_id = int(body["entity_id"])
            if account is None or not _exists(self._stage, account, body["level"], entity_id):
                raise ValueError("there is no such entity")  # noqa: TRY301 — one answer for all that is wrong
            edit_by_hand(self._stage, account, body["level"], entity_id, body["field"], body["value"])
        except (KeyError, ValueError, TypeError) as error:
            return _refused(f"an edit needs platform, account_id, level, entity_id, field and value: {error}")
        return _json(body)

    async def incidents(self, request: Request) -> Response:
        """The labels of all incidents; or more of them, one object or a list, all or none."""
        diary = self._stage.market.diary
        if request.method == "POST":
            try:
                body = await request.json()
                given = [body] if isinstance(body, dict) else body
                unlabelled = [{k: v for k, v in incident.items() if k != "is_fault"} for incident in given]
                diary.add([Incident.model_validate(incident) for incident in unlabelled])
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
    """A person's edit: `status` in the platform's own word, `budget_micros`, or of an account
    `lookback_days`.
    """
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
