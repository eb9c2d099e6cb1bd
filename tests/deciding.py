"""What decides, entered by a test: rows that it has added itself, recorded as an operator's command records its own."""

import psycopg

from nsor_server.calls import RecordRef
from nsor_server.ledger import operator
from nsor_server.ledger.append import Ledger
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2


def record(conn: psycopg.Connection, keyring: Keyring, origin: str = "nsor.gov.pk/ledger") -> None:
    """Record every row that decides and that no entry has recorded yet, if there is one; the caller commits.

    ``origin`` is that of a ledger that this opens.
    """
    refs = tuple(unrecorded(conn))
    row = conn.execute("SELECT origin FROM ledger_head").fetchone()
    if refs:
        entry = operator.entry("nsor-server/test", record_pb2.AccessDetail(outcome="TEST"), records=refs)
        Ledger(keyring, row[0] if row and row[0] else origin).append(conn, [entry])


def unrecorded(conn: psycopg.Connection) -> list[RecordRef]:
    """What an entry would hold to the rows that decide and that none has recorded."""
    return [ref for table in deciding.TABLES.values() for ref in _unrecorded(conn, table)]


def _unrecorded(conn: psycopg.Connection, table: deciding.Deciding) -> list[RecordRef]:
    version = table.version or "1"
    rows = conn.execute(
        f"""
        SELECT {table.row_id_bytes}, {version}::bigint, sha256({table.content}) FROM {table.table.name}
        WHERE NOT EXISTS (
            SELECT FROM ledger_record AS r
            WHERE r.table_name = '{table.table.name}' AND r.row_id = {table.row_id_bytes} AND r.version = {version}
        )
        ORDER BY 1, 2
        """.encode()  # noqa: S608 - constants
    )
    return [RecordRef(table.table.name, *row) for row in rows]


def set_enabled(conn: psycopg.Connection, agency_id: str, *, enabled: bool) -> None:
    """Enable or disable an agency; not recorded."""
    conn.execute(
        "INSERT INTO agency_state (agency_id, version, enabled)"
        " SELECT %(agency)s, coalesce(max(version), 0) + 1, %(enabled)s FROM agency_state WHERE agency_id = %(agency)s",
        {"agency": agency_id, "enabled": enabled},
    )
