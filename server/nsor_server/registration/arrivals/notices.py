"""Arrival notices in PostgreSQL: each is added once, sealed under a key that is no registration's.

Nobody is known to be registered by one. Which have ended, since a fixed time has matched them, the rows of
``arrival_match`` say; the sealed records of these times say it too, and are what counts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.registration.readable import readable
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "arrival_notice"
ONCE: Final = 1
"""A notice is written once."""
MOST: Final = 10_000
"""Open notices that one fixed time looks for, those that end first in front: more than budgets let be taken."""
NOTICES: Final = Table(
    TABLE,
    (("arrival_id", "uuid"), ("place", "text"), ("ends_at", "timestamptz"), ("sealed", "bytea")),
    written_at="created_at",
)
MATCHES: Final = Table(
    "arrival_match", (("arrival_id", "uuid"), ("registration_id", "uuid"), ("review_time", "bigint"))
)
_US: Final = "timestamptz 'epoch' + {} * interval '1 microsecond'"
_BETWEEN: Final = f"created_at > {_US.format('{after}::bigint')} AND created_at <= {_US.format('{until}::bigint')}"
TAKEN: Final = Versions(
    "arrival notices taken",
    ("bigint", "bigint"),
    f"(SELECT count(*) FROM arrival_notice WHERE {_BETWEEN.format(after='q.k1', until='q.k2')})",  # noqa: S608 - constants
)
"""How many notices were taken between two instants, in microseconds since 1970."""
PLACES: Final = rows.Columns(place="a.place")
"""Where a notice has what the scopes of the contract go by."""
_STORED: Final = "uuid_send(a.arrival_id), a.place, a.ends_at, a.created_at, a.sealed"
_ONE_IN: Final = rows.statements(
    "arrival notice",
    f"SELECT {_STORED} FROM arrival_notice AS a WHERE a.arrival_id = $5 AND {{rows}}",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_JURISDICTION,),
)
"""By the scope that the contract gives the caller."""
_PAGE_IN: Final = rows.statements(
    "arrival notices",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT {_STORED}
    FROM arrival_notice AS a
    WHERE {{rows}} AND coalesce(
        (SELECT (a.created_at, a.arrival_id) < (last.created_at, last.arrival_id)
         FROM arrival_notice AS last WHERE last.arrival_id = $5::uuid),
        true
    )
    ORDER BY a.created_at DESC, a.arrival_id DESC
    LIMIT $6::bigint
) AS o ON true
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_JURISDICTION,),
)
"""Likewise: the newest in front, behind one of them or from the first one."""
_OPEN: Final = Statement(
    b"arrival notices open",
    f"""
SELECT {_STORED}
FROM arrival_notice AS a
WHERE a.ends_at >= {_US.format("$1::bigint")} AND a.created_at <= {_US.format("$1::bigint")}
    AND NOT EXISTS (SELECT FROM arrival_match AS m WHERE m.arrival_id = a.arrival_id)
ORDER BY a.ends_at, a.arrival_id
LIMIT {MOST}
""".encode(),  # noqa: S608 - constants
)
_TAKEN: Final = Statement(
    b"arrival notices counted",
    f"SELECT count(*) FROM arrival_notice WHERE {_BETWEEN.format(after='$1', until='$2')}".encode(),  # noqa: S608 - constants
)


class StoredArrival(NamedTuple):
    """A notice as it is stored."""

    arrival_id: bytes
    place: str
    ends_at: dt.datetime
    created_at: dt.datetime
    sealed: bytes


class Page(NamedTuple):
    """A page of notices.

    Attributes:
        size: how many entries there were when it was read.
        found: the newest in front.
    """

    size: int
    found: list[record_pb2.ArrivalRecord]


def row(sealer: Sealing, record: record_pb2.ArrivalRecord) -> tuple[Row, RecordRef]:
    """The row of a notice, and what the ledger holds it to."""
    sealed = sealer.seal(TABLE, record.arrival_id, ONCE, record.SerializeToString(deterministic=True))
    added = Row(NOTICES, (record.arrival_id, record.receiving_station, instant(record.end_us), sealed))
    return added, RecordRef(TABLE, record.arrival_id, ONCE, hashlib.sha256(sealed).digest())


def match_rows(time: record_pb2.ReviewTimeRecord) -> list[Row]:
    """The rows of the notices that a time has matched."""
    return [Row(MATCHES, (each.arrival_id, each.registration_id, time.number)) for each in time.arrivals]


def opened(sealer: Sealing, stored: StoredArrival) -> record_pb2.ArrivalRecord:
    """Open a notice and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        record = record_pb2.ArrivalRecord.FromString(sealer.open(TABLE, stored.arrival_id, ONCE, stored.sealed))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    beside = (stored.arrival_id, stored.place, to_us(stored.ends_at))
    if (record.arrival_id, record.receiving_station, record.end_us) != beside:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def one(conn: Connection, sealer: Sealing, arrival_id: bytes, call: Call) -> record_pb2.ArrivalRecord | None:
    """A notice that the contract shows the caller; None: there is none.

    Raises:
        errors.Internal: it isn't what its seal says, is another one, or isn't the caller's to see.
    """
    found = ask(conn, _ONE_IN[call.rows], *rows.parameters(call.agency, call.officer), arrival_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_ARRIVAL, arrival_id, ONCE if found else 0)
    if not found:
        return None
    record = opened(sealer, StoredArrival(*found[0]))
    if record.arrival_id != arrival_id:
        raise rows.outside(TABLE)
    rows.require_shown(TABLE, rows.Said(place=record.receiving_station), call)
    return record


def page(conn: Connection, sealer: Sealing, call: Call, after: bytes | None, most: int) -> Page:
    """Notices that the contract shows the caller, behind one of them or from the newest.

    Raises:
        errors.Internal: one isn't what its seal says, or isn't the caller's to see.
    """
    parameters = rows.parameters(call.agency, call.officer)
    read = ask(conn, _PAGE_IN[call.rows], *parameters, after or bytes(16), arrays.integer(most))
    stored = [StoredArrival(*columns) for _, *columns in read if columns[0] is not None]
    found = []
    for each in sorted(stored, key=lambda one: (one.created_at, one.arrival_id), reverse=True):
        record = opened(sealer, each)
        rows.require_shown(TABLE, rows.Said(place=record.receiving_station), call)
        found.append(record)
    return Page(int(read[0][0]), found)


def still_open(
    conn: Connection, sealer: Sealing, known: dict[bytes, record_pb2.ArrivalRecord], *, after_us: int, due_us: int
) -> tuple[dict[bytes, record_pb2.ArrivalRecord], Seen]:
    """The notices whose number is looked for at a time, by id, in the order of their ends; and that no more were taken.

    Args:
        conn: any.
        sealer: opens those that aren't known.
        known: what the time before has opened; nothing that is there changes.
        after_us: instant of the time before, microseconds since 1970.
        due_us: that of the time.
    """
    # Counted before they are read: one that is taken in between is found or was not counted.
    ((taken,),) = ask(conn, _TAKEN, arrays.integer(after_us), arrays.integer(due_us))
    stored = [StoredArrival(*columns) for columns in ask(conn, _OPEN, arrays.integer(due_us))]
    found = readable(stored, lambda each: known.get(each.arrival_id) or opened(sealer, each))
    return {each.arrival_id: each for each in found}, Seen(TAKEN, (after_us, due_us), taken)
