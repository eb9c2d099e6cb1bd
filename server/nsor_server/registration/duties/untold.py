"""Steps of escalation along the ledger of which nobody was told, though the register was at work all the time.

Whoever owns the database can hide a row of the index by which the scheduler finds what has fallen due, and put it back:
then nobody hears of a duty that is overdue. The fixed times for reviews say when the register was at work.
"""

from __future__ import annotations

import heapq
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration.duties import states
from nsor_server.registration.history import History
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.v1 import record_pb2

PROBLEM: Final = "a step of a duty fell due two days before a fixed time, and nobody was told of it"
_HOUR_US: Final = 3_600_000_000
_LATE_US: Final = 48 * _HOUR_US
"""What is told within seconds, and after a stop within an hour, isn't told so late while the register is at work."""
_GAP_US: Final = 25 * _HOUR_US
"""Two fixed times that are nearer to each other follow each other: there is one a day at least."""


class Untold:
    """The next step of each registration at each entry. The history and the reviews must be at the entry already."""

    def __init__(self, history: History, reviewed: Reviewed, add: Add) -> None:
        self._history, self._reviewed, self._add = history, reviewed, add
        self.concerns = Concerns((*history.rows, *reviewed.rows))
        self._next: dict[bytes, tuple[int, int]] = {}
        """Of each registration the next step, and from when on the scheduler had to tell of it."""
        self._falling_due: list[tuple[int, bytes]] = []
        self._at_work_since_us = 0

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if self._reviewed.written is not None:
            self._compare(index, self._reviewed.written.due_us)
        for record in self._history.changed:
            self._expect(record)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""

    def _expect(self, record: record_pb2.RegistrationRecord) -> None:
        steps = [each.next_step_us for each in record.duties if each.next_step_us and states.is_open(record, each)]
        before = self._next.pop(record.registration_id, None)
        if not steps:
            return
        step_us = min(steps)
        from_us = max(step_us, record.update_time_us) if before is None or before[0] != step_us else before[1]
        self._next[record.registration_id] = step_us, from_us
        if before != (step_us, from_us):
            heapq.heappush(self._falling_due, (from_us, record.registration_id))

    def _compare(self, index: int, time_us: int) -> None:
        if time_us - self._reviewed.before_us > _GAP_US:
            self._at_work_since_us = time_us
        late_us = time_us - _LATE_US
        if self._at_work_since_us > late_us:
            return
        while self._falling_due and self._falling_due[0][0] < late_us:
            from_us, one = heapq.heappop(self._falling_due)
            if self._next.get(one, (0, 0))[1] == from_us:
                del self._next[one]
                self._add(index, PROBLEM)
