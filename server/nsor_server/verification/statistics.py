"""Monthly tables along the ledger: each month counted once after its end, in order, and shown as it was counted.

A table is counted again, as long as all that it was counted from is there: not those of what registrations recorded
where one was erased since, nor that of refusals where details were dropped.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import oversight_pb2
from nsor_server import errors
from nsor_server.formats.instants import instant
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.oversight.statistics import store, times
from nsor_server.oversight.statistics.facts import Facts
from nsor_server.oversight.statistics.rules import Month
from nsor_server.registration import facts as registrations
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

GET: Final = "nsor.v1.OversightService/GetStatistics"
_WRITTEN: Final = f"""
SELECT r.index, uuid_send(m.statistics_id), m.first_index, m.stop_index, m.content, m.counted_at
FROM ledger_record AS r JOIN {store.TABLE} AS m ON m.statistics_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_ERASED: Final = f"""
SELECT EXISTS (SELECT FROM ledger_record WHERE table_name = '{registrations.ERASURE_TABLE}' AND index >= %s)
"""  # noqa: S608 - constants
_OF_REGISTRATIONS: Final = (
    oversight_pb2.STATISTICS_MEASURE_ENTRIES,
    oversight_pb2.STATISTICS_MEASURE_IDENTITIES,
    oversight_pb2.STATISTICS_MEASURE_OVERDUE,
)
_NOT_SO: Final = "a month's tables weren't counted once after its end, or not in order"
_OTHERS: Final = "a month's tables aren't what was recorded in it"
_SHOWN: Final = "a monthly table was shown that wasn't the one that was counted"


class Statistics:
    """The tables of months at each entry."""

    def __init__(self, conn: Connection, keyring: Keyring, add: Add) -> None:
        self._conn, self._keyring, self._add = conn, keyring, add
        self._written = Rows(conn, "statistics", _WRITTEN, add)
        self.concerns = Concerns((self._written,), frozenset({GET}))
        self._last: Month | None = None
        self._shown: set[bytes] = set()
        """What an entry that showed one of the tables says of it."""

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was counted or shown by the next entry."""
        for row_id, *columns in self._written.take(index):
            month = Month.numbered(int.from_bytes(row_id, "big"))
            stored = store.Stored(*columns)
            self._shown.add(store.digest(month, stored.content))
            if not self._follows(leaf, month):
                self._add(index, _NOT_SO)
            elif not self._is_counted(month, stored):
                self._add(index, _OTHERS)
            self._last = month
        is_shown = leaf.method == GET and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED
        if is_shown and detail is not None and detail.rests_on not in self._shown:
            self._add(index, _SHOWN)

    def finish(self) -> None:
        """Report what is left."""
        self._written.finish()

    def _follows(self, leaf: leaf_pb2.Leaf, month: Month) -> bool:
        """Whether it was this month's turn when its entry was written."""
        if leaf.method != times.METHOD or not 1 <= month.month <= 12 or instant(leaf.time_us) < month.next.start:
            return False
        return self._last is None or month == self._last.next

    def _is_counted(self, month: Month, stored: store.Stored) -> bool:
        """Whether the same is counted again; where something isn't there any more, it is."""
        try:
            if times.extent(self._conn, month) != (stored.first_index, stored.stop_index):
                return False
            found = Facts(self._conn, self._keyring).of(stored.first_index, stored.stop_index)
            then = {each.measure: each for each in stored.record.tables}
        except errors.Internal:
            return True  # a row contradicts itself, which is a finding of its own
        now = {each.measure: each for each in times.counted(found).tables}
        erased = self._conn.execute(_ERASED, (stored.stop_index,)).fetchone() != (False,)
        left_out = {measure for measure, each in found.items() if not each.is_whole}
        left_out.update(_OF_REGISTRATIONS if erased else ())
        return then.keys() == now.keys() and all(now[measure] == then[measure] for measure in now.keys() - left_out)
