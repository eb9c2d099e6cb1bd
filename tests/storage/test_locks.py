"""Who is in the way of the register's writes, and for how long he must have been."""

import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from nsor_server.storage.locks import Locked, Locks
from nsor_server.storage.pool import Database


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
