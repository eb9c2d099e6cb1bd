"""A stream both ways: each message of the caller is a call of its own, and they are answered in their order.

One thread keeps the order and does nothing else. A message is parsed, gated, checked and run in the pool that unary
calls have, where its agency gets its share and no more, and recorded by the ledger's writer. While one is stored the
next is run, and those behind that are checked, which another process does. No more than ``WINDOW`` messages are read
ahead of the answers that the caller has taken, so that whoever sends fast and reads slowly fills his own line, and not
this process. Each counts within its agency's calls of a second, as what it makes the pool do: what comes faster waits
in that line too.
"""

from __future__ import annotations

import functools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from nsor.v1 import errors_pb2, receipt_pb2
from nsor_server import errors, logs
from nsor_server.calls import Call
from nsor_server.ledger.entry import StaleRead
from nsor_server.rpc.answers import describe
from nsor_server.rpc.handlers import Exchanged
from nsor_server.rpc.open_stream import GATE_SECONDS, Front, Needs, OpenStream, message_of, with_receipt
from nsor_server.rpc.reading import replaced
from nsor_server.rpc.shares import units
from nsor_server.rpc.status import told
from nsor_server.tracing.attributes import GATE, WAIT

WINDOW: Final = 6
"""Messages in work: one at a time is stored, run and checked; as many wait in between, so that no step has to."""
MAX_TRIES: Final = 16
"""How often a message is run again that has read what has changed before it was recorded."""
BYTES_OF_ROW: Final = 1024
"""What a message of so many bytes takes the pool is what reading a row does."""


@dataclass(slots=True, eq=False)
class _Message:
    """A message that the caller has sent.

    Attributes:
        entered: it is gated and checked.
        ran: it was decided, and waits to be stored.
        ended: it is answered, or refused.
        answer: with its receipt.
        error: why it isn't answered.
    """

    call: Call
    entered: bool = False
    ran: bool = False
    ended: bool = False
    answer: bytes = b""
    error: Exception | None = None


class Exchange:
    """One stream both ways.

    Args:
        needs: what it is served with.
        front: what each message passes.
        opened: the stream; its call has passed the front with the first message.
        draining: set once the service takes no more.
        idle_seconds: a caller who sends nothing for so long is told that the stream has ended.
    """

    def __init__(
        self, needs: Needs, front: Front, opened: OpenStream, draining: threading.Event, idle_seconds: float
    ) -> None:
        self._needs = needs
        self._front = front
        self._opened = opened
        self._draining = draining
        self._idle_seconds = idle_seconds
        self._handler: Exchanged[Any, Any] = opened.call.route.handler
        self._heard: queue.SimpleQueue[bytes | _Message | None] = queue.SimpleQueue()
        self._waiting: deque[_Message] = deque()
        self._to_enter: deque[_Message] = deque()
        self._to_run: deque[_Message] = deque()
        self._entering: _Message | None = None
        self._running: _Message | None = None
        self._takes_more = True
        self._listens = False
        self._last = time.monotonic()
        self._held_seconds = 0.0
        self._agency_id = opened.call.agency.agency_id

    def run(self) -> None:
        """Answer every message; returns when the caller has sent all, or is gone.

        Raises:
            Exception: why a message isn't answered, or the stream doesn't go on. The stream's call then stands for that
                message, or for the last one that was answered.
        """
        channel = self._opened.channel
        self._take(self._opened.call.data)
        while channel.is_active():
            self._answer()
            if self._draining.is_set():
                self._takes_more = False
            if not self._takes_more and not self._waiting:
                break
            may_listen = self._takes_more and not self._listens and len(self._waiting) < WINDOW
            self._held_seconds = self._needs.limits.seconds_left(self._agency_id) if may_listen else 0.0
            if may_listen and not self._held_seconds:
                self._listens = True
                channel.receive(self._heard.put)
            if not self._hear():
                break
        if self._draining.is_set() and channel.is_active():
            raise errors.Unavailable(errors_pb2.ERROR_REASON_SHUTTING_DOWN, retry_after_seconds=1.0)

    def _hear(self) -> bool:
        """Wait for a message, or for what becomes of one; False: the caller has been silent for too long."""
        try:
            heard = self._heard.get(timeout=min(GATE_SECONDS, self._held_seconds or GATE_SECONDS))
        except queue.Empty:
            self._needs.admission.admit(self._opened.call)
            silent = not self._waiting and not self._held_seconds
            return not silent or time.monotonic() - self._last < self._idle_seconds
        self._last = time.monotonic()
        if isinstance(heard, _Message):
            self._go_on()
            return True
        self._listens = False
        if heard is None:
            self._takes_more = False
        else:
            self._take(heard)
        return True

    def _take(self, data: bytes) -> None:
        message = _Message(message_of(self._opened.call, self._needs.tracing))
        self._needs.limits.charge(self._agency_id, _cost(data))
        message.call.received(data)
        message.call.done = functools.partial(self._recorded, message)
        if len(data) > self._needs.max_bytes:
            message.call.error = errors.Exhausted(errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE)
        self._waiting.append(message)
        self._to_enter.append(message)
        self._go_on()

    def _go_on(self) -> None:
        """Have one message entered and one run at a time, so that they are stored in their order.

        Behind one that is refused none is run: the stream ends with it.
        """
        if self._entering is not None and (self._entering.entered or self._entering.ended):
            self._to_run.append(self._entering)
            self._entering = None
        if self._entering is None and self._to_enter:
            self._entering = self._to_enter.popleft()
            self._submit(self._enter, self._entering, _cost(self._entering.call.data))
        if self._running is not None and (self._running.ran or self._running.ended):
            self._running = None
        refused = any(message.error is not None for message in self._waiting)
        if self._running is None and self._to_run and not refused:
            self._running = self._to_run.popleft()
            self._run_one(self._running)

    def _run_one(self, message: _Message) -> None:
        """Have a message decided, which takes as long as its bytes or its rows say."""
        call = message.call
        rows = self._handler.rows(call.request) if self._handler.rows is not None else 0
        self._submit(self._work, message, max(units(rows), _cost(call.data)))

    def _submit(self, job: Callable[[_Message], None], message: _Message, cost: float) -> None:
        self._needs.pool.submit(self._agency_id, functools.partial(job, message), cost)

    def _enter(self, message: _Message) -> None:
        """Have a message gated and checked; in a thread of the pool."""
        message.call.span.passed(WAIT)
        try:
            self._front.enter(message.call)
            message.call.span.passed(GATE)
            message.entered = True
            self._heard.put(message)
        except Exception as error:  # noqa: BLE001 - as below
            self._end(message, error)

    def _work(self, message: _Message) -> None:
        """Have a message decided and recorded; in a thread of the pool."""
        call = message.call
        try:
            if call.tries:
                self._front.enter(call)
            with logs.Concerning(call.span.trace_id, call.access_id):
                self._needs.reader.run_message(self._handler, call)
            call.weight = self._handler.weight(call.request)
            call.span.begins()
            self._needs.writer.put(call)
            message.ran = True
            self._heard.put(message)
        except Exception as error:  # noqa: BLE001 - no exception reaches grpc, nor another agency's job
            self._end(message, error)

    def _recorded(self, message: _Message, call: Call, result: receipt_pb2.Receipt | Exception) -> None:
        """Hear what became of a message's entry; in the writer's thread."""
        if isinstance(result, receipt_pb2.Receipt):
            message.answer = with_receipt(call.answer, result)
            self._end(message, None)
        elif isinstance(result, StaleRead) and call.tries < MAX_TRIES:
            call.tries += 1
            self._run_one(message)
        else:
            self._end(message, errors.Unavailable(retry_after_seconds=1.0) if isinstance(result, StaleRead) else result)

    def _end(self, message: _Message, error: Exception | None) -> None:
        message.error = None if error is None else replaced(error)
        refusal = message.error
        if refusal is not None and not isinstance(refusal, errors.ApiError):
            refusal = errors.Internal()
        # What is refused has its entry as the stream's end.
        describe(message.call, recorded=refusal is None, error=refusal)
        message.call.span.end(*told(refusal))
        message.call.done = None  # it holds the message: a cycle with all its rows would stay until the collector comes
        message.ended = True
        self._heard.put(message)

    def _answer(self) -> None:
        """Send the answers that are ready, in the order of their messages.

        Raises:
            Exception: why the first of those that wait isn't answered.
        """
        while self._waiting and self._waiting[0].ended:
            message = self._waiting.popleft()
            stands_for = self._opened.call
            stands_for.data, stands_for.call_hash = message.call.data, message.call.call_hash
            stands_for.looked_at, stands_for.before = message.call.looked_at, message.call.before
            if message.error is not None:
                raise message.error
            self._opened.send(message.answer)


def _cost(data: bytes) -> float:
    """The units that a message of these bytes takes of the pool, and the calls as which it counts."""
    return units(len(data) // BYTES_OF_ROW)
