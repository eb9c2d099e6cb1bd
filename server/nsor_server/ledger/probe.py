"""What a probe of the database does besides committing: whether the register may write here, and goes on where it was.

It runs on connections of the server's role, under `ledger.guard`, which decides when.
"""

from pathlib import Path
from typing import Final

from nsor_server.alerts import Alert, alert
from nsor_server.ledger import outside, tail
from nsor_server.ledger.append import Connection
from nsor_server.storage import soundness
from nsor_server.storage.keyring import Keyring

EVERY_SECONDS: Final = 2.0
"""How often the register sees whether it can write: within this time, and that of a commit, health tells."""


class Probe:
    """One register's trial of its database. Not for several threads at a time."""

    def __init__(self, keyring: Keyring, copy: Path) -> None:
        """``keyring`` signs the ledger; ``copy`` is the outside copy."""
        self._keyring = keyring
        self._copy = copy
        self._torn = ""

    def __call__(self, conn: Connection, deep: bool) -> None:
        """Write; deep: see to the end of the ledger as well, whose head ``conn`` has locked.

        Raises:
            OperatorError: the database isn't sound, or the ledger's end isn't what was signed.
            psycopg.Error: the database doesn't answer, or refuses.
        """
        soundness.probe(conn, deep=deep)
        if deep:
            self._end(conn)

    def _end(self, conn: Connection) -> None:
        try:
            tail.check(conn, self._keyring, self._copy)
        except (tail.TornEnd, outside.CopyAhead) as error:
            if str(error) != self._torn:
                self._torn = str(error)
                alert(Alert.LEDGER_TORN, "%s", error)
            raise
        self._torn = ""
