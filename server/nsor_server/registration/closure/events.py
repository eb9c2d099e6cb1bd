"""Who hears of a record's end: whoever was told that it is confirmed. Afterwards they can't see it any more.

Where it ends with another record of its person, its prosecution hears nothing: it finds that there is none, as of one
that a judgment has sealed.
"""

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
    """The rows of an event of a registration to its responsible police, its prosecution and NPB.

    Args:
        kind: of the event.
        record: the version that is archived: the one after the end, or before it is taken back.
        agencies: by id.
    """
    told = [
        *recipients.responsible_police(agencies, record.responsible_place),
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
    ]
    # Police and NPB are shown the person as one. Its prosecution would learn that there is another record.
    if not record.archive.with_other:
        told.append(record.created_by_agency)
    return outbox.owed(kind, told, registration_id=record.registration_id)
