import threading
import uuid

import psycopg
import pytest

from nsor_server.errors import RequestIdReused
from nsor_server.storage import idempotency
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.polling import until

REQUEST = uuid.UUID(int=1)
HASH = b"h" * 32


def _claim(
    connection: psycopg.Connection, sealer: Sealer, *, agency: str = "npb", request_hash: bytes = HASH
) -> bytes | None:
    return idempotency.claim(
        connection, sealer, agency_id=agency, method="/m", request_id=REQUEST, request_hash=request_hash
    )


def _keep(connection: psycopg.Connection, sealer: Sealer, response: bytes = b"planted answer") -> None:
    idempotency.keep(
        connection,
        sealer,
        agency_id="npb",
        method="/m",
        request_id=REQUEST,
        request_hash=HASH,
        response=response,
        access_id=uuid.uuid4(),
    )


def test_a_repeated_request_gets_its_first_answer(database: Database, sealer: Sealer) -> None:
    with database.transaction() as connection:
        assert _claim(connection, sealer) is None
        _keep(connection, sealer)
    with database.transaction() as connection:
        assert _claim(connection, sealer) == b"planted answer"


def test_another_request_under_the_same_id_is_refused(database: Database, sealer: Sealer) -> None:
    with database.transaction() as connection:
        _claim(connection, sealer)
        _keep(connection, sealer)
    with pytest.raises(RequestIdReused), database.transaction() as connection:
        _claim(connection, sealer, request_hash=b"x" * 32)


def test_another_agencys_id_is_another_id(database: Database, sealer: Sealer) -> None:
    # Else an agency could learn of another's requests, or block them.
    with database.transaction() as connection:
        _claim(connection, sealer)
        _keep(connection, sealer)
        assert _claim(connection, sealer, agency="nadra") is None


def test_what_is_kept_confirms_no_guess(database: Database, sealer: Sealer) -> None:
    # A request holds a CNIC: its bare hash would confirm a guessed one to whoever has a dump.
    with database.transaction() as connection:
        _claim(connection, sealer)
        _keep(connection, sealer)
        row = connection.execute("SELECT kept FROM idempotency").fetchone()
    assert row is not None
    assert HASH not in row[0]
    assert b"planted" not in row[0]


def test_a_failed_change_leaves_its_id_free(database: Database, sealer: Sealer) -> None:
    with database.connect() as connection:
        _claim(connection, sealer)
        _keep(connection, sealer)
        connection.rollback()
    with database.transaction() as connection:
        assert _claim(connection, sealer) is None


def test_of_two_at_once_the_second_waits_and_gets_the_firsts_answer(database: Database, sealer: Sealer) -> None:
    got: list[bytes | None] = []

    def second() -> None:
        with database.transaction() as connection:
            got.append(_claim(connection, sealer))

    with database.transaction() as connection:
        _claim(connection, sealer)
        thread = threading.Thread(target=second)
        thread.start()
        with database.connect() as watcher:
            watcher.autocommit = True
            query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            until(lambda: watcher.execute(query).fetchone() != (0,), seconds=60)
            assert thread.is_alive()
        _keep(connection, sealer)
    thread.join()
    assert got == [b"planted answer"]
