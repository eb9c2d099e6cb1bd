"""What a probe of the database does besides committing: whether the register may write here, and goes on where it was.

It runs on connections of the server's role, under `ledger.guard`, which decides when.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg

from nsor_server.alerts import Alert, alert
from nsor_server.ledger import outside, tail
from nsor_server.ledger.append import Connection
from nsor_server.storage import catalog, soundness
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.locks import Locked, Locks
from nsor_server.storage.waits import Waits

EVERY_SECONDS: Final = 2.0
"""How often the register sees whether it can write: within this time, and that of a commit, health tells."""
SCHEMA_EVERY: Final = 5
"""Every how many probes the catalog is compared: every ten seconds, for 12 ms of one of PostgreSQL's processes."""


class Probe:
    """One register's trial of its database. Not for several threads at a time."""

    def __init__(self, keyring: Keyring, copy: Path, waits: Waits | None = None) -> None:
        """``keyring`` signs the ledger; ``copy`` is the outside copy; ``waits`` are the process's for the head."""
        self._keyring = keyring
        self._copy = copy
        self._waits = waits or Waits()
        self._compared = 0
        self._torn = ""
        self._schema_alerted = ""
        self._until_schema = SCHEMA_EVERY
        self._locks = Locks()

    def __call__(self, conn: Connection, deep: bool) -> None:
        """Write, where nobody is in the way, and compare the outside copy, which commands add to beside this process.

        Deep: lock the head, and see to the end of the ledger as well.

        Raises:
            OperatorError: the database isn't sound, somebody is in the way, or the ledger's end isn't what was signed.
            psycopg.Error: the database doesn't answer, or refuses.
        """
        try:
            self._locks.check(conn)
            soundness.probe(conn, deep=deep)
            self._schema(conn, deep=deep)
            if deep:
                self._end(conn)
            else:
                end = outside.extent(self._copy)
                self._told(lambda: outside.compare(conn, self._copy, since=self._compared))
                self._compared = end
            if self._waits.too_long:
                raise Locked(f"the ledger's head is locked again and again, by {self._locks.last or 'others'} of late")
        except psycopg.errors.LockNotAvailable:
            conn.rollback()
            self._locks.check(conn, patience=0)  # whoever is in the way now has been so for as long as this has waited
            raise

    def _schema(self, conn: Connection, *, deep: bool) -> None:
        self._until_schema = 0 if deep else self._until_schema - 1
        if self._until_schema > 0:
            return
        try:
            catalog.check(conn)
        except catalog.SchemaChanged as error:
            if str(error) != self._schema_alerted:
                self._schema_alerted = str(error)
                alert(Alert.SCHEMA_CHANGED, "%s", error)
            raise
        self._until_schema, self._schema_alerted = SCHEMA_EVERY, ""

    def resume(self, conn: Connection) -> None:
        """See to the end of the ledger on a connection that replaces one that was lost.

        Raises:
            OperatorError: the ledger's end isn't what was signed.
            psycopg.Error: the database doesn't answer.
        """
        with conn.transaction():
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        # Free only when the transaction before has ended, one way or the other.
        with self._waits.measured():
            conn.execute("SELECT FROM ledger_head FOR UPDATE")
        self._told(lambda: tail.check(conn, self._keyring, self._copy))

    def _told(self, check: Callable[[], object]) -> None:
        try:
            check()
        except (tail.TornEnd, outside.CopyAhead) as error:
            if str(error) != self._torn:
                self._torn = str(error)
                alert(Alert.LEDGER_TORN, "%s", error)
            raise
        self._torn = ""
