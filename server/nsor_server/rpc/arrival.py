"""A call as it arrives: what the front door knows of it before anything is decided, and for the record of a refusal."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import grpc

from nsor.v1 import options_pb2
from nsor_server.access.facts import Officer
from nsor_server.tracing.spans import CallSpan, Tracing

NONCE = "nsor-nonce-bin"
OFFICER = "nsor-officer-bin"
DECISION = "nsor-decision-bin"
TRACEPARENT = "traceparent"
RECEIPT = "nsor-receipt-bin"
STATUS_DETAILS = "grpc-status-details-bin"
NONCE_BYTES = 32
_READ = frozenset({NONCE, OFFICER, DECISION, TRACEPARENT})
NO_DEADLINE_SECONDS = 1e8
"""grpc reports a call without a deadline as one of some thirty years."""


@dataclass(slots=True)
class Arrival:
    """One call, filled in as it goes through the front door.

    Attributes:
        method: full name as it is recorded; a method that doesn't exist is ``_OTHER``.
        span: its span.
        certificate_pem: the client certificate as TLS has accepted it.
        nonce: the client's, or our own when it sent none: a hash without one would confirm a guessed request.
        has_nonce: whether the client sent one of the right length.
        officer_session: metadata ``nsor-officer-bin``.
        decision: metadata ``nsor-decision-bin``.
        moment: ``time.monotonic`` of the arrival.
        deadline: ``time.monotonic`` at which the client gives up.
        agency: agency id for the record: of the certificate, when the directory knows it.
        accepted: whether the gate knows the caller by that certificate; until then anybody may hold it.
        certificate: SHA-256 of the certificate's DER, or empty.
        purpose: once admitted.
        officer: once accepted.
        request: the request's bytes.
        call_hash: SHA-256(nonce || request bytes).
        request_id: the request's, for the record.
    """

    method: str
    span: CallSpan
    certificate_pem: bytes
    nonce: bytes
    has_nonce: bool
    officer_session: bytes | None
    decision: bytes | None
    moment: float
    deadline: float
    access_id: uuid.UUID = field(default_factory=uuid.uuid4)
    agency: str = ""
    accepted: bool = False
    certificate: bytes = b""
    purpose: options_pb2.Purpose.ValueType = options_pb2.PURPOSE_UNSPECIFIED
    officer: Officer | None = None
    request: bytes = b""
    call_hash: bytes = b""
    request_id: str = ""

    def received(self, request: bytes) -> None:
        """Take the request's bytes."""
        self.request = request
        self.call_hash = hashlib.sha256(self.nonce + request).digest()

    def answer_hash(self, answer: bytes) -> bytes:
        """SHA-256(nonce || answer bytes): the nonce keeps equal answers apart in a published leaf."""
        return hashlib.sha256(self.nonce + answer).digest()


def arrive(method: str, context: grpc.ServicerContext, tracing: Tracing) -> Arrival:
    """Take down a call from its context."""
    metadata = {key: value for key, value in context.invocation_metadata() if key in _READ}
    nonce = _bytes(metadata.get(NONCE))
    has_nonce = nonce is not None and len(nonce) == NONCE_BYTES
    traceparent = metadata.get(TRACEPARENT)
    moment = time.monotonic()
    arrival = Arrival(
        method=method,
        span=tracing.call(method, traceparent if isinstance(traceparent, str) else None),
        certificate_pem=_certificate(context),
        nonce=nonce if nonce is not None and has_nonce else os.urandom(NONCE_BYTES),
        has_nonce=has_nonce,
        officer_session=_bytes(metadata.get(OFFICER)),
        decision=_bytes(metadata.get(DECISION)),
        moment=moment,
        deadline=moment + min(context.time_remaining() or 0.0, NO_DEADLINE_SECONDS),
    )
    arrival.received(b"")
    return arrival


def _certificate(context: grpc.ServicerContext) -> bytes:
    found: Any = context.auth_context().get("x509_pem_cert", ())  # the stubs say bytes; it is a sequence of them
    return bytes(found[0]) if len(found) == 1 else b""


def _bytes(value: str | bytes | None) -> bytes | None:
    return value if isinstance(value, bytes) else None
