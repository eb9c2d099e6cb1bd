"""The watchdog over commits: nothing is answered unless PostgreSQL has said, plainly and in time, that it is durable.

A commit that waits for a lost synchronous standby is bounded by no timeout of PostgreSQL's, and cancelling it reports
success with a warning ("might not have been replicated"). So a commit that hangs is never cancelled: its connection
is shut down, its calls get LedgerUnavailable, and the guard is unhealthy until a fresh connection has committed a
write. WAL is one sequence: when that write is durable, so is everything before it.

Whatever else makes calls fail for everybody (a standby behind the URL, a full disk, rights that were taken) is found by
a probe: a write of its own every few seconds, at once when somebody suspects, and before the guard is healthy again.
"""

import contextlib
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from nsor.ledger.v1 import leaf_pb2
from nsor_server.alerts import Alert, alert
from nsor_server.config import OperatorError
from nsor_server.ledger.entry import Appended, LedgerUnavailable
from nsor_server.storage.session import COMMIT, Session, Step

Connection = psycopg.Connection[Any]
Trial = Callable[[Connection, bool], None]
"""(connection of the server's role, deep) -> nothing; writes as a probe, and raises OperatorError or psycopg.Error."""

OVERDUE_SECONDS: Final = 10.0
"""A probe that doesn't end in this time, as one of a host that is gone, says as much as one that fails."""

_log = logging.getLogger(__name__)

_FOUND = """
SELECT leaf FROM ledger_entry WHERE access_id = %s AND index = %s
"""
# Waits for the head's lock, which is free only when the transaction before has ended, one way or the other.
_PROBE = "UPDATE ledger_head SET time_us = time_us"


@dataclass(slots=True)
class _Watched:
    """A commit that is running."""

    descriptor: int
    deadline: float
    hung: bool = False
    warnings: list[str] = field(default_factory=list)


class CommitGuard:
    """Commits transactions and knows whether the register can commit at all. Threads share it."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        timeout_seconds: float = 5.0,
        on_commit: Callable[[Appended], None] | None = None,
        trial: Trial = lambda _conn, _deep: None,
        probe_seconds: float | None = None,
    ) -> None:
        """Watch from now on.

        Args:
            connect: opens a connection of the server's role.
            timeout_seconds: after which a commit hangs.
            on_commit: sees what was committed, and mustn't block.
            trial: what a probe does on its connection besides; deep before the guard is healthy again.
            probe_seconds: how often to probe while all is well; None: never.
        """
        self._trial = trial
        self._every = probe_seconds
        self._connect = connect
        self._timeout = timeout_seconds
        self._on_commit = on_commit
        self._running: set[int] = set()
        self._watched: dict[int, _Watched] = {}
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._listeners: list[Callable[[bool], None]] = []
        self._healthy = True
        self._failures = 0
        self._doubted = threading.Event()
        self._probed = time.monotonic()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._watch, name="ledger-watchdog", daemon=True),
            threading.Thread(target=self._recover, name="ledger-probe", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def healthy(self) -> bool:
        """Whether the last commit, or the last probe after a failed one, went through."""
        return self._healthy

    @property
    def responsive(self) -> bool:
        """Whether a probe has ended lately, if they are made at all."""
        if self._every is None:
            return True
        return time.monotonic() - self._probed < self._every + max(OVERDUE_SECONDS, 2 * self._timeout)

    def suspect(self) -> None:
        """Probe at once, and deep: something failed that may fail for everybody."""
        self._doubted.set()

    def on_health(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener`` with each change of health, from the guard's own or a committing thread."""
        self._listeners.append(listener)

    def commit(self, session: Session, appended: Appended, steps: Sequence[Step] = ()) -> None:
        """Do the last steps of the transaction that holds these entries, and commit it, in one round trip.

        Afterwards, and only then, its receipts may be given away.

        Raises:
            LedgerUnavailable: it isn't known to be durable: nothing may be answered. The connection may be gone.
            psycopg.Error: a step failed, or the database has rolled the transaction back because of what it holds, such
                as a deferred constraint.
        """
        conn = session.connection
        if not self._healthy:
            raise LedgerUnavailable("the ledger can't commit now")
        if conn.closed or conn.info.transaction_status != TransactionStatus.INTRANS:
            raise LedgerUnavailable("there is no sound transaction to commit")

        def commit() -> str:
            session.run(*steps, COMMIT)
            return session.status.decode()

        try:
            self._watched_commit(conn, commit)
        except _Lost as lost:
            if not self._is_durable(appended):
                raise LedgerUnavailable(str(lost)) from lost
        except _Failed as failure:
            self._fail(str(failure))
            raise LedgerUnavailable(str(failure)) from failure
        if self._on_commit is not None:
            try:
                self._on_commit(appended)
            except Exception as error:  # noqa: BLE001 - it is durable: whoever hears a failure would write it again
                alert(Alert.CALL_FAILED, "what was committed couldn't be told (%s)", type(error).__name__)

    def fail(self, reason: str) -> None:
        """Be unhealthy until a probe has committed: whoever writes can't."""
        self._fail(reason)

    def close(self) -> None:
        """Stop watching; commits that still run are not watched any more."""
        self._closed.set()
        self._doubted.set()
        for thread in self._threads:
            thread.join(timeout=self._timeout + 1)

    def _watched_commit(self, conn: Connection, commit: Callable[[], str | None]) -> None:
        """Commit; raises _Failed when it may not count, and _Lost when the connection died and nobody knows.

        ``commit`` gives what the database says of it.
        """
        watched = _Watched(conn.fileno(), time.monotonic() + self._timeout)

        def notice(diagnostic: psycopg.errors.Diagnostic) -> None:
            watched.warnings.append(diagnostic.sqlstate or "no SQLSTATE")

        conn.add_notice_handler(notice)
        with self._lock:
            self._watched[id(watched)] = watched
        try:
            status = commit()
        except psycopg.OperationalError as error:
            if watched.hung:
                raise _Failed("the commit hung") from error
            if conn.closed:
                raise _Lost("the connection was lost during the commit") from error
            if conn.info.transaction_status == TransactionStatus.INERROR:
                raise  # a step before the commit failed
            raise _Failed(f"the commit was refused ({error.sqlstate})") from error
        finally:
            with self._lock:
                del self._watched[id(watched)]
            conn.remove_notice_handler(notice)
        if watched.warnings:
            raise _Failed(f"the commit came with a warning ({watched.warnings[0]})")
        if status != "COMMIT":
            raise _Failed("the commit became a rollback")

    def _watch(self) -> None:
        """Shut down the connections of commits that hang."""
        while not self._closed.wait(self._timeout / 5):
            now = time.monotonic()
            with self._lock:
                hung = [each for each in self._watched.values() if each.deadline <= now and not each.hung]
                for each in hung:
                    # Under the lock the committing thread can't leave, so the descriptor is still its connection's.
                    each.hung = True
                    _shut_down(each.descriptor)
            if hung:
                self._fail("a commit hangs")

    def _is_durable(self, appended: Appended) -> bool:
        """Look an unknown outcome up by access id, on a connection of its own, and see that it stays."""
        if not appended.receipts:
            return False
        receipt = appended.receipts[0]
        access_id = uuid.UUID(bytes=leaf_pb2.Leaf.FromString(receipt.leaf).access_id)
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                with contextlib.closing(self._connect()) as conn:
                    self._bound(conn)
                    # The head's lock is free only when the lost transaction has ended, one way or the other.
                    conn.execute(_PROBE)
                    row = conn.execute(_FOUND, (access_id, receipt.index), binary=True).fetchone()
                    self._watched_commit(conn, lambda: conn.execute("COMMIT", prepare=False).statusmessage)
                return row is not None and row[0] == receipt.leaf
            except (psycopg.Error, _Failed, _Lost) as error:
                # PostgreSQL may be starting again.
                if time.monotonic() >= deadline or self._closed.wait(self._timeout / 20):
                    self._fail(f"an unknown outcome couldn't be looked up ({type(error).__name__})")
                    return False

    def _recover(self) -> None:
        """Probe from time to time and when asked to; while unhealthy, until a write is committed."""
        while not self._closed.is_set():
            doubted = self._doubted.wait(self._every)
            self._doubted.clear()
            if self._healthy and not self._closed.is_set():
                problem = self._probe(deep=doubted)
                if problem is not None and self._healthy:
                    self._fail(problem)
            while not self._healthy and not self._closed.wait(min(0.5, self._timeout / 5)):
                failures = self._failures
                self._doubted.clear()
                if self._probe(deep=True) is None:
                    self._set(failures)

    def _probe(self, *, deep: bool) -> str | None:
        """Commit a write on a fresh connection; gives what is wrong."""
        try:
            with contextlib.closing(self._connect()) as conn:
                self._bound(conn)
                self._trial(conn, deep)
                if deep:
                    conn.execute(_PROBE)
                self._watched_commit(conn, lambda: conn.execute("COMMIT", prepare=False).statusmessage)
        except OperatorError as error:
            return str(error)
        except psycopg.Error as error:
            return f"a probe failed ({type(error).__name__})"
        except (_Failed, _Lost) as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - there is one thread that probes, and it lives on
            return f"a probe failed ({type(error).__name__})"
        finally:
            self._probed = time.monotonic()
        return None

    def _bound(self, conn: Connection) -> None:
        """A probe may not queue for long behind the lock of a commit that hangs."""
        conn.execute(f"SET LOCAL lock_timeout = {max(1, int(self._timeout * 1000))}")

    def _fail(self, reason: str) -> None:
        _log.error("ledger unavailable: %s", reason)
        self._set(None, reason)
        self._doubted.set()

    def _set(self, failures: int | None, reason: str = "") -> None:
        """Note a failure (None), or a probe that succeeded; it counts only if nothing has failed since it began."""
        with self._telling:
            healthy = failures is not None and failures == self._failures
            if failures is None:
                self._failures += 1
            if self._healthy != healthy:
                self._healthy = healthy
                if not healthy:
                    alert(Alert.DATABASE_UNSOUND, "nothing is answered: %s", reason)
                for listener in self._listeners:
                    listener(healthy)


class _Failed(Exception):
    """The commit hung, was refused, or came with a warning."""


class _Lost(Exception):
    """The connection died during the commit: the outcome is unknown."""


def _shut_down(descriptor: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)
