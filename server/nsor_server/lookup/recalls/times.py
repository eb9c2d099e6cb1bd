"""Tells whoever was told: at the fixed times, in commits of at most so many recalls, and goes on where it has ended.

Whether an order was given, whom it met, and how many, is nothing that its causer may learn from how the tree grows. So
at each fixed time, those for reviews, there is one entry, also when there is nothing to tell; where it isn't enough,
others follow at once. Who has to be told is found before an entry is made, from what was committed before the order:
an access of a smaller index showed what was so before, and none of a greater index shows it any more.

With the first entry of a time goes whose recalls are overdue: the agency is reminded, and later NPB hears of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, RecordRef, Row, new_access_id
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.watching import Watching, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.recalls import plan, rules, store
from nsor_server.lookup.recalls.rules import Order, Planned
from nsor_server.lookup.recalls.told import Finder
from nsor_server.policy.deadlines import RECALL_ACKNOWLEDGEMENT, RECALL_ESCALATION
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/write-recalls"
_TURN: Final = 0x4E534F5200000036
"""Of several processes one looks at a time ("NSOR", 54)."""
_REST_SECONDS: Final = 0.001
"""Rest between some accesses that are looked at and the next ones: a thread that works on keeps others from theirs."""
_SHARE: Final = 0.5
"""Of what one commit holds: the rows of as many recalls as an entry may have."""


class RecallTimes(Watching):
    """A thread that tells recalls whenever their time has come."""

    def __init__(
        self, database: Database, writer: Writer[Call], directory: Directory, tracing: Tracing, keyring: Keyring
    ) -> None:
        """Prepare.

        Args:
            database: is read.
            writer: writes the entries.
            directory: agencies and policy.
            tracing: makes the spans of entries.
            keyring: opens and seals.
        """
        super().__init__("recall-times", "recalls", writer, tracing)
        self._database, self._directory = database, directory
        self._sealer, self._finder = Sealer(keyring), Finder(keyring, _rest)
        self._planned: dict[Order, list[Planned]] = {}

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Tell what is due."""
        return (self.look,)

    def look(self) -> bool:
        """Write the next entry, if the time has come, and nobody else does; tells whether there is more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be written now.
        """
        with self._database.transaction() as conn:
            if not has_turn(conn, _TURN):
                return False
            made = self._outcome(conn)
            if made is None:
                return False
            record, outcome = made
            written = self._begin(METHOD, outcome, _SHARE)()
        if not written or not record.registration_id:
            self._planned.clear()
        return written and bool(record.registration_id)

    def _outcome(self, conn: Connection) -> tuple[record_pb2.RecallPassRecord, Outcome[empty_pb2.Empty]] | None:
        """What is written now; None: no time has come, or nobody can have been told of anything yet."""
        directory = self._directory.current
        read, before = store.state(conn), store.last_pass(conn, self._sealer)
        due_us = directory.policy.reviews.last_due_us(read.now_us)
        goes_on = before is not None and bool(before.registration_id)
        since_us = before.due_us if before is not None else read.since_us
        if not goes_on and (since_us is None or since_us >= due_us):
            return None
        record = record_pb2.RecallPassRecord(
            recall_pass_id=os.urandom(16),
            number=(before.number if before else 0) + 1,
            due_us=before.due_us if before is not None and goes_on else due_us,
            to=before.to if before is not None and goes_on else read.size - 1,
            time_us=to_us(directory.now()),
        )
        rows, refs = self._recalls(conn, before, record)
        if not goes_on:
            rows += self._overdue(conn, before.due_us if before else 0, record.due_us)
        row, ref = store.pass_row(self._sealer, record)
        detail = record_pb2.AccessDetail(outcome="RECALLS_WRITTEN")
        seen = (store.seen(record.number - 1),)
        return record, Outcome(empty_pb2.Empty(), detail, (row, *rows), (ref, *refs), seen)

    def _recalls(
        self, conn: Connection, before: record_pb2.RecallPassRecord | None, record: record_pb2.RecallPassRecord
    ) -> tuple[list[Row], list[RecordRef]]:
        """The rows of the next recalls; the record says from now on how far that is."""
        left = rules.left(plan.orders(conn, before.until if before else 0, record.to), before)
        rows, refs, room = list[Row](), list[RecordRef](), rules.PER_ENTRY
        for order, told in left:
            planned = self._of_order(conn, order)
            for each in planned[told : told + room]:
                row, ref = store.recall_row(self._sealer, self._recall(order, each, record.time_us))
                rows += [row, *outbox.owed(notification_pb2.EVENT_KIND_RECALL_ISSUED, [each.agency])]
                refs.append(ref)
            if len(planned) - told > room:
                rules.goes_on(record, order, told + room)
                return rows, refs
            room -= len(planned) - told
        record.until = record.to
        return rows, refs

    def _of_order(self, conn: Connection, order: Order) -> list[Planned]:
        """Its recalls; they are found once for all entries of a time."""
        if order not in self._planned:
            self._planned = {order: plan.of_order(conn, self._finder, order)}
        return self._planned[order]

    def _recall(self, order: Order, planned: Planned, time_us: int) -> record_pb2.RecallRecord:
        deadlines, now = self._directory.current.policy.deadlines, instant(time_us)
        return record_pb2.RecallRecord(
            recall_id=new_access_id(),
            agency=planned.agency,
            registration_id=order.registration_id,
            version=order.version,
            reason=planned.reason,
            classes=planned.classes,
            entries=planned.entries,
            time_us=time_us,
            acknowledge_by_us=to_us(deadlines.due(RECALL_ACKNOWLEDGEMENT, now).due),
            escalate_us=to_us(deadlines.due(RECALL_ESCALATION, now).due),
        )

    def _overdue(self, conn: Connection, after_us: int, until_us: int) -> list[Row]:
        """What is told of recalls that nobody has acknowledged: once at each of their deadlines."""
        agencies = self._directory.current.agencies
        reminded = store.unacknowledged(conn, store.REMIND, after_us, until_us)
        rows = outbox.owed(notification_pb2.EVENT_KIND_RECALLS_OVERDUE, reminded)
        npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
        for agency in store.unacknowledged(conn, store.ESCALATE, after_us, until_us):
            rows += outbox.owed(notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED, npb, about_agency=agency)
        return rows


def _rest() -> None:
    time.sleep(_REST_SECONDS)
