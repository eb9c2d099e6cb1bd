"""Who holds a lock that the register's calls wait for: a session of the owner's, or of any role that may connect.

Nothing here waits for a lock of a table, but for that of the ledger's head. A transaction is held to blame when it has
been in the way for some seconds; then it is until it ends, also while nobody waits, since no call is taken meanwhile.
"""

from __future__ import annotations

import time
from typing import Any, Final

import psycopg

from nsor_server.storage.soundness import Unsound

Connection = psycopg.Connection[Any]

PATIENCE_SECONDS: Final = 3.0
"""For how long a transaction may be in the way: a batch holds the head for some milliseconds, a migration longer."""

# Who waits for a row that another session holds, which has a process: not he is in the way but that one.
_WAITS_FOR_A_ROW: Final = """EXISTS (
    SELECT FROM pg_catalog.pg_locks AS w WHERE w.pid = l.pid AND NOT w.granted
    AND w.locktype IN ('tuple', 'transactionid')
    AND EXISTS (SELECT FROM unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b WHERE b > 0)
)"""
# Whose transactions have a lock of a table in which nobody else can write, or ask for one: whoever comes later waits
# behind him. Whom a session of this role has waited for longer than a commit takes; not in the deliverers' turn, which
# they take one after the other. PostgreSQL also names a session that waits for a row itself and has the place before:
# in its place stands whom that one waits for. And who has been in the way before (%s).
_IN_THE_WAY: Final = f"""
WITH RECURSIVE here AS (
    SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
), waiting AS (
    SELECT l.pid FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a USING (pid)
    WHERE NOT l.granted AND l.locktype <> 'advisory' AND l.waitstart < pg_catalog.clock_timestamp() - interval '1 s'
    AND a.usename = current_user AND a.datid = (SELECT oid FROM here)
), awaited AS (
    SELECT unnest(pg_catalog.pg_blocking_pids(pid)) AS pid FROM waiting
    UNION
    SELECT unnest(pg_catalog.pg_blocking_pids(l.pid)) FROM awaited AS l WHERE {_WAITS_FOR_A_ROW}
)
SELECT l.virtualtransaction, min(l.pid), min(a.usename), min(c.relname)
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
LEFT JOIN pg_catalog.pg_class AS c ON l.locktype = 'relation' AND c.oid = l.relation AND c.relkind IN ('r', 'p')
    AND l.database = (SELECT oid FROM here) AND c.relnamespace = 'public'::pg_catalog.regnamespace
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
WHERE c.oid IS NOT NULL OR l.pid IN (SELECT pid FROM awaited) OR l.virtualtransaction = ANY (%s)
GROUP BY l.virtualtransaction HAVING min(c.relname) IS NOT NULL OR NOT bool_or({_WAITS_FOR_A_ROW})
"""  # noqa: S608 - constants
# Whose transaction has the head, and whom it waits for.
_HAVE_THE_HEAD: Final = f"""
WITH RECURSIVE has AS (
    SELECT l.pid, l.virtualtransaction
    FROM ledger_head AS h JOIN pg_catalog.pg_locks AS l ON l.transactionid = h.xmax AND l.granted
), awaited AS (
    SELECT pid FROM has
    UNION
    SELECT unnest(pg_catalog.pg_blocking_pids(l.pid)) FROM awaited AS l WHERE {_WAITS_FOR_A_ROW}
)
SELECT l.virtualtransaction, min(l.pid), min(a.usename), NULL
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.pid IN (SELECT pid FROM awaited) OR l.virtualtransaction IN (SELECT virtualtransaction FROM has)
GROUP BY l.virtualtransaction HAVING NOT bool_or({_WAITS_FOR_A_ROW})
"""  # noqa: S608 - constants
_HAVE_ADVISORY: Final = """
SELECT l.pid, a.usename FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint << 32 | l.objid::bigint = %s AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""
_HAVE_TAKEN: Final = f"""{_HAVE_ADVISORY}
AND (a.usename IS DISTINCT FROM current_user
    OR %s AND a.state = 'idle'
    OR a.xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %s))
"""


class Locked(Unsound):
    """Somebody holds a lock that calls wait for; says which process and role, and which table."""


class Taken(Unsound):
    """Somebody has the lock of a turn who is no process of the register's, or has it for too long; says who."""


class Locks:
    """What one process has seen of locks. Not for several threads at a time."""

    def __init__(self) -> None:
        """Has seen nothing."""
        self._since: dict[str, float] = {}
        self.last = ""
        """Which process and role were seen last to hold what calls wait for."""

    def check(self, conn: Connection, *, patience: float = PATIENCE_SECONDS) -> None:
        """See that nobody has been in the way for long.

        Args:
            conn: of the server's role.
            patience: seconds since it was seen first.

        Raises:
            Locked: somebody has.
            psycopg.errors.LockNotAvailable: the head can't be read, and nobody was seen to be in the way.
        """
        found = conn.execute(_IN_THE_WAY, (list(self._since),)).fetchall()
        if not found:
            found = conn.execute(_HAVE_THE_HEAD).fetchall()
        if found:
            self.last = _named(*found[0][1:3])
        now = time.monotonic()
        self._since = {transaction: self._since.get(transaction, now) for transaction, *_ in found}
        for transaction, pid, role, table in found:
            if now - self._since[transaction] >= patience:
                what = f"locks the table {table}" if table else "holds rows"
                raise Locked(f"a transaction of {_named(pid, role)} {what} that calls wait for; end it")


def holder(conn: Connection, key: int) -> str:
    """Which process and role hold an advisory lock, to be named in an alert; empty: nobody does now."""
    row = conn.execute(_HAVE_ADVISORY, (key,)).fetchone()
    return "" if row is None else _named(*row)


def require_own(conn: Connection, key: int, most_seconds: float, *, in_transactions: bool = True) -> None:
    """See that who has an advisory lock is a process of the register's, and goes on.

    Args:
        conn: of the server's role, which was refused the lock just now.
        key: of the lock. Any role that may connect can take it.
        most_seconds: longest that a transaction which has it may last.
        in_transactions: whether the register's processes have it within a transaction: then an idle session that has it
            is none of theirs.

    Raises:
        Taken: a session of another role has it, a prepared transaction, an idle session, or one for longer.
    """
    row = conn.execute(_HAVE_TAKEN.encode(), (key, in_transactions, most_seconds)).fetchone()
    if row is not None:
        raise Taken(f"{_named(*row)} has the lock of their turn; end it")


def _named(pid: int | None, role: str | None) -> str:
    return f"process {pid} (role {role})" if pid else "no process, since it is prepared,"
