"""Prepared statements through libpq: several in one round trip, or one at a time.

A statement through psycopg costs 30 microseconds alone and 115 in a busy server; here some 5. What the ledger's writer
does to the database goes through a session, in libpq's pipeline mode; what many calls read goes through ``ask``. Both
have few statements, and each call pays for them. Everything else uses psycopg as usual.
"""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from psycopg import abc
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from nsor_server.storage.values import Context

Rows = list[tuple[Any, ...]]

_BINARY: Final = 1
_DONE: Final = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with parameters ``$1``, ``$2``... whose types it states by casts where they aren't plain.

    Attributes:
        types: type OIDs of the first parameters, for those that the statement may leave out; 0: as it says itself.
    """

    name: bytes
    sql: bytes
    types: Sequence[int] = ()

    def __call__(self, *parameters: bytes | None) -> Step:
        """The statement with parameters in the binary format."""
        return self, parameters


Step = tuple[Statement, Sequence[bytes | None]]

BEGIN: Final = Statement(b"begin", b"BEGIN")()
COMMIT: Final = Statement(b"commit", b"COMMIT")()
ROLLBACK: Final = Statement(b"rollback", b"ROLLBACK")()


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a connection, for another session of it too.

    Attributes:
        prepared: names of the statements that it has prepared.
        values: reads its results.
    """

    prepared: set[bytes] = field(default_factory=set)
    values: abc.Transformer = field(default_factory=lambda: Transformer(Context()))


_connections: WeakKeyDictionary[psycopg.Connection[Any], _Known] = WeakKeyDictionary()


def _known_of(connection: psycopg.Connection[Any]) -> _Known:
    known = _connections.get(connection)
    if known is None:
        known = _connections[connection] = _Known()
    return known


def ask(connection: psycopg.Connection[Any], statement: Statement, *parameters: bytes) -> Rows:
    """Do one statement on a connection that has no session, and wait for its rows.

    It begins no transaction; in one, it is part of it.

    Args:
        connection: not busy.
        statement: prepared at its first use.
        parameters: in the binary format.

    Raises:
        psycopg.Error: it failed, or the connection is lost; it is closed then, so that nobody gets it from its pool.
    """
    pgconn = connection.pgconn
    known = _known_of(connection)
    try:
        if statement.name not in known.prepared:
            _checked(pgconn, pgconn.prepare(statement.name, statement.sql, statement.types))
            known.prepared.add(statement.name)
        result = pgconn.exec_prepared(statement.name, parameters, [_BINARY] * len(parameters), _BINARY)
        return _rows(known, _checked(pgconn, result))
    except psycopg.OperationalError as error:
        if error.sqlstate is None:
            connection.close()
        raise


class Session:
    """The prepared statements of one connection. Not for several threads at a time."""

    __slots__ = ("_known", "_poll", "connection", "status")

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """The connection mustn't be busy; it may be in a transaction."""
        self.connection = connection
        self.status = b""
        """What the database said of the last statement that it did, such as ``COMMIT``."""
        self._known = _known_of(connection)
        self._poll = select.poll()
        connection.pgconn.enter_pipeline_mode()

    def run(self, *steps: Step) -> list[Rows]:
        """Do the steps in order, in one round trip; after one that fails the others aren't done.

        Returns: the rows of each.

        Raises:
            psycopg.Error: a step failed, or the connection is lost.
        """
        pgconn = self.connection.pgconn
        expected = []
        for statement, parameters in steps:
            if statement.name not in self._known.prepared and statement.name not in expected:
                pgconn.send_prepare(statement.name, statement.sql, statement.types)
                expected.append(statement.name)
            pgconn.send_query_prepared(statement.name, parameters, [_BINARY] * len(parameters), _BINARY)
            expected.append(b"")
        pgconn.pipeline_sync()
        self._send(pgconn)
        return self._results(pgconn, expected)

    @contextmanager
    def plain(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection for psycopg's own ways, until the block ends."""
        self.connection.pgconn.exit_pipeline_mode()
        try:
            yield self.connection
        finally:
            if not self.connection.closed:
                self.connection.pgconn.enter_pipeline_mode()

    def close(self) -> None:
        """Leave the connection as it was, without this session's statements: another session may prepare them."""
        if not self.connection.closed:
            pgconn, prepared = self.connection.pgconn, list(self._known.prepared)
            for name in prepared:
                pgconn.send_close_prepared(name)
            pgconn.pipeline_sync()
            self._results(pgconn, prepared)
            self._known.prepared.clear()
            pgconn.exit_pipeline_mode()

    def _send(self, pgconn: PGconn) -> None:
        """Send all of it. The database may answer meanwhile, and stops reading when nobody reads its answers."""
        if not pgconn.flush():
            return
        self._poll.register(pgconn.socket, select.POLLIN | select.POLLOUT)
        while pgconn.flush():
            self._poll.poll()
            pgconn.consume_input()

    def _results(self, pgconn: PGconn, expected: Sequence[bytes]) -> list[Rows]:
        found: list[Rows] = []
        failure: PGresult | None = None
        for name in expected:
            result = self._next(pgconn)
            if result.status in _DONE:
                if name:
                    self._known.prepared.add(name)
                else:
                    self.status = result.command_status or b""
                    found.append(_rows(self._known, result))
            elif failure is None and result.status == ExecStatus.FATAL_ERROR:
                failure = result
            self._next(pgconn, nothing=True)
        self._next(pgconn)  # the end of the pipeline
        if failure is not None:
            raise failure_of(failure)
        return found

    def _next(self, pgconn: PGconn, *, nothing: bool = False) -> Any:
        """The next result; ``nothing``: the end of a statement's results."""
        while pgconn.is_busy():
            self._poll.register(pgconn.socket, select.POLLIN)
            self._poll.poll()
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None and not nothing:
            raise psycopg.OperationalError("the connection was lost")
        if result is not None and nothing:
            raise psycopg.OperationalError("a statement gave more than one result")
        return result


def _checked(pgconn: PGconn, result: PGresult) -> PGresult:
    if result.status in _DONE:
        return result
    if pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError("the connection was lost")
    raise failure_of(result)


def failure_of(result: PGresult) -> psycopg.Error:
    """What a failed statement raises.

    PostgreSQL gives each of its errors a SQLSTATE. What has none was made by libpq, which couldn't have an answer: the
    connection is lost, though it may not be known as BAD yet.
    """
    if result.error_field(DiagnosticField.SQLSTATE) is None:
        return psycopg.OperationalError("the connection was lost")
    return psycopg.errors.error_from_result(result)


def _rows(known: _Known, result: PGresult) -> Rows:
    known.values.set_pgresult(result, format=Format.BINARY)
    return known.values.load_rows(0, result.ntuples, tuple)
