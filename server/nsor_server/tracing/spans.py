"""One server span per call, with attributes from one list.

A span says which agency called which method for which purpose and what class of outcome it had. It never says
about whom: no person, no pseudonym of one, no case, no officer, no text of an exception. A span is not the record
of an access, for spans get lost; the ledger is, and each span carries the access id by which the two are compared.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from typing import Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

RPC_SYSTEM: Final = "rpc.system.name"
RPC_METHOD: Final = "rpc.method"
RPC_STATUS: Final = "rpc.response.status_code"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"
AGENCY: Final = "nsor.agency"
PURPOSE: Final = "nsor.purpose"
OUTCOME: Final = "nsor.outcome"
ACCESS_ID: Final = "nsor.access_id"
BATCH_SIZE: Final = "nsor.batch_size"

ALLOWED: Final = frozenset(
    {
        RPC_SYSTEM, RPC_METHOD, RPC_STATUS, SERVER_ADDRESS, SERVER_PORT, ERROR_TYPE,
        AGENCY, PURPOSE, OUTCOME, ACCESS_ID, BATCH_SIZE,
    }
)  # fmt: skip
"""Every attribute that a span may have. Another one is a fault of the program, whatever its value."""

OTHER_METHOD: Final = "_OTHER"
"""The method of a call to a method that doesn't exist: its name is the caller's text (OpenTelemetry, RPC spans)."""

_ERROR_CODES: Final = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
"""The codes that are a server span's error; the others are the caller's business (OpenTelemetry, gRPC)."""
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)
_LIMITS: Final = SpanLimits(max_links=1024, max_span_attributes=32)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)

Value = str | int | bool


class UnlistedAttribute(Exception):
    """A span was given an attribute that isn't on the list."""


class CallSpan:
    """A span whose attributes are on the list. Ending it twice does nothing."""

    __slots__ = ("_attributes", "_ended", "_span", "context", "trace_id")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._attributes: dict[str, Value] = {}
        self._ended = False
        self.context = span.get_span_context()
        """For links and children."""
        self.trace_id = self.context.trace_id.to_bytes(16, "big")
        """For the ledger's leaf, 16 bytes."""

    def set(self, name: str, value: Value) -> None:
        """Set an attribute.

        Raises:
            UnlistedAttribute: it isn't on the list.
        """
        if name not in ALLOWED:
            raise UnlistedAttribute(name)
        self._attributes[name] = value

    def end(self, code: str = "OK", error: str = "") -> None:
        """End the span.

        Args:
            code: name of the gRPC status code.
            error: name of the reason, for a code that isn't OK.
        """
        if self._ended:
            return
        self._ended = True
        self._attributes[RPC_STATUS] = code
        if code != "OK":
            self._attributes[ERROR_TYPE] = error or code
        if code in _ERROR_CODES:
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.set_attributes(self._attributes)
        self._span.end()


class BatchSpan:
    """The commit of a batch: a child of its first call, linked to the others. Whoever is released first ends it."""

    __slots__ = ("_ended", "_lock", "_span")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._ended = False
        self._lock = threading.Lock()

    def end(self) -> None:
        """End the span."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._span.end()


class Tracing:
    """Makes spans and hands them to where they go.

    Args:
        processors: where spans go.
        host: the address that the server listens on.
    """

    def __init__(self, processors: Sequence[SpanProcessor], *, host: str) -> None:
        resource = Resource.create({"service.name": "nsor-server"})
        # ALWAYS_ON: with the default sampler a caller could switch tracing off by a flag.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, span_limits=_LIMITS, shutdown_on_exit=False
        )
        self._processors = tuple(processors)
        for processor in processors:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("nsor_server")
        self._fixed: dict[str, Value] = {RPC_SYSTEM: "grpc", SERVER_ADDRESS: host}

    def listening(self, port: int) -> None:
        """The port that every span names from now on."""
        self._fixed[SERVER_PORT] = port

    def call(self, method: str, traceparent: str | None) -> CallSpan:
        """The span of a call, continuing the caller's trace if it sent one."""
        span = self._tracer.start_span(
            method,
            context=_remote(traceparent),
            kind=SpanKind.SERVER,
            attributes={**self._fixed, RPC_METHOD: method},
            record_exception=False,
            set_status_on_exception=False,
        )
        return CallSpan(span)

    def message(self, parent: CallSpan, method: str) -> CallSpan:
        """The span of one message of a stream, a child of the stream's."""
        attributes = {**self._fixed, RPC_METHOD: method}
        return CallSpan(
            self._tracer.start_span(
                f"{method} message", context=_under(parent.context), kind=SpanKind.INTERNAL, attributes=attributes
            )
        )

    def commit(self, calls: Sequence[CallSpan]) -> BatchSpan:
        """The span of the commit that holds these calls; there is at least one."""
        span = self._tracer.start_span(
            "ledger.commit",
            context=_under(calls[0].context),
            kind=SpanKind.INTERNAL,
            attributes={BATCH_SIZE: len(calls)},
            links=[Link(call.context) for call in calls[1:]],
        )
        return BatchSpan(span)

    def shutdown(self, timeout_seconds: float) -> None:
        """Send what is left, for at most so long: a collector that hangs doesn't hold the server."""
        threads = [
            threading.Thread(target=processor.shutdown, name="span-flush", daemon=True)
            for processor in self._processors
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=timeout_seconds)


def _under(parent: SpanContext) -> otel_context.Context:
    return trace.set_span_in_context(NonRecordingSpan(parent), otel_context.Context())


def _remote(traceparent: str | None) -> otel_context.Context:
    """The caller's trace context (W3C), or an empty one: never what happens to be current in this thread."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None:
        return otel_context.Context()
    parent = SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=_SAMPLED)
    return _under(parent) if parent.is_valid else otel_context.Context()
