"""Which cards have a word: arrays over slots, and a tail of what was added since they were made.

A card's slot follows its birth year, so that a query with a year touches a narrow part of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int32]
_NO_SLOTS: Final = np.zeros(0, dtype=np.int32)


class Postings:
    """From a word's number to slots, in ascending order."""

    def __init__(self, starts: npt.NDArray[np.int64], slots: Slots) -> None:
        self._starts = starts
        self._slots = slots

    @classmethod
    def of(cls, words_of_slots: Sequence[Iterable[int]], most: int) -> Self:
        """Build from the words of each slot, whose numbers are below ``most``."""
        numbers = np.fromiter((word for each in words_of_slots for word in each), dtype=np.int32)
        counts = np.fromiter((len(tuple(each)) for each in words_of_slots), dtype=np.int32, count=len(words_of_slots))
        slots = np.repeat(np.arange(len(words_of_slots), dtype=np.int32), counts)
        order = np.argsort(numbers, kind="stable")
        starts = np.searchsorted(numbers[order], np.arange(most + 1))
        return cls(starts, slots[order])

    def slots(self, word: int, first: int, end: int) -> Slots:
        """The slots from ``first`` to before ``end`` that have a word."""
        if word + 1 >= len(self._starts):
            return _NO_SLOTS
        found = self._slots[self._starts[word] : self._starts[word + 1]]
        begin, finish = np.searchsorted(found, (first, end))
        return found[begin:finish]
