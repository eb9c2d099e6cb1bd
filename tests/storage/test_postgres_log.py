from pathlib import Path

import psycopg
import pytest

from nsor_server.storage.embedded import SERVER, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.pool import Database

PLANTED = "planted-3520200000019"


def _log(postgres: EmbeddedPostgres) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(postgres.logs).iterdir()))


def _copy(connection: psycopg.Connection) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY planted (value) FROM STDIN") as copy:
        copy.write(f"{PLANTED}\n{PLANTED}\n")


def _provoke(database: Database) -> None:
    """Errors whose message, detail, context or statement hold a value."""
    with database.owner() as owner:
        owner.execute("CREATE TABLE planted (value text PRIMARY KEY, other text CHECK (other <> 'x'))")
        owner.execute("GRANT SELECT, INSERT ON planted TO nsor_server")
        owner.execute("INSERT INTO planted VALUES (%s)", (PLANTED,))
    statements: list[tuple[bytes, tuple[str, ...]]] = [
        (b"INSERT INTO planted VALUES (%s)", (PLANTED,)),
        (b"INSERT INTO planted VALUES (%s, 'x')", (PLANTED + "2",)),
        (b"SELECT %s::integer", (PLANTED,)),
        (f"INSERT INTO planted VALUES ('{PLANTED}')".encode(), ()),  # noqa: S608 - a literal is the point
        (f"SELECT broken '{PLANTED}' FROM".encode(), ()),
        (f"DO $$ BEGIN RAISE WARNING '{PLANTED}'; RAISE EXCEPTION '{PLANTED}'; END $$".encode(), ()),
    ]
    for statement, values in statements:
        with pytest.raises(psycopg.Error), database.transaction() as connection:
            connection.execute(statement, values)
    with pytest.raises(psycopg.Error), database.transaction() as connection:
        _copy(connection)


def test_errors_leave_no_value_in_the_log(postgres: EmbeddedPostgres, database: Database) -> None:
    _provoke(database)
    assert b"database system is ready" in _log(postgres)
    assert PLANTED.encode() not in _log(postgres)


def test_with_postgres_own_defaults_the_values_are_logged(postgres: EmbeddedPostgres, database: Database) -> None:
    # Proves that the errors above would have shown: the same ones, with the settings that we change put back.
    with psycopg.connect(postgres.conninfo(SUPERUSER), autocommit=True) as superuser:
        name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
        for setting in ("log_min_messages", "log_min_error_statement", "log_error_verbosity"):
            value = {"log_min_messages": "warning", "log_min_error_statement": "error"}.get(setting, "default")
            superuser.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'".encode())
    with Database(postgres.conninfo(SERVER, name), database.url_owner, pool_size=1) as talkative:
        planted = PLANTED.encode()
        before = _log(postgres).count(planted)
        _provoke(talkative)
        assert _log(postgres).count(planted) > before
