"""Calls that decide many things by one signature: each is decided and recorded by itself, one after the other.

First comes an entry that the signed call was taken, then one for each part, last that of the answer, whose leaf stands
behind all of them. No commit is longer than that of a single call, and other agencies' calls come in between. From the
first entry on the officer's key must be enrolled, and the minutes of his signature don't count: the parts go on, also
when the caller is gone. After a crash, or a broken line, the same request goes on where it ended: each part has a
request id of its own, which follows from the call's, so that what was done is answered again and not done twice.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from google.rpc import code_pb2

from nsor.v1 import receipt_pb2
from nsor_server import errors
from nsor_server.access.limits import Limits
from nsor_server.calls import Call, new_access_id
from nsor_server.ledger.entry import StaleRead
from nsor_server.ledger.writer import Writer
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.answers import describe
from nsor_server.rpc.handlers import Parted
from nsor_server.rpc.naming import named, request_id
from nsor_server.rpc.reading import Reader, replaced
from nsor_server.rpc.refusals import Refusals
from nsor_server.rpc.shares import Shares
from nsor_server.rpc.status import told
from nsor_server.tracing.attributes import GATE
from nsor_server.tracing.spans import Tracing

PART_SECONDS = 10.0
"""Longest work on one part, and on the answer."""
MAX_TRIES = 16
"""How often a part is run again that has read what has changed before it was recorded."""
_UNSURE = frozenset({code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED})
"""Codes of what may be done or not: the call ends, and the same request goes on."""

Recorded = Callable[[Call, "receipt_pb2.Receipt | Exception"], None]


@dataclass(slots=True)
class _Work:
    """A call, its parts, and what became of those that are recorded.

    Attributes:
        call: as it was admitted.
        handler: of its method.
        requests: of its parts.
        ended: answers and refusals so far, in the order of the parts.
        tries: how often the next part was run.
    """

    call: Call
    handler: Parted[Any, Any]
    requests: Sequence[Message]
    ended: list[Message | errors.ApiError] = field(default_factory=list)
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """Takes calls through their parts. Threads share it.

    Attributes:
        record: has the call recorded and answered, once its parts have ended.
        recorded: hears, instead, of why the call can't go on.
    """

    admission: Admission
    reader: Reader
    refusals: Refusals
    limits: Limits
    writer: Writer[Call]
    pool: Shares
    tracing: Tracing
    record: Callable[[Call], None]
    recorded: Recorded

    def begin(self, call: Call) -> None:
        """Go on with a call whose handler has taken it: ``call.outcome`` is what the first entry says."""
        handler: Parted[Any, Any] = call.route.handler
        call.opened_by = call.officer
        work = _Work(call, handler, handler.parts(call.request))
        taken = self._entry(call, call.route)
        taken.outcome, taken.answer = call.outcome, call.answer
        self._put(work, taken, self._taken)

    def _taken(self, work: _Work, _taken: Call) -> None:
        self._next(work)

    def _next(self, work: _Work) -> None:
        """Have the next part run by a thread of the pool, or the answer given."""
        step = self._run if len(work.ended) < len(work.requests) else self._finish
        self.pool.submit(work.call.agency.agency_id, functools.partial(step, work))

    def _run(self, work: _Work) -> None:
        call, part = work.call, self._entry(work.call, work.call.route.part)
        part.request, part.tries = type(work.requests[0])(), work.tries
        part.request.CopyFrom(work.requests[len(work.ended)])
        part.request_id, part.named = request_id(part.request), named(part.request)
        self.limits.charge(call.agency.agency_id, 1.0)
        try:
            self.admission.admit(part)
            part.span.passed(GATE)
            self._decide(part)
        except Exception as error:  # noqa: BLE001 - no exception reaches the pool
            self.recorded(call, error)
        else:
            self._put(work, part, self._ended)

    def _decide(self, part: Call) -> None:
        """Run the part's handler; what it refuses is what became of the part, but for what nobody knows.

        Raises:
            errors.ApiError: UNAVAILABLE or DEADLINE_EXCEEDED.
        """
        try:
            part.route.run(part, self.reader)
        except Exception as error:  # noqa: BLE001 - as above
            refusal = replaced(error)
            if not isinstance(refusal, errors.ApiError):
                refusal = errors.Internal()  # one bad row fails no other part
            if refusal.code in _UNSURE:
                raise refusal from None
            self.refusals.word(part, refusal)

    def _ended(self, work: _Work, part: Call) -> None:
        work.tries = 0
        if part.error is not None:
            work.ended.append(part.error)
        else:
            work.ended.append(part.route.rule.response_class.FromString(part.answer))
        self._next(work)

    def _finish(self, work: _Work) -> None:
        call = work.call
        try:
            call.outcome = work.handler.joined(call, call.request, work.ended)
            call.answer = call.outcome.response.SerializeToString()
        except Exception as error:  # noqa: BLE001 - as above
            self.recorded(call, error)
            return
        call.deadline = time.monotonic() + PART_SECONDS
        self.record(call)

    def _entry(self, call: Call, route: Any) -> Call:
        """A call of the same caller, with an entry of its own and the hash of the call that was signed."""
        return dataclasses.replace(
            call,
            method=route.name,
            route=route,
            span=self.tracing.message(call.span, route.name),
            access_id=new_access_id(),
            deadline=time.monotonic() + PART_SECONDS,
            outcome=None,
            answer=b"",
            channel=None,
            hold=None,
        )

    def _put(self, work: _Work, entry: Call, ended: Callable[[_Work, Call], None]) -> None:
        """Have an entry recorded; ``ended`` hears of it when it is durable."""

        def done(recorded: Call, result: receipt_pb2.Receipt | Exception) -> None:
            # In the writer's thread, which waits for nobody.
            recorded.done = None
            if isinstance(result, receipt_pb2.Receipt):
                describe(recorded, recorded=True)
                recorded.span.end(*told(recorded.error))
                ended(work, recorded)
            elif isinstance(result, StaleRead) and recorded.route is work.call.route.part and work.tries < MAX_TRIES:
                recorded.span.end("ABORTED")
                work.tries += 1
                self._next(work)
            else:
                recorded.span.end("UNAVAILABLE")
                self.recorded(work.call, result)

        entry.done = done
        entry.span.begins()
        try:
            self.writer.put(entry)
        except Exception as error:  # noqa: BLE001 - the writer takes none, or is away
            self.recorded(work.call, error)
