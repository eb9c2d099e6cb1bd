"""The deliverer: takes events out of the outbox and numbers them for their agencies, in transactions of its own.

Numbers are given after the causing transactions have committed. Had those taken them, a number that commits late would
appear behind a reader's cursor and be lost.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from contextlib import closing, suppress
from typing import Final

import psycopg

from nsor_server.alerts import Alert, alert
from nsor_server.events import consumers, hearers
from nsor_server.events.numbered import Numbered
from nsor_server.events.waiter import CHANNEL
from nsor_server.storage import arrays, locks
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.session import BEGIN, COMMIT, Session, Statement, Step
from nsor_server.tracing.attributes import EVENTS
from nsor_server.tracing.spans import DELIVERY_NAME, Tracing

BATCH: Final = 500
"""Events that one transaction numbers."""
ALERT_SECONDS: Final = 10.0
"""How long nothing may have been delivered until there is an alert: a database that starts again takes less."""
REST_SECONDS: Final = 0.02
"""Between two deliveries, so that events which come one after the other are numbered together: each is a transaction of
its own, that calls are slower beside."""
DELIVERING: Final = threading.Lock()
"""Of this process: held while events are numbered, or another process's deliverer is waited for (``let_deliver``)."""
_LETS_SECONDS: Final = 0.1
_STOP_SECONDS: Final = 3.0
_logger = logging.getLogger(__name__)

# Of several processes' deliverers one numbers at a time: an advisory lock ("NSOR", 4).
TURN: Final = 0x4E534F5200000004
_TURN: Final = Statement(b"deliver turn", b"SELECT pg_advisory_xact_lock(%d) IS NULL" % TURN)()
# A statement of its own: it sees what was committed when the turn came. The events' order is that of the ledger. The
# oldest are taken with all of their instant, since the ledger's order within that isn't in an index. Whatever is needed
# more than once is materialized: the planner takes the outbox for empty, as it mostly is, and would read it again for
# each event, so that a delivery took the longer, the more events waited.
_NUMBER: Final = Statement(
    b"deliver number",
    f"""
WITH oldest AS MATERIALIZED (
    SELECT event_id, recipient, kind, registration_id, notice_id, access_request_id, about_agency, judgment_id,
        grant_id, registration_ids, unusual_access_ids, places, created_at
    FROM outbox AS o
    WHERE {hearers.concerned_sql("o", "recipient")}
    ORDER BY created_at
    FETCH FIRST ($1::bigint) ROWS WITH TIES
), next AS MATERIALIZED (
    SELECT o.*, r.index, r.ordinal
    FROM oldest AS o
    LEFT JOIN LATERAL (
        SELECT index, ordinal
        FROM ledger_record
        WHERE table_name = 'agency_event' AND row_id = uuid_send(o.event_id) AND version = 1
        LIMIT 1
    ) AS r ON true
    ORDER BY o.created_at, r.index, r.ordinal, o.event_id
    LIMIT $1::bigint
), last AS MATERIALIZED (
    SELECT recipient, (SELECT coalesce(max(sequence), 0) FROM agency_event WHERE agency_id = recipient) AS sequence
    FROM (SELECT DISTINCT recipient FROM next) AS recipients
), taken AS (
    DELETE FROM outbox
    WHERE event_id = ANY (ARRAY(SELECT event_id FROM next)) AND created_at <= (SELECT max(created_at) FROM next)
), numbered AS (
    INSERT INTO agency_event (agency_id, sequence, event_id, kind, registration_id, notice_id, access_request_id,
        about_agency, judgment_id, grant_id, registration_ids, unusual_access_ids, places, event_time, record_index,
        record_ordinal)
    SELECT recipient,
        sequence + row_number() OVER (PARTITION BY recipient ORDER BY created_at, index, ordinal, event_id), event_id,
        kind, registration_id, notice_id, access_request_id, about_agency, judgment_id, grant_id, registration_ids,
        unusual_access_ids, places, created_at, index, ordinal
    FROM next JOIN last USING (recipient)
    RETURNING agency_id, sequence, event_id
), consumers AS MATERIALIZED (
    SELECT c.consumer_id, c.agency_id, c.places, c.kinds, began.index AS began, ended.index AS ended,
        (SELECT coalesce(max(sequence), 0) FROM consumer_event WHERE consumer_id = c.consumer_id) AS before
    FROM last JOIN event_consumer AS c ON c.agency_id = last.recipient
    {consumers.BOUNDS}
), heard AS (
    INSERT INTO consumer_event (consumer_id, sequence, agency_id, agency_sequence)
    SELECT c.consumer_id, c.before + row_number() OVER (PARTITION BY c.consumer_id ORDER BY n.sequence), n.agency_id,
        n.sequence
    FROM numbered AS n JOIN next AS e USING (event_id) JOIN consumers AS c ON c.agency_id = n.agency_id
    WHERE {consumers.hears("c", "e")}
    RETURNING consumer_id, sequence, agency_id
)
SELECT key, last, events, pg_notify('{CHANNEL}', key) IS NULL
FROM (
    SELECT agency_id AS key, max(sequence) AS last, count(*) AS events FROM numbered GROUP BY agency_id
    UNION ALL
    SELECT agency_id || '/' || consumer_id, max(sequence), 0 FROM heard GROUP BY agency_id, consumer_id
) AS told
""".encode(),  # noqa: S608 - constants
)


def steps(batch: int = BATCH) -> tuple[Step, Step]:
    """Number at most ``batch`` events, the oldest first, and notify their agencies, in a transaction.

    A number is the agency's last one plus one, under the lock: there are no gaps, and a transaction that is rolled back
    leaves its events in the outbox, unnumbered. The rows of the second step say for each numbering its last number and
    how many events it is of; consumers', which are their agency's too, are of none.
    """
    return _TURN, _NUMBER(arrays.integer(batch))


def deliver(session: Session, batch: int = BATCH, numbered: Numbered | None = None) -> int:
    """Do ``steps`` in a transaction of their own; returns how many events were numbered, and ``numbered`` learns it."""
    _, _, found, _ = session.run(BEGIN, *steps(batch), COMMIT)
    if numbered is not None:
        for key, last, _, _ in found:
            numbered.learn(key, last)
    return sum(events for _, _, events, _ in found)


def let_deliver() -> None:
    """Wait while this process delivers, a tenth of a second at most: calls beside other work, too, would wait for both.

    For who does such work, in no transaction that the deliverer could wait for.
    """
    if DELIVERING.acquire(timeout=_LETS_SECONDS):
        DELIVERING.release()


def waiting_seconds(conn: Connection) -> float:
    """For how long the oldest event that isn't delivered has waited, by the database's clock; 0: there is none."""
    row = conn.execute("SELECT extract(epoch FROM clock_timestamp() - min(created_at))::float8 FROM outbox").fetchone()
    return row[0] if row is not None and row[0] is not None else 0.0


class Deliverer:
    """A thread that delivers whenever it is woken, and looks by itself as well: another process may owe something."""

    def __init__(self, database: Database, numbered: Numbered, tracing: Tracing, *, poll_seconds: float = 1.0) -> None:
        """Prepare.

        Args:
            database: of the register.
            numbered: learns what is delivered.
            tracing: makes the span of each delivery that has events.
            poll_seconds: longest that an event of another process waits.
        """
        self._database = database
        self._numbered = numbered
        self._tracing = tracing
        self._poll_seconds = poll_seconds
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._behind_since: float | None = None
        self._alerted = False
        self._thread = threading.Thread(target=self._run, name="nsor-deliverer", daemon=True)

    def start(self) -> None:
        """Start to deliver."""
        self._thread.start()

    @property
    def behind_seconds(self) -> float:
        """For how long not everything has been delivered; 0: it is. By this process's own clock, and whatever hangs."""
        since = self._behind_since
        if not self._thread.is_alive():
            return math.inf
        return 0.0 if since is None else time.monotonic() - since

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
                self._tell(type(error).__name__)
                self._stopped.wait(self._poll_seconds)

    def _follow(self, session: Session) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            if self._behind_since is None:
                self._behind_since = time.monotonic()
            while self._deliver(session) == BATCH and not self._stopped.is_set():
                pass
            self._behind_since, self._alerted = None, False
            self._stopped.wait(REST_SECONDS)
            self._woken.wait(self._poll_seconds)

    def _deliver(self, session: Session) -> int:
        span = self._tracing.work(DELIVERY_NAME)
        with DELIVERING:
            events = deliver(session, BATCH, self._numbered)
        if events:
            span.set(EVENTS, events)
            span.close()
        return events

    def _tell(self, problem: str) -> None:
        """Alert once that nothing is delivered, and who has the turn if that is why."""
        if self._alerted or self.behind_seconds < ALERT_SECONDS:
            return
        self._alerted = True
        with suppress(psycopg.Error), closing(self._database.connect()) as conn:
            holder = locks.holder(conn, TURN)
            problem = f"{holder} has the deliverers' lock; end it" if holder else problem
        alert(Alert.EVENTS_BEHIND, "no event has been delivered for %.0f s: %s", self.behind_seconds, problem)
