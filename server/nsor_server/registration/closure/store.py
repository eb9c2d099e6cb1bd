"""Decisions of how a record ends, in PostgreSQL: proposed, and confirmed."""

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


_HEAD: Final = Statement(
    b"closure",
    b"""
SELECT uuid_send(closure_id), version, sealed FROM closure_version WHERE closure_id = $1 ORDER BY version DESC LIMIT 1
""",
)
