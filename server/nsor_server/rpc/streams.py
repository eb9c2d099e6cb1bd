"""Streams: each in a thread of the streams' own pool, gated again before each message and while it is silent.

grpc has one pool of threads unless a handler names another, which is how streams get theirs: silent ones can't take
the threads of other agencies' calls. A message is its own access, with its own entry and receipt.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import grpc

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, receipt_pb2
from nsor_server import errors
from nsor_server.access.contract import MethodRule
from nsor_server.ledger.entry import StaleDirectory
from nsor_server.rpc import entries
from nsor_server.rpc.admission import Admitted
from nsor_server.rpc.arrival import Arrival, arrive
from nsor_server.rpc.calls import StreamHandler, StreamStep
from nsor_server.rpc.frontdoor import FrontDoor
from nsor_server.rpc.runner import ATTEMPTS, Runner, bound_statements, replaced_errors
from nsor_server.tracing import spans

GATE_SECONDS = 1.0
"""A silent stream is gated this often; with the directory's watcher, a revocation ends it within 5 s."""
MESSAGE_SECONDS = 10.0
"""Longest work on one message."""
SEND_SECONDS = 30.0
"""A caller that reads nothing for so long is cut off."""
RECEIPT_TAG = b"\x7a"
"""Field 15, length-delimited: the receipt goes behind the bytes that its answer hash covers."""

_log = logging.getLogger(__name__)


class Waits(Protocol):
    """How a stream waits for what comes next."""

    def ticket(self, agency_id: str) -> int:
        """How often the agency has been woken."""
        ...

    def wait(self, agency_id: str, ticket: int, timeout_seconds: float) -> bool:
        """Wait until it is woken after the ticket."""
        ...


@dataclass(slots=True)
class _Open:
    """An open stream.

    Attributes:
        sending_since: ``time.monotonic`` since when a message waits to be taken; 0 when none does.
    """

    admitted: Admitted
    context: grpc.ServicerContext
    sending_since: float = 0.0


class Streams:
    """Serves server-streaming methods."""

    def __init__(self, door: FrontDoor, runner: Runner, waiter: Waits, *, idle_seconds: float) -> None:
        """A stream without a message for ``idle_seconds`` ends, with OK: its caller goes on from its cursor."""
        self._door = door
        self._runner = runner
        self._waiter = waiter
        self._idle_seconds = idle_seconds
        self._draining = threading.Event()
        self._open: dict[int, _Open] = {}
        self._numbers = itertools.count()
        self._supervisor = threading.Thread(target=self._supervise, name="stream-supervisor", daemon=True)
        self._supervisor.start()

    @property
    def count(self) -> int:
        """Streams that are open."""
        return len(self._open)

    def drain(self) -> None:
        """Let every stream end, within the time that it is gated in."""
        self._draining.set()

    def serve(
        self, rule: MethodRule, handler: StreamHandler, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        """Answer a call with a stream of messages."""
        arrival = arrive(rule.full_name, context, self._door.tracing)
        with contextlib.ExitStack() as held:
            held.callback(arrival.span.end, "CANCELLED", "CANCELLED")  # unless it ends in another way before
            try:
                self._door.enter(arrival, requests, context, held, stream=True)
                opened = _Open(self._door.admitted(arrival, rule), context)
                held.callback(self._open.pop, self._register(opened), None)
                yield from self._messages(opened, handler)
                self._door.sign_off(arrival, recorded=False)  # its messages are the accesses
            except Exception as error:  # noqa: BLE001 - as for unary calls: no exception reaches grpc
                self._door.refuse(arrival, error, context)

    def _messages(self, opened: _Open, handler: StreamHandler) -> Iterator[bytes]:
        admitted = opened.admitted
        agency_id = admitted.call.agency.agency_id
        cursor = self._start(admitted, handler)
        last = time.monotonic()
        while opened.context.is_active():
            if self._draining.is_set():
                raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)
            ticket = self._waiter.ticket(agency_id)
            self._gate(admitted)
            found = self._next(admitted, handler, cursor)
            if found is not None:
                message, cursor = found
                opened.sending_since = time.monotonic()
                yield message
                opened.sending_since = 0.0
                last = time.monotonic()
            elif time.monotonic() - last >= self._idle_seconds:
                return
            else:
                self._waiter.wait(agency_id, ticket, GATE_SECONDS)

    def _start(self, admitted: Admitted, handler: StreamHandler) -> int:
        with replaced_errors(), self._runner.database.transaction() as conn:
            bound_statements(conn, time.monotonic() + MESSAGE_SECONDS)
            return handler.start(admitted.call, admitted.request, conn)

    def _gate(self, admitted: Admitted) -> None:
        admitted.call = self._door.admission.admit(admitted.arrival, admitted.rule, admitted.request)

    def _next(self, admitted: Admitted, handler: StreamHandler, cursor: int) -> tuple[bytes, int] | None:
        """The next message with its receipt, committed, and the cursor behind it."""
        for _ in range(ATTEMPTS):
            try:
                with replaced_errors():
                    return self._recorded(admitted, handler, cursor)
            except StaleDirectory:
                self._door.admission.directory.reload()
                self._gate(admitted)
        raise errors.Unavailable(retry_after_seconds=1.0)

    def _recorded(self, admitted: Admitted, handler: StreamHandler, cursor: int) -> tuple[bytes, int] | None:
        call = dataclasses.replace(admitted.call, access_id=uuid.uuid4())
        arrival = admitted.arrival
        with self._runner.database.transaction() as conn:
            bound_statements(conn, time.monotonic() + MESSAGE_SECONDS)
            step = handler.after(call, cursor, conn)
            if step is None:
                return None
            span = self._span(arrival, admitted, call.access_id)
            code = "UNAVAILABLE"
            try:
                answer = step.outcome.response.SerializeToString()
                entry = entries.answered(arrival, call, step.outcome, answer, access_id=call.access_id)
                appended = self._runner.ledger.append(conn, [entry], directory_version=call.directory_version)
                self._runner.guard.commit(conn, appended)
                code = "OK"
            finally:
                span.end(code)
        return with_receipt(answer, appended.receipts[0]), _advanced(step, cursor)

    def _span(self, arrival: Arrival, admitted: Admitted, access_id: uuid.UUID) -> spans.CallSpan:
        span = self._door.tracing.message(arrival.span, admitted.rule.full_name)
        span.set(spans.AGENCY, arrival.agency)
        span.set(spans.OUTCOME, entries.outcome_name(leaf_pb2.OUTCOME_ALLOWED))
        span.set(spans.ACCESS_ID, str(access_id))
        return span

    def _register(self, opened: _Open) -> int:
        number = next(self._numbers)
        self._open[number] = opened
        return number

    def _supervise(self) -> None:
        """Cut off streams whose thread waits for a caller that doesn't read: it can't gate them itself."""
        while not self._draining.wait(1.0):
            now = time.monotonic()
            for opened in list(self._open.values()):
                since = opened.sending_since
                if since and (now - since > SEND_SECONDS or (now - since > GATE_SECONDS and not self._still(opened))):
                    opened.context.cancel()

    def _still(self, opened: _Open) -> bool:
        try:
            self._gate(opened.admitted)
        except errors.ApiError:
            return False
        return True


def with_receipt(answer: bytes, receipt: receipt_pb2.Receipt) -> bytes:
    """A message with its receipt as the last field."""
    encoded = receipt.SerializeToString()
    return answer + RECEIPT_TAG + varint(len(encoded)) + encoded


def varint(number: int) -> bytes:
    """A protobuf varint."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _advanced(step: StreamStep, cursor: int) -> int:
    if step.cursor <= cursor:
        raise RuntimeError("a stream's handler doesn't advance")
    return step.cursor
