"""Reads a failed call: the register's own refusal, or the failure of the way to it.

The register's refusals are google.rpc.Status with an ErrorInfo of the domain ``nsor.gov.pk``. Whatever lacks that
came from gRPC itself (no connection, no time, a broken stream) and was perhaps never seen by the register.
"""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from nsor import causes
from nsor.advice import Words
from nsor.errors import FieldViolation, NsorError, Refused, Unreachable

DOMAIN = "nsor.gov.pk"
DETAILS_KEY = "grpc-status-details-bin"
RECEIPT_KEY = "nsor-receipt-bin"

UNRECORDED = frozenset({"RATE_LIMITED", "CALLS_DROPPED", "LEDGER_UNAVAILABLE", "SHUTTING_DOWN"})
"""Refusals that may come without a receipt: counted as a flood, or made when nothing can be recorded."""
TRANSPORT_CODES = frozenset(
    {"UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED"}
)
"""Codes that gRPC itself gives. Any other without our details is an answer, and owes a receipt."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call.

    Attributes:
        error: what to raise.
        details: the encoded google.rpc.Status that the answer hash covers; empty when there was none.
        receipt: the encoded receipt; empty when there was none.
        owes_receipt: a failure of this sort must come with a receipt.
    """

    error: NsorError
    details: bytes
    receipt: bytes
    owes_receipt: bool


def metadata_value(metadata: object, key: str) -> bytes:
    """The value of a binary metadata key, or empty; metadata is what gRPC gives, ``None`` too."""
    if isinstance(metadata, tuple | list):
        for name, value in metadata:
            if name == key and isinstance(value, bytes):
                return value
    return b""


def read(call: grpc.RpcError, target: str) -> Failure:
    """Read what a failed call to ``target`` says."""
    trailing = call.trailing_metadata()
    details = metadata_value(trailing, DETAILS_KEY)
    receipt = metadata_value(trailing, RECEIPT_KEY)
    code = call.code()
    name = code.name
    error = _refusal(details, name)
    if error is None:
        unreachable = Unreachable(name, target=target, cause=causes.of(call.details() or "", name))
        return Failure(unreachable, details, receipt, owes_receipt=name not in TRANSPORT_CODES)
    return Failure(error, details, receipt, owes_receipt=error.reason not in UNRECORDED)


def _refusal(details: bytes, code: str) -> Refused | None:
    status = status_pb2.Status()
    info = error_details_pb2.ErrorInfo()
    bad = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    texts: dict[str, str] = {}
    try:
        status.ParseFromString(details)
        for detail in status.details:
            text = error_details_pb2.LocalizedMessage()
            if detail.Unpack(text):
                texts.setdefault(text.locale.partition("-")[0], text.message)
            elif not (detail.Unpack(info) or detail.Unpack(bad)):
                detail.Unpack(retry)
    except DecodeError:
        return None
    if info.domain != DOMAIN:
        return None
    refused = Refused(
        info.reason,
        Words(texts.get("en", status.message), texts.get("ur", "")),
        violations=tuple(
            FieldViolation(v.field, v.reason, Words(v.description, v.localized_message.message))
            for v in bad.field_violations
        ),
        code=code,
        retry_after_seconds=retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9,
        more_violations=int(more) if (more := info.metadata.get("more_violations", "0")).isdecimal() else 0,
    )
    refused.access_id = info.metadata.get("access_id", "")
    return refused
