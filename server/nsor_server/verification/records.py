"""Sealed rows, and those that decide, compared with the ledger: each is the work of one entry, and is there."""

from collections.abc import Sequence

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from nsor_server.ledger.stored import RecordedTable
from nsor_server.verification.contents import TABLES
from nsor_server.verification.report import Report

Connection = psycopg.Connection[TupleRow]


_COMPARE = sql.SQL("""
SELECT coalesce(record.index, -1), stored.row_id, coalesce(stored.version, record.version), record.index IS NULL,
    stored.row_id IS NULL
FROM (
    SELECT {row_id} AS row_id, {version}::bigint AS version, sha256({content}) AS sha256 FROM {table} AS rows
) AS stored
FULL JOIN (SELECT * FROM ledger_record WHERE table_name = {name}) AS record
    ON record.row_id = stored.row_id AND record.version = stored.version
WHERE stored.sha256 IS DISTINCT FROM record.sha256
ORDER BY 1
LIMIT 1000
""")


def compare(conn: Connection, report: Report, tables: Sequence[RecordedTable] = TABLES) -> None:
    """Add a finding for each sealed row that isn't its entry's, and each record that is named and not there."""
    for table in tables:
        exists = conn.execute("SELECT to_regclass(%s)", (table.name,)).fetchone()
        if exists is None or exists[0] is None:
            report.add(-1, f"the table {table.name} is gone")
            continue
        query = _COMPARE.format(
            table=sql.SQL(table.source or table.name),
            name=sql.Literal(table.name),
            row_id=sql.SQL(table.row_id_bytes),
            version=sql.Literal(1) if table.version is None else sql.Identifier(table.version),
            content=sql.SQL(table.content) if table.content else sql.Identifier(table.sealed),
        )
        for index, row_id, version, unnamed, absent in conn.execute(query):
            if unnamed:
                report.add(index, f"{table.name} has a row that no entry wrote: {row_id.hex()} version {version}")
            elif absent:
                report.add(index, f"the entry's record is gone from {table.name}")
            else:
                report.add(index, f"the entry's record in {table.name} isn't what it wrote: it was exchanged")
    known = [table.name for table in tables]
    strangers = "SELECT index, table_name FROM ledger_record WHERE table_name <> ALL (%s) ORDER BY index LIMIT 1000"
    for index, name in conn.execute(strangers, (known,)):
        report.add(index, f"the entry's record is in {name}, which no verification knows")
