"""Access requests and grants in PostgreSQL: sealed, insert-only. Knows no policy.

Whether a caller may see a request is a predicate of the read, so that absent and not yours are one answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError
from psycopg.rows import TupleRow

from nsor_server import errors
from nsor_server.ledger.entry import RecordRef
from nsor_server.lookup import records
from nsor_server.rpc.calls import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.v1 import record_pb2

REQUESTS = "access_request_version"
GRANTS = "access_grant"
GRANT_VERSION = 1
"""A grant never changes."""

_log = logging.getLogger(__name__)

_NEWEST = """
SELECT version, state, agency_id, district, sealed, clock_timestamp()
FROM access_request_version
WHERE access_request_id = %b AND {visible}
ORDER BY version DESC LIMIT 1
"""
_WITHIN = """EXISTS (
    SELECT FROM unnest(%b::text[]) AS place WHERE place IN ('PK', district) OR starts_with(district, place || '/')
)"""
_NEWEST_OF_AGENCY = _NEWEST.format(visible="agency_id = %b").encode()
_NEWEST_WITHIN = _NEWEST.format(visible=f"{_WITHIN} AND {_WITHIN}").encode()


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """The newest version of an access request.

    Attributes:
        record: what was sealed.
        district: the district of its FIR.
        etag: changes with every version.
        now: when it was read, by the database's clock.
    """

    record: record_pb2.AccessRequestRecord
    district: str
    etag: str
    now: dt.datetime


def now(conn: Connection) -> dt.datetime:
    """The database's clock."""
    row = conn.execute(b"SELECT clock_timestamp()", binary=True).fetchone()
    if row is None or not isinstance(row[0], dt.datetime):
        raise errors.Internal
    return row[0]


def request_of_agency(conn: Connection, sealer: Sealing, request_id: uuid.UUID, agency_id: str) -> StoredRequest | None:
    """The newest version of a request that this agency made."""
    return _newest(conn, sealer, request_id, _NEWEST_OF_AGENCY, (request_id, agency_id))


def request_within(
    conn: Connection,
    sealer: Sealing,
    request_id: uuid.UUID,
    agency_places: Sequence[str],
    officer_places: Sequence[str],
) -> StoredRequest | None:
    """The newest version of a request whose district lies within both jurisdictions."""
    parameters = (request_id, list(agency_places), list(officer_places))
    return _newest(conn, sealer, request_id, _NEWEST_WITHIN, parameters)


def insert_request(
    conn: Connection, sealer: Sealing, record: record_pb2.AccessRequestRecord, district: str
) -> tuple[RecordRef, str]:
    """Write a version of a request; returns it and its etag.

    Raises:
        EtagMismatch: somebody else has written this version, or is committing it while we wait.
    """
    sealed = sealer.seal(REQUESTS, record.access_request_id, record.version, record.SerializeToString())
    done = conn.execute(
        b"INSERT INTO access_request_version (access_request_id, version, state, agency_id, district, sealed)"
        b" VALUES (%b, %b, %b, %b, %b, %b) ON CONFLICT DO NOTHING",
        (uuid.UUID(bytes=record.access_request_id), record.version, record.state, record.agency, district, sealed),
    )
    if done.rowcount != 1:
        raise errors.EtagMismatch
    ref = RecordRef(REQUESTS, record.access_request_id, record.version, hashlib.sha256(sealed).digest())
    return ref, _etag(sealed)


def insert_grant(conn: Connection, sealer: Sealing, grant: record_pb2.GrantRecord) -> RecordRef:
    """Write a grant."""
    sealed = sealer.seal(GRANTS, grant.grant_id, GRANT_VERSION, grant.SerializeToString())
    conn.execute(
        b"INSERT INTO access_grant (grant_id, access_request_id, agency_id, expires_at, sealed)"
        b" VALUES (%b, %b, %b, %b, %b)",
        (
            uuid.UUID(bytes=grant.grant_id),
            uuid.UUID(bytes=grant.access_request_id),
            grant.agency,
            records.instant(grant.expires_at_us),
            sealed,
        ),
    )
    return RecordRef(GRANTS, grant.grant_id, GRANT_VERSION, hashlib.sha256(sealed).digest())


def grant(conn: Connection, sealer: Sealing, grant_id: bytes) -> record_pb2.GrantRecord:
    """The grant that an access request names.

    Raises:
        Internal: it isn't there or isn't what its row says.
    """
    row = conn.execute(
        b"SELECT agency_id, (extract(epoch FROM expires_at) * 1000000)::bigint, sealed FROM access_grant"
        b" WHERE grant_id = %b",
        (uuid.UUID(bytes=grant_id),),
        binary=True,
    ).fetchone()
    if row is None:
        raise broken(GRANTS)
    return open_grant(sealer, grant_id, *_grant_columns(row))


def open_request(
    sealer: Sealing, request_id: uuid.UUID, columns: Sequence[object], sealed: bytes
) -> record_pb2.AccessRequestRecord:
    """Open a version of a request and compare it with its version, state, agency and district, as they stand beside it.

    Raises:
        Internal: they differ, or it doesn't open.
    """
    version, *others, district = columns
    if not isinstance(version, int):
        raise broken(REQUESTS)
    try:
        record = record_pb2.AccessRequestRecord.FromString(sealer.open(REQUESTS, request_id.bytes, version, sealed))
    except (SealBroken, DecodeError):
        raise broken(REQUESTS) from None
    repeats = (record.access_request_id, record.version, record.state, record.agency)
    if (request_id.bytes, version, *others) != repeats or not record.fir.police_station.startswith(f"{district}/"):
        raise broken(REQUESTS)
    return record


def open_grant(
    sealer: Sealing, grant_id: bytes, agency_id: str, expires_at_us: int, sealed: bytes
) -> record_pb2.GrantRecord:
    """Open a grant and compare it with the columns beside it.

    Raises:
        Internal: they differ, or it doesn't open.
    """
    try:
        found = record_pb2.GrantRecord.FromString(sealer.open(GRANTS, grant_id, GRANT_VERSION, sealed))
    except (SealBroken, DecodeError):
        raise broken(GRANTS) from None
    if found.grant_id != grant_id or found.agency != agency_id or found.expires_at_us != expires_at_us:
        raise broken(GRANTS)
    return found


def broken(table: str) -> errors.Internal:
    """Raise the alarm over a row that was changed behind the register's back; the entry's access id finds the call."""
    _log.critical("ALERT: a sealed row of %s is not what the columns beside it say", table)
    return errors.Internal()


def _newest(
    conn: Connection, sealer: Sealing, request_id: uuid.UUID, statement: bytes, parameters: tuple[object, ...]
) -> StoredRequest | None:
    row = conn.execute(statement, parameters, binary=True).fetchone()
    if row is None:
        return None
    version, state, agency_id, district, sealed, read_at = row
    if not isinstance(sealed, bytes) or not isinstance(read_at, dt.datetime):
        raise broken(REQUESTS)
    record = open_request(sealer, request_id, (version, state, agency_id, district), sealed)
    return StoredRequest(record, str(district), _etag(sealed), read_at)


def _grant_columns(row: TupleRow) -> tuple[str, int, bytes]:
    agency_id, expires_at_us, sealed = row
    return agency_id, expires_at_us, sealed


def _etag(sealed: bytes) -> str:
    return hashlib.sha256(sealed).hexdigest()[:32]
