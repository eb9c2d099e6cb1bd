"""Movements in PostgreSQL: each is added once, with a data key of its own, which is deleted some days later.

No row names anybody, and there is no index by a number: most movements are of people who aren't registered. At the
times for reviews they are opened, and their numbers looked for among those that registrations claim. Beside the key
stands the border crossing, so that each is compared in its turn; it goes with the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, NoReturn

from google.protobuf.message import DecodeError

from nsor.ledger.v1 import leaf_pb2
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
KEYS: Final = Table(
    "movement_key",
    (("movement_id", "uuid"), ("border_crossing", "smallint"), ("wrapped", "bytea")),
    written_at="created_at",
)


class StoredMovement(NamedTuple):
    """A movement as it is stored; without the key it opens nowhere, and its crossing isn't known."""

    movement_id: bytes
    border_crossing: int | None
    wrapped: bytes | None
    sealed: bytes


class Place(NamedTuple):
    """A place in the ledger.

    Attributes:
        entry: index of it.
        time_us: when it was written, microseconds since 1970.
    """

    entry: int
    time_us: int


class Waiting(NamedTuple):
    """A movement that hasn't been compared yet.

    Attributes:
        place: of the entry that has reported it.
        movement_id: 16 bytes.
    """

    place: Place
    movement_id: bytes


def rows(sealer: Sealer, record: record_pb2.MovementRecord) -> tuple[list[Row], RecordRef]:
    """The rows of a movement: always two, and what the ledger holds the first to."""
    movement_id = record.movement_id
    key, wrapped = sealer.new_data_key(movement_id)
    sealed = key.seal(TABLE, movement_id, ONCE, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, movement_id, ONCE, hashlib.sha256(sealed).digest())
    return [Row(MOVEMENTS, (movement_id, sealed)), Row(KEYS, (movement_id, record.border_crossing, wrapped))], ref


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
    if (record.movement_id, record.border_crossing) != (row.movement_id, row.border_crossing):
        raise contradicted(TABLE)
    return record


def missing() -> NoReturn:
    """Raises errors.Internal: a movement that was reported isn't there any more, or has no key, with an alert."""
    raise contradicted(TABLE, "a row of %s that waits isn't there")


def last_entry(conn: Connection) -> Place:
    """The last entry."""
    ((index, leaf),) = conn.execute(_LAST_ENTRY).fetchall()
    return Place(int(index), leaf_pb2.Leaf.FromString(leaf).time_us)


def waiting(conn: Connection, after: Mapping[int, Place], *, until: int, most: int) -> dict[int, list[Waiting]]:
    """The oldest movements of each border crossing that were reported behind its place, and until an entry.

    Args:
        conn: any.
        after: the place of each crossing, by its number.
        until: index of an entry.
        most: so many of each crossing.
    """
    places = (
        arrays.shorts(list(after)),
        arrays.longs([each.entry for each in after.values()]),
        arrays.longs([each.time_us for each in after.values()]),
    )
    found: dict[int, list[Waiting]] = {}
    for crossing, index, time_us, movement_id in ask(
        conn, _WAITING, *places, arrays.integer(until), arrays.integer(most)
    ):
        of_crossing = found.setdefault(crossing, [])
        if len(of_crossing) < most:
            of_crossing.append(Waiting(Place(index, time_us), movement_id))
    return found


def read(conn: Connection, movement_ids: Sequence[bytes]) -> dict[bytes, StoredMovement]:
    """Movements with their keys, by their ids; one that lacks either isn't there."""
    found = ask(conn, _READ, arrays.uuids(movement_ids)) if movement_ids else []
    return {columns[0]: StoredMovement(*columns) for columns in found}


def reported_between(conn: Connection, after: Place, *, until: int, most: int) -> list[tuple[Place, StoredMovement]]:
    """The movements with keys that were reported behind a place and until an entry, in their order, so many at most."""
    parameters = *map(arrays.integer, after), arrays.integer(until), arrays.integer(most)
    return [(Place(*columns[:2]), StoredMovement(*columns[2:])) for columns in ask(conn, _REPORTED, *parameters)]


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


_LAST_ENTRY: Final = "SELECT e.index, e.leaf FROM ledger_head AS h JOIN ledger_entry AS e ON e.index = h.size - 1"
_ENTRY: Final = f"""
CROSS JOIN LATERAL (
    SELECT index FROM ledger_record
    WHERE table_name = '{TABLE}' AND row_id = uuid_send(k.movement_id) AND version = {ONCE}
    OFFSET 0
) AS r
"""  # noqa: S608 - constants
"""By which entry a movement of ``k`` was reported, looked up one by one: whatever PostgreSQL thinks of a flood."""
_MOVEMENT: Final = """
CROSS JOIN LATERAL (SELECT sealed FROM movement WHERE movement_id = k.movement_id OFFSET 0) AS m
"""
_AT: Final = "'epoch'::timestamptz + {time_us} * interval '1 microsecond'"
_WAITING: Final = Statement(
    b"movements waiting",
    f"""
SELECT q.crossing::bigint, r.index, (extract(epoch FROM k.created_at) * 1000000)::bigint, uuid_send(k.movement_id)
FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS q (crossing, after, after_us)
CROSS JOIN LATERAL (
    SELECT movement_id, created_at FROM movement_key
    WHERE border_crossing = q.crossing
        AND (border_crossing, created_at) >= (q.crossing, {_AT.format(time_us="q.after_us")})
    ORDER BY border_crossing, created_at
    FETCH FIRST ($5::bigint + (
        SELECT count(*) FROM movement_key
        WHERE border_crossing = q.crossing AND created_at = {_AT.format(time_us="q.after_us")}
    )) ROWS WITH TIES
) AS k
{_ENTRY}
WHERE r.index > q.after AND r.index <= $4::bigint
ORDER BY q.crossing, r.index
""".encode(),  # noqa: S608 - constants
)
"""With those of one instant, of which some may have been compared, and some more: whoever asks cuts them off."""
_READ: Final = Statement(
    b"movements",
    f"""
SELECT uuid_send(k.movement_id), k.border_crossing::bigint, k.wrapped, m.sealed
FROM unnest($1::uuid[]) AS q (movement_id)
CROSS JOIN LATERAL (SELECT * FROM movement_key WHERE movement_id = q.movement_id OFFSET 0) AS k
{_MOVEMENT}
""".encode(),  # noqa: S608 - constants
)
_REPORTED: Final = Statement(
    b"movements reported",
    f"""
SELECT r.index, (extract(epoch FROM k.created_at) * 1000000)::bigint,
    uuid_send(k.movement_id), k.border_crossing::bigint, k.wrapped, m.sealed
FROM (
    SELECT * FROM movement_key WHERE created_at >= {_AT.format(time_us="$2::bigint")}
    ORDER BY created_at
    FETCH FIRST ($4::bigint + (
        SELECT count(*) FROM movement_key WHERE created_at = {_AT.format(time_us="$2::bigint")}
    )) ROWS WITH TIES
) AS k
{_ENTRY} {_MOVEMENT}
WHERE r.index > $1::bigint AND r.index <= $3::bigint
ORDER BY r.index
LIMIT $4::bigint
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
