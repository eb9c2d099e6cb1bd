"""Lets many streams wait for their next events, with one listening connection for all of them.

A stream is woken for what its own numbering got and for nothing else: a consumer with a filter isn't woken, and does
nothing that could be seen, when its agency hears what it doesn't.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from nsor_server.storage.pool import Database

CHANNEL: Final = "nsor_events"
"""Notified at the commit of a delivery with the key of each numbering that has gone on. Any role of the database may
notify, so whoever is woken by it looks, and believes nothing else of it."""

_RETRY_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 3.0
_logger = logging.getLogger(__name__)


class Waiting:
    """One that waits. What wakes it while it does something else ends its next wait at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._woken = False

    def wake(self) -> None:
        """End its wait, or the next one."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def wait(self, seconds: float) -> bool:
        """Wait until it is woken; False: the time is up. It is to read afterwards what it was woken for."""
        with self._changed:
            if not self._woken and seconds > 0:
                self._changed.wait(seconds)
            woken, self._woken = self._woken, False
            return woken


class Waiter:
    """Wakes whoever waits for a numbering to go on."""

    def __init__(self, database: Database) -> None:
        """Listens from ``start`` to ``stop``."""
        self._database = database
        self._waiting: dict[str, set[Waiting]] = {}
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

    @contextmanager
    def waiting(self, key: str) -> Iterator[Waiting]:
        """One that waits for a numbering, from before it first reads."""
        one = Waiting()
        with self._guard:
            self._waiting.setdefault(key, set()).add(one)
        try:
            yield one
        finally:
            with self._guard:
                left = self._waiting[key]
                left.discard(one)
                if not left:
                    del self._waiting[key]

    def _wake(self, key: str) -> None:
        with self._guard:
            found = list(self._waiting.get(key, ()))
        for one in found:
            one.wake()

    def _wake_all(self) -> None:
        with self._guard:
            keys = list(self._waiting)
        for key in keys:
            self._wake(key)

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
