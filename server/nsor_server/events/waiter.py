"""Lets many streams wait for their agencies' next events, with one listening connection for all of them."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections import defaultdict
from typing import Final

import psycopg

from nsor_server.storage.pool import Database

CHANNEL: Final = "nsor_events"
"""Notified with the agency's id at the commit of a delivery."""

_RETRY_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 3.0
_logger = logging.getLogger(__name__)


class Waiter:
    """Wakes whoever waits for events of an agency.

    A stream takes ``ticket(agency_id)`` **before** it reads and hands it to ``wait`` afterwards: what was delivered in
    between ends the wait at once.
    """

    def __init__(self, database: Database) -> None:
        """Listens from ``start`` to ``stop``."""
        self._database = database
        self._conditions: defaultdict[str, threading.Condition] = defaultdict(threading.Condition)
        self._tickets: defaultdict[str, int] = defaultdict(int)
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._listening: psycopg.Connection | None = None
        self._thread = threading.Thread(target=self._listen, name="nsor-events-listener", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the listener, and every wait."""
        self._stopped.set()
        self._wake_all()
        self._hang_up()
        self._thread.join(_RETRY_SECONDS + _STOP_SECONDS)

    def ticket(self, agency_id: str) -> int:
        """How often the agency has been notified so far."""
        with self._condition(agency_id):
            return self._tickets[agency_id]

    def wait(self, agency_id: str, ticket: int, timeout_seconds: float) -> bool:
        """Wait until the agency was notified after the ticket was taken; False when the time is up or at the stop."""
        condition = self._condition(agency_id)
        with condition:
            condition.wait_for(lambda: self._tickets[agency_id] != ticket or self._stopped.is_set(), timeout_seconds)
            return self._tickets[agency_id] != ticket and not self._stopped.is_set()

    def _condition(self, agency_id: str) -> threading.Condition:
        with self._guard:
            return self._conditions[agency_id]

    def _wake(self, agency_id: str) -> None:
        condition = self._condition(agency_id)
        with condition:
            self._tickets[agency_id] += 1
            condition.notify_all()

    def _wake_all(self) -> None:
        with self._guard:
            agency_ids = list(self._conditions)
        for agency_id in agency_ids:
            self._wake(agency_id)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._database.connect() as conn:
                    self._listening = conn
                    self._follow(conn)
            except psycopg.Error as error:
                if self._stopped.is_set():
                    return
                _logger.warning("listening for events failed: %s", type(error).__name__)
                self._stopped.wait(_RETRY_SECONDS)

    def _hang_up(self) -> None:
        """End the connection that listens: it would notice the stop only when it has waited to its end."""
        conn = self._listening
        with contextlib.suppress(psycopg.Error, OSError):
            if conn is not None:
                with socket.socket(fileno=os.dup(conn.fileno())) as its:
                    its.shutdown(socket.SHUT_RDWR)

    def _follow(self, conn: psycopg.Connection) -> None:
        conn.autocommit = True
        conn.execute(f"LISTEN {CHANNEL}")
        # What was notified while nobody listened is lost; whoever waits looks again.
        self._wake_all()
        while not self._stopped.is_set():
            for notice in conn.notifies(timeout=_RETRY_SECONDS, stop_after=1):
                self._wake(notice.payload)
