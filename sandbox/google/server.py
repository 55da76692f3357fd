"""Google Ads over gRPC with TLS. The client package ships no servicers, so one generic handler serves every method by its name."""

import re
import uuid
from collections.abc import Iterator
from concurrent import futures
from importlib import import_module
from pathlib import Path
from time import sleep
from typing import Any

import grpc

from sandbox.certificates import Papers
from sandbox.google import entities, write_answers
from sandbox.google.encode import framed
from sandbox.google.failures import BASE, VERSION, Refused, abort, error, refused, status, throttled
from sandbox.google.gaql import Query, parse
from sandbox.google.mutates import checked
from sandbox.google.oauth import ACCESS_TOKEN
from sandbox.google.rows import rows_of
from sandbox.stage import Stage
from sandbox.world import Account

ROWS_A_MESSAGE = 10_000
_SERVICE = import_module(f"{BASE}.services.types.google_ads_service")
_METHOD = re.compile(r"^/google\.ads\.googleads\.(v\d+)\.services\.(\w+)/(\w+)$")
_SNAKE = re.compile(r"(?<!^)(?=[A-Z])")


def serve(stage: Stage, certificates: Path, *, port: int = 0) -> tuple[grpc.Server, int]:
    """A started server on loopback and its port.

    Raises:
        RuntimeError: The port is taken.
    """
    server = grpc.server(
        futures.ThreadPoolExecutor(8),
        options=[
            ("grpc.max_send_message_length", -1),
            ("grpc.max_metadata_size", 16 << 20),
            ("grpc.so_reuseport", 0),
        ],
    )
    server.add_generic_rpc_handlers((_Handler(stage),))
    papers = Papers(certificates)
    credentials = grpc.ssl_server_credentials([(papers.key.read_bytes(), papers.certificate.read_bytes())])
    bound = server.add_secure_port(f"127.0.0.1:{port}", credentials)
    server.start()
    return server, bound


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._last_search: tuple[tuple[Any, ...], list[bytes]] = ((), [])

    def service(self, details: Any) -> Any:
        match = _METHOD.match(details.method)
        if not match:
            return None
        version, service, method = match.groups()
        metadata = dict(details.invocation_metadata)
        if version != VERSION:
            return grpc.unary_unary_rpc_method_handler(
                lambda _, context: self._wrong_version(context, version)
            )
        if (service, method) == ("GoogleAdsService", "SearchStream"):
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._stream(request, context, metadata),
                request_deserializer=_SERVICE.SearchGoogleAdsStreamRequest.pb().FromString,
                response_serializer=_as_it_is,
            )
        types = import_module(f"{BASE}.services.types.{_SNAKE.sub('_', service).lower()}")
        names = {
            "Search": ("SearchGoogleAdsRequest", ""),
            "Mutate": ("MutateGoogleAdsRequest", "MutateGoogleAdsResponse"),
        }
        asked, answered = names.get(method, (f"{method}Request", f"{method}Response"))
        if not hasattr(types, asked):
            return None
        answer = getattr(types, answered).pb() if answered else None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(service, method, request, answer, context, metadata),
            request_deserializer=getattr(types, asked).pb().FromString,
            response_serializer=_as_it_is,
        )

    def _wrong_version(self, context: grpc.ServicerContext, version: str) -> bytes:
        said = f"Version {version} is deprecated. Requests to this version will be blocked."
        abort(context, refused("request_error", "UNSUPPORTED_VERSION", said))

    def _answer(
        self, service: str, method: str, request: Any, answer: Any, context: grpc.ServicerContext, metadata: dict[str, str]
    ) -> bytes:  # fmt: skip
        try:
            if method == "ListAccessibleCustomers":
                self._let_in(metadata)
                self._stage.note("google_ads", method)
                return bytes(answer(resource_names=[f"customers/{entities.MANAGER.id}"]).SerializeToString())
            account = self._account(request.customer_id, metadata)
            if method == "Search":
                return self._search(request, account)
            return self._mutate(service, method, request, answer, _client(account))
        except (Refused, write_answers.BareStatus) as cause:
            write_answers.end(context, cause, version=VERSION)

    def _stream(
        self, request: Any, context: grpc.ServicerContext, metadata: dict[str, str]
    ) -> Iterator[bytes]:
        try:
            account = self._account(request.customer_id, metadata)
            breaks = self._stage.faults.take("google_ads", "broken_stream") is not None
            request_id = uuid.uuid4().hex[:22]
            context.send_initial_metadata((("request-id", request_id),))
            for rows, head in self._chunks(request.query, account, request_id):
                yield framed(rows) + head
                if breaks:
                    context.abort(
                        grpc.StatusCode.UNAVAILABLE, "The connection was reset in the middle of the stream"
                    )
            context.set_trailing_metadata((("request-id", request_id),))
        except Refused as cause:
            abort(context, cause)

    def _chunks(self, text: str, account: Account, request_id: str) -> Iterator[tuple[list[bytes], bytes]]:
        query = self._parsed(text, account)
        cut = bool(query.metrics) and self._stage.faults.take("google_ads", "truncated") is not None
        empty = _SERVICE.SearchGoogleAdsStreamResponse.pb()(request_id=request_id)
        empty.field_mask.paths.extend(query.fields)
        head, waiting = empty.SerializeToString(), []
        for rows in rows_of(self._stage, account, query):
            waiting += rows[: len(rows) // 2] if cut else rows
            while len(waiting) >= ROWS_A_MESSAGE:
                yield waiting[:ROWS_A_MESSAGE], head
                waiting = waiting[ROWS_A_MESSAGE:]
        yield waiting, head

    def _parsed(self, text: str, account: Account) -> Query:
        """The query; the manager may only be asked for its clients."""
        query = parse(text, today=self._stage.today(account))
        self._stage.note("google_ads", "Search", account.id, resource=query.resource)
        if account is entities.MANAGER and query.metrics:
            raise refused(
                "query_error",
                "REQUESTED_METRICS_FOR_MANAGER",
                "Metrics cannot be requested for a manager account.",
            )
        if account is entities.MANAGER and query.resource != "customer_client":
            raise refused(
                "query_error",
                "PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE",
                "A manager has no such resource here.",
            )
        return query

    def _search(self, request: Any, account: Account) -> bytes:
        if request.page_size:
            raise refused(
                "request_error", "PAGE_SIZE_NOT_SUPPORTED", "Setting the page size is not supported."
            )
        rows = self._rows_of_all_pages(request, account)
        try:
            at = int(request.page_token or 0)
        except ValueError:
            raise refused("request_error", "INVALID_PAGE_TOKEN", "Page token is invalid.") from None
        answer = _SERVICE.SearchGoogleAdsResponse.pb()(total_results_count=len(rows))
        if at + ROWS_A_MESSAGE < len(rows):
            answer.next_page_token = str(at + ROWS_A_MESSAGE)
        shown = [] if request.validate_only else rows[at : at + ROWS_A_MESSAGE]
        return framed(shown) + bytes(answer.SerializeToString())

    def _rows_of_all_pages(self, request: Any, account: Account) -> list[bytes]:
        """Every row of the query; a further page takes those of the page before, so that a crawl takes linear time."""
        mark = (account.id, request.query, self._stage.market.edition)
        last_mark, rows = self._last_search
        if not request.page_token or last_mark != mark:
            rows = [row for chunk, _ in self._chunks(request.query, account, "") for row in chunk]
            self._last_search = (mark, rows if len(rows) > ROWS_A_MESSAGE else [])
        else:
            self._parsed(request.query, account)
        return rows

    def _mutate(self, service: str, method: str, request: Any, answer: Any, account: Account) -> bytes:
        mixed = service == "GoogleAdsService"
        given = request.mutate_operations if mixed else request.operations
        field = "mutate_operations" if mixed else "operations"
        results, errors, changes = [], [], []
        for n, wrapped in enumerate(given):
            kind, operation = _operation(wrapped, mixed=mixed)
            found = checked(
                self._stage, account, kind, operation, [(field, n), kind] if mixed else [(field, n)]
            )
            if isinstance(found, tuple):
                results.append((kind, found[0]))
                changes.append(found[1])
            else:
                results.append((kind, ""))
                errors.append(found)
        if errors and not request.partial_failure:
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, errors)

        def apply() -> None:
            for change in changes:
                change()

        wrote = bool(changes) and not request.validate_only
        fault = self._stage.carry_out("google_ads", apply) if wrote else None
        names = [name for _, name in results]
        self._stage.note(
            "google_ads", method, account.id, wrote=wrote, targets=names, fault=fault and fault.label
        )
        write_answers.raise_answer(fault)
        if fault is not None and fault.answer == "FEWER_RESULTS":
            results = results[:-1]
        if fault is not None and fault.answer == "PARTIAL_FAILURE_WITHOUT_INDEX":
            results, errors = [(kind, "") for kind, _ in results], [write_answers.without_index()]
        return _mutate_answer(answer(), results, errors, mixed=mixed, validate_only=request.validate_only)

    def _account(self, customer_id: str, metadata: dict[str, str]) -> Account:
        """The account a call is for, which may be the manager itself."""
        self._let_in(metadata)
        if not re.fullmatch(r"\d{10}", customer_id):
            raise refused("request_error", "INVALID_CUSTOMER_ID", f"Invalid customer ID '{customer_id}'.")
        known = {one.id: one for one in (entities.MANAGER, *self._stage.world.of("google_ads"))}
        account = known.get(customer_id)
        login = metadata.get("login-customer-id")
        if account is None or login not in (None, entities.MANAGER.id, customer_id):
            said = (
                "User doesn't have permission to access customer. Note: If you're accessing a client customer, the manager's "
                "customer id must be set in the 'login-customer-id' header."
            )
            wrong = error("authorization_error", "USER_PERMISSION_DENIED", said)
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, [wrong], "The caller does not have permission")
        return account

    def _let_in(self, metadata: dict[str, str]) -> None:
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
        if metadata.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            wrong = error("authentication_error", "OAUTH_TOKEN_INVALID", "OAuth token is invalid.")
            raise Refused(
                grpc.StatusCode.UNAUTHENTICATED, [wrong], "Request had invalid authentication credentials."
            )


def _client(account: Account) -> Account:
    if account is entities.MANAGER:
        said = f"Account {account.id} is a manager and cannot be changed."
        raise refused("request_error", "CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT", said)
    return account


def _operation(wrapped: Any, *, mixed: bool) -> tuple[str, Any]:
    if mixed:
        name = wrapped.WhichOneof("operation")
        return name.removesuffix("_operation"), getattr(wrapped, name)
    return _SNAKE.sub("_", wrapped.DESCRIPTOR.name.removesuffix("Operation")).lower(), wrapped


def _mutate_answer(
    answer: Any, results: list[tuple[str, str]], errors: list[Any], *, mixed: bool, validate_only: bool
) -> bytes:  # fmt: skip
    if not validate_only:
        for kind, name in results:
            if mixed:
                slot = answer.mutate_operation_responses.add()
                if name:
                    getattr(slot, f"{kind}_result").resource_name = name
            else:
                answer.results.add(resource_name=name)
    if errors:
        answer.partial_failure_error.CopyFrom(
            status(errors, "Multiple errors in ‘details’. Please check them.")
        )
    return bytes(answer.SerializeToString())


def _as_it_is(message: bytes) -> bytes:
    return message
