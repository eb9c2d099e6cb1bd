"""Validations in PostgreSQL: the newest of a registration, and those that have fallen due."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import registration_pb2
from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.registration import store as registrations
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_validation"
VALIDATIONS: Final = Table(
    TABLE, (("registration_id", "uuid"), ("version", "integer"), ("due_us", "bigint"), ("sealed", "bytea"))
)
HEADS: Final = Versions(
    "validation",
    ("uuid",),
    "coalesce((SELECT max(version) FROM registration_validation WHERE registration_id = q.k1), 0)",
)
"""The newest validation of a registration; 0: no court has confirmed it."""


class StoredValidation(NamedTuple):
    """A validation as it is stored."""

    registration_id: bytes
    version: int
    due_us: int
    sealed: bytes


class Due(NamedTuple):
    """A validation that has fallen due, with the newest version of its registration."""

    validation: StoredValidation
    registration: registrations.StoredVersion


def row(key: DataKey, record: record_pb2.ValidationRecord) -> tuple[Row, RecordRef]:
    """The row of a validation, and what the ledger holds it to."""
    sealed = key.seal(TABLE, record.registration_id, record.version, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.registration_id, record.version, hashlib.sha256(sealed).digest())
    return Row(VALIDATIONS, (record.registration_id, record.version, record.due_us, sealed)), ref


def newest(conn: Connection, key: DataKey, registration_id: bytes) -> tuple[record_pb2.ValidationRecord, Seen]:
    """The newest validation of a confirmed registration.

    Raises:
        errors.Internal: there is none, or it isn't what its seal says.
    """
    found = ask(conn, _NEWEST, registration_id)
    if not found:
        raise contradicted(TABLE, "a confirmed registration has no row in %s")
    record = opened(key, StoredValidation(*found[0]))
    if record.registration_id != registration_id:
        raise contradicted(TABLE)
    return record, Seen(HEADS, (registration_id,), record.version)


def opened(key: DataKey, stored: StoredValidation) -> record_pb2.ValidationRecord:
    """Open a validation and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = key.open(TABLE, stored.registration_id, stored.version, stored.sealed)
        record = record_pb2.ValidationRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if (record.registration_id, record.version, record.due_us) != stored[:-1]:
        raise contradicted(TABLE)
    return record


def due(conn: Connection, *, after: tuple[int, bytes], until_us: int, most: int) -> list[Due]:
    """What has fallen due of confirmed registrations, and wasn't said again since, in the order in which it did.

    Args:
        conn: any.
        after: only behind this instant (microseconds since 1970) and registration id.
        until_us: only up to this instant.
        most: how many.
    """
    found = ask(conn, _DUE, arrays.integer(after[0]), after[1], arrays.integer(until_us), arrays.integer(most))
    of = len(StoredValidation._fields)
    return [Due(StoredValidation(*each[:of]), registrations.StoredVersion(*each[of:])) for each in found]


def due_of(conn: Connection, registration_ids: Iterable[bytes], *, until: tuple[int, bytes]) -> list[Due]:
    """The same of some registrations, in their order: what has fallen due up to an instant and registration id."""
    ids = [uuid.UUID(bytes=each) for each in registration_ids]
    found = conn.execute(_DUE_OF, {"ids": ids, "us": until[0], "id": uuid.UUID(bytes=until[1])}, binary=True).fetchall()
    of = len(StoredValidation._fields)
    return [Due(StoredValidation(*each[:of]), registrations.StoredVersion(*each[of:])) for each in found]


_NEWEST: Final = Statement(
    b"validation",
    b"""
SELECT uuid_send(registration_id), version, due_us, sealed
FROM registration_validation
WHERE registration_id = $1
ORDER BY version DESC
LIMIT 1
""",
)
_OVERDUE: Final = f"""
SELECT uuid_send(d.registration_id), d.version, d.due_us, d.sealed, {registrations.COLUMNS}
FROM registration_validation AS d
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = d.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = d.registration_id
WHERE v.state = {registration_pb2.REGISTRATION_STATE_CONFIRMED:d}
    AND NOT EXISTS (
        SELECT FROM registration_validation AS later
        WHERE later.registration_id = d.registration_id AND later.version > d.version
    )
"""  # noqa: S608 - constants
_DUE: Final = Statement(
    b"validations due",
    f"""
{_OVERDUE} AND (d.due_us, d.registration_id) > ($1::bigint, $2::uuid) AND d.due_us <= $3::bigint
ORDER BY d.due_us, d.registration_id
LIMIT $4::bigint
""".encode(),
)
_DUE_OF: Final = f"""
{_OVERDUE} AND d.registration_id = ANY (%(ids)s) AND (d.due_us, d.registration_id) <= (%(us)s::bigint, %(id)s::uuid)
ORDER BY d.registration_id
"""
