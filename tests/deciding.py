"""What decides, entered by a test: rows that it has added itself, recorded as an operator's command records its own."""

import itertools
from collections.abc import Sequence
from typing import Final

import psycopg

from nsor_server.access import watched
from nsor_server.calls import RecordRef, Row
from nsor_server.ledger import operator
from nsor_server.ledger.append import Ledger
from nsor_server.storage import changes, deciding
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import Step
from nsor_server.storage.v1 import record_pb2

_PLACES: Final = itertools.count(1_000_000)
"""Behind those of all entries that a test makes."""


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
    recorded = set(conn.execute("SELECT table_name, row_id, version FROM ledger_record").fetchall())
    return [ref for ref in rows(conn) if (ref.table, ref.row_id, ref.version) not in recorded]


def rows(conn: psycopg.Connection) -> list[RecordRef]:
    """What an entry would hold to each row that decides."""
    return [ref for table in deciding.TABLES.values() for ref in _refs(conn, table)]


def _refs(conn: psycopg.Connection, table: deciding.Deciding) -> list[RecordRef]:
    names = ", ".join(name for name, _ in table.table.columns)
    found = conn.execute(f"SELECT {names} FROM {table.table.name}".encode()).fetchall()  # noqa: S608 - constants
    refs = [table.ref(Row(table.table, row)) for row in found]
    return sorted(refs, key=lambda ref: (ref.row_id, ref.version))


def owe(conn: psycopg.Connection, rows: Sequence[Row]) -> list[Step]:
    """What adds rows that aren't sealed; the ledger's records say of them what an entry would.

    No two have one place, as in the ledger, also of transactions that are open at once.
    """
    for ref in deciding.records(rows):
        conn.execute(
            "INSERT INTO ledger_record VALUES (%s, 0, %s, %s, %s, %s)",
            (next(_PLACES), ref.table, ref.row_id, ref.version, ref.sha256),
        )
    return changes.added(rows)


def set_enabled(conn: psycopg.Connection, agency_id: str, *, enabled: bool) -> None:
    """Enable or disable an agency; not recorded."""
    conn.execute(
        "INSERT INTO agency_state (agency_id, version, enabled)"
        " SELECT %(agency)s, coalesce(max(version), 0) + 1, %(enabled)s FROM agency_state WHERE agency_id = %(agency)s",
        {"agency": agency_id, "enabled": enabled},
    )


def own_key(keyring: Keyring) -> int:
    """Id of the key of which officers' own numbers are hashed."""
    return watched.own_values(BlindIndex(keyring), "3520112345671")[0][0]
