"""The front door: one path for every call, whatever method it names and whatever its bytes are.

Arrive, identify, limit, receive, parse, admit, check, run, record, answer. What goes wrong on the way is a refusal,
and a refusal is answered, traced and recorded as well. No exception gets past here: grpc would send its text.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import psycopg
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.contract import MethodRule
from nsor_server.access.limits import UNKNOWN, Hold, Limits
from nsor_server.rpc import entries, receiving, status
from nsor_server.rpc.admission import Admission, Admitted
from nsor_server.rpc.arrival import RECEIPT, STATUS_DETAILS, Arrival, arrive
from nsor_server.rpc.metrics import Metrics
from nsor_server.rpc.receiving import CallerGone, Receiver
from nsor_server.rpc.refusals import Refusal, Refusals
from nsor_server.rpc.replies import reply
from nsor_server.rpc.runner import RETRY_AFTER_SECONDS, Answer, Answered, Refused
from nsor_server.tracing import spans
from nsor_server.tracing.spans import Tracing

_log = logging.getLogger(__name__)


class Checks(Protocol):
    """What normalises and checks a request."""

    def check(self, message: Message) -> list[errors.Violation]:
        """The rules that the message breaks."""
        ...


Work = Callable[[Arrival], Answer]
"""What is done with a call whose request is there; raises ApiError to refuse."""
Begin = Callable[[Arrival, Answered], None]
"""The same for a call that is answered when others are; it either raises or the answer is heard later."""


class OverLimit(Exception):
    """The caller has too much in work: counted, not itemised, and its request isn't waited for."""

    def __init__(self, error: errors.Exhausted) -> None:
        super().__init__()
        self.error = error


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """What every call passes.

    Attributes:
        later: threads for refusals that can't be recorded where they are heard of.
    """

    admission: Admission
    limits: Limits
    receiver: Receiver
    checker: Checks
    refusals: Refusals
    tracing: Tracing
    metrics: Metrics
    later: Executor

    def unary(self, method: str, work: Work, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        """Answer a call with one message."""
        arrival = arrive(method, context, self.tracing)
        with contextlib.ExitStack() as held:
            try:
                self.enter(arrival, requests, context, held, stream=False)
                answer = work(arrival)
                self.sign_off(arrival)
                context.set_trailing_metadata(((RECEIPT, answer.receipt.SerializeToString()),))
            except Exception as error:  # noqa: BLE001 - the one catch-all: grpc sends an exception's text to the caller
                self.refuse(arrival, error, context)
                return b""
            return answer.message

    def grouped(self, method: str, begin: Begin, requests: Iterator[bytes], context: grpc.ServicerContext) -> None:
        """Take a call that is answered together with others; its thread goes on to the next one."""
        arrival = arrive(method, context, self.tracing)
        held = contextlib.ExitStack()
        try:
            self.enter(arrival, requests, context, held, stream=False)
            begin(arrival, lambda answer: self._answered(arrival, answer, context, held))
        except Exception as error:  # noqa: BLE001 - as in unary
            self._refused(arrival, error, context, held)

    def enter(
        self,
        arrival: Arrival,
        requests: Iterator[bytes],
        context: grpc.ServicerContext,
        held: contextlib.ExitStack,
        *,
        stream: bool,
    ) -> None:
        """Identify the caller, take its place within the limits, and receive the request.

        Raises:
            Unauthenticated: after the request was received, since the record of a refusal covers it.
            OverLimit: before.
            CallerGone: no request came.
        """
        refusal: errors.Unauthenticated | None = None
        try:
            name = self.admission.identify(arrival).agency.agency_id
        except errors.Unauthenticated as error:
            name, refusal = UNKNOWN, error
        held.enter_context(self._limited(name, stream=stream))
        seconds = receiving.KNOWN_SECONDS if refusal is None else receiving.UNKNOWN_SECONDS
        arrival.received(self.receiver.receive(requests, context, seconds))
        if refusal is not None:
            raise refusal
        self.receiver.check_size(arrival.request)

    def admitted(self, arrival: Arrival, rule: MethodRule) -> Admitted:
        """Parse the request, gate the call, check the request.

        Raises:
            ApiError: whatever is wrong.
        """
        self.refusals.require_ledger()
        request = parsed(rule.request_class, arrival.request)
        call = self.admission.admit(arrival, rule, request)
        violations = self.checker.check(request)
        if violations:
            raise errors.InvalidFields(violations=tuple(violations))
        arrival.request_id = str(getattr(request, "request_id", ""))
        return Admitted(arrival, rule, request, call)

    def sign_off(self, arrival: Arrival, *, recorded: bool = True) -> None:
        """End the span of a call that is answered, and count it; its access id is shown if it has an entry."""
        self._describe(arrival, leaf_pb2.OUTCOME_ALLOWED, recorded=recorded)
        arrival.span.end()
        self.metrics.called(arrival.method, "OK")

    def refuse(self, arrival: Arrival, error: Exception, context: grpc.ServicerContext) -> None:
        """Record a refusal, put it into the call's status, end its span, and count it."""
        refusal = self._refusal(arrival, error)
        code = status.CODES[refusal.error.code]
        self._describe(arrival, entries.outcome_of(refusal.error))
        arrival.span.end(code.name, status.reason_name(refusal.error))
        self.metrics.called(arrival.method, code.name)
        metadata = [(STATUS_DETAILS, refusal.status)]
        if refusal.receipt is not None:
            metadata.append((RECEIPT, refusal.receipt.SerializeToString()))
        context.set_code(code)
        # grpc_status refuses a status whose message isn't the call's own.
        context.set_details(status_pb2.Status.FromString(refusal.status).message)
        context.set_trailing_metadata(tuple(metadata))

    def _answered(
        self, arrival: Arrival, answer: Answer | Exception, context: grpc.ServicerContext, held: contextlib.ExitStack
    ) -> None:
        """Answer in the ledger's thread, which a refusal that isn't recorded yet would wait for: another refuses it."""
        if isinstance(answer, Answer):
            with held:
                self.sign_off(arrival)
                context.set_trailing_metadata(((RECEIPT, answer.receipt.SerializeToString()),))
                reply(context, answer.message)
        elif isinstance(answer, Refused):
            self._refused(arrival, answer, context, held)
        else:
            self.later.submit(self._refused, arrival, answer, context, held)

    def _refused(
        self, arrival: Arrival, error: Exception, context: grpc.ServicerContext, held: contextlib.ExitStack
    ) -> None:
        with held:
            self.refuse(arrival, error, context)
            reply(context, b"")

    def _limited(self, name: str, *, stream: bool) -> Hold:
        try:
            return self.limits.stream(name) if stream else self.limits.call(name)
        except errors.Exhausted as error:
            raise OverLimit(error) from None

    def _refusal(self, arrival: Arrival, error: Exception) -> Refusal:
        if isinstance(error, Refused):
            return Refusal(error.error, error.status, error.receipt)
        if isinstance(error, OverLimit):
            return self.refusals.count(arrival, error.error)
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            # The gate asks the directory again before it refuses, and finds no database.
            error = errors.Unavailable(retry_after_seconds=RETRY_AFTER_SECONDS)
        if isinstance(error, errors.ApiError):
            return self.refusals.itemise(arrival, error)
        if isinstance(error, CallerGone):
            return self.refusals.itemise(arrival, errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST))
        log_failure(arrival, error)
        return self.refusals.itemise(arrival, errors.Internal())

    def _describe(self, arrival: Arrival, outcome: leaf_pb2.Outcome.ValueType, *, recorded: bool = True) -> None:
        span = arrival.span
        span.set(spans.AGENCY, arrival.agency)
        span.set(spans.PURPOSE, options_pb2.Purpose.Name(arrival.purpose).removeprefix("PURPOSE_"))
        span.set(spans.OUTCOME, entries.outcome_name(outcome))
        if recorded:
            span.set(spans.ACCESS_ID, str(arrival.access_id))


def parsed(request_class: type[Message], data: bytes) -> Any:
    """The request of a method.

    Raises:
        InvalidFields: it isn't one.
    """
    try:
        return request_class.FromString(data)
    except DecodeError:
        raise errors.InvalidFields(errors_pb2.ERROR_REASON_MALFORMED_REQUEST) from None


def log_failure(arrival: Arrival, error: Exception) -> None:
    """Log what failed by its type and place. An exception's text can hold values: a driver's does."""
    place = " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-8:])
    )
    _log.error("call %s of %s failed: %s at %s", arrival.access_id, arrival.method, type(error).__name__, place)
