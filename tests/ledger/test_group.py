"""Group commit: one thread commits for all, and nobody pays for a neighbour's fault."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server.errors import Unavailable
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry, Head, LedgerUnavailable
from nsor_server.ledger.group import Decide, GroupCommit
from nsor_server.ledger.guard import CommitGuard
from nsor_server.storage.embedded import EmbeddedPostgres
from nsor_server.storage.pool import Database
from tests.ledger.conftest import NewEntry
from tests.ledger.lost_standby import Standby, until

NewGroup = Callable[..., GroupCommit[str]]


@pytest.fixture
def new_group(database: Database, ledger: Ledger, guard: CommitGuard) -> Iterator[NewGroup]:
    """Starts a group commit; it is closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(decide: Decide[str], **options: int) -> GroupCommit[str]:
            group = GroupCommit(database.connect, ledger, guard, decide, **options)
            stack.callback(group.close)
            return group

        yield make


@pytest.fixture
def decide(new_entry: NewEntry) -> Decide[str]:
    """Records each item under its own text as agency."""

    def record(_conn: psycopg.Connection, items: Sequence[str], _head: Head) -> Sequence[Entry | Exception]:
        return [new_entry(agency=item) for item in items]

    return record


class Gate:
    """A decision that waits until it may go on, so that others queue up behind it."""

    def __init__(self, decide: Decide[str]) -> None:
        self._decide = decide
        self.reached = threading.Event()
        self.open = threading.Event()
        self.batches: list[int] = []

    def __call__(self, conn: psycopg.Connection, items: Sequence[str], head: Head) -> Sequence[Entry | Exception]:
        self.batches.append(len(items))
        self.reached.set()
        assert self.open.wait(20)
        return self._decide(conn, items, head)


def agencies(database: Database) -> list[str]:
    with database.connect() as conn:
        return [agency for (agency,) in conn.execute("SELECT agency FROM ledger_entry ORDER BY index")]


def test_everybody_gets_the_receipt_of_their_own(new_group: NewGroup, decide: Decide[str], database: Database) -> None:
    # However the batches fall, each waiter gets its own entry, and it is durable by then.
    group = new_group(decide)
    names = [f"agency-{number}" for number in range(400)]
    with ThreadPoolExecutor(32) as pool:
        receipts = list(pool.map(lambda name: group.submit(name, 20), names))
    assert [leaf_pb2.Leaf.FromString(receipt.leaf).agency for receipt in receipts] == names
    stored = agencies(database)
    assert [stored[receipt.index] for receipt in receipts] == names


def test_what_waits_is_committed_at_once(new_group: NewGroup, decide: Decide[str], database: Database) -> None:
    # Those who come during a commit share the next one, up to the limit.
    gate = Gate(decide)
    group = new_group(gate, most=5)
    with ThreadPoolExecutor(16) as pool:
        first = pool.submit(group.submit, "first", 20)
        assert gate.reached.wait(10)
        others = [pool.submit(group.submit, f"other-{number}", 20) for number in range(12)]
        until(lambda: group._queue.qsize() == 12)
        gate.open.set()
        assert [each.result() for each in (first, *others)]
    assert gate.batches == [1, 5, 5, 2]
    with database.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM ledger_checkpoint").fetchone() == (4,)


@pytest.mark.parametrize("fault", ["decide", "row", "statement", "given"])
def test_a_bad_row_fails_alone(
    new_group: NewGroup, decide: Decide[str], new_entry: NewEntry, database: Database, *, fault: str
) -> None:
    # Its neighbours in the batch are recorded and answered as if it hadn't been there.
    def record(conn: psycopg.Connection, items: Sequence[str], head: Head) -> Sequence[Entry | Exception]:
        if "bad" in items and fault == "decide":
            raise ZeroDivisionError
        if "bad" in items and fault == "statement":
            conn.execute("SELECT 1/0")
        broken = new_entry(call_hash=b"") if fault == "row" else ZeroDivisionError()
        decided = decide(conn, items, head)
        return [broken if item == "bad" else entry for item, entry in zip(items, decided, strict=True)]

    gate = Gate(record)
    group = new_group(gate)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(group.submit, "first", 20)
        assert gate.reached.wait(10)
        names = ["one", "bad", "two", "three"]
        results = {name: pool.submit(group.submit, name, 20) for name in names}
        until(lambda: group._queue.qsize() == len(names))
        gate.open.set()
        first.result()
        bad = results.pop("bad")
        for name, result in results.items():
            assert leaf_pb2.Leaf.FromString(result.result().leaf).agency == name
        with pytest.raises((ZeroDivisionError, ValueError, psycopg.errors.DivisionByZero)):
            bad.result()
    assert sorted(agencies(database)) == ["first", "one", "three", "two"]
    assert group.submit("later", 10).index == 4


def test_a_full_queue_refuses(new_group: NewGroup, decide: Decide[str]) -> None:
    # Waiters are bounded: whoever comes too late is told at once.
    gate = Gate(decide)
    group = new_group(gate, waiting=2)
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(group.submit, "first", 20)]
        assert gate.reached.wait(10)
        running += [pool.submit(group.submit, "next", 20) for _ in range(2)]
        until(lambda: group._queue.qsize() == 2)
        with pytest.raises(Unavailable):
            group.submit("too many", 20)
        gate.open.set()
        for each in running:
            each.result()


def test_a_late_commit_answers_nobody(new_group: NewGroup, decide: Decide[str], database: Database) -> None:
    # Whose deadline passes in the queue gets no answer, and no entry is written for a call that was given up.
    gate = Gate(decide)
    group = new_group(gate)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(group.submit, "first", 20)
        assert gate.reached.wait(10)
        with pytest.raises(LedgerUnavailable, match="in time"):
            group.submit("late", 0.05)
        gate.open.set()
        first.result()
    group.close()
    assert agencies(database) == ["first"]


def test_whoever_doesnt_wait_is_told_once(new_group: NewGroup, decide: Decide[str], database: Database) -> None:
    # The receipt, or that it came too late, and never both: a call has one answer.
    gate = Gate(decide)
    group = new_group(gate)
    told: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()
    group.begin("late", 0, lambda result: told.put(("late", result)))
    assert gate.reached.wait(20)
    group.begin("in time", 20, lambda result: told.put(("in time", result)))
    name, result = told.get(timeout=20)
    assert (name, type(result)) == ("late", LedgerUnavailable)
    gate.open.set()
    name, result = told.get(timeout=20)
    assert (name, type(result)) == ("in time", receipt_pb2.Receipt)
    assert agencies(database) == ["late", "in time"]
    group.close()
    assert told.empty()


def test_one_who_fails_to_hear_stops_nobody(new_group: NewGroup, decide: Decide[str]) -> None:
    # The writer tells everybody else, and lives on.
    group = new_group(decide)

    def deaf(_result: object) -> None:
        raise ValueError

    group.begin("deaf", 20, deaf)
    assert group.submit("next", 20).index == 1


def test_closing_writes_what_waits(new_group: NewGroup, decide: Decide[str], database: Database) -> None:
    # A drain loses nobody, and takes nobody more.
    gate = Gate(decide)
    group = new_group(gate)
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(group.submit, "first", 20)]
        assert gate.reached.wait(10)
        running += [pool.submit(group.submit, "next", 20) for _ in range(3)]
        until(lambda: group._queue.qsize() == 3)
        closing = pool.submit(group.close)
        until(lambda: group._closing)
        with pytest.raises(Unavailable):
            group.submit("late", 5)
        gate.open.set()
        closing.result()
        assert all(each.result() for each in running)
    assert agencies(database) == ["first", "next", "next", "next"]
    assert not group.healthy


def test_the_writer_reconnects(new_group: NewGroup, decide: Decide[str], database: Database) -> None:
    # A connection that PostgreSQL ended while nothing ran costs nobody an answer.
    group = new_group(decide)
    group.submit("before", 10)
    with database.connect() as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    group.submit("after", 10)
    assert agencies(database) == ["before", "after"]


def test_a_lost_standby_answers_nobody(
    new_group: NewGroup, decide: Decide[str], guard: CommitGuard, postgres: EmbeddedPostgres
) -> None:
    # All who wait for a commit that hangs get an error in time; then later ones fail at once; then it goes on.
    group = new_group(decide)
    group.submit("before", 10)
    standby = Standby(postgres)
    try:
        standby.lose()
        with ThreadPoolExecutor(8) as pool:
            waiting = [pool.submit(group.submit, f"hanging-{number}", 20) for number in range(8)]
            for each in waiting:
                with pytest.raises(LedgerUnavailable):
                    each.result(timeout=15)
        assert not group.healthy
        began = time.monotonic()
        with pytest.raises(LedgerUnavailable):
            group.submit("refused", 20)
        assert time.monotonic() - began < 0.5
    finally:
        standby.close()
    until(lambda: guard.healthy)
    group.submit("after", 20)


def test_what_is_set_aside_is_not_shown_later(new_group: NewGroup, new_entry: NewEntry, database: Database) -> None:
    # An answer whose index comes after a change's index has seen that change.
    with database.owner() as conn:
        conn.execute("CREATE TABLE marker (index bigint)")
        conn.execute("GRANT SELECT, INSERT ON marker TO nsor_server")
    seen: dict[str, int] = {}

    def read(conn: psycopg.Connection, items: Sequence[str], _head: Head) -> Sequence[Entry | Exception]:
        row = conn.execute("SELECT count(*) FROM marker").fetchone()
        assert row is not None
        seen.update((item, int(row[0])) for item in items)
        return [new_entry(agency=item) for item in items]

    group = new_group(read)
    ledger = group._ledger
    changes: list[int] = []

    def change() -> None:
        for _ in range(60):
            with database.transaction() as conn:
                conn.execute("INSERT INTO marker VALUES (1)")
                changes.append(ledger.append(conn, [new_entry(agency="change")]).receipts[0].index)

    with ThreadPoolExecutor(8) as pool:
        changing = pool.submit(change)
        receipts = dict(
            zip(names := [f"read-{n}" for n in range(300)], pool.map(lambda n: group.submit(n, 20), names), strict=True)
        )
        changing.result()
    for name, receipt in receipts.items():
        assert seen[name] == sum(index < receipt.index for index in changes)
