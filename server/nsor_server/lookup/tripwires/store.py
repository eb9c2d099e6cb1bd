"""Unusual accesses, their reviews, and how far it was looked for them, in PostgreSQL: insert-only. Knows no policy.

Whether a caller may see one is a predicate of the read, so that absent and not yours are one answer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.stored import UUID_OF_RECORD
from nsor_server.lookup.tripwires.rules import NPB_ALONE, Finding, Ref, Who
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
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
REVIEW: Final = "unusual_access_review"
REVIEWS: Final = Table(
    REVIEW,
    (("unusual_access_id", "uuid"), ("agency_id", "text"), ("finding", "smallint"), ("reviewed_by", "bytea")),
    row_id="unusual_access_id",
    written_at="reviewed_at",
)
REVIEWED: Final = Versions(
    "unusual access review",
    ("uuid",),
    "(SELECT count(*) FROM unusual_access_review WHERE unusual_access_id = q.k1)",
)
"""Whether one was reviewed: 0 or 1."""
PLACES: Final = rows.Columns(own_agency="u.agency_id")
EVERY, WAITING, DONE = 0, 1, 2
"""Which are listed: all, those that wait for their review, those that were reviewed."""
_OF_ONE: Final = """
uuid_send(u.unusual_access_id), u.agency_id, u.found_at, u.sealed, r.finding, r.reviewed_at"""
_ONE: Final = Statement(
    b"unusual access",
    f"""
SELECT {_OF_ONE}
FROM unusual_access AS u LEFT JOIN unusual_access_review AS r USING (unusual_access_id)
WHERE u.unusual_access_id = $1
""".encode(),  # noqa: S608 - constants
)
_PAGE: Final = rows.statements(
    "unusual accesses",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT {_OF_ONE}
    FROM unusual_access AS u LEFT JOIN unusual_access_review AS r USING (unusual_access_id)
    WHERE {{rows}} AND u.unusual_access_id < $5::uuid
        AND ($7::bigint = {EVERY} OR (r.unusual_access_id IS NOT NULL) = ($7::bigint = {DONE}))
    ORDER BY u.unusual_access_id DESC
    LIMIT $6::bigint
) AS o ON true
ORDER BY 2 DESC
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_ALL),
)
"""By the scope that the contract gives the caller: the newest in front, before one of them or from the first one."""
FROM_THE_NEWEST: Final = b"\xff" * 16
"""No id is greater."""
_LAST: Final = Versions("tripwire time", (), "coalesce((SELECT max(number) FROM tripwire_time), 0)")
"""How many times there were: two processes never write the same one."""
_STATE: Final = """
SELECT clock_timestamp(), (SELECT leaf FROM ledger_entry WHERE index = 0), last.*
FROM (SELECT) AS one LEFT JOIN (
    SELECT number, due_at, watched_to, travelled_to FROM tripwire_time ORDER BY number DESC LIMIT 1
) AS last ON true
"""
_TIME_OF: Final = "SELECT leaf FROM ledger_entry WHERE index <= %s ORDER BY index DESC LIMIT 32"
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


class Reviewed(NamedTuple):
    """An unusual access, opened, with what NPB has made of it.

    Attributes:
        record: what was sealed.
        finding: number of nsor.v1.UnusualAccessFinding; 0: nobody has reviewed it.
        reviewed_at: when it was reviewed; None: it wasn't.
    """

    record: record_pb2.UnusualAccessRecord
    finding: int
    reviewed_at: dt.datetime | None

    @property
    def seen(self) -> Seen:
        """That it was reviewed, or wasn't."""
        return Seen(REVIEWED, (self.record.unusual_access_id,), int(self.reviewed_at is not None))


class Page(NamedTuple):
    """A page of unusual accesses.

    Attributes:
        size: how many entries there were when it was read.
        found: the newest in front.
    """

    size: int
    found: Sequence[Reviewed]


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
    """When an entry was written, or the one before it that is a leaf still; microseconds since 1970.

    Raises:
        errors.Internal: there is none.
    """
    for (leaf,) in conn.execute(_TIME_OF, (index,), binary=True).fetchall():
        with contextlib.suppress(leaves.LeafError):  # where it is read as an access there is an alert
            return leaves.decode(leaf).time_us
    raise contradicted("ledger_entry")


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
        others=[record_pb2.TrippedOfficer(agency=each, officer_number=number) for each, number in finding.others],
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


def review(record: record_pb2.UnusualAccessRecord, finding: int, by: bytes) -> Row:
    """The row of a review; ``by``: key id of the officer."""
    return Row(REVIEWS, (record.unusual_access_id, record.agency, finding, by))


def one(conn: Connection, sealer: Sealing, unusual_access_id: bytes, call: Call) -> Reviewed | None:
    """An unusual access, whosever it is; what it was looked at for stands in the call.

    Raises:
        errors.Internal: it isn't what its row says.
    """
    found = ask(conn, _ONE, unusual_access_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_UNUSUAL_ACCESS, unusual_access_id, ONCE if found else 0)
    if not found:
        return None
    shown = _reviewed(sealer, found[0])
    if shown.record.unusual_access_id != unusual_access_id:
        raise contradicted(TABLE, "a row of %s was read for another one")
    return shown


def page(conn: Connection, sealer: Sealing, call: Call, *, after: bytes, most: int, which: int) -> Page:
    """Unusual accesses that the contract shows the caller, the newest in front.

    Args:
        conn: any.
        sealer: opens them.
        call: of the caller.
        after: id of one of them, behind which the page begins; empty: with the first.
        most: how many.
        which: all of them, or some.

    Raises:
        errors.Internal: one isn't what its row says.
    """
    own = after or FROM_THE_NEWEST, arrays.integer(most), arrays.integer(which)
    found = ask(conn, _PAGE[call.rows], *rows.parameters(call.agency, call.officer), *own)
    if not found:
        raise contradicted("ledger_head")
    shown = [_reviewed(sealer, columns) for _, *columns in found if columns[0] is not None]
    for each in shown:
        rows.require_shown(TABLE, said(each.record), call)
        if which != EVERY and (each.reviewed_at is not None) != (which == DONE):
            raise contradicted(TABLE, "a row of %s was read as reviewed, or as waiting, and isn't")
    return Page(int(found[0][0]), shown)


def told_agency(record: record_pb2.UnusualAccessRecord) -> str:
    """The agency that is told of it and shown it, besides NPB; empty: none is."""
    return "" if record.kind in NPB_ALONE else record.agency


def said(record: record_pb2.UnusualAccessRecord) -> rows.Said:
    """What one says of itself."""
    return rows.Said(own_agency=told_agency(record))


def _reviewed(sealer: Sealing, columns: Sequence[Any]) -> Reviewed:
    *stored, finding, reviewed_at = columns
    return Reviewed(opened(sealer, Stored(*stored)), finding or 0, reviewed_at)


def told_since(conn: Connection, sealer: Sealing, since_us: int) -> dict[tuple[int, Who], int]:
    """When what was found after an instant had come to be unusual, by kind and officer.

    A row that isn't what was sealed is left out, with an alert: the officer may be told of once more.
    """
    found = conn.execute(_FOUND, (instant(since_us),), binary=True).fetchall()
    return told(readable(found, lambda columns: opened(sealer, Stored(*columns))))


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
    return record.unusual_access_id, told_agency(record), instant(record.due_us)
