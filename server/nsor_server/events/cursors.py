"""Numbered events as their agencies and consumers read them: from a cursor, until acknowledged.

An agency has numbers of its own over all its events; each of its consumers has others, over those that it hears.
"""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from nsor.v1 import notification_pb2
from nsor_server.access import register_seal
from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.events import hearers
from nsor_server.events.numbered import Numbered
from nsor_server.formats import uuids
from nsor_server.formats.instants import set_us
from nsor_server.storage import arrays, deciding
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask
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
_ID_BYTES: Final = 16
_EVENT: Final = """
e.event_id::text, e.kind, e.registration_id::text, e.notice_id::text, e.access_request_id::text, e.about_agency,
    e.judgment_id::text, e.grant_id::text, encode(e.registration_ids, 'hex'), encode(e.unusual_access_ids, 'hex'),
    e.places,
    CASE WHEN e.event_time BETWEEN '1970-01-01Z' AND '9999-01-01Z'
        THEN (extract(epoch FROM e.event_time) * 1000000)::bigint ELSE 0 END,
    CASE WHEN r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1 THEN r.sha256 END"""
"""As it is hashed and told. With the instant as a number: one that is none, such as infinity, is another than what was
told."""
_RECORD: Final = "LEFT JOIN ledger_record AS r ON r.index = e.record_index AND r.ordinal = e.record_ordinal"
"""Records of events of one time stand together by their places; by their ids each of a million is somewhere else."""
_RECORD_BY_ID: Final = """
LEFT JOIN ledger_record AS r
    ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
        AND (e.record_index IS NULL OR (r.index, r.ordinal) = (e.record_index, e.record_ordinal))
"""
"""The same of events without a place: the record of one was hidden while it was numbered, and may be back."""
_AFTER_SQL: Final = f"""
SELECT e.sequence, {_EVENT}
FROM agency_event AS e {{record}}
WHERE e.agency_id = $1 AND e.sequence > $2
ORDER BY e.sequence
LIMIT $3
"""  # noqa: S608 - constants
_AFTER_OF_CONSUMER_SQL: Final = f"""
SELECT c.sequence, {_EVENT}
FROM consumer_event AS c
JOIN agency_event AS e ON e.agency_id = c.agency_id AND e.sequence = c.agency_sequence
{{record}}
WHERE c.agency_id = $1 AND c.sequence > $2 AND c.consumer_id = $4
ORDER BY c.sequence
LIMIT $3
"""  # noqa: S608 - constants
_AFTER: Final = Statement(b"events after", _AFTER_SQL.format(record=_RECORD).encode())
_AFTER_BY_ID: Final = Statement(b"events after by id", _AFTER_SQL.format(record=_RECORD_BY_ID).encode())
_AFTER_OF_CONSUMER: Final = Statement(
    b"events of a consumer after", _AFTER_OF_CONSUMER_SQL.format(record=_RECORD).encode()
)
_AFTER_OF_CONSUMER_BY_ID: Final = Statement(
    b"events of a consumer after by id", _AFTER_OF_CONSUMER_SQL.format(record=_RECORD_BY_ID).encode()
)
_END: Final = """
SELECT coalesce((SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = %(of)s), 0),
    coalesce((SELECT max(sequence) FROM agency_event WHERE agency_id = %(of)s), 0)
"""
_END_OF_CONSUMER: Final = """
SELECT coalesce((SELECT max(through_sequence) FROM consumer_acknowledgement WHERE consumer_id = %(of)s), 0),
    coalesce((SELECT max(sequence) FROM consumer_event WHERE consumer_id = %(of)s), 0)
"""
# By the ledger's order and not by times: a step of the seal has the server's, an event the database's. Numbers are
# given without gaps and in that order, so that the first event behind the seal is found by halving, and those before it
# aren't read. One without a place in the ledger waits: its record was hidden while it was numbered. Whoever owns the
# database and puts others in front has numbers counted that wait, which he can count himself; he has none told: a page
# ends before the first one that waits, by its kind and wherever it stands (notification/stream.py).
_FIRST_WAITING: Final = f"""
WITH RECURSIVE seal AS (
    SELECT coalesce((
        SELECT index FROM ledger_record
        WHERE table_name = '{register_seal.TABLE}' AND row_id = %(seal_id)s AND version = %(version)s
    ), -1) AS index
), halved AS (
    SELECT %(after)s::bigint AS before, %(last)s::bigint + 1 AS behind
    UNION ALL
    SELECT CASE WHEN is_before THEN middle ELSE before END, CASE WHEN is_before THEN behind ELSE middle END
    FROM (SELECT before, behind, (before + behind) / 2 AS middle FROM halved WHERE behind - before > 1) AS h
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT e.record_index <= (SELECT index FROM seal)
            FROM {{numbered}} AND {{sequence}} = middle
        ), false) AS is_before
    ) AS looked
)
SELECT least(
    (
        SELECT {{sequence}} FROM {{numbered}} AND {{sequence}} >= (SELECT min(behind) FROM halved)
        AND {{sequence}} <= %(last)s AND NOT e.kind = ANY (%(told)s)
        ORDER BY {{sequence}} LIMIT 1
    ),
    (
        SELECT {{sequence}} FROM {{numbered}} AND {{sequence}} > %(after)s AND {{sequence}} <= %(last)s
        AND NOT e.kind = ANY (%(told)s) AND e.record_index IS NULL
        ORDER BY {{sequence}} LIMIT 1
    )
)
"""  # noqa: S608 - constants
_FIRST_THAT_WAITS: Final = _FIRST_WAITING.format(
    sequence="e.sequence", numbered="agency_event AS e WHERE e.agency_id = %(agency)s"
)
_FIRST_OF_CONSUMER_THAT_WAITS: Final = _FIRST_WAITING.format(
    sequence="c.sequence",
    numbered="consumer_event AS c "
    "JOIN agency_event AS e ON e.agency_id = c.agency_id AND e.sequence = c.agency_sequence "
    "WHERE c.agency_id = %(agency)s AND c.consumer_id = %(consumer)s",
)
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
    """A numbered event as it is stored; ids are in their text form.

    Attributes:
        sequence: its number within the numbering that is read.
        registration_ids: 32 hexadecimal digits each.
        unusual_access_ids: likewise.
        time_us: when it happened, microseconds since 1970.
        recorded: what the entry that caused it says of it, SHA-256; None: no entry says anything.
        sha256: the same, of what is stored: a row of ``outbox.TABLE``.
    """

    sequence: int
    event_id: str
    kind: int
    registration_id: str | None
    notice_id: str | None
    access_request_id: str | None
    about_agency: str | None
    judgment_id: str | None
    grant_id: str | None
    registration_ids: str | None
    unusual_access_ids: str | None
    places: Sequence[str]
    time_us: int
    recorded: bytes | None
    sha256: bytes

    @property
    def is_as_recorded(self) -> bool:
        """Whether it is what the entry owed the agency."""
        return self.sha256 == self.recorded

    @property
    def hashed(self) -> bytes:
        """What stands for it where several are hashed together: all that is stored of it, with its number."""
        return struct.pack(">qq", self.sequence, self.time_us) + self.sha256

    def registrations(self, hidden: Collection[bytes] = ()) -> list[bytes]:
        """The registrations that it names, without those that are hidden."""
        found = [uuids.raw(self.registration_id)] if self.registration_id else []
        if self.registration_ids:
            found += _several(self.registration_ids)
        return [each for each in found if each not in hidden] if hidden else found

    def subjects(self, hidden: Collection[bytes]) -> list[bytes]:
        """The records that it is about; those of reviews, policy, keys and budgets are about none."""
        found = self.registrations(hidden)
        return found if found or not self.access_request_id else [uuids.raw(self.access_request_id)]

    def message(self, hidden: Collection[bytes] = ()) -> notification_pb2.Event:
        """The event as the contract writes it; it names no registration that is hidden, and no notice of one."""
        names = not hidden or self.registration_id is None or uuids.raw(self.registration_id) not in hidden
        event = notification_pb2.Event(
            sequence=self.sequence,
            event_id=self.event_id,
            kind=self.kind,  # type: ignore[arg-type]  # as it was written
            registration_id=(self.registration_id or "") if names else "",
            notice_id=(self.notice_id or "") if names else "",
            access_request_id=self.access_request_id or "",
            agency_id=self.about_agency or "",
            judgment_id=self.judgment_id or "",
            grant_id=self.grant_id or "",
        )
        set_us(event.event_time, self.time_us)
        if self.registration_ids:
            ids = _several(self.registration_ids)
            event.registration_ids.extend(uuids.text(each) for each in ids if each not in hidden)
        event.unusual_access_ids.extend(uuids.text(each) for each in _several(self.unusual_access_ids or ""))
        return event


def _several(written: str) -> list[bytes]:
    """Ids that stand one behind the other, 32 hexadecimal digits each."""
    ids = bytes.fromhex(written)
    return [ids[at : at + _ID_BYTES] for at in range(0, len(ids), _ID_BYTES)]


def read_after(conn: Connection, line: Line, after: int, limit: int) -> list[StoredEvent]:
    """At most ``limit`` events of the numbering after a sequence, in order."""
    by_place, by_id = (_AFTER_OF_CONSUMER, _AFTER_OF_CONSUMER_BY_ID) if line.consumer_id else (_AFTER, _AFTER_BY_ID)
    of = [line.agency_id.encode(), arrays.integer(after), arrays.integer(limit)]
    of += [line.consumer_id] if line.consumer_id else []
    found = ask(conn, by_place, *of)
    if any(columns[-1] is None for columns in found):
        found = ask(conn, by_id, *of)
    return [StoredEvent._make((*columns, _sha256(line.agency_id, columns))) for columns in found]


def _sha256(agency_id: str, columns: tuple[Any, ...]) -> bytes:
    """As ``deciding.digest`` of the row of ``outbox.TABLE``, whose columns are read as they are written there."""
    _, event_id, kind, *others, _, _ = columns
    return deciding.digest_of([event_id, agency_id, kind, *others])


def told(line: Line, after: int, events: Sequence[StoredEvent]) -> record_pb2.ToldEvents:
    """What an entry says of the events of one message, so that ``ledger verify`` compares them with those stored."""
    return record_pb2.ToldEvents(
        first=after + 1,
        last=after + len(events),
        sha256=hashlib.sha256(b"".join(each.hashed for each in events)).digest(),
        consumer_id=line.consumer_id,
    )


class End(NamedTuple):
    """How far a numbering has come.

    Attributes:
        acknowledged: the last sequence that was acknowledged, or 0.
        last: the last sequence that was given, or 0.
    """

    acknowledged: int
    last: int


def end(conn: Connection, line: Line, numbered: Numbered, seal: register_seal.SetBy | None) -> End:
    """How far the numbering has come, read at one instant.

    Behind a seal on the register it ends before the first event that waits: otherwise whoever tries numbers out would
    learn how many do, and so that somebody was matched.

    Args:
        conn: reads.
        line: the numbering.
        numbered: what this process knows to have been numbered.
        seal: which lies on the register; None: there is none.

    Raises:
        errors.Unavailable: this process knows of a later event, or one was acknowledged.
    """
    least = numbered.least(line.key)
    of = uuid.UUID(bytes=line.consumer_id) if line.consumer_id else line.agency_id
    found = End(*conn.execute(_END_OF_CONSUMER if line.consumer_id else _END, {"of": of}).fetchall()[0])
    numbered.read(line.key, max(least, found.acknowledged), found.last)
    if seal is None:
        return found
    those = {
        "agency": line.agency_id,
        "consumer": uuid.UUID(bytes=line.consumer_id) if line.consumer_id else None,
        "after": found.acknowledged,
        "last": found.last,
        "seal_id": seal.seal_id,
        "version": seal.version,
        "told": sorted(hearers.TOLD_WHILE_SEALED),
    }
    statement = _FIRST_OF_CONSUMER_THAT_WAITS if line.consumer_id else _FIRST_THAT_WAITS
    ((first,),) = conn.execute(statement, those).fetchall()
    return found if first is None else found._replace(last=first - 1)


def event_id(conn: Connection, line: Line, sequence: int) -> str:
    """Id of the event with a number; empty: there is none."""
    found = read_after(conn, line, sequence - 1, 1) if sequence else []
    return found[0].event_id if found else ""


def acknowledgement(line: Line, through: int, before: int) -> tuple[Row, Seen]:
    """The row of an acknowledgement, and the one before it that it rests on."""
    if line.consumer_id:
        seen = Seen(ACKNOWLEDGED_OF_CONSUMER, (line.consumer_id,), before)
        return Row(OF_CONSUMERS, (line.consumer_id, through)), seen
    return Row(TABLE, (line.agency_id, through)), Seen(ACKNOWLEDGED, (line.agency_id,), before)
