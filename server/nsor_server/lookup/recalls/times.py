"""Tells whoever was told: at the fixed times, in commits of at most so many recalls, and goes on where it has ended.

Whether an order was given, whom it met, and how many, is nothing that its causer may learn from how the tree grows. So
at each fixed time, those for reviews, there are as many entries (``rules.ENTRIES``), also when there is nothing to
tell; where they aren't enough, as many follow at once. Who has to be told is found before, from what was committed
before the order: an access of a smaller index showed what was so before, and none of a greater index shows it any more.
Each entry is made while the one before is written.

With the first entry of a time goes whose recalls are overdue: the agency is reminded, and later NPB hears of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
"""Rest between some accesses that are looked at and the next ones while calls are recorded: a thread that works on
keeps others from theirs."""
_LEAST_REST_SECONDS: Final = 0.0001
"""And while none is: one may have just come."""
_STALE_SECONDS: Final = 5.0
"""An entry that was made ahead says a time: it isn't written any later."""
_SHARE: Final = 0.5
"""Of what one commit holds: the rows of as many recalls as an entry may have."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An entry that is ready to be written.

    Attributes:
        after: the pass before it; empty: it is the first one.
        at: when it was made, by this host's monotonic clock.
    """

    after: bytes
    record: record_pb2.RecallPassRecord
    outcome: Outcome[empty_pb2.Empty]
    at: float


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
        self._sealer, self._finder = Sealer(keyring), Finder(keyring, self._give_way)
        self._orders: list[Order] | None = None
        self._by_labels: dict[bytes, list[int]] = {}
        self._planned: dict[Order, list[Planned]] = {}
        self._ahead: _Made | None = None

    @property
    def works(self) -> Sequence[Callable[[], bool]]:
        """Tell what is due."""
        return (self.look,)

    def look(self) -> bool:
        """Write the next entry, if the time has come, and nobody else does; tells whether there is more.

        Raises:
            psycopg.Error, ApiError, LedgerUnavailable: it can't be written now.
        """
        ahead, self._ahead = self._ahead, None
        with self._database.transaction() as conn:
            if not has_turn(conn, _TURN):
                return False
            before = store.last_pass(conn, self._sealer)
            if ahead is None or not _follows(ahead, before):
                ahead = self._made(conn, before)
            if ahead is None:
                return False
            stored = self._begin(METHOD, ahead.outcome, _SHARE)
            ended = rules.is_ended(ahead.record)
            try:
                following = None if ended else self._made(conn, ahead.record)
            finally:
                # Whatever becomes of the next one, this one is being written.
                written = stored()
        if written and not ended:
            self._ahead = following
            return True
        self._forget()
        return False

    def _give_way(self) -> None:
        """Let calls of this process go on, between some accesses that are looked at and the next ones."""
        time.sleep(_REST_SECONDS if self._rest() else _LEAST_REST_SECONDS)

    def _forget(self) -> None:
        """What was found for a time, which is over, or is another process's now."""
        self._orders, self._by_labels, self._planned = None, {}, {}

    def _made(self, conn: Connection, before: record_pb2.RecallPassRecord | None) -> _Made | None:
        """What is written after a pass; None: no time has come, or nobody can have been told of anything yet."""
        directory, goes_on = self._directory.current, before is not None and not rules.is_ended(before)
        record = record_pb2.RecallPassRecord(
            recall_pass_id=os.urandom(16),
            number=(before.number if before else 0) + 1,
            time_us=to_us(directory.now()),
            nth=1,
        )
        if before is not None and goes_on:
            record.due_us, record.to, record.nth = before.due_us, before.to, before.nth + 1
        else:
            read = store.state(conn)
            due_us = directory.policy.reviews.last_due_us(read.now_us)
            since_us = before.due_us if before is not None else read.since_us
            if since_us is None or since_us >= due_us:
                return None
            self._forget()
            record.due_us, record.to = due_us, read.size - 1
        rows, refs = self._recalls(conn, before, record)
        if not goes_on:
            rows += self._overdue(conn, before.due_us if before else 0, record.due_us)
        row, ref = store.pass_row(self._sealer, record)
        detail = record_pb2.AccessDetail(outcome="RECALLS_WRITTEN")
        seen = (store.seen(record.number - 1),)
        outcome = Outcome(empty_pb2.Empty(), detail, (row, *rows), (ref, *refs), seen)
        return _Made(before.recall_pass_id if before else b"", record, outcome, time.monotonic())

    def _recalls(
        self, conn: Connection, before: record_pb2.RecallPassRecord | None, record: record_pb2.RecallPassRecord
    ) -> tuple[list[Row], list[RecordRef]]:
        """The rows of the next recalls; the record says from now on how far that is."""
        if self._orders is None:
            self._orders = plan.orders(conn, before.until if before else 0, record.to)
            self._by_labels = self._finder.by_labels(conn, {each.registration_id for each in self._orders}, record.to)
        left = rules.left(self._orders, before)
        deadlines, now = self._directory.current.policy.deadlines, instant(record.time_us)
        times = record_pb2.RecallRecord(
            time_us=record.time_us,
            acknowledge_by_us=to_us(deadlines.due(RECALL_ACKNOWLEDGEMENT, now).due),
            escalate_us=to_us(deadlines.due(RECALL_ESCALATION, now).due),
        )
        rows, refs, room = list[Row](), list[RecordRef](), rules.PER_ENTRY
        for order, told in left:
            planned = self._of_order(conn, order)
            for each in planned[told : told + room]:
                row, ref = store.recall_row(self._sealer, _recall(order, each, times))
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
            by_labels = self._by_labels[order.registration_id]
            self._planned = {order: plan.of_order(conn, self._finder, order, by_labels)}
        return self._planned[order]

    def _overdue(self, conn: Connection, after_us: int, until_us: int) -> list[Row]:
        """What is told of recalls that nobody has acknowledged: once at each of their deadlines."""
        agencies = self._directory.current.agencies
        reminded = store.unacknowledged(conn, store.REMIND, after_us, until_us)
        rows = outbox.owed(notification_pb2.EVENT_KIND_RECALLS_OVERDUE, reminded)
        npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
        for agency in store.unacknowledged(conn, store.ESCALATE, after_us, until_us):
            rows += outbox.owed(notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED, npb, about_agency=agency)
        return rows


def _follows(made: _Made, before: record_pb2.RecallPassRecord | None) -> bool:
    """Whether what was made ahead comes after the newest pass, and is of now."""
    after = before.recall_pass_id if before is not None else b""
    return made.after == after and time.monotonic() - made.at < _STALE_SECONDS


def _recall(order: Order, planned: Planned, times: record_pb2.RecallRecord) -> record_pb2.RecallRecord:
    recall = record_pb2.RecallRecord(
        recall_id=new_access_id(),
        agency=planned.agency,
        registration_id=order.registration_id,
        version=order.version,
        made_by=order.made_by,
        row_id=order.row_id,
        reason=planned.reason,
        classes=planned.classes,
        entries=planned.entries,
    )
    recall.MergeFrom(times)
    return recall
