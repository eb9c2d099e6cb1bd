"""Who is told of what NADRA says of a registered person."""

from __future__ import annotations

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Call, Row
from nsor_server.events import outbox, recipients
from nsor_server.registration import rules
from nsor_server.storage.v1 import record_pb2


def to_owner(
    call: Call, record: record_pb2.RegistrationRecord, kind: notification_pb2.EventKind.ValueType
) -> list[Row]:
    """The record's owner and NPB are told."""
    return _owed(call, record, kind, rules.owners(record, call.agencies))


def to_all(call: Call, record: record_pb2.RegistrationRecord, kind: notification_pb2.EventKind.ValueType) -> list[Row]:
    """Everybody with a part in the record is told, and NPB."""
    told = [*recipients.responsible_police(call.agencies, record.responsible_place), record.created_by_agency]
    return _owed(call, record, kind, [*told, *([record.custodian_agency] if record.custodian_agency else [])])


def _owed(
    call: Call,
    record: record_pb2.RegistrationRecord,
    kind: notification_pb2.EventKind.ValueType,
    told: list[str],
) -> list[Row]:
    npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
    return outbox.owed(kind, [*told, *npb], registration_id=record.registration_id)
