"""Tells whoever was told: at the fixed times, in commits of at most so many recalls, and goes on where it has ended.

Whether an order was given, whom it met, and how many, is nothing that its causer may learn from how the tree grows. So
at each fixed time, those for reviews, there are as many entries (``rules.ENTRIES``), also when there is nothing to
tell; where they aren't enough, as many follow at once. Who has to be told is found before, from what was committed
before the order: an access of a smaller index showed what was so before, and none of a greater index shows it any more.
Whoever looks somebody up meanwhile waits for as little as may be: an entry has few recalls, and the next one isn't made
while it is written, since whoever holds the ledger's head would wait for the interpreter too. Nor is one made or
written while this process delivers what the one before owes.

A row that somebody has changed stops nobody else's recalls. An access that isn't what was sealed is passed over; an
order that rests on such a row is left out, and tried again at each later time.

With the first entry of a time goes whose recalls are overdue: the agency is reminded, and later NPB hears of it.
"""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf import empty_pb2

from nsor.v1 import notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.directory import Directory
from nsor_server.calls import Call, Outcome, RecordRef, Row, new_access_id
from nsor_server.events import outbox, recipients
from nsor_server.events.deliverer import let_deliver
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger.watching import Watching, goes_first, has_turn
from nsor_server.ledger.writer import Writer
from nsor_server.lookup.recalls import plan, rules, store
from nsor_server.lookup.recalls.accesses import Accesses
from nsor_server.lookup.recalls.rules import Order, Part, Place, Planned
from nsor_server.lookup.recalls.told import Finder
from nsor_server.policy.deadlines import RECALL_ACKNOWLEDGEMENT, RECALL_ESCALATION
from nsor_server.rpc import packing
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import Tracing

METHOD: Final = "nsor-server/write-recalls"
_TURN: Final = 0x4E534F5200000036
"""Of several processes one looks at a time ("NSOR", 54)."""
PER_TURN: Final = 5
"""Entries in a turn: what was written last is known within it, and isn't read again. Nothing is read while they are
written, and the turn may not be idle for long (``ledger/watching.py``)."""
MADE_AT_A_TIME: Final = 34
"""Recalls that are made without a rest: a millisecond."""
_REST_SECONDS: Final = 0.0005
"""Rest between some accesses that are looked at, or recalls that are made, and the next ones while calls are recorded:
a thread that works on keeps others from theirs."""
_LEAST_REST_SECONDS: Final = 0.0001
"""And while none is: one may have just come."""
_SHARE: Final = 0.1
"""Of what one commit holds: the rows of as many recalls as an entry may have."""


class RecallTimes(Watching):
    """A thread that tells recalls whenever their time has come."""

    rest_seconds = 0.004
    """Between two entries: 10,000 recalls are 200 of them, and all are told within five seconds. However many there
    are, a look-up waits for one of them, and the longer the rest, the fewer look-ups meet one."""

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
        self._sealer, self._finder = Sealer(keyring), Finder(keyring, self._give_way, passes_over=True)
        self._orders: list[Order] | None = None
        self._by_labels: dict[bytes, array[int]] = {}
        self._among: tuple[Order, Accesses] | None = None
        self._part: tuple[Order, int, Part] | None = None

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
                    return False
                made = self._made(conn, before, record)
                let_deliver()
                written = self._begin(METHOD, made, _SHARE)()
                if not written or rules.is_ended(record):
                    self._forget()
                    return False
                if self._stopped.wait(self._rest()):
                    break
                before = record
        return True

    def _pack(self, call: Call) -> None:
        packing.pack(call)

    def _give_way(self) -> None:
        """Let calls of this process go on, between some accesses or recalls and the next ones."""
        time.sleep(_REST_SECONDS if self._is_beside_calls() else _LEAST_REST_SECONDS)
        let_deliver()

    def _forget(self) -> None:
        """What was found for a time, which is over, or is another process's now."""
        self._orders, self._by_labels, self._among, self._part = None, {}, None, None

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
        rows, refs = self._recalls(conn, before, record)
        if record.nth == 1:
            rows += self._overdue(conn, before.due_us if before else 0, record.due_us)
        row, ref = store.pass_row(self._sealer, record)
        detail = record_pb2.AccessDetail(outcome="RECALLS_WRITTEN")
        seen = (store.seen(record.number - 1),)
        return Outcome(empty_pb2.Empty(), detail, (row, *rows), (ref, *refs), seen)

    def _recalls(
        self, conn: Connection, before: record_pb2.RecallPassRecord | None, record: record_pb2.RecallPassRecord
    ) -> tuple[list[Row], list[RecordRef]]:
        """The rows of the next recalls."""
        until = rules.until(before)
        if self._orders is None:
            self._orders = plan.orders(conn, until, record.to)
            several = {each.order.registration_id for each in rules.left(self._orders, before)}
            self._by_labels = self._finder.by_labels(conn, several, record.to)
        deadlines, now = self._directory.current.policy.deadlines, instant(record.time_us)
        times = record_pb2.RecallRecord(
            time_us=record.time_us,
            acknowledge_by_us=to_us(deadlines.due(RECALL_ACKNOWLEDGEMENT, now).due),
            escalate_us=to_us(deadlines.due(RECALL_ESCALATION, now).due),
        )
        rows, refs, room = list[Row](), list[RecordRef](), rules.PER_ENTRY
        left_out = {each.order: each for each in rules.left_out(before)}
        for place in rules.left(self._orders, before):
            left_out.pop(place.order, None)
            following: Place | None = place
            while following is not None:
                order, first, told = following
                try:
                    part = self._planned(conn, order, first)
                except errors.Internal:  # there is an alert already, and the others go on
                    left_out[order] = following
                    break
                for nth, each in enumerate(map(rules.planned, part.recalls[told : told + room])):
                    if nth % MADE_AT_A_TIME == 0:
                        self._give_way()
                    row, ref = store.recall_row(self._sealer, _recall(order, each, times))
                    rows += [row, *outbox.owed(notification_pb2.EVENT_KIND_RECALL_ISSUED, [each.agency])]
                    refs.append(ref)
                if len(part.recalls) - told > room:
                    rules.ends(record, until, Place(order, first, told + room), left_out.values())
                    return rows, refs
                room -= len(part.recalls) - told
                following = None if part.behind is None else Place(order, part.behind)
            if len(left_out) > rules.LEFT_OUT:
                raise contradicted(store.RECALLS, "too many rows that %s rests on can't be read")
        rules.ends(record, until, None, left_out.values())
        return rows, refs

    def _planned(self, conn: Connection, order: Order, first: int) -> Part:
        """The recalls of the next accesses of an order; they are found once for all entries that write them.

        Raises:
            errors.Internal: a row on which all of them rest isn't what was sealed.
        """
        if self._among is None or self._among[0] != order:
            by_labels = self._by_labels[order.registration_id]
            among = self._finder.may_show(conn, order.registration_id, order.entry, by_labels=by_labels)
            self._among = order, among
        if self._part is None or self._part[:2] != (order, first):
            self._part = order, first, plan.part(conn, self._finder, order, first, self._among[1])
        return self._part[2]

    def _overdue(self, conn: Connection, after_us: int, until_us: int) -> list[Row]:
        """What is told of recalls that nobody has acknowledged: once at each of their deadlines."""
        agencies = self._directory.current.agencies
        reminded = store.unacknowledged(conn, store.REMIND, after_us, until_us)
        rows = outbox.owed(notification_pb2.EVENT_KIND_RECALLS_OVERDUE, reminded)
        npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
        for agency in store.unacknowledged(conn, store.ESCALATE, after_us, until_us):
            rows += outbox.owed(notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED, npb, about_agency=agency)
        return rows


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
