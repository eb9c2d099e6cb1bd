"""Who hears of a record's end: whoever was told that it is confirmed. Afterwards they can't see it any more."""

from __future__ import annotations

from collections.abc import Mapping

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Agency, Row
from nsor_server.events import outbox, recipients
from nsor_server.storage.v1 import record_pb2


def owed(
    kind: notification_pb2.EventKind.ValueType,
    record: record_pb2.RegistrationRecord,
    agencies: Mapping[str, Agency],
) -> list[Row]:
    """The rows of an event of a registration to its responsible police, its prosecution and NPB."""
    told = [
        *recipients.responsible_police(agencies, record.responsible_place),
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
        record.created_by_agency,
    ]
    return outbox.owed(kind, told, registration_id=record.registration_id)
