"""The ledger's writer: one thread of a process writes for everybody, so that many calls share the cost of a commit.

The writer takes what waits, locks the head, has the calls decided, appends all their entries with the rows of their
changes, and commits once; only then do the calls hear of it. What a call decides by is read, or looked at again, under
the head's lock, so the order of the ledger is the order of what each answer saw.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import psycopg

from nsor.v1 import receipt_pb2
from nsor_server.alerts import Alert, alert
from nsor_server.config import OperatorError
from nsor_server.errors import Unavailable
from nsor_server.ledger.append import LOCK, Ledger
from nsor_server.ledger.entry import Decided, Head, LedgerUnavailable
from nsor_server.ledger.guard import CommitGuard
from nsor_server.ledger.waiting import Waiting
from nsor_server.storage import changes
from nsor_server.storage.session import BEGIN, ROLLBACK, Rows, Session, Step
from nsor_server.storage.waits import LOOK_SECONDS, Waits

Result = receipt_pb2.Receipt | Exception

MAX_BATCH: Final = 128
"""Items of one commit: as many as are decided and written within 20 ms under the lock of the head."""
MAX_WAITING: Final = 8192
"""Items that wait; whoever comes later is refused."""
MAX_OF_ONE: Final = 64
"""Items of one owner in a commit: it is the time that the others wait."""

_OF_THE_DATABASE: Final = frozenset({"0A", "25", "3D", "3F", "42", "53", "58", "XX"})
"""Classes of SQLSTATE that tell of the database's state, rights, schema, disk or memory rather than of the data."""

_log = logging.getLogger(__name__)


class Written(NamedTuple):
    """What writing a batch took.

    Attributes:
        items: of the batch.
        queued: seconds that the first of them waited to be taken, beside its patience.
        waited: seconds until the head was locked and what is decided by was read.
        locked: seconds for which the lock was held.
        stored: of these, seconds that the database took to store it all durably; None: nothing was stored.
        whole: whether it was stored, or there was nothing to store; otherwise it failed.
    """

    items: int
    queued: float
    waited: float
    locked: float
    stored: float | None
    whole: bool


class Item(Protocol):
    """What is recorded.

    Attributes:
        deadline: ``time.monotonic`` at which it is given up.
        done: hears once what became of it, in the writer's thread: it may neither wait nor raise. A receipt: the entry
            is durable. An exception: LedgerUnavailable, or what the deciding gave.
    """

    deadline: float
    done: Any


Each = TypeVar("Each", bound=Item)


class Batches(Protocol[Each]):
    """What is done with a batch."""

    def prepare(self, items: Sequence[Each], /) -> tuple[list[Each], list[Each]]:
        """The items that are written, in their order, and those that aren't; whatever can be done before the lock."""
        ...

    def pass_over(self, item: Each, /) -> None:
        """Take back an item that isn't written: the writer has forgotten it, and it may be put again."""
        ...

    def reads(self, items: Sequence[Each], /) -> list[Step]:
        """What is read under the lock."""
        ...

    def decide(
        self, items: Sequence[Each], results: Sequence[Rows], head: Head, session: Session, /
    ) -> list[Decided | Exception]:
        """What is written of each item, or an exception for it, and no entry. May be asked again for the same items."""
        ...

    def committed(self, written: Written, /) -> None:
        """The batch was written, or wasn't."""
        ...


class Writer(Generic[Each]):
    """The writer thread and the queue before it."""

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        ledger: Ledger,
        guard: CommitGuard,
        *,
        on_written: Callable[[Written], None] = lambda _written: None,
        on_connect: Callable[[psycopg.Connection[Any]], None] = lambda _conn: None,
        owner: Callable[[Each], str] = lambda _item: "",
        weight: Callable[[Each], int] = lambda _item: 1,
        patience: Callable[[Each], float] = lambda _item: 0.0,
        waits: Waits | None = None,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """Nothing is written before ``start``.

        Args:
            connect: opens a connection of the server's role.
            ledger: what is appended to.
            guard: commits.
            owner: whose an item is: of each owner a batch takes one in turn.
            weight: as how many items it counts in a batch.
            patience: for how many seconds it waits for others to be committed with.
            waits: of this process, for the head's lock.
            on_written: hears what each batch took, also of one that failed under the lock.
            on_connect: sees each connection before its first batch; raises OperatorError where it mustn't be used.
            max_batch: items of one commit.
            max_waiting: items in the queue before ``put`` refuses.
        """
        self._connect = connect
        self._ledger = ledger
        self._guard = guard
        self._batches: Batches[Each]
        self._on_written = on_written
        self._on_connect = on_connect
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._owner = owner
        self._waits = waits or Waits()
        self._waiting: Waiting[Each] = Waiting(MAX_OF_ONE, weight, patience)
        self._session: Session | None = None
        self._open: dict[int, Each] = {}
        self._entering = threading.Lock()
        self._closing = False
        self._closed = threading.Event()
        self._writer = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._overdue = threading.Thread(target=self._watch, name="ledger-overdue", daemon=True)

    def start(self, batches: Batches[Each]) -> None:
        """Begin to write."""
        self._batches = batches
        self._writer.start()
        self._overdue.start()

    @property
    def healthy(self) -> bool:
        """Whether items are taken and can be committed."""
        sound = self._guard.healthy and self._guard.responsive and self._ledger.continuity.continues
        return sound and self._writer.is_alive() and not self._closing

    @property
    def size(self) -> int:
        """Entries of the ledger that this process knows to be durable."""
        return self._ledger.continuity.size

    @property
    def waiting(self) -> int:
        """Items in the queue."""
        return len(self._waiting)

    def put(self, item: Each) -> None:
        """Have an item decided, recorded and committed; ``item.done`` hears what became of it.

        Raises:
            Unavailable: too many wait, or the writer is closing; ``done`` hears nothing.
            LedgerUnavailable: the ledger can't commit now; likewise.
        """
        if not self._guard.healthy:
            raise LedgerUnavailable("the ledger can't commit now")
        with self._entering:
            if self._closing or len(self._waiting) >= self._max_waiting:
                raise Unavailable(retry_after_seconds=1.0)
            self._open[id(item)] = item
            self._waiting.put(self._owner(item), item)

    def submit(self, item: Each) -> receipt_pb2.Receipt:
        """As ``put``, for a thread that waits; sets ``item.done`` for that.

        Raises:
            Unavailable, LedgerUnavailable: as ``put``, or the entry isn't known to be durable.
            Exception: what the deciding gave for this item.
        """
        return self.begin(item)()

    def begin(self, item: Each) -> Callable[[], receipt_pb2.Receipt]:
        """The first half of ``submit``: gives what waits for the rest, for a thread that does something meanwhile.

        Raises:
            Unavailable, LedgerUnavailable: as ``put``; the rest is raised by what it gives.
        """
        results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        item.done = lambda _item, result: results.put(result)
        self.put(item)

        def stored() -> receipt_pb2.Receipt:
            result = results.get()
            if isinstance(result, receipt_pb2.Receipt):
                return result
            if isinstance(result, LedgerUnavailable):
                # One failure is shared by a whole batch; each waiter raises one of its own.
                raise LedgerUnavailable(*result.args) from result
            raise result

        return stored

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Take no more items, write those that wait, and stop."""
        with self._entering:
            if not self._closing:
                self._closing = True
                self._waiting.close()
        if self._writer.is_alive():
            self._writer.join(timeout_seconds)
            self._closed.set()
            self._overdue.join(timeout_seconds)
        self._give_up(math.inf)

    def _done(self, item: Each, result: Result) -> None:
        """Say what became of an item, unless it was given up meanwhile."""
        if self._open.pop(id(item), None) is not item:
            return
        try:
            item.done(item, result)
        except Exception as error:  # noqa: BLE001 - whatever becomes of one call, its neighbours are answered
            _log.error("a call couldn't be answered (%s)", type(error).__name__)

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            self._waits.look()
            self._give_up(time.monotonic())

    def _give_up(self, now: float) -> None:
        """Give up the items whose time is over."""
        for item in list(self._open.values()):
            if item.deadline <= now:
                self._done(item, LedgerUnavailable("the entry wasn't committed in time"))

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            batch, open_for_more = self._take()
            try:
                ready = self._prepared(batch) if batch else []
            except Exception as error:  # noqa: BLE001 - there is one writer, and it lives on
                alert(Alert.CALL_FAILED, "a batch couldn't be prepared (%s)", type(error).__name__)
                self._ended(batch, LedgerUnavailable("a batch couldn't be prepared"))
            else:
                if ready:
                    self._serve(ready)
        self._disconnect()

    def _take(self) -> tuple[list[Each], bool]:
        """Wait for the first item and take with it what waits; False after the last one."""
        taken = self._waiting.take(self._max_batch)
        # One that was given up and put again waits twice.
        batch = {id(item): item for item in taken if id(item) in self._open}
        return list(batch.values()), bool(taken)

    def _prepared(self, batch: list[Each]) -> list[Each]:
        ready, others = self._batches.prepare(batch)
        for item in others:
            if self._open.pop(id(item), None) is item:
                self._batches.pass_over(item)
        return ready

    def _serve(self, batch: list[Each]) -> None:
        """Write a batch; if it fails, each of its items alone, so that a bad one fails by itself."""
        # No name for the results here: a failure holds the frames that it has left, and these hold this one.
        self._ended(batch, self._attempt(batch))

    def _ended(self, batch: list[Each], results: Sequence[Result] | Exception) -> None:
        if not isinstance(results, Exception):
            for item, result in zip(batch, results, strict=True):
                self._done(item, result)
        elif len(batch) == 1 or isinstance(results, LedgerUnavailable):
            for item in batch:
                self._done(item, results)
        else:
            for item in batch:
                self._ended([item], self._attempt([item]))

    def _attempt(self, batch: list[Each]) -> Sequence[Result] | Exception:
        """Write a batch in one transaction; a connection that was lost before the commit is replaced once."""
        try:
            try:
                return self._write(batch)
            except psycopg.OperationalError:
                if self._session is not None and not self._session.connection.closed:
                    raise
                self._disconnect()
                return self._write(batch)
        except LedgerUnavailable as failure:
            self._disconnect()
            return failure
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the call, and the writer lives on
            return self._failed(error)

    def _failed(self, error: Exception) -> Exception:
        """Roll back what wasn't committed; gives what the batch hears."""
        lost = self._session is None or self._session.connection.closed
        self._roll_back()
        if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
            self._guard.suspect()
            return LedgerUnavailable("the ledger is locked by a commit that doesn't end")
        if isinstance(error, psycopg.OperationalError) and lost:
            self._guard.fail(f"no connection ({type(error).__name__})")
            return LedgerUnavailable("the database can't be reached")
        if isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in _OF_THE_DATABASE:
            # It may be this item's fault alone; if it isn't, a new connection may be to a better node.
            self._guard.suspect()
            self._disconnect()
        return error

    def _write(self, batch: list[Each]) -> Sequence[Result]:
        if not self._guard.healthy:
            raise LedgerUnavailable("the ledger can't commit now")
        if self._session is None:
            self._session = self._new_session()
        session = self._session
        reads = self._batches.reads(batch)
        asked, sent = time.monotonic(), math.inf
        with self._waits.measured():
            _, locked, *results = session.run(BEGIN, LOCK, *reads)
        since = time.monotonic()
        head = self._ledger.head(session, locked)
        decided, whole = self._batches.decide(batch, results, head, session), False
        try:
            written = [each for each in decided if isinstance(each, Decided)]
            if not written:
                session.run(ROLLBACK)
                whole = True
                return [each for each in decided if isinstance(each, Exception)]
            composed = self._ledger.compose(session, head, [each.entry for each in written])
            made = [step for each in written for step in each.steps]
            made += [timed.at(head.now_us) for each in written for timed in each.timed]
            rows = changes.added([row for each in written for row in each.rows], head.now_us)
            sent = time.monotonic()
            self._guard.commit(session, composed.appended, [*composed.steps, *made, *rows])
            self._ledger.continuity.committed()
            whole = True
        finally:
            now = time.monotonic()
            stored = now - sent if sent < now else None
            self._afterwards(Written(len(batch), self._waiting.waited, since - asked, now - since, stored, whole))
        receipts = iter(composed.appended.receipts)
        return [each if isinstance(each, Exception) else next(receipts) for each in decided]

    def _new_session(self) -> Session:
        """A session on a new connection: the one before was lost, and what it has committed may be lost with it."""
        conn = self._connect()
        try:
            self._on_connect(conn)
        except OperatorError as error:
            conn.close()
            self._guard.fail(str(error))
            raise LedgerUnavailable("the ledger doesn't end as it was signed") from error
        except BaseException:
            conn.close()
            raise
        return Session(conn)

    def _afterwards(self, written: Written) -> None:
        """Say that a batch has ended. What fails here doesn't make it fail: it may be durable already."""
        try:
            self._batches.committed(written)
            self._on_written(written)
        except Exception as error:  # noqa: BLE001 - see above
            _log.error("what follows a commit has failed (%s)", type(error).__name__)

    def _roll_back(self) -> None:
        if self._session is not None:
            try:
                self._session.run(ROLLBACK)
            except psycopg.Error:
                self._disconnect()

    def _disconnect(self) -> None:
        if self._session is not None:
            with contextlib.suppress(psycopg.Error):
                self._session.connection.close()
            self._session = None
