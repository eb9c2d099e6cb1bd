"""Tells whoever was told: at the fixed times, in commits of at most so many recalls, and goes on where it has ended.

Whether an order was given, whom it met, and how many, is nothing that its causer may learn from how the tree grows. So
at each fixed time, those for reviews, there are as many entries (``rules.ENTRIES``), also when there is nothing to
tell; where they aren't enough, as many follow at once. Who has to be told is found before, from what was committed
before the order: an access of a smaller index showed what was so before, and none of a greater index shows it any more.
Whoever looks somebody up meanwhile waits for as little as may be: an entry has few recalls, and none is written while
this process delivers what the one before owes. A server has recalls made by a process beside it (``process.py``), since
whoever looks somebody up would wait for the interpreter too; should that end, they are made here.

With the first entry of a time goes whose recalls are overdue: the agency is reminded, and later NPB hears of it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, Row
from nsor_server.events import outbox, recipients
from nsor_server.events.deliverer import let_deliver
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.watching import Watching, goes_first, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.recalls import rules, store
from nsor_server.lookup.recalls.asked import Made
from nsor_server.lookup.recalls.making import TABLES, Making
from nsor_server.lookup.recalls.process import MakingProcess, ProcessEnded
from nsor_server.policy.deadlines import RECALL_ACKNOWLEDGEMENT, RECALL_ESCALATION
from nsor_server.rpc import packing
from nsor_server.storage import changes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

_log = logging.getLogger(__name__)
METHOD: Final = "nsor-server/write-recalls"
_TURN: Final = 0x4E534F5200000036
"""Of several processes one looks at a time ("NSOR", 54)."""
PER_TURN: Final = 5
"""Entries in a turn: what was written last is known within it, and isn't read again. Nothing is read while they are
written, and the turn may not be idle for long (``ledger/watching.py``)."""
_REST_SECONDS: Final = 0.0005
"""Rest between some accesses that are looked at, or recalls that are made, and the next ones while calls are recorded:
a thread that works on keeps others from theirs."""
_LEAST_REST_SECONDS: Final = 0.0001
"""And while none is: one may have just come."""
_SHARE: Final = 0.1
"""Of what one commit holds: the rows of as many recalls as an entry may have."""


class _Stopping(Exception):
    """The server ends, and nobody waits for recalls."""


class RecallTimes(Watching):
    """A thread that tells recalls whenever their time has come."""

    rest_seconds = 0.002
    """Between two entries: 10,000 recalls are 200 of them, and all are told within five seconds. However many there
    are, a look-up waits for one of them, and longer rests told nothing (docs/performance.md, Recalls)."""

    def __init__(
        self,
        database: Database,
        writer: Writer[Call],
        directory: Directory,
        tracing: Tracing,
        keyring: Keyring,
        *,
        apart: bool = False,
    ) -> None:
        """Prepare.

        Args:
            database: is read.
            writer: writes the entries.
            directory: agencies and policy.
            tracing: makes the spans of entries.
            keyring: opens and seals.
            apart: whether recalls are made by a process of their own, while there are some.
        """
        super().__init__("recall-times", "recalls", writer, tracing)
        self._database, self._directory, self._keyring = database, directory, keyring
        self._sealer, self._making = Sealer(keyring), Making(keyring, self._give_way)
        self._apart, self._ended = apart, False
        self._process: MakingProcess | None = None
        self._beside: packing.Beside | None = None

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Tell what is due."""
        return (self.tell,)

    def tell(self) -> bool:
        """Tell all that is due, before other work of this process.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: an entry can't be written now.
        """
        with goes_first():
            while self.look() and not self._stopped.wait(self._rest()):
                pass
        return False

    def look(self) -> bool:
        """Write the next entries, if the time has come, and nobody else does; tells whether there are more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: one can't be written now.
        """
        with self._database.transaction() as conn:
            if not has_turn(conn, _TURN):
                return False
            before = store.last_pass(conn, self._sealer)
            for _ in range(PER_TURN):
                record = self._begun(conn, before)
                if record is None:
                    self._forget()  # another process may have told to the end what this one has begun
                    return False
                try:
                    made = self._made(conn, before, record)
                except _Stopping:
                    return False
                let_deliver()
                written = self._begin(METHOD, made, _SHARE)()
                if not written or rules.is_ended(record):
                    self._forget()
                    return False
                if self._stopped.wait(self._rest()):
                    break
                before = record
        return True

    def stop(self) -> None:
        """End."""
        super().stop()
        self._end_process()

    def _pack(self, call: Call) -> None:
        packing.pack(call, self._beside)

    def _give_way(self) -> None:
        """Let calls of this process go on, between some accesses or recalls and the next ones."""
        time.sleep(_REST_SECONDS if self._is_beside_calls() else _LEAST_REST_SECONDS)
        let_deliver()

    def _forget(self) -> None:
        """What was found for a time, which is over, or is another process's now."""
        self._making.forget()
        self._ended = False
        self._end_process()

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.stop()

    def _begun(
        self, conn: Connection, before: record_pb2.RecallPassRecord | None
    ) -> record_pb2.RecallPassRecord | None:
        """The pass after another one; None: no time has come, or nobody can have been told of anything yet."""
        record = record_pb2.RecallPassRecord(
            recall_pass_id=os.urandom(16),
            number=(before.number if before else 0) + 1,
            time_us=to_us(self._directory.current.now()),
            nth=1,
        )
        if before is not None and not rules.is_ended(before):
            record.due_us, record.to, record.nth = before.due_us, before.to, before.nth + 1
            return record
        read = store.state(conn)
        due_us = self._directory.current.policy.reviews.last_due_us(read.now_us)
        since_us = before.due_us if before is not None else read.since_us
        if since_us is None or since_us >= due_us:
            return None
        self._forget()
        record.due_us, record.to = due_us, read.size - 1
        return record

    def _made(
        self, conn: Connection, before: record_pb2.RecallPassRecord | None, record: record_pb2.RecallPassRecord
    ) -> Outcome[empty_pb2.Empty]:
        """What a pass writes; its record says from now on how far it has come."""
        deadlines, now = self._directory.current.policy.deadlines, instant(record.time_us)
        times = record_pb2.RecallRecord(
            time_us=record.time_us,
            acknowledge_by_us=to_us(deadlines.due(RECALL_ACKNOWLEDGEMENT, now).due),
            escalate_us=to_us(deadlines.due(RECALL_ESCALATION, now).due),
        )
        made = self._recalls(conn, before, record, times)
        row, ref = store.pass_row(self._sealer, record)
        rows = [row]
        if record.nth == 1:
            rows += self._overdue(conn, before.due_us if before else 0, record.due_us)
        columns = [(TABLES[each.table], each.columns) for each in made.rows]
        self._beside = packing.Beside(changes.of_columns(columns), made.unsealed) if columns else None
        detail = record_pb2.AccessDetail(outcome="RECALLS_WRITTEN")
        seen = (store.seen(record.number - 1),)
        return Outcome(empty_pb2.Empty(), detail, rows, (ref, *made.records), seen)

    def _recalls(
        self,
        conn: Connection,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        times: record_pb2.RecallRecord,
    ) -> Made:
        """The recalls of a pass, made by the process if there is one, or can be one.

        Raises:
            _Stopping: the server ends.
            errors.Internal, psycopg.Error: as ``Making.made``.
        """
        try:
            if self._process is None and self._apart and not self._ended and self._making.is_due(conn, before, record):
                self._process = MakingProcess(self._keyring, self._database.url_server)
            if self._process is not None:
                return self._process.made(before, record, times, lambda: self._go_on(conn))
        except ProcessEnded:
            if self._stopped.is_set():
                self._end_process()
                raise _Stopping from None
            _log.error("the process that makes recalls has ended; they are made here until all are told")
            self._ended = True
            self._end_process()
        except Exception:
            self._end_process()  # its answer would be taken for that to the next question
            raise
        return self._making.made(conn, before, record, times)

    def _go_on(self, conn: Connection) -> None:
        """While the process makes recalls: keep the turn, unless this process ends.

        Raises:
            _Stopping: it ends.
            psycopg.Error: the turn is lost.
        """
        if self._stopped.is_set():
            raise _Stopping
        conn.execute("SELECT 1")

    def _overdue(self, conn: Connection, after_us: int, until_us: int) -> list[Row]:
        """What is told of recalls that nobody has acknowledged: once at each of their deadlines."""
        agencies = self._directory.current.agencies
        reminded = store.unacknowledged(conn, store.REMIND, after_us, until_us)
        rows = outbox.owed(notification_pb2.EVENT_KIND_RECALLS_OVERDUE, reminded)
        npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
        for agency in store.unacknowledged(conn, store.ESCALATE, after_us, until_us):
            rows += outbox.owed(notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED, npb, about_agency=agency)
        return rows
