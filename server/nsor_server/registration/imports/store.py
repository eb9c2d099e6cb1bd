"""Imports in PostgreSQL: blocks of findings, sealed, of which the newest version says everything."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "import_block"
BLOCKS: Final = Table(
    TABLE,
    (
        ("block_id", "uuid"),
        ("version", "integer"),
        ("agency_id", "text"),
        ("import_id", "uuid"),
        ("block", "integer"),
        ("sealed", "bytea"),
    ),
)
NEWEST: Final = Versions(
    "import block", ("uuid",), "coalesce((SELECT max(version) FROM import_block WHERE block_id = q.k1), 0)"
)
"""The newest version of a block; 0: nothing of it is stored."""
COLUMNS: Final = "uuid_send(b.block_id), b.version, b.agency_id, uuid_send(b.import_id), b.block, b.sealed"
"""What a ``StoredBlock`` is made of, from ``import_block AS b``."""
_HEAD: Final = Statement(
    b"import block head",
    f"SELECT {COLUMNS} FROM import_block AS b WHERE block_id = $1 ORDER BY version DESC LIMIT 1".encode(),  # noqa: S608 - constants
)
_PAGE_IN: Final = rows.statements(
    "import blocks",
    f"""
SELECT h.size, found.* FROM ledger_head AS h LEFT JOIN (
    SELECT DISTINCT ON (b.block) {COLUMNS} FROM import_block AS b
    WHERE {{rows}} AND b.import_id = $5 AND b.block >= $6::bigint
    ORDER BY b.block, b.version DESC
    LIMIT 2
) AS found ON true
ORDER BY found.block
""",  # noqa: S608 - constants
    rows.Columns(own_agency="b.agency_id"),
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)


class StoredBlock(NamedTuple):
    """A version of a block as it is stored. Fields are in the order of ``COLUMNS``."""

    block_id: bytes
    version: int
    agency_id: str
    import_id: bytes
    block: int
    sealed: bytes


def block_id(agency_id: str, import_id: bytes, block: int) -> bytes:
    """What a block is known by, 16 bytes."""
    return hashlib.sha256(b"\0".join((agency_id.encode(), import_id, str(block).encode()))).digest()[:16]


def open_block(sealer: Sealer, row: StoredBlock) -> record_pb2.ImportBlockRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = sealer.open(TABLE, row.block_id, row.version, row.sealed)
    except SealBroken as broken:
        raise contradicted(broken.table, "a sealed row of %s does not open") from None
    record = record_pb2.ImportBlockRecord.FromString(sealed)
    said = (record.version, record.agency_id, record.import_id, record.block)
    if said != row[1:5] or row.block_id != block_id(record.agency_id, record.import_id, record.block):
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def head(conn: Connection, sealer: Sealer, call: Call, import_id: bytes, block: int) -> record_pb2.ImportBlockRecord:
    """The newest version of a block of the caller's own; version 0: there is none.

    Raises:
        errors.Internal: as ``open_block``, or it is another block.
    """
    wanted = block_id(call.agency.agency_id, import_id, block)
    found = ask(conn, _HEAD, wanted)
    if not found:
        return record_pb2.ImportBlockRecord(agency_id=call.agency.agency_id, import_id=import_id, block=block)
    row = StoredBlock(*found[0])
    if row.block_id != wanted:
        raise rows.outside(TABLE)
    return open_block(sealer, row)


class Page(NamedTuple):
    """A page of findings.

    Attributes:
        size: how many entries the ledger had when it was read.
        block: the first block that there is; None: there is none.
        following: the number of the next one; None: there is none.
    """

    size: int
    block: record_pb2.ImportBlockRecord | None = None
    following: int | None = None


def page(conn: Connection, sealer: Sealer, call: Call, import_id: bytes, first: int) -> Page:
    """The first block of an import from a number on that the contract shows the caller.

    Raises:
        errors.Internal: as ``open_block``, or it isn't of this import.
    """
    who = rows.parameters(call.agency, call.officer)
    read = ask(conn, _PAGE_IN[call.rows], *who, import_id, arrays.integer(first))
    found = [StoredBlock(*row[1:]) for row in read if row[1] is not None]
    size = int(read[0][0]) if read else 0
    if not found:
        return Page(size)
    record = open_block(sealer, found[0])
    if record.import_id != import_id or record.block < first:
        raise rows.outside(TABLE)
    rows.require_shown(TABLE, rows.Said(own_agency=record.agency_id), call)
    return Page(size, record, found[1].block if len(found) > 1 else None)


def seen(record: record_pb2.ImportBlockRecord) -> Seen:
    """That this is the newest version of its block."""
    return Seen(NEWEST, (block_id(record.agency_id, record.import_id, record.block),), record.version)


def version_row(sealer: Sealer, record: record_pb2.ImportBlockRecord) -> tuple[Row, RecordRef]:
    """Seal a version; the columns beside the seal are taken from the record."""
    row_id = block_id(record.agency_id, record.import_id, record.block)
    sealed = sealer.seal(TABLE, row_id, record.version, record.SerializeToString(deterministic=True))
    columns = (row_id, record.version, record.agency_id, record.import_id, record.block, sealed)
    return Row(BLOCKS, columns), RecordRef(TABLE, row_id, record.version, hashlib.sha256(sealed).digest())
