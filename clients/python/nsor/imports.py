"""An import of conviction orders: messages of rows, each answer checked, none lost when the line breaks.

What wasn't answered is sent again on another stream under the same import id: the register gives a row that it has
stored its finding again, so that nothing is entered twice.
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
from nsor.connection import Connection, new_traceparent, read_message
from nsor.errors import NsorError, ReceiptWrong, Refused, Unreachable
from nsor.v1 import registration_pb2

METHOD: Final = "nsor.v1.RegistrationService/ImportRegistrations"
BLOCK: Final = 25
"""Row numbers of a block: the rows of a message are of one."""
MOST_BYTES: Final = 220_000
"""Of a message, so that it is no larger than the register takes."""
_WINDOW: Final = 8
"""Messages on their way: the register reads three ahead, and the line is never empty."""
_PASSING: Final = frozenset({"SHUTTING_DOWN", "LEDGER_UNAVAILABLE", "RATE_LIMITED", "CALLS_DROPPED", "DEADLINE"})
_LOST: Final = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "CANCELLED"})
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A finding of a row, with the proof of the message that it came in.

    Attributes:
        tag: what the row was handed in with.
        finding: what became of the row.
        access_id: of the message's entry in the ledger.
        index: of that entry.
        origin: of the ledger's checkpoint that came with it.
    """

    tag: Any
    finding: registration_pb2.ImportFinding
    access_id: str
    index: int
    origin: str


@dataclass(slots=True)
class _Message:
    """Rows that are sent together.

    Attributes:
        encoded: the message.
        tags: of its rows, in their order.
    """

    encoded: bytes
    tags: list[Any]


class Import:
    """One import.

    Args:
        connection: how to reach the register.
        import_id: the same whenever this file is sent.
        validate_only: a rehearsal: nothing is entered.
        give_up_seconds: how long to keep trying without an answer before giving up.
        on_reconnect: hears why, each time before connecting again.
        before_sending: called before a message is sent for the first time.
    """

    def __init__(
        self,
        connection: Connection,
        import_id: str,
        *,
        validate_only: bool = False,
        give_up_seconds: float = 300.0,
        on_reconnect: Callable[[NsorError | None], None] | None = None,
        before_sending: Callable[[], None] = lambda: None,
    ) -> None:
        self._before_sending = before_sending
        self._connection = connection
        self._import_id = import_id
        self._validate_only = validate_only
        self._give_up_seconds = give_up_seconds
        self._on_reconnect = on_reconnect
        self._method = contract.method(METHOD)
        self._failures = 0
        self._answered_at = 0.0

    def send(self, rows: Iterable[tuple[int, registration_pb2.CreateRegistrationRequest, Any]]) -> Iterator[Answered]:
        """Send rows, each with its number and a tag; gives their findings in order.

        Rows are taken as they are needed, so that a file of any length takes the same memory.

        Raises:
            Refused: the register takes no rows from this caller, or not as they are numbered.
            Unreachable: it was away for longer than ``give_up_seconds``.
            ProofFailed: a receipt is missing or wrong.
        """
        source, unanswered = self._messages(rows), deque[_Message]()
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

    def _messages(
        self, rows: Iterable[tuple[int, registration_pb2.CreateRegistrationRequest, Any]]
    ) -> Iterator[_Message]:
        """Rows that may go together: ascending numbers of one block."""
        message, size, last = self._empty(), 0, 0
        tags: list[Any] = []
        for number, order, tag in rows:
            bytes_of_row = order.ByteSize() + 16
            apart = (number - 1) // BLOCK != (last - 1) // BLOCK or number <= last or size + bytes_of_row > MOST_BYTES
            if tags and apart:
                yield _Message(message.SerializeToString(), tags)
                message, size, tags = self._empty(), 0, []
            message.rows.add(row=number, order=order)
            tags.append(tag)
            size, last = size + bytes_of_row, number
        if tags:
            yield _Message(message.SerializeToString(), tags)

    def _empty(self) -> registration_pb2.ImportRegistrationsRequest:
        return registration_pb2.ImportRegistrationsRequest(import_id=self._import_id, validate_only=self._validate_only)

    def _one_stream(self, source: Iterator[_Message], unanswered: deque[_Message]) -> Generator[Answered, None, bool]:
        """Send on one stream until all is answered (True), or the register has ended it (False)."""
        outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        for message in unanswered:
            outgoing.put(message.encoded)
        self._fill(source, unanswered, outgoing)
        if not unanswered:
            return True
        exchange, call = self._connection.open_exchange(self._method, iter(outgoing.get, None), new_traceparent())
        last = unanswered[0].encoded
        try:
            for answer in call:
                if not unanswered:
                    raise ReceiptWrong("message")
                message = unanswered[0]
                last = message.encoded
                yield from self._checked(answer, message, dataclasses.replace(exchange, request=last))
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
        self, source: Iterator[_Message], unanswered: deque[_Message], outgoing: queue.SimpleQueue[bytes | None]
    ) -> None:
        """Send messages until as many are on their way as may be."""
        while len(unanswered) < _WINDOW and (new := next(source, None)) is not None:
            self._before_sending()
            unanswered.append(new)
            outgoing.put(new.encoded)

    def _checked(self, answer: bytes, message: _Message, exchange: receipts.Exchange) -> Iterator[Answered]:
        body, receipt = receipts.split(answer)
        proof = self._connection.proved(receipt, exchange, body, refused=False)
        self._connection.journal.keep(proof)
        self._failures, self._answered_at = 0, time.monotonic()
        found = read_message(registration_pb2.ImportRegistrationsResponse, body).findings
        if len(found) != len(message.tags):
            raise ReceiptWrong("findings")
        for tag, finding in zip(message.tags, found, strict=True):
            yield Answered(tag, finding, proof.access_id, proof.index, proof.checkpoint.origin)

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
