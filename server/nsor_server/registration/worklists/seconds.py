"""What waits for a second officer of NPB: ends of records, unsealings, and readings of what is sealed.

Each has a row among the works, written with the proposal and ended with the confirmation, and in no worklist but
ListPendingDecisions. A row names the decision alone, no registration; what a page shows is read from the decision's
newest version.
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
"""In place of a number of WorkKind, of which none is above it."""
OF_CLOSURE: Final = 200
"""The part of a work that the end of a record is about."""
OF_UNSEALING: Final = 201
"""The part of a work that an unsealing is about."""
OF_READING: Final = 202
"""The part of a work that a reading of what is sealed is about."""
WANTED: Final = Wanted((KIND,), (), 0, 0, (), 0)
"""All of them: a page has one kind, of no court."""


def of_closure(record: record_pb2.ClosureRecord) -> Work:
    """What a version of a decision how a record ends leaves to do."""
    return _work(record.closure_id, OF_CLOSURE, record.propose_time_us, waits=record.version == closures.PROPOSED)


def of_judgment(record: record_pb2.JudgmentRecord) -> Work | None:
    """What a version of a judgment leaves to unseal; None: it isn't about that."""
    if not record.unsealing_proposed_by_key:
        return None
    waits = record.state == registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED
    return _work(record.judgment_id, OF_UNSEALING, record.unsealing_proposed_time_us, waits=waits)


def of_reading(record: record_pb2.SealedReadingRecord) -> Work:
    """What a version of a reading leaves to confirm; one that nobody confirms in time stays, and is shown to nobody."""
    return _work(
        record.sealed_reading_id, OF_READING, record.propose_time_us, waits=record.version == readings.PROPOSED
    )


def _work(decision_id: bytes, part: int, since_us: int, *, waits: bool) -> Work:
    kind, since_us = (KIND, since_us) if waits else (rules.NONE, 0)
    return Work(decision_id, part, kind, "", "", 0, since_us)
