"""Group commit: one thread writes for all who wait, so that a commit's cost is shared by everybody who came meanwhile.

The writer takes what waits, locks the head, lets the calls be decided, appends all their entries and commits once;
only then are the waiters released. Reads for answers happen under the head's lock, so the order of the ledger is the
order of what each answer saw.

A waiter is a thread (`submit`), or a function that the writer calls (`begin`): waking a thread for each answer costs
more than giving the answer.
"""

import contextlib
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import psycopg
from psycopg.rows import TupleRow

from nsor.v1 import receipt_pb2
from nsor_server.errors import Unavailable
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Appended, Entry, Head, LedgerUnavailable
from nsor_server.ledger.guard import CommitGuard

Connection = psycopg.Connection[TupleRow]
Item = TypeVar("Item")
Decide = Callable[[Connection, Sequence[Item], Head], Sequence[Entry | Exception]]
"""Reads under the head's lock and gives, per item, its entry; or an exception for its waiter, and no entry."""

_log = logging.getLogger(__name__)


Result = receipt_pb2.Receipt | Exception
Done = Callable[[Result], None]
"""Hears what became of an item. It runs in the writer's thread: it may not wait."""

PATIENCE_SECONDS = 0.25
"""How often items are looked for whose time is over."""


class _Ticket(Generic[Item]):
    """An item in the queue."""

    __slots__ = ("abandoned", "deadline", "done", "item")

    def __init__(self, item: Item, deadline: float, done: Done) -> None:
        self.item = item
        self.deadline = deadline
        self.done = done
        self.abandoned = False


class _Waiter:
    """A thread that waits, on a lock that the writer releases: cheaper than a Condition."""

    __slots__ = ("_lock", "_result")

    def __init__(self) -> None:
        self._result: Result = LedgerUnavailable("the writer gave no result")
        self._lock = threading.Lock()
        self._lock.acquire()

    def done(self, result: Result) -> None:
        self._result = result
        self._lock.release()

    def wait(self) -> Result:
        with self._lock:
            return self._result


class GroupCommit(Generic[Item]):
    """The writer thread and the queue before it."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        ledger: Ledger,
        guard: CommitGuard,
        decide: Decide[Item],
        *,
        most: int = 256,
        waiting: int = 4096,
    ) -> None:
        """Start the writer.

        Args:
            connect: opens a connection of the server's role.
            ledger: what is appended to.
            guard: commits.
            decide: runs in the writer's thread, in the open transaction.
            most: items per commit.
            waiting: items in the queue before ``submit`` refuses.
        """
        self._connect = connect
        self._ledger = ledger
        self._guard = guard
        self._decide = decide
        self._most = most
        self._waiting = waiting
        self._queue: queue.SimpleQueue[_Ticket[Item] | None] = queue.SimpleQueue()
        self._conn: Connection | None = None
        self._untold: dict[_Ticket[Item], None] = {}
        self._entering = threading.Lock()
        self._closing = False
        self._closed = threading.Event()
        self._writer = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._patience = threading.Thread(target=self._watch, name="ledger-patience", daemon=True)
        self._writer.start()
        self._patience.start()

    @property
    def healthy(self) -> bool:
        """Whether items are taken and can be committed."""
        return self._guard.healthy and self._writer.is_alive() and not self._closing

    def submit(self, item: Item, timeout_seconds: float) -> receipt_pb2.Receipt:
        """Have an item decided, recorded and committed; returns its receipt.

        Raises:
            Unavailable: too many wait, or the writer is closing.
            LedgerUnavailable: the entry isn't known to be durable, or wasn't in time: nothing may be answered.
            Exception: what ``decide`` raised, or gave, for this item.
        """
        waiter = _Waiter()
        self.begin(item, timeout_seconds, waiter.done)
        result = waiter.wait()
        if isinstance(result, receipt_pb2.Receipt):
            return result
        if isinstance(result, LedgerUnavailable):
            # One failure is shared by a whole batch; each waiter raises one of its own.
            raise LedgerUnavailable(*result.args) from result
        raise result

    def begin(self, item: Item, timeout_seconds: float, done: Done) -> None:
        """As `submit`, without waiting: ``done`` hears the receipt, or what `submit` would raise, once.

        Raises:
            Unavailable, LedgerUnavailable: it isn't taken, and ``done`` hears nothing.
        """
        if not self._guard.healthy:
            raise LedgerUnavailable("the ledger can't commit now")
        ticket = _Ticket(item, time.monotonic() + timeout_seconds, done)
        with self._entering:
            if self._closing or self._queue.qsize() >= self._waiting:
                raise Unavailable(retry_after_seconds=1.0)
            self._untold[ticket] = None
            self._queue.put(ticket)

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Take no more items, write those that wait, and stop."""
        with self._entering:
            if not self._closing:
                self._closing = True
                self._queue.put(None)
        self._writer.join(timeout_seconds)
        self._closed.set()
        self._patience.join(timeout_seconds)
        self._give_up(math.inf)

    def _tell(self, ticket: _Ticket[Item], result: Result) -> None:
        """Tell what became of an item, unless somebody has: whoever takes the ticket out does it."""
        if self._untold.pop(ticket, ticket) is ticket:
            return
        try:
            ticket.done(result)
        except Exception as error:  # noqa: BLE001 - whatever becomes of one call, its neighbours are answered
            _log.error("a call couldn't be told what became of it (%s)", type(error).__name__)

    def _watch(self) -> None:
        while not self._closed.wait(PATIENCE_SECONDS):
            self._give_up(time.monotonic())

    def _give_up(self, now: float) -> None:
        """Tell those whose time is over."""
        for ticket in list(self._untold):
            if ticket.deadline <= now:
                ticket.abandoned = True
                self._tell(ticket, LedgerUnavailable("the entry wasn't committed in time"))

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            batch, open_for_more = self._take()
            if batch:
                self._serve(batch)
        self._disconnect()

    def _take(self) -> tuple[list[_Ticket[Item]], bool]:
        """Wait for the first item and take with it whatever waits; False after the last one."""
        batch: list[_Ticket[Item]] = []
        ticket = self._queue.get()
        while ticket is not None:
            if not ticket.abandoned:
                batch.append(ticket)
            if len(batch) >= self._most:
                return batch, True
            try:
                ticket = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _serve(self, batch: list[_Ticket[Item]]) -> None:
        """Write a batch; if it fails, each of its items alone, so that a bad one fails by itself."""
        results = self._attempt(batch)
        if isinstance(results, Exception) and len(batch) > 1 and not isinstance(results, LedgerUnavailable):
            for ticket in batch:
                alone = self._attempt([ticket])
                self._tell(ticket, alone if isinstance(alone, Exception) else alone[0])
            return
        for nth, ticket in enumerate(batch):
            self._tell(ticket, results if isinstance(results, Exception) else results[nth])

    def _attempt(self, batch: list[_Ticket[Item]]) -> Sequence[receipt_pb2.Receipt | Exception] | Exception:
        """Write a batch in one transaction; a connection that was lost before the commit is replaced once."""
        try:
            try:
                return self._write(batch)
            except psycopg.OperationalError:
                if self._conn is not None and not self._conn.closed:
                    raise
                self._disconnect()
                return self._write(batch)
        except LedgerUnavailable as failure:
            self._disconnect()
            return failure
        except psycopg.OperationalError as error:
            lost = self._conn is None or self._conn.closed
            self._roll_back()
            if lost:
                self._guard.fail(f"no connection ({type(error).__name__})")
                return LedgerUnavailable("the database can't be reached")
            return error
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the waiter, and the writer lives on
            self._roll_back()
            return error

    def _write(self, batch: list[_Ticket[Item]]) -> Sequence[receipt_pb2.Receipt | Exception]:
        if not self._guard.healthy:
            raise LedgerUnavailable("the ledger can't commit now")
        if self._conn is None:
            self._conn = self._connect()
        conn = self._conn
        head = self._ledger.lock_head(conn)
        decided = self._decide(conn, [ticket.item for ticket in batch], head)
        if len(decided) != len(batch):
            raise RuntimeError(f"{len(batch)} items were decided as {len(decided)}")
        entries = [each for each in decided if isinstance(each, Entry)]
        if not entries:
            conn.rollback()
            return [each for each in decided if isinstance(each, Exception)]
        appended = self._ledger.append(conn, entries, head=head)
        self._guard.commit(conn, appended)
        return _in_order(decided, appended)

    def _roll_back(self) -> None:
        if self._conn is not None:
            try:
                self._conn.rollback()
            except psycopg.Error:
                self._disconnect()

    def _disconnect(self) -> None:
        if self._conn is not None:
            with contextlib.suppress(psycopg.Error):
                self._conn.close()
            self._conn = None


def _in_order(decided: Sequence[Entry | Exception], appended: Appended) -> Sequence[receipt_pb2.Receipt | Exception]:
    receipts = iter(appended.receipts)
    return [each if isinstance(each, Exception) else next(receipts) for each in decided]
