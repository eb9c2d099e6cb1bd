"""Numbered events as their agencies and consumers read them: from a cursor, until acknowledged.

An agency has numbers of its own over all its events; each of its consumers has others, over those that it hears.
"""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from nsor.v1 import notification_pb2
from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.events.numbered import Numbered
from nsor_server.formats import uuids
from nsor_server.formats.instants import set_us
from nsor_server.storage import deciding
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

MAX_EVENTS: Final = 250
"""Events in one message of a stream."""

TABLE: Final = Table(
    "event_acknowledgement",
    (("agency_id", "text"), ("through_sequence", "bigint")),
    row_id="agency_id",
    version="through_sequence",
    written_at="acknowledged_at",
)
OF_CONSUMERS: Final = Table(
    "consumer_acknowledgement",
    (("consumer_id", "uuid"), ("through_sequence", "bigint")),
    row_id="consumer_id",
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
        ("places", "text[]"),
        ("event_time", "timestamptz"),
    ),
)
_ID_BYTES: Final = 16
_IDS: Final = [name for name, _ in EVENTS.columns].index("registration_ids")
_WRITTEN: Final = deciding.writer(EVENTS)
_COLUMNS: Final = ", ".join(f"e.{name}" for name, _ in EVENTS.columns)
_RECORD: Final = f"""
LEFT JOIN ledger_record AS r
    ON r.table_name = '{EVENTS.name}' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
"""
_AFTER: Final = f"""
SELECT {_COLUMNS}, r.sha256, e.sequence
FROM agency_event AS e {_RECORD}
WHERE e.agency_id = %s AND e.sequence > %s
ORDER BY e.sequence
LIMIT %s
""".encode()  # noqa: S608 - constants
_AFTER_OF_CONSUMER: Final = f"""
SELECT {_COLUMNS}, r.sha256, c.sequence
FROM consumer_event AS c
JOIN agency_event AS e ON e.agency_id = c.agency_id AND e.sequence = c.agency_sequence
{_RECORD}
WHERE c.agency_id = %s AND c.consumer_id = %s AND c.sequence > %s
ORDER BY c.sequence
LIMIT %s
""".encode()  # noqa: S608 - constants
ACKNOWLEDGED: Final = Versions(
    "acknowledgement",
    ("text",),
    "coalesce((SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = q.k1), 0)",
)
"""The last sequence that an agency has acknowledged."""
ACKNOWLEDGED_OF_CONSUMER: Final = Versions(
    "consumer's acknowledgement",
    ("uuid",),
    "coalesce((SELECT max(through_sequence) FROM consumer_acknowledgement WHERE consumer_id = q.k1), 0)",
)
"""The last sequence of a consumer that was acknowledged."""


class Line(NamedTuple):
    """One numbering of events: an agency's own, or that of one of its consumers.

    Attributes:
        consumer_id: 16 bytes; empty: the agency's own.
    """

    agency_id: str
    consumer_id: bytes = b""

    @property
    def key(self) -> str:
        """Its name, by which who waits for it is woken: ``npb``, or ``punjab-police/`` and a consumer's id."""
        return f"{self.agency_id}/{uuids.text(self.consumer_id)}" if self.consumer_id else self.agency_id


class StoredEvent(NamedTuple):
    """A numbered event as it is stored.

    Attributes:
        row: all its columns, as a row of ``EVENTS``.
        written: the same as they are hashed, ids as text and the time in microseconds.
        sha256: of what an entry owes an agency: a row of ``outbox.TABLE``, made of these columns.
        recorded: what the entry that caused it says of it, SHA-256; None: no entry says anything.
        sequence: its number within the numbering that is read.
    """

    row: Row
    written: list[Any]
    sha256: bytes
    recorded: bytes | None
    sequence: int

    @property
    def is_as_recorded(self) -> bool:
        """Whether it is what the entry owed the agency: a row of ``outbox.TABLE``."""
        return self.sha256 == self.recorded

    @property
    def hashed(self) -> bytes:
        """What stands for it where several are hashed together: all that is stored of it, with its number."""
        return struct.pack(">qq", self.sequence, self.written[-1]) + self.sha256

    def message(self) -> notification_pb2.Event:
        """The event as the contract writes it."""
        _, _, event_id, kind, registration_id, notice_id, access_request_id, about, judgment_id, _, _, time = (
            self.written
        )
        event = notification_pb2.Event(
            sequence=self.sequence,
            event_id=event_id,
            kind=kind,
            registration_id=registration_id,
            notice_id=notice_id,
            access_request_id=access_request_id,
            agency_id=about,
            judgment_id=judgment_id,
        )
        set_us(event.event_time, time)
        ids = self.row.values[_IDS]
        if ids:
            event.registration_ids.extend(uuids.text(ids[at : at + _ID_BYTES]) for at in range(0, len(ids), _ID_BYTES))
        return event


def read_after(conn: Connection, line: Line, after: int, limit: int) -> list[StoredEvent]:
    """At most ``limit`` events of the numbering after a sequence, in order."""
    if line.consumer_id:
        of_consumer = (line.agency_id, uuid.UUID(bytes=line.consumer_id), after, limit)
        found = conn.execute(_AFTER_OF_CONSUMER, of_consumer)
    else:
        found = conn.execute(_AFTER, (line.agency_id, after, limit))
    events = []
    for *columns, recorded, number in found:
        written = _WRITTEN(columns)
        agency_id, _, event_id, *what, _ = written
        sha256 = deciding.digest_of([event_id, agency_id, *what])
        events.append(StoredEvent(Row(EVENTS, tuple(columns)), written, sha256, recorded, number))
    return events


def told(line: Line, after: int, events: Sequence[StoredEvent]) -> record_pb2.ToldEvents:
    """What an entry says of the events of one message, so that ``ledger verify`` compares them with those stored."""
    return record_pb2.ToldEvents(
        first=after + 1,
        last=after + len(events),
        sha256=hashlib.sha256(b"".join(each.hashed for each in events)).digest(),
        consumer_id=line.consumer_id,
    )


def last(conn: Connection, line: Line, numbered: Numbered) -> int:
    """The last sequence that the numbering has been given, or 0.

    Raises:
        errors.Unavailable: this process knows of a later one.
    """
    least = numbered.least(line.key)
    if line.consumer_id:
        found = _number(conn, "SELECT max(sequence) FROM consumer_event WHERE consumer_id = %s", line)
    else:
        found = _number(conn, "SELECT max(sequence) FROM agency_event WHERE agency_id = %s", line)
    numbered.read(line.key, least, found)
    return found


def event_id(conn: Connection, line: Line, sequence: int) -> str:
    """Id of the event with a number; empty: there is none."""
    found = read_after(conn, line, sequence - 1, 1) if sequence else []
    return found[0].message().event_id if found else ""


def acknowledged(conn: Connection, line: Line) -> int:
    """The last sequence of the numbering that was acknowledged, or 0."""
    if line.consumer_id:
        query = "SELECT max(through_sequence) FROM consumer_acknowledgement WHERE consumer_id = %s"
        return _number(conn, query, line)
    return _number(conn, "SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = %s", line)


def acknowledgement(line: Line, through: int, before: int) -> tuple[Row, Seen]:
    """The row of an acknowledgement, and the one before it that it rests on."""
    if line.consumer_id:
        seen = Seen(ACKNOWLEDGED_OF_CONSUMER, (line.consumer_id,), before)
        return Row(OF_CONSUMERS, (line.consumer_id, through)), seen
    return Row(TABLE, (line.agency_id, through)), Seen(ACKNOWLEDGED, (line.agency_id,), before)


def _number(conn: Connection, query: str, line: Line) -> int:
    of = uuid.UUID(bytes=line.consumer_id) if line.consumer_id else line.agency_id
    row = conn.execute(query.encode(), (of,)).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
