"""What is written down of a call: the entry that the ledger makes a leaf of."""

from __future__ import annotations

import uuid
from typing import TypedDict

from google.rpc import code_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor_server.errors import ApiError
from nsor_server.ledger.entry import Entry
from nsor_server.rpc.arrival import Arrival
from nsor_server.rpc.calls import Call, Outcome
from nsor_server.rpc.status import reason_name
from nsor_server.storage.v1 import record_pb2

FAILURES = frozenset({code_pb2.INTERNAL, code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED})
"""Codes with which the service failed; every other error is a refusal."""
NO_HASH = bytes(32)
"""The hashes of an entry that stands for many refusals: there is no one request and no one answer."""
_NAMES = {
    leaf_pb2.OUTCOME_ALLOWED: "ALLOWED",
    leaf_pb2.OUTCOME_REFUSED: "REFUSED",
    leaf_pb2.OUTCOME_FAILED: "FAILED",
}


class _OfDetail(TypedDict):
    """Fields of an entry that repeat its detail."""

    detail: bytes
    officer_key: bytes
    case_reference: str
    named: str


def outcome_of(error: ApiError) -> leaf_pb2.Outcome.ValueType:
    """The class of an error's outcome."""
    return leaf_pb2.OUTCOME_FAILED if error.code in FAILURES else leaf_pb2.OUTCOME_REFUSED


def outcome_name(outcome: leaf_pb2.Outcome.ValueType) -> str:
    """The class of an outcome as the span says it."""
    return _NAMES[outcome]


def answered(arrival: Arrival, call: Call, outcome: Outcome, answer: bytes, *, access_id: uuid.UUID) -> Entry:
    """The entry of a call that is answered.

    Args:
        arrival: the call as it arrived.
        call: as the gate admitted it.
        outcome: the handler's.
        answer: the bytes that are sent.
        access_id: the call's, or of one message of a stream.
    """
    return Entry(
        access_id=access_id,
        agency=call.agency.agency_id,
        method=call.method,
        purpose=call.purpose,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        trace_id=call.trace_id,
        call_hash=call.call_hash,
        answer_hash=arrival.answer_hash(answer),
        records=outcome.records,
        **_detail(arrival, outcome.detail),
    )


def refused(arrival: Arrival, error: ApiError, answer: bytes, *, access_id: uuid.UUID) -> Entry:
    """The entry of a call that is refused or that failed; ``answer`` is its google.rpc.Status."""
    return Entry(
        access_id=access_id,
        agency=arrival.agency,
        method=arrival.method,
        purpose=arrival.purpose,
        outcome=outcome_of(error),
        trace_id=arrival.span.trace_id,
        call_hash=arrival.call_hash,
        answer_hash=arrival.answer_hash(answer),
        **_detail(arrival, record_pb2.AccessDetail(outcome=reason_name(error))),
    )


def flood(agency: str, method: str, count: int, trace_id: bytes) -> Entry:
    """The entry that stands for refusals beyond an agency's budget; ``trace_id`` is the last one's."""
    return Entry(
        access_id=uuid.uuid4(),
        agency=agency,
        method=method,
        purpose=0,
        outcome=leaf_pb2.OUTCOME_REFUSED,
        trace_id=trace_id,
        call_hash=NO_HASH,
        answer_hash=NO_HASH,
        detail=record_pb2.AccessDetail(outcome="COUNTED").SerializeToString(),
        count=count,
    )


def _detail(arrival: Arrival, detail: record_pb2.AccessDetail) -> _OfDetail:
    """The detail of an entry, and what of it is labelled."""
    detail.certificate = arrival.certificate
    detail.request_id = uuid.UUID(arrival.request_id).bytes if arrival.request_id else b""
    if arrival.officer is not None:
        detail.officer_key = arrival.officer.key_id
        detail.officer_number = arrival.officer.officer_number
    return {
        "detail": detail.SerializeToString(),
        "officer_key": detail.officer_key,
        "case_reference": detail.case_reference,
        "named": detail.named,
    }
