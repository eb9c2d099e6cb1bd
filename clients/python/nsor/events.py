# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""Follows an agency's events: each message's receipt checked, in order, none lost, reconnecting from the last one.

Delivery is at least once; here it becomes once, by the sequence. Acknowledging is the caller's: an event counts as
received when the caller has stored it.
"""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import grpc

from nsor import contract, receipts
from nsor.advice import Words
from nsor.connection import Connection, RawStream, read_message
from nsor.errors import NsorError, ProofFailed, ReceiptWrong, Refused, Unreachable
from nsor.v1 import notification_pb2

METHOD = "nsor.v1.NotificationService/SubscribeEvents"
_PASSING = frozenset({"SHUTTING_DOWN", "LEDGER_UNAVAILABLE", "RATE_LIMITED", "CALLS_DROPPED", "DEADLINE"})
_LOST = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "CANCELLED"})
_FIRST_WAIT = 0.2
_MAX_WAIT = 30.0


@dataclass(slots=True)
class _Quiet:
    """Ends a stream when nothing has come for a while."""

    call: RawStream
    seconds: float | None
    ended: bool = False
    timer: threading.Timer | None = None

    def restart(self) -> None:
        self.stop()
        if self.seconds is not None:
            self.timer = threading.Timer(self.seconds, self._end)
            self.timer.daemon = True
            self.timer.start()

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def _end(self) -> None:
        self.ended = True
        self.call.cancel()


class EventStream:
    """An iterator over the events of the caller's agency, or of one of its consumers.

    Attributes:
        sequence: the last sequence that was given out.
        replayed: whether everything was given out that had a number when the stream was opened.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        after_sequence: int = 0,
        consumer: str = "",
        until_replayed: bool = False,
        quiet_seconds: float | None = None,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
    ) -> None:
        """Prepare to follow.

        Args:
            connection: how to reach the register.
            after_sequence: give the events after this one; 0: after the last acknowledged one.
            consumer: of this consumer, whose system acts; empty: of the agency, by its own numbers.
            until_replayed: end when everything was given out that there was.
            quiet_seconds: end when nothing has come for so long; None follows for good.
            give_up_seconds: how long to keep trying without any message before giving up.
            on_reconnect: gets the reason, each time before connecting again.
        """
        self.sequence = after_sequence
        self.replayed = False
        self._consumer = consumer
        self._event_id = ""
        self._until_replayed = until_replayed
        self._connection = connection
        self._quiet_seconds = quiet_seconds
        self._give_up_seconds = give_up_seconds
        self._on_reconnect = on_reconnect
        self._method = contract.method(METHOD)
        self._failures = 0
        self._failing_since = 0.0
        self._last_event = time.monotonic()

    def __iter__(self) -> Iterator[notification_pb2.Event]:
        """Give the events.

        Raises:
            Refused: the agency may not, or may no longer, receive events.
            Unreachable: the register was away for longer than ``give_up_seconds``.
            ProofFailed: a receipt is missing or wrong, or events are missing.
        """
        while True:
            reason: NsorError | None = None
            try:
                if (yield from self._one_stream()) or self._is_quiet():
                    return
            except (Refused, Unreachable) as error:
                if not passing(error):
                    raise
                reason = error
            self._wait(reason)

    def _one_stream(self) -> Generator[notification_pb2.Event, None, bool]:
        self.replayed = False
        request = notification_pb2.SubscribeEventsRequest(
            after_sequence=self.sequence, consumer=self._consumer, after_event_id=self._event_id
        ).SerializeToString()
        with self._connection.spans.begin(self._method.name) as span:
            exchange, call = self._connection.open_stream(self._method, request, span.traceparent)
            quiet = _Quiet(call, self._quiet_seconds)
            last_index = -1
            try:
                quiet.restart()
                for message in call:
                    if not message:
                        continue  # it only says that the connection is alive
                    quiet.stop()
                    body, proof = self._checked(message, exchange, last_index)
                    last_index, exchange = proof.index, dataclasses.replace(exchange, known=proof.checkpoint)
                    self._failures = 0
                    answer = read_message(notification_pb2.SubscribeEventsResponse, body)
                    yield from self._fresh(answer)
                    self.replayed |= answer.replay_ends
                    if self.replayed and self._until_replayed:
                        span.left()
                        return True
                    quiet.restart()
            except grpc.RpcError as failed:
                if quiet.ended:
                    span.left()
                    return True
                raise self._connection.failed(failed, exchange, self._method) from None
            finally:
                quiet.stop()
                call.cancel()
            return quiet.ended

    def _checked(self, message: bytes, exchange: receipts.Exchange, last_index: int) -> tuple[bytes, receipts.Proof]:
        body, receipt = receipts.split(message)
        proof = self._connection.proved(receipt, exchange, body, refused=False)
        # All messages of a stream share one call hash: only a growing index tells a repeated one from a new one.
        if proof.index <= last_index:
            raise ReceiptWrong("index")
        self._connection.journal.keep(proof)
        return body, proof

    def _fresh(self, answer: notification_pb2.SubscribeEventsResponse) -> Iterator[notification_pb2.Event]:
        for event in answer.events:
            if event.sequence <= self.sequence:
                continue
            if self.sequence and event.sequence != self.sequence + 1:
                raise ProofFailed(
                    "EVENTS_MISSING",
                    Words(
                        f"Events are missing between {self.sequence} and {event.sequence}.",
                        f"{self.sequence} اور {event.sequence} کے درمیان اطلاعات غائب ہیں۔",
                    ),
                )
            self.sequence, self._event_id = event.sequence, event.event_id
            yield event
            self._last_event = time.monotonic()

    def _is_quiet(self) -> bool:
        return self._quiet_seconds is not None and time.monotonic() - self._last_event > self._quiet_seconds

    def _wait(self, reason: NsorError | None) -> None:
        now = time.monotonic()
        if self._failures == 0:
            self._failing_since = now
        self._failures += 1
        if reason is not None and now - self._failing_since > self._give_up_seconds:
            raise reason
        if self._on_reconnect is not None:
            self._on_reconnect(reason)
        ceiling = min(_MAX_WAIT, _FIRST_WAIT * 2 ** min(self._failures, 10))
        time.sleep(ceiling * random.SystemRandom().uniform(0.5, 1.0))


def passing(error: NsorError) -> bool:
    """Whether it passes by itself: the register is away for a while, or takes no more just now."""
    return error.code in _LOST if isinstance(error, Unreachable) else error.reason in _PASSING
