"""Partitions of the ledger's tables: made ahead, so that an append never waits for one.

The server's role owns no table; the database's function `ledger_extend` makes them with the owner's rights.
"""

import logging
import threading
from typing import Final

import psycopg

from nsor_server.storage.pool import Connection, Database

WIDTH: Final = 1 << 22
"""Entries of a partition. The function in the database knows the same number."""

LOOK_SECONDS: Final = 60.0
"""How often the size is looked at: at full speed a partition lasts for half an hour."""

_log = logging.getLogger(__name__)


def extend(conn: Connection, size: int) -> int:
    """See that there are partitions for the entries from ``size`` on, up to the end of the partition after theirs.

    It may run beside appends and reads, and makes nothing that is there. The caller commits.

    Args:
        conn: any role that may append.
        size: entries so far.

    Returns:
        The size at which to extend again: the middle of the last partition.
    """
    conn.execute("SELECT ledger_extend(%s)", (size,))
    return (size // WIDTH + 1) * WIDTH + WIDTH // 2


class Keeper:
    """A thread that makes partitions long before they are needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-partitions", daemon=True)

    def start(self) -> None:
        """See to the partitions now, and from now on.

        Raises:
            psycopg.Error: they can't be made.
        """
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        self._thread.join()

    def look(self) -> None:
        """Make partitions if the ledger has grown past the middle of the last one."""
        with self._database.transaction() as conn:
            row = conn.execute("SELECT size FROM ledger_head").fetchone()
            if row is not None and row[0] >= self._due:
                self._due = extend(conn, row[0])

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except psycopg.Error as error:
                _log.error("partitions of the ledger couldn't be made (%s); trying again", type(error).__name__)
