"""What was erased, as it is recorded: which registrations, and what of the calls about them.

Verification goes by it: what is missing of a registration is no finding if two officers decided that, and what was
destroyed stands here, sealed and recorded by the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import psycopg
from google.protobuf.message import DecodeError
from psycopg.rows import TupleRow

from nsor_server import errors
from nsor_server.calls import RecordRef, Row, Table
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "erasure_version"
VERSIONS: Final = Table(TABLE, (("closure_id", "uuid"), ("version", "integer"), ("sealed", "bytea")))
DESTROYED: Final = 1
"""Version that says that the key is gone."""
COMPLETE: Final = 2
"""Version that says that the last backup with it has expired."""
_ALL: Final = "SELECT uuid_send(closure_id), version, sealed FROM erasure_version ORDER BY closure_id, version"


class StoredErasure(NamedTuple):
    """A version of an erasure as it is stored."""

    closure_id: bytes
    version: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Erased:
    """All that was erased.

    Attributes:
        registrations: what is known of each still, by id.
        entries: indices of entries whose details were destroyed.
        answers: access ids of calls whose answers were destroyed.
    """

    registrations: Mapping[bytes, record_pb2.ErasureRecord] = field(default_factory=dict)
    entries: frozenset[int] = frozenset()
    answers: frozenset[bytes] = frozenset()


def row(sealer: Sealing, record: record_pb2.ErasureRecord) -> tuple[Row, RecordRef]:
    """The row of a version, and what the ledger holds it to."""
    sealed = sealer.seal(TABLE, record.closure_id, record.version, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.closure_id, record.version, hashlib.sha256(sealed).digest())
    return Row(VERSIONS, (record.closure_id, record.version, sealed)), ref


def newest(conn: psycopg.Connection[TupleRow], sealer: Sealing) -> dict[bytes, record_pb2.ErasureRecord]:
    """The newest version of each erasure, by the id of its decision; one that doesn't open is none, with an alert."""
    found = {}
    for columns in conn.execute(_ALL, binary=True):
        try:
            record = opened(sealer, StoredErasure(*columns))
        except errors.Internal:
            continue
        found[record.closure_id] = record
    return found


def erased(conn: psycopg.Connection[TupleRow], sealer: Sealing) -> Erased:
    """All that was erased."""
    records = newest(conn, sealer).values()
    return Erased(
        {each.registration_id: each for each in records},
        frozenset(index for each in records for index in each.entries),
        frozenset(access_id for each in records for access_id in each.answers),
    )


def erased_ids(conn: psycopg.Connection[TupleRow], sealer: Sealing) -> AbstractSet[bytes]:
    """Ids of the registrations that were erased."""
    return erased(conn, sealer).registrations.keys()


def opened(sealer: Sealing, stored: StoredErasure) -> record_pb2.ErasureRecord:
    """Open a version.

    Raises:
        errors.Internal: it doesn't open, or isn't that version.
    """
    try:
        sealed = sealer.open(TABLE, stored.closure_id, stored.version, stored.sealed)
        record = record_pb2.ErasureRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if (record.closure_id, record.version) != stored[:-1]:
        raise contradicted(TABLE)
    return record
