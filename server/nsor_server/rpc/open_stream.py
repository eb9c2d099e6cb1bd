"""An open stream: what it is served with, its messages as calls of their own, and their receipts."""

from __future__ import annotations

import dataclasses
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from nsor.v1 import receipt_pb2
from nsor_server.access.limits import Limits
from nsor_server.calls import Call, Directory, new_access_id
from nsor_server.ledger.writer import Writer
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.answers import Answers
from nsor_server.rpc.reading import Reader
from nsor_server.rpc.shares import Shares
from nsor_server.rpc.transport import Channel
from nsor_server.tracing.spans import Tracing

GATE_SECONDS = 1.0
"""How often it is looked whether there is another directory, by which streams are gated again."""
GATE_AGAIN_SECONDS = 4.0
"""By the same one a stream is gated again after so long, for what ends by time. Within 5 s a revocation ends it."""
MESSAGE_SECONDS = 10.0
"""Longest work on one message."""
RECEIPT_TAG = b"\x7a"
"""Field 15, length-delimited: the receipt goes behind the bytes that its answer hash covers."""


class Waiting(Protocol):
    """One that waits; what wakes it before it waits ends its wait at once."""

    def wake(self) -> None:
        """End its wait, or the next one."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait until it is woken; False: the time is up."""
        ...


class Waits(Protocol):
    """How a stream waits for what comes next."""

    def waiting(self, key: str) -> AbstractContextManager[Waiting]:
        """One that is woken by what has a key."""
        ...


class Front(Protocol):
    """What a stream passes before its first message, and when it is refused."""

    def enter(self, call: Call) -> None:
        """Parse, gate, check; raises ApiError."""
        ...

    def refuse(self, call: Call, error: Exception) -> None:
        """Record a refusal and end the call with it."""
        ...


@dataclass(frozen=True, slots=True)
class Needs:
    """What streams are served with.

    Attributes:
        limits: what an agency may do in a second, messages that it sends included.
        pool: threads for the messages that callers send, shared fairly among agencies.
        max_bytes: largest message of a caller.
    """

    reader: Reader
    admission: Admission
    writer: Writer[Call]
    answers: Answers
    tracing: Tracing
    waits: Waits
    limits: Limits
    pool: Shares
    max_bytes: int


@dataclass(slots=True)
class OpenStream:
    """An open stream.

    Attributes:
        channel: its own, which the call holds no more when it is answered.
        sending_since: ``time.monotonic`` since when a message waits to be taken; 0 when none does.
        waiting: what its thread waits with while it is silent; None: of a stream both ways.
        cursor: where it is.
        gated_by: the directory by which it was last gated.
        gated_at: when, ``time.monotonic``.
    """

    call: Call
    channel: Channel
    sending_since: float = 0.0
    waiting: Waiting | None = None
    cursor: Any = None
    gated_by: Directory | None = None
    gated_at: float = 0.0

    def gated(self, directory: Directory | None, at: float) -> None:
        """Its caller may have it."""
        self.gated_by, self.gated_at = directory, at

    def send(self, message: bytes) -> None:
        """Send a message and wait until it is taken, or the caller is gone."""
        self.sending_since = time.monotonic()
        self.channel.send(message)
        self.sending_since = 0.0


def message_of(call: Call, tracing: Tracing) -> Call:
    """A message of a stream, as a call of its own: it has an entry, a span and a deadline, and no channel."""
    return dataclasses.replace(
        call,
        span=tracing.message(call.span, call.method),
        access_id=new_access_id(),
        deadline=time.monotonic() + MESSAGE_SECONDS,
        channel=None,
        hold=None,
    )


def with_receipt(answer: bytes, receipt: receipt_pb2.Receipt) -> bytes:
    """A message with its receipt as the last field."""
    encoded = receipt.SerializeToString()
    return answer + RECEIPT_TAG + varint(len(encoded)) + encoded


def varint(number: int) -> bytes:
    """A protobuf varint."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
