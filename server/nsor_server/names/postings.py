"""Which cards have a word, and which words a card has: arrays over slots that are made of all cards at once.

A card's slot follows its birth year, so that a query with a year touches a narrow part of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

Slots = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]


class Postings:
    """From words' numbers to slots, and back."""

    def __init__(self, words: Numbers, first_word: Offsets, slots: Slots, first_slot: Offsets) -> None:
        """``words`` of all slots one after another, ``slots`` of all words, and where those of each begin and end."""
        self._words, self._first_word = words, first_word
        self._slots, self._first_slot = slots, first_slot

    @classmethod
    def of(cls, words_of_slots: Sequence[tuple[int, ...]], most: int) -> Self:
        """Build from the words of each slot, whose numbers are below ``most``."""
        numbers = np.fromiter((word for each in words_of_slots for word in each), dtype=np.int32)
        return cls._made(
            numbers, np.fromiter(map(len, words_of_slots), dtype=np.int64, count=len(words_of_slots)), most
        )

    def and_(self, others: Self, order: Slots, most: int) -> Self:
        """Of these slots and others behind them, those that ``order`` names, in its order; words are below ``most``."""
        words = np.concatenate((self._words, others._words))
        first_word = np.concatenate((self._first_word, others._first_word[1:] + self._first_word[-1]))
        begin, end = first_word[order], first_word[order + 1]
        return self._made(_parts(words, begin, end), end - begin, most)

    @classmethod
    def _made(cls, numbers: Numbers, counts: Offsets, most: int) -> Self:
        """Build from the words of all slots one after another, and how many each has."""
        slots = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        order = np.argsort(numbers, kind="stable")
        first_slot = np.searchsorted(numbers[order], np.arange(most + 1)).astype(np.int64)
        return cls(numbers, np.concatenate(([0], np.cumsum(counts))), slots[order], first_slot)

    def count(self, numbers: Numbers) -> int:
        """How many slots have one of some words, each slot as often as it has one."""
        known = self._known(numbers)
        return int((self._first_slot[known + 1] - self._first_slot[known]).sum())

    def within(self, number: int, first: int, end: int) -> Slots:
        """The slots from ``first`` to before ``end`` that have a word, in ascending order."""
        if number + 1 >= len(self._first_slot):
            return self._slots[:0]
        found = self._slots[self._first_slot[number] : self._first_slot[number + 1]]
        begin, finish = np.searchsorted(found, (first, end))
        return found[begin:finish]

    def slots(self, numbers: Numbers) -> Slots:
        """The slots that have one of some words, in no order, each as often as it has one."""
        known = self._known(numbers)
        return _parts(self._slots, self._first_slot[known], self._first_slot[known + 1])

    def words(self, slots: Slots) -> tuple[Numbers, Offsets]:
        """The words of some slots one after another, and how many each has."""
        begin, end = self._first_word[slots], self._first_word[slots + 1]
        return _parts(self._words, begin, end), end - begin

    def _known(self, numbers: Numbers) -> Numbers:
        """Without the words that came after the arrays were made."""
        return numbers[numbers + 1 < len(self._first_slot)]


class Recent:
    """The same of the cards that were added since: in lists, which one card after another goes into."""

    def __init__(self) -> None:
        self._slots: dict[int, list[int]] = {}

    def add(self, slot: int, numbers: Iterable[int]) -> None:
        """Add a slot with its words."""
        for number in numbers:
            self._slots.setdefault(number, []).append(slot)

    def slots(self, numbers: Iterable[int]) -> list[list[int]]:
        """The slots of each of some words that any has."""
        return [found for number in numbers if (found := self._slots.get(number)) is not None]


def _parts(of: Numbers, begin: Offsets, end: Offsets) -> Numbers:
    """Several parts of an array, one after another."""
    lengths = end - begin
    before = np.cumsum(lengths) - lengths
    found: Numbers = of[np.arange(int(lengths.sum())) + np.repeat(begin - before, lengths)]
    return found
