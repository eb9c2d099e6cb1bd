import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from nsor_server.storage import migrate
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.migrate import MigrationError, MigrationFailed


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[str]:
    postgres.create_database("empty")
    yield "empty"
    postgres.drop_database("empty")


@pytest.fixture
def owner(postgres: EmbeddedPostgres, empty: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres.conninfo(OWNER, empty)) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE first (value integer);")
    (tmp_path / "0004_later.sql").write_text("CREATE TABLE later (value integer); INSERT INTO later VALUES (1);")
    return tmp_path


def _count(connection: psycopg.Connection, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_the_registers_own_migrations_apply_once(owner: psycopg.Connection) -> None:
    first = migrate.apply(owner, migrate.load())
    assert [migration.number for migration in first] == sorted(migration.number for migration in first)
    assert migrate.apply(owner, migrate.load()) == []


def test_numbers_may_have_gaps_and_new_ones_follow(owner: psycopg.Connection, folder: Path) -> None:
    assert [migration.label for migration in migrate.apply(owner, migrate.load(folder))] == ["0001_first", "0004_later"]
    (folder / "0009_last.sql").write_text("CREATE TABLE last (value integer);")
    assert [migration.label for migration in migrate.apply(owner, migrate.load(folder))] == ["0009_last"]


def test_a_changed_file_that_was_applied_is_refused(owner: psycopg.Connection, folder: Path) -> None:
    migrate.apply(owner, migrate.load(folder))
    (folder / "0001_first.sql").write_text("CREATE TABLE first (value bigint);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql was changed"):
        migrate.apply(owner, migrate.load(folder))


def test_a_file_that_comes_too_late_is_refused(owner: psycopg.Connection, folder: Path) -> None:
    migrate.apply(owner, migrate.load(folder))
    (folder / "0002_between.sql").write_text("CREATE TABLE between_ (value integer);")
    with pytest.raises(MigrationError, match="higher number"):
        migrate.apply(owner, migrate.load(folder))


def test_a_database_of_a_newer_version_is_refused(owner: psycopg.Connection, folder: Path) -> None:
    migrate.apply(owner, migrate.load(folder))
    (folder / "0004_later.sql").unlink()
    with pytest.raises(MigrationError, match="newer version"):
        migrate.apply(owner, migrate.load(folder))


def test_a_migration_that_fails_leaves_nothing_and_says_no_value(owner: psycopg.Connection, folder: Path) -> None:
    (folder / "0004_later.sql").write_text(
        "CREATE TABLE later (value text PRIMARY KEY); INSERT INTO later VALUES ('planted'), ('planted');"
    )
    with pytest.raises(MigrationFailed, match="23505") as raised:
        migrate.apply(owner, migrate.load(folder))
    assert "planted" not in str(raised.value)
    assert _count(owner, "migration") == 1
    assert owner.execute("SELECT to_regclass('later')").fetchone() == (None,)


@pytest.mark.parametrize("name", ["1_short.sql", "0002-dash.sql", "0001_again.sql"])
def test_a_file_with_a_wrong_name_or_a_number_that_is_taken_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"NNNN_name\.sql|one number"):
        migrate.load(folder)


def test_two_migrators_at_once_apply_each_file_once(
    postgres: EmbeddedPostgres, empty: str, owner: psycopg.Connection, folder: Path
) -> None:
    done: list[int] = []

    def run() -> None:
        with psycopg.connect(postgres.conninfo(OWNER, empty)) as connection:
            done.append(len(migrate.apply(connection, migrate.load(folder))))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 0, 0, 2]
    assert _count(owner, "later") == 1


def test_the_server_sees_what_is_pending(
    postgres: EmbeddedPostgres, empty: str, owner: psycopg.Connection, folder: Path
) -> None:
    with psycopg.connect(postgres.conninfo(SERVER, empty)) as server:
        assert len(migrate.pending(server, migrate.load(folder))) == 2
        server.rollback()
        migrate.apply(owner, migrate.load(folder))
        assert migrate.pending(server, migrate.load(folder)) == []
