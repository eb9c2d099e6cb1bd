"""Unusual accesses, their reviews, and how far it was looked for them, in PostgreSQL: insert-only. Knows no policy.

Whether a caller may see one is a predicate of the read, so that absent and not yours are one answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.stored import UUID_OF_RECORD
from nsor_server.lookup.tripwires.rules import Finding, Ref, Who
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "unusual_access"
ONCE: Final = 1
"""Each row is written once."""
SEALED_BYTES: Final = 2560
"""What is sealed has this size, whatever it says: 40 accesses fit in."""
_END: Final = b"\x80"
"""Follows what is sealed; zeros follow up to the size (ISO/IEC 7816-4)."""
ROWS: Final = Table(
    TABLE, (("unusual_access_id", "uuid"), ("agency_id", "text"), ("found_at", "timestamptz"), ("sealed", "bytea"))
)
TIMES: Final = Table(
    "tripwire_time",
    (
        ("tripwire_time_id", "uuid"),
        ("number", "bigint"),
        ("due_at", "timestamptz"),
        ("watched_to", "bigint"),
        ("travelled_to", "timestamptz"),
        ("policy_version", "bigint"),
    ),
    row_id="tripwire_time_id",
)
_LAST: Final = Versions("tripwire time", (), "coalesce((SELECT max(number) FROM tripwire_time), 0)")
"""How many times there were: two processes never write the same one."""
_STATE: Final = """
SELECT clock_timestamp(), (SELECT leaf FROM ledger_entry WHERE index = 0), last.*
FROM (SELECT) AS one LEFT JOIN (
    SELECT number, due_at, watched_to, travelled_to FROM tripwire_time ORDER BY number DESC LIMIT 1
) AS last ON true
"""
_FOUND: Final = f"""
SELECT uuid_send(unusual_access_id), agency_id, found_at, sealed FROM {TABLE} WHERE found_at > %s ORDER BY 1
"""  # noqa: S608 - constant
RECORDED: Final = f"""
SELECT r.index, uuid_send(u.unusual_access_id), u.agency_id, u.found_at, u.sealed
FROM ledger_record AS r JOIN {TABLE} AS u ON u.unusual_access_id = {UUID_OF_RECORD}
WHERE r.table_name = '{TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
"""All of them with the indexes of their entries, in the order in which they were written."""


class Time(NamedTuple):
    """A fixed time.

    Attributes:
        number: from 1.
        due_us: when it was due, microseconds since 1970.
        watched_to: the last entry whose access was taken.
        travelled_us: manifests that were over until then were looked at.
    """

    number: int
    due_us: int
    watched_to: int
    travelled_us: int


class State(NamedTuple):
    """How far times have been written.

    Attributes:
        now_us: now, by the database's clock, microseconds since 1970.
        last: the last time; before the first one number 0, due when the ledger began. None: it hasn't begun.
    """

    now_us: int
    last: Time | None


@dataclass(frozen=True, slots=True)
class Stored:
    """An unusual access as it is stored."""

    unusual_access_id: bytes
    agency_id: str
    found_at: dt.datetime
    sealed: bytes


def state(conn: Connection) -> State:
    """How far times have been written."""
    ((now, first, number, *last),) = conn.execute(_STATE, binary=True).fetchall()
    if number is not None:
        due_at, watched_to, travelled_to = last
        return State(to_us(now), Time(number, to_us(due_at), watched_to, to_us(travelled_to)))
    if first is None:
        return State(to_us(now), None)
    began_us = leaves.decode(first).time_us
    return State(to_us(now), Time(0, began_us, -1, 0))


def time_of(conn: Connection, index: int) -> int:
    """When an entry was written, microseconds since 1970.

    Raises:
        LeafError: it is no leaf.
        errors.Internal: there is none.
    """
    found = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (index,), binary=True).fetchone()
    if found is None:
        raise contradicted("ledger_entry")
    return leaves.decode(found[0]).time_us


def time_row(time_id: bytes, time: Time, policy_version: int) -> Row:
    """The row of a time."""
    watched = time.number, instant(time.due_us), time.watched_to, instant(time.travelled_us)
    return Row(TIMES, (time_id, *watched, policy_version))


def seen(number: int) -> Seen:
    """That so many times were written, and no more."""
    return Seen(_LAST, (), number)


def record_of(unusual_access_id: bytes, finding: Finding, due_us: int) -> record_pb2.UnusualAccessRecord:
    """What is sealed of a finding."""
    agency, officer_number = finding.who
    return record_pb2.UnusualAccessRecord(
        unusual_access_id=unusual_access_id,
        agency=agency,
        officer_number=officer_number,
        kind=finding.kind,
        count=finding.count,
        tripped_us=finding.tripped_us,
        due_us=due_us,
        unusual=_named(finding.unusual),
        accesses=_named(finding.accesses),
        manifest_id=finding.manifest_id,
    )


def row(sealer: Sealing, record: record_pb2.UnusualAccessRecord) -> tuple[Row, RecordRef]:
    """The row of an unusual access, and what the ledger holds it to."""
    ended = record.SerializeToString(deterministic=True) + _END
    sealed = sealer.seal(TABLE, record.unusual_access_id, ONCE, ended.ljust(SEALED_BYTES, b"\0"))
    ref = RecordRef(TABLE, record.unusual_access_id, ONCE, hashlib.sha256(sealed).digest())
    return Row(ROWS, (*_beside(record), sealed)), ref


def opened(sealer: Sealing, stored: Stored) -> record_pb2.UnusualAccessRecord:
    """Open one and compare it with the columns beside it.

    Raises:
        errors.Internal: they differ, or it doesn't open.
    """
    try:
        ended = sealer.open(TABLE, stored.unusual_access_id, ONCE, stored.sealed)
        record = record_pb2.UnusualAccessRecord.FromString(ended.rstrip(b"\0").removesuffix(_END))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    if _beside(record) != (stored.unusual_access_id, stored.agency_id, stored.found_at):
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def told_since(conn: Connection, sealer: Sealing, since_us: int) -> dict[tuple[int, Who], int]:
    """When what was found after an instant had come to be unusual, by kind and officer.

    Raises:
        errors.Internal: a row isn't what was sealed.
    """
    found = conn.execute(_FOUND, (instant(since_us),), binary=True)
    return told(opened(sealer, Stored(*columns)) for columns in found)


def told(records: Iterable[record_pb2.UnusualAccessRecord]) -> dict[tuple[int, Who], int]:
    """When each had come to be unusual, the last one of a kind and an officer; nothing is kept of manifests."""
    found: dict[tuple[int, Who], int] = {}
    for each in records:
        if not each.manifest_id:
            key = each.kind, (each.agency, each.officer_number)
            found[key] = max(each.tripped_us, found.get(key, 0))
    return found


def _named(refs: Sequence[Ref]) -> list[record_pb2.TrippedAccess]:
    return [record_pb2.TrippedAccess(entry=each.entry, access_id=each.access_id, time_us=each.time_us) for each in refs]


def _beside(record: record_pb2.UnusualAccessRecord) -> tuple[Any, ...]:
    """What stands beside the seal."""
    return record.unusual_access_id, record.agency, instant(record.due_us)
