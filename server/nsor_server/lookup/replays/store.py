"""Replays of tripwires, in PostgreSQL: proposed, approved and computed. Knows no policy."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.ledger import rests_on
from nsor_server.lookup.replays import rules
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "tripwire_replay"
ROWS: Final = Table(
    TABLE, (("replay_id", "uuid"), ("version", "integer"), ("sealed", "bytea")), written_at="created_at"
)
HEADS: Final = Versions(
    "replay of tripwires",
    ("uuid",),
    f"coalesce((SELECT max(version) FROM {TABLE} WHERE replay_id = q.k1), 0)",  # noqa: S608 - constants
)
"""The newest version of one; 0: there is none."""
_NONE: Final = bytes(16)
_SIZE: Final = 65_536
"""Bytes: a record is sealed at a multiple of that, which mostly is one, whatever was found."""
_ONE: Final = Statement(
    b"replay of tripwires",
    f"""
SELECT uuid_send(replay_id), version, sealed FROM {TABLE} WHERE replay_id = $1 ORDER BY version DESC LIMIT 1
""".encode(),  # noqa: S608 - constants
)
_PAGE: Final = Statement(
    b"replays of tripwires",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT uuid_send(last.replay_id), last.version, last.sealed, first.created_at, first.replay_id AS listed_id
    FROM (
        SELECT r.replay_id, r.created_at FROM {TABLE} AS r
        WHERE r.version = {rules.PROPOSED} AND coalesce(
            (SELECT (r.created_at, r.replay_id) < (before.created_at, before.replay_id)
             FROM {TABLE} AS before WHERE before.replay_id = $1::uuid AND before.version = {rules.PROPOSED}),
            true
        )
        ORDER BY r.created_at DESC, r.replay_id DESC
        LIMIT $2::bigint
    ) AS first
    JOIN LATERAL (
        SELECT * FROM {TABLE} AS r WHERE r.replay_id = first.replay_id ORDER BY r.version DESC LIMIT 1
    ) AS last ON true
) AS o ON true
ORDER BY o.created_at DESC, o.listed_id DESC
""".encode(),  # noqa: S608 - constants
)
_WAITING: Final = f"""
SELECT uuid_send(replay_id), version, sealed FROM {TABLE} AS r
WHERE version = {rules.APPROVED}
    AND NOT EXISTS (SELECT FROM {TABLE} AS c WHERE c.replay_id = r.replay_id AND c.version = {rules.COMPUTED})
ORDER BY created_at, replay_id
"""  # noqa: S608 - constants


class StoredReplay(NamedTuple):
    """A version of a replay as it is stored."""

    replay_id: bytes
    version: int
    sealed: bytes


class Page(NamedTuple):
    """A page of replays.

    Attributes:
        size: how many entries there were when it was read.
        found: the newest in front.
    """

    size: int
    found: Sequence[record_pb2.TripwireReplayRecord]


def row(sealer: Sealing, record: record_pb2.TripwireReplayRecord) -> tuple[Row, RecordRef]:
    """The row of a version, and what the ledger holds it to."""
    padded = record_pb2.TripwireReplayRecord()
    padded.CopyFrom(record)
    padded.padding = bytes(-len(record.SerializeToString()) % _SIZE)
    sealed = sealer.seal(TABLE, record.replay_id, record.version, padded.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.replay_id, record.version, hashlib.sha256(sealed).digest())
    return Row(ROWS, (record.replay_id, record.version, sealed)), ref


def one(conn: Connection, sealer: Sealing, replay_id: bytes, call: Call) -> record_pb2.TripwireReplayRecord | None:
    """The newest version of a replay; what it was looked at for stands in the call.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    found = ask(conn, _ONE, replay_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_TRIPWIRE_REPLAY, replay_id, found[0][1] if found else 0)
    if not found:
        return None
    record = opened(sealer, StoredReplay(*found[0]))
    if record.replay_id != replay_id:
        raise contradicted(TABLE)
    return record


def page(conn: Connection, sealer: Sealing, *, after: bytes, most: int) -> Page:
    """Replays, the newest in front.

    Args:
        conn: any.
        sealer: opens them.
        after: id of one of them, behind which the page begins; empty: with the first.
        most: how many.

    Raises:
        errors.Internal: one isn't what its seal says.
    """
    found = ask(conn, _PAGE, after or _NONE, arrays.integer(most))
    if not found:
        raise contradicted("ledger_head")
    stored = [opened(sealer, StoredReplay(*columns[1:4])) for columns in found if columns[1] is not None]
    return Page(int(found[0][0]), stored)


def waiting(conn: Connection) -> list[StoredReplay]:
    """The replays that are approved and not computed, the oldest in front, as they are stored."""
    return [StoredReplay(*columns) for columns in conn.execute(_WAITING, binary=True).fetchall()]


def still_waits(owner: Connection, replay_id: bytes) -> bool:
    """Take the ledger's lock, and tell whether nobody has computed a replay; ``owner``: of the owner's role."""
    owner.execute("SELECT FROM ledger_head FOR UPDATE")
    computed = f"SELECT FROM {TABLE} WHERE replay_id = %s AND version = {rules.COMPUTED}"
    return owner.execute(computed.encode(), (uuid.UUID(bytes=replay_id),)).fetchone() is None


def seen(record: record_pb2.TripwireReplayRecord) -> Seen:
    """That this was the newest version."""
    return Seen(HEADS, (record.replay_id,), record.version)


def unused(replay_id: bytes) -> Seen:
    """That there is none of this id yet."""
    return Seen(HEADS, (replay_id,), 0)


def digest(found: Sequence[tuple[bytes, int]]) -> bytes:
    """What a page is known by: the ids and newest versions of those that it shows, in order."""
    return rests_on.digest(found)


def opened(sealer: Sealing, stored: StoredReplay) -> record_pb2.TripwireReplayRecord:
    """Open a version.

    Raises:
        errors.Internal: it doesn't open, or isn't that version.
    """
    try:
        sealed = sealer.open(TABLE, stored.replay_id, stored.version, stored.sealed)
        record = record_pb2.TripwireReplayRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if (record.replay_id, record.version) != stored[:-1]:
        raise contradicted(TABLE)
    record.padding = b""
    return record
