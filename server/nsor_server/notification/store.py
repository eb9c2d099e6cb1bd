"""Notices in PostgreSQL: sealed under the data key of their registration, so that its erasure makes them unreadable."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final

from nsor_server.calls import RecordRef, Row, Table
from nsor_server.formats.instants import to_us
from nsor_server.storage.sealing import DataKey
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "notice"
_VERSION: Final = 1
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


def notice_row(key: DataKey, record: record_pb2.NoticeRecord, written_at: dt.datetime) -> tuple[Row, RecordRef]:
    """Seal a notice that is complete but for ``create_time_us``, which is set from ``written_at``."""
    record.create_time_us = to_us(written_at)
    sealed = key.seal(TABLE, record.notice_id, _VERSION, record.SerializeToString(deterministic=True))
    row = Row(NOTICES, (record.notice_id, record.registration_id, record.agency, written_at, sealed))
    return row, RecordRef(TABLE, record.notice_id, _VERSION, hashlib.sha256(sealed).digest())
