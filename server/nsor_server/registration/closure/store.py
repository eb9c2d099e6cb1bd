"""Decisions of how a record ends, in PostgreSQL: proposed, and confirmed."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server import errors
from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealer, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "closure_version"
VERSIONS: Final = Table(TABLE, (("closure_id", "uuid"), ("version", "integer"), ("sealed", "bytea")))
HEADS: Final = Versions(
    "closure",
    ("uuid",),
    "coalesce((SELECT max(version) FROM closure_version WHERE closure_id = q.k1), 0)",
)
"""The newest version of a decision; 0: there is none."""


class StoredClosure(NamedTuple):
    """A version of a decision as it is stored."""

    closure_id: bytes
    version: int
    sealed: bytes


def row(sealer: Sealing, record: record_pb2.ClosureRecord) -> tuple[Row, RecordRef]:
    """The row of a version, and what the ledger holds it to."""
    sealed = sealer.seal(TABLE, record.closure_id, record.version, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.closure_id, record.version, hashlib.sha256(sealed).digest())
    return Row(VERSIONS, (record.closure_id, record.version, sealed)), ref


def head(conn: Connection, sealer: Sealing, closure_id: bytes) -> record_pb2.ClosureRecord | None:
    """The newest version of a decision.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    found = ask(conn, _HEAD, closure_id)
    if not found:
        return None
    record = opened(sealer, StoredClosure(*found[0]))
    if record.closure_id != closure_id:
        raise contradicted(TABLE)
    return record


def check_alone(conn: Connection, sealer: Sealer, blind_index: BlindIndex, registration_id: bytes) -> None:
    """See that a registration has met no other one, of which it could then not be told any more what it rests on.

    It is in no review, and so of no person with others; and no other one had one of its identifiers while it stood,
    under whichever key. Whoever claims one later, when it stands no more, has never met it.

    Raises:
        errors.WrongState: it has.
        errors.Internal: a version isn't what was sealed.
    """
    versions = (registrations.StoredVersion(*columns) for columns in ask(conn, _VERSIONS, registration_id))
    numbers = {each for row in versions for each in claims.identifiers(registrations.open_version(sealer, row))}
    values = [(one.kind, *value) for one in numbers for value in blind_index.values(one.use, one.text)]
    kinds, key_ids, blinds = zip(*values, strict=True) if values else ((), (), ())
    blind = (arrays.shorts(kinds), arrays.longs(key_ids), arrays.byteas(blinds))
    ((has_met,),) = ask(conn, _HAS_MET, registration_id, *blind)
    if has_met:
        raise errors.WrongState


def seen(record: record_pb2.ClosureRecord) -> Seen:
    """That this was the newest version."""
    return Seen(HEADS, (record.closure_id,), record.version)


def opened(sealer: Sealing, stored: StoredClosure) -> record_pb2.ClosureRecord:
    """Open a version.

    Raises:
        errors.Internal: it doesn't open, or isn't that version.
    """
    try:
        sealed = sealer.open(TABLE, stored.closure_id, stored.version, stored.sealed)
        record = record_pb2.ClosureRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if (record.closure_id, record.version) != stored[:-1]:
        raise contradicted(TABLE)
    return record


_VERSIONS: Final = Statement(
    b"closure registration",
    f"""
SELECT {registrations.COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = $1
""".encode(),  # noqa: S608 - constants
)
_HAS_MET: Final = Statement(
    b"closure met",
    f"""
SELECT
    EXISTS (SELECT FROM registration_review WHERE $1 IN (registration_id, earlier_registration_id))
    OR EXISTS (
        SELECT FROM (
            SELECT kind, key_id, blind FROM registration_identifier WHERE registration_id = $1
            UNION
            SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::bytea[])
        ) AS own (kind, key_id, blind)
        JOIN registration_identifier AS other USING (kind, key_id, blind)
        JOIN ledger_record AS claimed
            ON claimed.table_name = '{claims.TABLE}' AND claimed.row_id = uuid_send(other.registration_id)
                AND claimed.version = other.version
        WHERE other.registration_id <> $1
            AND claimed.index < (
                SELECT index FROM ledger_record
                WHERE table_name = '{registrations.TABLE}' AND row_id = uuid_send($1) AND version = (
                    SELECT max(version) + 1 FROM registration_version
                    WHERE registration_id = $1 AND state = {registrations.CONFIRMED:d}
                )
            )
    )
""".encode(),  # noqa: S608 - constants
)
_HEAD: Final = Statement(
    b"closure",
    b"""
SELECT uuid_send(closure_id), version, sealed FROM closure_version WHERE closure_id = $1 ORDER BY version DESC LIMIT 1
""",
)
