import contextlib
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest

from nsor_server.registration.duties import counted
from nsor_server.storage.embedded import OWNER, SERVER, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.session import BEGIN, Session, Statement, ask
from tests.kept import KeptDatabase

ROLES = (SERVER, OWNER, SUPERUSER)
OF_SERVER = counted._SIZE
ONE = Statement(b"one of kept", b"SELECT 1")
LASTING = (
    b"SET enable_sort = off",
    b"LISTEN stranger",
    b"SELECT pg_advisory_lock(1)",
    b"CREATE TEMP TABLE of_session (name text)",
)
MORE_THAN_ROWS = (
    "ALTER TABLE officer ADD COLUMN shoe_size int",
    "ALTER TABLE officer ALTER COLUMN grade DROP NOT NULL",
    "ALTER TABLE officer DROP CONSTRAINT officer_pkey CASCADE",
    "ALTER TABLE registration_version DISABLE TRIGGER USER",
    "DROP TRIGGER registration_stays_responsible ON registration_version",
    "CREATE TABLE stranger (name text)",
    "CREATE INDEX ON officer (grade)",
    "CREATE RULE hides AS ON INSERT TO officer_disabled DO INSTEAD NOTHING",
    "CREATE FUNCTION stranger() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA stranger",
    "ALTER FUNCTION ledger_extend(bigint) RESET ALL",
    "GRANT DELETE ON officer TO nsor_server",
    "TRUNCATE outbox",
    "ANALYZE agency",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
    "DO $$ BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM nsor_console', current_database()); END $$",
)


@pytest.fixture(scope="module")
def again(
    postgres: EmbeddedPostgres, copied: Callable[[str, str], Database], filled: str
) -> Callable[[], AbstractContextManager[KeptDatabase]]:
    """One database, as tests have it that begin with what it holds."""
    name = f"{filled}_kept"
    copied(name, filled)

    @contextlib.contextmanager
    def begin() -> Iterator[KeptDatabase]:
        with contextlib.closing(KeptDatabase(*(postgres.conninfo(role, name) for role in ROLES))) as database:
            database.open()
            yield database

    return begin


@pytest.fixture
def kept(again: Callable[[], AbstractContextManager[KeptDatabase]]) -> Iterator[KeptDatabase]:
    with again() as database:
        yield database


def rows(database: Database) -> dict[str, tuple[int, str]]:
    """How many rows each table has, and what stands in them."""
    with database.owner() as owner:
        tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        found = {}
        for (table,) in tables:
            each = f"SELECT each::text FROM {table} AS each ORDER BY 1"  # noqa: S608 - of the catalog
            of_table = owner.execute(each.encode()).fetchall()
            found[table] = len(of_table), hashlib.sha256(repr(of_table).encode()).hexdigest()
    return found


# The next test must find what a copy of the template has, whatever this one has done with its rows.
def test_rows_are_set_back(kept: KeptDatabase) -> None:
    before = rows(kept)
    for _ in range(2):
        with kept.owner() as owner:
            owner.execute("UPDATE ledger_head SET size = size + 1")
            owner.execute("UPDATE agency SET name_en = name_en || 'x' WHERE agency_id = 'npb'")
            owner.execute("DELETE FROM ledger_record WHERE table_name = 'agency'")
            owner.execute("INSERT INTO agency VALUES ('stranger', 1, 'X', 'X', '{PK}')")
            owner.execute(
                "INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id,"
                " enrolled_by) VALUES (%s, 'npb', '1', %s, '{PK}', 1, gen_random_uuid(), sha256(''))",
                (b"k" * 32, b"p" * 32),
            )
        changed = rows(kept)
        assert {table for table in before if before[table] != changed[table]} == {
            "ledger_head", "agency", "ledger_record", "officer"
        }  # fmt: skip
        assert kept.set_back()
        assert rows(kept) == before


def test_a_row_that_is_changed_in_nothing_but_its_value_is_set_back(kept: KeptDatabase) -> None:
    before = rows(kept)
    with kept.transaction() as conn:
        conn.execute("UPDATE ledger_head SET time_us = time_us + 1")
    assert kept.set_back()
    assert rows(kept) == before


# Whoever changes more than rows has had his database alone.
def test_what_is_not_as_in_the_template_is_not_kept(
    again: Callable[[], AbstractContextManager[KeptDatabase]],
) -> None:
    for statement in MORE_THAN_ROWS:
        with again() as kept:
            assert kept.set_back(), statement
            with kept.owner() as owner:
                owner.execute(statement.encode())
            assert not kept.set_back(), statement


def test_a_session_begins_as_a_new_one(kept: KeptDatabase) -> None:
    # The server's role may make no table of a session.
    for connect, lasting in ((kept.connect, LASTING[:-1]), (kept.writer, LASTING[:-1]), (kept.owner, LASTING)):
        with connect() as conn:
            first, usual = conn.info.backend_pid, state(conn)
            for statement in lasting:
                conn.execute(statement)
            conn.commit()
            pairs = zip(state(conn), usual, strict=True)
            assert [one != other for one, other in pairs].count(True) == len(lasting)
        with connect() as conn:
            assert conn.info.backend_pid == first
            assert state(conn) == usual


# What the server has prepared needn't be planned again; a test's statement may be another one in the next test.
def test_what_the_server_has_prepared_stays_and_nothing_else(kept: KeptDatabase) -> None:
    sessions = set()
    for one in (1, 2):
        with kept.connect() as conn:
            sessions.add(conn.info.backend_pid)
            assert ask(conn, Statement(ONE.name, b"SELECT %d" % one)) == [(one,)]
            assert len(ask(conn, OF_SERVER)) == 1
    with kept.connect() as conn:
        assert {conn.info.backend_pid} == sessions
        assert conn.execute("SELECT name FROM pg_prepared_statements").fetchall() == [(OF_SERVER.name.decode(),)]
        conn.execute("PREPARE stranger AS SELECT 1")
    with kept.connect() as conn:
        assert conn.info.backend_pid not in sessions


def state(conn: Connection) -> tuple[object, ...]:
    """What a session has of its own."""
    (found,) = conn.execute(
        """
        SELECT current_setting('enable_sort'), ARRAY(SELECT pg_listening_channels()),
            to_regclass('pg_temp.of_session'),
            (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
        """
    )
    return tuple(found)


def test_a_session_of_a_pool_begins_as_a_new_one(kept: KeptDatabase) -> None:
    with kept.reading() as conn:
        first, usual = conn.info.backend_pid, state(conn)
        assert ask(conn, ONE) == [(1,)]
        conn.execute("SET enable_sort = off")
    assert kept.set_back()
    with kept.reading() as conn:
        assert conn.info.backend_pid == first
        assert state(conn) == usual
        assert ask(conn, ONE) == [(1,)]


def test_a_session_is_left_by_whoever_was_in_the_middle_of_something(kept: KeptDatabase) -> None:
    sessions = set()
    for _ in range(2):
        conn = kept.connect()
        sessions.add(conn.info.backend_pid)
        with pytest.raises(psycopg.errors.DivisionByZero):
            conn.execute("SELECT 1 / 0")
        conn.close()
        writing = Session(kept.writer())
        sessions.add(writing.connection.info.backend_pid)
        assert writing.run(BEGIN, ONE()) == [[], [(1,)]]
        writing.connection.close()
        assert (conn.closed, writing.connection.closed) == (True, True)
        with pytest.raises(psycopg.OperationalError, match="closed"):
            conn.execute("SELECT 1")
    assert len(sessions) == 2


def test_what_a_test_has_left_open_is_ended(kept: KeptDatabase) -> None:
    left = kept.connect()
    left.execute("LOCK TABLE officer IN ROW EXCLUSIVE MODE")
    assert kept.set_back()
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    with kept.owner() as owner:
        assert owner.execute("SELECT FROM officer").fetchall() == []
    left.close()


def test_a_database_whose_pool_was_closed_is_not_kept(kept: KeptDatabase) -> None:
    kept._pool.close()
    assert not kept.set_back()
