"""What waits for a second officer of NPB: ends of records, unsealings, and readings of what is sealed.

Each has a row among the works, written with the proposal and gone with the confirmation, and in no worklist but
ListPendingDecisions. It stands in the order of the instant until which it can be confirmed, or at which an officer has
ended it: so what is later than now waits, and what is earlier has ended, also by its time alone, without a write. A row
names the decision alone, no registration; what a page shows is read from the decision's newest version.
"""

from __future__ import annotations

from typing import Final

from nsor.v1 import registration_pb2
from nsor_server.registration.closure import rules as closures
from nsor_server.registration.sealed import rules as readings
from nsor_server.registration.worklists import rules
from nsor_server.registration.worklists.rules import Wanted, Work
from nsor_server.storage.v1 import record_pb2

KIND: Final = 200
"""In place of a number of WorkKind, of which none is the same."""
OF_CLOSURE: Final = 200
"""The part of a work that the end of a record is about."""
OF_UNSEALING: Final = 201
"""The part of a work that an unsealing is about."""
OF_READING: Final = 202
"""The part of a work that a reading of what is sealed is about."""


def wanted(until_us: int | None) -> Wanted:
    """All of them, or only what has ended by an instant, microseconds since 1970: a page has one kind, of no court."""
    return Wanted((KIND,), (), 0, 0, () if until_us is None else (KIND,), until_us or 0)


def of_closure(record: record_pb2.ClosureRecord) -> Work:
    """What a version of a decision how a record ends leaves to do."""
    end = record.end if record.HasField("end") else None
    return _work(record.closure_id, OF_CLOSURE, record.version == closures.PROPOSED, record.expire_time_us, end)


def of_judgment(record: record_pb2.JudgmentRecord) -> Work | None:
    """What a version of a judgment leaves to unseal; None: it isn't about that."""
    if not record.unsealing_proposed_by_key:
        return None
    waits = record.state == registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED
    end = record.unsealing_end if record.HasField("unsealing_end") else None
    return _work(record.judgment_id, OF_UNSEALING, waits, record.unsealing_expire_time_us, end)


def of_reading(record: record_pb2.SealedReadingRecord) -> Work:
    """What a version of a reading leaves to confirm."""
    end = record.end if record.HasField("end") else None
    return _work(record.sealed_reading_id, OF_READING, record.version == readings.PROPOSED, record.expire_time_us, end)


def _work(decision_id: bytes, part: int, waits: bool, expire_us: int, end: record_pb2.ProposalEnd | None) -> Work:
    if waits:
        return Work(decision_id, part, KIND, "", "", 0, expire_us)
    if end is not None:
        return Work(decision_id, part, KIND, "", "", 0, end.time_us)
    return Work(decision_id, part, rules.NONE, "", "", 0, 0)
