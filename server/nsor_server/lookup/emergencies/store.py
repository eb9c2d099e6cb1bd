"""Emergency look-ups, their reviews, and what was told of overdue ones, in PostgreSQL. Insert-only. Knows no policy."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import emergencies_pb2, options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import rests_on
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "emergency"
REVIEW: Final = "emergency_review"
OVERDUE: Final = "emergency_overdue"
READING: Final = "emergency_reading"
ONCE: Final = 1
"""Each row is written once."""
_NONE: Final = bytes(16)

EMERGENCIES: Final = Table(
    TABLE,
    (
        ("emergency_id", "uuid"),
        ("agency_id", "text"),
        ("officer_key", "bytea"),
        ("station", "text"),
        ("review_due_at", "timestamptz"),
        ("sealed", "bytea"),
    ),
    written_at="created_at",
)
REVIEWS: Final = Table(
    REVIEW,
    (("emergency_id", "uuid"), ("agency_id", "text"), ("finding", "smallint"), ("reviewed_by", "bytea")),
    row_id="emergency_id",
    written_at="reviewed_at",
)
OVERDUES: Final = Table(OVERDUE, (("emergency_id", "uuid"),), row_id="emergency_id", written_at="told_at")
READINGS: Final = Table(
    READING,
    (("emergency_id", "uuid"), ("number", "smallint")),
    row_id="emergency_id",
    version="number",
    written_at="read_at",
)
PLACES: Final = rows.Columns(own_agency="e.agency_id", place="e.station")
"""Where one has what the scopes of the contract go by."""
OF_AGENCY: Final = Versions(
    "emergencies of an agency",
    ("text",),
    "(SELECT count(*) FROM emergency WHERE agency_id = q.k1)"
    " + (SELECT count(*) FROM emergency_review WHERE agency_id = q.k1)",
)
"""How many an agency has opened, and how many of them were reviewed: it only grows."""
REVIEWED: Final = Versions(
    "emergency review", ("uuid",), "(SELECT count(*) FROM emergency_review WHERE emergency_id = q.k1)"
)
"""Whether one was reviewed: 0 or 1."""
READ: Final = Versions(
    "emergency readings", ("uuid",), "(SELECT count(*) FROM emergency_reading WHERE emergency_id = q.k1)"
)
"""How often it was read."""
TOLD: Final = Versions(
    "emergency overdue", ("uuid",), "(SELECT count(*) FROM emergency_overdue WHERE emergency_id = q.k1)"
)
"""Whether it was told that its review is overdue: 0 or 1."""
COLUMNS: Final = "uuid_send(e.emergency_id), e.agency_id, e.officer_key, e.station, e.review_due_at, e.sealed"
_WAITING: Final = Statement(
    b"emergencies waiting",
    f"""
SELECT {COLUMNS}
FROM emergency AS e
WHERE e.agency_id = $1 AND NOT EXISTS (SELECT FROM emergency_review AS r WHERE r.emergency_id = e.emergency_id)
""".encode(),  # noqa: S608 - constants
)
_COUNT: Final = Statement(
    b"emergencies counted",
    b"""
SELECT (SELECT count(*) FROM emergency WHERE agency_id = $1)
    + (SELECT count(*) FROM emergency_review WHERE agency_id = $1)
""",
)
_ONE: Final = Statement(
    b"emergency",
    f"""
SELECT {COLUMNS}, r.finding, r.reviewed_at
FROM emergency AS e LEFT JOIN emergency_review AS r ON r.emergency_id = e.emergency_id
WHERE e.emergency_id = $1
""".encode(),  # noqa: S608 - constants
)
_READINGS: Final = Statement(
    b"emergency readings", b"SELECT read_at FROM emergency_reading WHERE emergency_id = $1 ORDER BY number"
)
_PAGE: Final = rows.statements(
    "emergencies",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT {COLUMNS}, r.finding, r.reviewed_at, e.created_at
    FROM emergency AS e LEFT JOIN emergency_review AS r ON r.emergency_id = e.emergency_id
    WHERE {{rows}} AND (r.emergency_id IS NOT NULL) = $7 AND coalesce(
        (SELECT (e.created_at, e.emergency_id) < (last.created_at, last.emergency_id)
         FROM emergency AS last WHERE last.emergency_id = $5::uuid),
        true
    )
    ORDER BY e.created_at DESC, e.emergency_id DESC
    LIMIT $6::bigint
) AS o ON true
ORDER BY o.created_at DESC, 2 DESC
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_ALL),
)
"""By the scope that the contract gives the caller: the newest in front, behind one of them or from the first one."""


_FALLEN_DUE: Final = f"""
SELECT {COLUMNS}
FROM emergency AS e
WHERE e.review_due_at < %(now)s AND (e.review_due_at, e.emergency_id) > (%(due_at)s, %(emergency_id)s)
    AND NOT EXISTS (SELECT FROM emergency_review AS r WHERE r.emergency_id = e.emergency_id)
    AND NOT EXISTS (SELECT FROM emergency_overdue AS o WHERE o.emergency_id = e.emergency_id)
ORDER BY e.review_due_at, e.emergency_id
LIMIT %(most)s
"""  # noqa: S608 - constants


class StoredEmergency(NamedTuple):
    """An emergency look-up as it is stored."""

    emergency_id: bytes
    agency_id: str
    officer_key: bytes
    station: str
    review_due_at: dt.datetime
    sealed: bytes


class Stored(NamedTuple):
    """An emergency look-up, opened.

    Attributes:
        record: what was sealed.
        finding: number of nsor.v1.EmergencyFinding; 0: nobody has reviewed it.
        reviewed_at: when it was reviewed; None: it wasn't.
    """

    record: record_pb2.EmergencyRecord
    finding: int
    reviewed_at: dt.datetime | None

    @property
    def seen(self) -> Seen:
        """That it was reviewed, or wasn't."""
        return Seen(REVIEWED, (self.record.emergency_id,), int(self.reviewed_at is not None))


class Readings(NamedTuple):
    """How often an emergency look-up was read.

    Attributes:
        emergency_id: 16 bytes.
        times: when, the oldest first.
    """

    emergency_id: bytes
    times: Sequence[dt.datetime]

    @property
    def seen(self) -> Seen:
        """That these were all."""
        return Seen(READ, (self.emergency_id,), len(self.times))

    @property
    def following(self) -> Row:
        """The row of the next reading."""
        return Row(READINGS, (self.emergency_id, len(self.times) + 1))


class Page(NamedTuple):
    """A page of emergency look-ups.

    Attributes:
        size: how many entries there were when it was read.
        found: the newest in front.
    """

    size: int
    found: Sequence[Stored]


def row(sealer: Sealing, record: record_pb2.EmergencyRecord) -> tuple[Row, RecordRef]:
    """The row of an emergency look-up that is opened, and what the ledger holds it to."""
    sealed = sealer.seal(TABLE, record.emergency_id, ONCE, record.SerializeToString(deterministic=True))
    columns = (*_beside(record)[:-1], instant(record.review_due_us))
    return Row(EMERGENCIES, (*columns, sealed)), RecordRef(
        TABLE, record.emergency_id, ONCE, hashlib.sha256(sealed).digest()
    )


def review(record: record_pb2.EmergencyRecord, finding: emergencies_pb2.EmergencyFinding.ValueType, by: bytes) -> Row:
    """The row of a review; ``by``: key id of the officer."""
    return Row(REVIEWS, (record.emergency_id, record.agency, finding, by))


def told_overdue(record: record_pb2.EmergencyRecord) -> Row:
    """The row which says that it was told that a review is overdue."""
    return Row(OVERDUES, (record.emergency_id,))


class Place(NamedTuple):
    """Where one stands among those whose review falls overdue: when that was due, and its id."""

    due_at: dt.datetime
    emergency_id: bytes


START: Final = Place(instant(0), bytes(16))
"""Before every one."""


class Overdue(NamedTuple):
    """Those whose review is overdue and of which nobody was told yet.

    Attributes:
        records: the oldest first; one that isn't what its row says is left out, and there is an alert.
        place: of the last one that was read, if there may be more behind it; None: there are none.
    """

    records: list[record_pb2.EmergencyRecord]
    place: Place | None


def overdue(conn: Connection, sealer: Sealing, now: dt.datetime, after: Place, *, most: int) -> Overdue:
    """The next ones behind a place."""
    parameters = {
        "now": now,
        "due_at": after.due_at,
        "emergency_id": uuid.UUID(bytes=after.emergency_id),
        "most": most,
    }
    found = [StoredEmergency(*columns) for columns in conn.execute(_FALLEN_DUE, parameters, binary=True).fetchall()]
    last = found[-1] if len(found) == most else None
    place = None if last is None else Place(last.review_due_at, last.emergency_id)
    return Overdue(list(readable(found, lambda row: opened(sealer, row))), place)


def still_overdue(record: record_pb2.EmergencyRecord) -> tuple[Seen, Seen]:
    """That nobody has reviewed it, and nobody was told."""
    return Seen(REVIEWED, (record.emergency_id,), 0), Seen(TOLD, (record.emergency_id,), 0)


def waiting(conn: Connection, sealer: Sealing, agency_id: str) -> tuple[list[record_pb2.EmergencyRecord], Seen]:
    """What an agency's officers have opened and NPB hasn't reviewed; and that these are all.

    Raises:
        errors.Internal: one isn't what its row says.
    """
    # Counted before it is read: what comes in between is found, or it runs again.
    ((count,),) = ask(conn, _COUNT, agency_id.encode())
    found = [opened(sealer, StoredEmergency(*columns)) for columns in ask(conn, _WAITING, agency_id.encode())]
    if any(each.agency != agency_id for each in found):
        raise contradicted(TABLE, "a row of %s was read for another agency")
    return found, Seen(OF_AGENCY, (agency_id,), count)


def one(conn: Connection, sealer: Sealing, emergency_id: bytes, call: Call) -> Stored | None:
    """An emergency look-up, whoever has opened it; what it was looked at for stands in the call.

    Raises:
        errors.Internal: it isn't what its row says.
    """
    found = ask(conn, _ONE, emergency_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_EMERGENCY, emergency_id, ONCE if found else 0)
    if not found:
        return None
    *columns, finding, reviewed_at = found[0]
    record = opened(sealer, StoredEmergency(*columns))
    if record.emergency_id != emergency_id:
        raise contradicted(TABLE, "a row of %s was read for another one")
    return Stored(record, finding or 0, reviewed_at)


def readings(conn: Connection, emergency_id: bytes) -> Readings:
    """The readings by an emergency look-up, those that found nobody too."""
    return Readings(emergency_id, [read_at for (read_at,) in ask(conn, _READINGS, emergency_id)])


def page(conn: Connection, sealer: Sealing, call: Call, *, after: bytes, most: int, reviewed: bool) -> Page:
    """Emergency look-ups that the contract shows the caller, the newest in front.

    Args:
        conn: any.
        sealer: opens them.
        call: of the caller.
        after: id of one of them, behind which the page begins; empty: with the first.
        most: how many.
        reviewed: those that were reviewed, instead of those that wait for it.

    Raises:
        errors.Internal: one isn't what its row says.
    """
    own = after or _NONE, arrays.integer(most), arrays.boolean(reviewed)
    found = ask(conn, _PAGE[call.rows], *rows.parameters(call.agency, call.officer), *own)
    if not found:
        raise contradicted("ledger_head")
    stored = [
        Stored(opened(sealer, StoredEmergency(*columns)), finding or 0, reviewed_at)
        for _, *columns, finding, reviewed_at, _ in found
        if columns[0] is not None
    ]
    for each in stored:
        rows.require_shown(TABLE, said(each.record), call)
    return Page(int(found[0][0]), stored)


def digest(emergency_id: bytes, finding: int, readings: int) -> bytes:
    """What one that is shown rests on: its finding, and how often it was read."""
    return rests_on.digest([(emergency_id, finding), (emergency_id, readings)])


def said(record: record_pb2.EmergencyRecord) -> rows.Said:
    """What one says of itself."""
    return rows.Said(own_agency=record.agency, place=record.station)


def opened(sealer: Sealing, row: StoredEmergency) -> record_pb2.EmergencyRecord:
    """Open one and compare it with the columns beside it.

    Raises:
        errors.Internal: they differ, or it doesn't open.
    """
    columns = (row.emergency_id, row.agency_id, bytes(row.officer_key), row.station, to_us(row.review_due_at))
    try:
        sealed = sealer.open(TABLE, row.emergency_id, ONCE, row.sealed)
        record = record_pb2.EmergencyRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    if _beside(record) != columns:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def _beside(record: record_pb2.EmergencyRecord) -> tuple[bytes, str, bytes, str, int]:
    """What stands beside the seal, the instant in microseconds."""
    return record.emergency_id, record.agency, record.officer_key, record.station, record.review_due_us
