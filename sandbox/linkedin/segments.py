"""LinkedIn's DMP segments: made, filled and emptied by hashed addresses, read back as a size, excluded in
targeting criteria.
"""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.audiences import EMAIL, Audience, Entry, is_hash
from sandbox.linkedin.parameters import require_known, whole_number
from sandbox.linkedin.refusals import Refused, bad, not_found
from sandbox.linkedin.write_answers import write_response
from sandbox.running_world import Stage

MOST_AT_ONCE, LEAST_TARGETED = 5_000, 300
FACET = "urn:li:adTargetingFacet:audienceMatchingSegments"


def segment_urn(audience: Audience) -> str:
    """What targeting names it by: another number than its own."""
    return f"urn:li:adSegment:{audience.audience_id + 900_000}"


def element(audience: Audience) -> dict[str, Any]:
    matched = audience.matched
    return {
        "id": audience.audience_id,
        "name": audience.name,
        "account": f"urn:li:sponsoredAccount:{audience.account_id}",
        "accessPolicy": "PRIVATE",
        "type": "USER",
        "sourcePlatform": "LIST_UPLOAD",
        "inputCount": len(audience.members),
        "matchedCount": matched,
        "destinations": [
            {
                "destination": "LINKEDIN",
                "destinationSegmentId": segment_urn(audience),
                "audienceSize": matched if matched >= LEAST_TARGETED else 0,
                "status": "READY" if matched >= LEAST_TARGETED else "BUILDING",
            }
        ],
    }


def answered(
    stage: Stage, request: Request, method: str, path: str, query: dict[str, Any], body: bytes
) -> Response:
    """The answer to any call below /dmpSegments."""
    _, *rest = path.split("/")
    if not rest:
        return _made(stage, body) if method == "POST" else _listed(stage, query)
    audience = stage.audience("linkedin_ads", rest[0])
    if audience is None:
        raise not_found(path)
    if method == "GET" and len(rest) == 1:
        stage.note("linkedin_ads", "GET dmpSegments", audience.account_id)
        return _json(element(audience))
    if rest[1:] != ["users"] or request.headers.get("x-restli-method", "").upper() != "BATCH_CREATE":
        raise bad("users takes a POST with the header X-RestLi-Method: BATCH_CREATE")
    if not audience.is_uploaded:
        raise bad("Members can be uploaded to lists alone", field="elements")
    if stage.stopwatch() - audience.made_at < stage.audiences.ready_after_seconds:
        raise not_found(path)  # a young segment is not there for its users yet
    return _members(stage, audience, body)


def _made(stage: Stage, body: bytes) -> Response:
    given = _decoded(body)
    own_id = str(given.get("account", "")).rsplit(":", 1)[-1]
    account = stage.world.account("linkedin_ads", own_id)
    if account is None:
        raise Refused(403, "ACCESS_DENIED", f"Not enough permissions to access account {own_id}", service=100)
    for field in ("name", "sourcePlatform", "accessPolicy", "type", "destinations"):
        if not given.get(field):
            raise bad(f"{field} is required", field=field, code="MISSING_FIELD")
    if given["type"] != "USER":
        raise bad("The sandbox makes segments of users", field="type", code="INVALID_VALUE_FOR_FIELD")
    made_audiences: list[Audience] = []

    def apply() -> None:
        made_audiences.append(
            stage.audiences.make("linkedin_ads", account.id, given["name"], at=stage.stopwatch())
        )

    fault = stage.carry_out("linkedin_ads", apply)
    stage.note("linkedin_ads", "CREATE dmpSegments", account.id, wrote=True, fault=fault and fault.label)
    if fault is not None and fault.answer is not None:
        return write_response(fault)
    if not made_audiences:  # the write was ignored: an answer without an id is all that is left to say
        return Response(status_code=201)
    return Response(status_code=201, headers={"x-restli-id": str(made_audiences[0].audience_id)})


def _listed(stage: Stage, query: dict[str, Any]) -> Response:
    own_id = str(query.get("account", "")).rsplit(":", 1)[-1]
    account = stage.world.account("linkedin_ads", own_id)
    if query.get("q") != "account" or account is None:
        raise bad("finder q=account with an account expected", field="q")
    require_known(query, {"q", "account", "start", "count"}, resource="dmpSegments")
    start, count = whole_number(query, "start", 0), whole_number(query, "count", 10)
    results = [element(entry) for entry in stage.audiences_of(account)]
    stage.note("linkedin_ads", "GET dmpSegments", own_id)
    paging = {"start": start, "count": count, "total": len(results), "links": []}
    return _json({"paging": paging, "elements": results[start : start + count]})


def _members(stage: Stage, audience: Audience, body: bytes) -> Response:
    elements = _decoded(body).get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= MOST_AT_ONCE:
        raise bad(f"elements must hold 1 to {MOST_AT_ONCE} users", field="elements")
    users = [(_entry(user), user.get("action") if isinstance(user, dict) else None) for user in elements]
    middle = len(elements) // 2

    def apply(*, half: bool) -> None:
        for entry, action in users[:middle] if half else users:
            if entry is not None and action in {"ADD", "REMOVE"}:
                (audience.put if action == "ADD" else audience.take)([entry])

    fault = stage.carry_out_upload("linkedin_ads", apply)
    stage.note(
        "linkedin_ads",
        "BATCH_CREATE users",
        audience.account_id,
        wrote=True,
        audience=str(audience.audience_id),
        received=len(elements),
        fault=fault and fault.label,
    )
    if fault is not None and fault.answer is not None:
        return write_response(fault)
    taken = middle if fault is not None and fault.kind == "invalid_entries" else len(elements)
    return _json({"elements": [_user_status(*user, taken=n < taken) for n, user in enumerate(users)]})


def _user_status(entry: Entry | None, action: str | None, *, taken: bool) -> dict[str, Any]:
    if entry is None or action not in {"ADD", "REMOVE"}:
        return {"status": 400, "error": {"status": 400, "message": "INVALID_USER_IDS"}}
    if not taken:
        return {"status": 500, "error": {"status": 500, "message": "Internal Server Error"}}
    return {"status": 201}


def _entry(one: Any) -> Entry | None:
    try:
        ids = one["userIds"]
        usable = len(ids) == 1 and ids[0]["idType"] == "SHA256_EMAIL" and is_hash(ids[0]["idValue"])
        return (EMAIL, ids[0]["idValue"]) if usable else None
    except (KeyError, TypeError, IndexError):
        return None


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise bad("The body must be a JSON object") from error


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
