"""Reading until a deadline: what nobody waits for any more is stopped, and nothing else."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from nsor_server import errors
from nsor_server.rpc.reading import Reader
from nsor_server.rpc.spending import Spending
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import Statement, ask


@pytest.fixture
def reader(database: Database, sealer: Sealer, blind_index: BlindIndex) -> Iterator[Reader]:
    reader = Reader(database, sealer, Spending(blind_index), lambda: 0)
    reader.start()
    yield reader
    reader.stop()


def _by_psycopg(conn: Connection) -> None:
    conn.execute("SELECT pg_sleep(8)")


def _by_ask(conn: Connection) -> None:
    ask(conn, Statement(b"sleep", b"SELECT 1 FROM pg_sleep(8)"))


@pytest.mark.parametrize("read", [_by_psycopg, _by_ask])
def test_a_read_ends_at_its_deadline_and_the_next_one_does_not(
    reader: Reader, read: Callable[[Connection], None]
) -> None:
    for _ in range(4):
        began = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded), reader.connection(began + 0.2) as conn:
            read(conn)
        assert 0.2 <= time.monotonic() - began < 4
        for _ in range(8):
            with reader.connection(time.monotonic() + 10) as conn:
                assert conn.execute("SELECT 1 FROM pg_sleep(0.02)").fetchone() == (1,)


def test_a_read_that_can_not_be_stopped_holds_nobody_else_up(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    # Stopping takes a connection of its own, and a database that takes no new ones lets it wait.
    stopping, go_on = threading.Event(), threading.Event()

    def hanging(_conn: Connection, **_: float) -> None:
        stopping.set()
        go_on.wait(20)

    monkeypatch.setattr("psycopg.Connection.cancel_safe", hanging)
    with reader.connection(time.monotonic()):
        assert stopping.wait(5)
        with ThreadPoolExecutor(1) as pool:
            try:
                assert pool.submit(_read, reader).result(timeout=5) == (1,)
            finally:
                go_on.set()


def _read(reader: Reader) -> object:
    with reader.connection(time.monotonic() + 10) as conn:
        return conn.execute("SELECT 1").fetchone()


def test_a_lost_connection_is_said_without_the_drivers_words(reader: Reader) -> None:
    with pytest.raises(errors.Unavailable), reader.connection(time.monotonic() + 10) as conn:
        raise psycopg.OperationalError(str(conn.info.backend_pid))
