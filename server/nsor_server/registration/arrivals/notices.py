"""Arrival notices in PostgreSQL: each is added once, with a data key of its own, which is deleted some days later.

No row says that anybody is registered by one. Which have ended, since a fixed time has matched them, the sealed records
of these times say, and nothing else. A station is shown what it took while the number is looked for, and no longer:
afterwards the key may go at any time, and nobody may learn by that whose number it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.registration import review_store
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealer
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
KEYS: Final = Table("arrival_key", (("arrival_id", "uuid"), ("ends_at", "timestamptz"), ("wrapped", "bytea")))
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
_STORED: Final = "uuid_send(a.arrival_id), a.place, a.ends_at, a.created_at, k.wrapped, a.sealed"
_FROM: Final = "arrival_notice AS a LEFT JOIN arrival_key AS k ON k.arrival_id = a.arrival_id"
_ONE_IN: Final = rows.statements(
    "arrival notice",
    f"SELECT {_STORED} FROM {_FROM} WHERE a.arrival_id = $5 AND a.ends_at > {_US.format('$6::bigint')} AND {{rows}}",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_JURISDICTION,),
)
"""By the scope that the contract gives the caller; those whose numbers are looked for after an instant."""
_PAGE_IN: Final = rows.statements(
    "arrival notices",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT {_STORED}
    FROM {_FROM}
    WHERE {{rows}} AND a.ends_at > {_US.format("$7::bigint")} AND coalesce(
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
_FIRST: Final = Statement(
    b"arrival notices first",
    f"SELECT min(created_at) FROM arrival_notice WHERE ends_at >= {_US.format('$1::bigint')}".encode(),  # noqa: S608 - constants
)
_OPEN: Final = Statement(
    b"arrival notices open",
    f"""
SELECT {_STORED}
FROM {_FROM}
WHERE a.ends_at >= {_US.format("$1::bigint")} AND a.created_at <= {_US.format("$1::bigint")}
    AND a.arrival_id <> ALL ($2::uuid[])
ORDER BY a.ends_at, a.arrival_id
LIMIT {MOST}
""".encode(),  # noqa: S608 - constants
)
_TAKEN: Final = Statement(
    b"arrival notices counted",
    f"SELECT count(*) FROM arrival_notice WHERE {_BETWEEN.format(after='$1', until='$2')}".encode(),  # noqa: S608 - constants
)
_FIRST_KEY: Final = "SELECT min(a.created_at) FROM arrival_notice AS a JOIN arrival_key USING (arrival_id)"
_KEYS_OF: Final = (
    "SELECT uuid_send(arrival_id), ends_at FROM arrival_key WHERE arrival_id = ANY (%s) ORDER BY arrival_id"
)
_DESTROY: Final = f"""
DELETE FROM arrival_key WHERE arrival_id IN (
    SELECT arrival_id FROM arrival_key WHERE ends_at < {_US.format("%(before)s::bigint")}
    ORDER BY ends_at LIMIT %(most)s
)
"""  # noqa: S608 - constants


class StoredArrival(NamedTuple):
    """A notice as it is stored; without its key it opens nowhere."""

    arrival_id: bytes
    place: str
    ends_at: dt.datetime
    created_at: dt.datetime
    wrapped: bytes | None
    sealed: bytes


class Page(NamedTuple):
    """A page of notices.

    Attributes:
        size: how many entries there were when it was read.
        found: the newest in front.
    """

    size: int
    found: list[record_pb2.ArrivalRecord]


def notice_rows(sealer: Sealer, record: record_pb2.ArrivalRecord) -> tuple[list[Row], RecordRef]:
    """The rows of a notice: always two, and what the ledger holds the first to."""
    arrival_id, ends_at = record.arrival_id, instant(record.end_us)
    key, wrapped = sealer.new_data_key(arrival_id)
    sealed = key.seal(TABLE, arrival_id, ONCE, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, arrival_id, ONCE, hashlib.sha256(sealed).digest())
    return [
        Row(NOTICES, (arrival_id, record.receiving_station, ends_at, sealed)),
        Row(KEYS, (arrival_id, ends_at, wrapped)),
    ], ref


def opened(sealer: Sealer, stored: StoredArrival) -> record_pb2.ArrivalRecord:
    """Open a notice and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        key = sealer.open_data_key(stored.arrival_id, stored.wrapped or b"")
        record = record_pb2.ArrivalRecord.FromString(key.open(TABLE, stored.arrival_id, ONCE, stored.sealed))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    beside = (stored.arrival_id, stored.place, to_us(stored.ends_at))
    if (record.arrival_id, record.receiving_station, record.end_us) != beside:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def one(conn: Connection, sealer: Sealer, arrival_id: bytes, call: Call) -> record_pb2.ArrivalRecord | None:
    """A notice that the contract shows the caller and whose number is still looked for; None: there is none.

    Raises:
        errors.Internal: it isn't what its seal says, is another one, or isn't the caller's to see.
    """
    now = arrays.integer(to_us(call.now()))
    found = ask(conn, _ONE_IN[call.rows], *rows.parameters(call.agency, call.officer), arrival_id, now)
    call.looks_at(record_pb2.LOOKED_AT_KIND_ARRIVAL, arrival_id, ONCE if found else 0)
    if not found:
        return None
    record = opened(sealer, StoredArrival(*found[0]))
    if record.arrival_id != arrival_id:
        raise rows.outside(TABLE)
    rows.require_shown(TABLE, rows.Said(place=record.receiving_station), call)
    return record


def page(conn: Connection, sealer: Sealer, call: Call, after: bytes | None, *, most: int, at_us: int) -> Page:
    """Notices that the contract shows the caller, behind one of them or from the newest.

    Args:
        conn: any.
        sealer: opens them.
        call: past the gate.
        after: id of the one behind which it goes on; None: from the newest.
        most: how many.
        at_us: only those whose numbers are looked for after this instant, microseconds since 1970.

    Raises:
        errors.Internal: one isn't what its seal says, or isn't the caller's to see.
    """
    parameters = *rows.parameters(call.agency, call.officer), after or bytes(16)
    read = ask(conn, _PAGE_IN[call.rows], *parameters, arrays.integer(most), arrays.integer(at_us))
    stored = [StoredArrival(*columns) for _, *columns in read if columns[0] is not None]
    found = []
    for each in sorted(stored, key=lambda one: (one.created_at, one.arrival_id), reverse=True):
        record = opened(sealer, each)
        rows.require_shown(TABLE, rows.Said(place=record.receiving_station), call)
        found.append(record)
    return Page(int(read[0][0]), found)


def still_open(
    conn: Connection, sealer: Sealer, known: dict[bytes, record_pb2.ArrivalRecord], *, after_us: int, due_us: int
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
    ((first,),) = ask(conn, _FIRST, arrays.integer(due_us))
    times = [] if first is None else review_store.readable_since(conn, sealer, to_us(first) - 1)
    ended = sorted({each.arrival_id for time in times for each in time.arrivals})
    stored = [StoredArrival(*columns) for columns in ask(conn, _OPEN, arrays.integer(due_us), arrays.uuids(ended))]
    found = readable(stored, lambda each: known.get(each.arrival_id) or opened(sealer, each))
    return {each.arrival_id: each for each in found}, Seen(TAKEN, (after_us, due_us), taken)


def with_keys(conn: Connection, sealer: Sealer, registration_id: bytes) -> dict[bytes, dt.datetime]:
    """The notices that have met a registration and still have their keys, by id, and until when they are looked for.

    Raises:
        errors.Internal: a time isn't what was written.
    """
    ((first,),) = conn.execute(_FIRST_KEY).fetchall()
    times = [] if first is None else review_store.times_since(conn, sealer, to_us(first) - 1)
    matches = (each for time in times for each in time.arrivals)
    met = sorted({each.arrival_id for each in matches if each.registration_id == registration_id})
    return dict(conn.execute(_KEYS_OF, ([uuid.UUID(bytes=each) for each in met],), binary=True).fetchall())


def destroy(conn: Connection, before_us: int, most: int) -> int:
    """Delete the keys of notices that ended before an instant, so many at most; how many it were."""
    return conn.execute(_DESTROY, {"before": before_us, "most": most}).rowcount
