"""The second process of a verification, as the first one sees it.

Details and seals are compared there, while the tree is compared here: on two processors in half of the time. Whatever
becomes of that process, without its report nothing is whole.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Final

import msgspec
import psycopg
from psycopg.rows import TupleRow

from nsor_server.config import OperatorError
from nsor_server.sockets import receive, send
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification import visible
from nsor_server.verification.messages import Begin, Found, Said, Went
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Progress, extent

Connection = psycopg.Connection[TupleRow]

ENTRIES: Final = 3_000
"""From so many on a second process is worth its start."""
SILENCE_SECONDS: Final = 3600.0
"""Longest that it may say nothing: between the entries and its report it reads all sealed rows."""


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
    """A process that compares details and seals in a snapshot."""

    def __init__(self, begin: Begin, progress: Progress, silence_seconds: float = SILENCE_SECONDS) -> None:
        """Start it.

        Args:
            begin: what it is told.
            progress: hears how far it has come, in another thread.
            silence_seconds: longest that it may say nothing.
        """
        self._progress = progress
        self._found: Found | None = None
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
        self._listener = threading.Thread(target=self._listen, args=(begin,), name="second", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def report(self) -> Report:
        """What it has found, when it has ended.

        Raises:
            SecondProcessEnded: it has died or hangs, so that nobody knows.
        """
        self._listener.join()
        if self._found is None:
            raise SecondProcessEnded(
                "The second process of the verification ended, or hung, without a report: not all was compared. "
                "See that the machine has memory enough, and verify again."
            )
        return Report(findings=self._found.findings, remarks=self._found.remarks, leaves=self._found.leaves)

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._listener.join()
        self._connection.close()

    def _listen(self, begin: Begin) -> None:
        decoder: msgspec.msgpack.Decoder[Said] = msgspec.msgpack.Decoder(Said)
        with contextlib.suppress(OSError, EOFError, ValueError):
            send(self._connection, begin)
            while self._found is None:
                match receive(self._connection, decoder):
                    case Went(done=done, of=of):
                        self._progress(done, of)
                    case Found() as found:
                        self._found = found


@contextlib.contextmanager
def begun(conn: Connection, database: Database, keyring: Keyring, progress: Progress) -> Iterator[Second | None]:
    """A second process in the snapshot of ``conn``; None where one process is as good, or better.

    Args:
        conn: in the read-only transaction that is verified.
        database: to which the process connects as ``conn`` does.
        keyring: its keys.
        progress: hears how far it has come, in another thread.
    """
    if len(os.sched_getaffinity(0)) < 2 or not _has(conn, ENTRIES):
        yield None
        return
    # A snapshot that is exported ends with its transaction, and PostgreSQL ends one whose statement it refuses.
    with contextlib.closing(database.connect()) as holder:
        visible.join(holder, visible.exported(conn))
        begin = Begin(keyring.to_bytes(), database.url_server, visible.exported(holder))
        second = Second(begin, progress)
        try:
            yield second
        finally:
            second.stop()


def _has(conn: Connection, entries: int) -> bool:
    """Whether there are so many entries. Where there is no ledger to be read, verification says so."""
    try:
        with conn.transaction():
            return extent(conn) >= entries
    except psycopg.Error:
        return False
