"""In which order movements are compared at a time: of each border crossing in turn, so that one waits for itself. Pure.

Each crossing has a share of what a time compares: as much as any other that has so much. What a crossing leaves of it
goes to those that have more. Of a crossing the oldest come first, and nothing overtakes what has to wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from nsor_server.registration.movements.store import Place, Waiting
from nsor_server.storage.v1 import record_pb2

CROSSINGS: Final = range(1, 100)
"""Whose movements are compared: the numbers of all border crossings, those of a newer release among them."""


class Queue:
    """The movements of one crossing that wait.

    Attributes:
        crossing: number of nsor.v1.BorderCrossing.
        share: how many a time compares.
        taken: how many it has compared.
        stopped: the next one waits for the next time, and so do those behind it.
    """

    def __init__(self, crossing: int, waiting: Sequence[Waiting], share: int) -> None:
        self.crossing, self.share = crossing, share
        self.taken, self.stopped = 0, False
        self._waiting = waiting

    @property
    def next(self) -> Waiting | None:
        """The oldest that wasn't compared; None: there is none."""
        return self._waiting[self.taken] if self.taken < len(self._waiting) else None

    @property
    def to_be_compared(self) -> Sequence[Waiting]:
        """Those of its share."""
        return self._waiting[: self.share]

    def left(self, after: Place) -> record_pb2.WaitingMovements | None:
        """What waits for the next time; None: nothing. ``after`` is the place behind which the queue begins."""
        if self.next is None:
            return None
        to = self._waiting[self.taken - 1].place if self.taken else after
        return record_pb2.WaitingMovements(
            border_crossing=self.crossing, to=to.entry, to_us=to.time_us, since_us=self.next.place.time_us
        )


def places(before: record_pb2.ReviewTimeRecord) -> dict[int, Place]:
    """Up to where a time has compared the movements of each crossing."""
    found = dict.fromkeys(CROSSINGS, Place(before.movements_to, before.movements_to_us))
    found.update({each.border_crossing: Place(each.to, each.to_us) for each in before.movements_waiting})
    return found


def shares(waiting: Mapping[int, int], most: int) -> dict[int, int]:
    """How many movements of each crossing a time compares that compares so many.

    Args:
        waiting: how many wait of each.
        most: of all.
    """
    found = {}
    for nth, (count, crossing) in enumerate(sorted((count, crossing) for crossing, count in waiting.items())):
        found[crossing] = min(count, most // (len(waiting) - nth))
        most -= found[crossing]
    return found


def queues(waiting: Mapping[int, Sequence[Waiting]], most: int) -> list[Queue]:
    """The queues of a time that compares so many movements, the one whose first has waited longest first."""
    of = shares({crossing: len(each) for crossing, each in waiting.items()}, most)
    in_order = sorted(waiting.items(), key=lambda each: each[1][0].place)
    return [Queue(crossing, each, of[crossing]) for crossing, each in in_order]


def in_turn(among: Iterable[Queue]) -> Iterator[tuple[Queue, Waiting]]:
    """The next of each queue in turn; whoever takes it counts it as taken, or stops its queue."""
    left = list(among)
    while left:
        for each in tuple(left):
            if each.stopped or each.taken == each.share or each.next is None:
                left.remove(each)
            else:
                yield each, each.next
