"""Answers that LinkedIn gives to a write besides the result: ambiguous ones and definite refusals, by the
names of `write_faults`.
"""

from starlette.responses import RedirectResponse, Response

from sandbox.linkedin.refusals import Refused
from sandbox.write_faults import NO_ANSWER, WriteFault

_THROTTLED = "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."
_REFUSALS = {
    "404_recent": (404, "NOT_FOUND", "Could not find entity", None),
    "409": (409, "CONFLICT", "The entity was changed by another request", None),
    "412": (412, "PRECONDITION_FAILED", "Precondition failed", None),
    "422_duplicate": (
        422,
        "DUPLICATE_POST",
        "Content is a duplicate of urn:li:share:7000000000000000001",
        None,
    ),
    "429": (429, "TOO_MANY_REQUESTS", _THROTTLED, 101),
    "500": (500, "INTERNAL_SERVER_ERROR", "Internal Server Error", None),
    "503": (503, "SERVICE_UNAVAILABLE", "Service Unavailable", None),
    "400": (400, "ILLEGAL_ARGUMENT", "The request is not valid", 10007),
    "401": (401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600),
    "403": (403, "ACCESS_DENIED", "Not enough permissions to access this resource", 100),
    "422": (422, "VALIDATION_ERROR", "The field's value is not valid", None),
    "426": (426, "NONEXISTENT_VERSION", "Requested version is not active", None),
}


def write_response(fault: WriteFault) -> Response:
    """The response that stands for the fault's answer."""
    name = str(fault.answer)
    if name in _REFUSALS:
        status, code, message, service = _REFUSALS[name]
        return Refused(status, code, message, service=service).response()
    pages = {
        NO_ANSWER: (502, "Bad Gateway"),
        "400_bare": (400, "Bad Request"),
        "504": (504, "Gateway Timeout"),
    }
    if name in pages:
        status, words = pages[name]
        return Response(f"<html>{status} {words}</html>", status, media_type="text/html")
    if name == "redirect":
        return RedirectResponse("/rest/elsewhere", 302)
    return Response(b"", {"408": 408, "499": 499}.get(name, 201))
