"""What waits for the ledger's writer: a queue for each owner, from which batches are taken in turns.

Had they one queue, whoever puts in the most would fill each batch, and everybody else would wait for all of it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Generic, TypeVar

Each = TypeVar("Each")


class Waiting(Generic[Each]):
    """Queues; any thread puts, one takes.

    Args:
        most_of_one: items of one owner in a batch: a batch is the time that all others wait.
    """

    def __init__(self, most_of_one: int) -> None:
        self._most_of_one = most_of_one
        self._queues: OrderedDict[str, deque[Each]] = OrderedDict()
        self._count = 0
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
            queue.append(item)
            self._count += 1
            self._changed.notify()

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def take(self, most: int) -> list[Each]:
        """Wait for the first item, and take with it what waits: one of each owner in turn, at most so many.

        Empty once it is closed and nothing waits any more.
        """
        with self._changed:
            while not self._count and not self._closed:
                self._changed.wait()
            taken: list[Each] = []
            rounds = 0
            while self._queues and len(taken) < most and rounds < self._most_of_one:
                rounds += 1
                for owner in list(self._queues)[: most - len(taken)]:
                    queue = self._queues[owner]
                    taken.append(queue.popleft())
                    # Behind the others: the next batch begins with those that this one left out.
                    if queue:
                        self._queues.move_to_end(owner)
                    else:
                        del self._queues[owner]
            self._count -= len(taken)
            return taken
