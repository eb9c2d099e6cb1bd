"""A comparison in which PostgreSQL has most of the work, made while others go on: in the same snapshot, by a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor_server.storage.pool import Database
from nsor_server.verification import visible
from nsor_server.verification.report import Report

Connection = psycopg.Connection[TupleRow]

_CANCEL_SECONDS: Final = 0.2
"""Between two attempts to end a statement whose result nobody wants."""


class Beside:
    """What a thread compares on a connection of its own."""

    def __init__(self, conn: Connection, compare: Callable[[Connection, Report], None]) -> None:
        """Begin; ``conn`` has joined the snapshot, and is the thread's alone until it has ended."""
        self._conn, self._compare = conn, compare
        self._report = Report()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="compared beside", daemon=True)
        self._thread.start()

    def report(self) -> Report:
        """What it has found, when it has ended.

        Raises:
            Exception: what has ended it before all was compared.
            RuntimeError: it was ended by what is no fault, such as an exit.
        """
        self._thread.join()
        if isinstance(self._failed, Exception):
            raise self._failed
        if self._failed is not None:
            raise RuntimeError("what is compared beside the walks was ended before its end") from self._failed
        return self._report

    def stop(self) -> None:
        """End it, whatever it does."""
        while self._thread.is_alive():
            self._conn.cancel()
            self._thread.join(_CANCEL_SECONDS)

    def _run(self) -> None:
        try:
            self._compare(self._conn, self._report)
        except BaseException as error:  # noqa: BLE001 - whatever it is, not all was compared, and ``report`` raises it
            self._failed = error


@contextlib.contextmanager
def begun(conn: Connection, database: Database, compare: Callable[[Connection, Report], None]) -> Iterator[Beside]:
    """A comparison in the snapshot of ``conn``.

    Args:
        conn: in the read-only transaction that is verified.
        database: to which the thread's connection goes, as ``conn`` does.
        compare: on that connection, for that report.
    """
    with contextlib.closing(database.connect()) as own:
        visible.join(own, visible.exported(conn))
        beside = Beside(own, compare)
        try:
            yield beside
        finally:
            beside.stop()
