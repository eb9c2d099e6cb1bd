"""Reviews in PostgreSQL: what there is to review, the times at which it was written, and NPB's list."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.v1 import record_pb2

TIMES: Final = "review_time"
_VERSION: Final = 1
"""A time is written once."""

TIME_ROWS: Final = Table(
    TIMES, (("review_time_id", "uuid"), ("number", "bigint"), ("due_at", "timestamptz"), ("sealed", "bytea"))
)
REVIEW_ROWS: Final = Table(
    "registration_review",
    (
        ("number", "bigint"),
        ("review_time", "bigint"),
        ("registration_id", "uuid"),
        ("earlier_registration_id", "uuid"),
        ("kind", "smallint"),
    ),
)
LIKELY: Final = 0
"""Instead of a kind of identifier: a likely duplicate."""
LAST_TIME: Final = Versions("review time", (), "coalesce((SELECT max(number) FROM review_time), 0)")
"""How many times there were: two processes never write the same one."""
LAST_REVIEW: Final = Versions("review", (), "coalesce((SELECT max(number) FROM registration_review), 0)")
"""Number of the last review: new ones come in front of a list."""


@dataclass(frozen=True, slots=True)
class State:
    """How far reviews have been written.

    Attributes:
        now_us: now, by the database's clock.
        last_time: number of the last time; 0: none was written yet.
        since_us: when that was due, or when something was confirmed, judged, or reported of a border or a counter for
            the first time; None: nothing yet.
        last_review: number of the last review.
    """

    now_us: int
    last_time: int
    since_us: int | None
    last_review: int


class StoredReview(NamedTuple):
    """A review with the time at which it was written."""

    number: int
    registration_id: bytes
    earlier_registration_id: bytes
    kind: int
    due_at: dt.datetime
    evidence: Sequence[record_pb2.ReviewEvidence] = ()


def state(conn: Connection) -> State:
    """How far reviews have been written."""
    ((now, number, since, reviews),) = conn.execute(_STATE).fetchall()
    return State(to_us(now), number, None if since is None else to_us(since), reviews)


def rows(sealer: Sealing, record: record_pb2.ReviewTimeRecord) -> tuple[list[Row], RecordRef]:
    """The rows of a time and its reviews, and what the ledger holds the time's to."""
    sealed = sealer.seal(TIMES, record.review_time_id, _VERSION, record.SerializeToString(deterministic=True))
    time = Row(TIME_ROWS, (record.review_time_id, record.number, instant(record.due_us), sealed))
    reviews = [Row(REVIEW_ROWS, (each.number, record.number, *_columns(each)[1:])) for each in record.reviews]
    ref = RecordRef(TIMES, record.review_time_id, _VERSION, hashlib.sha256(sealed).digest())
    return [time, *reviews], ref


def seen(read: State) -> Seen:
    """That no time was written since the state was read."""
    return Seen(LAST_TIME, (), read.last_time)


def open_time(
    sealer: Sealing, columns: tuple[bytes, int, int], reviews: Sequence[tuple[int, bytes, bytes, int]], sealed: bytes
) -> record_pb2.ReviewTimeRecord:
    """Open a time and compare it with its id, number and instant, and with the rows of its reviews.

    Raises:
        errors.Internal: they differ, or it doesn't open.
    """
    try:
        record = record_pb2.ReviewTimeRecord.FromString(sealer.open(TIMES, columns[0], _VERSION, sealed))
    except (SealBroken, DecodeError):
        raise contradicted(TIMES, "a sealed row of %s does not open") from None
    repeats = (record.review_time_id, record.number, record.due_us)
    if repeats != columns or [_columns(each) for each in record.reviews] != list(reviews):
        raise contradicted(TIMES, "a column of %s, or its reviews, contradict the sealed record")
    return record


def last_time(conn: Connection, sealer: Sealing) -> record_pb2.ReviewTimeRecord | None:
    """The last time for reviews; None: there was none yet.

    Raises:
        errors.Internal: it isn't what was written.
    """
    return next(iter(_opened(conn, sealer, conn.execute(_LAST_TIME).fetchall())), None)


def times_before(conn: Connection, sealer: Sealing, number: int | None, most: int) -> list[record_pb2.ReviewTimeRecord]:
    """Times for reviews, the newest first: those of smaller numbers than one; None: from the newest.

    Raises:
        errors.Internal: one isn't what was written, or is missing between two, or before the first.
    """
    found = _opened(conn, sealer, conn.execute(_TIMES_BEFORE, {"before": number, "most": most}).fetchall())
    last = found[0].number if found else 0
    if [each.number for each in found] != list(range(last, max(last - most, 0), -1)):
        raise contradicted(TIMES, "a row of %s is missing")
    return found


def times_since(conn: Connection, sealer: Sealing, after_us: int) -> list[record_pb2.ReviewTimeRecord]:
    """Times for reviews that were later than an instant, the oldest first.

    Raises:
        errors.Internal: one isn't what was written.
    """
    return _opened(conn, sealer, conn.execute(_TIMES_SINCE, (instant(after_us),)).fetchall())


def readable_since(conn: Connection, sealer: Sealing, after_us: int) -> list[record_pb2.ReviewTimeRecord]:
    """The same, for the next time, but for those that aren't what was written: there is an alert."""
    found = conn.execute(_TIMES_SINCE, (instant(after_us),)).fetchall()
    reviews = _of_times(conn, found)
    return list(readable(found, lambda time: _opened(conn, sealer, [time], reviews)[0]))


def page(conn: Connection, sealer: Sealing, *, before: int | None, most: int) -> list[StoredReview]:
    """Reviews, the newest first, as they were sealed at their times.

    Args:
        conn: any.
        sealer: opens their times.
        before: only those of smaller numbers; None: from the newest.
        most: how many.

    Raises:
        errors.Internal: one isn't what was written at its time, or one is missing between two, or before the first.
    """
    found = [number for (number,) in conn.execute(_PAGE, {"before": before, "most": most})]
    if found and found != list(range(found[0], max(found[0] - most, 0), -1)):
        raise contradicted(REVIEW_ROWS.name, "a row of %s is missing")
    written = _written(conn, sealer, found)
    if not written.keys() >= set(found):
        raise contradicted(REVIEW_ROWS.name, "a row of %s was written at no time")
    return [written[number] for number in found]


def _written(conn: Connection, sealer: Sealing, numbers: Sequence[int]) -> dict[int, StoredReview]:
    """All reviews of the times at which some were written, by number, as their times say them."""
    reviews: dict[int, list[tuple[int, bytes, bytes, int]]] = {}
    for of_time, *columns in conn.execute(_OF_TIMES, (list(numbers),)):
        reviews.setdefault(of_time, []).append(tuple(columns))
    return {
        each.number: StoredReview(*_columns(each), instant(record.due_us), each.evidence)
        for record in _opened(conn, sealer, conn.execute(_TIMES, (list(reviews),)).fetchall(), reviews)
        for each in record.reviews
    }


def _opened(
    conn: Connection,
    sealer: Sealing,
    times: Sequence[tuple[bytes, int, dt.datetime, bytes]],
    reviews: Mapping[int, Sequence[tuple[int, bytes, bytes, int]]] | None = None,
) -> list[record_pb2.ReviewTimeRecord]:
    """Times that were read, opened and compared with the rows of their reviews, which are read if they weren't yet."""
    if reviews is None:
        reviews = _of_times(conn, times)
    return [
        open_time(sealer, (time_id, number, to_us(due_at)), reviews.get(number, ()), sealed)
        for time_id, number, due_at, sealed in times
    ]


def _of_times(
    conn: Connection, times: Sequence[tuple[bytes, int, dt.datetime, bytes]]
) -> dict[int, list[tuple[int, bytes, bytes, int]]]:
    """The rows of the reviews of some times, by the numbers of these."""
    found: dict[int, list[tuple[int, bytes, bytes, int]]] = {}
    for of_time, *columns in conn.execute(_OF, ([number for _, number, _, _ in times],)):
        found.setdefault(of_time, []).append(tuple(columns))
    return found


def _columns(review: record_pb2.ReviewRecord) -> tuple[int, bytes, bytes, int]:
    return review.number, review.registration_id, review.earlier_registration_id, review.kind


_STATE: Final = """
SELECT clock_timestamp(), coalesce(last.number, 0),
    CASE WHEN last.number IS NULL THEN coalesce(
        (
            SELECT v.created_at FROM registration_claim AS c JOIN registration_version AS v USING (registration_id)
            LIMIT 1
        ),
        (SELECT created_at FROM judgment_version LIMIT 1),
        (SELECT created_at FROM movement LIMIT 1),
        (SELECT created_at FROM arrival_notice LIMIT 1)
    ) ELSE last.due_at END,
    coalesce((SELECT max(number) FROM registration_review), 0)
FROM (SELECT) AS one LEFT JOIN (
    SELECT number, due_at FROM review_time ORDER BY number DESC LIMIT 1
) AS last ON true
"""
_PAGE: Final = """
SELECT number
FROM registration_review
WHERE %(before)s::bigint IS NULL OR number < %(before)s::bigint
ORDER BY number DESC
LIMIT %(most)s
"""
_OF_TIMES: Final = """
SELECT review_time, number, uuid_send(registration_id), uuid_send(earlier_registration_id), kind
FROM registration_review
WHERE review_time IN (SELECT review_time FROM registration_review WHERE number = ANY (%s))
ORDER BY number
"""
_OF: Final = """
SELECT review_time, number, uuid_send(registration_id), uuid_send(earlier_registration_id), kind
FROM registration_review
WHERE review_time = ANY (%s)
ORDER BY number
"""
_TIMES: Final = """
SELECT uuid_send(review_time_id), number, due_at, sealed FROM review_time WHERE number = ANY (%s)
"""
_LAST_TIME: Final = """
SELECT uuid_send(review_time_id), number, due_at, sealed FROM review_time ORDER BY number DESC LIMIT 1
"""
_TIMES_BEFORE: Final = """
SELECT uuid_send(review_time_id), number, due_at, sealed
FROM review_time
WHERE %(before)s::bigint IS NULL OR number < %(before)s::bigint
ORDER BY number DESC
LIMIT %(most)s
"""
_TIMES_SINCE: Final = """
SELECT uuid_send(review_time_id), number, due_at, sealed FROM review_time WHERE due_at > %s ORDER BY number
"""
