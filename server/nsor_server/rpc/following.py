"""One stream of messages that its caller follows: read, recorded and sent one by one, and silent in between.

While a message is stored the next one is read, if there may be one: never more than one ahead of what the caller has
taken, so that whoever reads slowly costs no memory. A silent stream's thread sleeps until the stream is woken, or a
heartbeat is due; meanwhile another thread sees that its caller may still have it (``rpc/streams.py``).
"""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.ledger.entry import StaleRead
from nsor_server.rpc.answers import describe
from nsor_server.rpc.handlers import Streamed, StreamStep
from nsor_server.rpc.open_stream import MESSAGE_SECONDS, Needs, OpenStream, Waiting, message_of, with_receipt
from nsor_server.rpc.reading import replaced_errors

MAX_TRIES = 4
HEARTBEAT_SECONDS = 10.0
"""How often an empty message is sent, counted from the beginning: it carries nothing and is no entry."""
RECORDS_OF_A_CALL = 50
"""Of so many records a commit sees whether they are unchanged in the time of one ordinary call."""
LOOK_SECONDS = 30.0
"""A stream that nobody has woken reads again after so long: a wake-up that was lost delays an event, and loses none."""


class Heartbeats:
    """When heartbeats are due: by the clock alone.

    Were they counted from the last message or wake-up, a consumer with a filter would see by their times that its
    agency has heard something else.
    """

    def __init__(self, began: float) -> None:
        """``began`` is when the stream did."""
        self.next = began + HEARTBEAT_SECONDS

    def due(self, now: float) -> bool:
        """Whether one is to be sent now; of several that were due while the stream was busy there is one."""
        if now < self.next:
            return False
        self.next += HEARTBEAT_SECONDS * (1 + (now - self.next) // HEARTBEAT_SECONDS)
        return True


class _Ahead(NamedTuple):
    """What was read behind a message while that was stored: the next one, none, or why it can't be read."""

    step: StreamStep | None = None
    error: Exception | None = None


class Following:
    """One stream.

    Args:
        needs: what it is served with.
        opened: the stream; its call has passed the front.
        draining: set once the service takes no more.
        idle_seconds: after so long without a message it ends.
    """

    def __init__(self, needs: Needs, opened: OpenStream, draining: threading.Event, idle_seconds: float) -> None:
        self._needs = needs
        self._opened = opened
        self._draining = draining
        self._idle_seconds = idle_seconds
        self._call = opened.call
        self._handler: Streamed[Any, Any, Any] = opened.call.route.handler
        self._ahead: _Ahead | None = None

    def run(self) -> None:
        """Send messages until the caller is gone, or none has come for long.

        Raises:
            Exception: why the stream doesn't go on.
        """
        call, needs = self._call, self._needs
        if needs.admission.directory.at_least_as_of(call.moment) is not call.directory:
            # What the stream is of may have been enrolled just now.
            needs.admission.admit(call)
        with needs.reader.connection(time.monotonic() + MESSAGE_SECONDS) as conn:
            cursor = self._handler.start(call, call.request, conn)
        with needs.waits.waiting(self._handler.woken_by(cursor)) as waiting:
            self._follow(cursor, waiting)

    def _follow(self, cursor: Any, waiting: Waiting) -> None:
        opened = self._opened
        opened.cursor, opened.waiting = cursor, waiting
        opened.channel.when_over(waiting.wake)
        last = look = time.monotonic()
        heartbeats = Heartbeats(last)
        woken = True
        while opened.channel.is_active():
            self._gate(cursor)
            now, more = time.monotonic(), False
            if woken or now >= look:
                look = now + LOOK_SECONDS
                step = self._next(cursor)
                if step is not None:
                    opened.cursor = cursor = step.cursor
                    more, last = step.more, time.monotonic()
            if time.monotonic() - last >= self._idle_seconds:
                return
            if heartbeats.due(time.monotonic()):
                opened.send(b"")
            until = min(heartbeats.next, look, last + self._idle_seconds)
            woken = more or waiting.wait(until - time.monotonic())

    def _gate(self, cursor: Any) -> None:
        """See that the caller may have what comes next."""
        if self._draining.is_set():
            raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)
        gated_at = time.monotonic()
        if self._call.register_sealed:
            self._needs.admission.directory.at_least_as_of(gated_at)  # the unsealing's event may have woken it
        self._needs.admission.admit(self._call)
        self._handler.check(self._call, cursor)
        self._opened.gated(self._call.directory, gated_at)

    def _next(self, cursor: Any) -> StreamStep | None:
        """Send the next message with its receipt, once its entry is durable; None: there is none yet."""
        for _ in range(MAX_TRIES):
            step = self._taken(cursor)
            if step is None:
                return None
            if step.cursor <= cursor:
                raise RuntimeError("a stream's handler doesn't advance")
            try:
                with replaced_errors():
                    self._opened.send(self._recorded(step))
            except StaleRead:
                self._ahead = None
                self._needs.admission.admit(self._call)
            else:
                return step
        raise errors.Unavailable(retry_after_seconds=1.0)

    def _taken(self, cursor: Any) -> StreamStep | None:
        """What was read ahead, or is read now."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return self._read(cursor)
        if ahead.error is not None:
            raise ahead.error
        return ahead.step

    def _read(self, cursor: Any) -> StreamStep | None:
        with self._needs.reader.connection(time.monotonic() + MESSAGE_SECONDS) as conn:
            return self._handler.after(self._call, cursor, conn)

    def _recorded(self, step: StreamStep) -> bytes:
        """Record a message, and read the next one meanwhile."""
        message = message_of(self._call, self._needs.tracing)
        message.outcome, message.answer = step.outcome, step.outcome.response.SerializeToString()
        message.weight = 1 + len(step.outcome.detail.subjects) // RECORDS_OF_A_CALL
        message.span.begins()
        recorded, code = False, "UNAVAILABLE"
        try:
            stored = self._needs.writer.begin(message)
            if step.more:
                self._read_ahead(step.cursor)
            receipt = stored()
            recorded, code = True, "OK"
        finally:
            describe(message, recorded=recorded)
            message.span.end(code)
        return with_receipt(message.answer, receipt)

    def _read_ahead(self, cursor: Any) -> None:
        try:
            self._ahead = _Ahead(self._read(cursor))
        except Exception as error:  # noqa: BLE001 - it is raised when that message is asked for: this one is sent before
            # Its frames hold the call, which grpc counts as open.
            error.__traceback__ = error.__context__ = error.__cause__ = None
            self._ahead = _Ahead(error=error)
