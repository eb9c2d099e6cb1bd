"""Manifests in PostgreSQL, and the one statement that looks for the passengers of a message.

The statement looks at one index, at the same number of places for each row, by one scan for all of them. Whoever isn't
found by it isn't found by anything else: no row is opened that isn't shown.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import struct
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.lookup.screening import rules
from nsor_server.lookup.screening.passengers import Passenger
from nsor_server.registration import facts as registrations
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken, Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "manifest"
BLOCKS: Final = "manifest_block"
ONCE: Final = 1
"""A manifest is written once."""
MANIFEST_ROWS: Final = Table(
    TABLE,
    (
        ("manifest_id", "uuid"),
        ("agency_id", "text"),
        ("place", "text"),
        ("border_crossing", "smallint"),
        ("direction", "smallint"),
        ("carrier_code", "text"),
        ("number", "integer"),
        ("scheduled_at", "timestamptz"),
        ("closes_at", "timestamptz"),
        ("forgotten_at", "timestamptz"),
        ("persons", "smallint"),
        ("sealed", "bytea"),
    ),
    row_id="manifest_id",
    written_at="created_at",
)
KEYS: Final = Table("manifest_key", (("manifest_id", "uuid"), ("forgotten_at", "timestamptz"), ("wrapped", "bytea")))
BLOCK_ROWS: Final = Table(
    BLOCKS,
    (
        ("block_id", "uuid"),
        ("version", "integer"),
        ("manifest_id", "uuid"),
        ("block", "smallint"),
        ("screened", "smallint"),
        ("sealed", "bytea"),
    ),
)
PLACES: Final = rows.Columns(own_agency="m.agency_id", place="m.place")
_OF_DECLARED: Final = """m.agency_id, m.place, m.border_crossing::bigint, m.direction::bigint, m.carrier_code,
    m.number::bigint, m.scheduled_at"""
DECLARED: Final = Versions("manifest", ("uuid",), "(SELECT count(*) FROM manifest WHERE manifest_id = q.k1)")
"""How often a manifest was declared: 0 or 1."""
BLOCK_HEADS: Final = Versions(
    "manifest block", ("uuid",), "coalesce((SELECT max(version) FROM manifest_block WHERE block_id = q.k1), 0)"
)
"""The newest version of a block; 0: nothing of it is there."""
MANIFEST_IN: Final = rows.statements(
    "manifest",
    f"""
SELECT {_OF_DECLARED}, m.closes_at, m.forgotten_at, m.persons::bigint, m.sealed, k.wrapped
FROM manifest AS m LEFT JOIN manifest_key AS k USING (manifest_id)
WHERE {{rows}} AND m.manifest_id = $5
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)
_DECLARATIONS: Final = Statement(
    b"manifests declared as",
    f"""
SELECT uuid_send(m.manifest_id), {_OF_DECLARED} FROM manifest AS m WHERE m.manifest_id = ANY ($1::uuid[])
""".encode(),  # noqa: S608 - constants
)
_DECLARED: Final = Statement(b"manifest declared", b"SELECT count(*) FROM manifest WHERE manifest_id = $1")
_BLOCK: Final = Statement(
    b"manifest block head",
    b"""
SELECT uuid_send(block_id), version, uuid_send(manifest_id), block::bigint, screened::bigint, sealed
FROM manifest_block WHERE block_id = $1 ORDER BY version DESC LIMIT 1
""",
)
READ: Final = rules.MOST_HITS
"""Registrations that are read for a message at least: others where its passengers have found fewer."""
_OTHERS: Final = f"SELECT registration_id FROM {registrations.CLAIM_TABLE} WHERE {{}} ORDER BY 1 LIMIT {READ}"  # noqa: S608 - constants
_FOUND: Final = Statement(
    b"screened",
    f"""
WITH found AS MATERIALIZED (
    SELECT i.blind, i.registration_id FROM {registrations.SCREENED} AS i
    WHERE i.blind = ANY ($1::uuid[]) AND {registrations.IS_NEWEST_SCREENED}
)
SELECT uuid_send(o.blind), uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.person, c.sealed,
    {registrations.COLUMNS}
FROM (
    SELECT blind, registration_id FROM found
    UNION ALL
    SELECT NULL, registration_id FROM (
        SELECT registration_id
        FROM (({_OTHERS.format("registration_id >= $2::uuid")}) UNION ALL ({_OTHERS.format("true")})) AS every
        LIMIT greatest(0, $3::bigint - (SELECT count(*) FROM found))
    ) AS others
) AS o
CROSS JOIN LATERAL (
    SELECT * FROM registration_claim WHERE registration_id = o.registration_id ORDER BY version DESC LIMIT 1
) AS c
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = o.registration_id ORDER BY version DESC LIMIT 1
) AS v
CROSS JOIN LATERAL (SELECT wrapped FROM registration_key WHERE registration_id = o.registration_id OFFSET 0) AS k
""".encode(),  # noqa: S608 - constants
)
"""Who may not be shown is read like the others: the time doesn't tell of him."""
_NOWHERE: Final = ((-1, registrations.IDENTIFIER_CNIC),)
"""Where whoever is found by no document stands."""
_OF_CLAIM: Final = len(registrations.StoredClaim._fields)


class Manifest(NamedTuple):
    """A manifest that the contract shows the caller.

    Attributes:
        closes_at: until when its passengers may be screened.
        forgotten_at: from when on its key is deleted.
        persons: how many rows it has.
        sealed: these three once more, under its data key.
        wrapped: its data key, wrapped; None: it is forgotten.
    """

    manifest_id: bytes
    closes_at: dt.datetime
    forgotten_at: dt.datetime
    persons: int
    sealed: bytes
    wrapped: bytes | None


class StoredBlock(NamedTuple):
    """A version of a block as it is stored."""

    block_id: bytes
    version: int
    manifest_id: bytes
    block: int
    screened: int
    sealed: bytes


class Found(NamedTuple):
    """A registration that a row has found."""

    claim: registrations.StoredClaim
    row: registrations.StoredVersion


def manifest(conn: Connection, call: Call, manifest_id: bytes) -> Manifest | None:
    """A manifest by its id; None: there is none that the contract shows the caller.

    Raises:
        errors.Internal: it was read by the scope, and isn't in it, or is another one than its id says.
    """
    found = ask(conn, MANIFEST_IN[call.rows], *rows.parameters(call.agency, call.officer), manifest_id)
    if not found:
        return None
    *columns, closes_at, forgotten_at, persons, sealed, wrapped = found[0]
    declaration = _declaration(manifest_id, columns)
    rows.require_shown(TABLE, rows.Said(own_agency=declaration.agency_id, place=declaration.place), call)
    return Manifest(manifest_id, closes_at, forgotten_at, int(persons), sealed, wrapped)


def declarations(conn: Connection, manifest_ids: Collection[bytes]) -> dict[bytes, rules.Declared]:
    """How manifests were declared, whoever may see them, by their ids.

    Raises:
        errors.Internal: one is another one than its id says.
    """
    if not manifest_ids:
        return {}
    found = ask(conn, _DECLARATIONS, arrays.uuids(list(manifest_ids)))
    return {manifest_id: _declaration(manifest_id, columns) for manifest_id, *columns in found}


def _declaration(manifest_id: bytes, columns: Sequence[Any]) -> rules.Declared:
    found = rules.Declared(*columns)
    if manifest_id != rules.manifest_id(found):
        raise contradicted(TABLE, "a row of %s is of another flight or crossing than its id")
    return found


def declared(conn: Connection, manifest_id: bytes) -> Seen:
    """How often a manifest was declared: 0 or 1."""
    ((count,),) = ask(conn, _DECLARED, manifest_id)
    return Seen(DECLARED, (manifest_id,), int(count))


def manifest_rows(
    sealer: Sealer,
    declared: rules.Declared,
    closes_at: dt.datetime,
    forgotten_at: dt.datetime,
    persons: int,
) -> list[Row]:
    """The rows of a manifest that is declared: it, and its key."""
    manifest_id = rules.manifest_id(declared)
    key, wrapped = sealer.new_data_key(manifest_id)
    record = _record(closes_at, forgotten_at, persons).SerializeToString(deterministic=True)
    sealed = key.seal(TABLE, manifest_id, ONCE, record)
    row = Row(MANIFEST_ROWS, (manifest_id, *declared, closes_at, forgotten_at, persons, sealed))
    return [row, Row(KEYS, (manifest_id, forgotten_at, wrapped))]


def opened(sealer: Sealer, manifest: Manifest) -> DataKey:
    """The data key of a manifest, whose columns are those with which it was declared.

    Raises:
        errors.Internal: the key isn't there, or doesn't open; or a column was changed.
    """
    key = key_of(sealer, manifest.manifest_id, manifest.wrapped)
    try:
        sealed = key.open(TABLE, manifest.manifest_id, ONCE, manifest.sealed)
        record = record_pb2.ManifestRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    if record != _record(manifest.closes_at, manifest.forgotten_at, manifest.persons):
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return key


def _record(closes_at: dt.datetime, forgotten_at: dt.datetime, persons: int) -> record_pb2.ManifestRecord:
    return record_pb2.ManifestRecord(closes_us=to_us(closes_at), forgotten_us=to_us(forgotten_at), persons=persons)


def key_of(sealer: Sealer, manifest_id: bytes, wrapped: bytes | None) -> DataKey:
    """The data key of a manifest.

    Raises:
        errors.Internal: it isn't there, or doesn't open.
    """
    try:
        return sealer.open_data_key(manifest_id, wrapped or b"")
    except SealBroken:
        raise contradicted(KEYS.name, "a key of %s is gone, or does not open") from None


def block(conn: Connection, key: DataKey, manifest_id: bytes, number: int) -> record_pb2.ManifestBlockRecord:
    """The newest version of a block; version 0: there is none.

    Raises:
        errors.Internal: as ``open_block``, or it is another block.
    """
    wanted = rules.block_id(manifest_id, number)
    found = ask(conn, _BLOCK, wanted)
    if not found:
        return record_pb2.ManifestBlockRecord(manifest_id=manifest_id, block=number)
    if found[0][0] != wanted:
        raise rows.outside(BLOCKS)
    return open_block(key, StoredBlock(*found[0]))


def open_block(key: DataKey, row: StoredBlock) -> record_pb2.ManifestBlockRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = key.open(BLOCKS, row.block_id, row.version, row.sealed)
        record = record_pb2.ManifestBlockRecord.FromString(sealed)
        screened = len(rules.rows_of(record))
    except (SealBroken, DecodeError, struct.error, KeyError):
        raise contradicted(BLOCKS, "a sealed row of %s does not open") from None
    said = (record.version, record.manifest_id, record.block, screened)
    if said != row[1:5] or row.block_id != rules.block_id(record.manifest_id, record.block):
        raise contradicted(BLOCKS, "a column of %s contradicts the sealed record")
    return record


def block_row(key: DataKey, record: record_pb2.ManifestBlockRecord) -> tuple[Row, RecordRef]:
    """Seal a version of a block; the columns beside the seal are taken from the record."""
    block_id = rules.block_id(record.manifest_id, record.block)
    sealed = key.seal(BLOCKS, block_id, record.version, record.SerializeToString(deterministic=True))
    screened = rules.screened_rows(record)
    row = Row(BLOCK_ROWS, (block_id, record.version, record.manifest_id, record.block, screened, sealed))
    return row, RecordRef(BLOCKS, block_id, record.version, hashlib.sha256(sealed).digest())


def seen(record: record_pb2.ManifestBlockRecord) -> Seen:
    """That this is the newest version of its block."""
    return Seen(BLOCK_HEADS, (rules.block_id(record.manifest_id, record.block),), record.version)


def found(conn: Connection, values: int, passengers: Sequence[Passenger]) -> dict[int, Found]:
    """What each passenger finds, by his place; of several registrations of one the one with the least id.

    Args:
        conn: reads.
        values: of each document, as ``Passengers`` has it.
        passengers: in the order of their places.
    """
    if not passengers:
        return {}
    by_blind = _by_blind(values, passengers)
    parameters = arrays.uuids(list(by_blind)), os.urandom(16), arrays.integer(READ)
    by_place: dict[int, Found] = {}
    for blind, *columns in ask(conn, _FOUND, *parameters):
        # With others' registrations, which no document has found, the same is done as with those that aren't shown.
        places = by_blind.get(blind, _NOWHERE)
        claim = registrations.StoredClaim(*columns[:_OF_CLAIM])
        one = Found(claim, registrations.StoredVersion(*columns[_OF_CLAIM:]))
        for nth, kind in places:
            held = is_held(claim, kind)
            if nth >= 0 and one.row.in_look_ups and not held:
                before = by_place.get(nth)
                if before is None or claim.registration_id < before.claim.registration_id:
                    by_place[nth] = one
    return by_place


def _by_blind(values: int, passengers: Sequence[Passenger]) -> Mapping[bytes, Sequence[tuple[int, int]]]:
    """Who has which value: the places of passengers, each with the kind of his document that has it."""
    blinds = [blind for each in passengers for blind in each.blinds]
    found_by = [(nth, kind) for nth, each in enumerate(passengers) for kind in each.kinds]
    places = [place for place in found_by for _ in range(values)]
    by_blind = dict(zip(blinds, zip(places, strict=True), strict=True))
    if len(by_blind) == len(blinds):
        return by_blind
    several: dict[bytes, list[tuple[int, int]]] = {}  # a document with two days of one year
    for blind, place in zip(blinds, places, strict=True):
        several.setdefault(blind, []).append(place)
    return several


def is_held(claim: registrations.StoredClaim | record_pb2.ClaimRecord, kind: int) -> bool:
    """Whether an earlier registration has the identifier of a kind, so that this one isn't found by it."""
    return claim.cnic_held if kind == registrations.IDENTIFIER_CNIC else claim.passport_held


def versions_seen(shown: Sequence[Found]) -> list[Seen]:
    """That what is shown is the newest; with what isn't there as many are looked at as may be shown."""
    seen_ones = [
        each
        for one in shown
        for each in (
            registrations.seen(one.row),
            Seen(registrations.CLAIMS, (one.claim.registration_id,), one.claim.version),
        )
    ]
    for _ in range(rules.MOST_HITS - len(shown)):
        nobody = (os.urandom(16),)
        seen_ones += Seen(registrations.HEADS, nobody, 0), Seen(registrations.CLAIMS, nobody, 0)
    return seen_ones
