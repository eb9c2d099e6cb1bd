"""The outbox: with a change goes one unnumbered row for each recipient, and the deliverer takes it away.

Had the change numbered its events, a number that commits late would appear behind a reader's cursor and be lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nsor.v1 import notification_pb2
from nsor_server.calls import Row, Table
from nsor_server.events.recipients import Found
from nsor_server.storage import random_bytes

TABLE: Final = Table(
    "outbox",
    (
        ("event_id", "uuid"),
        ("recipient", "text"),
        ("kind", "smallint"),
        ("registration_id", "uuid"),
        ("notice_id", "uuid"),
        ("access_request_id", "uuid"),
        ("about_agency", "text"),
        ("judgment_id", "uuid"),
        ("grant_id", "uuid"),
        ("registration_ids", "bytea"),
        ("unusual_access_ids", "bytea"),
        ("places", "text[]"),
    ),
    row_id="event_id",
    recorded_as="agency_event",
    written_at="created_at",
)
"""An event is recorded by the name that it has for ever: the outbox is where it waits."""


_RECIPIENT, _KIND, _PLACES = 1, 2, 11
"""Places of columns."""


def unheard(rows: Iterable[Row], told: set[tuple[str, int, tuple[str, ...]]]) -> list[Row]:
    """Of the events of one registration of a person those that tell their recipients something.

    Args:
        rows: as ``owed`` makes them.
        told: what recipients were told of the person's other registrations, each kind of event with its places; what
            is told now is added.
    """
    new = []
    for row in rows:
        values = row.values
        said = str(values[_RECIPIENT]), int(values[_KIND]), tuple(values[_PLACES])
        if said not in told:
            told.add(said)
            new.append(row)
    return new


def owed(
    kind: notification_pb2.EventKind.ValueType,
    recipients: Iterable[str],
    *,
    registration_id: bytes | None = None,
    notice_id: bytes | None = None,
    access_request_id: bytes | None = None,
    about_agency: str | None = None,
    judgment_id: bytes | None = None,
    grant_id: bytes | None = None,
    registration_ids: Iterable[bytes] | None = None,
    unusual_access_ids: Iterable[bytes] | None = None,
) -> list[Row]:
    """The rows that owe an event to each recipient, once.

    Args:
        kind: what happened.
        recipients: agency ids; one that is named twice is told once, and of all places by which it was found.
        registration_id: the registration, 16 bytes, for events of a registration.
        notice_id: the notice, for events of a notice.
        access_request_id: the access request, for events of access.
        about_agency: id of the agency, for events of an agency and not of a record.
        judgment_id: the judgment, for events of a judgment.
        grant_id: the grant, for events that tell the agency which may use it.
        registration_ids: the registrations, 16 bytes each, for events of a fixed time; perhaps none.
        unusual_access_ids: the unusual accesses, likewise, for events of the times for tripwires.
    """
    several = (_joined(registration_ids), _joined(unusual_access_ids))
    of = (registration_id, notice_id, access_request_id, about_agency, judgment_id, grant_id, *several)
    places: dict[str, set[str]] = {}
    for recipient in recipients:
        found = places.setdefault(str(recipient), set())
        if isinstance(recipient, Found):
            found.add(recipient.place)
    return [
        Row(TABLE, (random_bytes.take(16), recipient, kind, *of, sorted(found)))
        for recipient, found in sorted(places.items())
    ]


def _joined(ids: Iterable[bytes] | None) -> bytes | None:
    return None if ids is None else b"".join(sorted(set(ids)))
