"""How far duties were counted by each policy, along the ledger: that the parts follow each other, and left nobody out.

Whoever owns the database could hide a registration while its part is counted: then what the person owes would stay due
as no policy says any more. What each owes is told again before, by ``history.py``; here it is asked of everybody whom a
part has passed whether the policy would move it still.
"""

from __future__ import annotations

import bisect
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns, Connection, Rows
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration.duties import counted, rules
from nsor_server.registration.duties.counted import Count
from nsor_server.registration.duties.history import RECOUNT, Owing
from nsor_server.registration.history import History
from nsor_server.storage.v1 import record_pb2

FOLLOWS: Final = "a part of the duties that were counted by a policy doesn't follow from the one before"
LEFT_OUT: Final = "a part of the duties that were counted by a policy has left somebody out"
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
    """The parts that were counted. The history and what is owed must be at the entry already."""

    def __init__(self, conn: Connection, history: History, owing: Owing, decided_by: DecidedBy, add: Add) -> None:
        self._history, self._owing, self._decided_by, self._add = history, owing, decided_by, add
        self._rows = Rows(conn, "duty counts", _COUNTS, add)
        self.concerns = Concerns((self._rows,), frozenset({RECOUNT}))
        self._last = counted.NOTHING

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
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
        self._last = count

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
            if rules.would_be_recounted(counting, self._owing.of(one), count.counted_us):
                return True
        return False
