"""Makes the recalls of a time, so many for each entry; who has to be told is found once for all of them.

A row that somebody has changed stops nobody else's recalls. An access that isn't what was sealed is passed over; an
order that rests on such a row is left out, and tried again at each later time.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Final

from nsor.v1 import notification_pb2
from nsor_server import errors
from nsor_server.calls import RecordRef, Row, Table, new_access_id
from nsor_server.events import outbox
from nsor_server.lookup.recalls import plan, rules, store
from nsor_server.lookup.recalls.accesses import Accesses, Connection
from nsor_server.lookup.recalls.asked import Columns, Made
from nsor_server.lookup.recalls.rules import Order, Part, Place, Planned
from nsor_server.lookup.recalls.told import Finder
from nsor_server.storage import changes, deciding
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

AT_A_TIME: Final = 34
"""Recalls that are made without a rest: a millisecond."""
TABLES: Final[Mapping[str, Table]] = {each.name: each for each in (store.RECALL_ROWS, outbox.TABLE)}
"""Of which rows are made."""


class Making:
    """Makes recalls. One thread uses it."""

    def __init__(self, keyring: Keyring, rest: Callable[[], None] | None = None) -> None:
        """Prepare.

        Args:
            keyring: opens and seals.
            rest: is done between some accesses or recalls and the next ones, so that calls of the same process go on.
        """
        self._sealer, self._finder = Sealer(keyring), Finder(keyring, rest, passes_over=True)
        self._rest = rest or _go_on
        self.forget()

    def forget(self) -> None:
        """What was found for a time, which is over, or is another process's now."""
        self._to = -1
        self._orders: list[Order] = []
        self._by_labels: dict[bytes, array[int]] | None = None
        self._among: tuple[Order, Accesses] | None = None
        self._part: tuple[Order, int, Part] | None = None

    def is_due(
        self, conn: Connection, before: record_pb2.RecallPassRecord | None, record: record_pb2.RecallPassRecord
    ) -> bool:
        """Whether there are orders of which the time of a pass has to tell.

        Args:
            conn: any role that may read.
            before: the pass before it; None: there was none.
            record: the pass.
        """
        if self._to != record.to:
            self.forget()
            self._orders, self._to = plan.orders(conn, rules.until(before), record.to), record.to
        return bool(rules.left(self._orders, before))

    def made(
        self,
        conn: Connection,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        times: record_pb2.RecallRecord,
    ) -> Made:
        """The next recalls, ready to be written.

        Args:
            conn: any role that may read.
            before: the last pass; None: there was none.
            record: the pass that writes them; it says from now on how far it has come.
            times: what they say of times.

        Raises:
            errors.Internal: too many rows can't be read that orders rest on.
            psycopg.Error: they can't be found now.
        """
        rows, refs = self._recalls(conn, before, record, times)
        columns = [Columns(table.name, packed) for table, packed in changes.packed(rows)]
        return Made(record.SerializeToString(), refs, list(deciding.records(rows)), columns)

    def _recalls(
        self,
        conn: Connection,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        times: record_pb2.RecallRecord,
    ) -> tuple[list[Row], list[RecordRef]]:
        """The rows of the next recalls."""
        until = rules.until(before)
        self.is_due(conn, before, record)
        rows, refs, room = list[Row](), list[RecordRef](), rules.PER_ENTRY
        left_out = {each.order: each for each in rules.left_out(before)}
        for place in rules.left(self._orders, before):
            left_out.pop(place.order, None)
            following: Place | None = place
            while following is not None:
                order, first, told = following
                try:
                    part = self._planned(conn, before, record, order, first)
                except errors.Internal:  # there is an alert already, and the others go on
                    left_out[order] = following
                    break
                for nth, each in enumerate(map(rules.planned, part.recalls[told : told + room])):
                    if nth % AT_A_TIME == 0:
                        self._rest()
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

    def _planned(
        self,
        conn: Connection,
        before: record_pb2.RecallPassRecord | None,
        record: record_pb2.RecallPassRecord,
        order: Order,
        first: int,
    ) -> Part:
        """The recalls of the next accesses of an order; they are found once for all entries that write them.

        Raises:
            errors.Internal: a row on which all of them rest isn't what was sealed.
        """
        if self._by_labels is None:
            several = {each.order.registration_id for each in rules.left(self._orders, before)}
            self._by_labels = self._finder.by_labels(conn, several, record.to)
        if self._among is None or self._among[0] != order:
            by_labels = self._by_labels[order.registration_id]
            among = self._finder.may_show(conn, order.registration_id, order.entry, by_labels=by_labels)
            self._among = order, among
        if self._part is None or self._part[:2] != (order, first):
            self._part = order, first, plan.part(conn, self._finder, order, first, self._among[1])
        return self._part[2]


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


def _go_on() -> None:
    """Without a rest."""
