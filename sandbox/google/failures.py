"""Google Ads' errors: a GoogleAdsFailure in the trailing metadata, with code, message, trigger and location."""

import uuid
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2
from google.rpc import status_pb2

VERSION = "v26"
"""The newest version: its messages are used for every version that is spoken, which differ by fields that
were added alone.
"""
BASE = f"google.ads.googleads.{VERSION}"
_ERRORS = import_module(f"{BASE}.errors.types.errors")

Path = Sequence[str | tuple[str, int]]


class Refused(Exception):
    """A request that Google Ads would answer with an error."""

    def __init__(
        self, code: grpc.StatusCode, errors: list[Any], message: str = "Request contains an invalid argument."
    ) -> None:
        super().__init__(message)
        self.code, self.errors, self.message = code, errors, message


def error(field: str, name: str, message: str, *, path: Path = (), trigger: str | None = None) -> Any:
    """One GoogleAdsError: `field` is the member of ErrorCode, `name` its enum value."""
    created = _ERRORS.GoogleAdsError.pb()()
    enum = created.error_code.DESCRIPTOR.fields_by_name[field].enum_type
    setattr(created.error_code, field, enum.values_by_name[name].number)
    created.message = message
    if trigger is not None:
        created.trigger.string_value = trigger
    for part in path:
        element = created.location.field_path_elements.add()
        if isinstance(part, tuple):
            element.field_name, element.index = part
        else:
            element.field_name = part
    return created


class OperationRefused(Exception):
    """One operation of a write that Google would refuse, with its error."""

    def __init__(self, created: Any) -> None:
        super().__init__(created.message)
        self.error = created


def operation_refused(
    field: str, name: str, message: str, *, path: Path = (), trigger: str | None = None
) -> OperationRefused:
    """The refusal of an operation with one error."""
    return OperationRefused(error(field, name, message, path=path, trigger=trigger))


def refused(field: str, name: str, message: str, *, trigger: str | None = None) -> Refused:
    """INVALID_ARGUMENT with one error."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, [error(field, name, message, trigger=trigger)])


def throttled(seconds: float) -> Refused:
    created = error("quota_error", "RESOURCE_EXHAUSTED", f"Too many requests. Retry in {seconds:g} seconds.")
    created.details.quota_error_details.rate_scope = 2
    created.details.quota_error_details.rate_name = "Requests per account"
    created.details.quota_error_details.retry_delay.FromMilliseconds(int(seconds * 1000))
    return Refused(
        grpc.StatusCode.RESOURCE_EXHAUSTED, [created], "Resource has been exhausted (e.g. check quota)."
    )


def status(errors: list[Any], message: str, *, version: str = VERSION) -> status_pb2.Status:
    """The errors as google.rpc.Status, as a partial failure carries them."""
    kind = f"type.googleapis.com/google.ads.googleads.{version}.errors.GoogleAdsFailure"
    detail = any_pb2.Any(type_url=kind, value=_failure(errors, "partial").SerializeToString())
    return status_pb2.Status(
        code=grpc.StatusCode.INVALID_ARGUMENT.value[0], message=message, details=[detail]
    )


def abort(context: grpc.ServicerContext, cause: Refused, *, version: str = VERSION) -> NoReturn:
    """End the call as Google does."""
    request_id = uuid.uuid4().hex[:22]
    failure = _failure(cause.errors, request_id)
    wrapped = status(cause.errors, cause.message, version=version)
    wrapped.code = cause.code.value[0]
    context.set_trailing_metadata(
        (
            ("request-id", request_id),
            (f"google.ads.googleads.{version}.errors.googleadsfailure-bin", failure.SerializeToString()),
            ("grpc-status-details-bin", wrapped.SerializeToString()),
        )
    )
    context.abort(cause.code, cause.message)
    raise AssertionError("abort raises")


def failure_of(errors: list[Any]) -> Any:
    """The errors as a GoogleAdsFailure with a request id of its own."""
    return _failure(errors, uuid.uuid4().hex[:22])


def _failure(errors: list[Any], request_id: str) -> Any:
    failure = _ERRORS.GoogleAdsFailure.pb()(request_id=request_id)
    failure.errors.extend(errors)
    return failure
