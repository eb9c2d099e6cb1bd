"""No answer without a durable entry: commits that hang, warn, fail, or whose end nobody has seen."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nsor.ledger import merkle, note
from nsor.v1 import receipt_pb2
from nsor_server.ledger import proofs
from nsor_server.ledger.append import LOCK, Ledger
from nsor_server.ledger.entry import Appended, Entry, LedgerUnavailable
from nsor_server.ledger.guard import CommitGuard
from nsor_server.storage.embedded import EmbeddedPostgres
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session, Statement
from tests.ledger.broken_wire import BrokenWire
from tests.ledger.conftest import NewEntry
from tests.ledger.lost_standby import Standby, until

Commit = Callable[..., Future[Appended]]

DIVIDED = Statement(b"divided", b"SELECT 1/0")
CANCELLED = Statement(b"cancelled", b"SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)")


@pytest.fixture
def standby(postgres: EmbeddedPostgres, database: Database) -> Iterator[Standby]:  # noqa: ARG001 - it is back before the database is dropped
    standby = Standby(postgres)
    yield standby
    standby.close()


@pytest.fixture
def slow_guard(database: Database) -> Iterator[CommitGuard]:
    """A guard that sees what happens to a commit before it gives it up."""
    guard = CommitGuard(database.connect, timeout_seconds=15)
    yield guard
    guard.close()


@pytest.fixture
def commit(ledger: Ledger, new_entry: NewEntry, database: Database) -> Iterator[Commit]:
    """Commits one entry under a guard, in a thread, on a connection that ``connect`` opens."""

    def run(guard: CommitGuard, connect: Callable[[], psycopg.Connection]) -> Appended:
        with contextlib.closing(connect()) as conn:
            return committed(Session(conn), ledger, guard, new_entry())

    with ThreadPoolExecutor() as pool:
        yield lambda guard, connect=database.connect: pool.submit(run, guard, connect)


def committed(session: Session, ledger: Ledger, guard: CommitGuard, entry: Entry) -> Appended:
    """Append and commit as the writer does."""
    composed = ledger.compose(session, ledger.head(session, session.run(BEGIN, LOCK)[1]), [entry])
    guard.commit(session, composed.appended, composed.steps)
    return composed.appended


def stored(database: Database) -> int:
    with database.transaction() as conn:
        row = conn.execute("SELECT count(*) FROM ledger_entry").fetchone()
    assert row is not None
    return int(row[0])


def test_a_sound_commit_is_durable(database: Database, guard: CommitGuard, commit: Commit) -> None:
    # What the guard lets through is there for everybody.
    commit(guard).result()
    assert stored(database) == 1
    assert guard.healthy


def test_a_hanging_commit_is_given_up_and_not_cancelled(
    database: Database, guard: CommitGuard, standby: Standby, commit: Commit
) -> None:
    # The standby is gone: the call fails in time, health turns off, the commit isn't cancelled; then all recovers.
    heard: list[bool] = []
    guard.on_health(heard.append)
    standby.lose()
    began = time.monotonic()
    with pytest.raises(LedgerUnavailable, match="hung"):
        commit(guard).result(timeout=10)
    assert time.monotonic() - began < 5
    assert not guard.healthy
    assert standby.waiting()
    # The head stays locked meanwhile: whoever comes next hears so, and doesn't wait for ever.
    with pytest.raises(psycopg.errors.LockNotAvailable):
        commit(guard).result(timeout=60)
    assert standby.waiting()
    standby.heal()
    until(lambda: guard.healthy)
    assert heard == [False, True]
    committed = commit(guard).result(timeout=10)
    assert stored(database) == committed.receipts[0].index + 1


def test_a_warning_is_no_commit(slow_guard: CommitGuard, standby: Standby, commit: Commit) -> None:
    # Somebody cancels the waiting commit: PostgreSQL reports success with a warning, and nothing may be answered.
    standby.lose()
    result = commit(slow_guard)
    standby.cancel(standby.wait_for_a_hanging_commit())
    with pytest.raises(LedgerUnavailable, match="warning"):
        result.result(timeout=60)
    assert not slow_guard.healthy


def test_a_killed_server_answers_nothing_that_it_lacks(
    database: Database, slow_guard: CommitGuard, standby: Standby, commit: Commit
) -> None:
    # kill -9 in the middle of a commit: PostgreSQL restarts, and the entry that it kept is answered, with its receipt.
    standby.lose()
    result = commit(slow_guard)
    os.kill(standby.wait_for_a_hanging_commit(), signal.SIGKILL)
    standby.heal()
    receipt = result.result(timeout=120).receipts[0]
    assert_proven(database, receipt)
    assert slow_guard.healthy


def test_a_killed_server_without_its_standby_answers_nothing(
    standby: Standby, commit: Commit, database: Database
) -> None:
    # As above, but the standby is still away: the entry is there, and not safe, so nobody hears of it.
    long = CommitGuard(database.connect, timeout_seconds=3)
    standby.lose()
    result = commit(long)
    os.kill(standby.wait_for_a_hanging_commit(), signal.SIGKILL)
    with pytest.raises(LedgerUnavailable, match="lost"):
        result.result(timeout=120)
    assert not long.healthy
    long.close()


def test_a_probe_counts_only_if_nothing_has_failed_since_it_began(database: Database) -> None:
    # Its commit says nothing of one that began to hang afterwards.
    heard: list[bool] = []
    healthy_at_probe: list[bool] = []

    def connect() -> psycopg.Connection:
        healthy_at_probe.append(guard.healthy)
        if len(healthy_at_probe) == 1:
            guard.fail("another commit hangs")
        return database.connect()

    guard = CommitGuard(connect, timeout_seconds=0.5)
    guard.on_health(heard.append)
    guard.fail("a commit hangs")
    until(lambda: len(healthy_at_probe) == 2 and guard.healthy)
    assert healthy_at_probe == [False, False]
    assert heard == [False, True]
    guard.close()


def test_a_transaction_that_cannot_be_committed_is_not_tried(
    database: Database, ledger: Ledger, guard: CommitGuard, new_entry: NewEntry
) -> None:
    # Neither where the connection is closed, nor outside of a transaction: there COMMIT succeeds and commits nothing.
    conn = database.connect()
    session = Session(conn)
    composed = ledger.compose(session, ledger.head(session, session.run(BEGIN, LOCK)[1]), [new_entry()])
    session.run(ROLLBACK)
    with pytest.raises(LedgerUnavailable, match="no sound transaction"):
        guard.commit(session, composed.appended)
    session.run(BEGIN)
    conn.close()
    with pytest.raises(LedgerUnavailable, match="no sound transaction"):
        guard.commit(session, composed.appended)
    assert guard.healthy


@pytest.mark.parametrize("deliver", [True, False])
def test_an_unknown_outcome_is_looked_up(
    database: Database,
    guard: CommitGuard,
    commit: Commit,
    tmp_path: Path,
    *,
    deliver: bool,
) -> None:
    # The wire breaks at COMMIT. If PostgreSQL heard it, the receipt is true and given; if it didn't, there is none.
    settings = conninfo_to_dict(database.url_server)
    name = f".s.PGSQL.{settings.get('port') or 5432}"
    wire = BrokenWire(tmp_path, Path(str(settings["host"])) / name, deliver=deliver)
    through = make_conninfo(database.url_server, host=str(tmp_path))
    wire.armed.set()
    result = commit(guard, lambda: psycopg.connect(through))
    if deliver:
        assert_proven(database, result.result(timeout=60).receipts[0])
    else:
        with pytest.raises(LedgerUnavailable, match="lost"):
            result.result(timeout=60)
    assert wire.cut.is_set()
    assert stored(database) == int(deliver)
    assert guard.healthy
    wire.close()


def test_a_failed_transaction_is_no_commit(
    database: Database, ledger: Ledger, guard: CommitGuard, new_entry: NewEntry
) -> None:
    # COMMIT in a failed transaction is a rollback that PostgreSQL calls success.
    with contextlib.closing(database.connect()) as conn:
        session = Session(conn)
        composed = ledger.compose(session, ledger.head(session, session.run(BEGIN, LOCK)[1]), [new_entry()])
        with pytest.raises(psycopg.errors.DivisionByZero):
            session.run(*composed.steps, DIVIDED())
        with pytest.raises(LedgerUnavailable):
            guard.commit(session, composed.appended)
    assert stored(database) == 0
    assert guard.healthy


@pytest.mark.parametrize(
    ("failing", "error"), [(DIVIDED, psycopg.errors.DivisionByZero), (CANCELLED, psycopg.errors.QueryCanceled)]
)
def test_a_step_that_fails_before_the_commit_is_the_calls_own_fault(
    database: Database,
    ledger: Ledger,
    guard: CommitGuard,
    new_entry: NewEntry,
    *,
    failing: Statement,
    error: type[Exception],
) -> None:
    # Nothing is committed, its caller hears the database's error, and the register can still commit.
    with contextlib.closing(database.connect()) as conn:
        session = Session(conn)
        composed = ledger.compose(session, ledger.head(session, session.run(BEGIN, LOCK)[1]), [new_entry()])
        with pytest.raises(error):
            guard.commit(session, composed.appended, [*composed.steps, failing()])
        session.run(ROLLBACK)
        assert stored(database) == 0
        assert guard.healthy
        committed(session, ledger, guard, new_entry())
    assert stored(database) == 1


def test_a_commit_that_becomes_a_rollback_is_noticed(
    database: Database, ledger: Ledger, guard: CommitGuard, new_entry: NewEntry
) -> None:
    # What the database says of the commit is read: it must say COMMIT. The session is nobody's afterwards.
    with contextlib.closing(psycopg.connect(database.url_server)) as conn:
        session = Session(conn)
        composed = ledger.compose(session, ledger.head(session, session.run(BEGIN, LOCK)[1]), [new_entry()])
        session._known.prepared.add(COMMIT[0].name)
        conn.pgconn.send_prepare(COMMIT[0].name, b"ROLLBACK")
        conn.pgconn.pipeline_sync()
        session._results(conn.pgconn, [COMMIT[0].name])
        with pytest.raises(LedgerUnavailable, match="became a rollback"):
            guard.commit(session, composed.appended, composed.steps)
    assert stored(database) == 0


def test_committed_entries_are_heard_of_and_no_others(
    database: Database, ledger: Ledger, new_entry: NewEntry, standby: Standby
) -> None:
    # The outside copy hears of each commit once it is durable, never of one that isn't.
    heard: list[Appended] = []
    guard = CommitGuard(database.connect, timeout_seconds=0.5, on_commit=heard.append)
    with contextlib.closing(database.connect()) as conn:
        session = Session(conn)
        first = committed(session, ledger, guard, new_entry())
        standby.lose()
        with pytest.raises(LedgerUnavailable):
            committed(session, ledger, guard, new_entry())
    assert heard == [first]
    guard.close()


def test_a_commit_counts_whoever_fails_to_hear_of_it(database: Database, ledger: Ledger, new_entry: NewEntry) -> None:
    # Otherwise the writer would take it for one that failed, and write its entries again.
    def deaf(_appended: Appended) -> None:
        raise ValueError

    guard = CommitGuard(database.connect, on_commit=deaf)
    with contextlib.closing(database.connect()) as conn:
        assert committed(Session(conn), ledger, guard, new_entry()).receipts[0].index == 0
    assert guard.healthy
    assert stored(database) == 1
    guard.close()


def assert_proven(database: Database, receipt: receipt_pb2.Receipt) -> None:
    checkpoint = note.Checkpoint.parse(note.Note.parse(receipt.checkpoint).text)
    with database.connect() as conn:
        proof = proofs.Proofs().inclusion(conn, receipt.index, checkpoint.size).hashes
        assert proofs.root(conn, checkpoint.size) == checkpoint.root
    merkle.verify_inclusion(merkle.leaf_hash(receipt.leaf), receipt.index, checkpoint.size, proof, checkpoint.root)
