"""A collector of spans that keeps what it gets as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

EXPORT = "opentelemetry.proto.collector.trace.v1.TraceService"


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector; gives its address and what it has kept."""
    kept: list[bytes] = []

    def export(request: bytes, _context: grpc.ServicerContext) -> bytes:
        kept.append(request)
        return b""

    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "Export": grpc.unary_unary_rpc_method_handler(export)
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(EXPORT, handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"http://127.0.0.1:{port}", kept
        finally:
            server.stop(grace=None).wait()


def spans(kept: Iterable[bytes]) -> list[Span]:
    """The spans of what was kept, in the order in which they came."""
    return [
        span
        for each in kept
        for of_resource in ExportTraceServiceRequest.FromString(each).resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def attributes(span: Span) -> Mapping[str, object]:
    """A span's attributes as values of Python."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in span.attributes}
