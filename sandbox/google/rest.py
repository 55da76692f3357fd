"""Google Ads over REST: the same calls as JSON, in the versions that are spoken."""

import json
import re
from typing import Any

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.google.calls import Call, Calls, message_types
from sandbox.google.failures import VERSION, Refused, failure_of, refused
from sandbox.google.field_service import FIELD
from sandbox.google.fields import VERSIONS
from sandbox.google.write_answers import HTTP_OF_CODE, BareStatus
from sandbox.running_world import Stage

MUTATED = {
    "campaigns": ("Campaign", "Campaigns"),
    "campaignBudgets": ("CampaignBudget", "CampaignBudgets"),
    "adGroups": ("AdGroup", "AdGroups"),
    "adGroupAds": ("AdGroupAd", "AdGroupAds"),
    "ads": ("Ad", "Ads"),
    "adGroupCriteria": ("AdGroupCriterion", "AdGroupCriteria"),
    "campaignCriteria": ("CampaignCriterion", "CampaignCriteria"),
    "customerNegativeCriteria": ("CustomerNegativeCriterion", "CustomerNegativeCriteria"),
    "sharedSets": ("SharedSet", "SharedSets"),
    "sharedCriteria": ("SharedCriterion", "SharedCriteria"),
    "campaignSharedSets": ("CampaignSharedSet", "CampaignSharedSets"),
    "userLists": ("UserList", "UserLists"),
}
"""Collections that can be written to: the service and the method's last word."""
_CUSTOMER = re.compile(r"customers/(\d+)/(\w+):(\w+)")
QUERY_PARAMETERS = {"alt", "prettyPrint", "key", "$alt"}


def routes(stage: Stage) -> list[Route]:
    """The API at /v26 and /v25; every other version answers that it is not supported."""
    wire = _Wire(stage)
    return [
        Route("/{version:str}/{path:path}", wire.answer, methods=["GET", "POST"], include_in_schema=False)
    ]


class _Wire:
    def __init__(self, stage: Stage) -> None:
        self._calls = Calls(stage)

    async def answer(self, request: Request) -> Response:
        version = request.path_params["version"]
        if not re.fullmatch(r"v\d+", version):
            return JSONResponse({"detail": "Not Found"}, status_code=404)
        body = await request.body()
        return await run_in_threadpool(self._answer, request, version, body)

    def _answer(self, request: Request, version: str, body: bytes) -> Response:
        try:
            if version not in VERSIONS:
                message = f"Version {version} is deprecated. Requests to this version will be blocked."
                cause = refused("request_error", "UNSUPPORTED_VERSION", message)
                raise Refused(grpc.StatusCode.UNIMPLEMENTED, cause.errors, message)  # noqa: TRY301 — answered like every refusal
            for name in request.query_params:
                if name not in QUERY_PARAMETERS:
                    raise refused("request_error", "UNKNOWN", f'Invalid JSON payload: unknown name "{name}".')
            given = _decoded(body)
            call, given = _call(request, version, given)
            return self._called(call, given)
        except (Refused, BareStatus) as cause:
            return _error(cause, version)

    def _called(self, call: Call, given: dict[str, Any]) -> Response:
        types = message_types(call)
        assert types is not None  # noqa: S101 — the table names methods that there are
        requested, answered = types
        message = _parsed(requested(), given)
        if call.method == "SearchStream":
            batches = [_as_json(answered.FromString(part)) for part in self._calls.stream(call, message)]
            return JSONResponse(batches)
        raw = self._calls.answer(call, message, answered)
        if answered is None:  # a single field comes back as itself
            return JSONResponse(_as_json(FIELD.FromString(raw)))
        return JSONResponse(_as_json(answered.FromString(raw)))


def _call(request: Request, version: str, given: dict[str, Any]) -> tuple[Call, dict[str, Any]]:
    path, method = request.path_params["path"], request.method
    headers = {name.lower(): value for name, value in request.headers.items()}
    if method == "GET" and path == "customers:listAccessibleCustomers":
        return Call(version, "CustomerService", "ListAccessibleCustomers", headers), {}
    if method == "POST" and path == "googleAdsFields:search":
        return Call(version, "GoogleAdsFieldService", "SearchGoogleAdsFields", headers), given
    if method == "GET" and path.startswith("googleAdsFields/"):
        return Call(version, "GoogleAdsFieldService", "GetGoogleAdsField", headers), {"resourceName": path}
    match = _CUSTOMER.fullmatch(path)
    if method == "POST" and match:
        customer_id, collection, verb = match.groups()
        own_id = given | {"customerId": customer_id}
        searches = {"search": "Search", "searchStream": "SearchStream", "mutate": "Mutate"}
        if collection == "googleAds" and verb in searches:
            return Call(version, "GoogleAdsService", searches[verb], headers), own_id
        if verb == "mutate" and collection in MUTATED:
            service, last = MUTATED[collection]
            return Call(version, f"{service}Service", f"Mutate{last}", headers), own_id
    raise Refused(grpc.StatusCode.NOT_FOUND, [], "The requested URL was not found on this server.")


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body or b"{}"))
    except (ValueError, TypeError) as error:
        raise refused("request_error", "UNKNOWN", "Invalid JSON payload received.") from error


def _parsed(message: Any, given: dict[str, Any]) -> Any:
    """The message that the JSON stands for; a name that the message does not have is refused."""
    try:
        return ParseDict(given, message)
    except ParseError as error:
        raise refused("request_error", "UNKNOWN", f"Invalid JSON payload received: {error}") from error


def _as_json(message: Any) -> dict[str, Any]:
    return dict(MessageToDict(message))


def _error(cause: Refused | BareStatus, version: str) -> Response:
    status = HTTP_OF_CODE.get(cause.code, 500)
    body: dict[str, Any] = {"code": status, "message": cause.message, "status": cause.code.name}
    if isinstance(cause, Refused) and cause.errors:
        kind = f"type.googleapis.com/google.ads.googleads.{version if version in VERSIONS else VERSION}.errors.GoogleAdsFailure"
        body["details"] = [{"@type": kind} | _as_json(failure_of(cause.errors))]
    return JSONResponse({"error": body}, status_code=status)
