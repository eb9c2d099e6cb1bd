"""Rotation: registrations' data keys are wrapped anew under the keyring's primary key.

It goes through the table in batches that commit, and passes over what is done, so it may be interrupted and
repeated. Servers must be stopped: they hold the keyring that they started with, and could not open what is
wrapped under a new key. Rows under other seals and blind indexes stay under their old keys, which the keyring
keeps.
"""

from collections.abc import Callable

import psycopg

from nsor_server.config import OperatorError
from nsor_server.storage import tables
from nsor_server.storage.sealing import Sealer

_BATCH = 500


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
    if not tables.exists(connection, "registration_key"):
        connection.rollback()
        return 0
    last, looked_at, wrapped_anew = None, 0, 0
    while True:
        rows = connection.execute(
            "SELECT registration_id, wrapped FROM registration_key"
            " WHERE %(last)s::uuid IS NULL OR registration_id > %(last)s::uuid"
            " ORDER BY registration_id LIMIT %(batch)s FOR UPDATE",
            {"last": last, "batch": _BATCH},
        ).fetchall()
        if not rows:
            connection.rollback()
            return wrapped_anew
        changes = [
            (fresh, registration_id)
            for registration_id, wrapped in rows
            if (fresh := sealer.rewrapped(registration_id.bytes, bytes(wrapped))) is not None
        ]
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE registration_key SET wrapped = %s WHERE registration_id = %s", changes)
        connection.commit()
        last, looked_at, wrapped_anew = rows[-1][0], looked_at + len(rows), wrapped_anew + len(changes)
        progress(looked_at)
