"""What the register does by itself when a time has come, in a thread: told once, by one process, also after a stop.

It may run in several processes; one of them works at a time, and another goes on where it has ended, also after all
were down. What has fallen due is found by an index, so many at a time, each time one entry of the ledger; nothing due
writes nothing.
"""

from __future__ import annotations

import abc
import contextlib
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import psycopg
from google.protobuf import empty_pb2
from psycopg.rows import TupleRow

from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome, new_access_id
from nsor_server.errors import ApiError
from nsor_server.formats.uuids import text
from nsor_server.ledger.entry import LedgerUnavailable, StaleRead
from nsor_server.ledger.writer import MAX_BATCH, Writer
from nsor_server.storage import locks
from nsor_server.tracing.passes import Passes
from nsor_server.tracing.spans import Tracing

LOOK_SECONDS: Final = 5.0
"""How often it is looked whether something has fallen due: when one process ends, another goes on after so long."""
HANGS_SECONDS: Final = 4.0
"""After so long without a word PostgreSQL ends the turn of a process whose host is gone. Whatever such a one still has
written is stale where another one has followed the same version."""
TAKEOVER_SECONDS: Final = 10.0
"""Within this another process goes on, whatever became of the one that had its turn; unless that one hangs with the
lock of the ledger's head, or gets it while it hangs: nobody writes until PostgreSQL ends its transaction, after 15
seconds without a word (`storage.pool.Database`)."""
REST_SECONDS: Final = 0.02
"""Rest before an entry while calls are recorded: they go first. A million duties that all move are 4,000 entries."""
LATE_SECONDS: Final = 0.02
"""For so long it is taken that calls are recorded after one that was."""
PATIENCE_SECONDS: Final = 0.005
"""For so long an entry waits for a call to be committed with, while calls are recorded: then nobody's call waits for a
commit more. Of one at a time the next comes sooner. Where they are rarer, 400 entries of recalls may not wait longer:
all are told within five seconds."""
MOST_SECONDS: Final = 600.0
"""Longest that one process has its turn at a time: each step, of up to some 100,000 rows, is a transaction."""
_AGAIN_SECONDS: Final = 3600.0
_COMMIT_SECONDS: Final = 10.0
GOES_FIRST: Final = threading.Lock()
"""Of this process: who has it writes something that somebody waits for, and work without a hurry waits with its next
step (``let_first``), since calls beside both would wait for both."""
TURNS_SECONDS: Final = 0.0001
"""How long a thread may compute while others wait and something goes first: a call comes to its next step sooner.
Beside recalls one look-up in ten took a sixth less than with the server's own (``serve.SWITCH_SECONDS``)."""
_LETS_FIRST_SECONDS: Final = 2.0
"""For no longer: whoever waits may have a turn, which mustn't be idle for as long as ``HANGS_SECONDS``."""
_log = logging.getLogger(__name__)


def has_turn(conn: psycopg.Connection[TupleRow], turn: int, *, most_seconds: float = MOST_SECONDS) -> bool:
    """Whether this process works now: until the transaction ends, or waits for it too long.

    Args:
        conn: a transaction's.
        turn: of the advisory lock that the process which works has.
        most_seconds: longest that another process may have it at a time.

    Raises:
        locks.Taken: nobody works, since somebody else has the lock.
    """
    conn.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{HANGS_SECONDS:g}s'".encode())
    if conn.execute("SELECT pg_try_advisory_xact_lock(%s)", (turn,)).fetchall()[0][0]:
        return True
    locks.require_own(conn, turn, most_seconds)
    return False


class TakenTurns:
    """Who has turns that aren't his, each told once an hour. For one thread."""

    def __init__(self) -> None:
        """Nobody was told of."""
        self._told: dict[str, float] = {}

    def tell(self, what: str, taken: locks.Taken) -> None:
        """Alert, unless that was done of late; ``what`` is it that isn't done meanwhile, in the plural."""
        now = time.monotonic()
        if now - self._told.get(str(taken), -math.inf) >= _AGAIN_SECONDS:
            self._told = {str(taken): now}
            alert(Alert.DATABASE_UNSOUND, "%s are kept waiting: %s", what, taken)


@contextlib.contextmanager
def goes_first() -> Iterator[None]:
    """Do before other work of this process what somebody waits for, with threads that take turns more often."""
    with GOES_FIRST:
        before = sys.getswitchinterval()
        sys.setswitchinterval(TURNS_SECONDS)
        try:
            yield
        finally:
            sys.setswitchinterval(before)


def let_first() -> bool:
    """Wait while something goes first in this process, two seconds at most; gives whether nothing does any more."""
    if not GOES_FIRST.acquire(timeout=_LETS_FIRST_SECONDS):
        return False
    GOES_FIRST.release()
    return True


def nothing() -> bool:
    """What waits for an entry that there is none of."""
    return True


class Watching(abc.ABC):
    """A thread that looks for what has fallen due, and has it written."""

    rest_seconds = REST_SECONDS
    """Rest before an entry while calls are recorded."""

    def __init__(self, name: str, what: str, writer: Writer[Call], tracing: Tracing) -> None:
        """Prepare.

        Args:
            name: of the thread.
            what: is watched, in the plural, for the log.
            writer: writes the entries.
            tracing: makes their spans.
        """
        self._what, self._writer, self._passes = what, writer, Passes(tracing, name)
        self._failed, self._taken = "", TakenTurns()
        self._own, self._others, self._recorded_at = 0, 0, -math.inf
        self._ended_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def name(self) -> str:
        """Of the thread."""
        return self._thread.name

    @property
    def age_seconds(self) -> float:
        """Since it has ended a round, whatever it found, or since it was made; infinite once its thread has ended."""
        if self._thread.ident is not None and not self._thread.is_alive():
            return math.inf
        return time.monotonic() - self._ended_at

    @property
    @abc.abstractmethod
    def works(self) -> Sequence[Callable[[], bool]]:
        """What is done at each look, in this order; each tells whether there may be more, and is done again then."""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(_COMMIT_SECONDS)

    def _begin(self, method: str, made: Outcome[empty_pb2.Empty], share: float = 0.0) -> Callable[[], bool]:
        """Have an entry written, of what nobody called for; gives what waits for it and tells whether it was written.

        Args:
            method: as it is recorded.
            made: without rows there is no entry.
            share: of what one commit holds, from 0 to 1.
        """
        if not made.rows:
            return nothing
        call = self._call(method, made, share)
        self._pack(call)
        wait = self._writer.begin(call)

        def stored() -> bool:
            try:
                wait()
            except StaleRead:
                call.span.close()
                return False  # another process has written it, or a version has changed: it is looked at again
            except Exception as error:
                call.span.fail(type(error).__name__)
                raise
            call.span.recorded(text(call.access_id))
            call.span.close()
            self._own += 1
            return True

        return stored

    def _pack(self, call: Call) -> None:  # noqa: B027 - a kind of work that writes little leaves it to the writer
        """Make what is made of a call before the lock: the calls that are committed with it don't wait for that."""

    def _call(self, method: str, made: Outcome[empty_pb2.Empty], share: float) -> Call:
        """Nobody called: the entry is of no agency, and there is no request and no answer to bind."""
        return Call(
            method,
            self._passes.entry(method),
            nonce=os.urandom(32),
            deadline=time.monotonic() + _COMMIT_SECONDS,
            access_id=new_access_id(),
            call_hash=os.urandom(32),
            outcome=made,
            weight=min(1 + int((MAX_BATCH - 1) * share), MAX_BATCH),
            patience=PATIENCE_SECONDS if self._is_beside_calls() else 0.0,
        )

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            went_well = [self._all(work) for work in self.works]
            self._passes.end(self._failed)
            self._failed = ""
            if all(went_well):
                self._ended_at = time.monotonic()

    def _all(self, work: Callable[[], bool]) -> bool:
        """Do one kind of work until there is no more; tells whether that went well."""
        try:
            while not self._stopped.wait(self._rest()) and work():
                pass
        except locks.Taken as taken:
            self._failed = type(taken).__name__
            self._taken.tell(self._what, taken)
        except (psycopg.Error, ApiError, LedgerUnavailable) as error:
            self._failed = type(error).__name__
            _log.error("%s couldn't be watched (%s); trying again", self._what, self._failed)
        except Exception as error:  # noqa: BLE001 - there is one thread for it, and it lives on
            self._failed = type(error).__name__
            alert(Alert.CALL_FAILED, "%s couldn't be watched (%s)", self._what, self._failed)
        else:
            return True
        return False

    def _rest(self) -> float:
        """How many seconds are rested: none unless others have recorded something since it was asked last."""
        before, self._others = self._others, self._writer.size - self._own
        if self._others == before:
            return 0.0
        self._recorded_at = time.monotonic()
        return self.rest_seconds

    def _is_beside_calls(self) -> bool:
        """Whether others have recorded something of late."""
        recorded = self._writer.size - self._own != self._others
        return recorded or time.monotonic() - self._recorded_at < LATE_SECONDS
