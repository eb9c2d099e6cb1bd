"""Sealed rows, and officers' keys, compared with the ledger: each is the work of one entry, and its record is there.

Rooms whose rows are sealed add their table to `SEALED_TABLES`.
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from nsor_server.directory import officers
from nsor_server.ledger.verify import Report

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table whose rows are sealed and never changed.

    Attributes:
        name: the table.
        row_id: column of the row's id: a uuid, or bytes of a row that isn't sealed.
        version: column of its version; None for a row that is written once, whose version is 1.
        sealed: column of the sealed bytes.
        content: an expression of the bytes of a row that isn't sealed; empty for one that is.
    """

    name: str
    row_id: str
    version: str | None = None
    sealed: str = "sealed"
    content: str = ""


SEALED_TABLES = [
    SealedTable("registration_version", "registration_id", "version"),
    SealedTable("notice", "notice_id"),
    SealedTable("access_request_version", "access_request_id", "version"),
    SealedTable("access_grant", "grant_id"),
    SealedTable(officers.TABLE, "key_id", content=officers.CONTENT),
    SealedTable(officers.DISABLED, "key_id", content=officers.DISABLED_CONTENT),
]

_COMPARE = sql.SQL("""
SELECT coalesce(record.index, -1), stored.row_id, coalesce(stored.version, record.version), record.index IS NULL,
    stored.row_id IS NULL
FROM (
    SELECT {row_id} AS row_id, {version}::bigint AS version, sha256({content}) AS sha256 FROM {table}
) AS stored
FULL JOIN (SELECT * FROM ledger_record WHERE table_name = {name}) AS record
    ON record.row_id = stored.row_id AND record.version = stored.version
WHERE stored.sha256 IS DISTINCT FROM record.sha256
ORDER BY 1
LIMIT 1000
""")


def compare(conn: Connection, report: Report) -> None:
    """Add a finding for each sealed row that isn't its entry's, and each record that is named and not there."""
    for table in SEALED_TABLES:
        exists = conn.execute("SELECT to_regclass(%s)", (table.name,)).fetchone()
        if exists is None or exists[0] is None:
            continue
        query = _COMPARE.format(
            table=sql.Identifier(table.name),
            name=sql.Literal(table.name),
            row_id=sql.SQL("{}" if table.content else "uuid_send({})").format(sql.Identifier(table.row_id)),
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
    known = [table.name for table in SEALED_TABLES]
    strangers = "SELECT index, table_name FROM ledger_record WHERE table_name <> ALL (%s) ORDER BY index LIMIT 1000"
    for index, name in conn.execute(strangers, (known,)):
        report.add(index, f"the entry's record is in {name}, which no verification knows")
