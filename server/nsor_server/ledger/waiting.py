"""What waits for the ledger's writer: a queue for each owner, from which batches are taken in turns.

Had they one queue, whoever puts in the most would fill each batch, and everybody else would wait for all of it. What is
in no hurry waits for others, to be committed with them: a commit of its own would be one more for whoever comes
meanwhile to wait for.

A commit costs nearly as much for one as for thirty. Of many callers at a time one half would wait while the other is
written, and be written while the other comes again, so that there were twice as many commits. So behind a batch of
several the next one isn't taken while more come. Whoever calls alone waits for nobody.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

SEVERAL: Final = 4
"""Items of a batch behind which the next one is gathered."""
STEP_SECONDS: Final = 0.0005
"""It is taken when nothing has come for so long: those who were answered last call again within a few such steps."""
GATHERING_SECONDS: Final = 0.003
"""And after so long, whatever comes."""

Each = TypeVar("Each")


class Waiting(Generic[Each]):
    """Queues; any thread puts, one takes.

    Args:
        most_of_one: what the items of one owner in a batch may weigh: a batch is the time that all others wait. One
            item is taken whatever it weighs.
        weight: what an item weighs; without it 1.
        patience: for how many seconds an item waits for others to be taken with, when none is there; without it 0.
    """

    def __init__(
        self,
        most_of_one: int,
        weight: Callable[[Each], int] = lambda _item: 1,
        patience: Callable[[Each], float] = lambda _item: 0.0,
    ) -> None:
        self._most_of_one = most_of_one
        self._weight = weight
        self._patience = patience
        self._queues: OrderedDict[str, deque[tuple[float, Each]]] = OrderedDict()
        self._count = 0
        self._due = math.inf
        """When there is something that waits for nobody else any more, by ``time.monotonic``."""
        self.waited = 0.0
        """Seconds for which the first of those that were taken last had waited, beside its patience."""
        self._last = 0
        """How many were taken last."""
        self._closed = False
        self._changed = threading.Condition(threading.Lock())

    def __len__(self) -> int:
        """Items that wait."""
        return self._count

    def put(self, owner: str, item: Each) -> None:
        """Add an item to its owner's queue."""
        with self._changed:
            queue = self._queues.get(owner)
            if queue is None:
                queue = self._queues[owner] = deque()
            due = time.monotonic() + self._patience(item)
            queue.append((due, item))
            self._count += 1
            self._due = min(self._due, due)
            self._changed.notify()

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, most: int) -> list[Each]:
        """Wait for an item that waits for nobody else, and take with it what waits: one of each owner in turn.

        Args:
            most: what they weigh together at most.

        Returns: the items; none once it is closed and nothing waits any more.
        """
        with self._changed:
            while not self._closed and (left := self._due - time.monotonic()) > 0:
                self._changed.wait(None if math.isinf(left) else left)
        self._gather(most)
        with self._changed:
            taken: list[Each] = []
            now = oldest = time.monotonic()
            weights: Counter[str] = Counter()
            left = most
            able = deque(self._queues)
            while able:
                owner = able.popleft()
                queue = self._queues[owner]
                weight = self._weight(queue[0][1])
                if taken and (weight > left or (weights[owner] and weights[owner] + weight > self._most_of_one)):
                    continue  # it keeps its place: the next batch begins with it
                due, item = queue.popleft()
                oldest = min(oldest, due)
                taken.append(item)
                weights[owner] += weight
                left -= weight
                if queue:
                    self._queues.move_to_end(owner)
                    able.append(owner)
                else:
                    del self._queues[owner]
            self._count -= len(taken)
            self._due = -math.inf if self._count else math.inf
            self.waited = now - oldest
            self._last = len(taken)
            return taken

    def _gather(self, most: int) -> None:
        """Wait while more come, behind a batch of several."""
        if self._last < SEVERAL or self._closed:
            return
        seen, ends = 0, time.monotonic() + GATHERING_SECONDS
        while seen < self._count < most and time.monotonic() < ends:
            seen = self._count
            time.sleep(STEP_SECONDS)
