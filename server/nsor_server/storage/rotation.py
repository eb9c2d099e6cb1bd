"""Rotation: data keys, of registrations and of whatever else has its own, are wrapped anew under the primary key.

It goes through their tables in batches that commit, and passes over what is done, so it may be interrupted and
repeated. Servers must be stopped: they hold the keyring that they started with, and could not open what is
wrapped under a new key. Rows under other seals and blind indexes stay under their old keys, which the keyring
keeps.
"""

from collections.abc import Callable, Iterator
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from nsor_server.config import OperatorError
from nsor_server.storage import tables
from nsor_server.storage.sealing import Sealer

_BATCH = 500
TABLES: Final[tuple[tuple[LiteralString, LiteralString], ...]] = (
    ("registration_key", "registration_id"),
    ("movement_key", "movement_id"),
    ("arrival_key", "arrival_id"),
    ("manifest_key", "manifest_id"),
)
"""Tables of wrapped data keys, each with the column of whose they are."""


class ServersRunning(OperatorError):
    """A server is connected to the database."""


def check_no_server(connection: psycopg.Connection) -> None:
    """See that no server is connected; `connection` is the owner's.

    Raises:
        ServersRunning: one is.
    """
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'nsor_server' AND datname = current_database()"
    ).fetchone()
    if row is not None and row[0]:
        raise ServersRunning("a server is connected to the database; stop every server before rotating the keys")


def rewrap(connection: psycopg.Connection, sealer: Sealer, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Wrap every data key that is not under the primary key anew.

    Args:
        connection: the owner's; each batch is committed.
        sealer: of the rotated keyring.
        progress: called after each batch with the number of keys looked at so far.

    Returns: how many were wrapped anew.

    Raises:
        SealBroken: a wrapped key does not open; batches before it stay.
    """
    looked_at, wrapped_anew = 0, 0
    for table, row_id in TABLES:
        if tables.exists(connection, table):
            for looked, changed in _batches(connection, sealer, sql.Identifier(table), sql.Identifier(row_id)):
                looked_at, wrapped_anew = looked_at + looked, wrapped_anew + changed
                progress(looked_at)
        connection.rollback()
    return wrapped_anew


def _batches(
    connection: psycopg.Connection, sealer: Sealer, table: sql.Identifier, row_id: sql.Identifier
) -> Iterator[tuple[int, int]]:
    """Wrap the keys of a table anew; of each batch, once it is committed, how many it had and how many it changed."""
    read = sql.SQL(
        "SELECT {row_id}, wrapped FROM {table} WHERE %(last)s::uuid IS NULL OR {row_id} > %(last)s::uuid"
        " ORDER BY {row_id} LIMIT %(batch)s FOR UPDATE"
    ).format(table=table, row_id=row_id)
    write = sql.SQL("UPDATE {table} SET wrapped = %s WHERE {row_id} = %s").format(table=table, row_id=row_id)
    last = None
    while rows := connection.execute(read, {"last": last, "batch": _BATCH}).fetchall():
        changes = [
            (fresh, of) for of, wrapped in rows if (fresh := sealer.rewrapped(of.bytes, bytes(wrapped))) is not None
        ]
        with connection.cursor() as cursor:
            cursor.executemany(write, changes)
        connection.commit()
        last = rows[-1][0]
        yield len(rows), len(changes)
