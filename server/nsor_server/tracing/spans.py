"""One server span per call, with attributes from one list; and the spans of what the register does by itself.

A span says which agency called which method for which purpose and what class of outcome it had. It never says
about whom: no person, no pseudonym of one, no case, no officer, no text of an exception; nor, by any attribute, time or
size, whether somebody was found (`rounding`). A span is not the record of an access, for spans get lost; the ledger is,
and each span carries the access id by which the two are compared.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from nsor_server.tracing import resource
from nsor_server.tracing.attributes import (
    ACCESS_ID,
    AGENCY,
    ALLOWED,
    BATCH_SIZE,
    COMMIT,
    DECIDE_SECONDS,
    ERROR_TYPE,
    LOCK_SECONDS,
    OUTCOME,
    PHASES,
    PURPOSE,
    REASON,
    RPC_METHOD,
    RPC_STATUS,
    RPC_SYSTEM,
    SERVER_ADDRESS,
    SERVER_PORT,
    STORE_SECONDS,
    Value,
)
from nsor_server.tracing.crowded import Crowded
from nsor_server.tracing.rounding import (
    rounded_down,
    rounded_up,
    rounded_up_seconds,
    rounded_up_to_a_second,
    whole_milliseconds,
)

OTHER_METHOD: Final = "_OTHER"
"""The method of a call to a method that doesn't exist: its name is the caller's text (OpenTelemetry, RPC spans)."""
COMMIT_NAME: Final = "ledger.commit"
DELIVERY_NAME: Final = "events.deliver"
MOST_LINKS: Final = 127
"""Calls that the span of a commit is linked to, beside its parent: a batch has no more."""

_GRPC: Final = "grpc"
_ERROR_CODES: Final = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
"""The codes that are a server span's error; the others are the caller's business (OpenTelemetry, gRPC)."""
_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?", re.ASCII)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSET: Final = Status(StatusCode.UNSET)
_ERROR: Final = Status(StatusCode.ERROR)
SCOPE: Final = InstrumentationScope("nsor_server")
IDS: Final = RandomIdGenerator()


class UnlistedAttribute(Exception):
    """A span was given an attribute that isn't on the list."""


class Span:
    """A span whose attributes are on the list. Ending it twice does nothing."""

    __slots__ = ("_attributes", "_ended", "_kind", "_links", "_name", "_parent", "_tracing", "context", "start_ns")

    def __init__(
        self,
        tracing: Tracing,
        name: str,
        parent: SpanContext | None,
        attributes: dict[str, Value],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: Sequence[Link] = (),
        start_ns: int = 0,
    ) -> None:
        self._tracing = tracing
        self._name = name
        self._parent = parent
        self._kind = kind
        self._attributes = attributes
        self._links = links
        self._ended = False
        trace_id = parent.trace_id if parent is not None else IDS.generate_trace_id()
        # Always sampled, whatever the caller's flags say: it could switch tracing off otherwise.
        self.context = SpanContext(trace_id, IDS.generate_span_id(), is_remote=False, trace_flags=_SAMPLED)
        """For links and children."""
        self.start_ns = start_ns or time.time_ns()
        """Nanoseconds since 1970."""

    @property
    def trace_id(self) -> bytes:
        """For the ledger's leaf, 16 bytes."""
        return self.context.trace_id.to_bytes(16, "big")

    def set(self, name: str, value: Value) -> None:
        """Set an attribute.

        Raises:
            UnlistedAttribute: it isn't on the list.
        """
        if name not in ALLOWED:
            raise UnlistedAttribute(name)
        self._attributes[name] = value

    def recorded(self, access_id: str) -> None:
        """Say by which entry something of the register's own is recorded."""
        self._attributes[OUTCOME] = "ALLOWED"
        self._attributes[ACCESS_ID] = access_id

    def fail(self, error: str) -> None:
        """End the span of something that failed; ``error`` is the class of the exception."""
        self._attributes[ERROR_TYPE] = error
        self.close(_ERROR)

    def close(self, status: Status = _UNSET) -> None:
        """Hand the span over as it is."""
        if self._ended:
            return
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
                start_time=self.start_ns,
                end_time=self.start_ns + self._lasted(time.time_ns() - self.start_ns),
                instrumentation_scope=SCOPE,
            )
        )

    def _lasted(self, nanoseconds: int) -> int:
        return rounded_up(nanoseconds)


class CallSpan(Span):
    """The span of a call, or of a message of a stream: it adds up what its phases take."""

    __slots__ = ("_phases", "_since")

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
        super().__init__(tracing, name, parent, attributes, kind=kind, links=links)
        self._phases = [0.0, 0.0, 0.0, 0.0]
        self._since = time.monotonic()

    def begins(self) -> None:
        """A phase begins."""
        self._since = time.monotonic()

    def passed(self, phase: int) -> None:
        """A phase has ended, and the next begins; what comes again adds up."""
        now = time.monotonic()
        self._phases[phase] += now - self._since
        self._since = now

    def committed(self, seconds: float) -> None:
        """Its batch took so long to lock the head and to be stored."""
        self._phases[COMMIT] += seconds

    def describe(self, *, agency: str, purpose: str, outcome: str, access_id: str) -> None:
        """Say whose access it is, for what, and how it went; ``access_id`` is empty where there is no entry."""
        attributes = self._attributes
        attributes[AGENCY] = agency
        attributes[PURPOSE] = purpose
        attributes[OUTCOME] = outcome
        if access_id:
            attributes[ACCESS_ID] = access_id

    def end(self, code: str = "OK", reason: str = "") -> None:
        """End the span.

        Args:
            code: name of the gRPC status code.
            reason: name of the reason that the caller is told, for a code that isn't OK.
        """
        if self._ended:
            return
        attributes = self._attributes
        attributes[RPC_STATUS] = code
        if reason and code != "OK":
            attributes[REASON] = reason
        for name, seconds in zip(PHASES, self._phases, strict=True):
            attributes[name] = whole_milliseconds(seconds)
        if code in _ERROR_CODES:
            attributes[ERROR_TYPE] = code
            self.close(_ERROR)
        else:
            self.close()


class StreamSpan(CallSpan):
    """The span of a stream, which is as long as its caller wants; what it finds is in its messages.

    In whole seconds: one that its caller ends behind its first message is as long as it takes to answer that.
    """

    __slots__ = ()

    def _lasted(self, nanoseconds: int) -> int:
        return rounded_up_to_a_second(nanoseconds)


class Tracing:
    """Makes spans and hands them to where they go.

    Spans are made as what the SDK's processors take, not through its tracer, which checks each attribute twice: 5
    microseconds instead of 15 per call, with the list above as the check.

    Args:
        processors: where spans go.
        host: the address that the server listens on.
    """

    def __init__(self, processors: Sequence[SpanProcessor], *, host: str) -> None:
        self.resource = resource.of(resource.SERVER)
        self._processors = tuple(processors)
        self._fixed: dict[str, Value] = {RPC_SYSTEM: _GRPC, SERVER_ADDRESS: host}
        self._crowded = Crowded()

    def listening(self, port: int) -> None:
        """The port that every span names from now on."""
        self._fixed[SERVER_PORT] = port

    def call(self, method: str, traceparent: str | None, *, is_stream: bool = False) -> CallSpan:
        """The span of a call, continuing the caller's trace if it sent one that hasn't too many calls."""
        attributes = {**self._fixed, RPC_METHOD: method}
        kind = StreamSpan if is_stream else CallSpan
        name = _GRPC if method == OTHER_METHOD else method
        parent, links = self._below(_remote(traceparent))
        return kind(self, name, parent, attributes, kind=SpanKind.SERVER, links=links)

    def message(self, parent: Span, method: str) -> CallSpan:
        """The span of one message of a stream, or of one part of a call: a child of the stream's or the call's.

        Of more than a trace may have it is linked to that, and begins a trace.
        """
        attributes: dict[str, Value] = {**self._fixed, RPC_METHOD: method}
        below, links = self._below(parent.context)
        return CallSpan(self, f"{method} message", below, attributes, links=links)

    def _below(self, parent: SpanContext | None) -> tuple[SpanContext | None, Sequence[Link]]:
        """The parent of a call's span; or what that is linked to, where the parent's trace has enough."""
        if parent is None or self._crowded.takes(parent.trace_id):
            return parent, ()
        return None, (Link(parent),)

    def work(self, name: str, parent: Span | None = None) -> Span:
        """The span of what the register does by itself; without a parent it begins a trace."""
        return Span(self, name, None if parent is None else parent.context, {})

    def committed(self, calls: Sequence[Span], *, lock: float, decide: float, store: float | None, whole: bool) -> None:
        """Make the span of the commit of a batch that has just ended: a child of its first call, linked to the others.

        Args:
            calls: at least one.
            lock: seconds until the head was locked, and what is decided by was read.
            decide: seconds for deciding.
            store: seconds until it was durable; None: nothing was stored.
            whole: whether it was stored, or nothing was to be.
        """
        first = calls[0]
        # Less than this a step: what lies between would be the time for which the call has read.
        after = time.time_ns() - int((lock + decide + (store or 0.0)) * 1e9) - first.start_ns
        attributes: dict[str, Value] = {
            BATCH_SIZE: len(calls),
            LOCK_SECONDS: whole_milliseconds(lock),
            DECIDE_SECONDS: rounded_up_seconds(decide),
            STORE_SECONDS: whole_milliseconds(store or 0.0),
        }
        links = [Link(call.context) for call in calls[1 : MOST_LINKS + 1]]
        began = first.start_ns + max(1, rounded_down(after))  # behind it, where spans are sorted
        span = Span(self, COMMIT_NAME, first.context, attributes, links=links, start_ns=began)
        span.close(_UNSET if whole else _ERROR)

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
