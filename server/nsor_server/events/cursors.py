"""Numbered events as their agencies read them: from a cursor, until acknowledged."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor.v1 import notification_pb2
from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.events import outbox
from nsor_server.formats.instants import from_us, to_us
from nsor_server.storage import deciding
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

MAX_EVENTS: Final = 100
"""Events in one message of a stream."""

TABLE: Final = Table(
    "event_acknowledgement",
    (("agency_id", "text"), ("through_sequence", "bigint")),
    row_id="agency_id",
    version="through_sequence",
    written_at="acknowledged_at",
)
EVENTS: Final = Table(
    "agency_event",
    (
        ("agency_id", "text"),
        ("sequence", "bigint"),
        ("event_id", "uuid"),
        ("kind", "smallint"),
        ("registration_id", "uuid"),
        ("notice_id", "uuid"),
        ("access_request_id", "uuid"),
        ("about_agency", "text"),
        ("judgment_id", "uuid"),
        ("registration_ids", "bytea"),
        ("event_time", "timestamptz"),
    ),
)
_ID_BYTES: Final = 16
_SEQUENCE: Final = 1
"""Place of that column."""
_AFTER: Final = f"""
SELECT {", ".join(f"e.{name}" for name, _ in EVENTS.columns)}, r.sha256
FROM agency_event AS e
LEFT JOIN ledger_record AS r
    ON r.table_name = '{EVENTS.name}' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
WHERE e.agency_id = %s AND e.sequence > %s
ORDER BY e.sequence
LIMIT %s
""".encode()  # noqa: S608 - constants
ACKNOWLEDGED: Final = Versions(
    "acknowledgement",
    ("text",),
    "coalesce((SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = q.k1), 0)",
)
"""The last sequence that an agency has acknowledged."""


class StoredEvent(NamedTuple):
    """A numbered event as it is stored.

    Attributes:
        row: all its columns, as a row of ``EVENTS``.
        recorded: what the entry that caused it says of it, SHA-256; None: no entry says anything.
    """

    row: Row
    recorded: bytes | None

    @property
    def sequence(self) -> int:
        """Its number."""
        return int(self.row.values[_SEQUENCE])

    @property
    def is_as_recorded(self) -> bool:
        """Whether it is what the entry owed the agency."""
        agency_id, _, event_id, *what, _ = self.row.values
        return deciding.digest(Row(outbox.TABLE, (event_id, agency_id, *what))) == self.recorded

    def message(self) -> notification_pb2.Event:
        """The event as the contract writes it."""
        _, sequence, event_id, kind, registration_id, notice_id, access_request_id, about, judgment_id, ids, time = (
            self.row.values
        )
        return notification_pb2.Event(
            sequence=sequence,
            event_id=str(event_id),
            kind=kind,
            registration_id=_text(registration_id),
            notice_id=_text(notice_id),
            access_request_id=_text(access_request_id),
            event_time=from_us(to_us(time)),
            agency_id=about or "",
            judgment_id=_text(judgment_id),
            registration_ids=[
                str(uuid.UUID(bytes=ids[at : at + _ID_BYTES])) for at in range(0, len(ids or b""), _ID_BYTES)
            ],
        )


def read_after(conn: Connection, agency_id: str, after: int, limit: int = MAX_EVENTS) -> list[StoredEvent]:
    """At most ``limit`` events of the agency after a sequence, in order."""
    rows = conn.execute(_AFTER, (agency_id, after, limit))
    return [StoredEvent(Row(EVENTS, tuple(columns)), recorded) for *columns, recorded in rows]


def told(events: Sequence[StoredEvent]) -> record_pb2.ToldEvents:
    """What an entry says of the events of one message, so that ``ledger verify`` compares them with those stored."""
    return record_pb2.ToldEvents(
        first=events[0].sequence,
        last=events[-1].sequence,
        sha256=hashlib.sha256(b"".join(deciding.digest(each.row) for each in events)).digest(),
    )


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


def _text(record_id: uuid.UUID | None) -> str:
    return "" if record_id is None else str(record_id)
