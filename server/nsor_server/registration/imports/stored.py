"""What ``ledger verify`` compares of imports.

Every version of a block opens, goes on from the one before, and names as accepted the registrations that its entry has
written, and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor_server.ledger.stored import Add, Connection, RecordedTable, opened, read
from nsor_server.registration.imports import store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_BLOCKS: Final = f"""
SELECT r.index, {store.COLUMNS}, ARRAY(
    SELECT g.row_id FROM ledger_record AS g
    WHERE g.index = r.index AND g.table_name = 'registration_version' AND g.version = 1 ORDER BY g.ordinal
)
FROM import_block AS b
JOIN ledger_record AS r ON r.table_name = '{store.TABLE}' AND r.row_id = uuid_send(b.block_id) AND r.version = b.version
ORDER BY b.block_id, b.version
"""  # noqa: S608 - constants
RECORDED: Final = RecordedTable(store.TABLE, "block_id", "version")


def compare(conn: Connection, keyring: Keyring, add: Add) -> None:
    """Add a finding for each version that isn't what it must be."""
    sealer = Sealer(keyring)
    before = record_pb2.ImportBlockRecord()
    for index, *columns, written in read(conn, "imports", _BLOCKS):
        row = store.StoredBlock(*columns)
        record = opened(add, index, store.TABLE, lambda row=row: store.open_block(sealer, row))  # type: ignore[misc]  # mypy infers no lambda with a default
        if record is None:
            continue
        follows = (before.agency_id, before.import_id, before.block) == (
            record.agency_id,
            record.import_id,
            record.block,
        )
        accepted = _accepted(before) if follows else []
        if record.version != (before.version if follows else 0) + 1 or not _continues(accepted, record):
            add(index, "a block of an import doesn't go on from the one before")
        elif [one for one in _accepted(record) if one not in accepted] != _in_order(written, record):
            add(index, "a block of an import names other registrations than its entry has written")
        before = record


def _accepted(record: record_pb2.ImportBlockRecord) -> list[tuple[int, bytes]]:
    return [(row.row, row.registration_id) for row in record.rows if row.registration_id]


def _continues(before: Sequence[tuple[int, bytes]], record: record_pb2.ImportBlockRecord) -> bool:
    """Whether what was accepted stays so."""
    return set(before) <= set(_accepted(record))


def _in_order(written: Sequence[bytes], record: record_pb2.ImportBlockRecord) -> list[tuple[int, bytes]]:
    """What an entry has written, each with its row; -1 for what the block doesn't name."""
    rows = {row.registration_id: row.row for row in record.rows if row.registration_id}
    return [(rows.get(each, -1), each) for each in written]
