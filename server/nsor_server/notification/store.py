"""Notices in PostgreSQL: sealed under the data key of their registration, so that its erasure makes them unreadable."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Final

from nsor_server.ledger.entry import RecordRef
from nsor_server.registration.dates import to_us
from nsor_server.rpc.calls import Connection
from nsor_server.storage.sealing import DataKey
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "notice"
_VERSION: Final = 1
"""A notice is written once."""


def insert(conn: Connection, key: DataKey, record: record_pb2.NoticeRecord, written_at: dt.datetime) -> RecordRef:
    """Seal and store a notice that is complete but for ``create_time_us``, which is set from ``written_at``."""
    record.create_time_us = to_us(written_at)
    sealed = key.seal(TABLE, record.notice_id, _VERSION, record.SerializeToString(deterministic=True))
    conn.execute(
        "INSERT INTO notice (notice_id, registration_id, agency_id, created_at, sealed) VALUES (%s, %s, %s, %s, %s)",
        (
            uuid.UUID(bytes=record.notice_id),
            uuid.UUID(bytes=record.registration_id),
            record.agency,
            written_at,
            sealed,
        ),
    )
    return RecordRef(TABLE, record.notice_id, _VERSION, hashlib.sha256(sealed).digest())
