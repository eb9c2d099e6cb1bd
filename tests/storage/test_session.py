"""Prepared statements in pipelines, and the values that they carry."""

import contextlib
import datetime as dt
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.pq import ExecStatus

from nsor_server.storage import arrays
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session, Statement, Step, ask, failure_of

NEXT = Statement(b"next", b"SELECT nextval('counted')")
ADD = Statement(b"add", b"INSERT INTO kept VALUES ($1::bigint)")
KEPT = Statement(b"kept", b"SELECT number FROM kept ORDER BY number")
DIVIDED = Statement(b"divided", b"SELECT 1 / $1::bigint")
TWO_ROWS = Statement(b"two rows", b"SELECT nth, nth * $1::bigint FROM generate_series(1::bigint, 2) AS s (nth)")
SLEEP = Statement(b"sleep", b"SELECT 1 FROM pg_sleep(20)")
SECONDS = dt.timedelta(microseconds=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session on a connection of its own, with a sequence and a table."""
    with database.owner() as owner:
        owner.execute("CREATE SEQUENCE counted")
        owner.execute("CREATE TABLE kept (number bigint PRIMARY KEY)")
        owner.execute("GRANT ALL ON SEQUENCE counted TO nsor_server")
        owner.execute("GRANT SELECT, INSERT ON kept TO nsor_server")
    with contextlib.closing(database.connect()) as connection:
        yield Session(connection)


def add(number: int) -> Step:
    return ADD(arrays.integer(number))


def divided(by: int) -> Step:
    return DIVIDED(arrays.integer(by))


def test_each_step_gives_its_own_rows(session: Session) -> None:
    assert session.run(TWO_ROWS(arrays.integer(10)), NEXT(), add(7), KEPT()) == [
        [(1, 10), (2, 20)],
        [(1,)],
        [],
        [(7,)],
    ]
    # Prepared by now: the same again.
    assert session.run(TWO_ROWS(arrays.integer(-1)), NEXT()) == [[(1, -1), (2, -2)], [(2,)]]


def test_the_status_is_that_of_the_last_step(session: Session) -> None:
    # The commit's guard reads it: in a failed transaction COMMIT is a ROLLBACK.
    session.run(BEGIN, add(1), COMMIT)
    assert session.status == b"COMMIT"
    session.run(BEGIN)
    with pytest.raises(psycopg.errors.DivisionByZero):
        session.run(divided(0))
    session.run(COMMIT)
    assert session.status == b"ROLLBACK"


def test_after_a_step_that_fails_the_others_are_not_done(session: Session) -> None:
    # A sequence isn't rolled back: it shows what was done.
    with pytest.raises(psycopg.errors.DivisionByZero):
        session.run(NEXT(), divided(0), NEXT(), add(1), KEPT())
    assert session.run(NEXT()) == [[(2,)]]
    # Those that were never prepared are, and those that were stay so.
    assert session.run(divided(1), add(1), KEPT()) == [[(1,)], [], [(1,)]]


def test_a_transaction_with_a_failed_step_can_only_be_rolled_back(session: Session) -> None:
    session.run(BEGIN, add(1))
    with pytest.raises(psycopg.errors.UniqueViolation):
        session.run(add(2), add(1), add(3))
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        session.run(add(4), COMMIT)
    session.run(ROLLBACK)
    assert session.run(KEPT()) == [[]]
    session.run(BEGIN, add(5), COMMIT)
    assert session.run(KEPT()) == [[(5,)]]


def test_a_statement_that_can_not_be_prepared_fails_each_time(session: Session) -> None:
    wrong = Statement(b"wrong", b"SELECT nothing FROM nowhere")
    for _ in range(2):
        with pytest.raises(psycopg.errors.UndefinedTable):
            session.run(NEXT(), wrong(), NEXT())
    assert session.run(NEXT()) == [[(3,)]]


def test_a_connection_that_the_server_ends_is_an_operational_error(session: Session, database: Database) -> None:
    session.run(NEXT())
    pid = session.connection.info.backend_pid
    with database.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(psycopg.OperationalError):
        session.run(NEXT())
    assert session.connection.closed


def test_a_connection_that_breaks_while_it_waits_is_an_operational_error(session: Session) -> None:
    # The commit's guard shuts it down so.
    def shut_down() -> None:
        with socket.socket(fileno=os.dup(session.connection.fileno())) as copy:
            copy.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(0.3, shut_down)
    timer.start()
    with pytest.raises(psycopg.OperationalError):
        session.run(SLEEP(), NEXT())
    timer.join()


def test_one_statement_is_asked_and_asked_again(database: Database) -> None:
    with database.reading() as connection:
        for factor in (10, -1):
            assert ask(connection, TWO_ROWS, arrays.integer(factor)) == [(1, factor), (2, 2 * factor)]


def test_arrays_come_as_they_were_packed(database: Database) -> None:
    one, other = b"\1" * 16, b"\2" * 16
    of_uuids = Statement(b"of uuids", b"SELECT uuid_send(one) FROM unnest($1::uuid[]) AS q (one)")
    of_bytes = Statement(b"of bytes", b"SELECT one FROM unnest($1::bytea[]) AS q (one)")
    of_longs = Statement(b"of longs", b"SELECT one FROM unnest($1::bigint[]) AS q (one)")
    with database.reading() as connection:
        for uuids in ([one, other], [one, None, other], [None, one], [None], []):
            assert ask(connection, of_uuids, arrays.uuids(uuids)) == [(each,) for each in uuids]
        for numbers in ([1, -2], [3, None], [None], []):
            assert ask(connection, of_longs, arrays.longs(numbers)) == [(each,) for each in numbers]
        for values in ([one, other[:3]], [b"", None], [one], []):
            assert ask(connection, of_bytes, arrays.byteas(values)) == [(each,) for each in values]
        # What isn't as long as its type moves nothing that follows it.
        with pytest.raises(psycopg.errors.ProtocolViolation):
            ask(connection, of_uuids, arrays.uuids([one[:15], other]))


def test_what_is_asked_in_a_transaction_is_part_of_it(session: Session) -> None:
    session.close()
    connection = session.connection
    with connection.transaction():
        connection.execute("INSERT INTO kept VALUES (5)")
        assert ask(connection, KEPT) == [(5,)]


def test_what_fails_when_asked_leaves_a_usable_connection(database: Database) -> None:
    wrong = Statement(b"wrong", b"SELECT nothing FROM nowhere")
    with database.reading() as connection:
        for _ in range(2):
            with pytest.raises(psycopg.errors.UndefinedTable):
                ask(connection, wrong)
            with pytest.raises(psycopg.errors.DivisionByZero):
                ask(connection, DIVIDED, arrays.integer(0))
        assert ask(connection, DIVIDED, arrays.integer(1)) == [(1,)]


def test_asking_on_a_lost_connection_is_an_operational_error(database: Database) -> None:
    with contextlib.closing(database.connect()) as connection:
        ask(connection, DIVIDED, arrays.integer(1))
        with database.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            ask(connection, DIVIDED, arrays.integer(1))
        assert connection.closed


# While PostgreSQL dies libpq makes errors of its own on a connection that it doesn't know as bad yet: callers are told
# UNAVAILABLE, as of any lost connection, and not INTERNAL. A soak met one.
def test_an_error_that_libpq_makes_by_itself_is_a_lost_connection(database: Database) -> None:
    with contextlib.closing(database.connect()) as connection:
        made = connection.pgconn.make_empty_result(ExecStatus.FATAL_ERROR)
        assert type(failure_of(made)) is psycopg.OperationalError
        refused = connection.pgconn.exec_(b"SELECT 1 / 0")
        assert type(failure_of(refused)) is psycopg.errors.DivisionByZero


def test_a_connection_that_libpq_cannot_use_goes_to_nobody_else(database: Database) -> None:
    # It may not be known as lost yet, and its pool would give it to the next call.
    with database.reading() as connection:
        connection.pgconn.enter_pipeline_mode()  # libpq refuses every statement by itself now
        with pytest.raises(psycopg.OperationalError):
            ask(connection, Statement(b"one", b"SELECT 1"))
        assert connection.closed


def test_others_go_on_while_one_waits_for_what_he_asked(database: Database) -> None:
    turn = Statement(b"turn", b"SELECT pg_advisory_lock(7) IS NULL")
    with database.transaction() as holder:
        holder.execute("SELECT pg_advisory_xact_lock(7)")
        with contextlib.closing(database.connect()) as connection, ThreadPoolExecutor(1) as thread:
            asked = thread.submit(ask, connection, turn)
            waiting = "SELECT FROM pg_locks WHERE NOT granted AND pid = %s"
            while holder.execute(waiting, (connection.info.backend_pid,)).rowcount == 0:
                assert not asked.done()
            holder.commit()
            assert asked.result() == [(False,)]


def test_psycopg_may_use_the_connection_in_between(session: Session) -> None:
    # It sees what the session's transaction has done so far, and the session goes on in the same transaction.
    session.run(BEGIN, add(1))
    with session.plain() as connection:
        assert connection.execute("SELECT number FROM kept WHERE number = %s", (1,)).fetchall() == [(1,)]
        connection.execute("INSERT INTO kept VALUES (2)")
    assert session.run(KEPT(), ROLLBACK, KEPT()) == [[(1,), (2,)], [], []]


def test_what_fails_in_between_leaves_a_usable_session(session: Session) -> None:
    session.run(BEGIN)
    with pytest.raises(psycopg.errors.UndefinedTable), session.plain() as connection:
        connection.execute("SELECT nothing FROM nowhere")
    session.run(ROLLBACK)
    assert session.run(NEXT()) == [[(1,)]]


@pytest.mark.parametrize("failed", [False, True])
def test_a_closed_session_leaves_the_connection_as_it_was(session: Session, *, failed: bool) -> None:
    session.run(BEGIN, NEXT())
    if failed:
        with pytest.raises(psycopg.errors.DivisionByZero):
            session.run(divided(0))
    session.close()
    session.connection.rollback()
    assert session.connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
    session.connection.rollback()
    assert Session(session.connection).run(NEXT()) == [[(2,)]]


INSTANTS = (
    dt.datetime(2026, 3, 2, 11, 59, 59, 999_999, dt.UTC),
    dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2000, 1, 1, tzinfo=dt.UTC) - SECONDS,
    dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=5))),
)
VALUES: dict[str, Sequence[Any]] = {
    "bytea": (b"", b"\0\\x00'\"{},", bytes(range(256)), None),
    "uuid": (bytes(16), bytes(range(16)), None, b"\xff" * 16),
    "text": ("", "NULL", "محمد زفر، لاہور", None, "a\\b\"c'd{e,f}", "zero\u200cwidth\n\ttab", "😀"),
    "smallint": (0, -1, 32_767, -32_768, None),
    "integer": (0, -1, 2**31 - 1, -(2**31), None),
    "bigint": (0, -1, 2**63 - 1, -(2**63), None),
    "boolean": (True, False, None),
    "timestamptz": (*INSTANTS, None),
    "text[]": (
        [],
        ["PK-PB/LHR"],
        ["", "NULL", "null"],
        ["سندھ", 'quoted "so"', "back\\slash", "\\", '"', "'", "{}", "a,b", " space "],
        [None, "PK"],
        None,
    ),
    "smallint[]": ([], [1], [0, -1, 32_767, -32_768], None),
    "uuid[]": ([], [bytes(16)], [b"\xff" * 16, bytes(range(16))], None),
}


def test_every_type_of_a_table_is_tried() -> None:
    assert VALUES.keys() == arrays.PACKERS.keys()


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("without", [False, True])
def test_what_is_packed_is_read_back(session: Session, kind: str, *, without: bool) -> None:
    # Each value as an element of the array that is sent and as a value of a row; one that is NULL keeps its place.
    values = () if without else VALUES[kind]
    carrier, cast = ("text", f"::{kind}") if kind.endswith("[]") else (kind, "")
    sql = f"SELECT v{cast} FROM unnest($1::{carrier}[]) WITH ORDINALITY AS q (v, nth) ORDER BY nth"  # noqa: S608 - constants
    statement = Statement(b"back", sql.encode())
    (rows,) = session.run(statement(arrays.PACKERS[kind](values)))
    assert [value for (value,) in rows] == list(values)


@pytest.mark.parametrize("kind", ["bytea", "uuid", "text", "smallint", "integer"])
def test_an_array_is_read_as_a_list(session: Session, kind: str) -> None:
    statement = Statement(b"list", f"SELECT $1::{kind}[], '{{}}'::{kind}[]".encode())
    assert session.run(statement(arrays.PACKERS[kind](VALUES[kind]))) == [[(list(VALUES[kind]), [])]]


def test_one_value_is_read_as_one_of_a_result(session: Session) -> None:
    now = dt.datetime.now(dt.UTC)
    statement = Statement(b"now", b"SELECT $1::bigint, to_timestamp($1::bigint / 1000000.0)")
    micros = (now - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // SECONDS
    assert session.run(statement(arrays.integer(micros))) == [[(micros, now)]]
