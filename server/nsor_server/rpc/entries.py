"""What is written down of a call: the entry that the ledger makes a leaf of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from google.rpc import code_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import Call, RestedOn, Row
from nsor_server.errors import FROM_THE_REGISTER, ApiError
from nsor_server.ledger.entry import Entry
from nsor_server.rpc.packing import packed
from nsor_server.rpc.status import reason_name
from nsor_server.storage import deciding
from nsor_server.storage.v1 import record_pb2

FAILURES = frozenset({code_pb2.INTERNAL, code_pb2.UNAVAILABLE, code_pb2.DEADLINE_EXCEEDED})
"""Codes with which the service failed; every other error is a refusal."""
COUNTED = "COUNTED"
"""What the detail of an entry says that stands for many refusals."""
DROPPED = "DROPPED"
"""What it says of calls that ended unread."""
NO_HASH = bytes(32)
"""The hashes of an entry that stands for many refusals: there is no one request and no one answer."""
_NAMES = {
    leaf_pb2.OUTCOME_ALLOWED: "ALLOWED",
    leaf_pb2.OUTCOME_REFUSED: "REFUSED",
    leaf_pb2.OUTCOME_FAILED: "FAILED",
}


def outcome_of(error: ApiError | None) -> leaf_pb2.Outcome.ValueType:
    """The class of a call's outcome."""
    if error is None:
        return leaf_pb2.OUTCOME_ALLOWED
    return leaf_pb2.OUTCOME_FAILED if error.code in FAILURES else leaf_pb2.OUTCOME_REFUSED


def outcome_name(error: ApiError | None) -> str:
    """The class of an outcome as the span says it."""
    return _NAMES[outcome_of(error)]


def entry(call: Call, rows: Sequence[Row]) -> Entry:
    """The entry of a call that is answered, or refused: of its ``outcome`` or its ``error``, and its ``answer``.

    Args:
        call: decided.
        rows: what it adds; a refusal may add some too.
    """
    if call.error is None and call.outcome is not None:
        detail = call.outcome.detail
        made = packed(call)
        unsealed = deciding.records(rows) if made is None else made.unsealed
        records = (*call.outcome.records, *unsealed)
    else:
        records = deciding.records(rows)
        detail = call.refusal.detail if call.refusal is not None else record_pb2.AccessDetail()
        detail.outcome = _reason(call.error)
        if isinstance(call.error, FROM_THE_REGISTER) and call.looked_at:
            detail.refused.CopyFrom(_refused(call))
        elif call.rests_on is not None:
            _says(detail, call, call.rests_on)
        detail.case_reference = detail.case_reference or call.case
    shown_rows = call.route.shows(call) if call.error is None and call.route is not None else 0
    shown = call.outcome.shown if shown_rows and call.outcome is not None else ()
    if shown_rows:
        detail.shown_rows = shown_rows
        del detail.shown[:]  # an outcome may be recorded again
        detail.shown.extend(record_pb2.ShownRegistration(**each._asdict()) for each in shown)
    detail.certificate = call.certificate
    detail.named = call.named
    detail.request_id = call.request_id
    if call.officer is not None:
        detail.officer_key = call.officer.key_id
        detail.officer_number = call.officer.officer_number
    elif call.focal_persons:
        detail.officer_key = call.officer_key
        detail.officer_number = call.focal_persons[0].number
        detail.second_key = call.focal_persons[1].key_id if len(call.focal_persons) > 1 else b""
    return Entry(
        access_id=call.access_id,
        agency=call.agency.agency_id,
        method=call.method,
        purpose=call.purpose,
        outcome=outcome_of(call.error),
        trace_id=call.span.trace_id,
        call_hash=call.call_hash,
        # The nonce keeps equal answers apart in a published leaf.
        answer_hash=hashlib.sha256(call.nonce + call.answer).digest(),
        detail=detail.SerializeToString(),
        records=records,
        officer_key=detail.officer_key,
        case_reference=detail.case_reference,
        named=call.named,
        shown=[each.registration_id for each in shown] if shown else (),
        shown_rows=shown_rows,
        rows_root=detail.screened.rows_root if shown_rows else b"",
    )


def count_of(call: Call, rows: Sequence[Row]) -> Entry:
    """The entry that stands for many: for refusals beyond an agency's budget, or, with an outcome, for dropped calls.

    Args:
        call: stands for them; its span is the last one's.
        rows: what it adds.
    """
    return Entry(
        access_id=call.access_id,
        agency=call.agency.agency_id,
        method=call.method,
        purpose=0,
        outcome=leaf_pb2.OUTCOME_REFUSED,
        trace_id=call.span.trace_id,
        call_hash=NO_HASH,
        answer_hash=NO_HASH,
        detail=record_pb2.AccessDetail(outcome=COUNTED if call.outcome is None else DROPPED).SerializeToString(),
        records=deciding.records(rows),
        count=call.count,
    )


def _refused(call: Call) -> record_pb2.Refused:
    """What a refusal by the register rests on: whoever owns the database could have hidden it for this call."""
    looked_at = [record_pb2.LookedAt(kind=kind, row_id=row_id, version=v) for kind, row_id, v in call.looked_at]
    return record_pb2.Refused(rows=call.rows, before=call.before, looked_at=looked_at)


def _says(detail: record_pb2.AccessDetail, call: Call, rests_on: RestedOn) -> None:
    """Put in what a refusal follows from, and how many entries there were at least when that was read."""
    detail.subjects[:] = [rests_on.grant_id] if rests_on.grant_id else []
    detail.grant_position, detail.case_reference = rests_on.position, rests_on.case_reference
    detail.refused.CopyFrom(record_pb2.Refused(rows=call.rows, before=call.before))


def _reason(error: ApiError | None) -> str:
    if error is None:
        raise RuntimeError("a call was neither answered nor refused")
    return reason_name(error)
