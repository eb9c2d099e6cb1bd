"""Photos and decisions on them as they are stored, compared with their seals: for verification."""

from __future__ import annotations

from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server import errors
from nsor_server.ledger.stored import Add, Connection, RecordedTable, opened, read, recorded_index
from nsor_server.registration.photos import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_PHOTOS: Final = f"""
SELECT {recorded_index(store.TABLE, "p.photo_id", "1")}, k.wrapped, p.picture,
    uuid_send(p.photo_id), uuid_send(p.registration_id), p.created_at, p.sealed
FROM registration_photo AS p LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_DECISIONS: Final = f"""
SELECT {recorded_index(store.DECISION, "d.photo_id", "d.version")}, k.wrapped, uuid_send(p.registration_id),
    uuid_send(d.photo_id), d.version, d.sealed
FROM registration_photo_decision AS d
LEFT JOIN registration_photo AS p USING (photo_id)
LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants

TABLES: Final = (
    RecordedTable(store.TABLE, "photo_id"),
    RecordedTable(store.DECISION, "photo_id", "version"),
)


class _StoredDecision(NamedTuple):
    """A decision as it is stored; of a photo that isn't there it has no registration."""

    registration_id: bytes | None
    photo_id: bytes
    version: int
    sealed: bytes


def compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    """Open every photo, picture and decision."""
    sealer = Sealer(keyring)
    for index, wrapped, picture, *row in read(conn, "photos", _PHOTOS):
        photo = store.StoredPhoto(*(*row, 0, None))
        opened(add, index, store.TABLE, lambda: _open(sealer, wrapped, photo, picture))  # noqa: B023
    for index, wrapped, *row in read(conn, "photo_decisions", _DECISIONS):
        decision = _StoredDecision(*row)
        opened(add, index, store.DECISION, lambda: _open_decision(sealer, wrapped, decision))  # noqa: B023


def _open(sealer: Sealer, wrapped: bytes | None, row: store.StoredPhoto, picture: bytes) -> None:
    try:
        key = sealer.open_data_key(row.registration_id, wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    store.open_picture(key, store.opened(key, row.registration_id, row).record, picture)


def _open_decision(sealer: Sealer, wrapped: bytes | None, row: _StoredDecision) -> None:
    try:
        key = sealer.open_data_key(row.registration_id or b"", wrapped or b"")
        opened_as = key.open(store.DECISION, row.photo_id, row.version, row.sealed)
        record = record_pb2.PhotoDecisionRecord.FromString(opened_as)
    except (SealBroken, DecodeError):
        raise errors.Internal from None
    if (record.registration_id, record.photo_id, record.version) != row[:-1]:
        raise errors.Internal
