import contextlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from nsor_server.storage import pool
from nsor_server.storage.embedded import OWNER, SERVER, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.pool import ClockSkew, Database
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.soundness import NotDurable


def _add_officer(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id,"
        " enrolled_by) VALUES (%s, 'npb', '1', %s, '{PK}', 1, gen_random_uuid(), sha256(''))",
        (b"k" * 32, b"p" * 32),
    )


def _officers(database: Database) -> int:
    with database.transaction() as connection:
        row = connection.execute("SELECT count(*) FROM officer").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(autouse=True)
def _agency(database: Database) -> None:
    with database.owner() as owner:
        owner.execute("INSERT INTO agency VALUES ('npb', 1, 'NPB', 'NPB', '{PK}')")


_PREPARED = Statement(b"pool seven", b"SELECT 7")


def test_a_rollback_takes_no_prepared_statement_away(database: Database) -> None:
    # Whoever reads what decides, and finds it contradicted, reads again on the same connection a second later.
    with database.connect() as connection:
        for _ in range(8):
            connection.execute("SELECT 1")
        for _ in range(2):
            assert ask(connection, _PREPARED) == [(7,)]
            connection.rollback()


def test_a_transaction_commits_at_its_end(database: Database) -> None:
    with database.transaction() as connection:
        _add_officer(connection)
    assert _officers(database) == 1


def _add_and_fail(database: Database) -> None:
    with database.transaction() as connection:
        _add_officer(connection)
        raise ZeroDivisionError


def test_a_transaction_rolls_back_on_an_exception(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _add_and_fail(database)
    assert _officers(database) == 0


def test_a_connection_is_not_in_autocommit_and_reads_committed(database: Database) -> None:
    # The ledger's watchdog calls commit() itself, on any kind of connection.
    with database.connect() as connection:
        assert not connection.autocommit
        assert connection.execute("SHOW transaction_isolation").fetchone() == ("read committed",)
        assert connection.execute("SELECT current_user").fetchone() == (SERVER,)


def test_every_statement_and_every_idle_transaction_is_bounded(postgres: EmbeddedPostgres, database: Database) -> None:
    # A handler that hangs must not hold a lock for ever.
    name = psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"]
    url = postgres.conninfo(SERVER, str(name))
    with Database(url, pool_size=1, statement_timeout_ms=2_000, idle_timeout_ms=45_000) as bounded:
        with pytest.raises(psycopg.errors.QueryCanceled), bounded.transaction() as connection:
            connection.execute("SELECT pg_sleep(30)")
        with bounded.connect() as connection:
            assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("45s",)


def test_a_reading_connection_cannot_write(database: Database) -> None:
    # A handler that writes by mistake would do so beside its entry.
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), database.reading() as connection:
        _add_officer(connection)
    assert _officers(database) == 0


def test_each_statement_of_a_reading_connection_sees_what_was_committed_before_it(database: Database) -> None:
    # In one transaction it might hold on to an old state, and a call that runs again would read it again.
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM officer").fetchall() == [(0,)]
        with database.transaction() as other:
            _add_officer(other)
        assert connection.execute("SELECT count(*) FROM officer").fetchall() == [(1,)]
        assert connection.info.transaction_status == TransactionStatus.IDLE


def test_calls_that_read_hold_up_no_transaction(database: Database) -> None:
    # The directory is read anew on the other pool while every reader is busy.
    with contextlib.ExitStack() as busy:
        for _ in range(4):
            busy.enter_context(database.reading())
        assert _officers(database) == 0


def test_reading_connections_that_died_with_the_server_are_replaced(
    postgres: EmbeddedPostgres, database: Database
) -> None:
    def read() -> list[tuple[int]]:
        with database.reading() as connection:
            return connection.execute("SELECT 1").fetchall()

    with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (SERVER,))
    with pytest.raises(psycopg.OperationalError):
        read()
    assert [read() for _ in range(8)] == [[(1,)]] * 8
    assert _officers(database) == 0


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("registration_version", "registration_id = '00000000-0000-4000-8000-000000000000'"),
        ("registration_identifier", "kind = 1 AND key_id = 1 AND blind = 'x'"),
        ("access_request_version", "access_request_id = '00000000-0000-4000-8000-000000000000'"),
    ],
)
@pytest.mark.new_database
def test_readers_and_the_writer_go_by_an_index_however_small_the_table(
    database: Database, table: str, condition: str
) -> None:
    # A plan is kept as long as its connection: one for a table that was small would read all of it ever after.
    with database.owner() as owner:
        owner.execute(f"ANALYZE {table}".encode())
    with database.reading() as reading, database.writer() as writing:
        for connection in (reading, writing):
            query = f"EXPLAIN SELECT * FROM {table} WHERE {condition}"  # noqa: S608 - constants
            plan = "\n".join(line for (line,) in connection.execute(query.encode()))
            assert "Index" in plan
            assert "Seq Scan" not in plan


def test_instants_come_back_in_utc(database: Database) -> None:
    with database.transaction() as connection:
        row = connection.execute("SELECT timestamptz '2026-01-01 05:00+05'").fetchone()
    assert row is not None
    assert row[0].utcoffset() == timedelta(0)
    assert row[0] == datetime(2026, 1, 1, tzinfo=UTC)


def test_connections_that_died_with_the_server_are_replaced(postgres: EmbeddedPostgres, database: Database) -> None:
    # After a crash of PostgreSQL one call may fail per thread, not one per connection of the pool.
    with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (SERVER,))
    with pytest.raises(psycopg.OperationalError):
        _officers(database)
    assert [_officers(database) for _ in range(8)] == [0] * 8


def test_a_database_that_forgets_is_refused(postgres: EmbeddedPostgres, database: Database) -> None:
    database.check_durable()
    name = psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"]
    url = psycopg.conninfo.make_conninfo(postgres.conninfo(SERVER, str(name)), options="-c synchronous_commit=off")
    with Database(url, pool_size=1) as forgetful, pytest.raises(NotDurable, match=r"without synchronous_commit"):
        forgetful.check_durable()


def test_a_clock_that_is_off_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert abs(database.clock_offset()) < 1
    database.check_clock()

    class Late(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            assert tz is UTC
            return datetime.now(UTC) - timedelta(seconds=3)

    monkeypatch.setattr(pool, "datetime", Late)
    with pytest.raises(ClockSkew, match=re.escape("+3.0 s off")):
        database.check_clock()


def test_the_owner_is_another_role(database: Database) -> None:
    with database.owner() as owner:
        assert owner.execute("SELECT current_user").fetchone() == (OWNER,)


_BLINDING = ["idle_session_timeout", "transaction_timeout", "statement_timeout", "lock_timeout"]
"""What ends a connection of a pool, or a statement in it, without anybody's fault."""


def test_what_is_set_for_the_whole_server_ends_no_connection_and_changes_no_transaction(
    postgres: EmbeddedPostgres, database: Database
) -> None:
    # Otherwise readers die one after the other, and whoever watches the directory sees nothing.
    settings = [*_BLINDING, "default_transaction_isolation", "default_transaction_deferrable"]

    def found() -> list[list[str]]:
        ways = (database.reading, database.transaction, database.connect, database.writer)
        return [[_shown(way, name) for name in settings] for way in ways]

    before = found()
    name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), autocommit=True) as superuser:
        for each in _BLINDING:
            superuser.execute(f"ALTER ROLE {SERVER} IN DATABASE {name} SET {each} = '77s'".encode())
        superuser.execute(
            f"ALTER ROLE {SERVER} IN DATABASE {name} SET default_transaction_isolation = serializable".encode()
        )
        superuser.execute(f"ALTER ROLE {SERVER} IN DATABASE {name} SET default_transaction_deferrable = on".encode())
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND datname = %s", (SERVER, name)
        )
    for way in (database.reading, database.transaction):
        with contextlib.suppress(psycopg.OperationalError):
            _shown(way, "lock_timeout")
    assert found() == before


def _shown(way: Callable[[], AbstractContextManager[psycopg.Connection]], name: str) -> str:
    with way() as connection:
        row = connection.execute(f"SHOW {name}".encode()).fetchone()
    assert row is not None
    return str(row[0])
