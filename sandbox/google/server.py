"""Google Ads over gRPC with TLS.

The client package ships no servicers, so one generic handler serves every method by its name.
"""

import re
import uuid
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from sandbox.certificates import Papers
from sandbox.google import write_answers
from sandbox.google.calls import Call, Calls, message_types
from sandbox.google.failures import VERSION, Refused, abort, refused
from sandbox.google.fields import VERSIONS
from sandbox.running_world import Stage

_METHOD = re.compile(r"^/google\.ads\.googleads\.(v\d+)\.services\.(\w+)/(\w+)$")


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
        self._calls = Calls(stage)

    def service(self, details: Any) -> Any:
        match = _METHOD.match(details.method)
        if not match:
            return None
        version, service, method = match.groups()
        call = Call(version, service, method, dict(details.invocation_metadata))
        if version not in VERSIONS:
            return grpc.unary_unary_rpc_method_handler(lambda _, context: _wrong_version(context, version))
        types = message_types(call)
        if types is None:
            return None
        requested, answered = types
        if method == "SearchStream":
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: self._stream(call, request, context),
                request_deserializer=requested.FromString,
                response_serializer=_as_it_is,
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._answer(call, request, answered, context),
            request_deserializer=requested.FromString,
            response_serializer=_as_it_is,
        )

    def _answer(self, call: Call, request: Any, answer: Any, context: grpc.ServicerContext) -> bytes:
        try:
            return self._calls.answer(call, request, answer)
        except (Refused, write_answers.BareStatus) as cause:
            write_answers.end(context, cause, version=call.version)

    def _stream(self, call: Call, request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
        request_id = uuid.uuid4().hex[:22]
        try:
            messages = self._calls.stream(call, request)
            first = next(messages)
            context.send_initial_metadata((("request-id", request_id),))
            yield first
            yield from messages
            context.set_trailing_metadata((("request-id", request_id),))
        except (Refused, write_answers.BareStatus) as cause:
            write_answers.end(context, cause, version=call.version)


def _wrong_version(context: grpc.ServicerContext, version: str) -> bytes:
    message = f"Version {version} is deprecated. Requests to this version will be blocked."
    abort(context, refused("request_error", "UNSUPPORTED_VERSION", message), version=_known(version))


def _known(version: str) -> str:
    """The version whose error key an old client reads; the newest for what is no version at all."""
    return version if re.fullmatch(r"v\d+", version) else VERSION


def _as_it_is(message: bytes) -> bytes:
    return message
