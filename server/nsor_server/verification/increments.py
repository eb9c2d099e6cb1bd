"""The part of a verification that goes on from a state that was verified: new entries alone are read and opened.

It sees whether the ledger continues that state: leaves, tiles, checkpoints, head, records, sealed details, labels and
the rows that the new entries wrote, and what is new in the outside copy. It can't see what was changed of older entries
and their rows, a row that no entry wrote, nor what entries and registrations say of each other over their whole
history: that is what a whole verification is for (``verified.py``), once a day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import counted
from nsor_server.ledger.stored import UUID_OF_RECORD, RecordedTable, read
from nsor_server.registration.closure import erasures
from nsor_server.storage import idempotency
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.verification import reconcile
from nsor_server.verification.contents import TABLES
from nsor_server.verification.details import OfDetails
from nsor_server.verification.reached import Reached
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Tree
from nsor_server.verification.verified import reported

Connection = psycopg.Connection[TupleRow]

AGAIN_BYTES: Final = 4096
"""So much of the outside copy is compared a second time: more than one checkpoint has."""
_RECORDED: Final = """
SELECT index, row_id, version, sha256 FROM ledger_record WHERE table_name = '{name}' AND index >= {since}
ORDER BY index, ordinal
"""
_WROTE: Final = """
SELECT {columns} FROM ledger_record AS r JOIN {source} AS rows ON {key} AND r.version = {version}
WHERE r.table_name = '{name}' AND r.index >= {since}
ORDER BY r.index, r.ordinal
"""
_NAMES: Final = "SELECT DISTINCT table_name FROM ledger_record WHERE index >= %s"
_NOTE: Final = "SELECT note FROM ledger_checkpoint WHERE size = %s"


def increment(conn: Connection, keyring: Keyring, origin: str, copy: tuple[Path, int], since: Reached) -> Report:
    """Compare what came since a state that was verified.

    Args:
        conn: any role that may read, in one snapshot.
        keyring: opens and verifies.
        origin: the ledger's first origin.
        copy: the outside copy, and up to which byte it is read: it was measured before the snapshot was taken.
        since: what was verified.

    Returns:
        What was found; without findings its ``reached`` is where the next one goes on.
    """
    tree = Tree(conn, keyring, origin, since=since)
    report = tree.report
    with reported(conn, report):
        _still_there(conn, since, report)
    with reported(conn, report):
        tree.run()
    with reported(conn, report):
        erased = erasures.erased(conn, Sealer(keyring))
        details = Report()
        OfDetails(conn, keyring, details, erased=erased.entries, start=since.size).run()
        report.join(details)
        _rows(conn, report, since.size, erased.answers)
    path, end = copy
    with reported(conn, report):
        if path.exists():
            # A note may have been half written when it was measured.
            start = max(0, since.copied - AGAIN_BYTES)
            reconcile.copy(conn, path, keyring, tree.epochs, report, end=end, start=start)
        elif since.copied:
            report.add(-1, "there is no outside copy to compare, and there was one")
    report.sort()
    if report.reached is not None:
        report.reached = replace(report.reached, copied=end if path.exists() else 0)
    return report


def _still_there(conn: Connection, since: Reached, report: Report) -> None:
    """The checkpoint of the state that was verified is still the one that was signed over it."""
    if since.size and [bytes(note) for (note,) in conn.execute(_NOTE, (since.size,))] != [since.note]:
        report.add(
            since.size - 1, f"the checkpoint of {counted(since.size, 'entries')} isn't the one that was verified"
        )


def _rows(conn: Connection, report: Report, since: int, erased: Collection[bytes]) -> None:
    """The rows that the new entries wrote are there, and as they wrote them."""
    written = {name for (name,) in conn.execute(_NAMES, (since,))}
    for table in TABLES:
        if table.name not in written:
            continue
        stored = dict(_stored(conn, table, since))
        query = _RECORDED.format(name=table.name, since=since)
        for index, row_id, version, sha256 in read(conn, f"new records of {table.name}", query):
            found = stored.get((row_id, version))
            if found is None and not (table.name == idempotency.TABLE.name and row_id in erased):
                report.add(index, f"the entry's record is gone from {table.name}")
            elif found not in {None, sha256}:
                report.add(index, f"the entry's record in {table.name} isn't what it wrote: it was exchanged")
    for name in written - {table.name for table in TABLES}:
        report.add(-1, f"an entry's record is in {name}, which no verification knows")


def _stored(conn: Connection, table: RecordedTable, since: int) -> Iterator[tuple[tuple[bytes, int], bytes]]:
    """The key and the hash of each row that the new entries wrote, found by the table's own key."""
    query = _WROTE.format(
        columns=", ".join(f"rows.{name}" if name.isidentifier() else name for name in table.columns),
        source=table.source or table.name,
        key=_key(table),
        version=f"rows.{table.version}" if table.version else "1",
        name=table.name,
        since=since,
    )
    recorded = table.recorded()
    for values in read(conn, f"new rows of {table.name}", query):
        try:
            yield recorded(values)
        except (TypeError, ValueError, AttributeError):
            continue  # what isn't of its type isn't what an entry wrote: its record is found to be gone


def _key(table: RecordedTable) -> str:
    """An SQL condition that joins the rows of a table to their records by the column that they are known by."""
    of: Any = table.unsealed_as
    column = table.row_id if of is None else of.row_id
    kind = "uuid" if of is None else dict(of.table.columns)[of.row_id]
    if kind == "uuid":
        return f"rows.{column} = {UUID_OF_RECORD}"
    if kind == "bytea":
        return f"rows.{column} = r.row_id"
    return f"{table.row_id_bytes} = r.row_id"
