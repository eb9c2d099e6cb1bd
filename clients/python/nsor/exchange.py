"""Streams both ways: messages that are sent one by one, each answer checked, none lost when the line breaks.

What wasn't answered is sent again on another stream. It is for whoever numbers what he sends to make that harmless.
"""

from __future__ import annotations

import dataclasses
import queue
import random
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import grpc

from nsor import contract, receipts
from nsor.connection import Connection
from nsor.errors import NsorError, ReceiptWrong, Refused, Unreachable

MOST_BYTES: Final = 220_000
"""Of a message, so that it is no larger than the register takes."""
_WINDOW: Final = 8
"""Messages on their way: the register reads some ahead, and the line is never empty."""
_PASSING: Final = frozenset({"SHUTTING_DOWN", "LEDGER_UNAVAILABLE", "RATE_LIMITED", "CALLS_DROPPED", "DEADLINE"})
_LOST: Final = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "CANCELLED"})
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is to be sent.

    Attributes:
        encoded: it.
        tag: what its answer is given back with.
    """

    encoded: bytes
    tag: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a message, whose receipt was checked and kept.

    Attributes:
        tag: of the message.
        body: the answer's bytes, without the receipt.
        proof: the receipt.
    """

    tag: Any
    body: bytes
    proof: receipts.Proof


class Exchange:
    """Sends messages of one method.

    Args:
        connection: how to reach the register.
        method: its name.
        give_up_seconds: how long to keep trying without an answer before giving up.
        on_reconnect: hears why, each time before connecting again.
        before_sending: called before a message is sent for the first time.
    """

    def __init__(
        self,
        connection: Connection,
        method: str,
        *,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
        before_sending: Callable[[], None] = lambda: None,
    ) -> None:
        self._before_sending = before_sending
        self._connection = connection
        self._give_up_seconds = give_up_seconds
        self._on_reconnect = on_reconnect
        self._method = contract.method(method)
        self._failures = 0
        self._answered_at = 0.0

    def send(self, messages: Iterable[Message]) -> Iterator[Reply]:
        """Send messages; gives their answers in order.

        They are taken as they are needed, so that whatever their number they take the same memory.

        Raises:
            Refused: the register takes none from this caller, or not this one.
            Unreachable: it was away for longer than ``give_up_seconds``.
            ProofFailed: a receipt is missing or wrong.
        """
        source, unanswered = iter(messages), deque[Message]()
        self._answered_at = time.monotonic()
        while True:
            reason: NsorError | None = None
            try:
                if (yield from self._one_stream(source, unanswered)):
                    return
            except (Refused, Unreachable) as error:
                if not _passing(error):
                    raise
                reason = error
            self._wait(reason)

    def _one_stream(self, source: Iterator[Message], unanswered: deque[Message]) -> Generator[Reply, None, bool]:
        """Send on one stream until all is answered (True), or the register has ended it (False)."""
        outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        for message in unanswered:
            outgoing.put(message.encoded)
        self._fill(source, unanswered, outgoing)
        if not unanswered:
            return True
        with self._connection.spans.begin(self._method.name) as span:
            exchange, call = self._connection.open_exchange(self._method, iter(outgoing.get, None), span.traceparent)
            last = unanswered[0].encoded
            try:
                for answer in call:
                    if not unanswered:
                        raise ReceiptWrong("message")
                    message = unanswered[0]
                    last = message.encoded
                    reply = self._checked(answer, message, dataclasses.replace(exchange, request=last))
                    exchange = dataclasses.replace(exchange, known=reply.proof.checkpoint)
                    yield reply
                    unanswered.popleft()
                    self._fill(source, unanswered, outgoing)
                    if not unanswered:
                        outgoing.put(None)
            except grpc.RpcError as failed:
                requests = [*(one.encoded for one in unanswered), last]
                raise self._failed(failed, exchange, requests) from None
            finally:
                outgoing.put(None)
                call.cancel()
        return not unanswered

    def _fill(
        self, source: Iterator[Message], unanswered: deque[Message], outgoing: queue.SimpleQueue[bytes | None]
    ) -> None:
        """Send messages until as many are on their way as may be."""
        while len(unanswered) < _WINDOW and (new := next(source, None)) is not None:
            self._before_sending()
            unanswered.append(new)
            outgoing.put(new.encoded)

    def _checked(self, answer: bytes, message: Message, exchange: receipts.Exchange) -> Reply:
        body, receipt = receipts.split(answer)
        proof = self._connection.proved(receipt, exchange, body, refused=False)
        self._connection.journal.keep(proof)
        self._failures, self._answered_at = 0, time.monotonic()
        return Reply(message.tag, body, proof)

    def _failed(self, failed: grpc.RpcError, exchange: receipts.Exchange, requests: list[bytes]) -> NsorError:
        """The error of a stream: its receipt is of the first message that isn't answered, or of the last that is."""
        for request in (requests[0], requests[-1]):
            try:
                return self._connection.failed(failed, dataclasses.replace(exchange, request=request), self._method)
            except ReceiptWrong as wrong:
                problem = wrong
        raise problem

    def _wait(self, reason: NsorError | None) -> None:
        if reason is not None and time.monotonic() - self._answered_at > self._give_up_seconds:
            raise reason
        self._failures += 1
        if self._on_reconnect is not None:
            self._on_reconnect(reason)
        ceiling = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self._failures, 10))
        time.sleep(ceiling * random.SystemRandom().uniform(0.5, 1.0))


def _passing(error: NsorError) -> bool:
    return error.code in _LOST if isinstance(error, Unreachable) else error.reason in _PASSING
