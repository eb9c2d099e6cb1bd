"""Numbered events as their agencies read them: from a cursor, until acknowledged."""

from __future__ import annotations

import uuid
from typing import Any, Final

from nsor.v1 import notification_pb2
from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.formats.instants import from_us, to_us
from nsor_server.storage.pool import Connection

MAX_EVENTS: Final = 100
"""Events in one message of a stream."""

TABLE: Final = Table(
    "event_acknowledgement",
    (("agency_id", "text"), ("through_sequence", "bigint")),
    row_id="agency_id",
    version="through_sequence",
    written_at="acknowledged_at",
)
ACKNOWLEDGED: Final = Versions(
    "acknowledgement",
    ("text",),
    "coalesce((SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = q.k1), 0)",
)
"""The last sequence that an agency has acknowledged."""


def read_after(conn: Connection, agency_id: str, after: int, limit: int = MAX_EVENTS) -> list[notification_pb2.Event]:
    """At most ``limit`` events of the agency after a sequence, in order."""
    rows = conn.execute(
        """
        SELECT sequence, event_id, kind, registration_id, notice_id, access_request_id, about_agency, event_time
        FROM agency_event
        WHERE agency_id = %s AND sequence > %s
        ORDER BY sequence
        LIMIT %s
        """,
        (agency_id, after, limit),
    )
    return [_event(row) for row in rows]


def last(conn: Connection, agency_id: str) -> int:
    """The last sequence that the agency has been given, or 0."""
    return _number(conn, "SELECT max(sequence) FROM agency_event WHERE agency_id = %s", agency_id)


def acknowledged(conn: Connection, agency_id: str) -> int:
    """The last sequence that the agency has acknowledged, or 0."""
    return _number(conn, "SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = %s", agency_id)


def acknowledgement(agency_id: str, through: int, before: int) -> tuple[Row, Seen]:
    """The row of an acknowledgement, and the one before it that it rests on."""
    return Row(TABLE, (agency_id, through)), Seen(ACKNOWLEDGED, (agency_id,), before)


def _number(conn: Connection, query: str, agency_id: str) -> int:
    row = conn.execute(query, (agency_id,)).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def _event(row: Any) -> notification_pb2.Event:
    sequence, event_id, kind, registration_id, notice_id, access_request_id, about_agency, event_time = row
    return notification_pb2.Event(
        sequence=sequence,
        event_id=str(event_id),
        kind=kind,
        registration_id=_text(registration_id),
        notice_id=_text(notice_id),
        access_request_id=_text(access_request_id),
        event_time=from_us(to_us(event_time)),
        agency_id=about_agency or "",
    )


def _text(record_id: uuid.UUID | None) -> str:
    return "" if record_id is None else str(record_id)
