"""The deliverer: takes events out of the outbox and numbers them for their agencies, in transactions of its own.

Numbers are given after the causing transactions have committed. Had those taken them, a number that commits late would
appear behind a reader's cursor and be lost.
"""

from __future__ import annotations

import logging
import threading
from contextlib import closing
from typing import Final

import psycopg

from nsor_server.events.waiter import CHANNEL
from nsor_server.storage import arrays
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, Session, Statement, Step

BATCH: Final = 500
"""Events that one transaction numbers."""
_STOP_SECONDS: Final = 3.0
_logger = logging.getLogger(__name__)

# Of several processes' deliverers one numbers at a time: an advisory lock ("NSOR", 4).
_TURN: Final = Statement(b"deliver turn", b"SELECT pg_advisory_xact_lock(x'4E534F5200000004'::bigint) IS NULL")()
# A statement of its own: it sees what was committed when the turn came. The events' order is that of the ledger.
_NUMBER: Final = Statement(
    b"deliver number",
    f"""
WITH next AS (
    SELECT o.event_id, r.index, r.ordinal
    FROM outbox AS o
    LEFT JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(o.event_id) AND r.version = 1
    ORDER BY o.created_at, r.index, r.ordinal, o.event_id
    LIMIT $1::bigint
), taken AS (
    DELETE FROM outbox USING next WHERE outbox.event_id = next.event_id
    RETURNING outbox.event_id, recipient, kind, registration_id, notice_id, access_request_id, about_agency, created_at,
        index, ordinal
), last AS (
    SELECT recipient, (SELECT coalesce(max(sequence), 0) FROM agency_event WHERE agency_id = recipient) AS sequence
    FROM (SELECT DISTINCT recipient FROM taken) AS recipients
), numbered AS (
    INSERT INTO agency_event (agency_id, sequence, event_id, kind, registration_id, notice_id, access_request_id,
        about_agency, event_time)
    SELECT recipient,
        sequence + row_number() OVER (PARTITION BY recipient ORDER BY created_at, index, ordinal, event_id), event_id,
        kind, registration_id, notice_id, access_request_id, about_agency, created_at
    FROM taken JOIN last USING (recipient)
    RETURNING agency_id
)
SELECT count(*), pg_notify('{CHANNEL}', agency_id) IS NULL FROM numbered GROUP BY agency_id
""".encode(),  # noqa: S608 - constants
)


def steps(batch: int = BATCH) -> tuple[Step, Step]:
    """Number at most ``batch`` events, the oldest first, and notify their agencies, in a transaction.

    A number is the agency's last one plus one, under the lock: there are no gaps, and a transaction that is rolled back
    leaves its events in the outbox, unnumbered. The rows of the second step say how many, for each agency.
    """
    return _TURN, _NUMBER(arrays.integer(batch))


def deliver(session: Session, batch: int = BATCH) -> int:
    """Do ``steps`` in a transaction of their own; returns how many events were numbered."""
    _, _, numbered, _ = session.run(BEGIN, *steps(batch), COMMIT)
    return sum(count for count, _ in numbered)


class Deliverer:
    """A thread that delivers whenever it is woken, and looks by itself as well: another process may owe something."""

    def __init__(self, database: Database, *, poll_seconds: float = 1.0) -> None:
        """``poll_seconds`` is the longest that an event of another process waits."""
        self._database = database
        self._poll_seconds = poll_seconds
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nsor-deliverer", daemon=True)

    def start(self) -> None:
        """Start to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Something was committed that may owe events."""
        self._woken.set()

    def stop(self) -> None:
        """End after the transaction that is running; returns within about ``poll_seconds``.

        A commit that waits for a lost standby is left behind: PostgreSQL decides on it, and the events stay whole.
        """
        self._stopped.set()
        self._woken.set()
        self._thread.join(self._poll_seconds + _STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with closing(self._database.writer()) as conn:
                    self._follow(Session(conn))
            except psycopg.Error as error:
                # The events stay in the outbox. The error's own text could hold ids.
                _logger.warning("delivering events failed: %s; trying again", type(error).__name__)
                self._stopped.wait(self._poll_seconds)

    def _follow(self, session: Session) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            while deliver(session) == BATCH and not self._stopped.is_set():
                pass
            self._woken.wait(self._poll_seconds)
