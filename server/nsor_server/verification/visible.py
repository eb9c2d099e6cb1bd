"""What the server sees, compared with what the owner sees: the catalog, and for each table which rows are there.

A view, a policy or a rule can show the server other rows than there are, with each row that is there in order. The one
view of the migrations is left out: its definition stands in the catalog, and its rows give a hash that is signed, or
nothing is decided by them (``storage/decided_rows.py``).
"""

from typing import Final

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor_server.storage import catalog
from nsor_server.verification.report import Report

Connection = psycopg.Connection[TupleRow]

_TABLES: Final = """
SELECT relname FROM pg_catalog.pg_class
 WHERE relnamespace = 'public'::pg_catalog.regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition
       AND pg_catalog.has_table_privilege(oid, 'SELECT') AND (relname, relkind) <> ('ledger_record_deciding', 'v')
 ORDER BY relname
"""
# Where rows lie is the same for everybody who reads them from the table itself.
_ROWS: Final = """
SELECT pg_catalog.count(*),
       coalesce(pg_catalog.sum(pg_catalog.hashtidextended(ctid, tableoid::pg_catalog.int8)), 0)::text
  FROM {}
"""


def schema(conn: Connection, report: Report) -> None:
    """Add a finding for each difference between the catalog and what the migrations make."""
    for difference in catalog.differences(conn):
        report.add(-1, f"the schema isn't what the migrations make: {difference}")


def rows(server: Connection, owner: Connection, report: Report) -> None:
    """Add a finding for each table of which the server sees other rows than the owner.

    Args:
        server: of the server's role, in a REPEATABLE READ transaction.
        owner: of the owner's role, in one that has joined it.
        report: gets the findings.
    """
    names = [str(name) for (name,) in server.execute(_TABLES).fetchall()]
    for name in names:
        query = sql.SQL(_ROWS).format(sql.Identifier("public", name))
        seen, there = _of(server, query), _of(owner, query)
        if seen is None or there is None:
            report.add(-1, f"the rows of {name} can't be compared: a policy or a view stands before them")
        elif seen != there:
            report.add(
                -1, f"the server sees {counted(seen[0], 'rows')} of {name}, its owner sees {there[0]}, or others"
            )
    report.remarks.append(f"the rows of {len(names)} tables were read as the server and as the owner")


def exported(conn: Connection) -> str:
    """A name under which other sessions can join what this one's transaction sees, while it lasts."""
    ((snapshot,),) = conn.execute("SELECT pg_catalog.pg_export_snapshot()").fetchall()
    return str(snapshot)


def join(conn: Connection, snapshot: str) -> None:
    """Let a connection, without a transaction yet, see what the transaction sees that has exported the snapshot."""
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only = True
    conn.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
    conn.execute("SET LOCAL statement_timeout = 0")
    conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _of(conn: Connection, query: sql.Composed) -> tuple[int, str] | None:
    """Number and places of the rows; None: they can't be read from the table itself."""
    try:
        with conn.transaction():
            count, places = conn.execute(query).fetchall()[0]
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedColumn):
        return None
    return int(count), str(places)
