"""Whether the database is one that the register may write to: the primary, writable, and keeping what it acknowledges.

It is asked at start, by `nsor-server check`, and every few seconds while the register serves, each time on a fresh
connection of the server's role: whatever somebody switches off under a running server shows there first.
"""

from typing import Any, Final

import psycopg

from nsor_server.config import OperatorError

Connection = psycopg.Connection[Any]

DURABLE: Final = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}
"""What each setting may be."""

PATH: Final = "public,pg_temp"
"""What names mean in a session of the register: its own tables."""

_SETTINGS: Final = "SELECT " + ", ".join(f"pg_catalog.current_setting('{name}')" for name in DURABLE)
_NODE = """
SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only'), current_user, session_user,
    pg_catalog.current_setting('search_path')
"""
_PROBE = "UPDATE write_probe SET probed_at = pg_catalog.clock_timestamp()"
_DEEP_PROBE = "UPDATE write_probe SET probed_at = pg_catalog.clock_timestamp(), ballast = %s"
_BALLAST = bytes(40_000)
"""Five pages: more than lies free in a small table."""


class Unsound(OperatorError):
    """The database isn't as it must be; says what is wrong, without a value."""


class NotDurable(Unsound):
    """The database may lose what it has acknowledged; the register does not run on it."""


def check_durable(conn: Connection) -> None:
    """See that the database keeps what it acknowledges.

    Raises:
        NotDurable: names the setting.
    """
    (found,) = conn.execute(_SETTINGS.encode()).fetchall()
    for (name, allowed), setting in zip(DURABLE.items(), found, strict=True):
        if setting not in allowed:
            wanted = " or ".join(sorted(allowed))
            raise NotDurable(f"PostgreSQL runs without {name}; set it to {wanted}: an answer must not be forgotten")


def probe(conn: Connection, *, deep: bool = False) -> None:
    """Write, as the server's role; the caller commits.

    Args:
        conn: of the server's role, without an open transaction.
        deep: write so much that a table must grow, which a full disk doesn't let it.

    Raises:
        Unsound: this isn't a primary that can be written to, or it isn't durable.
        psycopg.Error: the write failed.
    """
    check_durable(conn)
    standby, read_only, role, session_role, path = conn.execute(_NODE).fetchall()[0]
    if standby:
        raise Unsound("PostgreSQL is a standby; the register writes to the primary alone")
    if read_only == "on":
        raise Unsound("PostgreSQL is read-only (default_transaction_read_only)")
    if role != session_role:
        raise Unsound("the server's role is made to act as another one (ALTER ROLE ... SET role)")
    if path != PATH:
        raise Unsound("names don't mean the register's own tables (search_path): is there a pooler before PostgreSQL?")
    written = conn.execute(_DEEP_PROBE, (_BALLAST,)) if deep else conn.execute(_PROBE)
    if written.rowcount != 1:
        raise Unsound("the table write_probe has lost its row, or hides it")
    if deep:
        conn.execute("UPDATE write_probe SET ballast = ''")
