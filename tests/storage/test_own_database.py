"""Each test's database is as its template was made, though one in which nothing was written is the next test's."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from nsor_server.storage.pool import Database

# Several, so that one process runs some of them one after the other.
SEVERAL = pytest.mark.parametrize("nth", range(6))


@pytest.fixture(scope="module")
def left() -> Iterator[list[psycopg.Connection]]:
    """Connections that tests don't close."""
    connections: list[psycopg.Connection] = []
    yield connections
    for each in connections:
        with contextlib.suppress(psycopg.Error):
            each.close()


@SEVERAL
def test_what_another_test_has_written_is_not_there(database: Database, nth: int) -> None:
    with database.owner() as owner:
        assert owner.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)
        owner.execute(f"CREATE TABLE left_behind (of_{nth} int)".encode())


@SEVERAL
def test_whoever_another_test_has_left_connected_is_not_there(
    database: Database, left: list[psycopg.Connection], nth: int
) -> None:
    left.append(database.connect())
    assert left[-1].execute("SELECT pg_try_advisory_lock(1)").fetchone() == (True,), nth
    left[-1].commit()
