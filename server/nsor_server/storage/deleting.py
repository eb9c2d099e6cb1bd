"""Threads that delete rows which say nothing any more, once an hour. They may run in several processes."""

from __future__ import annotations

import logging
import threading
from typing import Final, LiteralString

import psycopg

from nsor_server.storage.pool import Database

LOOK_SECONDS: Final = 3600.0
"""How often it is looked for such rows."""
MOST: Final = 5000
"""Rows that are deleted in one transaction: the ledger's writer may wait for it."""

_log = logging.getLogger(__name__)


class Deleting:
    """A thread that deletes rows.

    Args:
        database: the register's.
        name: of the thread, and of what is deleted.
        delete: a statement that deletes as many rows as its one parameter says.
    """

    def __init__(self, database: Database, name: str, delete: LiteralString) -> None:
        self._database = database
        self._name = name
        self._delete = delete
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join()

    def look(self) -> None:
        """Delete what there is, in transactions that are short.

        Raises:
            psycopg.Error: it can't be deleted now.
        """
        deleted = MOST
        while deleted == MOST and not self._stopped.is_set():
            with self._database.transaction() as conn:
                deleted = conn.execute(self._delete, (MOST,)).rowcount

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except psycopg.Error as error:
                _log.error("%s couldn't be deleted (%s); trying again", self._name, type(error).__name__)
