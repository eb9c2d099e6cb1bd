"""The rows that decide, read with what the ledger says of them: all are there, none is more, and none was changed.

No policy, and no keys: which hash they must give is proved from the signed root (``ledger/directory_proof.py``). The
database gives plain columns and nothing else: hashing, order and comparison are made here, since whoever owns it says
what its functions, operators and views do. (The view of the records leaves rows out alone: one too few or too many
gives another hash.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import psycopg

from nsor_server.calls import DecidedRows, RecordRef
from nsor_server.storage import deciding

_Key = tuple[str, bytes, int]

_RECORDS: Final = """
SELECT index, table_name, row_id, version, sha256 FROM ledger_record_deciding ORDER BY index, ordinal
"""
_HAS_ROWS: Final = "SELECT '{name}' WHERE EXISTS (SELECT {columns} FROM {name})"


class Contradicted(Exception):
    """What decides isn't what was recorded and signed. Says of which table and entry; names no person."""


def read(connection: psycopg.Connection, digest: bytes) -> DecidedRows:
    """Read every row that decides; of each table no more than the ledger has records of, and one.

    Args:
        connection: of any role that may read, in a transaction that sees one state.
        digest: the running hash that they must give.

    Raises:
        Contradicted: a row was changed, added or taken away past the ledger, or a record was; or a table was changed so
            that its rows can't be read.
    """
    records = _records(connection)
    recorded = Counter(ref.table for _, ref in records)
    stored: dict[_Key, bytes] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    _none_of(connection, [table for name, table in deciding.TABLES.items() if not recorded[name]])
    for name, table in deciding.TABLES.items():
        read_rows = _table(connection, table, recorded[name]) if recorded[name] else []
        _note(stored, (ref for ref, _ in read_rows))
        rows[name] = [row for _, row in read_rows]
    _compare(stored, records, digest)
    return rows


def unproved(connection: psycopg.Connection) -> DecidedRows:
    """Every row that decides, as it is stored: for operators' commands, by which nobody is let in.

    Raises:
        Contradicted: a table was changed so that its rows can't be read.
    """
    return {name: [row for _, row in _table(connection, table)] for name, table in deciding.TABLES.items()}


def _none_of(connection: psycopg.Connection, tables: Sequence[deciding.Deciding]) -> None:
    """See that these have no row. Most tables of a register have none, and to ask each costs as much as to read one."""
    asked = " UNION ALL ".join(
        _HAS_ROWS.format(name=each.table.name, columns=", ".join(name for name, _ in each.table.columns))
        for each in tables
    )
    if not asked:
        return
    try:
        found = connection.execute(asked.encode()).fetchall()
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except psycopg.Error:
        names = ", ".join(each.table.name for each in tables)
        raise Contradicted(f"one of {names} can't be read as what it must be") from None
    for (name,) in found:
        raise Contradicted(f"{name} has a row that no entry added")


def _table(
    connection: psycopg.Connection, table: deciding.Deciding, recorded: int | None = None
) -> list[tuple[RecordRef, dict[str, Any]]]:
    """Each row of a table, with what the ledger must hold it to, in the order of ids and versions.

    Of those that are recorded no more are read, and one: whoever adds millions fills no memory.
    """
    names = [name for name, _ in table.table.columns]
    query = f"SELECT {', '.join(names)} FROM {table.table.name} LIMIT %s"  # noqa: S608 - constants
    try:
        found = connection.execute(query.encode(), (None if recorded is None else recorded + 1,)).fetchall()
        if recorded is not None and len(found) > recorded:
            raise Contradicted(f"{table.table.name} has a row that no entry added")
        ref = table.of_values()
        rows = [(ref(row), dict(zip(names, row, strict=True))) for row in found]
        return sorted(rows, key=lambda each: (each[0].row_id, each[0].version))
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except (psycopg.Error, TypeError, ValueError):
        raise Contradicted(f"{table.table.name} can't be read as what it must be") from None


def _note(stored: dict[_Key, bytes], refs: Iterable[RecordRef]) -> None:
    for ref in refs:
        key = (ref.table, ref.row_id, ref.version)
        if key in stored:
            raise Contradicted(f"{ref.table} has a row twice")
        stored[key] = ref.sha256


def _records(connection: psycopg.Connection) -> list[tuple[int, RecordRef]]:
    found = connection.execute(_RECORDS).fetchall()
    return [
        (index, RecordRef(table, bytes(row_id), version, bytes(sha256)))
        for index, table, row_id, version, sha256 in found
    ]


def _compare(stored: dict[_Key, bytes], records: Iterable[tuple[int, RecordRef]], digest: bytes) -> None:
    found = deciding.NO_HASH
    for index, of_entry in groupby(records, key=lambda each: each[0]):
        refs = [ref for _, ref in of_entry]
        for ref in refs:
            if stored.pop((ref.table, ref.row_id, ref.version), None) != ref.sha256:
                raise Contradicted(f"the row of {ref.table} that entry {index} added is gone or was changed")
        found = deciding.extended(found, refs)
    for table, _, _ in stored:
        raise Contradicted(f"{table} has a row that no entry added")
    if found != digest:
        raise Contradicted("the records of what decides don't give the hash that was signed")
