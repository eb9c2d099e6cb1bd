"""The ledger's writer: one thread commits for all, and nobody pays for a neighbour's fault."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server.calls import Row, Table
from nsor_server.errors import Unavailable
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Decided, Entry, Head, LedgerUnavailable
from nsor_server.ledger.guard import CommitGuard
from nsor_server.ledger.writer import Writer, Written
from nsor_server.storage.embedded import EmbeddedPostgres
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Rows, Session, Statement, Step
from nsor_server.storage.waits import Waits
from tests.ledger.broken_wire import BrokenWire
from tests.ledger.conftest import NewEntry
from tests.ledger.lost_standby import Standby, until

MARKER = Table("marker", (("name", "text"),))
MARKERS = Statement(b"markers", b"SELECT count(*) FROM marker")
DIVIDED = Statement(b"divided", b"SELECT 1/0")


@dataclass(eq=False)
class Item:
    """What the tests record: an entry whose agency is its name."""

    name: str
    deadline: float
    done: Any = None


def item(name: str, seconds: float = 20, done: Any = None) -> Item:
    return Item(name, time.monotonic() + seconds, done)


class Batches:
    """Records each item under its own name as agency. What one kind of test does otherwise is overridden."""

    def __init__(self, new_entry: NewEntry) -> None:
        self.new_entry = new_entry
        self.ended = 0

    def prepare(self, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
        return list(items), []

    def pass_over(self, item: Item) -> None:
        raise AssertionError(item.name)

    def reads(self, _items: Sequence[Item]) -> list[Step]:
        return []

    def decide(
        self, items: Sequence[Item], _results: Sequence[Rows], _head: Head, _session: Session
    ) -> list[Decided | Exception]:
        return [self.decided(each) for each in items]

    def decided(self, each: Item, rows: Sequence[Row] = (), **changes: object) -> Decided:
        return Decided(self.new_entry(agency=each.name, **changes), rows)

    def committed(self, _written: Written, /) -> None:
        self.ended += 1


NewWriter = Callable[..., Writer[Item]]


@pytest.fixture
def new_writer(database: Database, ledger: Ledger, guard: CommitGuard) -> Iterator[NewWriter]:
    """Starts a writer; it is closed at the end."""
    with contextlib.ExitStack() as stack:

        def make(batches: Batches, **options: Any) -> Writer[Item]:
            writer: Writer[Item] = Writer(database.writer, ledger, guard, **options)
            writer.start(batches)
            stack.callback(writer.close)
            return writer

        yield make


@pytest.fixture
def batches(new_entry: NewEntry) -> Batches:
    return Batches(new_entry)


class Waiting(Batches):
    """Decides when it may, so that others queue up behind it."""

    def __init__(self, new_entry: NewEntry) -> None:
        super().__init__(new_entry)
        self.reached = threading.Event()
        self.open = threading.Event()
        self.sizes: list[int] = []

    def decide(
        self, items: Sequence[Item], results: Sequence[Rows], head: Head, session: Session
    ) -> list[Decided | Exception]:
        self.sizes.append(len(items))
        self.reached.set()
        assert self.open.wait(20)
        return super().decide(items, results, head, session)


@pytest.fixture
def waiting(new_entry: NewEntry) -> Waiting:
    return Waiting(new_entry)


@pytest.fixture
def marker(database: Database) -> None:
    """A table that changes go to."""
    with database.owner() as conn:
        conn.execute("CREATE TABLE marker (name text NOT NULL CHECK (name <> 'wrong'))")
        conn.execute("GRANT SELECT, INSERT ON marker TO nsor_server")


def agencies(database: Database) -> list[str]:
    with database.connect() as conn:
        return [agency for (agency,) in conn.execute("SELECT agency FROM ledger_entry ORDER BY index")]


def markers(database: Database) -> list[str]:
    with database.connect() as conn:
        return [name for (name,) in conn.execute("SELECT name FROM marker ORDER BY name")]


def test_everybody_gets_the_receipt_of_their_own(new_writer: NewWriter, batches: Batches, database: Database) -> None:
    # However the batches fall, each waiter gets its own entry, and it is durable by then.
    writer = new_writer(batches)
    names = [f"agency-{number}" for number in range(400)]
    with ThreadPoolExecutor(32) as pool:
        receipts = list(pool.map(lambda name: writer.submit(item(name)), names))
    assert [leaf_pb2.Leaf.FromString(receipt.leaf).agency for receipt in receipts] == names
    stored = agencies(database)
    assert [stored[receipt.index] for receipt in receipts] == names


def test_what_waits_is_committed_at_once(new_writer: NewWriter, waiting: Waiting, database: Database) -> None:
    # Those who come during a commit share the next one, up to the limit.
    writer = new_writer(waiting, max_batch=5)
    with ThreadPoolExecutor(16) as pool:
        first = pool.submit(writer.submit, item("first"))
        assert waiting.reached.wait(10)
        others = [pool.submit(writer.submit, item(f"other-{number}")) for number in range(12)]
        until(lambda: len(writer._waiting) == 12)
        waiting.open.set()
        assert [each.result() for each in (first, *others)]
    assert waiting.sizes == [1, 5, 5, 2]
    assert waiting.ended == 4
    with database.transaction() as conn:
        assert conn.execute("SELECT count(*) FROM ledger_checkpoint").fetchone() == (4,)


@pytest.mark.usefixtures("marker")
@pytest.mark.parametrize("fault", ["decide", "entry", "read", "statement", "row", "given"])
def test_a_bad_item_fails_alone(new_writer: NewWriter, new_entry: NewEntry, database: Database, *, fault: str) -> None:
    # Its neighbours in the batch are recorded and answered as if it hadn't been there; so are their changes.
    class Faulty(Waiting):
        def reads(self, items: Sequence[Item]) -> list[Step]:
            return [DIVIDED()] if fault == "read" and any(each.name == "bad" for each in items) else []

        def decide(
            self, items: Sequence[Item], results: Sequence[Rows], head: Head, session: Session
        ) -> list[Decided | Exception]:
            super().decide(items, results, head, session)
            bad = any(each.name == "bad" for each in items)
            if bad and fault == "decide":
                raise ZeroDivisionError
            if bad and fault == "statement":
                session.run(DIVIDED())
            return [self.broken(each) if each.name == "bad" else self.changing(each, each.name) for each in items]

        def changing(self, each: Item, name: str) -> Decided:
            return self.decided(each, [Row(MARKER, (name,))])

        def broken(self, each: Item) -> Decided | Exception:
            if fault == "entry":
                return self.decided(each, call_hash=b"")
            return self.changing(each, "wrong") if fault == "row" else ZeroDivisionError()

    faulty = Faulty(new_entry)
    writer = new_writer(faulty)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(writer.submit, item("first"))
        assert faulty.reached.wait(10)
        names = ["one", "bad", "two", "three"]
        results = {name: pool.submit(writer.submit, item(name)) for name in names}
        until(lambda: len(writer._waiting) == len(names))
        faulty.open.set()
        first.result()
        bad = results.pop("bad")
        for name, result in results.items():
            assert leaf_pb2.Leaf.FromString(result.result().leaf).agency == name
        with pytest.raises(
            (ZeroDivisionError, ValueError, psycopg.errors.DivisionByZero, psycopg.errors.CheckViolation)
        ):
            bad.result()
    assert sorted(agencies(database)) == sorted(markers(database)) == ["first", "one", "three", "two"]
    assert writer.submit(item("later")).index == 4


@pytest.mark.usefixtures("marker")
def test_a_change_is_there_with_its_entry(new_writer: NewWriter, new_entry: NewEntry, database: Database) -> None:
    # And it is read, under the lock, by whoever comes next.
    seen: list[int] = []

    class Changing(Batches):
        def reads(self, _items: Sequence[Item]) -> list[Step]:
            return [MARKERS()]

        def decide(
            self, items: Sequence[Item], results: Sequence[Rows], _head: Head, _session: Session
        ) -> list[Decided | Exception]:
            seen.append(results[0][0][0])
            return [self.decided(each, [Row(MARKER, (each.name,))]) for each in items]

    writer = new_writer(Changing(new_entry))
    for name in ("one", "two", "three"):
        writer.submit(item(name))
    assert seen == [0, 1, 2]
    assert markers(database) == ["one", "three", "two"]


def test_what_prepare_leaves_out_may_be_put_again_at_once(
    new_writer: NewWriter, new_entry: NewEntry, database: Database
) -> None:
    # Its `done` hears nothing of the first time, and the second time isn't forgotten, however early it comes.
    class Choosing(Batches):
        def prepare(self, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
            here = [each for each in items if each.name != "elsewhere"]
            return here, [each for each in items if each not in here]

        def pass_over(self, item: Item) -> None:
            # At once, as a quick thread would: what is put while the batch is still taken apart isn't forgotten.
            item.name = "back"
            writer.put(item)

    writer = new_writer(Choosing(new_entry))
    heard: queue.SimpleQueue[object] = queue.SimpleQueue()
    writer.put(item("elsewhere", done=lambda _item, result: heard.put(result)))
    assert isinstance(heard.get(timeout=20), receipt_pb2.Receipt)
    assert agencies(database) == ["back"]
    assert heard.empty()


def test_a_full_queue_refuses(new_writer: NewWriter, waiting: Waiting) -> None:
    # Waiters are bounded: whoever comes too late is told at once.
    writer = new_writer(waiting, max_waiting=2)
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(writer.submit, item("first"))]
        assert waiting.reached.wait(10)
        running += [pool.submit(writer.submit, item("next")) for _ in range(2)]
        until(lambda: len(writer._waiting) == 2)
        with pytest.raises(Unavailable):
            writer.submit(item("too many"))
        waiting.open.set()
        for each in running:
            each.result()


def test_a_late_commit_answers_nobody(new_writer: NewWriter, waiting: Waiting, database: Database) -> None:
    # Whose deadline passes in the queue gets no answer, and no entry is written for a call that was given up.
    writer = new_writer(waiting)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(writer.submit, item("first"))
        assert waiting.reached.wait(10)
        with pytest.raises(LedgerUnavailable, match="in time"):
            writer.submit(item("late", 0.05))
        waiting.open.set()
        first.result()
    writer.close()
    assert agencies(database) == ["first"]


def test_whoever_doesnt_wait_is_told_once(new_writer: NewWriter, waiting: Waiting, database: Database) -> None:
    # The receipt, or that it came too late, and never both: a call has one answer.
    writer = new_writer(waiting)
    heard: queue.SimpleQueue[tuple[str, object]] = queue.SimpleQueue()

    def done(each: Item, result: object) -> None:
        heard.put((each.name, result))

    writer.put(item("late", 0, done))
    assert waiting.reached.wait(20)
    writer.put(item("in time", 20, done))
    name, result = heard.get(timeout=20)
    assert (name, type(result)) == ("late", LedgerUnavailable)
    waiting.open.set()
    name, result = heard.get(timeout=20)
    assert (name, type(result)) == ("in time", receipt_pb2.Receipt)
    assert agencies(database) == ["late", "in time"]
    writer.close()
    assert heard.empty()


def test_one_who_fails_to_hear_stops_nobody(new_writer: NewWriter, batches: Batches) -> None:
    # The writer goes on to everybody else, and lives on.
    writer = new_writer(batches)

    def deaf(_item: Item, _result: object) -> None:
        raise ValueError

    writer.put(item("deaf", done=deaf))
    assert writer.submit(item("next")).index == 1


@pytest.mark.parametrize("fault", ["committed", "on_written"])
def test_what_fails_after_a_commit_writes_nothing_again(
    new_writer: NewWriter, new_entry: NewEntry, database: Database, fault: str
) -> None:
    # The entries are durable by then: whoever wrote them once more would record calls that never were.
    class Failing(Waiting):
        def committed(self, _written: Written, /) -> None:
            if fault == "committed":
                raise ValueError

    def on_written(_written: Written) -> None:
        if fault == "on_written":
            raise ValueError

    failing = Failing(new_entry)
    writer = new_writer(failing, on_written=on_written)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(writer.submit, item("first"))
        assert failing.reached.wait(20)
        others = [pool.submit(writer.submit, item(name)) for name in ("one", "two", "three")]
        until(lambda: len(writer._waiting) == 3)
        failing.open.set()
        indexes = {each.result(timeout=20).index for each in [first, *others]}
    assert failing.sizes == [1, 3]
    assert indexes == {0, 1, 2, 3}
    assert sorted(agencies(database)) == ["first", "one", "three", "two"]


def test_a_batch_that_can_not_be_prepared_ends_nobody_else(new_writer: NewWriter, new_entry: NewEntry) -> None:
    # There is one writer: if its thread ended, nobody could be recorded any more.
    class Failing(Batches):
        def prepare(self, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
            if items[0].name == "bad":
                raise ValueError
            return super().prepare(items)

    writer = new_writer(Failing(new_entry))
    with pytest.raises(LedgerUnavailable):
        writer.submit(item("bad"))
    assert writer.submit(item("next")).index == 0
    assert writer.healthy


def test_closing_writes_what_waits(new_writer: NewWriter, waiting: Waiting, database: Database) -> None:
    # A drain loses nobody, and takes nobody more.
    writer = new_writer(waiting)
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(writer.submit, item("first"))]
        assert waiting.reached.wait(10)
        running += [pool.submit(writer.submit, item("next")) for _ in range(3)]
        until(lambda: len(writer._waiting) == 3)
        closing = pool.submit(writer.close)
        until(lambda: writer._closing)
        with pytest.raises(Unavailable):
            writer.submit(item("late", 5))
        waiting.open.set()
        closing.result()
        assert all(each.result() for each in running)
    assert agencies(database) == ["first", "next", "next", "next"]
    assert not writer.healthy


def test_the_writer_reconnects(new_writer: NewWriter, batches: Batches, database: Database) -> None:
    # A connection that PostgreSQL ended while nothing ran costs nobody an answer.
    writer = new_writer(batches)
    writer.submit(item("before"))
    with database.connect() as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
    writer.submit(item("after"))
    assert agencies(database) == ["before", "after"]


def test_a_database_that_cannot_be_reached_is_said_so_until_it_can(
    database: Database, ledger: Ledger, guard: CommitGuard, batches: Batches
) -> None:
    # The guard hears of it, so that whoever comes meanwhile is refused and waits for no connection.
    away = threading.Event()
    away.set()

    def connect() -> psycopg.Connection:
        if away.is_set():
            raise psycopg.OperationalError
        return database.writer()

    heard: list[bool] = []
    guard.on_health(heard.append)
    writer: Writer[Item] = Writer(connect, ledger, guard)
    writer.start(batches)
    with pytest.raises(LedgerUnavailable, match="can't be reached"):
        writer.submit(item("away"))
    assert heard[:1] == [False]
    away.clear()
    until(lambda: writer.healthy)
    assert writer.submit(item("there")).index == 0
    writer.close()


def test_a_head_that_another_process_holds_fails_a_batch_and_no_more(
    database: Database, ledger: Ledger, guard: CommitGuard, batches: Batches
) -> None:
    # That one's commit may hang; this one can commit, so nothing else is given up.
    impatient = make_conninfo(database.url_server, options="-c lock_timeout=50ms")
    writer: Writer[Item] = Writer(lambda: psycopg.connect(impatient), ledger, guard)
    writer.start(batches)
    with contextlib.closing(database.connect()) as holding:
        holding.execute("SELECT FROM ledger_head FOR UPDATE")
        with pytest.raises(LedgerUnavailable, match="locked by a commit"):
            writer.submit(item("locked"))
        assert writer.healthy
    assert writer.submit(item("free")).index == 0
    writer.close()


def test_the_writer_looks_whether_its_process_runs_also_while_it_waits_for_the_head(
    database: Database, ledger: Ledger, guard: CommitGuard, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a long wait would seem to be a pause.
    looks: list[bool] = []
    look = Waits.look

    def looked(waits: Waits) -> None:
        look(waits)
        looks.append(bool(waits._begun))

    monkeypatch.setattr(Waits, "look", looked)
    patient = make_conninfo(database.url_server, options="-c lock_timeout=0 -c statement_timeout=0")
    writer: Writer[Item] = Writer(lambda: psycopg.connect(patient), ledger, guard)
    writer.start(batches)
    with contextlib.closing(database.connect()) as holding:
        holding.execute("SELECT FROM ledger_head FOR UPDATE")
        writer.put(item("locked", done=lambda _result: None))
        until(lambda: looks[-2:] == [True, True])
    writer.close()


@pytest.mark.parametrize("deliver", [True, False])
def test_a_batch_whose_commit_is_lost_is_written_once_or_not_at_all(
    database: Database,
    ledger: Ledger,
    guard: CommitGuard,
    batches: Batches,
    tmp_path: Path,
    *,
    deliver: bool,
) -> None:
    # A connection that is lost before the commit is replaced, and the batch written again.
    # One that is lost in the commit is not: PostgreSQL may have heard it.
    settings = conninfo_to_dict(database.url_server)
    name = f".s.PGSQL.{settings.get('port') or 5432}"
    wire = BrokenWire(tmp_path, Path(str(settings["host"])) / name, deliver=deliver)
    wire.armed.set()
    urls = iter([make_conninfo(database.url_server, host=str(tmp_path))])
    writer: Writer[Item] = Writer(lambda: psycopg.connect(next(urls, database.url_server)), ledger, guard)
    heard: queue.SimpleQueue[object] = queue.SimpleQueue()
    for each in ("one", "two"):
        writer.put(item(each, done=lambda _item, result: heard.put(result)))
    writer.start(batches)
    results = [heard.get(timeout=60) for _ in range(2)]
    assert wire.cut.is_set()
    assert {type(result) for result in results} == {receipt_pb2.Receipt if deliver else LedgerUnavailable}
    assert agencies(database) == (["one", "two"] if deliver else [])
    assert writer.submit(item("next")).index == len(agencies(database)) - 1
    writer.close()
    wire.close()


def test_a_lost_standby_answers_nobody(
    new_writer: NewWriter, batches: Batches, guard: CommitGuard, postgres: EmbeddedPostgres
) -> None:
    # All who wait for a commit that hangs get an error in time; then later ones fail at once; then it goes on.
    writer = new_writer(batches)
    writer.submit(item("before"))
    standby = Standby(postgres)
    try:
        standby.lose()
        with ThreadPoolExecutor(8) as pool:
            hanging = [pool.submit(writer.submit, item(f"hanging-{number}")) for number in range(8)]
            for each in hanging:
                with pytest.raises(LedgerUnavailable):
                    each.result(timeout=15)
        assert not writer.healthy
        began = time.monotonic()
        with pytest.raises(LedgerUnavailable):
            writer.submit(item("refused"))
        assert time.monotonic() - began < 0.5
    finally:
        standby.close()
    until(lambda: guard.healthy)
    writer.submit(item("after"))


def test_what_a_commit_takes_is_measured_by_its_parts(new_writer: NewWriter, batches: Batches) -> None:
    # Operators see whether it is the queue, the lock or the disk that makes calls slow.
    found: list[Written] = []
    new_writer(batches, on_written=found.append).submit(item("one"))
    (written,) = found
    assert written.items == 1
    assert written.stored is not None
    assert 0 < written.stored < written.locked < 10
    assert 0 < written.waited < 10
    assert 0 <= written.queued < 10


def test_what_is_not_stored_has_no_time_of_the_disk(new_writer: NewWriter, new_entry: NewEntry) -> None:
    class Refusing(Batches):
        def decide(
            self, items: Sequence[Item], _results: Sequence[Rows], _head: Head, _session: Session
        ) -> list[Decided | Exception]:
            return [ValueError() for _ in items]

    found: list[Written] = []
    writer = new_writer(Refusing(new_entry), on_written=found.append)
    with pytest.raises(ValueError, match=r"^$"):
        writer.submit(item("one"))
    assert [each.stored for each in found] == [None]


@pytest.mark.usefixtures("marker")
def test_what_is_set_aside_is_not_shown_later(
    new_writer: NewWriter, new_entry: NewEntry, ledger: Ledger, database: Database
) -> None:
    # An answer whose index comes after a change's index has seen that change.
    seen: dict[str, int] = {}

    class Reading(Batches):
        def reads(self, _items: Sequence[Item]) -> list[Step]:
            return [MARKERS()]

        def decide(
            self, items: Sequence[Item], results: Sequence[Rows], _head: Head, _session: Session
        ) -> list[Decided | Exception]:
            seen.update((each.name, results[0][0][0]) for each in items)
            return [self.decided(each) for each in items]

    writer = new_writer(Reading(new_entry))
    changes: list[int] = []

    def change() -> None:
        for _ in range(60):
            with database.transaction() as conn:
                conn.execute("INSERT INTO marker VALUES ('one')")
                changes.append(ledger.append(conn, [_change(new_entry)]).receipts[0].index)

    with ThreadPoolExecutor(8) as pool:
        changing = pool.submit(change)
        names = [f"read-{number}" for number in range(300)]
        receipts = dict(zip(names, pool.map(lambda name: writer.submit(item(name)), names), strict=True))
        changing.result()
    for name, receipt in receipts.items():
        assert seen[name] == sum(index < receipt.index for index in changes)


def _change(new_entry: NewEntry) -> Entry:
    return new_entry(agency="change")
