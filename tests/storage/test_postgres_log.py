import uuid
from pathlib import Path

import psycopg
import pytest

from nsor_server.storage.embedded import SERVER, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.pool import Database
from tests.polling import until


def _log(postgres: EmbeddedPostgres) -> bytes:
    """The whole log. Its collector writes late but in order, so a mark is written and waited for."""
    mark = f"mark-{uuid.uuid4()}"
    with psycopg.connect(postgres.conninfo(SUPERUSER, "postgres")) as superuser:
        superuser.execute(f"DO $$ BEGIN RAISE LOG '{mark}'; END $$".encode())

    def read() -> bytes:
        log = b"".join(path.read_bytes() for path in Path(postgres.logs).iterdir())
        return log if mark.encode() in log else b""

    return until(read, seconds=60)


def _copy(connection: psycopg.Connection, planted: str) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY planted (value) FROM STDIN") as copy:
        copy.write(f"{planted}\n{planted}\n")


def _provoke(database: Database, planted: str) -> None:
    """Errors whose message, detail, context or statement hold a value."""
    with database.owner() as owner:
        owner.execute("CREATE TABLE planted (value text PRIMARY KEY, other text CHECK (other <> 'x'))")
        owner.execute("GRANT SELECT, INSERT ON planted TO nsor_server")
        owner.execute("INSERT INTO planted VALUES (%s)", (planted,))
    statements: list[tuple[bytes, tuple[str, ...]]] = [
        (b"INSERT INTO planted VALUES (%s)", (planted,)),
        (b"INSERT INTO planted VALUES (%s, 'x')", (planted + "2",)),
        (b"SELECT %s::integer", (planted,)),
        (f"INSERT INTO planted VALUES ('{planted}')".encode(), ()),  # noqa: S608 - a literal is the point
        (f"SELECT broken '{planted}' FROM".encode(), ()),
        (f"DO $$ BEGIN RAISE WARNING '{planted}'; RAISE EXCEPTION '{planted}'; END $$".encode(), ()),
    ]
    for statement, values in statements:
        with pytest.raises(psycopg.Error), database.transaction() as connection:
            connection.execute(statement, values)
    with pytest.raises(psycopg.Error), database.transaction() as connection:
        _copy(connection, planted)


@pytest.fixture
def planted() -> str:
    return f"planted-{uuid.uuid4()}"


def test_errors_leave_no_value_in_the_log(postgres: EmbeddedPostgres, database: Database, planted: str) -> None:
    _provoke(database, planted)
    log = _log(postgres)
    assert b"database system is ready" in log
    assert planted.encode() not in log


def test_with_postgres_own_defaults_the_values_are_logged(
    postgres: EmbeddedPostgres, database: Database, planted: str
) -> None:
    # Proves that the errors above would have shown: the same ones, with the settings that we change put back.
    name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
    with psycopg.connect(postgres.conninfo(SUPERUSER), autocommit=True) as superuser:
        for setting in (
            "log_min_messages = warning",
            "log_min_error_statement = error",
            "log_error_verbosity = 'default'",
        ):
            superuser.execute(f"ALTER DATABASE {name} SET {setting}".encode())
    with Database(postgres.conninfo(SERVER, name), database.url_owner, pool_size=1) as talkative:
        _provoke(talkative, planted)
    log = _log(postgres).decode()
    for form in (
        f"DETAIL:  Key (value)=({planted})",
        f'for type integer: "{planted}"',
        f"STATEMENT:  SELECT broken '{planted}'",
    ):
        assert form in log
