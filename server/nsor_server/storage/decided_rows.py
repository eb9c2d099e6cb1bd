"""The rows that decide, read with what the ledger says of them: all are there, none is more, and none was changed.

No policy, and no keys: which hash they must give is proved from the signed root (``ledger/directory_proof.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import psycopg

from nsor_server.calls import RecordRef
from nsor_server.storage import deciding

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
"""By table: the rows, by column."""

_RECORDS: Final = """
SELECT index, table_name, row_id, version, sha256 FROM ledger_record WHERE table_name = ANY (%s) ORDER BY index, ordinal
"""


class Contradicted(Exception):
    """What decides isn't what was recorded and signed. Says of which table and entry; names no person."""


def read(connection: psycopg.Connection, digest: bytes) -> Rows:
    """Read every row that decides.

    Args:
        connection: of any role that may read, in a transaction that sees one state.
        digest: the running hash that they must give.

    Raises:
        Contradicted: a row was changed, added or taken away past the ledger, or a record was.
    """
    stored: dict[tuple[str, bytes, int], bytes] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    for table in deciding.TABLES.values():
        rows[table.table.name] = [
            _noted(stored, table.table.name, row) for row in connection.execute(_query(table).encode())
        ]
    _compare(stored, _records(connection), digest)
    return rows


def _query(table: deciding.Deciding) -> str:
    names = ", ".join(name for name, _ in table.table.columns)
    version = table.version or "1"
    return (
        f"SELECT {table.row_id_bytes}, {version}::bigint, sha256({table.content}),"  # noqa: S608 - constants
        f" {names} FROM {table.table.name} ORDER BY 1, 2"
    )


def _noted(stored: dict[tuple[str, bytes, int], bytes], table: str, row: Sequence[Any]) -> dict[str, Any]:
    row_id, version, sha256, *values = row
    stored[table, bytes(row_id), version] = bytes(sha256)
    return dict(zip((name for name, _ in deciding.TABLES[table].table.columns), values, strict=True))


def _records(connection: psycopg.Connection) -> Iterator[tuple[int, RecordRef]]:
    for index, table, row_id, version, sha256 in connection.execute(_RECORDS, (list(deciding.TABLES),)):
        yield index, RecordRef(table, bytes(row_id), version, bytes(sha256))


def _compare(
    stored: dict[tuple[str, bytes, int], bytes], records: Iterator[tuple[int, RecordRef]], digest: bytes
) -> None:
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
