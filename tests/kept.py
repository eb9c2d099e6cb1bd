"""Databases that one test has after the other: their rows are set back between two, and their connections stay.

To make a database, and what PostgreSQL reads for each connection before its first statement, costs more than most
tests. So a test leaves its database to the next one, which finds it as the template is: the same rows, the same schema,
and sessions in which nothing is set, locked, listened to or open. What the server has prepared in a session stays
there: it would be read and planned anew for each test. Where a test has changed more than rows, its database isn't
kept.
"""

import functools
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self, TypeAlias

import psycopg
from psycopg import pq
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg_pool import ConnectionPool

from nsor_server.calls import Table, Versions
from nsor_server.storage import pool, session
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Statement
from tests.polling import until

MOST_TESTS: Final = 100
"""Tests of one database: what was deleted goes on taking room in its tables and indexes."""

_AS_NEW: Final = (
    b"CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ALL; UNLISTEN *; DISCARD TEMP;"
    b"SELECT count(*), pg_catalog.pg_advisory_unlock_all() FROM pg_catalog.pg_prepared_statements"
)
_CATALOGS: Final = (
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_depend",
    "pg_index",
    "pg_policy",
    "pg_proc",
    "pg_rewrite",
    "pg_statistic",
    "pg_trigger",
    "pg_type",
)
"""What a change of the schema, of rights or of statistics leaves a new row in, or one row less."""
_OF_CATALOGS: Final = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {which}"  # noqa: S608 - constants
    for which in (
        *_CATALOGS,
        "pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'",
        "pg_database WHERE datname = current_database()",
        "pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
).encode()
_CHANGES: Final = (("added ", ""), ("added ", " at"), ("moved ", ""))
"""What stands before and behind a table's name in the names of the statements of `storage.changes`."""
_TABLES: Final = b"""
SELECT quote_ident(relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
_END_OTHERS: Final = b"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> ALL (%s)
"""


_Idle: TypeAlias = tuple[PGconn, session._Known]
"""A session that nobody has, and what it has prepared."""


class _Rows(NamedTuple):
    """The rows of a table, as they are in the template."""

    number: int
    copied: bytes


class _Kept(psycopg.Connection[Any]):
    """A connection that leaves its session, once it is closed, to the next one of its kind."""

    idle: list[_Idle]

    @classmethod
    def again(cls, url: str, idle: list[_Idle]) -> Self:
        """With a session that another one had, or a new one."""
        while idle:
            kept, known = idle.pop()
            connection = cls(kept)
            session._connections[connection] = known
            try:
                pool._configure(connection)
            except psycopg.OperationalError:  # somebody has ended it meanwhile
                psycopg.Connection.close(connection)
            else:
                connection.idle = idle
                return connection
        connection = cls.connect(url)
        connection.idle = idle
        pool._configure(connection)
        return connection

    def close(self) -> None:
        if self.closed or self._prepared._names or not _as_new(self):
            super().close()
            return
        self.idle.append((self.pgconn, session._known_of(self)))
        self._closed, self.pgconn = True, _closed()


@functools.cache
def _closed() -> PGconn:
    """What a connection has that is closed."""
    nowhere = pq.PGconn.connect_start(b"")
    nowhere.finish()
    return nowhere


def _as_new(connection: psycopg.Connection[Any]) -> bool:
    """Whether a session could be made what it was at its beginning, but for what the server has prepared in it."""
    pgconn = connection.pgconn
    if pgconn.pipeline_status != PipelineStatus.OFF:
        try:
            pgconn.exit_pipeline_mode()
        except psycopg.OperationalError:
            return False
    if pgconn.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        pgconn.exec_(b"ROLLBACK")
    if pgconn.transaction_status != TransactionStatus.IDLE:
        return False
    prepared = session._known_of(connection).prepared
    # A name that a test gives is another test's for another statement.
    of_tests = prepared - _of_server(len(sys.modules))
    prepared -= of_tests
    deallocate = b"".join(b'DEALLOCATE "%s";' % name for name in of_tests)
    result = pgconn.exec_(deallocate + _AS_NEW)
    if result.status != ExecStatus.TUPLES_OK or pgconn.status != ConnStatus.OK:
        return False
    of_psycopg = connection._prepared
    return result.get_value(0, 0) == b"%d" % (len(prepared) + len(of_psycopg._names)) and not of_psycopg._to_flush


@functools.lru_cache(maxsize=1)
def _of_server(_modules: int) -> frozenset[bytes]:
    """Names of the statements that stand in the server's modules, of which so many are loaded: each has one text."""
    values = [
        value
        for name, module in list(sys.modules.items())
        if name.startswith("nsor_server.")
        for value in vars(module).values()
    ]
    for several in [value for value in values if isinstance(value, dict | tuple)]:
        values += several.values() if isinstance(several, dict) else several
    names = {each.name for each in values if isinstance(each, Statement)}
    for table in {each.name for each in values if isinstance(each, Table | Versions)}:
        names |= {f"{prefix}{table}{suffix}".encode() for prefix, suffix in _CHANGES}
    return frozenset(names)


class KeptDatabase(Database):
    """A database of tests, with pools that stay open.

    Args:
        url_server: as `Database`'s.
        url_owner: as `Database`'s.
        url_superuser: by which its rows are set back.
    """

    def __init__(self, url_server: str, url_owner: str, url_superuser: str) -> None:
        super().__init__(url_server, url_owner, pool_size=4)
        self.tests = 0
        self._idle: dict[str, list[_Idle]] = {}
        self._url_superuser = url_superuser
        self._superuser = psycopg.connect(url_superuser, autocommit=True)
        self._superuser.execute("SET session_replication_role = replica")  # no trigger, no foreign key
        tables = [name for (name,) in self._superuser.execute(_TABLES)]
        self._rows = {name: rows for name in tables if (rows := self._copied(name))}
        self._written = " UNION ALL ".join(
            f"SELECT '{name}' WHERE {self._is_written(name)}" for name in tables
        ).encode()
        self._catalogs = self._of_catalogs()
        self._since = self._next_xid()
        for each in self._pools:
            each.resize(1, each.max_size)
            each._nconns = 1  # what it begins with: a pool that isn't open yet is made smaller by nothing else

    @property
    def _pools(self) -> Sequence[ConnectionPool[Any]]:
        return self._readers, self._pool

    def set_back(self) -> bool:
        """End what a test has left; gives whether the database is as the template is."""
        self.tests += 1
        try:
            return self.tests < MOST_TESTS and self._sessions_set_back() and self._rows_set_back()
        except psycopg.OperationalError:
            return False

    @property
    def is_there(self) -> bool:
        """Whether no other test has ended its sessions, as one does that kills a process of PostgreSQL's."""
        try:
            self._superuser.execute("SELECT")
        except psycopg.OperationalError:
            return False
        return True

    def close(self) -> None:
        """Close whatever is open."""
        super().close()
        self._superuser.close()
        for each in self._idle.values():
            while each:
                each.pop()[0].finish()

    def connect(self) -> pool.Connection:
        return self._again(self.url_server)

    def writer(self) -> pool.Connection:
        return self._again(self._url_writer)

    def owner(self) -> pool.Connection:
        return self._again(self.url_owner or "")

    def superuser(self) -> pool.Connection:
        """A connection of its own for the superuser, in autocommit."""
        connection = self._again(self._url_superuser)
        connection.autocommit = True
        return connection

    def _again(self, url: str) -> pool.Connection:
        return _Kept.again(url, self._idle.setdefault(url, []))

    def _sessions_set_back(self) -> bool:
        """Make those as new that stay, and end all others."""
        kept = [self._superuser.info.backend_pid]
        kept += [each.backend_pid for idle in self._idle.values() for each, _ in idle]
        for each in self._pools:
            if each.closed or len(each._pool) != each._nconns:
                return False
            for connection in each._pool:
                if connection.closed or not _as_new(connection):
                    return False
                kept.append(connection.info.backend_pid)
        until(
            lambda: not self._superuser.execute(_END_OTHERS, (kept,), prepare=True).fetchall(), seconds=60, every=0.005
        )
        return True

    def _rows_set_back(self) -> bool:
        if self._of_catalogs() != self._catalogs:
            return False
        written = [name for (name,) in self._superuser.execute(self._written, {"since": self._since}, prepare=True)]
        with self._superuser.transaction():
            for name in written:
                self._superuser.execute(f"DELETE FROM {name}".encode())  # noqa: S608 - of the catalog
            for name in self._rows.keys() & set(written):
                with self._superuser.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)".encode()) as copy:
                    copy.write(self._rows[name].copied)
        self._since = self._next_xid()
        return True

    def _next_xid(self) -> int:
        """The number of the next transaction that writes anywhere."""
        ((number,),) = self._superuser.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(number)

    def _of_catalogs(self) -> object:
        return self._superuser.execute(_OF_CATALOGS, prepare=True).fetchall()

    def _copied(self, table: str) -> _Rows | None:
        with self._superuser.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as copy:
            copied = b"".join(copy)
        ((count,),) = self._superuser.execute(f"SELECT count(*) FROM {table}".encode())  # noqa: S608 - of the catalog
        return _Rows(count, copied) if count else None

    def _is_written(self, table: str) -> str:
        if table not in self._rows:
            return f"EXISTS (SELECT FROM {table})"
        return (
            f"(SELECT count(*) FROM {table}) <> {self._rows[table].number}"  # noqa: S608 - of the catalog
            f" OR EXISTS (SELECT FROM {table} WHERE xmin::text::bigint >= %(since)s)"
        )
