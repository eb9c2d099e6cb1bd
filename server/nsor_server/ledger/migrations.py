"""Migrations on the record: an entry holds when which form of the tables came, and the SHA-256 of its file.

The first ones come before there is a keyring, so that no entry can be made with them: whatever isn't recorded yet is
when a register starts next, or at once by `nsor-server migrate` where there is a ledger.
"""

from typing import Final

from nsor_server.calls import Row, Table
from nsor_server.ledger import operator
from nsor_server.ledger.append import Connection
from nsor_server.storage import tables
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

METHOD: Final = "nsor-server/migrate"
TABLE: Final = Table(
    "migration",
    (("number", "integer"), ("name", "text"), ("sha256", "bytea"), ("applied_at", "timestamptz")),
    row_id="number",
)
RECORDED: Final = """(
    SELECT m.* FROM migration AS m JOIN ledger_record AS r
        ON r.table_name = 'migration' AND r.row_id = convert_to(m.number::text, 'UTF8') AND r.version = 1
)"""
"""Those that an entry speaks for."""
_NOT_RECORDED: Final = """
SELECT number, name, sha256, applied_at FROM migration AS m
WHERE NOT EXISTS (
    SELECT FROM ledger_record WHERE table_name = 'migration' AND row_id = convert_to(m.number::text, 'UTF8')
)
ORDER BY number
"""


def has_ledger(conn: Connection) -> bool:
    """Whether there is an entry already, so that a keyring is to be had."""
    there = tables.exists(conn, "ledger_checkpoint")
    return there and conn.execute("SELECT FROM ledger_checkpoint LIMIT 1").fetchone() is not None


def record(conn: Connection, keyring: Keyring, origin: str) -> int:
    """Record what was applied and isn't on the record, as one entry; the caller commits. Gives how many there were.

    Args:
        conn: any role that may append.
        keyring: for the entry.
        origin: names the ledger, if this entry is its first.
    """
    if conn.execute(_NOT_RECORDED).fetchone() is None:
        return 0
    conn.execute("SELECT FROM ledger_head FOR UPDATE")  # of two that come at once, one finds it done
    applied = [Row(TABLE, row) for row in conn.execute(_NOT_RECORDED).fetchall()]
    if applied:
        numbers = " ".join(f"{row.values[0]:04d}" for row in applied)
        detail = record_pb2.AccessDetail(outcome=f"MIGRATED {numbers}")
        operator.record(conn, keyring, method=METHOD, detail=detail, present=applied, origin=origin)
    return len(applied)
