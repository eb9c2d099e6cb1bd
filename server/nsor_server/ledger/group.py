"""Group commit: one thread writes for all who wait, so that a commit's cost is shared by everybody who came meanwhile.

The writer takes what waits, locks the head, lets the calls be decided, appends all their entries and commits once;
only then are the waiters released. Reads for answers happen under the head's lock, so the order of the ledger is the
order of what each answer saw.
"""

import contextlib
import logging
import queue
import threading
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


class _Ticket(Generic[Item]):
    """An item in the queue, and its waiter's wake-up: a lock that the writer releases, cheaper than a Condition."""

    __slots__ = ("abandoned", "done", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.abandoned = False
        self.result: receipt_pb2.Receipt | Exception | None = None
        self.done = threading.Lock()
        self.done.acquire()

    def finish(self, result: receipt_pb2.Receipt | Exception) -> None:
        self.result = result
        self.done.release()


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
        self._entering = threading.Lock()
        self._closing = False
        self._writer = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._writer.start()

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
        if not self._guard.healthy:
            raise LedgerUnavailable("the ledger can't commit now")
        ticket = _Ticket(item)
        with self._entering:
            if self._closing or self._queue.qsize() >= self._waiting:
                raise Unavailable(retry_after_seconds=1.0)
            self._queue.put(ticket)
        if not ticket.done.acquire(timeout=timeout_seconds):
            ticket.abandoned = True
            raise LedgerUnavailable("the entry wasn't committed in time")
        if isinstance(ticket.result, receipt_pb2.Receipt):
            return ticket.result
        if isinstance(ticket.result, LedgerUnavailable):
            # One failure is shared by a whole batch; each waiter raises one of its own.
            raise LedgerUnavailable(*ticket.result.args) from ticket.result
        raise ticket.result or LedgerUnavailable("the writer gave no result")

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Take no more items, write those that wait, and stop."""
        with self._entering:
            if not self._closing:
                self._closing = True
                self._queue.put(None)
        self._writer.join(timeout_seconds)

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
                ticket.finish(alone if isinstance(alone, Exception) else alone[0])
            return
        for nth, ticket in enumerate(batch):
            ticket.finish(results if isinstance(results, Exception) else results[nth])

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
