"""Construction of the official Google Ads client, and conversion of its errors to `PlatformError`."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from resources.config.credentials import GoogleAdsSettings
from resources.errors import (
    PlatformBusy,
    PlatformError,
    PlatformRefused,
    PlatformUnreachable,
    PlatformUnreadable,
)
from resources.platforms.call_context import CallContext
from resources.platforms.definite_refusals import google_ads_refused

TIMEOUT_SECONDS = 600.0
ROOTS = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
_FAILURE_KEY = re.compile(r"(google\.ads\.googleads\.v\d+)\.errors\.googleadsfailure-bin")
_BUSY_CODES = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED"}
_BUSY_ERRORS = {
    "RESOURCE_TEMPORARILY_EXHAUSTED",
    "RESOURCE_EXHAUSTED",
    "TRANSIENT_ERROR",
    "INTERNAL_ERROR",
    "CONCURRENT_MODIFICATION",
}
_TODO = {
    "USER_PERMISSION_DENIED": (
        "Give the login access to the account, or set GOOGLE_ADS_LOGIN_CUSTOMER_ID to the manager above it."
    ),
    "CUSTOMER_NOT_ENABLED": "The account is closed or not yet active: take it out of GOOGLE_ADS_ACCOUNTS.",
    "UNSUPPORTED_VERSION": "Set GOOGLE_ADS_API_VERSION to a version that Google still serves.",
    "OAUTH_TOKEN_INVALID": "Get a new refresh token or key file.",
    "INVALID_CUSTOMER_ID": "Account numbers have ten digits: correct GOOGLE_ADS_ACCOUNTS.",
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": (
        "Apply for Explorer or Basic access for the Google Cloud project."
    ),
}


class StreamInterrupted(PlatformError):
    """The stream ended early. It cannot be resumed: received rows are discarded and read again."""

    verdict = "Nothing of it was kept. Safe to retry."


def open_service(settings: GoogleAdsSettings) -> Any:
    """The client's GoogleAdsService. Keep a reference while streaming: the channel closes with it."""
    return open_client(settings).get_service("GoogleAdsService")


def open_client(settings: GoogleAdsSettings) -> Any:
    """The official client with this deployment's settings, using plain protobuf messages."""
    _trust(settings)
    from google.ads.googleads.client import GoogleAdsClient  # noqa: PLC0415 — costs seconds: never at load

    shared = {
        "endpoint": settings.endpoint,
        "login_customer_id": settings.login_customer_id,
        "use_proto_plus": False,
    }
    if settings.json_key_file_path:
        token = (
            {"developer_token": settings.developer_token.get_secret_value()}
            if settings.developer_token
            else {}
        )
        key = {"json_key_file_path": str(settings.json_key_file_path)}
        config = {name: value for name, value in (shared | key | token).items() if value is not None}
        return GoogleAdsClient.load_from_dict(config, version=settings.api_version)
    return GoogleAdsClient(
        credentials=_credentials(settings),
        developer_token=settings.developer_token.get_secret_value() if settings.developer_token else None,
        version=settings.api_version,
        **shared,
    )


def renew_token(client: Any, context: CallContext) -> None:
    """Refresh the access token before a write: gRPC reports a failed refresh as an outage in the middle of
    the call.

    Raises:
        PlatformRefused: The login is refused. Nothing was sent.
        PlatformUnreachable: The token endpoint cannot be reached. Nothing was sent.
    """
    from google.auth.transport.requests import Request  # noqa: PLC0415 — only writes need it

    if not client.credentials.valid:
        with as_our_errors(context):
            client.credentials.refresh(Request())


LONGEST_REQUEST_ID = 120
"""Letters that the ledger keeps of what a request changed."""


def mutated(answer: Any, operations: int, context: CallContext) -> str:
    """Resource names that a mutate changed, one per operation.

    Raises:
        PlatformUnreadable: It says of fewer, or of a partial failure, which these requests do not allow.
    """
    names = [_resource_name(result) for result in results_of(answer)]
    if len(names) != operations or not all(names) or answer.partial_failure_error.code:
        problem = f"an answer with {sum(map(bool, names))} results to {operations} operations"
        raise PlatformUnreadable(**context.known(), said=problem)
    every_name = ", ".join(names)
    if len(every_name) <= LONGEST_REQUEST_ID:
        return every_name
    return f"{names[0]} and {len(names) - 1} more"


def results_of(answer: Any) -> Any:
    """The results of a mutate, in the order of its operations; those of one with several kinds are wrapped."""
    return (
        answer.mutate_operation_responses if hasattr(answer, "mutate_operation_responses") else answer.results
    )


def _resource_name(result: Any) -> str:
    if hasattr(result, "resource_name"):
        return str(result.resource_name)
    member = result.WhichOneof("response")
    return str(getattr(result, member).resource_name) if member else ""


def accessible_customers(service: Any, context: CallContext, *, version: str) -> list[str]:
    """Customers that the login can access directly, asked on the service's own channel."""
    types = import_module(f"google.ads.googleads.{version}.services.types.customer_service")
    call = service.transport.grpc_channel.unary_unary(
        f"/google.ads.googleads.{version}.services.CustomerService/ListAccessibleCustomers",
        request_serializer=types.ListAccessibleCustomersRequest.pb().SerializeToString,
        response_deserializer=types.ListAccessibleCustomersResponse.pb().FromString,
    )
    with as_our_errors(context):
        answer = call(types.ListAccessibleCustomersRequest.pb()(), timeout=TIMEOUT_SECONDS)
        return [name.rsplit("/", 1)[-1] for name in answer.resource_names]
    raise AssertionError("the errors are raised as ours")


def _credentials(settings: GoogleAdsSettings) -> Any:
    """OAuth credentials for the configured token endpoint: the client's own loader supports only Google's."""
    from google.oauth2.credentials import Credentials  # noqa: PLC0415

    secret, token = settings.client_secret, settings.refresh_token
    return Credentials(
        None,
        refresh_token=token.get_secret_value() if token else None,
        client_id=settings.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        token_uri=settings.token_url,
    )


def _trust(settings: GoogleAdsSettings) -> None:
    """Set the TLS roots. gRPC reads them from the environment once, before the first channel of the process."""
    if settings.ca_file:
        os.environ[ROOTS] = str(settings.ca_file)


@contextmanager
def as_our_errors(context: CallContext) -> Iterator[list[int]]:
    """Convert the client's errors to `PlatformError`.

    Yields a list to which the caller appends the rows received: a failure after the first row is a broken
    stream.
    """
    import grpc  # noqa: PLC0415
    from google.ads.googleads.errors import GoogleAdsException  # noqa: PLC0415
    from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError  # noqa: PLC0415

    taken: list[int] = []
    try:
        yield taken
    except GoogleAdsException as error:
        plain = type(error.failure).pb(error.failure)  # proto-plus would turn durations into timedeltas
        raise _failed(error.error.code().name, plain.errors, error.request_id, context) from None
    except (RefreshError, TransportError) as error:
        # Raised by the login itself, before the request that needs its token.
        raise (
            _token_refused(context, is_unsent=True)
            if isinstance(error, RefreshError)
            else _unreachable(context)
        ) from None
    except GoogleAPICallError as error:
        raise _call_failed(error.response if error.response is not None else error, context, taken) from None
    except grpc.RpcError as error:
        raise _call_failed(error, context, taken) from None
    except (GoogleAuthError, ValueError) as error:
        problem = f"the credentials cannot be used ({type(error).__name__})"
        raise PlatformRefused(
            **context.known(), said=problem, todo="Check the GOOGLE_ADS_ settings."
        ) from None


def _call_failed(error: Any, context: CallContext, taken: list[int]) -> PlatformError:
    """Error for a failure that the client did not decode: quota, outage, no token, broken stream."""
    code, details = error.code().name, error.details() or ""
    if "invalid_grant" in details or "invalid_client" in details:
        return _token_refused(context, is_unsent=False)  # it comes as UNAVAILABLE, and waiting will not help
    failure = _failure_in(error)
    if failure is not None:
        return _failed(code, failure.errors, failure.request_id, context)
    if code in _BUSY_CODES and any(taken):
        return StreamInterrupted(**context.known(), said=f"the stream broke after {sum(taken)} rows")
    if code in _BUSY_CODES:
        return _unreachable(context, code)
    return PlatformRefused(**context.known(), said=f"{details[:200]} ({code})")


def _failure_in(error: Any) -> Any:
    """GoogleAdsFailure in the trailing metadata: the client leaves quota and internal errors undecoded."""
    for name, value in error.trailing_metadata() or ():
        if match := _FAILURE_KEY.fullmatch(name):
            types = import_module(f"{match[1]}.errors.types.errors")
            return types.GoogleAdsFailure.pb().FromString(value)
    return None


def _failed(code: str, errors: Any, request_id: str | None, context: CallContext) -> PlatformError:
    codes = [_code_of(error) for error in errors]
    named = [name for _, name in codes]
    messages = (
        "; ".join(f"{error.message.rstrip('. ')} ({name})" for error, name in zip(errors, named, strict=True))
        or code
    )
    facts = {
        **context.known(),
        "said": messages,
        "trace": request_id,
        "proves_no_change": google_ads_refused(code, codes),
    }
    if code in _BUSY_CODES or _BUSY_ERRORS & set(named):
        waits = [error.details.quota_error_details.retry_delay for error in errors]
        seconds = max((float(wait.seconds) + wait.nanos / 1e9 for wait in waits), default=0.0)
        return PlatformBusy(**facts, wait_seconds=seconds or None)
    return PlatformRefused(**facts, todo=next((_TODO[name] for name in named if name in _TODO), None))


def _code_of(error: Any) -> tuple[str | None, str]:
    """Error code as (member of ErrorCode, such as query_error; value name, such as UNRECOGNIZED_FIELD)."""
    code = error.error_code
    member = code.WhichOneof("error_code")
    if member is None:
        return None, "UNKNOWN"
    enum = code.DESCRIPTOR.fields_by_name[member].enum_type
    value = enum.values_by_number.get(getattr(code, member))
    return str(member), str(value.name) if value else "UNKNOWN"


def version_unknown(version: str, context: CallContext) -> PlatformRefused:
    """Error for an API version that the installed client does not support."""
    problem = f"the installed client does not speak {version}"
    return PlatformRefused(**context.known(), said=problem, todo=_TODO["UNSUPPORTED_VERSION"])


def _token_refused(context: CallContext, *, is_unsent: bool) -> PlatformRefused:
    return PlatformRefused(
        **context.known(),
        said="the token endpoint refused the login (invalid_grant)",
        proves_no_change=is_unsent,
        todo="Get a new refresh token and set GOOGLE_ADS_REFRESH_TOKEN, or a new key file.",
    )


def _unreachable(context: CallContext, code: str = "UNAVAILABLE") -> PlatformUnreachable:
    return PlatformUnreachable(
        **context.known(),
        said=f"the endpoint cannot be reached ({code})",
        todo="Check the network and GOOGLE_ADS_ENDPOINT; safe to retry.",
    )
