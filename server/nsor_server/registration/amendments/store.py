"""Proposed amendments in PostgreSQL: each is added once, and so is the decision on it.

An amendment is found by its registration alone, which the caller was shown before: its store says who sees it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import amendments_pb2
from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.registration.proposals import rules as proposals
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_amendment"
DECISION: Final = "registration_amendment_decision"
_ALL: Final = 10_000
"""More than can be proposed of one registration in the time for which what nobody decides is kept waiting."""
_ONCE: Final = 1
"""Version of what is written once."""

AMENDMENTS: Final = Table(
    TABLE,
    (("amendment_id", "uuid"), ("registration_id", "uuid"), ("created_at", "timestamptz"), ("sealed", "bytea")),
)
DECISIONS: Final = Table(DECISION, (("amendment_id", "uuid"), ("sealed", "bytea")))
COUNTS: Final = Versions(
    "amendments", ("uuid",), "(SELECT count(*) FROM registration_amendment WHERE registration_id = q.k1)"
)
"""How many amendments of a registration were proposed."""
DECIDED: Final = Versions(
    "amendment decision",
    ("uuid",),
    "(SELECT count(*) FROM registration_amendment_decision WHERE amendment_id = q.k1)",
)
"""1: an amendment was decided on."""


class StoredAmendment(NamedTuple):
    """An amendment as it is stored, and the decision on it, if there is one."""

    amendment_id: bytes
    registration_id: bytes
    created_at: dt.datetime
    sealed: bytes
    decision: bytes | None


@dataclass(frozen=True, slots=True)
class Amendment:
    """An amendment, opened; without a decision this is an empty record."""

    record: record_pb2.AmendmentRecord
    decision: record_pb2.AmendmentDecisionRecord

    def state(self, now_us: int) -> amendments_pb2.AmendmentState.ValueType:
        """Where it stands at an instant, microseconds since 1970."""
        if self.waits:
            is_open = self.is_open(now_us)
            return amendments_pb2.AMENDMENT_STATE_PROPOSED if is_open else amendments_pb2.AMENDMENT_STATE_EXPIRED
        return amendments_pb2.AmendmentState.ValueType(self.decision.state)

    @property
    def waits(self) -> bool:
        """Whether nobody has decided on it, in time or not."""
        return not self.decision.state

    def is_open(self, now_us: int) -> bool:
        """Whether it can be decided on at an instant, microseconds since 1970."""
        return proposals.is_open(waits=self.waits, expire_us=self.record.expire_time_us, now_us=now_us)

    @property
    def seen(self) -> Seen:
        """That nothing was decided on it since."""
        return Seen(DECIDED, (self.record.amendment_id,), int(not self.waits))


def waiting(conn: Connection, key: DataKey, registration_id: bytes, most: int) -> list[Amendment]:
    """The amendments of a registration that wait, the newest first.

    Raises:
        errors.Internal: one isn't what its seal says, or is another registration's.
    """
    found = ask(conn, _WAITING, registration_id, arrays.integer(most))
    return [opened(key, registration_id, StoredAmendment(*row)) for row in found]


def undecided(conn: Connection, key: DataKey, registration_id: bytes) -> tuple[list[Amendment], Seen]:
    """All amendments of a registration that wait, in time or not, and how many there were before these were read.

    Raises:
        errors.Internal: as ``waiting``.
    """
    counted = count(conn, registration_id)
    return waiting(conn, key, registration_id, _ALL), counted


def newest(conn: Connection, key: DataKey, registration_id: bytes, most: int) -> list[Amendment]:
    """The amendments of a registration, the newest first.

    Raises:
        errors.Internal: as ``waiting``.
    """
    found = ask(conn, _NEWEST, registration_id, arrays.integer(most))
    return [opened(key, registration_id, StoredAmendment(*row)) for row in found]


def one(conn: Connection, key: DataKey, registration_id: bytes, amendment_id: bytes) -> Amendment | None:
    """An amendment of a registration.

    Raises:
        errors.Internal: as ``waiting``.
    """
    found = ask(conn, _ONE, registration_id, amendment_id)
    return opened(key, registration_id, StoredAmendment(*found[0])) if found else None


def count(conn: Connection, registration_id: bytes) -> Seen:
    """How many amendments of a registration were proposed."""
    ((found,),) = ask(conn, _COUNT, registration_id)
    return Seen(COUNTS, (registration_id,), found)


def opened(key: DataKey, registration_id: bytes, row: StoredAmendment) -> Amendment:
    """Open an amendment and the decision on it.

    Raises:
        errors.Internal: one doesn't open, or says something else than stands beside it.
    """
    try:
        record = record_pb2.AmendmentRecord.FromString(key.open(TABLE, row.amendment_id, _ONCE, row.sealed))
        decision = record_pb2.AmendmentDecisionRecord()
        if row.decision is not None:
            decision.ParseFromString(key.open(DECISION, row.amendment_id, _ONCE, row.decision))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    beside = (row.amendment_id, row.registration_id, to_us(row.created_at))
    if (record.amendment_id, record.registration_id, record.create_time_us) != beside:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    if record.registration_id != registration_id or (
        row.decision is not None
        and (decision.amendment_id, decision.registration_id) != (row.amendment_id, registration_id)
    ):
        raise contradicted(TABLE, "a row of %s was read for another amendment or registration")
    return Amendment(record, decision)


def proposal_rows(key: DataKey, record: record_pb2.AmendmentRecord, created_at: dt.datetime) -> tuple[Row, RecordRef]:
    """The row of an amendment, whose record must be complete but for the time, and what the ledger holds it to."""
    record.create_time_us = to_us(created_at)
    sealed = key.seal(TABLE, record.amendment_id, _ONCE, record.SerializeToString(deterministic=True))
    row = Row(AMENDMENTS, (record.amendment_id, record.registration_id, created_at, sealed))
    return row, RecordRef(TABLE, record.amendment_id, _ONCE, hashlib.sha256(sealed).digest())


def decision_rows(key: DataKey, record: record_pb2.AmendmentDecisionRecord) -> tuple[Row, RecordRef]:
    """The row of a decision, and what the ledger holds it to."""
    sealed = key.seal(DECISION, record.amendment_id, _ONCE, record.SerializeToString(deterministic=True))
    row = Row(DECISIONS, (record.amendment_id, sealed))
    return row, RecordRef(DECISION, record.amendment_id, _ONCE, hashlib.sha256(sealed).digest())


_STORED: Final = """
SELECT uuid_send(a.amendment_id), uuid_send(a.registration_id), a.created_at, a.sealed, d.sealed
FROM registration_amendment AS a LEFT JOIN registration_amendment_decision AS d USING (amendment_id)
WHERE a.registration_id = $1
"""
_ORDER: Final = "ORDER BY a.created_at DESC, a.amendment_id LIMIT $2::bigint"
_WAITING: Final = Statement(b"amendments waiting", f"{_STORED} AND d.amendment_id IS NULL {_ORDER}".encode())
_NEWEST: Final = Statement(b"amendments", f"{_STORED} {_ORDER}".encode())
_ONE: Final = Statement(b"amendment", f"{_STORED} AND a.amendment_id = $2".encode())
_COUNT: Final = Statement(
    b"amendments counted", b"SELECT count(*) FROM registration_amendment WHERE registration_id = $1"
)
