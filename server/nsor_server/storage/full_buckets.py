"""Deletes the rows of budgets that say nothing any more: full buckets, and what was named on days that are past.

Otherwise whoever makes things up to name adds rows for ever. An account without a row is a full one, so nobody's
budget changes, and what ``ledger verify`` counts again doesn't either.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

import psycopg

from nsor_server.storage.pool import Database

LOOK_SECONDS: Final = 3600.0
"""How often it is looked for such rows."""
MOST: Final = 5000
"""Rows that are deleted in one transaction: the ledger's writer may wait for it."""
_DELETE: Final = """
DELETE FROM budget
 WHERE account_id IN (
    SELECT account_id FROM budget
     WHERE counted_us + missing < (extract(epoch FROM now()) - 86400) * 1000000
       AND day < (now() AT TIME ZONE 'Asia/Karachi')::date - date '0001-01-01'
     LIMIT %s
       FOR UPDATE SKIP LOCKED)
"""
"""The slowest bucket that policy can have gets one unit a microsecond, a token an hour: whatever policy comes to be in
force, it is full at ``counted_us + missing``. A day more, and days before yesterday, since entries have an instant of
their own. Rows that the ledger's writer holds are passed over: they are in use."""

_log = logging.getLogger(__name__)


class FullBuckets:
    """A thread that deletes such rows. It may run in several processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="full-buckets", daemon=True)

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
                deleted = conn.execute(_DELETE, (MOST,)).rowcount

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except psycopg.Error as error:
                _log.error("rows of full buckets couldn't be deleted (%s); trying again", type(error).__name__)
