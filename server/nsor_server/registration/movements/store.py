"""Movements in PostgreSQL: each is added once, with a data key of its own, which is deleted some days later.

No row names anybody, and there is no index by a number: most movements are of people who aren't registered. At the
times for reviews they are opened, and their numbers looked for among those that registrations claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import RecordRef, Row, Table
from nsor_server.registration.claims import IS_LIVE, Identifier
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "movement"
ONCE: Final = 1
"""A movement is written once."""
MOVEMENTS: Final = Table(TABLE, (("movement_id", "uuid"), ("sealed", "bytea")), written_at="created_at")
KEYS: Final = Table("movement_key", (("movement_id", "uuid"), ("wrapped", "bytea")), written_at="created_at")


class StoredMovement(NamedTuple):
    """A movement as it is stored; without the key it opens nowhere."""

    movement_id: bytes
    wrapped: bytes | None
    sealed: bytes


def rows(sealer: Sealer, record: record_pb2.MovementRecord) -> tuple[list[Row], RecordRef]:
    """The rows of a movement: always two, and what the ledger holds the first to."""
    movement_id = record.movement_id
    key, wrapped = sealer.new_data_key(movement_id)
    sealed = key.seal(TABLE, movement_id, ONCE, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, movement_id, ONCE, hashlib.sha256(sealed).digest())
    return [Row(MOVEMENTS, (movement_id, sealed)), Row(KEYS, (movement_id, wrapped))], ref


def opened(sealer: Sealer, row: StoredMovement) -> record_pb2.MovementRecord:
    """Open a movement.

    Raises:
        errors.Internal: it doesn't open, or is another one.
    """
    try:
        key = sealer.open_data_key(row.movement_id, row.wrapped or b"")
        record = record_pb2.MovementRecord.FromString(key.open(TABLE, row.movement_id, ONCE, row.sealed))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    if record.movement_id != row.movement_id:
        raise contradicted(TABLE)
    return record


def last_entry(conn: Connection) -> int:
    """Index of the last entry."""
    ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    return int(size) - 1


def reported_between(conn: Connection, *, after: int, until: int, most: int) -> list[tuple[int, StoredMovement]]:
    """The movements that were reported by entries after one and until another, in their order, with their entries."""
    parameters = arrays.integer(after), arrays.integer(until), arrays.integer(most)
    return [(index, StoredMovement(*columns)) for index, *columns in ask(conn, _REPORTED, *parameters)]


def claiming(conn: Connection, blind_index: BlindIndex, numbers: Sequence[Identifier]) -> dict[Identifier, list[bytes]]:
    """Ids of the registrations that claim each of some numbers; a number that none claims isn't there."""
    live = [(one, one.kind, *value) for one in numbers for value in blind_index.values(one.use, one.text)]
    found: dict[Identifier, list[bytes]] = {}
    if not live:
        return found
    ones, kinds, key_ids, blinds = zip(*live, strict=True)
    rows_read = ask(conn, _CLAIMING, arrays.shorts(kinds), arrays.longs(key_ids), arrays.byteas(blinds))
    for nth, registration_id in rows_read:
        found.setdefault(ones[nth - 1], []).append(registration_id)
    return {one: sorted(set(ids)) for one, ids in found.items()}


def destroy(conn: Connection, before_us: int, most: int) -> int:
    """Delete the keys of movements that were reported before an instant, so many at most; how many it were."""
    return conn.execute(_DESTROY, {"before": before_us, "most": most}).rowcount


_REPORTED: Final = Statement(
    b"movements reported",
    f"""
SELECT r.index, uuid_send(m.movement_id), k.wrapped, m.sealed
FROM ledger_record AS r
JOIN movement AS m ON m.movement_id = encode(r.row_id, 'hex')::uuid
LEFT JOIN movement_key AS k ON k.movement_id = m.movement_id
WHERE r.index > $1::bigint AND r.index <= $2::bigint AND r.table_name = '{TABLE}'
ORDER BY r.index, r.ordinal
LIMIT $3::bigint
""".encode(),  # noqa: S608 - constants
)
_CLAIMING: Final = Statement(
    b"movements claimed",
    f"""
SELECT q.nth, uuid_send(i.registration_id)
FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) WITH ORDINALITY AS q (kind, key_id, blind, nth)
JOIN registration_identifier AS i ON i.kind = q.kind AND i.key_id = q.key_id AND i.blind = q.blind
WHERE {IS_LIVE}
ORDER BY q.nth, i.registration_id
""".encode(),  # noqa: S608 - constants
)
_DESTROY: Final = """
DELETE FROM movement_key WHERE movement_id IN (
    SELECT movement_id FROM movement_key
    WHERE created_at < 'epoch'::timestamptz + %(before)s::bigint * interval '1 microsecond'
    ORDER BY created_at LIMIT %(most)s
)
"""
