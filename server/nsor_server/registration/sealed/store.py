"""Readings of what is sealed, in PostgreSQL: their versions, sealed."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "sealed_reading"
READINGS: Final = Table(
    TABLE, (("sealed_reading_id", "uuid"), ("version", "integer"), ("sealed", "bytea")), written_at="created_at"
)
HEADS: Final = Versions(
    "sealed reading",
    ("uuid",),
    "coalesce((SELECT max(version) FROM sealed_reading WHERE sealed_reading_id = q.k1), 0)",
)
"""The newest version of a reading; 0: there is none."""


class StoredReading(NamedTuple):
    """A version of a reading as it is stored."""

    sealed_reading_id: bytes
    version: int
    sealed: bytes


def row(sealer: Sealing, record: record_pb2.SealedReadingRecord) -> tuple[Row, RecordRef]:
    """The row of a version, and what the ledger holds it to."""
    of = (record.sealed_reading_id, record.version)
    sealed = sealer.seal(TABLE, *of, record.SerializeToString(deterministic=True))
    return Row(READINGS, (*of, sealed)), RecordRef(TABLE, *of, hashlib.sha256(sealed).digest())


def newest(
    conn: Connection, sealer: Sealing, sealed_reading_id: bytes
) -> tuple[record_pb2.SealedReadingRecord, Seen] | None:
    """The newest version of a reading, opened.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    found = ask(conn, _NEWEST, sealed_reading_id)
    if not found:
        return None
    record = opened(sealer, StoredReading(*found[0]))
    if record.sealed_reading_id != sealed_reading_id:
        raise contradicted(TABLE)
    return record, Seen(HEADS, (sealed_reading_id,), record.version)


def opened(sealer: Sealing, stored: StoredReading) -> record_pb2.SealedReadingRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = sealer.open(TABLE, stored.sealed_reading_id, stored.version, stored.sealed)
        record = record_pb2.SealedReadingRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if (record.sealed_reading_id, record.version) != stored[:-1]:
        raise contradicted(TABLE)
    return record


_NEWEST: Final = Statement(
    b"sealed reading",
    b"""
SELECT uuid_send(sealed_reading_id), version, sealed
FROM sealed_reading
WHERE sealed_reading_id = $1
ORDER BY version DESC
LIMIT 1
""",
)
