"""One server span per call, with attributes from one list.

A span says which agency called which method for which purpose and what class of outcome it had. It never says
about whom: no person, no pseudonym of one, no case, no officer, no text of an exception. A span is not the record
of an access, for spans get lost; the ledger is, and each span carries the access id by which the two are compared.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

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
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSET: Final = Status(StatusCode.UNSET)
_ERROR: Final = Status(StatusCode.ERROR)
_SCOPE: Final = InstrumentationScope("nsor_server")
_IDS: Final = RandomIdGenerator()

Value = str | int | bool


class UnlistedAttribute(Exception):
    """A span was given an attribute that isn't on the list."""


class CallSpan:
    """A span whose attributes are on the list. Ending it twice does nothing."""

    __slots__ = (
        "_attributes",
        "_ended",
        "_kind",
        "_links",
        "_name",
        "_parent",
        "_start",
        "_tracing",
        "context",
        "trace_id",
    )

    def __init__(
        self,
        tracing: Tracing,
        name: str,
        parent: SpanContext | None,
        attributes: dict[str, Value],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Sequence[Link] = (),
    ) -> None:
        self._tracing = tracing
        self._name = name
        self._parent = parent
        self._kind = kind
        self._attributes = attributes
        self._links = links
        self._ended = False
        trace_id = parent.trace_id if parent is not None else _IDS.generate_trace_id()
        # Always sampled, whatever the caller's flags say: it could switch tracing off otherwise.
        self.context = SpanContext(trace_id, _IDS.generate_span_id(), is_remote=False, trace_flags=_SAMPLED)
        """For links and children."""
        self.trace_id = trace_id.to_bytes(16, "big")
        """For the ledger's leaf, 16 bytes."""
        self._start = time.time_ns()

    def set(self, name: str, value: Value) -> None:
        """Set an attribute.

        Raises:
            UnlistedAttribute: it isn't on the list.
        """
        if name not in ALLOWED:
            raise UnlistedAttribute(name)
        self._attributes[name] = value

    def describe(self, *, agency: str, purpose: str, outcome: str, access_id: str) -> None:
        """Say whose access it is, for what, and how it went; ``access_id`` is empty where there is no entry."""
        attributes = self._attributes
        attributes[AGENCY] = agency
        attributes[PURPOSE] = purpose
        attributes[OUTCOME] = outcome
        if access_id:
            attributes[ACCESS_ID] = access_id

    def end(self, code: str = "OK", error: str = "") -> None:
        """End the span.

        Args:
            code: name of the gRPC status code.
            error: name of the reason, for a code that isn't OK.
        """
        if self._ended:
            return
        self._attributes[RPC_STATUS] = code
        if code != "OK":
            self._attributes[ERROR_TYPE] = error or code
        self.close(_ERROR if code in _ERROR_CODES else _UNSET)

    def close(self, status: Status = _UNSET) -> None:
        """Hand the span over as it is."""
        self._ended = True
        self._tracing.hand_over(
            ReadableSpan(
                self._name,
                context=self.context,
                parent=self._parent,
                resource=self._tracing.resource,
                attributes=self._attributes,
                links=self._links,
                kind=self._kind,
                status=status,
                start_time=self._start,
                end_time=time.time_ns(),
                instrumentation_scope=_SCOPE,
            )
        )


class BatchSpan:
    """The commit of a batch: a child of its first call, linked to the others. Whoever is released first ends it."""

    __slots__ = ("_ended", "_lock", "_span")

    def __init__(self, span: CallSpan) -> None:
        self._span = span
        self._ended = False
        self._lock = threading.Lock()

    def end(self) -> None:
        """End the span."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._span.close()


class Tracing:
    """Makes spans and hands them to where they go.

    Spans are made as what the SDK's processors take, not through its tracer, which checks each attribute twice: 5
    microseconds instead of 15 per call, with the list above as the check.

    Args:
        processors: where spans go.
        host: the address that the server listens on.
    """

    def __init__(self, processors: Sequence[SpanProcessor], *, host: str) -> None:
        self.resource = Resource.create({"service.name": "nsor-server"})
        self._processors = tuple(processors)
        self._fixed: dict[str, Value] = {RPC_SYSTEM: "grpc", SERVER_ADDRESS: host}

    def listening(self, port: int) -> None:
        """The port that every span names from now on."""
        self._fixed[SERVER_PORT] = port

    def call(self, method: str, traceparent: str | None) -> CallSpan:
        """The span of a call, continuing the caller's trace if it sent one."""
        attributes = {**self._fixed, RPC_METHOD: method}
        return CallSpan(self, method, _remote(traceparent), attributes, kind=SpanKind.SERVER)

    def message(self, parent: CallSpan, method: str) -> CallSpan:
        """The span of one message of a stream, a child of the stream's."""
        attributes: dict[str, Value] = {**self._fixed, RPC_METHOD: method}
        return CallSpan(self, f"{method} message", parent.context, attributes)

    def commit(self, calls: Sequence[CallSpan]) -> BatchSpan:
        """The span of the commit that holds these calls; there is at least one."""
        attributes: dict[str, Value] = {BATCH_SIZE: len(calls)}
        links = [Link(call.context) for call in calls[1:]]
        return BatchSpan(CallSpan(self, "ledger.commit", calls[0].context, attributes, links=links))

    def hand_over(self, span: ReadableSpan) -> None:
        """Give an ended span to every destination; none of them waits."""
        for processor in self._processors:
            processor.on_end(span)

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


def _remote(traceparent: str | None) -> SpanContext | None:
    """The caller's trace context (W3C), if it sent one."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None:
        return None
    parent = SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=_SAMPLED)
    return parent if parent.is_valid else None
