"""The look-up's fixed times along the ledger: each follows the one before, and gives back the uses that it had to.

Whoever owns the database could give a use back that he likes to have once more, or hide a grant for a time. Who came
to stand, whom the grants name and what their look-ups were answered say which uses had to be given back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.grants.history import Grants
from nsor_server.lookup.returned import is_shown
from nsor_server.lookup.times import METHOD, TIMES
from nsor_server.registration import returned
from nsor_server.registration.history import History
from nsor_server.registration.standing import Standing
from nsor_server.storage.v1 import record_pb2

_TIMES: Final = f"""
SELECT r.index, t.number, (extract(epoch FROM t.due_at) * 1000000)::bigint, t.looked_to
FROM ledger_record AS r JOIN {TIMES.name} AS t ON t.look_up_time_id = {UUID_OF_RECORD}
WHERE r.table_name = '{TIMES.name}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
AT_NO_TIME: Final = "a use of a grant was given back at no fixed time of the look-up"
NOT_FOLLOWING: Final = "a fixed time of the look-up doesn't follow the one before"
LEFT_OUT: Final = "a fixed time of the look-up has left out who came to stand before the last one"
OTHERS: Final = "a fixed time gave other uses back than those of whom they hadn't found and who stands since"


class ReturnedUses:
    """Compares each time. The registrations and the grants must be at the entry already."""

    def __init__(self, conn: Connection, history: History, grants: Grants, add: Add) -> None:
        self._history, self._grants, self._add = history, grants, add
        self._times = Rows(conn, "fixed times of the look-up", _TIMES, add)
        self.concerns = Concerns((self._times, *history.rows, grants.rows), frozenset({METHOD}))
        self._came: deque[tuple[int, bytes]] = deque()
        self._last = (0, 0, -1)
        self._before = -1

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry; all come in their order."""
        changed = {each.registration_id for each in self._history.changed} | self._history.changed_unread
        came = sorted(one for one in changed if self._history.standing(one).stands_since == index)
        self._came.extend((index, one) for one in came)
        times = self._times.take(index)
        if not times and self._grants.returned:
            self._add(index, AT_NO_TIME)
        for number, due_us, looked_to in times:
            last, last_us, last_to = self._last
            is_next = number == last + 1 and last_us < due_us and last_to <= looked_to < index
            if not is_next or leaf.method != METHOD:
                self._add(index, NOT_FOLLOWING)
            self._last = number, due_us, looked_to
            self._compare(index, leaf, looked_to)
            self._before = index

    def finish(self) -> None:
        """Report what is left."""
        self._times.finish()

    def _compare(self, index: int, leaf: leaf_pb2.Leaf, looked_to: int) -> None:
        due, allowed, known = set[bytes](), set[bytes](), self._grants.is_whole
        if looked_to < self._before and not self._is_full(looked_to):
            self._add(index, LEFT_OUT)
        while self._came and self._came[0][0] <= looked_to:
            standing = self._history.standing(self._came.popleft()[1])
            known &= standing.whole
            if not standing.whole or not standing.confirmed:
                continue
            for grant, uses in self._uses(standing):
                allowed |= uses
                # What was changed since the time has read it may have been otherwise then.
                if standing.index <= looked_to and self._grants.counts(grant.grant_id, leaf.time_us):
                    due |= uses
        given = self._grants.returned.keys()
        if due - given or (known and given - allowed):
            self._add(index, OTHERS)

    def _is_full(self, looked_to: int) -> bool:
        """Whether one more entry would have been more than a time looks at."""
        found = [at for at, _ in self._came if at <= looked_to]
        left = [at for at, _ in self._came if at > looked_to]
        return len(found) + left.count(left[0] if left else -1) > returned.MOST

    def _uses(self, standing: Standing) -> Iterator[tuple[record_pb2.GrantRecord, set[bytes]]]:
        """The uses of grants that hadn't found a registration, and would find it now."""
        record = self._history.version(standing.registration_id, standing.version)
        if record is None:
            return
        for one in standing.current:
            for grant in self._grants.naming(one):
                position, juveniles = subjects.position(grant, one), self._grants.shows_juveniles(grant.grant_id)
                if position is not None and is_shown(grant, position, record, standing.claim, juveniles=juveniles):
                    yield grant, self._grants.missed(grant.grant_id, position)
