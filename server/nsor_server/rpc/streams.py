"""Streams: each in a thread of the streams' own pool, gated again before each message and while it is silent.

A message is its own access, with its own entry and receipt.
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from typing import Any

import psycopg

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.ledger.entry import StaleRead
from nsor_server.rpc.answers import describe
from nsor_server.rpc.exchange import Exchange
from nsor_server.rpc.handlers import Exchanged, Streamed, StreamStep
from nsor_server.rpc.open_stream import (
    GATE_SECONDS,
    MESSAGE_SECONDS,
    Front,
    Needs,
    OpenStream,
    message_of,
    with_receipt,
)
from nsor_server.rpc.reading import replaced_errors

SEND_SECONDS = 30.0
"""A caller that reads nothing for so long is cut off."""
MAX_TRIES = 4
HEARTBEAT_SECONDS = 10.0
"""After so long without a message an empty one is sent: it carries nothing and is no entry."""
SEEN_OF_A_CALL = 50
"""Of so many records a commit sees whether they are unchanged in the time of one ordinary call."""
LOOK_SECONDS = 30.0
"""A stream that nobody has woken reads again after so long: a wake-up that was lost delays an event, and loses none."""


class Streams:
    """Serves methods that answer with a stream."""

    def __init__(self, needs: Needs, *, idle_seconds: float) -> None:
        """A stream without a message for ``idle_seconds`` ends, with OK: its caller goes on from its cursor."""
        self._needs = needs
        self._idle_seconds = idle_seconds
        self._draining = threading.Event()
        self._open: dict[int, OpenStream] = {}
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
        opened = OpenStream(call, call.channel)
        try:
            front.enter(call)
            self._open[number] = opened
            if isinstance(call.route.handler, Exchanged):
                Exchange(self._needs, front, opened, self._draining, self._idle_seconds).run()
            else:
                self._messages(opened)
        except Exception as error:  # noqa: BLE001 - as for unary calls: no exception reaches grpc
            front.refuse(call, error)
        else:
            self._needs.answers.end_stream(call)
        finally:
            self._open.pop(number, None)

    def _messages(self, opened: OpenStream) -> None:
        call = opened.call
        handler: Streamed[Any, Any, Any] = call.route.handler
        agency_id = call.agency.agency_id
        if self._needs.admission.directory.at_least_as_of(call.moment) is not call.directory:
            # What the stream is of may have been enrolled just now.
            self._needs.admission.admit(call)
        with self._needs.reader.connection(time.monotonic() + MESSAGE_SECONDS) as conn:
            cursor = handler.start(call, call.request, conn)
        last = sent = looked = time.monotonic()
        woken = True
        while call.channel.is_active():
            if self._draining.is_set():
                raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)
            ticket = self._needs.waits.ticket(agency_id)
            self._needs.admission.admit(call)
            handler.check(call, cursor)
            found = None
            if woken or time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                found = self._next(call, handler, cursor)
            if found is not None:
                message, cursor = found
                opened.send(message)
                last = sent = time.monotonic()
                woken = True
                continue
            if time.monotonic() - last >= self._idle_seconds:
                return
            if time.monotonic() - sent >= HEARTBEAT_SECONDS:
                opened.send(b"")
                sent = time.monotonic()
            woken = self._needs.waits.wait(agency_id, ticket, GATE_SECONDS)

    def _next(self, call: Call, handler: Streamed[Any, Any, Any], cursor: Any) -> tuple[bytes, Any] | None:
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
        message = message_of(call, self._needs.tracing)
        message.outcome, message.answer = step.outcome, step.outcome.response.SerializeToString()
        message.weight = 1 + len(step.outcome.seen) // SEEN_OF_A_CALL
        describe(message, recorded=True)
        code = "UNAVAILABLE"
        try:
            receipt = self._needs.writer.submit(message)
            code = "OK"
        finally:
            message.span.end(code)
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

    def _may(self, opened: OpenStream) -> bool:
        """Whether the stream's caller still may have it: by what is known, when the database can't be asked."""
        try:
            # A copy: the stream's thread may go on with the call at any moment.
            self._needs.admission.admit(dataclasses.replace(opened.call))
        except (errors.ApiError, psycopg.Error):
            return False
        return True
