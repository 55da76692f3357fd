"""What Google Ads answers, whatever it is asked by: searches, mutates and field metadata. gRPC and REST are
two ways to ask it.
"""

import re
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from threading import Lock
from time import sleep
from typing import Any

import grpc

from sandbox.google import entities, field_service, write_answers
from sandbox.google.encode import framed
from sandbox.google.failures import BASE, Refused, error, refused, status, throttled
from sandbox.google.gaql import Query, parse
from sandbox.google.mutates import Batch
from sandbox.google.oauth import ACCESS_TOKEN
from sandbox.google.rows import rows_of
from sandbox.running_world import Stage
from sandbox.world import Account

ROWS_A_MESSAGE = 10_000
SEARCHES_HELD = 2
"""Searches of several pages whose rows are held until their last page is read."""
MOST_OPERATIONS = 10_000
_SERVICE = import_module(f"{BASE}.services.types.google_ads_service")
_SNAKE = re.compile(r"(?<!^)(?=[A-Z])")
_NAMED = {"Search": "SearchGoogleAds", "SearchStream": "SearchGoogleAdsStream", "Mutate": "MutateGoogleAds"}


@dataclass(frozen=True)
class Call:
    """One call: the API's version, the service and method, and the headers in lower case."""

    version: str
    service: str
    method: str
    headers: dict[str, str]


def message_types(call: Call) -> tuple[Any, Any] | None:
    """The request and the answer of a method as raw protobuf classes; None where there is no such method."""
    try:
        types = import_module(f"{BASE}.services.types.{_SNAKE.sub('_', call.service).lower()}")
    except ModuleNotFoundError:
        return None
    stem = _NAMED.get(call.method, call.method) if call.service == "GoogleAdsService" else call.method
    if not hasattr(types, f"{stem}Request"):
        return None
    answered = getattr(
        types, f"{stem}Response", None
    )  # a single resource comes back as itself, under its own name
    return getattr(types, f"{stem}Request").pb(), answered and answered.pb()


class Calls:
    """The API of one sandbox."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._paged: OrderedDict[tuple[Any, ...], list[bytes]] = OrderedDict()
        self._lock = Lock()

    def answer(self, call: Call, request: Any, answer: Any) -> bytes:
        """The serialised answer to a call that is no stream.

        Raises:
            Refused: As Google would.
            BareStatus: A fault asks for a status alone.
        """
        if call.method == "ListAccessibleCustomers":
            self._let_in(call)
            self._stage.note("google_ads", call.method)
            return bytes(answer(resource_names=[f"customers/{entities.MANAGER.id}"]).SerializeToString())
        if call.service == "GoogleAdsFieldService":
            self._let_in(call)
            self._stage.note("google_ads", call.method)
            return field_service.answer(request, answer, version=call.version)
        if "customer_id" not in request.DESCRIPTOR.fields_by_name:
            raise _not_simulated(call)
        account = self._account(request.customer_id, call)
        if call.method == "Search":
            return self._search(request, account, call.version)
        field = "mutate_operations" if call.service == "GoogleAdsService" else "operations"
        if not call.method.startswith("Mutate") or field not in request.DESCRIPTOR.fields_by_name:
            raise _not_simulated(call)
        return self._mutate(call, request, answer, _client(account))

    def stream(self, call: Call, request: Any) -> Iterator[bytes]:
        """The serialised messages of a stream.

        Raises:
            Refused: As Google would, before the first message or between two.
            BareStatus: The stream breaks because a fault asks for it.
        """
        account = self._account(request.customer_id, call)
        breaks = self._stage.faults.take("google_ads", "broken_stream") is not None
        for rows, head in self._chunks(request.query, account, call.version):
            yield framed(rows) + head
            if breaks:
                message = "The connection was reset in the middle of the stream"
                raise write_answers.BareStatus(grpc.StatusCode.UNAVAILABLE, message)

    def _chunks(self, text: str, account: Account, version: str) -> Iterator[tuple[list[bytes], bytes]]:
        query = self._parsed(text, account, version)
        cut = bool(query.metrics) and self._stage.faults.take("google_ads", "truncated") is not None
        empty = _SERVICE.SearchGoogleAdsStreamResponse.pb()(request_id=uuid.uuid4().hex[:22])
        empty.field_mask.paths.extend(query.fields)
        head, waiting = empty.SerializeToString(), []
        for rows in rows_of(self._stage, account, query, version=version):
            waiting += rows[: len(rows) // 2] if cut else rows
            while len(waiting) >= ROWS_A_MESSAGE:
                yield waiting[:ROWS_A_MESSAGE], head
                waiting = waiting[ROWS_A_MESSAGE:]
        yield waiting, head

    def _parsed(self, text: str, account: Account, version: str) -> Query:
        """The query; the manager may only be asked for its clients and itself."""
        query = parse(text, today=self._stage.today(account), version=version)
        self._stage.note("google_ads", "Search", account.id, resource=query.resource)
        if account is entities.MANAGER and query.metrics:
            message = "Metrics cannot be requested for a manager account."
            raise refused("query_error", "REQUESTED_METRICS_FOR_MANAGER", message)
        if account is entities.MANAGER and query.resource not in ("customer_client", "customer"):
            message = "A manager has no such resource here."
            raise refused("query_error", "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE", message)
        return query

    def _search(self, request: Any, account: Account, version: str) -> bytes:
        settings = request.search_settings
        if request.page_size:
            message = "Setting the page size is not supported."
            raise refused("request_error", "PAGE_SIZE_NOT_SUPPORTED", message)
        if settings.return_summary_row:
            message = "The sandbox returns no summary row."
            raise refused("query_error", "QUERY_ERROR", message, trigger="return_summary_row")
        try:
            at = int(request.page_token or 0)
        except ValueError:
            raise refused("request_error", "INVALID_PAGE_TOKEN", "Page token is invalid.") from None
        rows = self._rows(request.query, account, version, at)
        answer = _SERVICE.SearchGoogleAdsResponse.pb()()
        if settings.return_total_results_count or not request.HasField("search_settings"):
            answer.total_results_count = len(rows)
        answer.field_mask.paths.extend(
            parse(request.query, today=self._stage.today(account), version=version).fields
        )
        if at + ROWS_A_MESSAGE < len(rows):
            answer.next_page_token = str(at + ROWS_A_MESSAGE)
        hidden = request.validate_only or settings.omit_results
        shown = [] if hidden else rows[at : at + ROWS_A_MESSAGE]
        return framed(shown) + bytes(answer.SerializeToString())

    def _rows(self, text: str, account: Account, version: str, at: int) -> list[bytes]:
        """Every row of a search. Those of a later page are the ones that the first page was cut from, made
        once, unless something changed in between.
        """
        hour = self._stage.clock.now().replace(minute=0, second=0, microsecond=0)
        edition = (self._stage.market.edition, self._stage.objects.count)
        key = (account.id, text, version, hour, edition)
        with self._lock:
            held = self._paged.get(key) if at else None
        if held is not None:
            self._parsed(text, account, version)
            return held
        rows = [row for chunk, _ in self._chunks(text, account, version) for row in chunk]
        if len(rows) > ROWS_A_MESSAGE:
            with self._lock:
                self._paged[key] = rows
                while len(self._paged) > SEARCHES_HELD:
                    self._paged.popitem(last=False)
        return rows

    def _mutate(self, call: Call, request: Any, answer: Any, account: Account) -> bytes:
        mixed = call.service == "GoogleAdsService"
        operations = request.mutate_operations if mixed else request.operations
        if getattr(request, "response_content_type", 0) not in (0, 2):
            message = "The sandbox answers writes with resource names alone."
            raise refused("request_error", "INVALID_ENUM_VALUE", message, trigger="response_content_type")
        if len(operations) > MOST_OPERATIONS:
            message = f"At most {MOST_OPERATIONS} operations fit into a request."
            raise refused("request_error", "TOO_MANY_MUTATE_OPERATIONS", message)
        if not operations:
            raise refused("request_error", "OPERATION_REQUIRED", "At least one operation is required.")
        partial_failure = getattr(request, "partial_failure", False)
        validate_only = getattr(request, "validate_only", False)
        batch = Batch(self._stage, account)
        for n, wrapped in enumerate(operations):
            kind, operation = _operation(wrapped, mixed=mixed)
            field = "mutate_operations" if mixed else "operations"
            path: list[str | tuple[str, int]] = [(field, n), kind] if mixed else [(field, n)]
            batch.add(kind, operation, path)
        if batch.errors and not partial_failure:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, batch.errors)
        wrote = bool(batch.changes) and not validate_only
        fault = self._stage.carry_out("google_ads", batch.apply) if wrote else None
        names = [name for _, name in batch.results]
        self._stage.note(
            "google_ads", call.method, account.id, wrote=wrote, targets=names, fault=fault and fault.label
        )
        write_answers.raise_answer(fault)
        results, errors = batch.results, batch.errors
        if fault is not None and fault.answer == "FEWER_RESULTS":
            results = results[:-1]
        if fault is not None and fault.answer == "PARTIAL_FAILURE_WITHOUT_INDEX":
            results, errors = [(kind, "") for kind, _ in results], [write_answers.without_index()]
        shown = [] if validate_only else results
        return _mutate_answer(answer(), shown, errors, mixed=mixed, version=call.version)

    def _account(self, customer_id: str, call: Call) -> Account:
        """The account a call is for, which may be the manager itself."""
        self._let_in(call)
        if not re.fullmatch(r"\d{10}", customer_id):
            raise refused("request_error", "INVALID_CUSTOMER_ID", f"Invalid customer ID '{customer_id}'.")
        accounts = {entry.id: entry for entry in (entities.MANAGER, *self._stage.world.of("google_ads"))}
        account = accounts.get(customer_id)
        login = call.headers.get("login-customer-id")
        if account is None or login not in (None, "", entities.MANAGER.id, customer_id):
            message = (
                "User doesn't have permission to access customer. Note: If you're accessing a client"
                " customer, the manager's customer id must be set in the 'login-customer-id' header."
            )
            wrong = error("authorization_error", "USER_PERMISSION_DENIED", message)
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, [wrong], "The caller does not have permission")
        return account

    def _let_in(self, call: Call) -> None:
        take = self._stage.faults.take
        self._stage.late_changes.land()
        if (slow := take("google_ads", "slow")) is not None:
            sleep(float(slow.get("seconds", 1)))
        if take("google_ads", "unavailable") is not None:
            raise Refused(
                grpc.StatusCode.UNAVAILABLE,
                [error("internal_error", "TRANSIENT_ERROR", "A transient internal error.")],
                "The service is currently unavailable.",
            )
        if take("google_ads", "day_quota") is not None:
            raise throttled(24 * 3600.0)
        if (throttle := take("google_ads", "throttled")) is not None:
            raise throttled(float(throttle.get("seconds", 30)))
        if call.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            wrong = error("authentication_error", "OAUTH_TOKEN_INVALID", "OAuth token is invalid.")
            raise Refused(
                grpc.StatusCode.UNAUTHENTICATED, [wrong], "Request had invalid authentication credentials."
            )


def _not_simulated(call: Call) -> Refused:
    """Refuse a method that the sandbox does not speak in the words Google has for what an account may not
    use.
    """
    message = f"The sandbox does not simulate {call.service}.{call.method}."
    wrong = error("not_allowlisted_error", "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE", message)
    return Refused(grpc.StatusCode.PERMISSION_DENIED, [wrong], message)


def _client(account: Account) -> Account:
    if account is entities.MANAGER:
        message = f"Account {account.id} is a manager and cannot be changed."
        raise refused("request_error", "CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT", message)
    return account


def _operation(wrapped: Any, *, mixed: bool) -> tuple[str, Any]:
    if mixed:
        name = wrapped.WhichOneof("operation") or ""
        if not name:
            raise refused("request_error", "OPERATION_REQUIRED", "An operation is empty.")
        return name.removesuffix("_operation"), getattr(wrapped, name)
    return _SNAKE.sub("_", wrapped.DESCRIPTOR.name.removesuffix("Operation")).lower(), wrapped


def _mutate_answer(
    answer: Any, results: list[tuple[str, str]], errors: list[Any], *, mixed: bool, version: str
) -> bytes:
    for kind, name in results:
        if not mixed:
            answer.results.add(resource_name=name)
            continue
        slot = answer.mutate_operation_responses.add()
        if name:
            getattr(slot, f"{kind}_result").resource_name = name
    if errors:
        answer.partial_failure_error.CopyFrom(
            status(errors, "Multiple errors in ‘details’. Please check them.", version=version)
        )
    return bytes(answer.SerializeToString())
