"""The way of every call, whatever method it names and whatever its bytes are.

Arrive, identify, limit, receive, parse, admit, check, run, record, answer. What goes wrong on the way is a refusal,
and a refusal is answered, traced and recorded as well. No exception gets past here: grpc would send its text.

Three kinds of thread take a call along, and none of them waits for the next: grpc's takes it and its message; one of
the pool's runs a unary handler, which reads (one of the streams' pool serves a stream); the ledger's writer decides the
grouped calls, records every call and answers it. ``rpc/batches.py`` is what the writer does with a batch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from nsor.v1 import errors_pb2, receipt_pb2
from nsor_server import errors, logs
from nsor_server.access.limits import UNKNOWN, Hold, Limits
from nsor_server.calls import Call
from nsor_server.ledger.entry import LedgerUnavailable, StaleRead
from nsor_server.ledger.writer import Writer
from nsor_server.policy.loaded import policy_of
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.answers import Answers
from nsor_server.rpc.arrival import arrive
from nsor_server.rpc.checks import Checks
from nsor_server.rpc.handlers import Exchanged
from nsor_server.rpc.methods import Method
from nsor_server.rpc.naming import case, named, request_id, rows_read
from nsor_server.rpc.parts import Parts
from nsor_server.rpc.peers import Peers
from nsor_server.rpc.reading import Reader, repeatable
from nsor_server.rpc.reception import Reception
from nsor_server.rpc.refusals import Refusals
from nsor_server.rpc.shares import ROWS_PER_UNIT, Shares, units
from nsor_server.rpc.streams import Streams
from nsor_server.rpc.transport import Channel
from nsor_server.tracing.attributes import GATE, WAIT
from nsor_server.tracing.spans import Tracing

MAX_TRIES = 16
"""How often a call is run again that has read what has changed before it was recorded; then it is UNAVAILABLE.

Of calls that change one record at once each batch takes one, so that as many more of them can come through.
"""

CHECK_SECONDS = 5.0
"""Longest that another process may take to check a message; one of an import takes some 10 ms."""
_MOST_GROUPED_BYTES = 2048
"""Largest request that the writer's thread parses and checks: one that is right is far shorter. Of the largest message
each takes it 1 to 4 ms, in which nobody's call is recorded; the pool takes them, in their agency's share."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What every call passes.

    Attributes:
        pool: threads for unary handlers, which read, shared fairly among agencies.
        checks: checks messages of imports in processes beside this one.
        peers: whose calls are dropped for a while.
        stream_pool: threads for streams, so that silent ones can't take those of other agencies' calls.
        max_bytes: largest request.
    """

    peers: Peers
    tracing: Tracing
    admission: Admission
    limits: Limits
    reception: Reception
    reader: Reader
    refusals: Refusals
    answers: Answers
    streams: Streams
    writer: Writer[Call]
    pool: Shares
    checks: Checks
    stream_pool: Executor
    max_bytes: int

    @property
    def parts(self) -> Parts:
        """What takes calls through their parts."""
        return Parts(
            self.admission,
            self.reader,
            self.refusals,
            self.limits,
            self.writer,
            self.pool,
            self.tracing,
            self.record,
            self.recorded,
        )

    def accept(self, method: Method, channel: Channel) -> None:
        """Take a call of the contract."""
        self.begin(method, channel, self.received)

    def begin(self, method: Method, channel: Channel, received: Callable[[Call, bytes | None], None]) -> None:
        """Arrive, identify, limit, receive: in grpc's thread, by what is in memory."""
        call = arrive(method, channel, self.tracing)
        call.done = self.recorded
        with contextlib.suppress(errors.Unauthenticated):  # it is refused when its message is there, on the record
            self.admission.identify(call)
        try:
            call.hold = self._held(method, call)
        except errors.Exhausted as error:
            self.refusals.count(call, error)
        else:
            self.reception.receive(call, received)

    def _held(self, method: Method, call: Call) -> Hold:
        """Count the call as one of its agency's; raises Exhausted."""
        dropped_for = self.peers.penalised(call.channel.standing)
        if dropped_for:
            raise errors.Exhausted(errors_pb2.ERROR_REASON_CALLS_DROPPED, retry_after_seconds=dropped_for)
        name = call.agency.agency_id if call.accepted else UNKNOWN
        return self.limits.stream(name) if method.is_stream else self.limits.call(name)

    def received(self, call: Call, data: bytes | None) -> None:
        """Hand the call to whoever runs it: grpc's thread goes on to the next."""
        channel = call.channel
        if (data is None and not channel.was_cancelled) or channel.caller_left():
            self.peers.gave_up(channel.standing, channel.admitted_seconds_left)
        if channel.caller_left():
            self.refusals.gone(call)
            return
        call.received(data or b"")
        call.span.begins()
        if data is None:
            call.error = errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST)
        elif len(data) > self.max_bytes:
            call.error = errors.Exhausted(errors_pb2.ERROR_REASON_MESSAGE_TOO_LARGE)
        if call.route.is_stream:
            self.stream_pool.submit(self.streams.serve, self, call)
        elif call.route.is_grouped and call.accepted and call.error is None and len(call.data) <= _MOST_GROUPED_BYTES:
            self.record(call)  # the writer takes the steps of `run`
        else:
            self.run_elsewhere(call)

    def run(self, call: Call) -> None:
        """Parse, admit, check, run: in a thread of the pool. Nothing is done for a caller who is gone."""
        if call.channel.caller_left():
            self.refusals.gone(call)
            return
        call.span.passed(WAIT)
        try:
            self.enter(call)
        except Exception as error:  # noqa: BLE001 - as below
            call.span.passed(GATE)
            self.refuse(call, error)
            return
        call.span.passed(GATE)
        rows = rows_read(call.request)
        if rows > 1:
            # A page costs what it reads, and waits until its agency may have so much.
            self.limits.charge(call.agency.agency_id, rows / ROWS_PER_UNIT)
            self.pool.submit(call.agency.agency_id, functools.partial(self._read_pages, call), units(rows))
        else:
            self._read(call)

    def _read_pages(self, call: Call) -> None:
        call.span.passed(WAIT)
        self._read(call)

    def _read(self, call: Call) -> None:
        try:
            with logs.Concerning(call.span.trace_id, call.access_id):
                self._decide(call)
        except Exception as error:  # noqa: BLE001 - the one catch-all: grpc sends an exception's text to the caller
            self.refuse(call, error)
        else:
            if call.route.part is not None and repeatable(call.request) is not None:
                self.parts.begin(call)
            else:
                self.record(call)

    def _decide(self, call: Call) -> None:
        """Run the handler; what it refuses by the directory isn't refused by an old one.

        Never so what it refuses by the register: who was found would be known by the time that it takes.
        """
        if call.route.by_directory:
            # One that runs again does so since the directory has moved on.
            newest = self.admission.directory.at_least_as_of(time.monotonic() if call.tries else call.moment)
            if newest is not call.directory:
                self.admission.admit(call)
        gated_by = call.directory
        try:
            call.route.run(call, self.reader)
        except errors.Denied:
            # The officer whom a request names may have been enrolled just now, as the one who calls.
            if self.admission.directory.at_least_as_of(call.moment) is gated_by:
                raise
            self.admission.admit(call)
            call.route.run(call, self.reader)

    def run_elsewhere(self, call: Call) -> None:
        """Have a call run by a thread of the pool."""
        self.pool.submit(share_of(call), functools.partial(self.run, call))

    def enter(self, call: Call, *, wait: bool = True) -> None:
        """Parse the request, gate the call, check the request.

        Args:
            call: received.
            wait: whether the database may be asked for a newer directory before the call is refused.

        Raises:
            ApiError: whatever is wrong.
        """
        if not call.accepted:
            self.admission.identify_newest(call)
        if call.error is not None:
            raise call.error
        if not self.writer.healthy:
            raise errors.Unavailable(retry_after_seconds=1.0)
        call.request = call.route.parse(call.data)
        if wait:
            self.admission.admit(call)
        else:
            current = self.admission.directory.current
            self.admission.admit_by(call, current, just_identified=call.directory is current)
        violations = call.route.refusing(call, self._wrong(call))
        if violations:
            raise errors.InvalidFields(violations=violations)
        call.request_id, call.named, call.case = request_id(call.request), named(call.request), case(call.request)

    def _wrong(self, call: Call) -> list[errors.Violation]:
        """What is wrong with a request, which is normalised: of an import, found by another process."""
        handler = call.route.handler
        if not isinstance(handler, Exchanged) or handler.checked_here(call.request):
            return policy_of(call).checker.check(call.request)
        seconds = min(CHECK_SECONDS, call.deadline - time.monotonic())
        call.request, wrong = self.checks.checked(policy_of(call), call.request, seconds)
        return wrong

    def record(self, call: Call) -> None:
        """Give the call to the ledger's writer: it decides grouped calls, records, and has the call answered."""
        call.span.begins()
        try:
            self.writer.put(call)
        except (LedgerUnavailable, errors.Unavailable):
            self.refusals.unrecorded(call)

    def refuse(self, call: Call, error: Exception) -> None:
        """Have a refusal recorded, or counted when its agency has had too many."""
        if self.refusals.itemise(call, error):
            self.reader.name_case(call)
            self.record(call)

    def recorded(self, call: Call, result: receipt_pb2.Receipt | Exception) -> None:
        """Answer a call whose entry is durable; see what becomes of one that has none. In the writer's thread."""
        if isinstance(result, receipt_pb2.Receipt):
            self.answers.send(call, result)
        elif isinstance(result, StaleRead) and call.tries < MAX_TRIES:
            call.tries += 1
            call.span.begins()
            self.run_elsewhere(call)
        elif call.error is not None and call.prepared is None:
            self.refusals.unrecorded(call)  # it was refused, and that couldn't be recorded either
        else:
            # A copy: the writer may still work on a call that it has given up, and its entry may yet be written.
            self.pool.submit(share_of(call), functools.partial(self.refuse, dataclasses.replace(call), result))


def share_of(call: Call) -> str:
    """Whose share of the pool a call is of: its agency's, or that of all who aren't accepted."""
    return call.agency.agency_id if call.accepted else UNKNOWN
