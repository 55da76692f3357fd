"""Answers that Google Ads gives to a write besides the result: ambiguous ones and definite refusals, by the
names of `write_faults`.
"""

from typing import Any, NoReturn

import grpc
from starlette.responses import JSONResponse, Response

from sandbox.google.failures import Refused, abort, error, throttled
from sandbox.write_faults import NO_ANSWER, WriteFault

_BARE = {
    NO_ANSWER: (grpc.StatusCode.UNAVAILABLE, "Socket closed"),
    "UNKNOWN": (grpc.StatusCode.UNKNOWN, "Stream removed"),
    "CANCELLED": (grpc.StatusCode.CANCELLED, "The operation was cancelled."),
    "DATA_LOSS": (grpc.StatusCode.DATA_LOSS, "Unrecoverable data loss or corruption."),
    "RESOURCE_EXHAUSTED": (grpc.StatusCode.RESOURCE_EXHAUSTED, "Received message larger than max"),
    "DEADLINE_EXCEEDED": (grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"),
    "INVALID_ARGUMENT_BARE": (grpc.StatusCode.INVALID_ARGUMENT, "Request contains an invalid argument."),
}
_INTERNAL = "An internal error occurred. Please try again."
_WITH_FAILURE = {
    "INTERNAL": (grpc.StatusCode.INTERNAL, "internal_error", "INTERNAL_ERROR", _INTERNAL),
    "TRANSIENT": (grpc.StatusCode.INTERNAL, "internal_error", "TRANSIENT_ERROR", _INTERNAL),
    "ABORTED": (
        grpc.StatusCode.ABORTED,
        "database_error",
        "CONCURRENT_MODIFICATION",
        "Multiple requests were attempting to modify the same resource at once. Try again later.",
    ),
    "RESPONSE_TOO_LARGE": (
        grpc.StatusCode.INVALID_ARGUMENT,
        "size_limit_error",
        "RESPONSE_SIZE_LIMIT_EXCEEDED",
        "The number of entries in the response exceeds the limit.",
    ),
    "INVALID_ARGUMENT": (
        grpc.StatusCode.INVALID_ARGUMENT,
        "field_error",
        "INVALID_VALUE",
        "The field's value is invalid.",
    ),
    "PERMISSION_DENIED": (
        grpc.StatusCode.PERMISSION_DENIED,
        "authorization_error",
        "USER_PERMISSION_DENIED",
        "User doesn't have permission to access customer.",
    ),
    "NOT_FOUND": (grpc.StatusCode.NOT_FOUND, "mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found."),
    "ALREADY_EXISTS": (
        grpc.StatusCode.ALREADY_EXISTS,
        "mutate_error",
        "RESOURCE_ALREADY_EXISTS",
        "The resource already exists.",
    ),
    "UNSUPPORTED_VERSION": (
        grpc.StatusCode.UNIMPLEMENTED,
        "request_error",
        "UNSUPPORTED_VERSION",
        "Version is deprecated. Requests to this version will be blocked.",
    ),
}
QUOTA_SECONDS = 30.0
ANSWERED_OK = ("FEWER_RESULTS", "PARTIAL_FAILURE_WITHOUT_INDEX")
"""Answers that are a result and say too little; `mutate_answer` shapes them."""


class BareStatus(Exception):
    """A gRPC status without a GoogleAdsFailure."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def raise_answer(fault: WriteFault | None) -> None:
    """Raise the answer that a fault calls for; nothing where the write is answered with a result.

    Raises:
        BareStatus: An answer without a GoogleAdsFailure.
        Refused: An answer with one.
    """
    if fault is None or fault.answer is None or fault.answer in ANSWERED_OK:
        return
    if fault.answer in _BARE:
        raise BareStatus(*_BARE[fault.answer])
    if fault.answer == "QUOTA":
        raise throttled(QUOTA_SECONDS)
    code, field, name, message = _WITH_FAILURE[fault.answer]
    raise Refused(code, [error(field, name, message)], message)


def without_index() -> Any:
    """An error of a partial failure that says nothing of where it is."""
    return error("internal_error", "INTERNAL_ERROR", "An internal error occurred.")


def end(context: grpc.ServicerContext, cause: BareStatus | Refused, *, version: str) -> NoReturn:
    """End a gRPC call with an answer that was raised."""
    if isinstance(cause, Refused):
        abort(context, cause, version=version)
    context.abort(cause.code, cause.message)
    raise AssertionError("abort raises")


HTTP_OF_CODE = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.CANCELLED: 499,
    grpc.StatusCode.UNKNOWN: 500,
    grpc.StatusCode.INTERNAL: 500,
    grpc.StatusCode.DATA_LOSS: 500,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}


def http_answer(fault: WriteFault) -> Response:
    """The same answer as a Google API over HTTP without Google Ads' own failure body gives it (the Data
    Manager API).
    """
    if fault.answer == NO_ANSWER:
        return Response("<html>502 Bad Gateway</html>", status_code=502, media_type="text/html")
    if fault.answer in ANSWERED_OK:
        return JSONResponse({}, status_code=200)
    if fault.answer == "QUOTA":
        code, message = grpc.StatusCode.RESOURCE_EXHAUSTED, "Quota exceeded for quota metric."
    elif fault.answer in _BARE:
        code, message = _BARE[fault.answer]
    else:
        code, _, _, message = _WITH_FAILURE[str(fault.answer)]
    status = HTTP_OF_CODE[code]
    return JSONResponse({"error": {"code": status, "message": message, "status": code.name}}, status)
