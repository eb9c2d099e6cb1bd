"""What waits for the ledger's writer: a queue for each owner, from which batches are taken in turns.

Had they one queue, whoever puts in the most would fill each batch, and everybody else would wait for all of it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

Each = TypeVar("Each")


class Waiting(Generic[Each]):
    """Queues; any thread puts, one takes.

    Args:
        most_of_one: what the items of one owner in a batch may weigh: a batch is the time that all others wait. One
            item is taken whatever it weighs.
        weight: what an item weighs; without it 1.
    """

    def __init__(self, most_of_one: int, weight: Callable[[Each], int] = lambda _item: 1) -> None:
        self._most_of_one = most_of_one
        self._weight = weight
        self._queues: OrderedDict[str, deque[tuple[float, Each]]] = OrderedDict()
        self._count = 0
        self.waited = 0.0
        """Seconds for which the first of those that were taken last had waited."""
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
            queue.append((time.monotonic(), item))
            self._count += 1
            self._changed.notify()

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, most: int) -> list[Each]:
        """Wait for the first item, and take with it what waits: one of each owner in turn, of at most this weight.

        Empty once it is closed and nothing waits any more.
        """
        with self._changed:
            while not self._count and not self._closed:
                self._changed.wait()
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
                since, item = queue.popleft()
                oldest = min(oldest, since)
                taken.append(item)
                weights[owner] += weight
                left -= weight
                if queue:
                    self._queues.move_to_end(owner)
                    able.append(owner)
                else:
                    del self._queues[owner]
            self._count -= len(taken)
            self.waited = now - oldest
            return taken
