"""Google's Data Manager API: who is let into a user list and who is taken out of it, and what became of each
request.

An upload is answered with a request id at once; the first question after it says PROCESSING, every later one
how it ended.
"""

import json
from dataclasses import dataclass
from threading import Lock
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.audiences import EMAIL, PHONE, Audience, Entry, is_hash
from sandbox.faults import UPLOADS
from sandbox.google.oauth import ACCESS_TOKEN
from sandbox.google.write_answers import http_answer
from sandbox.running_world import Stage
from sandbox.write_faults import WriteFault

MOST_AT_ONCE = 10_000
_NAMES = {"emailAddress": EMAIL, "phoneNumber": PHONE}


class _Refused(Exception):
    def __init__(self, http: int, status: str, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.http = http
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
        self.error = {"code": http, "message": message, "status": status, "details": details}


@dataclass
class _Upload:
    destination: dict[str, Any]
    verb: str
    records: int
    failed: int
    polls: int = 0


class _Answered(Exception):
    """The answer of a fault takes the place of the result."""

    def __init__(self, fault: WriteFault) -> None:
        super().__init__(fault.label)
        self.fault = fault


def routes(stage: Stage) -> list[Route]:
    """The API at /datamanager/v1."""
    wire = _Wire(stage)
    return [
        Route("/datamanager/v1/audienceMembers:{verb}", wire.members, methods=["POST"]),
        Route("/datamanager/v1/requestStatus:retrieve", wire.status, methods=["GET"]),
    ]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._uploads: dict[str, _Upload] = {}
        self._lock = Lock()

    async def members(self, request: Request) -> Response:
        body, verb = await request.body(), request.path_params["verb"]
        return await run_in_threadpool(self._answered, request, lambda: self._members(verb, body))

    async def status(self, request: Request) -> Response:
        requested = request.query_params.get("requestId", "")
        return await run_in_threadpool(self._answered, request, lambda: self._status(requested))

    def _answered(self, request: Request, answer: Any) -> Response:
        try:
            self._let_in(request)
            return Response(msgspec.json.encode(answer()), media_type="application/json")
        except _Refused as refused:
            return JSONResponse({"error": refused.error}, status_code=refused.http)
        except _Answered as answered:
            return http_answer(answered.fault)

    def _let_in(self, request: Request) -> None:
        take = self._stage.faults.take
        self._stage.late_changes.land()
        if request.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            raise _Refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if take("google_ads", "unavailable") is not None:
            raise _Refused(503, "UNAVAILABLE", "The service is currently unavailable.")
        if take("google_ads", "throttled") is not None:
            raise _Refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric.")

    def _members(self, verb: str, body: bytes) -> dict[str, Any]:
        requested = _decoded(body)
        destination, audience = self._destination(requested)
        members = requested.get("audienceMembers") or []
        if verb not in {"ingest", "remove"} or not 1 <= len(members) <= MOST_AT_ONCE:
            raise _bad(f"1 to {MOST_AT_ONCE} audience members expected", "TOO_MANY_AUDIENCE_MEMBERS")
        if requested.get("encoding") != "HEX":
            raise _bad("The sandbox takes HEX encoding", "ENCODING_REQUIRED")
        if verb == "ingest":
            _check_agreed(requested)
        entries = [_entry(member) for member in members]
        if requested.get("validateOnly"):
            return {}
        good = [entry for entry in entries if entry is not None]
        change = audience.put if verb == "ingest" else audience.take
        taken = len(good)

        def apply(*, half: bool) -> None:
            change(good[: len(good) // 2] if half else good)

        fault = self._stage.carry_out_upload("google_ads", apply)
        if fault is not None and fault.kind in UPLOADS:
            taken = len(good) // 2
        self._stage.note(
            "google_ads",
            f"audienceMembers:{verb}",
            audience.account_id,
            wrote=True,
            audience=str(audience.audience_id),
            received=len(members),
            fault=fault and fault.label,
        )
        if fault is not None and fault.answer is not None:
            raise _Answered(fault)
        with self._lock:
            own_id = f"req-{len(self._uploads) + 1:06d}"
            self._uploads[own_id] = _Upload(destination, verb, len(members), len(members) - taken)
        return {"requestId": own_id}

    def _destination(self, requested: dict[str, Any]) -> tuple[dict[str, Any], Audience]:
        results = requested.get("destinations") or []
        try:
            account, own_id = results[0]["operatingAccount"], results[0]["productDestinationId"]
            is_google = account["accountType"] == "GOOGLE_ADS"
            audience = self._stage.audiences.find("google_ads", own_id)
        except (KeyError, TypeError, IndexError) as error:
            raise _bad("A destination with an account and an audience is required", "REQUIRED") from error
        if (
            len(results) != 1
            or not is_google
            or audience is None
            or audience.account_id != account["accountId"]
        ):
            raise _Refused(
                404, "NOT_FOUND", "The destination was not found.", reason="DESTINATION_ACCOUNT_NOT_FOUND"
            )
        return results[0], audience

    def _status(self, requested: str) -> dict[str, Any]:
        upload = self._uploads.get(requested)
        if upload is None:
            raise _Refused(404, "NOT_FOUND", "The request was not found.")
        self._stage.note("google_ads", "requestStatus:retrieve")
        upload.polls += 1
        ended = "SUCCESS" if not upload.failed else "PARTIAL_SUCCESS"
        answer: dict[str, Any] = {
            "destination": upload.destination,
            "requestStatus": "PROCESSING" if upload.polls == 1 else ended,
        }
        if upload.polls > 1 and upload.failed:
            reason = "PROCESSING_ERROR_REASON_INTERNAL_ERROR"
            answer["errorInfo"] = {"errorCounts": [{"recordCount": str(upload.failed), "reason": reason}]}
        counts = {"recordCount": str(upload.records), "userIdentifierCount": str(upload.records)}
        if upload.verb == "ingest":
            answer["audienceMembersIngestionStatus"] = {"userDataIngestionStatus": counts}
        else:
            answer["audienceMembersRemovalStatus"] = {"userDataRemovalStatus": counts}
        return {"requestStatusPerDestination": [answer]}


def _check_agreed(requested: dict[str, Any]) -> None:
    agreed = (requested.get("termsOfService") or {}).get("customerMatchTermsOfServiceStatus")
    if agreed != "ACCEPTED":
        raise _bad("The terms of service have to be accepted", "TERMS_AND_CONDITIONS_NOT_SIGNED")
    consent = requested.get("consent") or {}
    if {consent.get("adUserData"), consent.get("adPersonalization")} != {"CONSENT_GRANTED"}:
        raise _bad("Consent has to be granted", "CONSENT_REQUIRED")


def _entry(one: Any) -> Entry | None:
    """The one identifier of a member, None for one that is no hash."""
    try:
        (given,) = one["userData"]["userIdentifiers"]
        ((name, value),) = given.items()
        return (_NAMES[name], value) if is_hash(value) else None
    except (KeyError, TypeError, ValueError) as error:
        raise _bad("The sandbox takes one hashed identifier a member", "INVALID_USER_DATA") from error


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except (ValueError, TypeError) as error:
        raise _bad("The body must be a JSON object", "INVALID_JSON") from error


def _bad(message: str, reason: str) -> _Refused:
    return _Refused(400, "INVALID_ARGUMENT", message, reason=reason)
