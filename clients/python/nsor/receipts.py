"""Checks the receipt of a call: that the register recorded this very call and this very answer, and signed for it.

The hashes are computed here, over the bytes that were sent and received; nothing is encoded again. Whether the ledger
that the receipt names stays whole is checked later, against the checkpoints that were kept (nsor.verification).
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from nsor.errors import ReceiptMissing, ReceiptWrong
from nsor.ledger import note
from nsor.ledger.v1 import leaf_pb2
from nsor.origins import Origins
from nsor.v1 import receipt_pb2

LEAF_FORMAT = 1
RECEIPT_FIELD = 15
"""Field of a stream's message that carries its receipt, written last."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What this side knows of a call.

    Attributes:
        method: full method name.
        agency: agency id of the own certificate, or empty when it names none.
        nonce: the 32 random bytes of the call.
        request: the request as it was sent.
        known: the newest checkpoint that was known when it was sent: no receipt of the call may be of less.
    """

    method: str
    agency: str
    nonce: bytes
    request: bytes
    known: note.Checkpoint | None = None

    @property
    def call_hash(self) -> bytes:
        """SHA-256(nonce || request bytes)."""
        return hashlib.sha256(self.nonce + self.request).digest()

    def answer_hash(self, answer: bytes) -> bytes:
        """SHA-256(nonce || answer bytes)."""
        return hashlib.sha256(self.nonce + answer).digest()


@dataclass(frozen=True, slots=True)
class Proof:
    """A receipt that was checked.

    Attributes:
        leaf: the leaf as it is stored and hashed.
        index: its index in the ledger.
        signed: the signed checkpoint that came with it.
        checkpoint: the same, read.
        access_id: id of the access, a UUID.
        trace_id: W3C trace id, 32 hexadecimal digits.
        time_us: when, by the register's clock, in microseconds since 1970.
    """

    leaf: bytes
    index: int
    signed: bytes
    checkpoint: note.Checkpoint
    access_id: str
    trace_id: str
    time_us: int


def check(receipt: bytes, exchange: Exchange, answer: bytes, origins: Origins, *, refused: bool) -> Proof:
    """Check the receipt of one answer or refusal.

    Args:
        receipt: an encoded nsor.v1.Receipt; empty when none came.
        exchange: the call.
        answer: the bytes that the answer hash covers.
        origins: the ledger's key, and the epochs that are proved.
        refused: whether ``answer`` is a refusal's google.rpc.Status.

    Raises:
        ReceiptMissing: there is none.
        UnknownOrigin: its checkpoint is of an epoch that isn't proved yet.
        ReceiptWrong: it isn't of this call, or its signature doesn't hold.
        LedgerRolledBack: its checkpoint is of fewer entries than the one that was known when the call was sent.
        LedgerForked: it contradicts that one.
    """
    if not receipt:
        raise ReceiptMissing
    parsed, leaf = _parse(receipt)
    _expect("format", leaf.format == LEAF_FORMAT and leaf.count == 1)
    _expect("access_id", len(leaf.access_id) == 16)
    _expect("call_hash", leaf.call_hash == exchange.call_hash)
    _expect("answer_hash", leaf.answer_hash == exchange.answer_hash(answer))
    _expect("method", leaf.method == exchange.method)
    # A refused certificate may name no agency that the register knows; an answered one always does.
    _expect("agency", leaf.agency == exchange.agency or (refused and not leaf.agency))
    _expect("outcome", refused or leaf.outcome == leaf_pb2.OUTCOME_ALLOWED)
    checkpoint = origins.open(parsed.checkpoint)
    _expect("index", parsed.index < checkpoint.size)
    if exchange.known is not None:
        origins.check_continues(checkpoint, exchange.known)
    return Proof(
        leaf=parsed.leaf,
        index=parsed.index,
        signed=parsed.checkpoint,
        checkpoint=checkpoint,
        access_id=str(uuid.UUID(bytes=leaf.access_id)),
        trace_id=leaf.trace_id.hex(),
        time_us=leaf.time_us,
    )


def split(message: bytes) -> tuple[bytes, bytes]:
    """Part a stream's message from its receipt, which the register writes last.

    Returns:
        The bytes that the answer hash covers, and the encoded receipt (empty when there is none).

    Raises:
        ReceiptWrong: the message is damaged, or something stands behind the receipt.
    """
    at = 0
    while at < len(message):
        start = at
        tag, at = _varint(message, at)
        wire = tag & 7
        if wire == 2:
            length, at = _varint(message, at)
            if tag >> 3 == RECEIPT_FIELD:
                _expect("place in the message", at + length == len(message))
                return message[:start], message[at:]
            at += length
        elif wire == 0:
            _, at = _varint(message, at)
        else:
            _expect("message", wire in {1, 5})
            at += 8 if wire == 1 else 4
    _expect("message", at == len(message))
    return message, b""


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        _expect("message", at < len(message))
        value |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return value, at
    raise ReceiptWrong("message")


def _parse(receipt: bytes) -> tuple[receipt_pb2.Receipt, leaf_pb2.Leaf]:
    try:
        parsed = receipt_pb2.Receipt.FromString(receipt)
        return parsed, leaf_pb2.Leaf.FromString(parsed.leaf)
    except DecodeError:
        raise ReceiptWrong("encoding") from None


def _expect(what: str, holds: bool) -> None:
    if not holds:
        raise ReceiptWrong(what)
