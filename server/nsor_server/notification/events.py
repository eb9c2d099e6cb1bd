"""Numbered events as their agencies read them: from a cursor, until acknowledged, and the wait for the next ones."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import defaultdict
from typing import Any, Final

import psycopg

from nsor.v1 import notification_pb2
from nsor_server.registration.dates import from_us, to_us
from nsor_server.rpc.calls import Connection
from nsor_server.storage.pool import Database

CHANNEL: Final = "nsor_events"
"""Notified with the agency's id at the commit of a delivery."""
MOST_EVENTS: Final = 100
"""Events in one message of a stream."""

_RETRY_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 3.0
_logger = logging.getLogger(__name__)


def read_after(conn: Connection, agency_id: str, after: int, limit: int = MOST_EVENTS) -> list[notification_pb2.Event]:
    """At most ``limit`` events of the agency after a sequence, in order."""
    rows = conn.execute(
        """
        SELECT sequence, event_id, kind, registration_id, notice_id, access_request_id, event_time
        FROM agency_event
        WHERE agency_id = %s AND sequence > %s
        ORDER BY sequence
        LIMIT %s
        """,
        (agency_id, after, limit),
    )
    return [_event(row) for row in rows]


def last(conn: Connection, agency_id: str) -> int:
    """The last sequence that the agency has been given, or 0."""
    return _number(conn, "SELECT max(sequence) FROM agency_event WHERE agency_id = %s", agency_id)


def acknowledged(conn: Connection, agency_id: str) -> int:
    """The last sequence that the agency has acknowledged, or 0."""
    return _number(conn, "SELECT max(through_sequence) FROM event_acknowledgement WHERE agency_id = %s", agency_id)


def acknowledge(conn: Connection, agency_id: str, through: int) -> None:
    """Store an acknowledgement; a repeated one changes nothing."""
    conn.execute(
        """
        INSERT INTO event_acknowledgement (agency_id, through_sequence) VALUES (%s, %s)
        ON CONFLICT (agency_id, through_sequence) DO NOTHING
        """,
        (agency_id, through),
    )


class Waiter:
    """Lets many streams wait for their agencies' next events, with one listening connection for all of them.

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
        self._thread = threading.Thread(target=self._listen, name="nsor-events-listener", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the listener, and every wait; returns within about a second."""
        self._stopped.set()
        self._wake_all()
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
                    self._follow(conn)
            except psycopg.Error as error:
                _logger.warning("listening for events failed: %s", type(error).__name__)
                self._stopped.wait(_RETRY_SECONDS)

    def _follow(self, conn: psycopg.Connection) -> None:
        conn.autocommit = True
        conn.execute(f"LISTEN {CHANNEL}")
        # What was notified while nobody listened is lost; whoever waits looks again.
        self._wake_all()
        while not self._stopped.is_set():
            for notice in conn.notifies(timeout=_RETRY_SECONDS, stop_after=1):
                self._wake(notice.payload)


def _number(conn: Connection, query: str, agency_id: str) -> int:
    row = conn.execute(query, (agency_id,)).fetchone()
    return int(row[0]) if row and row[0] is not None else 0  # type: ignore[call-overload]  # rows are untyped


def _event(row: Any) -> notification_pb2.Event:
    sequence, event_id, kind, registration_id, notice_id, access_request_id, event_time = row
    return notification_pb2.Event(
        sequence=sequence,
        event_id=str(event_id),
        kind=kind,
        registration_id=_text(registration_id),
        notice_id=_text(notice_id),
        access_request_id=_text(access_request_id),
        event_time=from_us(to_us(event_time)),
    )


def _text(record_id: uuid.UUID | None) -> str:
    return "" if record_id is None else str(record_id)
