"""Corrections in PostgreSQL: what was asked for, which registrations it met, and what was decided.

A request writes one row, whatever there is. What it met is a row of the time at which it was looked for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.registration import claims, review_store
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import DataKey, SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

REQUEST: Final = "correction_request"
DECISION: Final = "correction_decision"
_ONCE: Final = 1
"""Version of what is written once."""

REQUESTS: Final = Table(REQUEST, (("correction_request_id", "uuid"), ("sealed", "bytea")), written_at="created_at")
MET: Final = Table(
    "correction_met",
    (
        ("correction_id", "uuid"),
        ("correction_request_id", "uuid"),
        ("registration_id", "uuid"),
        ("review_time", "bigint"),
    ),
)
DECISIONS: Final = Table(DECISION, (("correction_id", "uuid"), ("sealed", "bytea")))
_EPOCH: Final = "timestamptz 'epoch' + {} * interval '1 microsecond'"
_BETWEEN: Final = (
    f"created_at > {_EPOCH.format('{after}::bigint')} AND created_at <= {_EPOCH.format('{until}::bigint')}"
)
ASKED: Final = Versions(
    "corrections asked for",
    ("bigint", "bigint"),
    f"(SELECT count(*) FROM correction_request WHERE {_BETWEEN.format(after='q.k1', until='q.k2')})",  # noqa: S608 - constants
)
"""How many corrections were asked for between two instants, in microseconds since 1970."""
DECIDED: Final = Versions(
    "correction decision", ("uuid",), "(SELECT count(*) FROM correction_decision WHERE correction_id = q.k1)"
)
"""Whether a correction is decided: 0 or 1."""
COUNTS: Final = Versions(
    "corrections of a registration", ("uuid",), "(SELECT count(*) FROM correction_met WHERE registration_id = q.k1)"
)
"""How many corrections have met a registration."""


class StoredCorrection(NamedTuple):
    """A correction as it is stored, with its request, its time and its decision, if there is one."""

    correction_id: bytes
    request_id: bytes
    registration_id: bytes
    met_at: dt.datetime
    request: bytes
    decision: bytes | None


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction, opened.

    Attributes:
        met_at: the time for reviews at which it met the registration.
        decision: None: it is open.
    """

    correction_id: bytes
    met_at: dt.datetime
    request: record_pb2.CorrectionRequestRecord
    decision: record_pb2.CorrectionDecisionRecord | None

    @property
    def seen(self) -> Seen:
        """That it wasn't decided since."""
        return Seen(DECIDED, (self.correction_id,), int(self.decision is not None))

    @property
    def rests_on(self) -> tuple[tuple[bytes, int], tuple[bytes, int]]:
        """What is told again of it: whether it is decided, and which request met the registration when."""
        return (self.correction_id, self.seen.version), (self.request.correction_request_id, to_us(self.met_at))


def request_row(sealer: Sealing, record: record_pb2.CorrectionRequestRecord) -> tuple[Row, RecordRef]:
    """The row of a request, and what the ledger holds it to."""
    request_id = record.correction_request_id
    sealed = sealer.seal(REQUEST, request_id, _ONCE, record.SerializeToString(deterministic=True))
    return Row(REQUESTS, (request_id, sealed)), RecordRef(REQUEST, request_id, _ONCE, hashlib.sha256(sealed).digest())


def met_rows(record: record_pb2.ReviewTimeRecord) -> list[Row]:
    """The rows of what the requests have met at a time."""
    return [Row(MET, (*columns(each), record.number)) for each in record.corrections]


def count(conn: Connection, registration_id: bytes) -> Seen:
    """How many corrections have met a registration."""
    ((found,),) = ask(conn, _COUNT, registration_id)
    return Seen(COUNTS, (registration_id,), found)


def columns(met: record_pb2.CorrectionMet) -> tuple[bytes, bytes, bytes]:
    """What stands in the row of a correction, but for its time."""
    return met.correction_id, met.correction_request_id, met.registration_id


def decision_row(key: DataKey, record: record_pb2.CorrectionDecisionRecord) -> tuple[Row, RecordRef]:
    """The row of a decision, and what the ledger holds it to."""
    sealed = key.seal(DECISION, record.correction_id, _ONCE, record.SerializeToString(deterministic=True))
    ref = RecordRef(DECISION, record.correction_id, _ONCE, hashlib.sha256(sealed).digest())
    return Row(DECISIONS, (record.correction_id, sealed)), ref


def asked(
    conn: Connection, sealer: Sealing, *, after_us: int, until_us: int
) -> tuple[list[record_pb2.CorrectionRequestRecord], Seen]:
    """What was asked for in between, by id, as far as it opens, and that there is no more."""
    found = ask(conn, _ASKED, arrays.integer(after_us), arrays.integer(until_us))
    records = list(readable(found, lambda row: open_request(sealer, *row)))
    # Whatever was committed since it was read is counted when this is written, and then it is read again.
    return records, Seen(ASKED, (after_us, until_us), len(found))


def claiming(conn: Connection, blind_index: BlindIndex, cnic: str) -> list[bytes]:
    """Ids of the registrations that claim a CNIC, sealed ones too, in order."""
    live = blind_index.values("cnic", cnic)
    key_ids, blinds = zip(*live, strict=True)
    return [found for (found,) in ask(conn, _CLAIMING, arrays.longs(key_ids), arrays.byteas(blinds))]


def of_registration(
    conn: Connection, sealer: Sealing, key: DataKey, registration_id: bytes, most: int
) -> list[Correction]:
    """The corrections of a registration, the newest first.

    Raises:
        errors.Internal: one isn't what its seals say, or is another registration's.
    """
    found = ask(conn, _OF_REGISTRATION, registration_id, arrays.integer(most))
    return [_opened(sealer, key, registration_id, StoredCorrection(*row)) for row in found]


def met(conn: Connection, registration_id: bytes) -> set[bytes]:
    """Ids of the requests that have met a registration."""
    return {request_id for (request_id,) in ask(conn, _MET, registration_id)}


def one(
    conn: Connection, sealer: Sealing, key: DataKey, registration_id: bytes, correction_id: bytes
) -> Correction | None:
    """A correction of a registration.

    Raises:
        errors.Internal: as ``of_registration``.
    """
    found = ask(conn, _ONE, registration_id, correction_id)
    return _opened(sealer, key, registration_id, StoredCorrection(*found[0])) if found else None


def undecided(
    conn: Connection, sealer: Sealing, key: DataKey, registration_id: bytes
) -> tuple[list[Correction], list[Seen]]:
    """The open corrections of a registration, and that they are all, and open.

    Raises:
        errors.Internal: as ``of_registration``.
    """
    # Counted before they are read: what has met it in between is of a time that wasn't counted.
    ((last,),) = ask(conn, _LAST_TIME)
    found = [each for each in of_registration(conn, sealer, key, registration_id, _ALL) if each.decision is None]
    return found, [Seen(review_store.LAST_TIME, (), last), *(each.seen for each in found)]


def refused(conn: Connection, sealer: Sealing, key: DataKey, registration_id: bytes) -> tuple[set[int], list[Seen]]:
    """The particulars that the owner has refused to correct, and that what was open then still is."""
    found = of_registration(conn, sealer, key, registration_id, _ALL)
    return (
        {each.request.particular for each in found if each.decision is not None and each.decision.refusal},
        [each.seen for each in found if each.decision is None],
    )


def open_request(sealer: Sealing, request_id: bytes, sealed: bytes) -> record_pb2.CorrectionRequestRecord:
    """Open a request.

    Raises:
        errors.Internal: it doesn't open, or isn't that request.
    """
    try:
        record = record_pb2.CorrectionRequestRecord.FromString(sealer.open(REQUEST, request_id, _ONCE, sealed))
    except (SealBroken, DecodeError):
        raise contradicted(REQUEST) from None
    if record.correction_request_id != request_id:
        raise contradicted(REQUEST)
    return record


def open_decision(
    key: DataKey, correction_id: bytes, registration_id: bytes, sealed: bytes
) -> record_pb2.CorrectionDecisionRecord:
    """Open a decision.

    Raises:
        errors.Internal: it doesn't open, or isn't of that correction.
    """
    try:
        record = record_pb2.CorrectionDecisionRecord.FromString(key.open(DECISION, correction_id, _ONCE, sealed))
    except (SealBroken, DecodeError):
        raise contradicted(DECISION) from None
    if (record.correction_id, record.registration_id) != (correction_id, registration_id):
        raise contradicted(DECISION)
    return record


def _opened(sealer: Sealing, key: DataKey, registration_id: bytes, row: StoredCorrection) -> Correction:
    if row.registration_id != registration_id:
        raise contradicted("correction_met")
    decision = None if row.decision is None else open_decision(key, row.correction_id, registration_id, row.decision)
    return Correction(row.correction_id, row.met_at, open_request(sealer, row.request_id, row.request), decision)


_COUNT: Final = Statement(b"corrections counted", b"SELECT count(*) FROM correction_met WHERE registration_id = $1")
_ALL: Final = 10_000
"""More than a registration meets."""
_ASKED: Final = Statement(
    b"corrections asked for",
    f"""
SELECT uuid_send(correction_request_id), sealed
FROM correction_request
WHERE {_BETWEEN.format(after="$1", until="$2")}
ORDER BY correction_request_id
""".encode(),  # noqa: S608 - constants
)
_CLAIMING: Final = Statement(
    b"registrations that claim a cnic",
    f"""
SELECT DISTINCT uuid_send(i.registration_id)
FROM unnest($1::bigint[], $2::bytea[]) AS live (key_id, blind)
JOIN registration_identifier AS i
    ON i.kind = {claims.IDENTIFIER_CNIC} AND i.key_id = live.key_id AND i.blind = live.blind AND {claims.IS_LIVE}
ORDER BY 1
""".encode(),  # noqa: S608 - constants
)
_MET: Final = Statement(
    b"corrections met", b"SELECT uuid_send(correction_request_id) FROM correction_met WHERE registration_id = $1"
)
_LAST_TIME: Final = Statement(b"last time", f"SELECT {review_store.LAST_TIME.current}".encode())
_STORED: Final = """
SELECT uuid_send(m.correction_id), uuid_send(m.correction_request_id), uuid_send(m.registration_id), t.due_at,
    q.sealed, d.sealed
FROM correction_met AS m
JOIN correction_request AS q USING (correction_request_id)
JOIN review_time AS t ON t.number = m.review_time
LEFT JOIN correction_decision AS d USING (correction_id)
WHERE m.registration_id = $1
"""
_OF_REGISTRATION: Final = Statement(
    b"corrections of a registration",
    f"{_STORED} ORDER BY m.review_time DESC, m.correction_id LIMIT $2::bigint".encode(),
)
_ONE: Final = Statement(b"correction", f"{_STORED} AND m.correction_id = $2".encode())
