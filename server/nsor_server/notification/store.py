"""Notices in PostgreSQL: each is added once, and so is each decision on it; the greatest version counts.

They are sealed under the data key of their registration, so that its erasure makes them unreadable. A notice is found
by its registration alone, which the caller was shown before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import notices_pb2
from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "notice"
DECISION: Final = "notice_decision"
ONCE: Final = 1
"""A notice is written once."""


NOTICES: Final = Table(
    TABLE,
    (
        ("notice_id", "uuid"),
        ("registration_id", "uuid"),
        ("agency_id", "text"),
        ("created_at", "timestamptz"),
        ("sealed", "bytea"),
    ),
)
DECISIONS: Final = Table(DECISION, (("notice_id", "uuid"), ("version", "integer"), ("sealed", "bytea")))
DECIDED: Final = Versions(
    "notice decision",
    ("uuid",),
    "coalesce((SELECT max(version) FROM notice_decision WHERE notice_id = q.k1), 0)",
)
"""The newest decision on a notice; 0: there is none."""


COUNTS: Final = Versions("notices", ("uuid",), "(SELECT count(*) FROM notice WHERE registration_id = q.k1)")
"""How many notices of a registration there are."""


class StoredNotice(NamedTuple):
    """A notice as it is stored, and the newest decision on it; version 0: there is none."""

    notice_id: bytes
    registration_id: bytes
    agency_id: str
    created_at: dt.datetime
    sealed: bytes
    version: int
    decision: bytes | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, opened; without a decision this is an empty record."""

    record: record_pb2.NoticeRecord
    decision: record_pb2.NoticeDecisionRecord

    @property
    def state(self) -> notices_pb2.NoticeState.ValueType:
        """Where it stands."""
        return notices_pb2.NoticeState.ValueType(self.decision.state or notices_pb2.NOTICE_STATE_TAKEN)

    @property
    def seen(self) -> Seen:
        """That nothing was decided on it since."""
        return Seen(DECIDED, (self.record.notice_id,), self.decision.version)


def notice_row(key: DataKey, record: record_pb2.NoticeRecord, written_at: dt.datetime) -> tuple[Row, RecordRef]:
    """Seal a notice, whose ``create_time_us`` is that of ``written_at``."""
    sealed = key.seal(TABLE, record.notice_id, ONCE, record.SerializeToString(deterministic=True))
    row = Row(NOTICES, (record.notice_id, record.registration_id, record.agency, written_at, sealed))
    return row, RecordRef(TABLE, record.notice_id, ONCE, hashlib.sha256(sealed).digest())


def decision_row(key: DataKey, record: record_pb2.NoticeDecisionRecord) -> tuple[Row, RecordRef]:
    """The row of a decision, and what the ledger holds it to."""
    sealed = key.seal(DECISION, record.notice_id, record.version, record.SerializeToString(deterministic=True))
    row = Row(DECISIONS, (record.notice_id, record.version, sealed))
    return row, RecordRef(DECISION, record.notice_id, record.version, hashlib.sha256(sealed).digest())


def one(conn: Connection, key: DataKey, registration_id: bytes, notice_id: bytes) -> Notice | None:
    """A notice of a registration.

    Raises:
        errors.Internal: it isn't what its seal says, or is another registration's.
    """
    found = ask(conn, _ONE, registration_id, notice_id)
    return opened(key, registration_id, StoredNotice(*found[0])) if found else None


def listed(
    conn: Connection, key: DataKey, registration_id: bytes, notice_ids: Sequence[bytes], most: int
) -> list[Notice]:
    """Some notices of a registration, and the newest ones besides; the newest first.

    Raises:
        errors.Internal: as ``one``.
    """
    found = ask(conn, _LISTED, registration_id, arrays.uuids(notice_ids), arrays.integer(most))
    return [opened(key, registration_id, StoredNotice(*row)) for row in found]


def count(conn: Connection, registration_id: bytes) -> Seen:
    """How many notices of a registration there are."""
    ((found,),) = ask(conn, _COUNT, registration_id)
    return Seen(COUNTS, (registration_id,), found)


def opened(key: DataKey, registration_id: bytes, row: StoredNotice) -> Notice:
    """Open a notice and the newest decision on it.

    Raises:
        errors.Internal: one doesn't open, or says something else than stands beside it.
    """
    try:
        record = record_pb2.NoticeRecord.FromString(key.open(TABLE, row.notice_id, ONCE, row.sealed))
        decision = record_pb2.NoticeDecisionRecord()
        if row.decision is not None:
            decision.ParseFromString(key.open(DECISION, row.notice_id, row.version, row.decision))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    beside = (row.notice_id, row.registration_id, row.agency_id, to_us(row.created_at))
    if (record.notice_id, record.registration_id, record.agency, record.create_time_us) != beside:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    if record.registration_id != registration_id or (
        row.decision is not None
        and (decision.notice_id, decision.registration_id, decision.version)
        != (row.notice_id, registration_id, row.version)
    ):
        raise contradicted(TABLE, "a row of %s was read for another notice or registration")
    return Notice(record, decision)


_STORED: Final = """
SELECT uuid_send(n.notice_id), uuid_send(n.registration_id), n.agency_id, n.created_at, n.sealed,
    coalesce(d.version, 0), d.sealed
FROM notice AS n
LEFT JOIN LATERAL (
    SELECT version, sealed FROM notice_decision
    WHERE notice_id = n.notice_id
    ORDER BY version DESC
    LIMIT 1
) AS d ON true
WHERE n.registration_id = $1
"""
_ONE: Final = Statement(b"notice", f"{_STORED} AND n.notice_id = $2".encode())
_LISTED: Final = Statement(
    b"notices of a registration",
    f"""{_STORED} AND (n.notice_id = ANY ($2::uuid[]) OR n.notice_id IN (
    SELECT notice_id FROM notice WHERE registration_id = $1 ORDER BY created_at DESC, notice_id LIMIT $3::bigint
))
ORDER BY n.created_at DESC, n.notice_id""".encode(),  # noqa: S608 - constants
)
_COUNT: Final = Statement(b"notices counted", b"SELECT count(*) FROM notice WHERE registration_id = $1")
