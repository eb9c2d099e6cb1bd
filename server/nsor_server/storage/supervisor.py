"""Keeps the embedded PostgreSQL running under a server: one that stops is started again, at growing intervals.

PostgreSQL ends itself when its disk fails (PANIC after a failed fsync or a full WAL disk), and starts again only by
recovering from what the disk has kept. Whether that is all that was acknowledged is not seen here: the ledger's probe
looks before anything is answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

import psycopg

from nsor_server.alerts import Alert, alert
from nsor_server.storage.embedded import EmbeddedPostgres
from nsor_server.storage.folders import EmbeddedError

LOOK_SECONDS: Final = 0.5
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 60.0
"""Between two attempts: a disk that is full for hours isn't asked every second."""

_log = logging.getLogger(__name__)


class Supervisor:
    """The thread that looks after one embedded PostgreSQL, which runs."""

    def __init__(self, embedded: EmbeddedPostgres, on_stop: Callable[[str], None]) -> None:
        """``on_stop`` hears that it has stopped, before it is started again."""
        self._embedded = embedded
        self._on_stop = on_stop
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postgres-supervisor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        wait, since = FIRST_WAIT_SECONDS, time.monotonic()
        while not self._stopped.wait(LOOK_SECONDS):
            if self._embedded.postmaster_pid is not None:
                continue
            if time.monotonic() - since > LONGEST_WAIT_SECONDS:
                wait = FIRST_WAIT_SECONDS
            self._on_stop("the embedded PostgreSQL has stopped")
            alert(Alert.DATABASE_STOPPED, "the embedded PostgreSQL has stopped; it is started again")
            while not self._stopped.wait(wait):
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)
                if self._started():
                    break
            since = time.monotonic()

    def _started(self) -> bool:
        try:
            self._embedded.start()
        except EmbeddedError as error:
            _log.error("the embedded PostgreSQL doesn't start: %s", error)
        except (OSError, psycopg.Error) as error:
            _log.error("the embedded PostgreSQL doesn't start (%s)", type(error).__name__)
        else:
            return True
        return False
