"""Streams: each in a thread of the streams' own pool, gated again before each message and while it is silent.

A message is its own access, with its own entry and receipt.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from nsor.v1 import errors_pb2, receipt_pb2
from nsor_server import errors
from nsor_server.calls import Call, new_access_id
from nsor_server.ledger.entry import StaleRead
from nsor_server.ledger.writer import Writer
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.answers import Answers, describe
from nsor_server.rpc.handlers import Streamed, StreamStep
from nsor_server.rpc.reading import Reader, replaced_errors
from nsor_server.rpc.transport import Channel
from nsor_server.tracing.spans import Tracing

GATE_SECONDS = 1.0
"""A silent stream is gated this often; with the directory's watcher, a revocation ends it within 5 s."""
MESSAGE_SECONDS = 10.0
"""Longest work on one message."""
SEND_SECONDS = 30.0
"""A caller that reads nothing for so long is cut off."""
MAX_TRIES = 4
RECEIPT_TAG = b"\x7a"
"""Field 15, length-delimited: the receipt goes behind the bytes that its answer hash covers."""


class Waits(Protocol):
    """How a stream waits for what comes next."""

    def ticket(self, agency_id: str) -> int:
        """How often the agency has been woken."""
        ...

    def wait(self, agency_id: str, ticket: int, timeout_seconds: float) -> bool:
        """Wait until it is woken after the ticket."""
        ...


class Front(Protocol):
    """What a stream passes before its first message, and when it is refused."""

    def enter(self, call: Call) -> None:
        """Parse, gate, check; raises ApiError."""
        ...

    def refuse(self, call: Call, error: Exception) -> None:
        """Record a refusal and end the call with it."""
        ...


@dataclass(slots=True)
class _Open:
    """An open stream.

    Attributes:
        channel: its own, which the call holds no more when it is answered.
        sending_since: ``time.monotonic`` since when a message waits to be taken; 0 when none does.
    """

    call: Call
    channel: Channel
    sending_since: float = 0.0


@dataclass(frozen=True, slots=True)
class Needs:
    """What streams are served with."""

    reader: Reader
    admission: Admission
    writer: Writer[Call]
    answers: Answers
    tracing: Tracing
    waits: Waits


class Streams:
    """Serves server-streaming methods."""

    def __init__(self, needs: Needs, *, idle_seconds: float) -> None:
        """A stream without a message for ``idle_seconds`` ends, with OK: its caller goes on from its cursor."""
        self._needs = needs
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

    def serve(self, front: Front, call: Call) -> None:
        """Answer a call with a stream of messages; returns when it has ended."""
        number = next(self._numbers)
        opened = _Open(call, call.channel)
        try:
            front.enter(call)
            self._open[number] = opened
            self._messages(opened)
        except Exception as error:  # noqa: BLE001 - as for unary calls: no exception reaches grpc
            front.refuse(call, error)
        else:
            self._needs.answers.end_stream(call)
        finally:
            self._open.pop(number, None)

    def _messages(self, opened: _Open) -> None:
        call = opened.call
        handler: Streamed[Any, Any] = call.route.handler
        agency_id = call.agency.agency_id
        with self._needs.reader.connection(time.monotonic() + MESSAGE_SECONDS) as conn:
            cursor = handler.start(call, call.request, conn)
        last = time.monotonic()
        while call.channel.is_active():
            if self._draining.is_set():
                raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)
            ticket = self._needs.waits.ticket(agency_id)
            self._needs.admission.admit(call)
            found = self._next(call, handler, cursor)
            if found is not None:
                message, cursor = found
                opened.sending_since = time.monotonic()
                call.channel.send(message)
                opened.sending_since = 0.0
                last = time.monotonic()
            elif time.monotonic() - last >= self._idle_seconds:
                return
            else:
                self._needs.waits.wait(agency_id, ticket, GATE_SECONDS)

    def _next(self, call: Call, handler: Streamed[Any, Any], cursor: int) -> tuple[bytes, int] | None:
        """The next message with its receipt, committed, and the cursor behind it."""
        for _ in range(MAX_TRIES):
            with self._needs.reader.connection(time.monotonic() + MESSAGE_SECONDS) as conn:
                step = handler.after(call, cursor, conn)
            if step is None:
                return None
            if step.cursor <= cursor:
                raise RuntimeError("a stream's handler doesn't advance")
            try:
                with replaced_errors():
                    return self._recorded(call, step), step.cursor
            except StaleRead:
                self._needs.admission.admit(call)
        raise errors.Unavailable(retry_after_seconds=1.0)

    def _recorded(self, call: Call, step: StreamStep) -> bytes:
        span = self._needs.tracing.message(call.span, call.method)
        message = dataclasses.replace(
            call,
            span=span,
            access_id=new_access_id(),
            deadline=time.monotonic() + MESSAGE_SECONDS,
            outcome=step.outcome,
            answer=step.outcome.response.SerializeToString(),
            channel=None,
            hold=None,
        )
        describe(message, recorded=True)
        code = "UNAVAILABLE"
        try:
            receipt = self._needs.writer.submit(message)
            code = "OK"
        finally:
            span.end(code)
        return with_receipt(message.answer, receipt)

    def _supervise(self) -> None:
        """Cut off streams whose thread waits for a caller that doesn't read: it can't gate them itself."""
        while not self._draining.wait(1.0):
            self._look(time.monotonic())

    def _look(self, now: float) -> None:
        """Look at each stream. A method of its own: while the thread waits, it holds none."""
        for opened in list(self._open.values()):
            since = opened.sending_since
            if since and (now - since > SEND_SECONDS or (now - since > GATE_SECONDS and not self._may(opened))):
                opened.channel.cancel()

    def _may(self, opened: _Open) -> bool:
        """Whether the stream's caller still may have it: by what is known, when the database can't be asked."""
        try:
            # A copy: the stream's thread may go on with the call at any moment.
            self._needs.admission.admit(dataclasses.replace(opened.call))
        except (errors.ApiError, psycopg.Error):
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
