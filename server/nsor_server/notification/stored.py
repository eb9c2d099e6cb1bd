"""Notices as they are stored, compared with their seals and the ledger."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import DecodeError

from nsor_server.ledger.stored import Add, Connection, RecordedTable, Stored, read, recorded_index
from nsor_server.notification import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

_NOTICES: Final = f"""
SELECT {recorded_index(store.TABLE, "n.notice_id", "1")},
    n.notice_id, n.registration_id, n.agency_id, (extract(epoch FROM n.created_at) * 1000000)::bigint, n.sealed,
    k.wrapped
FROM notice AS n LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants


def _compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    sealer = Sealer(keyring)
    for index, notice_id, registration_id, agency, created_us, sealed, wrapped in read(conn, "notices", _NOTICES):
        try:
            key = sealer.open_data_key(registration_id.bytes, wrapped or b"")
            record = record_pb2.NoticeRecord.FromString(key.open(store.TABLE, notice_id.bytes, 1, sealed))
        except (SealBroken, DecodeError):
            add(index, "a seal of notice doesn't open")
            continue
        columns = (notice_id.bytes, registration_id.bytes, agency, created_us)
        if columns != (record.notice_id, record.registration_id, record.agency, record.create_time_us):
            add(index, "a column of notice isn't what the seal beside it says")


STORED: Final = Stored((RecordedTable(store.TABLE, "notice_id"),), _compare)
"""For verification."""
