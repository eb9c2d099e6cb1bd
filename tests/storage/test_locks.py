"""Who is in the way of the register's writes, and for how long he must have been."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

import psycopg
import pytest

from nsor_server.storage.locks import Locked, Locks
from nsor_server.storage.pool import Database
from tests.polling import until


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection]:
    with contextlib.closing(database.owner()) as conn:
        yield conn


def check(database: Database, locks: Locks, *, patience: float) -> None:
    with database.transaction() as conn:
        locks.check(conn, patience=patience)


def test_a_lock_is_no_fault_before_it_has_stayed(database: Database, owner: psycopg.Connection) -> None:
    # A batch, a new partition, a migration that is quick: each takes locks, and lets go.
    locks = Locks()
    check(database, locks, patience=0)
    owner.execute("LOCK TABLE officer IN SHARE MODE")
    check(database, locks, patience=3600)
    with pytest.raises(Locked, match=rf"process {owner.info.backend_pid} \(role nsor_owner\) locks the table officer"):
        check(database, locks, patience=0)
    owner.rollback()
    check(database, locks, patience=0)


def test_one_transaction_after_another_is_not_one_that_stays(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An import holds the head again and again: each of its commits counts from its own beginning.
    clock = [0.0]
    monkeypatch.setattr("nsor_server.storage.locks.time.monotonic", lambda: clock[0])
    locks = Locks()
    for _ in range(3):
        owner.execute("SELECT FROM ledger_head FOR UPDATE")
        clock[0] += 2.0
        check(database, locks, patience=3.0)
        owner.rollback()
    owner.execute("SELECT FROM ledger_head FOR UPDATE")
    check(database, locks, patience=3.0)
    clock[0] += 3.0
    with pytest.raises(Locked, match="holds rows that calls wait for"):
        check(database, locks, patience=3.0)


@pytest.mark.parametrize(
    "statement",
    ["SELECT count(*) FROM ledger_entry", "LOCK TABLE officer IN SHARE UPDATE EXCLUSIVE MODE", "SELECT FROM officer"],
)
def test_whoever_reads_or_vacuums_is_in_nobodys_way(
    database: Database, owner: psycopg.Connection, statement: str
) -> None:
    # A verification or a dump takes minutes.
    owner.execute(statement.encode())
    check(database, Locks(), patience=0)


def test_whoever_waits_himself_is_not_to_blame_for_those_behind_him(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of two calls that wait for a row the first has the place before the second, and PostgreSQL says that the second
    # waits for the first. Whoever ends that one has ended a call, and the row is as it was.
    clock = [0.0]
    monkeypatch.setattr("nsor_server.storage.locks.time.monotonic", lambda: clock[0])
    locks = Locks()
    owner.execute(_PATIENT + b"SELECT FROM ledger_head FOR UPDATE")
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(2))
        first, second = (stack.enter_context(database.transaction()) for _ in range(2))
        for call in (first, second):
            stack.callback(call.cancel_safe)
        waits = threads.submit(first.execute, _PATIENT + b"SELECT FROM ledger_head FOR UPDATE")
        until(lambda: awaited_long(owner, first) == [owner.info.backend_pid], seconds=60)
        behind = threads.submit(second.execute, _PATIENT + b"SELECT FROM ledger_head FOR UPDATE")
        until(lambda: awaited_long(owner, second) == [first.info.backend_pid], seconds=60)
        check(database, locks, patience=3600)
        with pytest.raises(Locked, match=rf"process {owner.info.backend_pid} \(role nsor_owner\) holds rows"):
            check(database, locks, patience=0)
        second.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            behind.result()
        owner.rollback()
        waits.result()
        # What it has waited for it holds since now.
        clock[0] += 10
        check(database, locks, patience=3)


def test_whoever_has_the_head_and_waits_himself_is_not_to_blame_for_it(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A batch that has the head waits for a row, and everybody for the head.
    clock = [0.0]
    monkeypatch.setattr("nsor_server.storage.locks.time.monotonic", lambda: clock[0])
    locks = Locks()
    owner.execute(_PATIENT + b"SELECT FROM write_probe FOR UPDATE")
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(1))
        batch = stack.enter_context(database.transaction())
        stack.callback(batch.cancel_safe)
        batch.execute(_PATIENT + b"SELECT FROM ledger_head FOR UPDATE")
        check(database, locks, patience=3)
        clock[0] += 10
        waits = threads.submit(batch.execute, b"SELECT FROM write_probe FOR UPDATE")
        until(lambda: blocked_by(owner, batch) == [owner.info.backend_pid], seconds=60)
        # It was seen before, longer ago than anybody may be in the way: but now it waits itself.
        check(database, locks, patience=3)
        with pytest.raises(Locked, match=rf"process {owner.info.backend_pid} \(role nsor_owner\) holds rows"):
            check(database, Locks(), patience=0)
        owner.rollback()
        waits.result()
        check(database, locks, patience=3)
        clock[0] += 10
        with pytest.raises(Locked, match=rf"process {batch.info.backend_pid} \(role nsor_server\) holds rows"):
            check(database, locks, patience=3)


_PATIENT: Final = (
    b"SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; "
)


def blocked_by(conn: psycopg.Connection, waiting: psycopg.Connection) -> list[int]:
    """For whom a session waits."""
    row = conn.execute("SELECT pg_blocking_pids(%s)", (waiting.info.backend_pid,)).fetchone()
    assert row is not None
    return list(row[0])


def awaited_long(conn: psycopg.Connection, waiting: psycopg.Connection) -> list[int]:
    """For whom a session has waited for longer than a commit takes."""
    row = conn.execute(
        "SELECT pg_blocking_pids(pid) FROM pg_locks WHERE NOT granted AND pid = %s "
        "AND waitstart < clock_timestamp() - interval '1 s'",
        (waiting.info.backend_pid,),
    ).fetchone()
    return [] if row is None else list(row[0])
