"""Movements that wait at each entry, told again: which of them a fixed time had to compare.

Beside its key stands the crossing of a movement. Once the key is deleted nobody knows it: of such a movement, and of
the shares of a time at which it may have waited, can only be said that a time names none that didn't wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from nsor_server.registration.movements import queues, times
from nsor_server.storage.v1 import record_pb2


@dataclass(frozen=True, slots=True)
class Reported:
    """A movement with its entry.

    Attributes:
        crossing: as stands beside its key; None: the key is deleted.
        record: None: its key is deleted, or it doesn't open, which is a finding.
    """

    index: int
    time_us: int
    movement_id: bytes
    crossing: int | None
    record: record_pb2.MovementRecord | None


@dataclass(slots=True)
class Taken:
    """What a time has compared.

    Attributes:
        movements: those of which the crossing is known.
        stopped: of each crossing of whose share something is left, the first that waits: something has to stop it.
        is_right: the time says of each crossing what waits, as far as anybody knows.
        names_right: it names movements that have waited, each once.
    """

    movements: list[Reported]
    stopped: list[Reported]
    is_right: bool
    names_right: bool


class Queued:
    """The movements that wait."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[Reported]] = {}
        self._unknown: dict[bytes, int] = {}
        """Those of which the crossing isn't known any more: the index of the entry of each."""

    def add(self, reported: Reported) -> None:
        """Note the next one that was reported."""
        if reported.crossing is None:
            self._unknown[reported.movement_id] = reported.index
        else:
            self._queues.setdefault(reported.crossing, deque()).append(reported)

    def take(self, time: record_pb2.ReviewTimeRecord) -> Taken:
        """Have a time compare what it says that it has compared."""
        all_known = not any(index <= time.movements_to for index in self._unknown.values())
        says = {each.border_crossing: each for each in time.movements_waiting}
        ready = {crossing: _until(queue, time.movements_to) for crossing, queue in self._queues.items()}
        # A time looks at no more of a crossing than it could take, and at one besides.
        shares = queues.shares({one: min(count, times.MOST + 1) for one, count in ready.items() if count}, times.MOST)
        taken = Taken([], [], len(says) == len(time.movements_waiting), names_right=True)
        for crossing, queue in self._queues.items():
            waits = says.pop(crossing, None)
            count = ready[crossing] if waits is None else min(_until(queue, waits.to), ready[crossing])
            taken.movements += [queue.popleft() for _ in range(count)]
            left = queue[0] if count < ready[crossing] else None
            if all_known:
                since_us = None if left is None else left.time_us
                taken.is_right &= since_us == (None if waits is None else waits.since_us)
                taken.is_right &= count <= shares.get(crossing, 0)
                if left is not None and count < shares[crossing]:
                    taken.stopped.append(left)
        taken.is_right &= not (all_known and says)
        taken.names_right = self._named(time, taken.movements)
        self._forget(time)
        return taken

    def _named(self, time: record_pb2.ReviewTimeRecord, known: list[Reported]) -> bool:
        """Whether a time names what it has compared alone, each once; those that aren't known are taken with it."""
        left = {each.movement_id for each in known}
        for each in time.moved:
            if each.movement_id in left:
                left.remove(each.movement_id)
            elif self._unknown.pop(each.movement_id, time.movements_to + 1) > time.movements_to:
                return False
        return True

    def _forget(self, time: record_pb2.ReviewTimeRecord) -> None:
        """Forget those that aren't known any more and were compared for sure."""
        surely = min((each.to for each in time.movements_waiting), default=time.movements_to)
        for movement_id in [one for one, index in self._unknown.items() if index <= surely]:
            del self._unknown[movement_id]


def _until(queue: deque[Reported], index: int) -> int:
    """How many of a queue were reported until an entry."""
    count = 0
    for each in queue:
        if each.index > index:
            break
        count += 1
    return count
