"""Photos in PostgreSQL: each is added once, and so is each decision on it. The registration's store says who sees them.

A photo is found by its registration alone, which the caller was shown before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import registration_pb2
from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_photo"
DECISION: Final = "registration_photo_decision"
PICTURE: Final = "registration_photo.picture"
"""What the seal of a picture is bound to, beside the photo's id."""
ONCE: Final = 1
"""Version of what is written once."""

PHOTOS: Final = Table(
    TABLE,
    (
        ("photo_id", "uuid"),
        ("registration_id", "uuid"),
        ("created_at", "timestamptz"),
        ("sealed", "bytea"),
        ("picture", "bytea"),
    ),
)
DECISIONS: Final = Table(DECISION, (("photo_id", "uuid"), ("version", "integer"), ("sealed", "bytea")))
COUNTS: Final = Versions("photos", ("uuid",), "(SELECT count(*) FROM registration_photo WHERE registration_id = q.k1)")
"""How many photos a registration has."""
DECIDED: Final = Versions(
    "photo decision",
    ("uuid",),
    "coalesce((SELECT max(version) FROM registration_photo_decision WHERE photo_id = q.k1), 0)",
)
"""The newest decision on a photo; 0: there is none."""


class StoredPhoto(NamedTuple):
    """A photo as it is stored, without its picture, and the newest decision on it; version 0: there is none."""

    photo_id: bytes
    registration_id: bytes
    created_at: dt.datetime
    sealed: bytes
    version: int
    decision: bytes | None


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, opened.

    Attributes:
        state: a number of nsor.v1.PhotoState.
        decision: how many decisions there are on it.
    """

    record: record_pb2.PhotoRecord
    state: int
    decision: int

    @property
    def seen(self) -> Seen:
        """That nothing was decided on it since."""
        return Seen(DECIDED, (self.record.photo_id,), self.decision)


def of_registration(conn: Connection, key: DataKey, registration_id: bytes, most: int) -> list[Photo]:
    """The photos of a registration, the newest first.

    Raises:
        errors.Internal: one isn't what its seal says, or is another registration's.
    """
    found = ask(conn, _OF_REGISTRATION, registration_id, arrays.integer(most))
    return [opened(key, registration_id, StoredPhoto(*row)) for row in found]


def one(conn: Connection, key: DataKey, registration_id: bytes, photo_id: bytes) -> Photo | None:
    """A photo of a registration.

    Raises:
        errors.Internal: as ``of_registration``.
    """
    found = ask(conn, _ONE, registration_id, photo_id)
    return opened(key, registration_id, StoredPhoto(*found[0])) if found else None


def picture(conn: Connection, key: DataKey, photo: Photo) -> bytes:
    """The picture of a photo.

    Raises:
        errors.Internal: it is gone, or isn't the one that was added.
    """
    found = ask(conn, _PICTURE, photo.record.photo_id)
    if not found:
        raise contradicted(TABLE, "a picture of %s is gone")
    return open_picture(key, photo.record, found[0][0])


def open_picture(key: DataKey, record: record_pb2.PhotoRecord, sealed: bytes) -> bytes:
    """The picture that a record is about.

    Raises:
        errors.Internal: it isn't.
    """
    if hashlib.sha256(sealed).digest() != record.picture_sha256:
        raise contradicted(TABLE, "a picture of %s isn't the one that was added")
    try:
        return key.open(PICTURE, record.photo_id, ONCE, sealed)
    except SealBroken:
        raise contradicted(TABLE, "a picture of %s does not open") from None


def opened(key: DataKey, registration_id: bytes, row: StoredPhoto) -> Photo:
    """Open a photo's record and its newest decision.

    Raises:
        errors.Internal: one doesn't open, or says something else than stands beside it.
    """
    try:
        record = record_pb2.PhotoRecord.FromString(key.open(TABLE, row.photo_id, ONCE, row.sealed))
        decision = record_pb2.PhotoDecisionRecord()
        if row.decision is not None:
            decision.ParseFromString(key.open(DECISION, row.photo_id, row.version, row.decision))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    beside = (row.photo_id, row.registration_id, to_us(row.created_at))
    if (record.photo_id, record.registration_id, record.create_time_us) != beside:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    if record.registration_id != registration_id or (
        row.decision is not None
        and (decision.photo_id, decision.registration_id, decision.version)
        != (row.photo_id, registration_id, row.version)
    ):
        raise contradicted(TABLE, "a row of %s was read for another photo or registration")
    return Photo(record, decision.state or int(registration_pb2.PHOTO_STATE_ADDED), row.version)


def photo_rows(
    key: DataKey, record: record_pb2.PhotoRecord, pixels: bytes, created_at: dt.datetime
) -> tuple[Row, RecordRef]:
    """The row of a photo, whose record must be complete but for time and hash, and what the ledger holds it to."""
    record.create_time_us = to_us(created_at)
    sealed_picture = key.seal(PICTURE, record.photo_id, ONCE, pixels)
    record.picture_sha256 = hashlib.sha256(sealed_picture).digest()
    sealed = key.seal(TABLE, record.photo_id, ONCE, record.SerializeToString(deterministic=True))
    row = Row(PHOTOS, (record.photo_id, record.registration_id, created_at, sealed, sealed_picture))
    return row, RecordRef(TABLE, record.photo_id, ONCE, hashlib.sha256(sealed).digest())


def decision_rows(key: DataKey, record: record_pb2.PhotoDecisionRecord) -> tuple[Row, RecordRef]:
    """The row of a decision, and what the ledger holds it to."""
    sealed = key.seal(DECISION, record.photo_id, record.version, record.SerializeToString(deterministic=True))
    row = Row(DECISIONS, (record.photo_id, record.version, sealed))
    return row, RecordRef(DECISION, record.photo_id, record.version, hashlib.sha256(sealed).digest())


def count(conn: Connection, registration_id: bytes) -> Seen:
    """How many photos a registration has."""
    ((found,),) = ask(conn, _COUNT, registration_id)
    return Seen(COUNTS, (registration_id,), found)


_STORED: Final = """
SELECT uuid_send(p.photo_id), uuid_send(p.registration_id), p.created_at, p.sealed, coalesce(d.version, 0), d.sealed
FROM registration_photo AS p
LEFT JOIN LATERAL (
    SELECT version, sealed FROM registration_photo_decision
    WHERE photo_id = p.photo_id
    ORDER BY version DESC
    LIMIT 1
) AS d ON true
WHERE p.registration_id = $1
"""
_OF_REGISTRATION: Final = Statement(
    b"photos of a registration", f"{_STORED} ORDER BY p.created_at DESC, p.photo_id LIMIT $2::bigint".encode()
)
_ONE: Final = Statement(b"photo", f"{_STORED} AND p.photo_id = $2".encode())
_PICTURE: Final = Statement(b"picture", b"SELECT picture FROM registration_photo WHERE photo_id = $1")
_COUNT: Final = Statement(b"photos counted", b"SELECT count(*) FROM registration_photo WHERE registration_id = $1")
