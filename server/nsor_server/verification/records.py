"""Sealed rows, and those that decide, compared with the ledger: each is the work of one entry, and is there.

Rows and records come from the database as they stand, in the order of their keys, and are hashed and compared here:
no function or operator of PostgreSQL's is asked whether something was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from nsor_server.calls import RecordRef
from nsor_server.ledger.stored import RecordedTable, read
from nsor_server.storage import tables as stored_tables
from nsor_server.verification.contents import TABLES
from nsor_server.verification.report import Report

Connection = psycopg.Connection[TupleRow]

MOST: Final = 1000
"""Findings of one table."""

_STORED: Final = "SELECT {columns} FROM {source} AS rows ORDER BY {order}, {version}"
_RECORDED: Final = """
SELECT row_id, version, sha256, index FROM ledger_record WHERE table_name = '{name}' ORDER BY row_id, version
"""


class _Unreadable(Exception):
    """Says what isn't as it must be, so that nothing more can be compared."""


def compare(conn: Connection, report: Report, tables: Sequence[RecordedTable] = TABLES) -> None:
    """Add a finding for each sealed row that isn't its entry's, and each record that is named and not there."""
    for table in tables:
        if not stored_tables.exists(conn, table.name):
            report.add(-1, f"the table {table.name} is gone")
            continue
        try:
            for nth, (index, problem) in enumerate(_problems(conn, table)):
                if nth == MOST:
                    break
                report.add(index, problem)
        except _Unreadable as error:
            report.add(-1, str(error))
    known = [table.name for table in tables]
    strangers = "SELECT index, table_name FROM ledger_record WHERE table_name <> ALL (%s) ORDER BY index LIMIT 1000"
    for index, name in conn.execute(strangers, (known,)):
        report.add(index, f"the entry's record is in {name}, which no verification knows")


def _problems(conn: Connection, table: RecordedTable) -> Iterator[tuple[int, str]]:
    """The index of an entry, or -1, and what is wrong, for each row and each record that doesn't have its other one."""
    name = table.name
    rows, records = _rows(conn, table), _records(conn, name)
    row, record = next(rows, None), next(records, None)
    while row is not None or record is not None:
        at_row, at_record = _key(row), _key(record and record[0])
        if row is not None and (at_record is None or (at_row is not None and at_row < at_record)):
            yield -1, f"{name} has a row that no entry wrote: {row.row_id.hex()} version {row.version}"
            row = next(rows, None)
        elif record is not None and at_row != at_record:
            yield record[1], f"the entry's record is gone from {name}"
            record = next(records, None)
        elif row is not None and record is not None:
            if row.sha256 != record[0].sha256:
                yield record[1], f"the entry's record in {name} isn't what it wrote: it was exchanged"
            row, record = next(rows, None), next(records, None)


def _key(ref: RecordRef | None) -> tuple[bytes, int] | None:
    return None if ref is None else (ref.row_id, ref.version)


def _rows(conn: Connection, table: RecordedTable) -> Iterator[RecordRef]:
    query = _STORED.format(
        columns=", ".join(table.columns),
        source=table.source or table.name,
        order=table.order,
        version=table.version or "1::bigint",
    )
    last = None
    for values in _read(conn, f"rows of {table.name}", query):
        try:
            ref = table.ref(values)
        except (TypeError, ValueError, AttributeError):
            raise _Unreadable(f"a column of {table.name} isn't what it must be: nothing of it is compared") from None
        last = _after(last, (ref.row_id, ref.version), f"rows of {table.name}")
        yield ref


def _records(conn: Connection, name: str) -> Iterator[tuple[RecordRef, int]]:
    last = None
    for row_id, version, sha256, index in _read(conn, f"records of {name}", _RECORDED.format(name=name)):
        last = _after(last, (row_id, version), f"records of {name}")
        yield RecordRef(name, row_id, version, sha256), index


def _read(conn: Connection, name: str, query: str) -> Iterator[tuple[Any, ...]]:
    try:
        yield from read(conn, name, query)
    except psycopg.DataError:
        raise _Unreadable(f"the {name} have a value that can't be read: nothing more of them is compared") from None


def _after(last: tuple[bytes, int] | None, key: tuple[bytes, int], of: str) -> tuple[bytes, int]:
    """The key, if it comes after the last one: in another order a merge passes over what differs."""
    if last is not None and key <= last:
        raise _Unreadable(f"the {of} hold one twice, or aren't in order: nothing more of them is compared")
    return key
