"""What a call is, and what a handler makes of it: the types that the front door and the services share."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import psycopg
from google.protobuf.message import Message

from nsor.v1 import options_pb2
from nsor_server.access.facts import Agency, Officer
from nsor_server.ledger.entry import RecordRef
from nsor_server.storage.v1 import record_pb2

Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(slots=True)
class Call:
    """One call that has passed the gate.

    Attributes:
        access_id: id of the access: in the leaf, the span and the receipt.
        method: full name, ``nsor.v1.LookupService/LookUpRegistration``.
        agency: the caller, by its certificate.
        purpose: the purpose that the contract allows this call.
        officer: who acts; ``None`` only for methods that need no officer.
        nonce: the client's 32 random bytes.
        request_hash: SHA-256 of the request bytes, for idempotency.
        call_hash: SHA-256(nonce || request bytes), for the leaf and for decisions.
        certificate: SHA-256 of the client certificate's DER.
        trace_id: W3C trace id, 16 bytes.
        directory_version: the version of the directory that the gate saw.
    """

    access_id: uuid.UUID
    method: str
    agency: Agency
    purpose: options_pb2.Purpose.ValueType
    officer: Officer | None
    nonce: bytes
    request_hash: bytes
    call_hash: bytes
    certificate: bytes
    trace_id: bytes
    directory_version: int

    @property
    def officer_key(self) -> bytes:
        """Key id of the acting officer, or empty."""
        return self.officer.key_id if self.officer else b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler decided.

    Attributes:
        response: the answer, already reduced to the fields of the purpose.
        detail: outcome, case, subjects and fields shown; the front door adds officer, certificate and salt.
        records: every sealed row that the call wrote, the one that it is about first.
        directory_changed: the call changed officers: the append bumps the directory's version.
    """

    response: Message
    detail: record_pb2.AccessDetail = field(default_factory=record_pb2.AccessDetail)
    records: tuple[RecordRef, ...] = ()
    directory_changed: bool = False


Handler = Callable[[Call, Message, Connection], Outcome]
"""Runs inside an open transaction of the server role; raises ApiError to refuse, and all is rolled back."""


@dataclass(frozen=True, slots=True)
class StreamStep:
    """One message of a stream.

    Attributes:
        outcome: the message, without its receipt, and its detail.
        cursor: where the stream goes on.
    """

    outcome: Outcome
    cursor: int


class StreamHandler(Protocol):
    """What a server-streaming RPC reads. The front door waits between reads, gates again, records and sends.

    Both run inside an open transaction of the server role and may raise ApiError, which ends the stream.
    """

    def start(self, call: Call, request: Message, conn: Connection) -> int:
        """The cursor at which the stream begins."""
        ...

    def after(self, call: Call, cursor: int, conn: Connection) -> StreamStep | None:
        """The next message after a cursor; None if there is nothing yet."""
        ...
