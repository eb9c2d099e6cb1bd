"""Recalls as messages: what their entries say, to whom it may be said. Pure but for the accesses that it is given."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from nsor.v1 import options_pb2, recalls_pb2
from nsor_server.access import cases
from nsor_server.calls import Call
from nsor_server.formats.instants import from_us, instant, set_us, to_us
from nsor_server.lookup.recalls.store import Recall
from nsor_server.lookup.recalls.told import Access
from nsor_server.policy.deadlines import RECALL_ACKNOWLEDGEMENT, Deadlines

MOST_SHOWN: Final = 20
"""Accesses that a recall names, the newest ones."""


def named(recall: Recall) -> Sequence[int]:
    """Indexes of the accesses that a recall names, the newest first."""
    return recall.record.entries[: -MOST_SHOWN - 1 : -1]


def message(call: Call, recall: Recall, accesses: Mapping[int, Access], deadlines: Deadlines) -> recalls_pb2.Recall:
    """A recall as the caller is shown it.

    Args:
        call: past the gate.
        recall: to be shown.
        accesses: those that it names, by their indexes.
        deadlines: of the policy in force.
    """
    record = recall.record
    deadline = deadlines.due(RECALL_ACKNOWLEDGEMENT, instant(record.time_us))
    made = recalls_pb2.Recall(
        recall_id=str(uuid.UUID(bytes=record.recall_id)),
        agency_id=record.agency,
        reason=recalls_pb2.RecallReason.ValueType(record.reason),
        classes=[options_pb2.FieldClass.ValueType(each) for each in record.classes],
        accesses=[_access(call, accesses[entry]) for entry in named(recall)],
        access_count=len(record.entries),
        issue_time=from_us(record.time_us),
        deadline=deadline.message(due_us=record.acknowledge_by_us),
    )
    if recall.acknowledged is None:
        made.overdue = record.acknowledge_by_us <= to_us(call.now())
    else:
        set_us(made.acknowledge_time, recall.acknowledged.time_us)
        made.measure = recalls_pb2.RecallMeasure.ValueType(recall.acknowledged.measure)
    return made


def _access(call: Call, access: Access) -> recalls_pb2.RecalledAccess:
    """An access, as the list of accesses shows it."""
    made = recalls_pb2.RecalledAccess(
        access_id=str(uuid.UUID(bytes=access.access_id)),
        access_time=from_us(access.time_us),
        method=access.method,
        purpose=options_pb2.Purpose.ValueType(access.purpose),
        officer_number=access.officer_number,
    )
    made.case_reference = cases.shown_case(call.agency, call.officer, access.purpose, access.case_reference)
    return made
