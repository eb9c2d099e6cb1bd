"""Comparisons entry by entry, each asked about the entries that concern it.

There are many of them, and most entries concern few. Which ones says the comparison itself (``Concerns``): entries that
have rows of the tables that it reads, by one queue of the next index of each; entries of some methods; those whose
details have some field; and the entry that is read after one of these, where something has to be forgotten.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Concerns, OfEntries, Rows
from nsor_server.storage.v1 import record_pb2

_Named = TypeVar("_Named", bound=Hashable)
_Ask: TypeAlias = Callable[[int, leaf_pb2.Leaf, record_pb2.AccessDetail | None], None]


class Concerned:
    """Comparisons as one. Sets of them are numbers here: bit by bit, in their order."""

    def __init__(self, parts: Sequence[OfEntries]) -> None:
        """``parts`` are asked in this order."""
        self.concerns = Concerns(every=True)
        self._parts = parts
        self._all = (1 << len(parts)) - 1
        self._every = self._those(each.concerns.every for each in parts)
        self._also_next = self._those(each.concerns.also_next for each in parts)
        self._again = 0
        of_methods = _whom(each.concerns.methods for each in parts)
        self._of_method = {method: self._every | those for method, those in of_methods.items()}
        self._told = sorted(_whom(each.concerns.told for each in parts).items())
        self._queue: list[tuple[int, int, Rows, int]] = [
            (each.next_index, nth, each, those)
            for nth, (each, those) in enumerate(_whom(each.concerns.rows for each in parts).items())
        ]
        heapq.heapify(self._queue)
        self._asks: dict[int, tuple[_Ask, ...]] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Ask the comparisons that the next entry concerns."""
        concerned = self._of_method.get(leaf.method, self._every)
        if detail is None:
            concerned = self._all
        else:
            has = detail.HasField
            for name, those in self._told:
                if has(name):
                    concerned |= those
        queue, taken = self._queue, []
        # Also rows of an index that was passed over: they belong to no entry that was read.
        while queue and queue[0][0] <= index:
            taken.append(heapq.heappop(queue))
            concerned |= taken[-1][3]
        again, self._again = self._again, concerned & self._also_next
        concerned |= again
        asks = self._asks.get(concerned)
        if asks is None:
            asks = self._asks[concerned] = tuple(
                each.entry for nth, each in enumerate(self._parts) if concerned >> nth & 1
            )
        for ask in asks:
            ask(index, leaf, detail)
        for _, nth, rows, those in taken:
            heapq.heappush(queue, (rows.next_index, nth, rows, those))

    def finish(self) -> None:
        """Report what is left."""
        for each in self._parts:
            each.finish()

    @staticmethod
    def _those(are_among: Iterable[bool]) -> int:
        return sum(is_among << nth for nth, is_among in enumerate(are_among))


def _whom(named: Iterable[Iterable[_Named]]) -> dict[_Named, int]:
    """Whom each thing concerns, where each comparison, in their order, names those that concern it."""
    found: dict[_Named, int] = {}
    for nth, things in enumerate(named):
        for each in things:
            found[each] = found.get(each, 0) | 1 << nth
    return found
