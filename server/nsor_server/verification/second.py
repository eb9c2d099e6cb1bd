"""The second process of a verification, as the first one sees it.

What entries made of registrations is compared there, while the tree is compared here, and details are opened here by
a thread that tells it of each: on two processors in half of the time. The tree never goes before the details: they
would be opened at half of their speed, and that process, which has the most to do, would wait for them. Without its
report nothing is whole, whatever becomes of it.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec
import psycopg
from psycopg.rows import TupleRow

from nsor_server.config import OperatorError
from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import visible
from nsor_server.verification.details import Opened, PassOn
from nsor_server.verification.messages import Begin, Ended, Entries, Found, Said, Went
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Progress, extent
from nsor_server.verification.verified import of_both, of_details

Connection = psycopg.Connection[TupleRow]
OfDetails: TypeAlias = Callable[[Callable[[], contextlib.AbstractContextManager[PassOn]], Progress], Report]
"""Opens the details, and gives what was found; what takes the entries is given to it, and what hears how far it is."""

ENTRIES: Final = 3_000
"""From so many on a second process is worth its start."""
SILENCE_SECONDS: Final = 3600.0
"""Longest that it may say nothing: between the entries and its report it reads all sealed rows."""

_AT_ONCE_BYTES: Final = 1 << 19
"""Entries that go together; of 700 bytes each, some 750."""


def collect_seldom() -> None:
    """Have Python look for cycles less often, in a process that does nothing else than to verify.

    What the imports left stays: to look through it again and again is a tenth of the time. And most of what a walk
    makes is kept, or freed without it: to look every 700 objects is another twentieth.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


class SecondProcessEnded(OperatorError):
    """The second process has ended or hangs, and has given no report."""


class Second:
    """A process that compares what entries made of registrations in a snapshot."""

    def __init__(
        self, begin: Begin, details: OfDetails, progress: Progress, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        """Start it.

        Args:
            begin: what it is told first.
            details: opens the details, in another thread, and passes each entry on.
            progress: hears how far it has come, in another thread.
            silence_seconds: longest that it may say nothing, or not listen.
        """
        self._progress = progress
        self._pace = Pace()
        self._details, self._of_details = details, Report()
        self._found: Found | None = None
        self._failed: Exception | None = None
        ours, theirs = socket.socketpair()
        ours.settimeout(silence_seconds)
        self._connection = ours
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-I", "-m", f"{__package__}.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # a traceback could quote what it was given
                pass_fds=(theirs.fileno(),),
            )
        self._threads = [
            threading.Thread(target=self._tell, args=(begin,), name="second tells", daemon=True),
            threading.Thread(target=self._listen, name="second listens", daemon=True),
        ]
        for each in self._threads:
            each.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def pace(self, done: int, of: int) -> None:
        """Wait until the details of so many entries were opened, or no more are."""
        self._pace.wait(done, of)

    def report(self) -> Report:
        """What it and the details have said, when both have ended.

        Raises:
            SecondProcessEnded: it has died or hangs, so that nobody knows.
            psycopg.Error: the details could not be read to their end.
        """
        self._join()
        if isinstance(self._failed, psycopg.Error):
            raise self._failed
        if self._found is None or self._failed is not None:
            raise SecondProcessEnded(
                "The second process of the verification ended, or hung, without a report: not all was compared. "
                "See that the machine has memory enough, and verify again."
            )
        return of_both(Report(findings=self._found.findings, remarks=self._found.remarks), self._of_details)

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._join()
        self._connection.close()

    def _join(self) -> None:
        for each in self._threads:
            each.join()

    def _tell(self, begin: Begin) -> None:
        """Tell it everything that it has to know; what keeps that from being all is in ``_failed``."""
        try:
            send(self._connection, begin)
            passing = _Passing(self._connection)
            self._of_details = self._details(lambda: contextlib.nullcontext(passing.take), self._pace.went)
            passing.end()
        except Exception as error:  # noqa: BLE001 - whatever it is, not all was compared, and ``report`` says so
            self._failed = error
            self._process.kill()  # it would wait for more
        finally:
            self._pace.end()

    def _listen(self) -> None:
        decoder: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)
        with contextlib.suppress(OSError, EOFError, ValueError):
            while self._found is None:
                match receive(self._connection, decoder):
                    case Went(done=done, of=of):
                        self._progress(done, of)
                    case Found() as found:
                        self._found = found


class Pace:
    """How far one walk has come, for another one that mustn't go before it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._done: float = 0

    def went(self, done: int, _of: int) -> None:
        """It has come so far."""
        with self._changed:
            self._done = done
            self._changed.notify_all()

    def end(self) -> None:
        """It goes no further: nobody waits for it any more."""
        with self._changed:
            self._done = math.inf
            self._changed.notify_all()

    def wait(self, done: int, _of: int) -> None:
        """Wait until it has come so far."""
        with self._changed:
            self._changed.wait_for(lambda: self._done >= done)


class _Passing:
    """Passes entries on, many at a time."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._opened: list[Opened] = []
        self._bytes = 0
        self._whole = False
        self._failed: Exception | None = None

    def take(self, opened: Opened | None) -> None:
        """Take the next entry; None: those were all.

        Raises:
            OSError: nobody reads them.
            ValueError: one is too long.
        """
        if opened is None:
            self._whole = True
            return
        _, leaf, detail = opened
        self._opened.append(opened)
        self._bytes += len(leaf) + len(detail or b"")
        if self._bytes >= _AT_ONCE_BYTES:
            self._pass_on()

    def end(self) -> None:
        """Say that there are no more, and whether those were all.

        Raises:
            OSError, ValueError: as ``take``, also when it was raised there, and taken for a finding.
        """
        if self._failed is not None:
            raise self._failed  # a part of a message may have been sent: nothing can follow it
        if self._opened:
            self._pass_on()
        send(self._connection, Ended(self._whole))

    def _pass_on(self) -> None:
        try:
            send(self._connection, Entries(self._opened))
        except (OSError, ValueError) as error:
            self._failed = error
            raise
        self._opened, self._bytes = [], 0


@contextlib.contextmanager
def begun(conn: Connection, database: Database, keyring: Keyring, progress: Progress) -> Iterator[Second | None]:
    """A second process in the snapshot of ``conn``; None where one process is as good, or better.

    Args:
        conn: in the read-only transaction that is verified.
        database: to which the process connects as ``conn`` does.
        keyring: its keys.
        progress: hears how far it has come, in another thread.
    """
    entries = _entries(conn)
    if len(os.sched_getaffinity(0)) < 2 or entries < ENTRIES:
        yield None
        return
    # A snapshot that is exported ends with its transaction, and PostgreSQL ends one whose statement it refuses.
    with contextlib.closing(database.connect()) as holder:
        visible.join(holder, visible.exported(conn))
        begin = Begin(keyring.to_bytes(), database.url_server, visible.exported(holder), entries)
        second = Second(begin, lambda passed_on, went: of_details(holder, keyring, passed_on, went), progress)
        try:
            yield second
        finally:
            second.stop()


def _entries(conn: Connection) -> int:
    """How many entries there are; -1 where there is no ledger to be read: verification says so."""
    try:
        with conn.transaction():
            return extent(conn)
    except psycopg.Error:
        return -1
