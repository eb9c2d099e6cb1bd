"""How far duties were counted by each policy, along the ledger: that the parts follow each other, and left nobody out.

Whoever owns the database could hide a registration while its part is counted: then what the person owes would stay due
as no policy says any more. What each owes is told again before, by ``history.py``; here it is asked of everybody whom a
part has passed whether the policy would move it still. He could also hide a policy from whoever counts: then the fixed
times go on, which the same server writes, and nobody counts.
"""

from __future__ import annotations

import bisect
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration.duties import counted, due_dates
from nsor_server.registration.duties.counted import Count
from nsor_server.registration.duties.history import RECOUNT, Owing
from nsor_server.registration.history import History
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.v1 import record_pb2

FOLLOWS: Final = "a part of the duties that were counted by a policy doesn't follow from the one before"
LEFT_OUT: Final = "a part of the duties that were counted by a policy has left somebody out"
NOT_COUNTED: Final = "no duties were counted by a policy that was in force while fixed times went on"
_TIMES: Final = 3
"""Fixed times at each of which the same part was still to be counted: whoever writes them looks each few seconds for
one. The first comes at once after a start, and so may the second."""
_COUNTS: Final = f"""
SELECT r.index, c.number, c.duties, c.deadlines, c.holidays, c.again, uuid_send(c.place), c.ended, c.size, c.counted_us
FROM ledger_record AS r
JOIN duty_count AS c ON r.row_id = convert_to(c.number::text, 'UTF8')
WHERE r.table_name = '{counted.TABLE.name}'
ORDER BY r.index, c.number
"""  # noqa: S608 - constants
_END: Final = b"\xff" * 17
"""Behind every id."""


class Counted:
    """The parts that were counted. The history, what is owed and the reviews must be at the entry already."""

    def __init__(
        self, conn: Connection, history: History, owing: Owing, decided_by: DecidedBy, *, reviewed: Reviewed, add: Add
    ) -> None:
        self._history, self._owing, self._decided_by, self._add = history, owing, decided_by, add
        self._reviewed = reviewed
        self._rows = Rows(conn, "duty counts", _COUNTS, add)
        self.concerns = Concerns((self._rows, *reviewed.rows), frozenset({RECOUNT}))
        self._last, self._waits = counted.NOTHING, 0

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if self._reviewed.written is not None:
            self._look(index, leaf.time_us)
        row = self._rows.one(index)
        if row is None or leaf.method != RECOUNT:
            if row is not None or leaf.method == RECOUNT:
                self._add(index, FOLLOWS)
            return
        count = Count.of(row)
        adopted_us = self._decided_by.adopted_us(counted.versions(count.policy))
        part = counted.next_part(self._last, count.policy, adopted_us, count.counted_us)
        if part is None or not self._follows(index, leaf, count, part):
            self._add(index, FOLLOWS)
        elif self._leaves_out(count, part.after):
            self._add(index, LEFT_OUT)
        self._last, self._waits = count, 0

    def _look(self, index: int, time_us: int) -> None:
        """See at a fixed time that nothing waits to be counted since some of them."""
        policy = self._decided_by.newest(counted.DOCUMENTS, time_us)
        part = None
        if policy is not None:
            adopted_us = self._decided_by.adopted_us(policy)
            part = counted.next_part(self._last, record_pb2.DutyPolicy(**policy), adopted_us, time_us)
        self._waits = 0 if part is None else self._waits + 1
        if self._waits == _TIMES:
            self._add(index, NOT_COUNTED)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _follows(self, index: int, leaf: leaf_pb2.Leaf, count: Count, part: counted.Part) -> bool:
        versions_us = {each.update_time_us for each in self._history.changed} - {count.counted_us}
        is_next = (count.number, count.again) == (self._last.number + 1, part.again)
        goes_on = part.after < count.place or (count.ended and count.place == part.after)
        is_of_entry = not versions_us and count.size <= index and self._owing.was_in_force(count.policy, leaf.time_us)
        return is_next and goes_on and is_of_entry

    def _leaves_out(self, count: Count, after: bytes) -> bool:
        """Whether a part has passed somebody who was there when it was read, and owes what its policy would move."""
        counting = self._owing.counting(count.policy)
        if counting is None:
            return False  # this version of the server can't read those documents
        ids = self._owing.ids()
        first, behind = (bisect.bisect_right(ids, at) for at in (after, _END if count.ended else count.place))
        for one in ids[first:behind]:
            standing = self._history.standing(one)
            if not (standing.whole and standing.confirmed and standing.index < count.size):
                continue
            if due_dates.would_be_recounted(counting, self._owing.of(one), count.counted_us):
                return True
        return False
