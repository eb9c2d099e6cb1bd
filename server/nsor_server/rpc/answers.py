"""Answers: what goes back to the caller, and what its span and the metrics say of it. Nothing here decides anything."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc
from google.rpc import status_pb2

from nsor.v1 import options_pb2, receipt_pb2
from nsor_server.calls import Call
from nsor_server.errors import ApiError
from nsor_server.formats.uuids import text
from nsor_server.rpc import entries, status
from nsor_server.rpc.arrival import RECEIPT, STATUS_DETAILS
from nsor_server.rpc.metrics import Metrics
from nsor_server.rpc.reception import Reception
from nsor_server.rpc.transport import Channel, Metadata

_PURPOSES = {number: name.removeprefix("PURPOSE_") for name, number in options_pb2.Purpose.items()}


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers calls, each once; threads share it."""

    metrics: Metrics
    reception: Reception

    def send(self, call: Call, receipt: receipt_pb2.Receipt | None) -> None:
        """Send what the call holds: its answer, or its error's status.

        Args:
            call: with ``answer``, and ``error`` if it is refused.
            receipt: the proof of the entry; None for what has no entry of its own.
        """
        trailing: Metadata = () if receipt is None else ((RECEIPT, receipt.SerializeToString()),)
        # grpc counts a call as open for as long as somebody holds it, so nobody may: not even a cycle of references.
        channel, call.channel, call.prepared = call.channel, None, None
        describe(call, recorded=receipt is not None)
        code, reason = status.told(call.error)
        call.span.end(code, reason)
        self._count(call, code)
        if call.error is None:
            channel.answer(call.answer, trailing)
        else:
            self.metrics.refused(reason, call.agency.agency_id)
            # grpc_status refuses a status whose message isn't the call's own.
            message = status_pb2.Status.FromString(call.answer).message
            channel.end(status.CODES[call.error.code], message, ((STATUS_DETAILS, call.answer), *trailing))
        self._release(call, channel)

    def end_unsent(self, call: Call) -> None:
        """End a call whose caller is gone, and for which nothing was done."""
        channel, call.channel = call.channel, None
        describe(call, recorded=False)
        call.span.end(grpc.StatusCode.CANCELLED.name)
        self._count(call, grpc.StatusCode.CANCELLED.name)
        channel.cancel()
        self._release(call, channel)

    def end_stream(self, call: Call) -> None:
        """End a stream whose messages were sent: they are the accesses, so the end has no entry."""
        channel, call.channel = call.channel, None
        describe(call, recorded=False)
        code = grpc.StatusCode.OK if channel.is_active() else grpc.StatusCode.CANCELLED
        call.span.end(code.name)
        self._count(call, code.name)
        channel.end(code, "", ())
        self._release(call, channel)

    def _count(self, call: Call, code: str) -> None:
        """Count a call by its code, with what it took; a stream takes as long as its caller wants."""
        is_stream = call.route is not None and call.route.is_stream
        seconds = None if is_stream else time.monotonic() - call.moment
        self.metrics.called(call.method, call.agency.kind, code, seconds, call.span.trace_id)

    def _release(self, call: Call, channel: Channel) -> None:
        """Count the call no more as one of its agency's, once its answer is sent: memory holds it until then."""
        if call.hold is not None:
            self.reception.deliver(channel, call.hold.release)


def describe(call: Call, *, recorded: bool, error: ApiError | None = None) -> None:
    """Put on the call's span what may stand there; the access id only if there is an entry of it.

    Args:
        call: with its own error, if it has one.
        recorded: whether it has an entry.
        error: why it isn't answered, where the call doesn't hold that.
    """
    call.span.describe(
        agency=call.agency.agency_id,
        purpose=_PURPOSES[call.purpose],
        outcome=entries.outcome_name(error or call.error),
        access_id=text(call.access_id) if recorded else "",
    )
