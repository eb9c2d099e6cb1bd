"""Sealed rows, and those that decide, compared with the ledger: each is the work of one entry, and is there.

Rows and records come from the database as they stand, in the order of their keys, and are hashed and compared here:
no function or operator of PostgreSQL's is asked whether something was changed.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor_server.ledger.stored import RecordedTable, read
from nsor_server.storage import idempotency
from nsor_server.verification.contents import TABLES
from nsor_server.verification.report import Report

Connection = psycopg.Connection[TupleRow]

MOST: Final = 1000
"""Findings of one table."""

_STORED: Final = "SELECT {columns} FROM {source} AS rows ORDER BY {order}, {version}"
# Most tables of a small register are empty: to ask that of all at once saves two cursors for each.
_KNOWN: Final = """
SELECT pg_catalog.to_regclass('public.' || name) IS NOT NULL,
       EXISTS (SELECT FROM ledger_record WHERE table_name = name)
  FROM unnest(%s::text[]) WITH ORDINALITY AS known (name, nth)
 ORDER BY nth
"""
_HAS_ROWS: Final = "EXISTS (SELECT FROM {source} AS rows)"
_RECORDED: Final = """
SELECT row_id, version, sha256, index FROM ledger_record WHERE table_name = '{name}' ORDER BY row_id, version
"""


_Key = tuple[bytes, float]
_START: Final[_Key] = (b"", -1)
_END: Final[_Key] = (b"\xff" * 256, math.inf)
"""After every key: no id is so long."""
_NO_ROW: Final = (_END, b"")
_NO_RECORD: Final = (_END, b"", -1)


class _Unreadable(Exception):
    """Says what isn't as it must be, so that nothing more can be compared."""


def compare(
    conn: Connection, report: Report, tables: Sequence[RecordedTable] = TABLES, erased: Collection[bytes] = ()
) -> None:
    """Add a finding for each sealed row that isn't its entry's, and each record that is named and not there.

    Args:
        conn: any.
        report: gets the findings.
        tables: that are compared; there are no others.
        erased: access ids of answers that were destroyed by two officers' decision.
    """
    compare_each(conn, report, tables, erased)
    known = [table.name for table in tables]
    strangers = "SELECT index, table_name FROM ledger_record WHERE table_name <> ALL (%s) ORDER BY index LIMIT 1000"
    for index, name in conn.execute(strangers, (known,)):
        report.add(index, f"the entry's record is in {name}, which no verification knows")


def compare_each(
    conn: Connection, report: Report, tables: Sequence[RecordedTable], erased: Collection[bytes] = ()
) -> None:
    """As `compare`; of each table its rows and its records alone are read."""
    known = [table.name for table in tables]
    are_there, have_records = zip(*conn.execute(_KNOWN, (known,)).fetchall(), strict=True)
    for table, is_there in zip(tables, are_there, strict=True):
        if not is_there:
            report.add(-1, f"the table {table.name} is gone")
    have_rows = _have_rows(conn, [table for table, is_there in zip(tables, are_there, strict=True) if is_there])
    for table, has_records in zip(tables, have_records, strict=True):
        has_rows = have_rows.get(table.name)
        if has_rows is None:
            continue
        rows = _rows(conn, table) if has_rows else iter(())
        records = _records(conn, table.name) if has_records else iter(())
        try:
            for index, problem in islice(_problems(table, rows, records, erased), MOST):
                report.add(index, problem)
        except _Unreadable as error:
            report.add(-1, str(error))
        except psycopg.DataError:
            report.add(-1, f"{table.name} has a value that can't be read: nothing more of it is compared")


def _have_rows(conn: Connection, tables: Sequence[RecordedTable]) -> dict[str, bool]:
    """Of tables that are there, by their names, whether each has a row."""
    asked = ", ".join(_HAS_ROWS.format(source=table.source or table.name) for table in tables)
    found = conn.execute(f"SELECT {asked}".encode()).fetchone() if tables else None
    return dict(zip((table.name for table in tables), found or (), strict=True))


def _problems(
    table: RecordedTable,
    rows: Iterator[tuple[_Key, bytes]],
    records: Iterator[tuple[_Key, bytes, int]],
    erased: Collection[bytes],
) -> Iterator[tuple[int, str]]:
    """The index of an entry, or -1, and what is wrong, for each row and each record that doesn't have its other one."""
    (row, found), (record, sha256, index) = next(rows, _NO_ROW), next(records, _NO_RECORD)
    while row != _END or record != _END:
        if row < record:
            yield -1, f"{table.name} has a row that no entry wrote: {row[0].hex()} version {row[1]}"
            row, found = next(rows, _NO_ROW)
        elif record < row:
            if table.name == idempotency.TABLE.name and record[0] in erased:
                record, sha256, index = next(records, _NO_RECORD)
                continue
            yield index, f"the entry's record is gone from {table.name}"
            record, sha256, index = next(records, _NO_RECORD)
        else:
            if found != sha256:
                yield index, f"the entry's record in {table.name} isn't what it wrote: it was exchanged"
            (row, found), (record, sha256, index) = next(rows, _NO_ROW), next(records, _NO_RECORD)


def _rows(conn: Connection, table: RecordedTable) -> Iterator[tuple[_Key, bytes]]:
    query = _STORED.format(
        columns=", ".join(table.columns),
        source=table.source or table.name,
        order=table.order,
        version=table.version or "1::bigint",
    )
    last, recorded = _START, table.recorded()
    for values in read(conn, f"rows of {table.name}", query):
        try:
            key, sha256 = recorded(values)
        except (TypeError, ValueError, AttributeError):
            raise _Unreadable(f"a column of {table.name} isn't what it must be: nothing of it is compared") from None
        if key <= last:
            raise _Unreadable(f"{table.name} has a row twice, or not in order: nothing more of it is compared")
        yield key, sha256
        last = key


def _records(conn: Connection, name: str) -> Iterator[tuple[_Key, bytes, int]]:
    last = _START
    for row_id, version, sha256, index in read(conn, f"records of {name}", _RECORDED.format(name=name)):
        key = (row_id, version)
        if key <= last:
            raise _Unreadable(f"{name} has a record twice, or not in order: nothing more of it is compared")
        yield key, sha256, index
        last = key
