"""Recalls as messages: what their entries say, to whom it may be said. Pure but for the accesses that it is given."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from nsor.v1 import movements_pb2, notices_pb2, options_pb2, recalls_pb2
from nsor_server.access import cases
from nsor_server.calls import Call
from nsor_server.formats.instants import from_us, instant, set_us, to_us
from nsor_server.lookup.recalls.store import Recall
from nsor_server.lookup.recalls.told import NamedAccess
from nsor_server.lookup.screening.rules import Declared
from nsor_server.policy.deadlines import RECALL_ACKNOWLEDGEMENT, Deadlines


def message(
    call: Call,
    recall: Recall,
    accesses: Mapping[int, NamedAccess],
    declarations: Mapping[bytes, Declared],
    deadlines: Deadlines,
) -> recalls_pb2.Recall:
    """A recall as the caller is shown it.

    Args:
        call: past the gate.
        recall: to be shown.
        accesses: those that it names, by their indexes.
        declarations: the manifests of those, by their ids.
        deadlines: of the policy in force.
    """
    record = recall.record
    deadline = deadlines.due(RECALL_ACKNOWLEDGEMENT, instant(record.time_us))
    made = recalls_pb2.Recall(
        recall_id=str(uuid.UUID(bytes=record.recall_id)),
        agency_id=record.agency,
        reason=recalls_pb2.RecallReason.ValueType(record.reason),
        classes=[options_pb2.FieldClass.ValueType(each) for each in record.classes],
        accesses=[
            _access(call, accesses[entry], record.registration_id, declarations) for entry in reversed(record.entries)
        ],
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


def _access(
    call: Call, access: NamedAccess, registration_id: bytes, declarations: Mapping[bytes, Declared]
) -> recalls_pb2.RecalledAccess:
    """An access, as the list of accesses shows it."""
    made = recalls_pb2.RecalledAccess(
        access_id=str(uuid.UUID(bytes=access.access_id)),
        access_time=from_us(access.time_us),
        method=access.method,
        purpose=options_pb2.Purpose.ValueType(access.purpose),
        officer_number=access.officer_number,
    )
    made.case_reference = cases.shown_case(call.agency, call.officer, access.purpose, access.case_reference)
    declared = declarations.get(access.manifest_id)
    if declared is not None and cases.acts_there(call.agency, call.officer, declared.place):
        made.manifest.CopyFrom(_manifest(access, registration_id, declared))
    return made


def _manifest(access: NamedAccess, registration_id: bytes, declared: Declared) -> recalls_pb2.RecalledManifest:
    return recalls_pb2.RecalledManifest(
        manifest_id=str(uuid.UUID(bytes=access.manifest_id)),
        border_crossing=notices_pb2.BorderCrossing.ValueType(declared.border_crossing),
        direction=movements_pb2.MovementDirection.ValueType(declared.direction),
        carrier_code=declared.carrier_code,
        number=declared.number,
        scheduled_time=from_us(to_us(declared.scheduled_at)),
        rows=[number for shown, number in access.rows if shown == registration_id],
    )
