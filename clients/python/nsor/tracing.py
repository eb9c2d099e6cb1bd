"""Spans of the calls that this client makes, where the program that uses it has given OpenTelemetry's tracer provider.

One CLIENT span for each attempt, by OpenTelemetry's conventions for gRPC: an attempt is an entry of its own in the
ledger, with an access id of its own, and one span for all would hide those that never arrived. It says which method was
called where, and how that ended; nothing of a request or an answer, no officer, no text of an error.
"""

from __future__ import annotations

import re
from types import TracebackType
from typing import Final, Self

import grpc
from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from nsor.errors import NsorError
from nsor.spans import CallSpan, Spans, Unrecorded

RPC_SYSTEM: Final = "rpc.system.name"
RPC_METHOD: Final = "rpc.method"
RPC_STATUS: Final = "rpc.status_code"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"
ACCESS_ID: Final = "nsor.access_id"

ALLOWED: Final = frozenset({RPC_SYSTEM, RPC_METHOD, RPC_STATUS, SERVER_ADDRESS, SERVER_PORT, ERROR_TYPE, ACCESS_ID})
"""Every attribute that a span of this client may have."""

_TRACEPARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
_ONE_PLACE: Final = re.compile(
    r"(?:dns:(?://[^/]*/|/{0,3}))?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", re.ASCII
)
"""A target of one host; OpenTelemetry has another one stand as it is."""


class Recorded(Spans):
    """Makes spans by a program's own tracer provider."""

    def __init__(self, provider: trace.TracerProvider, *, target: str) -> None:
        """Prepare.

        Args:
            provider: where the program's spans are made.
            target: of the register, as gRPC takes it.
        """
        self._tracer = provider.get_tracer("nsor")
        self._fixed: dict[str, str | int] = {RPC_SYSTEM: "grpc"}
        place = _ONE_PLACE.fullmatch(target)
        self._fixed[SERVER_ADDRESS] = target if place is None else place[1].strip("[]")
        if place is not None:
            self._fixed[SERVER_PORT] = int(place[2])

    def begin(self, method: str, traceparent: str | None = None, *, previous: CallSpan | None = None) -> CallSpan:
        """Begin the span of an attempt.

        Its parent is what ``traceparent`` says, or else the span in which the program is. Where there is neither, the
        first attempt begins a trace, and each that follows is below the one before. All are linked in their order.
        """
        before = previous.context if isinstance(previous, _Attempt) else None
        current = trace.get_current_span()
        if traceparent is not None:
            parent = _context(traceparent)
        elif current.get_span_context().is_valid:
            parent = current.get_span_context()
        else:
            parent = before
        span = self._tracer.start_span(
            method,
            trace.set_span_in_context(trace.NonRecordingSpan(parent or trace.INVALID_SPAN_CONTEXT)),
            SpanKind.CLIENT,
            {**self._fixed, RPC_METHOD: method},
            [] if before is None else [Link(before)],
        )
        context = span.get_span_context()
        if not context.is_valid or context == parent:
            # The provider makes none: with OpenTelemetry's API alone, nobody has chosen where spans go.
            return Unrecorded(traceparent or (_traceparent(parent) if parent else None), previous=previous)
        return _Attempt(span, context)


class _Attempt(CallSpan):
    """The span of one attempt. Leaving its block ends it."""

    def __init__(self, span: Span, context: SpanContext) -> None:
        super().__init__(_traceparent(context))
        self.context = context
        self._span = span
        self._code = "OK"

    def answered(self, access_id: str) -> None:
        self._span.set_attribute(ACCESS_ID, access_id)

    def left(self) -> None:
        self._code = "CANCELLED"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        span = self._span
        if isinstance(error, GeneratorExit):
            self.left()
        elif error is not None:
            self._failed(error)
        span.set_attribute(RPC_STATUS, self._code)
        span.end()

    def _failed(self, error: BaseException) -> None:
        span = self._span
        if isinstance(error, NsorError):
            # Where an answer came that doesn't prove itself, gRPC's code is OK.
            self._code, kind = error.code or "OK", error.code or error.reason
            if error.access_id:
                span.set_attribute(ACCESS_ID, error.access_id)
        elif isinstance(error, grpc.Call):
            self._code = kind = error.code().name
        else:
            self._code, kind = "CANCELLED", type(error).__name__
        span.set_attribute(ERROR_TYPE, kind)
        span.set_status(Status(StatusCode.ERROR))


def _context(traceparent: str) -> SpanContext | None:
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return None
    flags = TraceFlags(int(found[3], 16))
    return SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=flags)


def _traceparent(context: SpanContext) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
